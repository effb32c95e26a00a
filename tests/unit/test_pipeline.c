/* pipeline.c: lines become events, once each; what becomes none is counted by reason. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "config/settings.h"
#include "daemon/followed.h"
#include "daemon/pipeline.h"
#include "daemon/sources.h"
#include "rules_fixture.h"
#include "tail/tail.h"

struct line_scene {
    struct registry *registry;
    struct rule_set *rules;
    struct settings settings;
    struct sources *sources;
    struct followed *file; /* /e/job-1/a.jsonl */
    struct pipeline *pipeline;
    struct tail *tail; /* NULL: lines come from the test alone */
    uint64_t number;
    struct text text;
    struct {
        size_t count;
        size_t source;
        int64_t time;
    } told; /* by on_event */
};

static void note_event(void *context, size_t source, int64_t event_time, int64_t now)
{
    struct line_scene *s = context;
    assert_int_equal(now, NOW);
    s->told.count++;
    s->told.source = source;
    s->told.time = event_time;
}

/* `packs` end with NULL. */
static void start(struct line_scene *s, const char *const *packs)
{
    struct rule_pack inputs[PACKS_MOST];
    struct tree *trees[PACKS_MOST];
    struct diagnostics diagnostics;
    size_t count = 0;
    static const char *const names[PACKS_MOST] = {"one", "two", "three"};
    log_setup(LOG_ERROR_LEVEL, LOG_FORMAT_LOGFMT);
    *s = (struct line_scene){.registry = registry_new(1000)};
    text_init(&s->text, TEXT_UNLIMITED);
    diagnostics_init(&diagnostics);
    for (; packs[count]; count++) {
        trees[count] = yaml_read_text("p.yaml", packs[count], strlen(packs[count]), &diagnostics);
        assert_non_null(trees[count]);
        inputs[count] = (struct rule_pack){names[count], trees[count]};
    }
    s->rules = rule_set_new(inputs, count, s->registry, NULL, &diagnostics);
    assert_non_null(s->rules);
    for (size_t i = 0; i < count; i++)
        tree_free(trees[i]);
    diagnostics_free(&diagnostics);
    s->sources = sources_new(s->rules, &s->settings, "/e", true);
    sources_refresh(s->sources, NULL);
    s->file = sources_follow(s->sources, SOURCES_LINES, "/e/job-1/a.jsonl", 1, 1);
    s->pipeline = pipeline_new(s->rules);
    pipeline_set_now(s->pipeline, NOW);
    pipeline_watch_events(s->pipeline, note_event, s);
}

static void end(struct line_scene *s)
{
    if (s->tail)
        tail_free(s->tail);
    pipeline_free(s->pipeline);
    followed_free(s->file);
    sources_free(s->sources);
    rule_set_free(s->rules);
    registry_free(s->registry);
    text_free(&s->text);
}

static void take(struct line_scene *s, const char *bytes, size_t length, bool repeated)
{
    struct tail_line line = {
        .bytes = bytes, .length = length, .number = ++s->number, .repeated = repeated};
    pipeline_lines(s->pipeline, s->file, NULL, NULL, &line, 1);
}

static void take_line(struct line_scene *s, const char *line)
{
    take(s, line, strlen(line), false);
}

static uint64_t skipped(const struct line_scene *s, enum skip_reason reason)
{
    struct pipeline_counts counts;
    pipeline_counts(s->pipeline, &counts);
    return counts.skipped[reason];
}

/* The samples that are shown, without comments, each with a ';' behind. */
static const char *samples(struct line_scene *s)
{
    struct text shown;
    text_init(&shown, TEXT_UNLIMITED);
    text_clear(&s->text);
    text_append_string(&s->text, "");
    encode_text(s->registry, &shown);
    for (const char *at = shown.data ? shown.data : ""; *at;) {
        size_t length = strcspn(at, "\n");
        if (*at != '#') {
            text_append(&s->text, at, length);
            text_append_char(&s->text, ';');
        }
        at += length + (at[length] == '\n');
    }
    text_free(&shown);
    return s->text.data;
}

#define PLAIN                                                                                      \
    "sources: {a: {files: '{job}/*.jsonl', type: type, time: time}}\n"                             \
    "metrics: {n_total: {type: counter, help: N.}}\n"                                              \
    "rules: {e: [{inc: n_total}]}\n"

