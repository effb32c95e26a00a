/* emit.c, source.c, row_binding.c: the `format` and `emit` of a source, and which rows are for what
 * it emits. Looks are in test_sight.c. */
#include "sight_fixture.h"

#define SOURCES(section)                                                                           \
    "sources:\n"                                                                                   \
    "  docs:\n"                                                                                    \
    "    files: '{session}/{id}.json'\n" section
#define DOCUMENT "    format: document\n"

static const struct {
    const char *pack;
    const char *wanted; /* the whole of what is told, but for "pack.yaml:" and "error: " */
} mistakes[] = {
    {SOURCES("    format: documents\n    emit: {A: {first: true}}\n    type: t\n"),
     "4:13: unknown format 'documents' (did you mean 'document'?)"},
    {SOURCES(DOCUMENT), "2:3: source 'docs' needs 'emit': a document gives no other events"},
    {SOURCES(DOCUMENT "    emit: {}\n"),
     "2:3: source 'docs' needs 'emit': a document gives no other events"},
    {SOURCES(DOCUMENT "    emit: [A]\n"), "5:11: 'emit' must be a map, not a list"},
    {SOURCES(DOCUMENT "    emit: {A: {first: true}}\n    type: t\n"),
     "6:11: 'type' is for records: the events of a document are those of 'emit'"},
    {SOURCES(DOCUMENT "    emit: {A: {first: true}}\n    id: t\n"),
     "6:9: 'id' is for records: the events of a document are those of 'emit'"},
    {SOURCES(DOCUMENT "    emit: {A: {first: true}}\n    archives: '*.json'\n"),
     "6:15: 'archives' is for records: the events of a document are those of 'emit'"},
    {SOURCES("    emit: {A: {created: true}}\n"),
     "2:3: source 'docs' needs 'type': the path of the event's name"},
    {SOURCES(DOCUMENT "    emit: {A: first}\n"),
     "5:15: an emitted event must be a map, not a text"},
    {SOURCES(DOCUMENT "    emit: {A: {fist: true}}\n"),
     "5:12: 'A' needs a cause: created, closed, removed, first, when, changes or each\n"
     "5:16: unknown word of an emitted event 'fist' (did you mean 'first'?)"},
    {SOURCES(DOCUMENT "    emit: {A: {first: true, closed: true}}\n"),
     "5:23: an event has one cause, not 'closed' and 'first'"},
    {SOURCES(DOCUMENT "    emit: {A: {created: yes}}\n"),
     "5:25: 'created' can only be true, not 'yes'"},
    {SOURCES(DOCUMENT "    emit: {A: {closed: true, reopen: no}}\n"),
     "5:38: 'reopen' can only be true, not 'no'"},
    {SOURCES(DOCUMENT "    emit: {A: {first: true, reopen: true}}\n"),
     "5:37: 'reopen' belongs to 'closed'"},
    {SOURCES(DOCUMENT "    emit: {A: {when: {a: 1}, key: k}}\n"), "5:35: 'key' belongs to 'each'"},
    {SOURCES(DOCUMENT "    emit: {A: {each: /}}\n"),
     "5:22: bad path '/' of 'each': must be a path of the record"},
    {SOURCES(DOCUMENT "    emit: {A: {each: l, key: file.id}}\n"),
     "5:30: bad path 'file.id' of 'key': must be a path in the entry"},
    {SOURCES(DOCUMENT "    emit: {A: {each: l, key: [i, /at]}}\n"),
     "5:34: bad path '/at' of 'key': must be a path in the entry"},
    {SOURCES(DOCUMENT "    emit: {A: {each: l, key: []}}\n"),
     "5:30: 'key' must not be an empty list"},
    {SOURCES(DOCUMENT "    emit: {A: {each: l, key: "
                      "[a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a]}}\n"),
     "5:30: 'key' may have 16 parts at most"},
    {SOURCES(DOCUMENT "    emit: {A: {changes: .x}}\n"),
     "5:25: '.x' is of the element, but this row has no 'each'"},
    {SOURCES(DOCUMENT "    emit: {A: {changes: [a]}}\n"),
     "5:25: 'changes' must be a single value, not a list"},
    {SOURCES(DOCUMENT "    emit: {A: {when: {a: {gtt: 1}}}}\n"),
     "5:27: unknown operator 'gtt' (did you mean 'gt'?)"},
    {SOURCES(DOCUMENT "    emit: {A: {when: {file.ip: 1}}}\n"),
     "5:23: 'file.ip': source 'docs' captures no 'ip' (did you mean 'file.id'?)"},
    {SOURCES(DOCUMENT "    emit: {A: {created: true, when: {sesion: x}}}\n"),
     "5:38: 'created' of 'A': source 'docs' captures no 'sesion' (did you mean 'session'?), and of "
     "the file nothing else is known then"},
    {SOURCES("    type: t\n    emit: {A: {removed: true, when: {state: x}}}\n"),
     "5:38: 'removed' of 'A': source 'docs' captures no 'state', and of the file nothing else is "
     "known then"},
    {SOURCES("    type: t\n    emit: {A: {first: true}}\n"),
     "5:23: 'first' is for documents: 'format: document'"},
    {SOURCES("    type: t\n    emit: {A: {when: {session: x}}}\n"),
     "5:12: 'A' needs a cause: created, closed or removed (others are for 'format: document')"},
    {SOURCES(DOCUMENT "    emit: {A: {first: true}, a_: {closed: true}}\n"),
     "5:30: 'a_' is emitted twice: names compare without case, '_' and '-'"},
    {SOURCES(DOCUMENT "    emit: {'a/b': {first: true}}\n"), "5:12: 'a/b' is no name of an event"},
    {SOURCES(DOCUMENT "    emit: {'*': {first: true}}\n"), "5:12: '*' is no name of an event"},

    /* Rules of what is not emitted, and rows that cannot be. */
    {SOURCES(DOCUMENT "    emit: {Opened: {first: true}}\n") "rules: {Opend: []}\n",
     "6:9: the sources of this pack emit no event 'Opend' (did you mean 'Opened'?)"},
    {SOURCES(DOCUMENT "    emit: {Opened: {first: true}}\n") "rules: {'Opened, docs/*': []}\n",
     "6:9: source 'docs' emits no event '*'"},
    {SOURCES(DOCUMENT "    emit: {Opened: {first: true}}\n") "rules: {'dogs/Opened': []}\n",
     "6:9: unknown source 'dogs' (did you mean 'docs'?)"},
    {SOURCES(DOCUMENT "    emit: {A: {each: l}}\n") METRIC
     "rules: {A: [{inc: n_total, each: m}]}\n",
     "7:34: 'each' in a row of 'A', which is of each entry itself"},
    {SOURCES(DOCUMENT "    emit: {A: {removed: true}}\n") METRIC
     "rules: {A: [{inc: n_total, each: m}]}\n",
     "7:34: 'each' in a row of 'A': of a removed document no lists are kept"},
    {SOURCES(DOCUMENT "    emit: {A: {first: true}}\n") METRIC
     "rules: {A: [{inc: n_total, when: {.x: 1}}]}\n",
     "7:35: '.x' is of the element, but this row has no 'each'"},
};

