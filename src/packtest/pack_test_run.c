/* See pack_test_run.h. */
#include "packtest/pack_test_run.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/tree.h"
#include "packtest/pack_test.h"
#include "packtest/pack_test_place.h"
#include "packtest/pack_test_tally.h"
#include "packtest/pack_test_world.h"
#include "rules/rule_set.h"

#define NEAR_MOST 5
#define EXACT     9007199254740992.0 /* whole numbers below are doubles exactly */

struct run {
    const struct pack_test_case *one;
    struct pack_test_world *world;
    struct text *out;
    const struct tree *skipped; /* the last that was told of, or NULL */
    bool failed;
};

/* --- Telling ---------------------------------------------------------------------------------- */

PRINTF(4, 5)
static void fail(struct run *run, const struct tree *where, size_t line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = NULL;
    int length = vasprintf(&message, format, arguments);
    va_end(arguments);
    run->failed = true;
    text_printf(run->out, "%s:%d:%d: case '", where->file, where->line + (int)line, where->column);
    escape_append(run->out, run->one->name, strlen(run->one->name), "");
    text_append_string(run->out, "': ");
    if (length > 0)
        escape_append(run->out, message, (size_t)length, "");
    text_append_char(run->out, '\n');
    free(message);
}

static void append_number(struct text *out, double value)
{
    char number[NUMBER_TEXT];
    text_append(out, number, number_format(value, number));
}

static char *number_text(double value)
{
    struct text text;
    text_init(&text, NUMBER_TEXT + 1);
    append_number(&text, value);
    return text_take(&text);
}

/* --- Samples ---------------------------------------------------------------------------------- */

static bool is_whole(double value)
{
    return fabs(value) < EXACT && floor(value) == value;
}

static bool agree(double expected, double actual)
{
    if (isnan(expected) || isnan(actual))
        return isnan(expected) && isnan(actual);
    if (expected == actual)
        return true;
    if ((is_whole(expected) && is_whole(actual)) || isinf(expected) || isinf(actual))
        return false;
    return fabs(expected - actual) <= 1e-9 * fmax(fabs(expected), fabs(actual));
}

/* Samples of the same name, for somebody who wrote a label wrong. */
static void tell_near(struct run *run, const struct sample_list *actual,
                      const struct sample *expected)
{
    size_t count = 0;
    for (size_t i = 0; i < actual->count; i++) {
        const struct sample *sample = &actual->items[i];
        if (strcmp(sample->name, expected->name) != 0 || ++count > NEAR_MOST)
            continue;
        text_printf(run->out, "    there is %s", sample->name);
        escape_append(run->out, sample->labels, strlen(sample->labels), "");
        text_append_char(run->out, ' ');
        append_number(run->out, sample->value);
        text_append_char(run->out, '\n');
    }
    if (count > NEAR_MOST)
        text_printf(run->out, "    and %zu more\n", count - NEAR_MOST);
}

static void check_expected(struct run *run, const struct pack_test_step *step,
                           const struct sample_list *actual)
{
    for (size_t i = 0; i < step->expected.count; i++) {
        const struct sample *expected = &step->expected.items[i];
        const struct sample *sample = sample_list_find(actual, expected);
        if (sample && agree(expected->value, sample->value))
            continue;
        AUTO_FREE char *wanted = number_text(expected->value);
        AUTO_FREE char *got = sample ? number_text(sample->value) : memory_copy_text("nothing");
        fail(run, step->expect, expected->line, "%s%s: expected %s, got %s", expected->name,
             expected->labels, wanted, got);
        if (!sample)
            tell_near(run, actual, expected);
    }
}

static void check_exact(struct run *run, const struct pack_test_step *step, const struct tree *node,
                        const struct sample_list *actual)
{
    for (size_t i = 0; i < actual->count; i++) {
        const struct sample *sample = &actual->items[i];
        if (!sample_is_of(sample, node->text) || sample_list_find(&step->expected, sample))
            continue;
        AUTO_FREE char *got = number_text(sample->value);
        fail(run, node, 0, "%s%s: not expected, got %s", sample->name, sample->labels, got);
    }
}

static bool is_meant(const struct sample *sample, const struct sample *absence)
{
    if (*absence->labels)
        return strcmp(sample->name, absence->name) == 0 &&
               strcmp(sample->labels, absence->labels) == 0;
    return sample_is_of(sample, absence->name) || strcmp(sample->name, absence->name) == 0;
}

static void check_absence(struct run *run, const struct pack_test_step *step,
                          const struct sample *absence, const struct sample_list *actual)
{
    for (size_t i = 0; i < actual->count; i++) {
        const struct sample *sample = &actual->items[i];
        if (!is_meant(sample, absence))
            continue;
        AUTO_FREE char *got = number_text(sample->value);
        fail(run, step->absent, 0, "%s%s: expected absent, got %s", sample->name, sample->labels,
             got);
    }
}

/* --- Events ----------------------------------------------------------------------------------- */

static uint64_t wanted_count(const struct tree *map, const char *reason)
{
    int64_t count = 0;
    const char *text = tree_text(tree_get(map, reason));
    return text && number_parse_int(text, strlen(text), &count) ? (uint64_t)count : 0;
}

