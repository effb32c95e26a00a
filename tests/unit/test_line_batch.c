/* line_batch.c: lines come out of a batch in order and as each would alone, whoever decoded them.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "config/settings.h"
#include "config/yaml.h"
#include "daemon/followed.h"
#include "daemon/line_batch.h"
#include "daemon/sources.h"
#include "decode/plan.h"
#include "decode/value.h"
#include "registry/registry.h"
#include "rules/rule_set.h"
#include "tail/tail.h"

#define LINES_MOST ((size_t)200000)

/* Two sources that cover one file and want different things of a line. */
static const char *const packs[] = {
    "sources: {a: {files: '*/*.jsonl', type: event.event_type, body: event, time: timestamp, "
    "id: id}}\n"
    "metrics: {a_total: {type: counter, help: A., labels: [job_id, tag]}}\n"
    "rules: {'*': [{inc: a_total, each: tags, labels: {tag: '{.name}'}}, {inc: a_total}]}\n",
    "sources: {b: {files: '**/*.jsonl', type: type}}\n"
    "metrics: {b_total: {type: counter, help: B., labels: [x]}}\n"
    "rules: {'*': [{inc: b_total, each: map, labels: {x: '{.key}{.value.1}'}}]}\n"};

struct scene {
    struct registry *registry;
    struct rule_set *rules;
    struct settings settings;
    struct sources *sources;
    struct followed *file;
    struct decoder *alone[2];
    struct line_batch *batch;
    struct arena arena;
    struct tail_line *lines;
    size_t count;
};

static void start(struct scene *s)
{
    struct rule_pack inputs[2];
    struct tree *trees[2];
    struct diagnostics diagnostics;
    *s = (struct scene){.registry = registry_new(1000)};
    diagnostics_init(&diagnostics);
    for (size_t i = 0; i < 2; i++) {
        trees[i] = yaml_read_text("p.yaml", packs[i], strlen(packs[i]), &diagnostics);
        assert_non_null(trees[i]);
        inputs[i] = (struct rule_pack){i ? "b" : "a", trees[i]};
    }
    s->rules = rule_set_new(inputs, 2, s->registry, NULL, &diagnostics);
    assert_non_null(s->rules);
    for (size_t i = 0; i < 2; i++) {
        tree_free(trees[i]);
        s->alone[i] = decoder_new(rule_source_plan(rule_set_source(s->rules, i)));
    }
    diagnostics_free(&diagnostics);
    s->sources = sources_new(s->rules, &s->settings, "/e", true);
    sources_refresh(s->sources, NULL);
    s->file = sources_follow(s->sources, SOURCES_LINES, "/e/job-1/a.jsonl", 1, 1);
    assert_int_equal(s->file->count, 2);
    s->batch = line_batch_new(s->rules);
    arena_init(&s->arena, 1 << 20);
    s->lines = memory_zero(LINES_MOST, sizeof(*s->lines));
}

static void end(struct scene *s)
{
    for (size_t i = 0; i < s->count; i++)
        free((void *)(uintptr_t)s->lines[i].bytes);
    free(s->lines);
    line_batch_free(s->batch);
    decoder_free(s->alone[0]);
    decoder_free(s->alone[1]);
    followed_free(s->file);
    sources_free(s->sources);
    rule_set_free(s->rules);
    registry_free(s->registry);
    arena_free(&s->arena);
}

static void add(struct scene *s, const char *bytes, size_t length)
{
    assert_true(s->count < LINES_MOST);
    s->lines[s->count] = (struct tail_line){
        .bytes = memory_copy(bytes, length), .length = length, .number = s->count + 1};
    s->count++;
}

static void add_text(struct scene *s, const char *line)
{
    add(s, line, strlen(line));
}

static void assert_same_value(const struct value *a, const struct value *b)
{
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->length, b->length);
    if (a->type == VALUE_STRING || a->type == VALUE_NUMBER)
        assert_memory_equal(a->text, b->text, a->length);
    if (a->type == VALUE_ARRAY || a->type == VALUE_OBJECT)
        assert_true(!a->elements == !b->elements);
}

static void assert_as_alone(struct scene *s, size_t source, const struct tail_line *line,
                            const struct decoded *decoded)
{
    struct value *slots;
    enum decode_result result =
        decoder_line(s->alone[source], line->bytes, line->length, &s->arena, &slots);
    assert_int_equal(decoded->result, result);
    if (result != DECODE_OK) {
        assert_string_equal(decoded->error, decoder_error(s->alone[source]));
        return;
    }
    uint32_t count = decode_plan_slots(rule_source_plan(rule_set_source(s->rules, source)));
    for (uint32_t i = 0; i < count; i++)
        assert_same_value(&decoded->slots[i], &slots[i]);
}

