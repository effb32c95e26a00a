/* Lines of an event file, surveyed: the rule file that is proposed for them is one that compiles
 * without an error or a warning, and what is counted of records adds up. */
#include <stdbool.h>
#include <stdio.h>

#include "base/diagnostics.h"
#include "base/tree.h"
#include "config/yaml.h"
#include "fuzz.h"
#include "infer/infer_files.h"
#include "infer/infer_lines.h"
#include "infer/infer_proposal.h"
#include "infer/infer_shape.h"
#include "infer/infer_write.h"
#include "registry/registry.h"
#include "rules/event_name.h"
#include "rules/rule_set.h"
#include "survey/seen.h"
#include "tail/lines.h"

#define LONGEST_LINE 20000

struct input {
    const char *bytes;
    size_t length;
};

/* Returns how many lines there were. */
static size_t take_lines(struct seen *seen, const struct input *input)
{
    struct lines cutter = {.bytes = input->bytes, .length = input->length, .maximum = LONGEST_LINE};
    struct lines_cut cut;
    enum lines_kind kind;
    size_t count = 0;
    while ((kind = lines_next(&cutter, &cut)) != LINES_END) {
        if (kind != LINES_LINE)
            continue;
        (void)seen_take(seen, cut.bytes, cut.length, NULL, 0);
        count++;
    }
    return count;
}

static bool find_shape(struct infer_shape *shape, struct seen *seen, const struct input *input)
{
    seen_begin(seen, NULL, 0);
    take_lines(seen, input);
    if (seen_totals(seen)->records == 0)
        return false;
    infer_shape_find(shape, seen);
    while (infer_shape_add_type(shape, seen)) {
        seen_begin(seen, NULL, 0);
        seen_pass_over(seen, shape->types, shape->type_count);
        take_lines(seen, input);
        if (seen_totals(seen)->records == 0)
            break;
    }
    return shape->type_count > 0 || infer_shape_without_type(shape, seen);
}

static void read_by_shape(struct infer_shape *shape, struct seen *seen, const struct input *input)
{
    seen_begin(seen, shape->types, shape->is_unnamed ? 0 : shape->type_count);
    seen_watch_id(seen, shape->id);
    size_t lines = take_lines(seen, input);
    const struct seen_totals *totals = seen_totals(seen);
    MUST_HOLD(totals->records + totals->not_objects + totals->malformed + totals->too_deep ==
              lines);
    MUST_HOLD(totals->untyped <= totals->records && totals->ids <= totals->records);
    if (totals->repeated_ids > 0 || totals->ids < totals->records)
        shape->id = NULL;
}

static void write_proposal(const struct infer_shape *shape, struct seen *seen,
                           const struct input *input, struct text *ret_text)
{
    static char path[] = "events.jsonl";
    struct infer_file file = {.path = path, .relative = path, .is_named = true};
    const struct infer_files files = {.items = &file, .count = 1};
    const struct infer_lines lines = {.bytes = input->length};
    const struct infer_read read = {.files = &files, .lines = &lines, .totals = seen_totals(seen)};
    struct proposal *proposal = proposal_new(shape, seen);
    text_init(ret_text, TEXT_UNLIMITED);
    infer_write(proposal, &read, ret_text);
    proposal_free(proposal);
}

/* Says what is wrong with the proposal before it stops. */
static void must_compile(const struct text *proposal)
{
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    struct rule_limits limits = {0};
    struct registry *registry = registry_new(10000);
    struct tree *tree =
        yaml_read_text("proposal.yaml", proposal->data, proposal->length, &diagnostics);
    struct rule_pack pack = {.name = "proposal", .tree = tree};
    struct rule_set *set = tree ? rule_set_new(&pack, 1, registry, &limits, &diagnostics) : NULL;
    if (!set || diagnostics.count > 0) {
        struct text shown;
        text_init(&shown, TEXT_UNLIMITED);
        diagnostics_print(&diagnostics, &shown);
        fprintf(stderr, "%s\n%s\n", proposal->data, shown.data);
        text_free(&shown);
    }
    MUST_HOLD(set && diagnostics.count == 0);
    rule_set_free(set);
    registry_free(registry);
    tree_free(tree);
    diagnostics_free(&diagnostics);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct input input = {(const char *)data, size};
    struct infer_shape shape = {.type_count = 0};
    struct text text;
    struct seen *seen = seen_new(event_name_normal);
    if (find_shape(&shape, seen, &input)) {
        read_by_shape(&shape, seen, &input);
        write_proposal(&shape, seen, &input, &text);
        must_compile(&text);
        text_free(&text);
    }
    seen_free(seen);
    return 0;
}
