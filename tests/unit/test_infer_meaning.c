/* infer_meaning.c: what a field is taken for, by its name and what was seen of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "infer/infer_meaning.h"
#include "survey/seen.h"

static size_t same(const char *name, size_t length, char *ret_normal)
{
    memcpy(ret_normal, name, length);
    return length;
}

struct meaning_case {
    const char *name;
    const char *format; /* of the value number n, from 1 on */
    enum meaning_kind kind;
    const char *unit; /* NULL: none */
    double scale;
};

#define NOTHING MEANS_NOTHING, NULL, 0
#define LABEL   MEANS_LABEL, NULL, 0
#define KEY     MEANS_KEY, NULL, 0

/* %d: n; %c: a or b. */
static const struct meaning_case cases[] = {
    /* Texts. */
    {"status", "\"%c\"", LABEL},
    {"tool_name", "\"%c\"", LABEL},
    {"user_id", "\"u%d\"", KEY},
    {"worker", "\"w%d\"", KEY},
    {"trace_id", "\"t\"", KEY},
    {"message", "\"%c\"", NOTHING},
    {"prompt", "\"%c\"", NOTHING},
    {"email", "\"%c\"", NOTHING},
    {"api_token", "\"%c\"", NOTHING},
    {"reason", "\"out of %c\"", NOTHING},
    {"path", "\"%c\"", NOTHING},
    {"created", "\"2026-01-01T00:00:%02dZ\"", NOTHING},
    {"took", "\"%dms\"", MEANS_DURATION, "seconds", 1},
    {"color", "\"blue\"", NOTHING}, /* always the same */
    {"status", "\"ok\"", LABEL},    /* but this one will not stay so */
    {"ok", "true", NOTHING},
    /* Spans. */
    {"duration_ms", "%d", MEANS_DURATION, "seconds", 1e-3},
    {"durationMs", "%d", MEANS_DURATION, "seconds", 1e-3},
    {"latency_us", "%d", MEANS_DURATION, "seconds", 1e-6},
    {"took_ns", "%d", MEANS_DURATION, "seconds", 1e-9},
    {"elapsed", "0.%d", MEANS_DURATION, "seconds", 1},
    {"duration", "\"%d.5\"", MEANS_DURATION, "seconds", 1},
    {"responseTime", "%d", MEANS_DURATION, "seconds", 1e-3},
    {"queue_time", "%d", MEANS_DURATION, "seconds", 1},
    {"run_minutes", "%d", MEANS_DURATION, "seconds", 60},
    {"duration", "[%d,500]", MEANS_DURATION, "seconds", 1},
    {"anything", "{\"secs\":%d,\"nanos\":5}", MEANS_DURATION, "seconds", 1},
    {"duration_ms", "-%d", NOTHING},
    {"timeout_ms", "%d", NOTHING},
    {"event_time", "17672256%02d", NOTHING},
    /* Amounts. */
    {"output_tokens", "%d", MEANS_AMOUNT, "", 1},
    {"total_items", "%d", MEANS_AMOUNT, "", 1},
    {"bytes_read", "%d", MEANS_AMOUNT, "bytes", 1},
    {"size_kb", "%d", MEANS_AMOUNT, "bytes", 1024},
    {"cost_usd", "0.%d", MEANS_AMOUNT, "dollars", 1},
    {"items", "-%d", NOTHING},
    {"items", "%d.5", NOTHING},
    {"commits", "[\"%c\"]", MEANS_LIST, "", 1},
    {"args", "[\"%c\"]", NOTHING},
    /* What goes up and down. */
    {"queue_depth", "%d", MEANS_STATE, "", 1},
    {"progress_pct", "%d", MEANS_STATE, "ratio", 0.01},
    {"memory_mb", "%d", MEANS_STATE, "bytes", 1048576},
    {"hit_ratio", "0.%d", MEANS_STATE, "ratio", 1},
    /* Other numbers. */
    {"level", "%d0", MEANS_SEVERITY, NULL, 0},
    {"exit_code", "0", LABEL},
    {"attempt", "%d", KEY},
    {"pid", "%d", KEY},
    {"gaps", "%d", NOTHING},
    {"pin", "%d", NOTHING},
    {"nothing", "null", NOTHING},
};

/* What it means after 5 values. */
static struct meaning meaning_after(const struct meaning_case *one, struct seen *seen)
{
    char format[128];
    char line[256];
    for (int n = 1; n <= 6; n++) {
        const char *letter = strstr(one->format, "%c");
        snprintf(format, sizeof(format), "{\"%s\":%s}", one->name, one->format);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(line, sizeof(line), format, letter ? 'a' + n % 2 : n);
#pragma GCC diagnostic pop
        assert_int_equal(seen_take(seen, line, strlen(line), NULL, 0), DECODE_OK);
    }
    size_t count;
    const struct seen_path *path = seen_paths_find(seen_paths_of(seen), &one->name, 1);
    return meaning_of(seen_type_field(seen_types(seen, &count)[0], path));
}

static void test_meanings(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct seen *seen = seen_new(same);
        struct meaning meaning = meaning_after(&cases[i], seen);
        if (meaning.kind != cases[i].kind)
            fail_msg("%s as %s is %d", cases[i].name, cases[i].format, (int)meaning.kind);
        if (cases[i].unit) {
            assert_string_equal(meaning.unit, cases[i].unit);
            assert_true(meaning.scale == cases[i].scale);
        }
        seen_free(seen);
    }
}

/* Whether it is a label is told by how many values there are. */
static void test_values_of_a_label(void **state)
{
    (void)state;
    for (int values = 2; values <= MEANING_LABEL_VALUES + 1; values++) {
        struct seen *seen = seen_new(same);
        static const char *const name = "mode";
        for (int i = 0; i < 100; i++) {
            char line[64];
            int length = snprintf(line, sizeof(line), "{\"mode\":\"m%d\"}", i % values);
            (void)seen_take(seen, line, (size_t)length, NULL, 0);
        }
        size_t count;
        const struct seen_path *path = seen_paths_find(seen_paths_of(seen), &name, 1);
        struct meaning meaning = meaning_of(seen_type_field(seen_types(seen, &count)[0], path));
        assert_int_equal(meaning.kind, values <= MEANING_LABEL_VALUES ? MEANS_LABEL : MEANS_KEY);
        seen_free(seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meanings),
        cmocka_unit_test(test_values_of_a_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
