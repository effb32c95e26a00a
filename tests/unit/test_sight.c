/* sight.c, memo.c, kept.c: which events a sequence of looks gives, over restarts and new rules. */
#include "sight_fixture.h"

#include "base/fields.h"
#include "rules/emit.h"
#include "rules/kept.h"

#define CREATED RULE_SEEN_CREATED
#define CONTENT RULE_SEEN_CONTENT
#define CLOSED  RULE_SEEN_CLOSED
#define REMOVED RULE_SEEN_REMOVED
#define ROW(x)  "[{inc: n_total, labels: {x: '" x "'}}]"

struct seen {
    enum rule_sight_kind kind;
    const char *json;
    const char *told;
};

#define LOOKS 10
struct sequence {
    const char *what;
    const char *pack;
    struct seen looks[LOOKS];
};

static const struct sequence sequences[] = {
    {"first is once a life, at the first look",
     DOCUMENTS("A: {first: true}") METRIC "rules: {A: " ROW("{v}") "}",
     {{CREATED, NULL, ""},
      {CONTENT, "{\"v\":1}", "A{x=\"1\"} "},
      {CONTENT, "{\"v\":2}", ""},
      {CLOSED, NULL, ""},
      {CONTENT, "{\"v\":1}", ""},
      {REMOVED, NULL, ""},
      {CONTENT, "{\"v\":3}", "A{x=\"3\"} "},
      {CONTENT, "{\"v\":3}", ""}}},
    {"first with a condition waits for it",
     DOCUMENTS("A: {first: true, when: {v: {gt: 1}}}") METRIC "rules: {A: " ROW("{v}") "}",
     {{CONTENT, "{\"v\":1}", ""},
      {CONTENT, "{\"v\":2}", "A{x=\"2\"} "},
      {CONTENT, "{\"v\":1}", ""},
      {CONTENT, "{\"v\":3}", ""}}},
    {"when is each time it becomes true",
     DOCUMENTS("A: {when: {s: [Done, Failed]}}") METRIC "rules: {A: " ROW("{s}") "}",
     {{CONTENT, "{\"s\":\"Running\"}", ""},
      {CONTENT, "{\"s\":\"Done\"}", "A{x=\"Done\"} "},
      {CONTENT, "{\"s\":\"Failed\"}", ""},
      {CLOSED, NULL, ""},
      {CONTENT, "{\"s\":\"Failed\"}", ""},
      {CONTENT, "{}", ""},
      {CONTENT, "{\"s\":\"Failed\"}", "A{x=\"Failed\"} "}}},
    {"when counts at the first look",
     DOCUMENTS("A: {when: {s: Done}}") METRIC "rules: {A: " ROW("{s}") "}",
     {{CREATED, NULL, ""},
      {CONTENT, "{\"s\":\"Done\"}", "A{x=\"Done\"} "},
      {CONTENT, "{\"s\":\"Done\",\"t\":1}", ""}}},
    {"when sees captures and sums",
     DOCUMENTS("A: {when: {job_id: job-1, 'sum(a, b)': {ge: 3}}}, B: {when: {job_id: job-2}}")
         METRIC "rules: {A: " ROW("{a}") ", B: []}",
     {{CONTENT, "{\"a\":1,\"b\":1}", ""}, {CONTENT, "{\"a\":1,\"b\":2}", "A{x=\"1\"} "}}},
    {"changes is each time the value differs from the last look",
     DOCUMENTS("A: {changes: s}") METRIC "rules: {A: " ROW("{s}") "}",
     {{CONTENT, "{\"s\":\"a\"}", "A{x=\"a\"} "},
      {CONTENT, "{\"s\":\"a\",\"t\":1}", ""},
      {CREATED, NULL, ""},
      {CONTENT, "{\"s\":\"b\"}", "A{x=\"b\"} "},
      {CONTENT, "{\"s\":\"a\"}", "A{x=\"a\"} "},
      {CONTENT, "{\"s\":null}", "A{} "},
      {CONTENT, "{}", ""},
      {CONTENT, "{\"s\":0}", "A{x=\"0\"} "},
      {CONTENT, "{\"s\":false}", "A{x=\"false\"} "}}},
    {"changes of nothing to nothing, of lists by how long they are",
     DOCUMENTS("A: {changes: s}") METRIC "rules: {A: " ROW("-") "}",
     {{CONTENT, "{\"t\":1}", ""},
      {CONTENT, "{\"s\":null}", ""},
      {CONTENT, "{\"s\":[1]}", "A{x=\"-\"} "},
      {CONTENT, "{\"s\":[2]}", ""},
      {CONTENT, "{\"s\":[2,3]}", "A{x=\"-\"} "}}},
    {"changes with a condition: what is held back is seen all the same",
     DOCUMENTS("A: {changes: s, when: {v: 1}}") METRIC "rules: {A: " ROW("{s}") "}",
     {{CONTENT, "{\"s\":\"a\",\"v\":0}", ""},
      {CONTENT, "{\"s\":\"a\",\"v\":1}", ""},
      {CONTENT, "{\"s\":\"b\",\"v\":1}", "A{x=\"b\"} "}}},
    {"each is once for every key of a life",
     DOCUMENTS("A: {each: l, key: [i, at]}") METRIC "rules: {A: " ROW("{c}{/d}") "}",
     {{CONTENT, "{\"d\":1,\"l\":[]}", ""},
      {CONTENT, "{\"d\":1,\"l\":[{\"i\":0,\"at\":\"x\",\"c\":\"a\"}]}", "A{x=\"a1\"} "},
      {CONTENT,
       "{\"d\":2,\"l\":[{\"i\":0,\"at\":\"x\",\"c\":\"a\"},{\"i\":1,\"at\":\"x\",\"c\":\"b\"},"
       "{\"i\":0,\"at\":\"y\",\"c\":\"c\"},{\"i\":1,\"at\":\"x\",\"c\":\"again\"}]}",
       "A{x=\"b2\"} A{x=\"c2\"} "},
      {CONTENT, "{\"l\":[{\"i\":0,\"at\":\"y\",\"c\":\"c\"}]}", ""},
      {CONTENT, "{\"l\":7}", ""},
      {CONTENT, "{}", ""},
      {CONTENT, "{\"l\":[{\"i\":0,\"at\":\"x\"},{\"i\":10,\"at\":\"\"},{\"i\":1,\"at\":\"0\"}]}",
       "A{} A{} "},
      {REMOVED, NULL, ""},
      {CONTENT, "{\"d\":9,\"l\":[{\"i\":0,\"at\":\"x\",\"c\":\"a\"}]}", "A{x=\"a9\"} "}}},
    {"each without key: by position",
     DOCUMENTS("A: {each: l}") METRIC "rules: {A: " ROW("{.}") "}",
     {{CONTENT, "{\"l\":[\"a\"]}", "A{x=\"a\"} "},
      {CONTENT, "{\"l\":[\"b\",\"a\"]}", "A{x=\"a\"} "},
      {CONTENT, "{\"l\":[\"c\",\"d\",\"e\"]}", "A{x=\"e\"} "}}},
    {"each without key: by name, where an entry waits for its condition",
     DOCUMENTS("A: {each: /r, when: {value.s: [Ok, Bad]}}") METRIC
     "rules: {A: " ROW("{.key} {.value.s} {t}") "}",
     {{CONTENT, "{\"t\":1,\"r\":{\"a\":{\"s\":\"Run\"},\"b\":{\"s\":\"Ok\"}}}", "A{x=\"b Ok 1\"} "},
      {CONTENT, "{\"t\":2,\"r\":{\"b\":{\"s\":\"Bad\"},\"a\":{\"s\":\"Bad\"}}}",
       "A{x=\"a Bad 2\"} "},
      {CONTENT, "{\"t\":3,\"r\":{\"c\":{\"s\":\"Ok\"},\"0\":{\"s\":\"Ok\"}}}",
       "A{x=\"c Ok 3\"} A{x=\"0 Ok 3\"} "}}},
    {"each: an entry without its key waits for it, that of the document is none",
     DOCUMENTS("A: {each: l, key: k}") METRIC "rules: {A: " ROW("{k}") "}",
     {{CONTENT, "{\"k\":\"doc\",\"l\":[{\"v\":1},{\"k\":null},{\"k\":\"e\"}]}", "A{x=\"e\"} "},
      {CONTENT, "{\"k\":\"doc\",\"l\":[{\"v\":1,\"k\":\"f\"}]}", "A{x=\"f\"} "}}},
    {"moments are once a life",
     DOCUMENTS("C: {created: true}, E: {closed: true}, R: {removed: true}") METRIC
     "rules: {C: " ROW("{job_id}{v}") ", E: [], R: " ROW("{v}") "}",
     {{CREATED, NULL, "C{x=\"job-1\"} "},
      {CREATED, NULL, ""},
      {CONTENT, "{\"v\":1}", ""},
      {CLOSED, NULL, "E "},
      {CLOSED, NULL, ""},
      {CONTENT, "{\"v\":2}", ""},
      {REMOVED, NULL, "R{x=\"2\"} "},
      {CREATED, NULL, "C{x=\"job-1\"} "},
      {REMOVED, NULL, "R{} "},
      {CLOSED, NULL, "E "}}},
    {"closed again after growth, where it is asked for",
     LINES("E: {closed: true}, F: {closed: true, reopen: true}") METRIC
     "rules: {E: [], F: " ROW("{v}{file.name}") "}",
     {{CLOSED, NULL, "E F{x=\"a.jsonl\"} "}, {CLOSED, NULL, "F{x=\"a.jsonl\"} "}}},
    {"conditions hold moments back",
     LINES("C: {created: true, when: {job_id: {match: '^job-1'}}}, "
           "D: {created: true, when: {job_id: job-2}}") METRIC "rules: {C: [], D: []}",
     {{CREATED, NULL, "C "}}},
    {"events are in the order of the section, rows in that of the rules",
     DOCUMENTS("B: {each: l}, A: {first: true}, D: {changes: v}, C: {when: {v: 1}}") METRIC
     "rules: {A: " ROW("1") ", 'C, D': " ROW("2") ", B: " ROW("{.}") "}",
     {{CONTENT, "{\"v\":1,\"l\":[5,4]}",
       "B{x=\"5\"} B{x=\"4\"} A{x=\"1\"} D{x=\"2\"} C{x=\"2\"} "}}},
    {"an event without rules is an event, and no row of records is for it",
     LINES("C: {created: true}") METRIC "rules: {'*': " ROW("star") ", 'events/*': " ROW("s") "}",
     {{CREATED, NULL, "C? "}}},
    {"names compare without case and signs; a record's rule is an emitted event's too",
     LINES("JobOpened: {created: true}") METRIC "rules: {'events/job_opened, *': " ROW("r") "}",
     {{CREATED, NULL, "JobOpened{x=\"r\"} "}}},
};