static char *expected(const char *wanted)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    for (const char *at = wanted; *at;) {
        size_t length = strcspn(at, "\n");
        size_t place = (size_t)(strstr(at, ": ") - at);
        text_printf(&text, "pack.yaml:%.*s: error:%.*s\n", (int)place, at,
                    (int)(length - place - 1), at + place + 1);
        at += length + (at[length] == '\n');
    }
    return text_take(&text);
}

static void test_mistakes_are_told_where_they_stand(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(mistakes); i++) {
        struct bench b;
        AUTO_FREE char *wanted = expected(mistakes[i].wanted);
        bench_start(&b, mistakes[i].pack, NULL);
        if (b.rules || !b.text.data || strcmp(b.text.data, wanted) != 0)
            fail_msg("of\n%sis told\n%sand not\n%s", mistakes[i].pack,
                     b.text.data ? b.text.data : "nothing ", wanted);
        bench_end(&b);
    }
}

static void test_facts_tell_what_is_emitted(void **state)
{
    (void)state;
    static const struct {
        const char *emit;
        bool is_document;
        unsigned emits;
    } cases[] = {
        {LINES(""), false, 0},
        {LINES("A: {created: true}, B: {closed: true}"), false,
         RULE_EMITS_CREATED | RULE_EMITS_CLOSED},
        {LINES("A: {closed: true, reopen: true}, B: {removed: true}"), false,
         RULE_EMITS_CLOSED | RULE_EMITS_REOPEN | RULE_EMITS_REMOVED},
        {DOCUMENTS("A: {first: true}"), true, RULE_EMITS_CONTENT},
        {DOCUMENTS("A: {when: {a: 1}}, B: {created: true}"), true,
         RULE_EMITS_CONTENT | RULE_EMITS_CREATED},
        {DOCUMENTS("A: {changes: a}"), true, RULE_EMITS_CONTENT},
        {DOCUMENTS("A: {each: a, when: {.b: 1}}"), true, RULE_EMITS_CONTENT},
        {DOCUMENTS("A: {removed: true, when: {a: 1}}"), true, RULE_EMITS_REMOVED},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct bench b;
        struct rule_source_facts facts;
        bench_start(&b, cases[i].emit, NULL);
        if (!b.rules)
            fail_msg("%s: %s", cases[i].emit, b.text.data);
        rule_source_facts(b.source, &facts);
        assert_int_equal(facts.is_document, cases[i].is_document);
        assert_int_equal(facts.emits, cases[i].emits);
        bench_end(&b);
    }
}