/* All lines through the batch, `most` at a time. */
static void check(struct scene *s, size_t threads, size_t most)
{
    size_t seen = 0;
    line_batch_set_workers(s->batch, threads);
    for (size_t begun = 0; begun < s->count;) {
        size_t offered = s->count - begun < most ? s->count - begun : most;
        size_t taken = line_batch_begin(s->batch, s->file, s->lines + begun, offered);
        assert_true(taken > 0 && taken <= offered);
        const struct tail_line *line;
        for (const struct decoded *decoded; (decoded = line_batch_next(s->batch, &line)) != NULL;) {
            assert_ptr_equal(line, &s->lines[seen]);
            arena_reset(&s->arena);
            assert_as_alone(s, 0, line, &decoded[0]);
            if (decoded[0].result == DECODE_OK)
                assert_as_alone(s, 1, line, &decoded[1]);
            seen++;
        }
        assert_null(line_batch_next(s->batch, &line));
        begun += taken;
        assert_int_equal(seen, begun);
    }
    assert_int_equal(seen, s->count);
}

static void check_all_ways(struct scene *s)
{
    static const size_t threads[] = {0, 1, 3};
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
        check(s, threads[i], 1024);
        check(s, threads[i], 100);
        check(s, threads[i], 1);
    }
}

/* Good, odd and bad lines, so that bad ones stand at every place in a block. */
static void test_as_each_alone(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{\"id\":\"1\",\"event\":{\"event_type\":\"e\",\"job_id\":\"j\"},\"type\":\"t\"}",
        "{\"event\":{\"tags\":[{\"name\":\"a\\nb\"},{\"name\":7},[]]},\"map\":{\"k\":[1,2]}}",
        "{\"event\":{\"event_type\":\"caf\xc3\xa9 \\u00e9\"}}",
        "{}",
        "{\"event\":{\"event_type\":\"\xff\"}}",
        "nonsense",
        "[{}]",
        "12",
        "{\"a\":1} {\"b\":2}",
        "{\"a\":",
        "{\"a\":1}}",
        "  {\"type\":\"t\",\"map\":{\"x\":[null,true]}}  ",
        "{\"type\":\"t\",\"type\":\"u\",\"event\":[]}",
    };
    struct scene s;
    start(&s);
    for (size_t i = 0; i < 1500; i++)
        add_text(&s, lines[(i * 7 + i / 13) % (sizeof(lines) / sizeof(lines[0]))]);
    check_all_ways(&s);
    end(&s);
}

/* A block ends early when its lines are long; huge ones are blocks of their own. */
static void test_long_lines(void **state)
{
    (void)state;
    struct scene s;
    start(&s);
    for (size_t i = 0; i < 300; i++) {
        struct text line;
        text_init(&line, TEXT_UNLIMITED);
        text_append_string(&line, "{\"type\":\"");
        size_t length = i % 60 == 59 ? 300000 : i % 7 == 0 ? 9000 : i * 5;
        for (size_t j = 0; j < length; j++)
            text_append_char(&line, (char)('a' + (i + j) % 26));
        text_append_string(&line, "\"}");
        add(&s, line.data, line.length);
        text_free(&line);
    }
    check_all_ways(&s);
    end(&s);
}

static void add_file(struct scene *s, const char *path)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    assert_non_null(file);
    for (ssize_t length; (length = getline(&line, &room, file)) > 0;)
        add(s, line, (size_t)length - (line[length - 1] == '\n'));
    free(line);
    fclose(file);
}

/* All JSONL files at or below the path. */
static void add_files(struct scene *s, const char *path)
{
    size_t length = strlen(path);
    DIR *directory = opendir(path);
    if (!directory && length > 6 && strcmp(path + length - 6, ".jsonl") == 0)
        add_file(s, path);
    if (!directory)
        return;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        AUTO_FREE char *inner = memory_format("%s/%s", path, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            add_files(s, inner);
    }
    closedir(directory);
}

static void test_samples(void **state)
{
    (void)state;
    struct scene s;
    start(&s);
    add_files(&s, "samples");
    assert_true(s.count > 0);
    check(&s, 0, 1024);
    check(&s, 1, 1024);
    end(&s);
}

static void test_nothing_to_decode(void **state)
{
    (void)state;
    struct scene s;
    const struct tail_line *line;
    start(&s);
    line_batch_set_workers(s.batch, 2);
    assert_int_equal(line_batch_begin(s.batch, s.file, NULL, 0), 0);
    assert_null(line_batch_next(s.batch, &line));
    line_batch_free(NULL);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_each_alone),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_nothing_to_decode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