static void run_sequence(const struct sequence *sequence, bool restarts)
{
    struct life life;
    life_start(&life, sequence->pack, restarts);
    for (size_t i = 0; i < LOOKS && sequence->looks[i].told; i++) {
        const struct seen *look = &sequence->looks[i];
        see(&life, look->kind, look->json);
        const char *text = told(&life);
        if (strcmp(text, look->told) != 0)
            fail_msg("%s, look %zu%s: '%s', not '%s'", sequence->what, i + 1,
                     restarts ? " (restarts)" : "", text, look->told);
        assert_true(look->kind == REMOVED ? life.memo.length == 0 : life.memo.length > 0);
    }
    life_end(&life);
}

static void test_sequences(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(sequences); i++)
        for (int restarts = 0; restarts < 2; restarts++)
            run_sequence(&sequences[i], restarts);
}

#define SEE_BODY                                                                                   \
    "sources: {events: {files: '{job_id}/*.json', format: document, body: b, time: at, emit: {"    \
    "A: {each: l}, B: {each: /l, key: k}, C: {changes: v}}}}\n"

static void test_paths_start_in_the_entry_then_in_the_body(void **state)
{
    (void)state;
    struct life life;
    life_start(&life,
               SEE_BODY METRIC "rules: {A: " ROW("{.v}{v}{w}{/v}{job_id}") ", B: " ROW(
                   "{k} {v}") ", C: " ROW("{v}") "}",
               false);
    see(&life, CONTENT,
        "{\"v\":1,\"w\":1,\"l\":[{\"k\":\"top\"}],"
        "\"b\":{\"v\":2,\"w\":3,\"l\":[{\"v\":4},{\"n\":1}]}}");
    assert_string_equal(told(&life), "A{x=\"4431job-1\"} A{x=\"231job-1\"} B{x=\"top 2\"} "
                                     "C{x=\"2\"} ");
    see(&life, CONTENT, "{\"v\":7,\"l\":[0,1,{\"v\":8}]}"); /* without body: from the record */
    assert_string_equal(told(&life), "A{x=\"887job-1\"} C{x=\"7\"} ");
    life_end(&life);
}