static void test_lines_that_are_no_events(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        size_t length; /* 0: of the text */
        enum skip_reason reason;
    } cases[] = {
        {"{\"type\":\"e\"", 0, SKIP_MALFORMED},
        {"{\"type\":\"e\"}}", 0, SKIP_MALFORMED},
        {"{\"type\":\"e\"} {\"type\":\"e\"}", 0, SKIP_MALFORMED},
        {"{\"type\":\"e\",}", 0, SKIP_MALFORMED},
        {"{\"type\":\"\xff\"}", 0, SKIP_MALFORMED},
        {"{\"type\":\"e\"\0}", 13, SKIP_MALFORMED},
        {"nonsense", 0, SKIP_MALFORMED},
        {"[{\"type\":\"e\"}]", 0, SKIP_NOT_OBJECT},
        {"\"e\"", 0, SKIP_NOT_OBJECT},
        {"12", 0, SKIP_NOT_OBJECT},
        {"null", 0, SKIP_NOT_OBJECT},
        {"{}", 0, SKIP_NO_TYPE},
        {"{\"type\":\"\"}", 0, SKIP_NO_TYPE},
        {"{\"type\":null}", 0, SKIP_NO_TYPE},
        {"{\"type\":[\"e\"]}", 0, SKIP_NO_TYPE},
        {"{\"Type\":\"e\"}", 0, SKIP_NO_TYPE},
    };
    static const char *const packs[] = {PLAIN, NULL};
    struct line_scene s;
    start(&s, packs);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t before = skipped(&s, cases[i].reason);
        take(&s, cases[i].line, cases[i].length ? cases[i].length : strlen(cases[i].line), false);
        if (skipped(&s, cases[i].reason) != before + 1)
            fail_msg("'%s' is not %s", cases[i].line, skip_reason_names[cases[i].reason]);
        take_line(&s, "{\"type\":\"e\"}"); /* what comes next is unharmed */
    }
    assert_string_equal(samples(&s), "n_total 16;");
    assert_int_equal(s.told.count, 16);
    end(&s);
}

static void test_depth_has_a_limit(void **state)
{
    (void)state;
    static const char *const packs[] = {PLAIN, NULL};
    struct line_scene s;
    start(&s, packs);
    for (int depth = 63; depth <= 64; depth++) { /* below the record itself */
        struct text line;
        text_init(&line, TEXT_UNLIMITED);
        text_append_string(&line, "{\"type\":\"e\",\"x\":");
        for (int i = 0; i < depth; i++)
            text_append_char(&line, '[');
        for (int i = 0; i < depth; i++)
            text_append_char(&line, ']');
        text_append_char(&line, '}');
        take_line(&s, line.data);
        text_free(&line);
    }
    assert_string_equal(samples(&s), "n_total 1;");
    assert_int_equal(skipped(&s, SKIP_TOO_DEEP), 1);
    end(&s);
}

static void test_what_the_tail_skips_is_counted_too(void **state)
{
    (void)state;
    static const char *const packs[] = {PLAIN, NULL};
    struct line_scene s;
    start(&s, packs);
    pipeline_skip(s.pipeline, "/e/x", SKIP_TOO_LONG, 3, "why");
    pipeline_skip(s.pipeline, "/e/x", SKIP_TOO_LONG, 4, "why");
    pipeline_skip(s.pipeline, "/e/x", SKIP_PARTIAL, 5, "why");
    assert_int_equal(skipped(&s, SKIP_TOO_LONG), 2);
    assert_int_equal(skipped(&s, SKIP_PARTIAL), 1);
    end(&s);
    pipeline_free(NULL);
}

/* Who watches is told source and time of each event, and of nothing else. */
static void test_events_are_told(void **state)
{
    (void)state;
    static const char *const packs[] = {PLAIN, NULL};
    struct line_scene s;
    struct pipeline_counts counts;
    start(&s, packs);
    pipeline_counts(s.pipeline, &counts);
    assert_true(counts.last_event_time == TIME_NONE);
    take_line(&s, "{\"type\":\"e\",\"time\":100}");
    assert_int_equal(s.told.count, 1);
    assert_int_equal(s.told.source, 0);
    assert_true(s.told.time == 100 * NANOSECONDS_PER_SECOND);
    take_line(&s, "{\"type\":\"unknown\"}");
    assert_int_equal(s.told.count, 2);
    assert_true(s.told.time == TIME_NONE);
    take_line(&s, "{\"time\":200}");
    assert_int_equal(s.told.count, 2);
    pipeline_counts(s.pipeline, &counts);
    assert_true(counts.last_event_time == 100 * NANOSECONDS_PER_SECOND);
    end(&s);
}

