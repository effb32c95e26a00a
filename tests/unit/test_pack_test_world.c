/* The world of a case: lines, documents and lives of files, and a clock that waits to be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/settings.h"
#include "packtest/pack_test_place.h"
#include "packtest/pack_test_world.h"
#include "packtest/sample_list.h"

#define START (INT64_C(1767225600) * NANOSECONDS_PER_SECOND) /* 2026-01-01T00:00:00Z */

static const char pack[] =
    "sources:\n"
    "  lines:\n"
    "    files: '{d}/{f}.jsonl'\n"
    "    type: type\n"
    "    time: time\n"
    "    id: id\n"
    "    emit: {Opened: {created: true}, Closed: {closed: true, reopen: true}}\n"
    "  notes:\n"
    "    files: '{f}.json'\n"
    "    format: document\n"
    "    time: at\n"
    "    emit: {Seen: {first: true}, Step: {each: steps, key: n}, Lost: {removed: true}}\n"
    "metrics:\n"
    "  n_total: {type: counter, help: h, labels: [what]}\n"
    "  inside: {type: gauge, help: h}\n"
    "  brief: {type: gauge, help: h, ttl: 1m}\n"
    "rules:\n"
    "  lines/e: [{inc: n_total, labels: {what: e}}, {set: brief, value: 1}]\n"
    "  lines/in: [{enter: inside, key: who, for: 1m}]\n"
    "  lines/Opened: [{inc: n_total, labels: {what: opened}}]\n"
    "  lines/Closed: [{inc: n_total, labels: {what: closed}}]\n"
    "  notes/Seen: [{inc: n_total, labels: {what: seen}}]\n"
    "  notes/Step: [{inc: n_total, labels: {what: step}}]\n"
    "  notes/Lost: [{inc: n_total, labels: {what: lost}}]\n";

struct scene {
    char path[64];
    char *rules[1];
    struct settings settings;
    struct pack_test_world *world;
};

static void start(struct scene *scene)
{
    snprintf(scene->path, sizeof(scene->path), "/tmp/test_pack_test_world.XXXXXX.yaml");
    int descriptor = mkstemps(scene->path, 5);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, pack, strlen(pack)), (ssize_t)strlen(pack));
    close(descriptor);
    scene->rules[0] = scene->path;
    scene->settings = (struct settings){
        .rules = {.items = scene->rules, .count = 1}, .max_samples = 1000, .max_line_bytes = 60};
    log_setup(LOG_ERROR_LEVEL, LOG_FORMAT_LOGFMT);
    scene->world = pack_test_world_new(&scene->settings, START);
    assert_non_null(scene->world);
}

static void end(struct scene *scene)
{
    pack_test_world_free(scene->world);
    unlink(scene->path);
}

static struct pack_test_place place_of(const struct scene *scene, const char *name)
{
    struct pack_test_place place;
    assert_true(pack_test_place_find(pack_test_world_rules(scene->world), name, NULL, &place));
    return place;
}

static void lines(const struct scene *scene, const char *name, const char *text)
{
    struct pack_test_place place = place_of(scene, name);
    pack_test_world_lines(scene->world, &place, text, strlen(text));
    pack_test_place_free(&place);
}

static void document(const struct scene *scene, const char *name, const char *text)
{
    struct pack_test_place place = place_of(scene, name);
    pack_test_world_document(scene->world, &place, text, strlen(text));
    pack_test_place_free(&place);
}

static void close_or_remove(const struct scene *scene, const char *name, bool is_removed)
{
    struct pack_test_place place = place_of(scene, name);
    (is_removed ? pack_test_world_removed : pack_test_world_closed)(scene->world, &place, false);
    pack_test_place_free(&place);
}

/* A sample's value, or -1. */
static double value(const struct scene *scene, const char *name)
{
    struct sample_list like = {.count = 0};
    struct sample_list list = {.count = 0};
    char error[SAMPLE_ERROR];
    assert_true(sample_list_read_name(&like, name, error));
    pack_test_world_samples(scene->world, &list);
    const struct sample *sample = sample_list_find(&list, &like.items[0]);
    double found = sample ? sample->value : -1;
    sample_list_free(&like);
    sample_list_free(&list);
    return found;
}

static uint64_t skipped(const struct scene *scene, const char *reason)
{
    uint64_t sum = 0;
    uint64_t count;
    const char *name;
    for (size_t i = 0; (name = pack_test_world_skipped(scene->world, i, &count)); i++)
        sum += strcmp(name, reason) == 0 ? count : 0;
    return sum;
}

static void test_an_id_counts_once_in_its_directory(void **state)
{
    (void)state;
    struct scene scene;
    start(&scene);
    lines(&scene, "a/1.jsonl", "{\"type\":\"e\",\"id\":\"x\"}\n{\"type\":\"e\",\"id\":\"y\"}\n");
    lines(&scene, "a/2.jsonl", "{\"type\":\"e\",\"id\":\"x\"}\n");
    close_or_remove(&scene, "a/1.jsonl", true);
    lines(&scene, "a/1.jsonl", "{\"type\":\"e\",\"id\":\"y\"}\n");
    assert_int_equal(skipped(&scene, "duplicate"), 2);
    lines(&scene, "b/1.jsonl",
          "{\"type\":\"e\",\"id\":\"x\"}\n{\"type\":\"e\"}\n{\"type\":\"e\"}\n");
    assert_true(value(&scene, "n_total{what=\"e\"}") == 5);
    assert_int_equal(skipped(&scene, "duplicate"), 2);
    end(&scene);
}