static void test_events_have_their_times(void **state)
{
    (void)state;
    struct life life;
    life_start(&life,
               DOCUMENTS("A: {created: true}, B: {changes: s}, C: {closed: true}, "
                         "D: {removed: true}") METRIC "rules: {A: []}",
               false);
    see(&life, CREATED, NULL);
    see(&life, CONTENT, "{\"s\":1,\"time\":\"2026-01-01T00:00:09Z\"}");
    see(&life, CONTENT, "{\"s\":2}");
    see(&life, CLOSED, NULL);
    see(&life, REMOVED, NULL);
    assert_int_equal(life.count, 5);
    assert_int_equal(life.times[0], SEEN_AT);
    assert_int_equal(life.times[1], NOW + 9 * NANOSECONDS_PER_SECOND);
    assert_int_equal(life.times[2], TIME_NONE);
    assert_int_equal(life.times[3], SEEN_AT);
    assert_int_equal(life.times[4], SEEN_AT);
    struct rule_event_count count;
    assert_true(rule_set_event_count(life.bench.rules, 1, &count));
    assert_string_equal(count.event_type, "B");
    assert_int_equal(count.seen, 2);
    assert_int_equal(count.unmatched, 2);
    life_end(&life);
}

/* --- Other rules for the same life --------------------------------------------------------- */