/* A line read again: its id tells, else where it stood. */
static void test_a_repeated_line_without_an_id_counts_once(void **state)
{
    (void)state;
    static const char *const packs[] = {
        "sources: {a: {files: '{job}/*.jsonl', type: type, id: [id, /alias]}}\n"
        "metrics: {n_total: {type: counter, help: N.}}\n"
        "rules: {e: [{inc: n_total}]}\n",
        NULL};
    static const char without[] = "{\"type\":\"e\"}";
    static const char empty[] = "{\"type\":\"e\",\"id\":\"\"}";
    static const char with[] = "{\"type\":\"e\",\"id\":\"\",\"alias\":7}";
    struct line_scene s;
    start(&s, packs);
    take(&s, without, strlen(without), false);
    take(&s, without, strlen(without), true);
    take(&s, empty, strlen(empty), true);
    assert_string_equal(samples(&s), "n_total 1;");
    assert_int_equal(skipped(&s, SKIP_DUPLICATE), 2);
    take(&s, with, strlen(with), true); /* no directory, so its id is not checked */
    assert_string_equal(samples(&s), "n_total 2;");
    end(&s);
}

/* --- Through the tail room: ids are those of a directory -------------------------------------- */

static bool on_open(void *context, struct tail_file *file, void **inout_user)
{
    struct line_scene *s = context;
    followed_free(*inout_user);
    *inout_user = sources_follow(s->sources, SOURCES_LINES, tail_file_path(file),
                                 tail_file_id(file), tail_directory_id(tail_file_directory(file)));
    return *inout_user != NULL;
}

static void on_lines(void *context, struct tail_file *file, const struct tail_line *lines,
                     size_t count)
{
    struct line_scene *s = context;
    pipeline_lines(s->pipeline, tail_file_user(file), s->tail, tail_file_directory(file), lines,
                   count);
}

static void on_skip(void *context, struct tail_file *file, enum tail_skip reason,
                    uint64_t line_number, uint64_t offset)
{
    (void)context, (void)file, (void)reason, (void)line_number, (void)offset;
    fail();
}

static bool is_complete(void *context, struct tail_file *file, const char *bytes, size_t length)
{
    struct line_scene *s = context;
    return pipeline_is_record(s->pipeline, tail_file_user(file), bytes, length);
}

static void on_close(void *context, struct tail_file *file, void *user)
{
    (void)context, (void)file;
    followed_free(user);
}

static void on_notice(void *context, const char *message, const char *path, int error)
{
    (void)context, (void)message, (void)path, (void)error;
    fail();
}

static int remove_entry(const char *path, const struct stat *facts, int kind, struct FTW *walk)
{
    (void)facts, (void)kind, (void)walk;
    return remove(path);
}

static void write_and_read(struct line_scene *s, const char *root, const char *name,
                           const char *content)
{
    AUTO_FREE char *path = memory_format("%s/%s", root, name);
    AUTO_FREE char *directory = memory_copy(path, (size_t)(strrchr(path, '/') - path));
    mkdir(directory, 0755);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, content, strlen(content)), strlen(content));
    close(descriptor);
    tail_look(s->tail, path, true, clock_monotonic());
    tail_drain(s->tail);
}

static void start_with_tail(struct line_scene *s, const char *const *packs, char *root)
{
    const struct tail_handlers handlers = {.context = s,
                                           .on_open = on_open,
                                           .on_lines = on_lines,
                                           .on_skip = on_skip,
                                           .is_complete = is_complete,
                                           .on_close = on_close,
                                           .on_notice = on_notice};
    const struct tail_options options = {.max_line_bytes = 0};
    assert_non_null(mkdtemp(root));
    start(s, packs);
    sources_free(s->sources);
    s->sources = sources_new(s->rules, &s->settings, root, true);
    sources_refresh(s->sources, NULL);
    s->tail = tail_new(&handlers, &options);
}

#define FIRST  "{\"type\":\"e\",\"id\":\"1\"}\n"
#define SECOND "{\"type\":\"e\",\"id\":\"2\"}\n"