/* --- Which rows are for what is emitted ---------------------------------------------------- */

#define TWO_SOURCES                                                                                \
    "sources:\n"                                                                                   \
    "  events: {files: '{job_id}/*.jsonl', type: type, emit: {Opened: {created: true}}}\n"         \
    "  docs:\n"                                                                                    \
    "    files: '{job_id}/*.json'\n"                                                               \
    "    format: document\n"                                                                       \
    "    emit: {Opened: {first: true}, Entry: {each: l}, Gone: {removed: true}}\n"                 \
    "metrics: {n_total: {type: counter, help: N., labels: [x]}}\n"

/* A look at a file of the source of this name. */
static void see_in(struct bench *b, const char *source_name, enum rule_sight_kind kind,
                   const char *json, bool guests)
{
    struct rule_source *source = NULL;
    struct rule_source_facts facts;
    for (size_t i = 0; i < rule_set_source_count(b->rules); i++) {
        rule_source_facts(rule_set_source(b->rules, i), &facts);
        if (strcmp(facts.name, source_name) == 0)
            source = rule_set_source(b->rules, i);
    }
    assert_non_null(source);
    struct decoder *decoder = decoder_new(rule_source_plan(source));
    struct rule_file *file = rule_file_new(source, "/e/job-9/a", NULL, 0, 9, 9);
    struct value *slots = NULL;
    struct text memo;
    text_init(&memo, TEXT_UNLIMITED);
    arena_reset(&b->arena);
    if (json)
        assert_int_equal(decoder_line(decoder, json, strlen(json), &b->arena, &slots), DECODE_OK);
    struct rule_event event = {
        .slots = slots, .file = file, .arena = &b->arena, .now = NOW, .guests = guests};
    struct rule_sight sight = {.kind = kind, .time = NOW};
    rule_set_see(b->rules, source, &event, &sight, NULL, NULL, &memo);
    text_free(&memo);
    rule_file_free(file);
    decoder_free(decoder);
}

static void test_one_key_may_name_events_of_many_kinds(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                TWO_SOURCES
                "rules:\n"
                "  Opened, Entry, Gone, Other, entry: [{inc: n_total, labels: {x: '{v}'}}]\n"
                "  docs/Opened: [{inc: n_total, labels: {x: docs}}]\n"
                "  events/Opened: [{inc: n_total, labels: {x: events}}]\n"
                "  '*': [{inc: n_total, labels: {x: star}}]\n",
                NULL);
    see_in(&b, "docs", RULE_SEEN_CONTENT, "{\"v\":1,\"l\":[{\"v\":2},{\"v\":3},{\"w\":0}]}", true);
    assert_shows(&b, "n_total{x=\"1\"} 2"); /* of the whole, and of an entry without its own */
    assert_shows(&b, "n_total{x=\"2\"} 1");
    assert_shows(&b, "n_total{x=\"3\"} 1");
    assert_shows(&b, "n_total{x=\"docs\"} 1");
    see_in(&b, "events", RULE_SEEN_CREATED, NULL, true);
    assert_shows(&b, "n_total{x=\"events\"} 1");
    assert_false(shows(&b, "n_total{x=\"star\"} 1"));
    feed(&b, 0, "{\"type\":\"opened\",\"v\":5}", NOW); /* a record of that name is one, too */
    assert_shows(&b, "n_total{x=\"5\"} 1");
    assert_shows(&b, "n_total{x=\"events\"} 2");
    assert_shows(&b, "n_total{x=\"star\"} 1");
    bench_end(&b);
}