#define NO_RULES "rules: {}"

static void test_a_new_emit_starts_with_its_next_event(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        const char *emit;
        const char *learned; /* told at the first look under the new rules */
        const char *later;   /* and at the second */
    } cases[] = {
        {DOCUMENTS("A: {changes: n}"), DOCUMENTS("B: {first: true}"), "", ""},
        {DOCUMENTS("A: {changes: n}"), DOCUMENTS("B: {first: true, when: {n: 3}}"), "", "B? "},
        {DOCUMENTS("A: {changes: n}"), DOCUMENTS("B: {when: {n: [2, 3]}}"), "", ""},
        {DOCUMENTS("A: {changes: n}"), DOCUMENTS("B: {when: {n: 3}}"), "", "B? "},
        {DOCUMENTS("A: {changes: n}"), DOCUMENTS("B: {changes: n}"), "", "B? "},
        {DOCUMENTS("A: {changes: n}"), DOCUMENTS("A: {changes: n}, B: {changes: n}"), "A? ",
         "A? B? "},
        {DOCUMENTS("A: {changes: n}"), DOCUMENTS("A: {changes: m}"), "", ""},
        {DOCUMENTS("A: {changes: n}"), DOCUMENTS("A: {changes: n, when: {m: 1}}"), "", ""},
        {DOCUMENTS("A: {changes: n}"), DOCUMENTS("B: {created: true}, A: {changes: n}"), "A? ",
         "A? "},
        {DOCUMENTS("A: {changes: n}"), DOCUMENTS("B: {each: l}"), "", "B? "},
        {DOCUMENTS("A: {each: l}"), DOCUMENTS("A: {each: l, key: .}"), "", "A? "},
        {DOCUMENTS("A: {each: l, key: .}"), DOCUMENTS("A: {each: l, key: .}"), "A? ", "A? "},
        {DOCUMENTS("A: {created: true}"), DOCUMENTS("B: {each: l}"), "", "B? "},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct life life;
        AUTO_FREE char *before = memory_format("%s" METRIC NO_RULES, cases[i].before);
        AUTO_FREE char *after = memory_format("%s" METRIC NO_RULES, cases[i].emit);
        life_start(&life, before, false);
        see(&life, CREATED, NULL);
        see(&life, CONTENT, "{\"n\":1,\"l\":[7]}");
        life_change(&life, after);
        (void)told(&life);
        see(&life, CREATED, NULL);
        see(&life, CONTENT, "{\"n\":2,\"l\":[7,8]}");
        AUTO_FREE char *learned = memory_copy_text(told(&life));
        see(&life, CONTENT, "{\"n\":3,\"l\":[7,8,9]}");
        const char *later = told(&life);
        if (strcmp(learned, cases[i].learned) != 0 || strcmp(later, cases[i].later) != 0)
            fail_msg("%s: '%s' and '%s'", cases[i].emit, learned, later);
        life_end(&life);
    }
}