/* An id counts once in its directory, in whatever file it turns up again. */
static void test_ids_count_once_in_a_directory(void **state)
{
    (void)state;
    static const char *const packs[] = {
        "sources: {a: {files: '{job}/*.jsonl', type: type, id: id}}\n"
        "metrics: {n_total: {type: counter, help: N., labels: [job]}}\n"
        "rules: {e: [{inc: n_total}]}\n",
        NULL};
    char root[] = "/tmp/test_pipeline.XXXXXX";
    struct line_scene s;
    start_with_tail(&s, packs, root);
    write_and_read(&s, root, "j1/a.jsonl", FIRST SECOND);
    write_and_read(&s, root, "j1/b.jsonl", SECOND "{\"type\":\"e\",\"id\":\"3\"}\n");
    assert_string_equal(samples(&s), "n_total{job=\"j1\"} 3;");
    assert_int_equal(skipped(&s, SKIP_DUPLICATE), 1);
    write_and_read(&s, root, "j2/a.jsonl", FIRST);
    assert_string_equal(samples(&s), "n_total{job=\"j1\"} 3;n_total{job=\"j2\"} 1;");
    end(&s);
    nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Sources that share a file share one check, whichever of them knows the id. */
static void test_sources_of_one_file_share_the_check(void **state)
{
    (void)state;
    static const char *const packs[] = {"sources: {a: {files: '{job}/*.jsonl', type: type}}\n"
                                        "metrics: {a_total: {type: counter, help: N.}}\n"
                                        "rules: {e: [{inc: a_total}]}\n",
                                        "sources: {b: {files: '**/*.jsonl', type: type, id: id}}\n"
                                        "metrics: {b_total: {type: counter, help: N.}}\n"
                                        "rules: {e: [{inc: b_total}]}\n",
                                        NULL};
    char root[] = "/tmp/test_pipeline.XXXXXX";
    struct line_scene s;
    start_with_tail(&s, packs, root);
    write_and_read(&s, root, "j/a.jsonl", FIRST SECOND);
    write_and_read(&s, root, "j/b.jsonl", SECOND FIRST);
    assert_string_equal(samples(&s), "a_total 2;b_total 2;");
    assert_int_equal(skipped(&s, SKIP_DUPLICATE), 2);
    end(&s);
    nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- Several sources ---------------------------------------------------------------------------
 */

/* Rules of packs without sources see the first event that a source finds in a line. */
static void test_guests_see_each_event_once(void **state)
{
    (void)state;
    static const char *const packs[] = {
        "sources: {a: {files: '*/*.jsonl', type: first}}\n",
        "sources: {b: {files: '*/*.jsonl', type: second}}\n",
        "metrics: {n_total: {type: counter, help: N., labels: [first, second]}}\n"
        "rules: {e: [{inc: n_total}]}\n",
        NULL};
    struct line_scene s;
    start(&s, packs);
    take_line(&s, "{\"first\":\"e\",\"second\":\"e\"}");
    take_line(&s, "{\"second\":\"e\"}");
    take_line(&s, "{\"first\":\"e\"}");
    take_line(&s, "{\"third\":\"e\"}");
    assert_string_equal(samples(&s), "n_total{first=\"e\",second=\"e\"} 1;"
                                     "n_total{second=\"e\"} 1;n_total{first=\"e\"} 1;");
    assert_int_equal(skipped(&s, SKIP_NO_TYPE), 1);
    assert_int_equal(s.told.count, 4);
    end(&s);
}

static void assert_counted(const struct line_scene *s, const char *event_type, uint64_t seen,
                           uint64_t unmatched)
{
    struct rule_event_count count;
    for (size_t i = 0; rule_set_event_count(s->rules, i, &count); i++) {
        if (strcmp(count.event_type, event_type) == 0) {
            assert_int_equal(count.seen, seen);
            assert_int_equal(count.unmatched, unmatched);
            return;
        }
    }
    fail_msg("%s was never seen", event_type);
}

/* However many sources read it; and it is unmatched where no rule of any of them names it. */
static void test_a_line_is_one_event(void **state)
{
    (void)state;
    static const char *const packs[] = {
        "sources: {a: {files: '*/*.jsonl', type: e}}\nrules: {a/One: [], a/Both: []}\n",
        "sources: {b: {files: '*/*.jsonl', type: e}}\nrules: {b/Two: [], b/Both: []}\n",
        "sources: {c: {files: '*/*.jsonl', type: other}}\nrules: {c/Three: []}\n", NULL};
    struct line_scene s;
    start(&s, packs);
    for (int i = 0; i < 2; i++) {
        take_line(&s, "{\"e\":\"one\"}");
        take_line(&s, "{\"e\":\"two\"}");
        take_line(&s, "{\"e\":\"both\"}");
        take_line(&s, "{\"e\":\"none\"}");
        take_line(&s, "{\"other\":\"three\"}");
        take_line(&s, "{\"other\":\"none\"}");
    }
    take_line(&s, "{\"e\":\"none\",\"other\":\"three\"}");
    assert_counted(&s, "One", 2, 0);
    assert_counted(&s, "Two", 2, 0);
    assert_counted(&s, "Both", 2, 0);
    assert_counted(&s, "Three", 2, 0);
    assert_counted(&s, "none", 5, 4);
    end(&s);
}

/* The program's own samples are events of a source that is always there. */
static void test_own_events(void **state)
{
    (void)state;
    static const char *const packs[] = {
        "sources: {a: {files: '*/*.jsonl', type: type}}\n"
        "metrics: {disk_bytes: {type: gauge, help: D., labels: [path]}, "
        "n_total: {type: counter, help: N.}}\n"
        "rules: {DiskSampled: [{set: disk_bytes, value: bytes}], '*': [{inc: n_total}]}\n",
        "rules: {disk_sampled: [{inc: n_total}]}\n", NULL};
    static const char event[] = "{\"event_type\":\"DiskSampled\",\"path\":\"/e\",\"bytes\":12}";
    struct line_scene s;
    start(&s, packs);
    pipeline_emit(s.pipeline, event, strlen(event));
    assert_string_equal(samples(&s), "disk_bytes{path=\"/e\"} 12;n_total 1;");
    pipeline_emit(s.pipeline, "nonsense", 8);
    assert_string_equal(samples(&s), "disk_bytes{path=\"/e\"} 12;n_total 1;");
    end(&s);
}

/* The rest without LF of a file that nobody writes any more. */
static void test_what_is_a_record(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool wanted;
    } cases[] = {{"{\"a\":1}", true}, {" {} ", true}, {"{\"a\":", false},  {"[]", false},
                 {"{} {}", false},    {"", false},    {"{\"a\":1", false}, {"{\"a\":1}x", false}};
    static const char *const packs[] = {PLAIN, NULL};
    struct line_scene s;
    start(&s, packs);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(
            pipeline_is_record(s.pipeline, s.file, cases[i].bytes, strlen(cases[i].bytes)),
            cases[i].wanted);
    end(&s);
}

static void count_match(void *context, const char *event_name, enum rule_match match)
{
    (void)event_name;
    ((unsigned *)context)[match]++;
}

static void count_row(void *context, const char *rule, const char *update, enum row_outcome outcome,
                      const char *detail, const char *labels, double amount)
{
    (void)context, (void)detail;
    assert_string_equal(rule, "one:e:3");
    assert_string_equal(update, "inc n_total");
    assert_int_equal(outcome, ROW_APPLIED);
    assert_string_equal(labels, "");
    assert_true(amount == 1);
}

static void test_a_trace_is_told_everything(void **state)
{
    (void)state;
    static const char *const packs[] = {PLAIN, NULL};
    unsigned matches[3] = {0};
    const struct rule_trace trace = {matches, count_match, count_row};
    struct line_scene s;
    start(&s, packs);
    pipeline_trace(s.pipeline, &trace);
    take_line(&s, "{\"type\":\"e\"}");
    take_line(&s, "{\"type\":\"f\"}");
    take_line(&s, "{}");
    pipeline_trace(s.pipeline, NULL);
    take_line(&s, "{\"type\":\"e\"}");
    assert_int_equal(matches[RULE_MATCHED], 1);
    assert_int_equal(matches[RULE_UNMATCHED], 1);
    assert_int_equal(matches[RULE_NO_TYPE], 1);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_that_are_no_events),
        cmocka_unit_test(test_depth_has_a_limit),
        cmocka_unit_test(test_what_the_tail_skips_is_counted_too),
        cmocka_unit_test(test_events_are_told),
        cmocka_unit_test(test_a_repeated_line_without_an_id_counts_once),
        cmocka_unit_test(test_ids_count_once_in_a_directory),
        cmocka_unit_test(test_sources_of_one_file_share_the_check),
        cmocka_unit_test(test_guests_see_each_event_once),
        cmocka_unit_test(test_a_line_is_one_event),
        cmocka_unit_test(test_own_events),
        cmocka_unit_test(test_what_is_a_record),
        cmocka_unit_test(test_a_trace_is_told_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