static void test_guests_have_rows_for_what_others_emit(void **state)
{
    (void)state;
    struct bench b;
    static const struct named_pack packs[] = {
        {"host", TWO_SOURCES "rules: {Opened: [{inc: n_total, labels: {x: host}}]}\n"},
        {"guest", "rules:\n"
                  "  Opened: [{inc: n_total, labels: {x: guest}}]\n"
                  "  docs/Entry: [{inc: n_total, labels: {x: '{.}'}}]\n"}};
    bench_start_packs(&b, packs, 2, NULL);
    see_in(&b, "docs", RULE_SEEN_CONTENT, "{\"l\":[4]}", false);
    assert_shows(&b, "n_total{x=\"host\"} 1");
    assert_shows(&b, "n_total{x=\"4\"} 1");
    assert_false(shows(&b, "n_total{x=\"guest\"} 1"));
    see_in(&b, "docs", RULE_SEEN_CONTENT, "{\"l\":[]}", true);
    assert_shows(&b, "n_total{x=\"guest\"} 1");
    bench_end(&b);
}

static void test_a_guest_is_told_what_a_source_does_not_emit(void **state)
{
    (void)state;
    struct bench b;
    static const struct named_pack packs[] = {
        {"host", TWO_SOURCES},
        {"guest", "rules: {docs/Entri: [], docs/Opened: [], Anything: [], events/Anything: []}\n"}};
    bench_start_packs(&b, packs, 2, NULL);
    assert_null(b.rules);
    assert_string_equal(
        b.text.data,
        "pack.yaml:1:9: error: source 'docs' emits no event 'Entri' (did you mean 'Entry'?)\n");
    bench_end(&b);
}

/* It may be for other packs than those it is used with today. */
static void test_a_guest_may_name_what_nobody_here_emits(void **state)
{
    (void)state;
    struct bench b;
    static const struct named_pack packs[] = {{"host", DOCUMENTS("A: {first: true}")},
                                              {"guest", "rules: {Anything: [], '*': []}\n"}};
    bench_start_packs(&b, packs, 2, NULL);
    assert_non_null(b.rules);
    assert_int_equal(b.diagnostics.count, 0);
    bench_end(&b);
}

/* Rows of several kinds of events share one memory. */
static void test_memories_are_shared_by_records_and_what_is_emitted(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                TWO_SOURCES
                "rules:\n"
                "  Told: [{inc: n_total, once: [job, n], memory: told, scope: pack}]\n"
                "  Entry: [{inc: n_total, once: [job, n], memory: told, scope: pack}]\n",
                NULL);
    feed(&b, 0, "{\"type\":\"told\",\"job\":\"j\",\"n\":1}", NOW);
    see_in(&b, "docs", RULE_SEEN_CONTENT, "{\"job\":\"j\",\"l\":[{\"n\":1},{\"n\":2}]}", true);
    feed(&b, 0, "{\"type\":\"told\",\"job\":\"j\",\"n\":2}", NOW);
    assert_shows(&b, "n_total 2");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes_are_told_where_they_stand),
        cmocka_unit_test(test_facts_tell_what_is_emitted),
        cmocka_unit_test(test_one_key_may_name_events_of_many_kinds),
        cmocka_unit_test(test_guests_have_rows_for_what_others_emit),
        cmocka_unit_test(test_a_guest_is_told_what_a_source_does_not_emit),
        cmocka_unit_test(test_a_guest_may_name_what_nobody_here_emits),
        cmocka_unit_test(test_memories_are_shared_by_records_and_what_is_emitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