static void test_moments_to_come_are_told_by_new_rules(void **state)
{
    (void)state;
    struct life life;
    const char *old = LINES("A: {created: true}") METRIC NO_RULES;
    const char *new =
        LINES("B: {closed: true}, C: {removed: true}, D: {closed: true, reopen: true}")
            METRIC NO_RULES;
    life_start(&life, old, false);
    see(&life, CREATED, NULL);
    life_change(&life, new);
    (void)told(&life);
    see(&life, CLOSED, NULL);
    assert_string_equal(told(&life), "B? D? ");
    see(&life, REMOVED, NULL);
    assert_string_equal(told(&life), "C? ");
    life_change(&life, old);
    see(&life, CREATED, NULL);
    see(&life, CLOSED, NULL); /* a closing that the new rules' first one is not */
    life_change(&life, new);
    (void)told(&life);
    see(&life, CLOSED, NULL);
    assert_string_equal(told(&life), "D? ");
    life_end(&life);
}

static void test_a_memo_forgets_what_no_rule_emits(void **state)
{
    (void)state;
    struct life life;
    life_start(&life, DOCUMENTS("A: {each: l}, B: {first: true}") METRIC NO_RULES, false);
    see(&life, CONTENT, "{\"l\":[1,2,3,4,5,6,7,8]}");
    size_t length = life.memo.length;
    see(&life, CONTENT, "{\"l\":[1,2,3,4,5,6,7]}");
    assert_int_equal(life.memo.length, length); /* what was once told stays */
    life_change(&life, DOCUMENTS("B: {first: true}") METRIC NO_RULES);
    see(&life, CONTENT, "{\"l\":[1,2,3,4,5,6,7,8]}");
    assert_in_range(life.memo.length, 1, length - 64);
    assert_in_range(life.memo.length, 1, 24); /* compact */
    life_end(&life);
}

/* Whatever is in a saved memo: no harm, and no content told that may be old. */
static void test_broken_memos_know_nothing(void **state)
{
    (void)state;
    struct life life;
    const char *json = "{\"n\":1,\"m\":\"text\",\"l\":[1,2]}";
    const char *pack = DOCUMENTS("A: {changes: n}, B: {each: l}, C: {first: true}, "
                                 "D: {removed: true}") METRIC "rules: {D: " ROW("{m}") "}";
    life_start(&life, pack, false);
    see(&life, CONTENT, json);
    size_t length = life.memo.length;
    AUTO_FREE char *whole = memory_copy(life.memo.data, length);
    (void)told(&life);
    for (size_t cut = 1; cut <= length; cut++) {
        text_clear(&life.memo);
        text_append(&life.memo, whole, cut);
        see(&life, CONTENT, json);
        const char *text = told(&life);
        if (*text)
            fail_msg("cut at %zu: %s", cut, text);
        assert_int_equal(life.memo.length, length); /* learned again */
    }
    for (size_t i = 0; i < length * 8; i++) {
        text_clear(&life.memo);
        text_append(&life.memo, whole, length);
        life.memo.data[i / 8] = (char)(life.memo.data[i / 8] ^ (1 << i % 8));
        see(&life, CREATED, NULL);
        see(&life, REMOVED, NULL);
    }
    life_end(&life);
}

/* --- Late ---------------------------------------------------------------------------------- */

#define LATE_PACK                                                                                  \
    LINES("C: {created: true}, E: {closed: true}, R: {removed: true}")                             \
    "metrics:\n"                                                                                   \
    "  n_total: {type: counter, help: N., labels: [x]}\n"                                          \
    "  t_seconds: {type: gauge, help: T.}\n"                                                       \
    "rules:\n"                                                                                     \
    "  C: [{start: life, key: file.name}]\n"                                                       \
    "  E, over:\n"                                                                                 \
    "    - {set: t_seconds, value: {elapsed: life}, key: file.name}\n"                             \
    "    - {set: t_seconds, value: {since: x}}\n"                                                  \
    "    - {set: t_seconds, value: {between: [x, y]}, when: {late: true}}\n"                       \
    "    - {inc: n_total, labels: {x: '{late|default no}'}}\n"                                     \
    "    - {inc: n_total, when: {late: {exists: false}}, labels: {x: now}}\n"

