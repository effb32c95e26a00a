/* See yaml.h. libfyaml's events go to the builder one by one; its document tree, which would hold
 * everything a second time, is never made. */
#include "config/yaml.h"

#include <libfyaml.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"
#include "config/yaml_builder.h"
#include "config/yaml_source.h"

struct reader {
    struct yaml_source source;
    struct yaml_builder builder;
    struct diagnostics *diagnostics;
    struct fy_diag *messages; /* what libfyaml has to say, kept from stderr */
    struct fy_parser *parser;
    size_t documents;
    size_t end; /* offset behind the piece before: where an empty value stands */
};

static char *token_text(struct fy_token *token)
{
    size_t length = 0;
    const char *text = token ? fy_token_get_text(token, &length) : NULL;
    return text ? memory_copy(text, length) : NULL;
}

static char *anchor_of(struct fy_event *event)
{
    return token_text(fy_event_get_anchor_token(event));
}

/* Does a tag say that this is text? */
static bool read_tag(struct reader *reader, struct fy_event *event)
{
    AUTO_FREE char *tag = token_text(fy_event_get_tag_token(event));
    if (!tag)
        return false;
    bool text = strcmp(tag, "tag:yaml.org,2002:str") == 0 || strcmp(tag, "!") == 0;
    if (text && event->type == FYET_SCALAR)
        return true;
    yaml_builder_fail(&reader->builder, "a tag other than !!str is not supported", tag);
    return false;
}

static void on_scalar(struct reader *reader, struct fy_event *event)
{
    struct fy_token *token = fy_event_get_token(event);
    size_t length = 0;
    const char *text = token ? fy_token_get_text(token, &length) : NULL;
    enum fy_node_style style = fy_event_get_node_style(event);
    bool plain = style == FYNS_PLAIN || style == FYNS_ANY;
    bool quoted = read_tag(reader, event) || !plain;
    yaml_builder_scalar(&reader->builder, text ? text : "", text ? length : 0, quoted,
                        anchor_of(event));
}

static void on_start(struct reader *reader, struct fy_event *event, enum tree_kind kind)
{
    read_tag(reader, event);
    yaml_builder_start(&reader->builder, kind, anchor_of(event));
}

static void on_alias(struct reader *reader, struct fy_event *event)
{
    AUTO_FREE char *name = token_text(fy_event_get_token(event));
    yaml_builder_alias(&reader->builder, name ? name : "");
}

static void on_document(struct reader *reader)
{
    if (++reader->documents > 1)
        yaml_builder_fail(&reader->builder, "a second document; one file is one document", NULL);
}

static void on_event(struct reader *reader, struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START:
        on_document(reader);
        break;
    case FYET_SCALAR:
        on_scalar(reader, event);
        break;
    case FYET_ALIAS:
        on_alias(reader, event);
        break;
    case FYET_SEQUENCE_START:
        on_start(reader, event, TREE_LIST);
        break;
    case FYET_MAPPING_START:
        on_start(reader, event, TREE_MAP);
        break;
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
        yaml_builder_end(&reader->builder);
        break;
    default:
        break;
    }
}

/* Marks of what is not written, such as an empty value, have no line. */
static size_t offset_of(const struct fy_mark *mark, size_t otherwise)
{
    return mark && mark->line >= 0 ? mark->input_pos : otherwise;
}

/* An alias and a quoted text are marked behind their first character. */
static bool starts_before_mark(struct fy_event *event)
{
    if (event->type != FYET_SCALAR)
        return event->type == FYET_ALIAS;
    enum fy_node_style style = fy_event_get_node_style(event);
    return style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED;
}

/* A block is marked at the begin of its first line, in front of what indents it. */
static size_t behind_indent(const struct reader *reader, struct fy_event *event, size_t offset)
{
    if (event->type != FYET_SCALAR)
        return offset;
    enum fy_node_style style = fy_event_get_node_style(event);
    if (style == FYNS_LITERAL || style == FYNS_FOLDED)
        while (offset < reader->source.length && reader->source.text[offset] == ' ')
            offset++;
    return offset;
}

static void read_events(struct reader *reader)
{
    struct fy_event *event;
    while (!reader->builder.failed && (event = fy_parser_parse(reader->parser))) {
        size_t offset = offset_of(fy_event_start_mark(event), reader->end);
        reader->builder.offset =
            behind_indent(reader, event, offset - (offset > 0 && starts_before_mark(event)));
        on_event(reader, event);
        reader->end = offset_of(fy_event_end_mark(event), reader->end);
        fy_parser_event_free(reader->parser, event);
    }
}

/* libfyaml tells line and character of an error; ours are bytes, which the token knows. */
static void report_syntax(struct reader *reader)
{
    void *position = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(reader->messages, &position);
    reader->builder.offset = reader->end;
    if (error && error->fyt)
        reader->builder.offset = offset_of(fy_token_start_mark(error->fyt), reader->end);
    yaml_builder_fail(&reader->builder, error ? error->msg : "not YAML", NULL);
}

/* False: for want of memory. */
static bool open_parser(struct reader *reader)
{
    struct fy_diag_cfg quiet;
    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL;
    quiet.level = FYET_ERROR;
    reader->messages = fy_diag_create(&quiet);
    if (!reader->messages)
        return false;
    fy_diag_set_collect_errors(reader->messages, true);
    const struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DISABLE_ACCELERATORS,
        .diag = reader->messages,
    };
    reader->parser = fy_parser_create(&config);
    return reader->parser &&
           fy_parser_set_string(reader->parser, reader->source.text, reader->source.length) == 0;
}

static void parse(struct reader *reader)
{
    if (!open_parser(reader))
        yaml_builder_fail(&reader->builder, "the YAML parser cannot be started", NULL);
    if (!reader->builder.failed)
        read_events(reader);
    if (!reader->builder.failed && fy_parser_get_stream_error(reader->parser))
        report_syntax(reader);
    reader->builder.offset = 0;
    if (!reader->builder.failed && reader->documents == 0)
        yaml_builder_scalar(&reader->builder, "", 0, false, NULL);
    fy_parser_destroy(reader->parser);
    fy_diag_destroy(reader->messages);
}

struct tree *yaml_read_text(const char *file, const char *text, size_t length,
                            struct diagnostics *diagnostics)
{
    if (length > YAML_FILE_MAXIMUM) {
        diagnostics_error_at(diagnostics, file, 0, 0, "larger than %zu MiB",
                             YAML_FILE_MAXIMUM >> 20);
        return NULL;
    }
    struct reader reader = {.diagnostics = diagnostics};
    struct tree *tree = NULL;
    yaml_source_open(&reader.source, file, text, length);
    if (yaml_source_check(&reader.source, diagnostics)) {
        yaml_builder_open(&reader.builder, &reader.source, diagnostics);
        parse(&reader);
        tree = yaml_builder_close(&reader.builder);
    }
    yaml_source_close(&reader.source);
    return tree;
}

struct tree *yaml_read_file(const char *path, struct diagnostics *diagnostics)
{
    size_t length;
    AUTO_FREE char *text = yaml_source_load(path, &length, diagnostics);
    return text ? yaml_read_text(path, text, length, diagnostics) : NULL;
}