static void test_lines_are_cut_as_those_of_files(void **state)
{
    (void)state;
    struct scene scene;
    start(&scene);
    lines(&scene, "a/1.jsonl",
          "\xEF\xBB\xBF{\"type\":\"e\"}\r\n\n \n"
          "{\"type\":\"e\",\"text\":\"a line that is longer than it may be, by far\"}\n"
          "{\"type\"\n");
    assert_true(value(&scene, "n_total{what=\"e\"}") == 1);
    assert_int_equal(skipped(&scene, "too_long"), 1);
    assert_int_equal(skipped(&scene, "malformed"), 1);
    end(&scene);
}

static void test_time_passes_with_waits_and_events(void **state)
{
    (void)state;
    struct scene scene;
    start(&scene);
    lines(&scene, "a/1.jsonl", "{\"type\":\"e\"}\n{\"type\":\"in\",\"who\":1}\n");
    pack_test_world_wait(scene.world, 59 * NANOSECONDS_PER_SECOND);
    assert_true(value(&scene, "brief") == 1);
    assert_true(value(&scene, "inside") == 1);
    pack_test_world_wait(scene.world, 2 * NANOSECONDS_PER_SECOND);
    assert_true(value(&scene, "brief") == -1);
    assert_true(value(&scene, "inside") == 0);
    /* An event of later: what is between has passed. One of earlier changes nothing. */
    lines(&scene, "a/1.jsonl",
          "{\"type\":\"in\",\"who\":2,\"time\":\"2026-01-01T01:00:00Z\"}\n"
          "{\"type\":\"in\",\"who\":3,\"time\":\"2026-01-01T01:00:50Z\"}\n"
          "{\"type\":\"in\",\"who\":4,\"time\":\"2026-01-01T01:01:30Z\"}\n"
          "{\"type\":\"e\",\"time\":\"2026-01-01T01:01:00Z\"}\n");
    assert_true(value(&scene, "inside") == 2);
    assert_true(value(&scene, "brief") == 1);
    pack_test_world_wait(scene.world, INT64_C(86400) * 365 * NANOSECONDS_PER_SECOND);
    assert_true(value(&scene, "inside") == 0);
    end(&scene);
}

static void test_lives(void **state)
{
    (void)state;
    struct scene scene;
    start(&scene);
    lines(&scene, "a/1.jsonl", "{\"type\":\"e\"}\n");
    close_or_remove(&scene, "a/1.jsonl", false);
    close_or_remove(&scene, "a/1.jsonl", false);
    assert_true(value(&scene, "n_total{what=\"closed\"}") == 1);
    lines(&scene, "a/1.jsonl", "{\"type\":\"e\"}\n");
    close_or_remove(&scene, "a/1.jsonl", false);
    assert_true(value(&scene, "n_total{what=\"closed\"}") == 2);
    assert_true(value(&scene, "n_total{what=\"opened\"}") == 1);
    close_or_remove(&scene, "a/1.jsonl", true);
    lines(&scene, "a/1.jsonl", "{\"type\":\"e\"}\n");
    assert_true(value(&scene, "n_total{what=\"opened\"}") == 2);
    end(&scene);
}

static void test_documents_keep_what_was_told(void **state)
{
    (void)state;
    struct scene scene;
    start(&scene);
    document(&scene, "n.json", "{\"steps\":[{\"n\":1}]}");
    document(&scene, "n.json", "{\"steps\":[{\"n\":1},{\"n\":2}");
    document(&scene, "n.json", "{\"steps\":[{\"n\":1},{\"n\":2}]}");
    assert_true(value(&scene, "n_total{what=\"seen\"}") == 1);
    assert_true(value(&scene, "n_total{what=\"step\"}") == 2);
    assert_int_equal(skipped(&scene, "malformed"), 1);
    close_or_remove(&scene, "n.json", true);
    assert_true(value(&scene, "n_total{what=\"lost\"}") == 1);
    document(&scene, "n.json", "{\"steps\":[{\"n\":1}]}");
    assert_true(value(&scene, "n_total{what=\"seen\"}") == 2);
    assert_true(value(&scene, "n_total{what=\"step\"}") == 3);
    end(&scene);
}

static void test_rules_that_are_gone_make_no_world(void **state)
{
    (void)state;
    struct scene scene;
    start(&scene);
    end(&scene);
    assert_null(pack_test_world_new(&scene.settings, START));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_id_counts_once_in_its_directory),
        cmocka_unit_test(test_lines_are_cut_as_those_of_files),
        cmocka_unit_test(test_time_passes_with_waits_and_events),
        cmocka_unit_test(test_lives),
        cmocka_unit_test(test_documents_keep_what_was_told),
        cmocka_unit_test(test_rules_that_are_gone_make_no_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