static void test_what_is_late_has_no_spans_of_time(void **state)
{
    (void)state;
    struct life life;
    life_start(&life, LATE_PACK, false);
    see(&life, CREATED, NULL);
    (void)told(&life);
    life.late = true;
    see(&life, CLOSED, NULL);
    assert_string_equal(told(&life), "E!late!late!late{x=\"true\"}!condition ");
    assert_null(rule_set_take_trouble(life.bench.rules));
    assert_int_equal(outcomes(&life.bench, 1, ROW_LATE), 1);
    see(&life, REMOVED, NULL);
    life.late = false;
    see(&life, CREATED, NULL);
    (void)told(&life);
    see(&life, CLOSED, NULL);
    assert_string_equal(told(&life), "E{}!missing!condition{x=\"no\"}{x=\"now\"} ");
    life_end(&life);
}

static void test_a_field_that_is_called_late_is_itself(void **state)
{
    (void)state;
    struct life life;
    life_start(&life, LATE_PACK, false);
    struct bench *b = &life.bench;
    feed(b, 0, "{\"type\":\"over\",\"late\":\"mine\"}", NOW);
    assert_shows(b, "n_total{x=\"mine\"} 1");
    life_end(&life);
}

/* --- What is kept of a document for its removal --------------------------------------------- */

#define KEPT_PACK                                                                                  \
    "sources: {events: {files: '{job_id}/*.json', format: document, body: b, emit: {"              \
    "R: {removed: true, when: {ok: true}}, A: {changes: secret}}}}\n"                              \
    "metrics:\n"                                                                                   \
    "  n_total: {type: counter, help: N., labels: [x]}\n"                                          \
    "  t_seconds: {type: gauge, help: T.}\n"                                                       \
    "rules:\n"                                                                                     \
    "  R:\n"                                                                                       \
    "    - {inc: n_total, labels: {x: '{text} {/text} {/n} {flag} {none|default -}'}}\n"           \
    "    - {set: t_seconds, value: took}\n"                                                        \
    "    - {set: t_seconds, value: {count: list}}\n"                                               \
    "  A: [{inc: n_total, labels: {x: '{secret}'}}]\n"

static void test_a_removed_document_shows_what_rules_name(void **state)
{
    (void)state;
    for (int restarts = 0; restarts < 2; restarts++) {
        struct life life;
        life_start(&life, KEPT_PACK, restarts != 0);
        see(&life, CONTENT,
            "{\"n\":12,\"text\":\"no\",\"b\":{\"ok\":false,\"text\":\"old\",\"secret\":\"s1\"}}");
        see(&life, CONTENT,
            "{\"n\":13,\"text\":\"no\",\"b\":{\"ok\":true,\"text\":\"t\\u0001\",\"flag\":true,"
            "\"none\":null,\"took\":{\"secs\":2,\"nanos\":500000000},\"list\":[1,2,3],"
            "\"secret\":\"s2\",\"other\":\"s3\"}}");
        static const char *const secrets[] = {"old", "s1", "s2", "s3"};
        for (size_t i = 0; i < ARRAY_LENGTH(secrets); i++)
            assert_null(memmem(life.memo.data, life.memo.length, secrets[i], strlen(secrets[i])));
        see(&life, CLOSED, NULL);
        (void)told(&life);
        see(&life, REMOVED, NULL);
        assert_string_equal(told(&life), "R{x=\"t\\u0001 no 13 true -\"}{}{} ");
        assert_shows(&life.bench, "t_seconds 3");
        life_end(&life);
    }
}

static void test_only_what_removal_needs_is_kept(void **state)
{
    (void)state;
    struct life life;
    life_start(&life, DOCUMENTS("A: {changes: s}") METRIC "rules: {A: " ROW("{s}{t}") "}", false);
    see(&life, CONTENT, "{\"s\":\"watched\",\"t\":\"named\"}");
    assert_null(memmem(life.memo.data, life.memo.length, "watched", 7));
    assert_null(memmem(life.memo.data, life.memo.length, "named", 5));
    life_end(&life);
}

