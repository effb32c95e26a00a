/* See pack_test_tally.h. */
#include "packtest/pack_test_tally.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "daemon/rulebook.h"
#include "packtest/pack_test.h"
#include "registry/registry.h"
#include "rules/rule_set.h"

void pack_test_tally_free(struct pack_test_tally *tally)
{
    free(tally->fired);
    *tally = (struct pack_test_tally){.count = 0};
}

void pack_test_tally_add(struct pack_test_tally *tally, const struct rule_set *rules)
{
    struct rule_row_count row;
    for (size_t i = 0; rule_set_row_count(rules, i, &row); i++) {
        if (i == tally->count) {
            tally->fired = memory_resize(tally->fired, i + 1, sizeof(*tally->fired));
            tally->fired[tally->count++] = 0;
        }
        tally->fired[i] += row.outcomes[ROW_APPLIED] + row.outcomes[ROW_FOLDED];
    }
}

static bool is_expected(const struct pack_test *test, const char *metric)
{
    for (size_t i = 0; i < test->case_count; i++)
        for (size_t j = 0; j < test->cases[i].step_count; j++) {
            const struct sample_list *expected = &test->cases[i].steps[j].expected;
            for (size_t k = 0; k < expected->count; k++)
                if (sample_is_of(&expected->items[k], metric))
                    return true;
        }
    return false;
}

static void append_place(struct text *out, const struct tree *where)
{
    text_printf(out, "%s:%d:%d: ", where->file, where->line, where->column);
}

size_t pack_test_tally_tell(const struct pack_test_tally *tally, const struct pack_test *test,
                            struct text *out)
{
    size_t missing = 0;
    struct rule_row_count row;
    const struct family *family;
    for (size_t i = 0; rule_set_row_count(test->rulebook->rules, i, &row); i++) {
        if (i < tally->count && tally->fired[i] > 0)
            continue;
        append_place(out, test->complete);
        text_printf(out, "row %s fires in no case\n", row.rule);
        missing++;
    }
    for (size_t position = 0;
         (family = registry_next_family(test->rulebook->registry, &position)) != NULL;) {
        if (is_expected(test, family_spec(family)->name))
            continue;
        append_place(out, test->complete);
        text_printf(out, "metric %s is expected in no case\n", family_spec(family)->name);
        missing++;
    }
    return missing;
}
