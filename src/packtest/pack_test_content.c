/* See pack_test_content.h. */
#include "packtest/pack_test_content.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "packtest/json_line.h"
#include "packtest/pack_test_step.h"

#define FILE_MOST ((size_t)64 << 20) /* bytes */

static void end_line(struct text *content)
{
    if (content->length > 0 && content->data[content->length - 1] != '\n')
        text_append_char(content, '\n');
}

static void append_line(const struct pack_test_reader *reader, const struct tree *node,
                        struct text *content)
{
    if (node->kind == TREE_MAP)
        json_line_append(content, node);
    else if (node->kind == TREE_SCALAR && node->length > 0 && !tree_is_null(node))
        text_append(content, node->text, node->length);
    else
        diagnostics_error(reader->diagnostics, node, "a line is a map, or a text as it stands");
    end_line(content);
}

void pack_test_content_list(const struct pack_test_reader *reader, const struct tree *node,
                            struct text *content)
{
    if (node->kind != TREE_LIST)
        append_line(reader, node, content);
    else if (node->count == 0)
        diagnostics_error(reader->diagnostics, node, "an empty list: this step does nothing");
    else
        for (size_t i = 0; i < node->count; i++)
            append_line(reader, node->items[i], content);
}

/* 0, or an errno. */
static int append_file(const char *path, struct text *content)
{
    char piece[65536];
    size_t length;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return errno;
    while ((length = fread(piece, 1, sizeof(piece), file)) > 0 && content->length < FILE_MOST)
        text_append(content, piece, length);
    int error = ferror(file) ? errno : content->length >= FILE_MOST ? EFBIG : 0;
    fclose(file);
    return error;
}

static void append_from(const struct pack_test_reader *reader, const struct tree *node,
                        struct text *content)
{
    const char *name = tree_text(node);
    if (!name || !*name) {
        diagnostics_error(reader->diagnostics, node, "'from' is the path of a file");
        return;
    }
    AUTO_FREE char *path = pack_test_path(reader->path, name);
    int error = append_file(path, content);
    if (error)
        diagnostics_error(reader->diagnostics, node, "'%s' cannot be read: %s", path,
                          strerror(error));
    else if (content->length == 0)
        diagnostics_error(reader->diagnostics, node, "'%s' is empty: this step does nothing", path);
}

/* What is under one of two words of which there must be one: the map's own, or `from`. */
static const struct tree *one_of(const struct pack_test_reader *reader, const struct tree *map,
                                 const char *word)
{
    const struct tree *own = tree_get(map, word);
    const struct tree *from = tree_get(map, "from");
    if (!own == !from)
        diagnostics_error(reader->diagnostics, map,
                          own ? "either '%s' or 'from', not both" : "'%s' or 'from' is missing",
                          word);
    return !own == !from ? NULL : own ? own : from;
}

void pack_test_content_lines(const struct pack_test_reader *reader, const struct tree *map,
                             const char *word, struct text *content)
{
    const struct tree *node = one_of(reader, map, word);
    if (node && node == tree_get(map, "from"))
        append_from(reader, node, content);
    else if (node)
        pack_test_content_list(reader, node, content);
    end_line(content);
}

void pack_test_content_document(const struct pack_test_reader *reader, const struct tree *map,
                                struct text *content)
{
    const struct tree *node = one_of(reader, map, "content");
    if (node && node == tree_get(map, "from"))
        append_from(reader, node, content);
    else if (node && node->kind == TREE_SCALAR)
        text_append(content, node->text, node->length);
    else if (node)
        json_line_append(content, node);
}