static void test_kept_texts_are_bounded(void **state)
{
    (void)state;
    struct life life;
    char longest[KEPT_TEXT + 2];
    struct text json;
    struct text rows;
    text_init(&json, TEXT_UNLIMITED);
    text_init(&rows, TEXT_UNLIMITED);
    memset(longest, 'v', sizeof(longest));
    text_append_string(&rows, DOCUMENTS("R: {removed: true}") METRIC "rules:\n  R:\n");
    text_printf(&json, "{\"f0\":\"%.*s\"", (int)KEPT_TEXT + 1, longest);
    for (int i = 0; i < 20; i++)
        text_printf(&rows, "    - {inc: n_total, labels: {x: '{f%d|first 2}'}}\n", i);
    for (int i = 1; i < 20; i++)
        text_printf(&json, ",\"f%d\":\"%.*s\"", i, (int)KEPT_TEXT, longest);
    text_append_string(&json, "}");
    life_start(&life, rows.data, true);
    see(&life, CONTENT, json.data);
    assert_in_range(life.memo.length, KEPT_MOST, KEPT_MOST + 1000);
    see(&life, REMOVED, NULL);
    AUTO_FREE char *text = memory_copy_text(told(&life));
    size_t count = 0;
    assert_int_equal(strncmp(text, "R{}{x=\"vv\"}", 11), 0);
    for (const char *at = text; (at = strstr(at, "{x=\"vv\"}")); at++)
        count++;
    assert_int_equal(count, KEPT_MOST / KEPT_TEXT);
    text_free(&json);
    text_free(&rows);
    life_end(&life);
}

/* --- Bounds -------------------------------------------------------------------------------- */

static char *many_entries(size_t first, size_t count)
{
    struct text json;
    text_init(&json, TEXT_UNLIMITED);
    text_append_string(&json, "{\"l\":[");
    for (size_t i = 0; i < count; i++)
        text_printf(&json, "%s{\"k\":%zu}", i ? "," : "", first + i);
    text_append_string(&json, "]}");
    return text_take(&json);
}

static void test_keys_of_entries_are_bounded(void **state)
{
    (void)state;
    struct life life;
    life_start(&life, DOCUMENTS("A: {each: l, key: k}") METRIC "rules: {A: [{inc: n_total}]}",
               false);
    AUTO_FREE char *most = many_entries(0, EMIT_KEYS - 2);
    AUTO_FREE char *more = many_entries(EMIT_KEYS - 4, 6);
    AUTO_FREE char *last = many_entries(EMIT_KEYS, 10);
    assert_int_equal(see(&life, CONTENT, most), EMIT_KEYS - 2);
    assert_null(rule_set_take_trouble(life.bench.rules));
    assert_int_equal(see(&life, CONTENT, more), 2);
    const struct rule_trouble *trouble = rule_set_take_trouble(life.bench.rules);
    assert_non_null(trouble);
    assert_string_equal(trouble->rule, "pack:events/A:1");
    assert_string_equal(trouble->update, "emit");
    assert_int_equal(trouble->outcome, ROW_LIMIT);
    assert_string_equal(trouble->field, "l");
    assert_null(rule_set_take_trouble(life.bench.rules));
    assert_int_equal(see(&life, CONTENT, last), 0);
    assert_null(rule_set_take_trouble(life.bench.rules)); /* told once */
    assert_in_range(life.memo.length, EMIT_KEYS * 8, EMIT_KEYS * 8 + 100);
    assert_int_equal(see(&life, CONTENT, most), 0);
    life_end(&life);
}

static void test_an_entry_without_key_is_told_once(void **state)
{
    (void)state;
    struct life life;
    life_start(&life, DOCUMENTS("A: {each: l, key: [k, kk]}") METRIC NO_RULES, false);
    assert_int_equal(see(&life, CONTENT, "{\"l\":[{\"k\":1},{\"k\":2}]}"), 0);
    const struct rule_trouble *trouble = rule_set_take_trouble(life.bench.rules);
    assert_non_null(trouble);
    assert_int_equal(trouble->outcome, ROW_MISSING);
    assert_string_equal(trouble->field, ".kk");
    assert_null(rule_set_take_trouble(life.bench.rules));
    life_end(&life);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_paths_start_in_the_entry_then_in_the_body),
        cmocka_unit_test(test_events_have_their_times),
        cmocka_unit_test(test_a_new_emit_starts_with_its_next_event),
        cmocka_unit_test(test_moments_to_come_are_told_by_new_rules),
        cmocka_unit_test(test_a_memo_forgets_what_no_rule_emits),
        cmocka_unit_test(test_broken_memos_know_nothing),
        cmocka_unit_test(test_what_is_late_has_no_spans_of_time),
        cmocka_unit_test(test_a_field_that_is_called_late_is_itself),
        cmocka_unit_test(test_a_removed_document_shows_what_rules_name),
        cmocka_unit_test(test_only_what_removal_needs_is_kept),
        cmocka_unit_test(test_kept_texts_are_bounded),
        cmocka_unit_test(test_keys_of_entries_are_bounded),
        cmocka_unit_test(test_an_entry_without_key_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