/* How many were skipped for this reason, as lines and as documents. */
static uint64_t skipped_for(const struct run *run, const char *reason)
{
    uint64_t sum = 0;
    uint64_t count;
    const char *name;
    for (size_t i = 0; (name = pack_test_world_skipped(run->world, i, &count)) != NULL; i++)
        sum += strcmp(name, reason) == 0 ? count : 0;
    return sum;
}

static void check_skipped(struct run *run, const struct tree *map)
{
    for (size_t i = 0; i < map->count; i++) {
        const char *reason = map->keys[i]->text;
        uint64_t wanted = wanted_count(map, reason);
        uint64_t got = skipped_for(run, reason);
        if (got != wanted)
            fail(run, map->keys[i], 0, "skipped as %s: expected %llu, got %llu", reason,
                 (unsigned long long)wanted, (unsigned long long)got);
    }
    run->skipped = map;
}

/* What was skipped, and nobody said so. */
static void check_silent_skips(struct run *run)
{
    uint64_t count;
    const char *name;
    for (size_t i = 0; (name = pack_test_world_skipped(run->world, i, &count)) != NULL; i++)
        if (count > 0 && !(run->skipped && tree_get(run->skipped, name)))
            fail(run, run->one->where, 0, "%llu skipped as %s, which no 'skipped' tells",
                 (unsigned long long)count, name);
}

static bool is_named(const struct tree *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i]->text, name) == 0)
            return true;
    return false;
}

static bool is_unmatched(const struct rule_set *rules, const char *name)
{
    struct rule_event_count count;
    for (size_t i = 0; rule_set_event_count(rules, i, &count); i++)
        if (count.unmatched > 0 && strcmp(count.event_type, name) == 0)
            return true;
    return false;
}

static void check_unmatched(struct run *run, const struct tree *list)
{
    const struct rule_set *rules = pack_test_world_rules(run->world);
    struct rule_event_count count;
    for (size_t i = 0; i < list->count; i++)
        if (!is_unmatched(rules, list->items[i]->text))
            fail(run, list->items[i], 0, "event %s: expected that no rule names it",
                 list->items[i]->text);
    for (size_t i = 0; rule_set_event_count(rules, i, &count); i++)
        if (count.unmatched > 0 && !is_named(list, count.event_type))
            fail(run, list, 0, "event %s: no rule names it", count.event_type);
}

/* --- Steps ------------------------------------------------------------------------------------ */

static void check(struct run *run, const struct pack_test_step *step)
{
    struct sample_list actual = {.count = 0};
    bool is_list = step->exact && step->exact->kind == TREE_LIST;
    pack_test_world_samples(run->world, &actual);
    check_expected(run, step, &actual);
    for (size_t i = 0; step->exact && i < (is_list ? step->exact->count : 1); i++)
        check_exact(run, step, is_list ? step->exact->items[i] : step->exact, &actual);
    for (size_t i = 0; i < step->absences.count; i++)
        check_absence(run, step, &step->absences.items[i], &actual);
    if (step->skipped)
        check_skipped(run, step->skipped);
    if (step->unmatched)
        check_unmatched(run, step->unmatched);
    sample_list_free(&actual);
}

static void happen(struct run *run, const struct pack_test_step *step,
                   const struct pack_test_place *place)
{
    const char *bytes = step->content.data ? step->content.data : "";
    size_t length = step->content.length;
    switch (step->kind) {
    case STEP_LINES:
        pack_test_world_lines(run->world, place, bytes, length);
        break;
    case STEP_DOCUMENT:
        pack_test_world_document(run->world, place, bytes, length);
        break;
    case STEP_CREATED:
        pack_test_world_created(run->world, place);
        break;
    case STEP_CLOSED:
        pack_test_world_closed(run->world, place, step->late);
        break;
    case STEP_REMOVED:
        pack_test_world_removed(run->world, place, step->late);
        break;
    case STEP_SAMPLED:
        pack_test_world_sampled(run->world, bytes, length);
        break;
    case STEP_AFTER:
        pack_test_world_wait(run->world, step->pause);
        break;
    case STEP_EXPECT:
        check(run, step);
        break;
    }
}

static void take_step(struct run *run, const struct pack_test_step *step)
{
    struct pack_test_place place = {.count = 0};
    if (step->file &&
        !pack_test_place_find(pack_test_world_rules(run->world), step->file, step->source, &place))
        return; /* cannot be: it was checked when it was read */
    happen(run, step, &place);
    pack_test_place_free(&place);
}

bool pack_test_run(const struct pack_test *test, const struct pack_test_case *one,
                   struct pack_test_tally *tally, struct text *out)
{
    struct run run = {
        .one = one, .world = pack_test_world_new(&test->settings, one->start), .out = out};
    if (!run.world) { /* they could be read when the test was */
        fail(&run, one->where, 0, "its rules cannot be read any more");
        return false;
    }
    for (size_t i = 0; i < one->step_count; i++)
        take_step(&run, &one->steps[i]);
    check_silent_skips(&run);
    pack_test_tally_add(tally, pack_test_world_rules(run.world));
    pack_test_world_free(run.world);
    return !run.failed;
}
