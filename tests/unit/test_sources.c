/* sources.c: which directories and files are followed, and what a path is to the rules. */
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/settings.h"
#include "daemon/followed.h"
#include "daemon/sources.h"
#include "rules/scene.h"
#include "rules/source.h"
#include "rules_fixture.h"
#include "watch/watch.h"

/* Some packs, and a directory of their own that is the events directory. */
struct scene_of_sources {
    char root[64];
    struct registry *registry;
    struct rule_set *rules;
    struct settings settings;
    struct sources *sources;
};

static void make_directory(const char *root, const char *name)
{
    AUTO_FREE char *path = memory_format("%s/%s", root, name);
    for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        mkdir(path, 0755);
        *at = '/';
    }
    mkdir(path, 0755);
}

static int remove_entry(const char *path, const struct stat *facts, int kind, struct FTW *walk)
{
    (void)facts, (void)kind, (void)walk;
    return remove(path);
}

/* `packs` end with NULL; `source` is one --source, or NULL. */
static void start(struct scene_of_sources *s, const char *const *packs, char *source)
{
    struct rule_pack inputs[PACKS_MOST];
    struct tree *trees[PACKS_MOST];
    struct diagnostics diagnostics;
    size_t count = 0;
    static const char *const names[PACKS_MOST] = {"one", "two", "three"};
    *s = (struct scene_of_sources){.registry = registry_new(1000)};
    snprintf(s->root, sizeof(s->root), "/tmp/test_sources.XXXXXX");
    assert_non_null(mkdtemp(s->root));
    make_directory(s->root, "events");
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
    if (source) {
        s->settings.sources.items = memory_zero(1, sizeof(char *));
        s->settings.sources.items[0] = memory_format("%s%s/other", source, s->root);
        s->settings.sources.count = 1;
    }
    AUTO_FREE char *events = memory_format("%s/events", s->root);
    s->sources = sources_new(s->rules, &s->settings, events, true);
    sources_refresh(s->sources, NULL);
}

static void end(struct scene_of_sources *s)
{
    sources_free(s->sources);
    rule_set_free(s->rules);
    registry_free(s->registry);
    for (size_t i = 0; i < s->settings.sources.count; i++)
        free(s->settings.sources.items[i]);
    free(s->settings.sources.items);
    nftw(s->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* "pack/source name=value ..." of each source that covers the file, with '; ' between; "" for
 * none. The caller frees. */
static char *describe(struct followed *followed)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    text_append_string(&text, "");
    for (size_t i = 0; followed && i < followed->count; i++) {
        const struct rule_source *source = followed->sources[i].source;
        const struct rule_file *file = followed->sources[i].file;
        text_printf(&text, "%s%s/%s", i ? "; " : "", source->facts.pack, source->facts.name);
        for (size_t j = 0; j < source->capture_count; j++)
            if (file->captures[j].text)
                text_printf(&text, " %s=%s", source->captures[j], file->captures[j].text);
    }
    followed_free(followed);
    return text_take(&text);
}

static void check_file(struct scene_of_sources *s, const char *name, const char *wanted)
{
    AUTO_FREE char *path = memory_format("%s/%s", s->root, name);
    AUTO_FREE char *told = describe(sources_follow(s->sources, SOURCES_LINES, path, 1, 2));
    if (strcmp(told, wanted) != 0)
        fail_msg("%s is '%s', not '%s'", name, told, wanted);
    assert_int_equal(sources_want_file(s->sources, path), *wanted != '\0');
}

#define TYPE "type: t"

static void test_a_file_is_what_its_path_says(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *wanted;
    } cases[] = {
        {"events/demo/job-1/events-1.jsonl", "one/a repo=demo job_id=job-1"},
        {"events/demo/job-1/events-1.jsonl.bak", "one/a repo=demo job_id=job-1"},
        {"events/de mo/j\n1/events-.jsonl", "one/a repo=de mo job_id=j\n1"},
        {"events/demo/job-1/other.jsonl", ""},
        {"events/demo/events-1.jsonl", ""},
        {"events/demo/job-1/deep/events-1.jsonl", ""},
        {"events/archive/old/events-1.jsonl", ""},    /* excluded below a directory */
        {"events/demo/job-1/events-1.jsonl.tmp", ""}, /* excluded by its name */
        {"eventsx/demo/job-1/events-1.jsonl", ""},    /* not below the root */
        {"demo/job-1/events-1.jsonl", ""},
        {"events", ""},
    };
    static const char *const packs[] = {"sources: {a: {files: '{repo}/{job_id}/events-*.jsonl*', "
                                        "exclude: ['archive/**', '*.tmp'], " TYPE "}}",
                                        NULL};
    struct scene_of_sources s;
    start(&s, packs, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_file(&s, cases[i].name, cases[i].wanted);
    end(&s);
}

static void test_directories_where_files_can_match(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool wanted;
    } cases[] = {
        {"events", true},
        {"events/demo", true},
        {"events/demo/job-1", true},
        {"events/demo/job-1/x", false},
        {"", false},
        {"eventsx", false},
        {"logs", true},
        {"logs/a/b/c", true},
        {"other", false},
    };
    static const char *const packs[] = {
        "sources:\n"
        "  a: {files: '{repo}/{job_id}/e*.jsonl', " TYPE "}\n"
        "  b: {root: '${EVENTS_DIR}/../logs', files: '**/*.log', " TYPE "}\n",
        NULL};
    struct scene_of_sources s;
    start(&s, packs, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO_FREE char *path =
            memory_format("%s%s%s", s.root, *cases[i].name ? "/" : "", cases[i].name);
        if (sources_want_directory(s.sources, path) != cases[i].wanted)
            fail_msg("'%s' is %swanted", cases[i].name, cases[i].wanted ? "not " : "");
    }
    end(&s);
}

/* Of one pack the first source that fits; of several packs each. */
static void test_several_sources_of_one_file(void **state)
{
    (void)state;
    static const char *const packs[] = {"sources:\n"
                                        "  a: {files: '{job}/events-*.jsonl', " TYPE "}\n"
                                        "  b: {files: ['*/x.log', '{dir}/{name}.jsonl'], " TYPE
                                        "}\n",
                                        "metrics: {g: {type: gauge, help: G.}}\n",
                                        "sources: {c: {files: '**/*.jsonl', " TYPE "}}\n", NULL};
    struct scene_of_sources s;
    start(&s, packs, NULL);
    check_file(&s, "events/j/events-1.jsonl", "one/a job=j; three/c");
    check_file(&s, "events/j/other.jsonl", "one/b dir=j name=other; three/c");
    check_file(&s, "events/j/x.log", "one/b");
    check_file(&s, "events/j/deep/x.jsonl", "three/c");
    check_file(&s, "events/j/none.txt", "");
    end(&s);
}

static void test_captures_of_roots(void **state)
{
    (void)state;
    static const char *const packs[] = {
        "sources: {a: {root: '${EVENTS_DIR}/../home/{user}/.prodigy', files: '{job}.jsonl', " TYPE
        "}}",
        NULL};
    struct scene_of_sources s;
    start(&s, packs, NULL);
    make_directory(s.root, "home/ann/.prodigy");
    make_directory(s.root, "home/bob/.prodigy");
    make_directory(s.root, "home/eve/other");
    size_t position = 0;
    assert_null(sources_next_root(s.sources, &position));
    sources_refresh(s.sources, NULL);
    for (size_t i = 0; i < 2; i++) {
        AUTO_FREE char *root = memory_format("%s/home/%s/.prodigy", s.root, i ? "bob" : "ann");
        assert_string_equal(sources_next_root(s.sources, &position), root);
    }
    assert_null(sources_next_root(s.sources, &position));
    check_file(&s, "home/ann/.prodigy/j.jsonl", "one/a user=ann job=j");
    check_file(&s, "home/bob/.prodigy/k.jsonl", "one/a user=bob job=k");
    check_file(&s, "home/eve/.prodigy/k.jsonl", "");
    end(&s);
}

static void test_a_source_may_be_put_elsewhere(void **state)
{
    (void)state;
    static const char *const packs[] = {"sources:\n"
                                        "  a: {files: '{job}.jsonl', " TYPE "}\n"
                                        "  b: {root: '~/x', files: '{job}.log', " TYPE "}\n",
                                        NULL};
    static char name[] = "b=";
    struct scene_of_sources s;
    start(&s, packs, NULL);
    check_file(&s, "events/j.jsonl", "one/a job=j");
    check_file(&s, "other/j.log", ""); /* roots in the home are off beside a given directory */
    end(&s);
    start(&s, packs, name);
    check_file(&s, "other/j.log", "one/b job=j");
    check_file(&s, "events/j.jsonl", "one/a job=j");
    end(&s);
}

/* A file named by itself goes to the first source whose pattern fits the end of its path. */
static void test_a_file_alone(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool force;
        const char *wanted;
    } cases[] = {
        {"/anywhere/demo/job-1/events-1.jsonl", false, "one/a repo=demo job_id=job-1"},
        {"/anywhere/x.log", false, "one/b"},
        {"/x.log", false, "one/b"},
        {"/anywhere/x.txt", false, ""},
        {"/anywhere/x.txt", true, "one/a"},
        {"stdin", true, "one/a"},
    };
    static const char *const packs[] = {"sources:\n"
                                        "  a: {files: '{repo}/{job_id}/events-*.jsonl', " TYPE "}\n"
                                        "  b: {root: /var/log, files: '*.log', " TYPE "}\n",
                                        NULL};
    struct scene_of_sources s;
    start(&s, packs, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO_FREE char *told = describe(
            sources_follow_alone(s.sources, SOURCES_LINES, cases[i].path, cases[i].force, 1, 2));
        assert_string_equal(told, cases[i].wanted);
    }
    end(&s);
}

static void test_archives_only_when_they_count(void **state)
{
    (void)state;
    static const char *const packs[] = {"sources: {a: {files: ['{repo}/{job_id}/events-*', "
                                        "'archive/**'], exclude: '*.tmp', "
                                        "archives: 'archive/old_*', " TYPE "}}",
                                        NULL};
    for (int counts = 0; counts < 2; counts++) {
        struct scene_of_sources s;
        start(&s, packs, NULL);
        s.settings.count_archives = counts;
        sources_free(s.sources);
        AUTO_FREE char *events = memory_format("%s/events", s.root);
        s.sources = sources_new(s.rules, &s.settings, events, true);
        sources_refresh(s.sources, NULL);
        check_file(&s, "events/archive/old_1.gz", counts ? "one/a" : "");
        check_file(&s, "events/archive/old_1.tmp", "");
        check_file(&s, "events/archive/new_1.gz", "one/a");
        AUTO_FREE char *path = memory_format("%s/events/archive/old_1.gz", s.root);
        struct followed *followed = sources_follow(s.sources, SOURCES_LINES, path, 1, 2);
        assert_int_equal(followed && followed->is_archive, counts);
        followed_free(followed);
        end(&s);
    }
}

static void test_without_sources_nothing_is_followed(void **state)
{
    (void)state;
    static const char *const packs[] = {"metrics: {g: {type: gauge, help: G.}}\n", NULL};
    struct scene_of_sources s;
    size_t position = 0;
    start(&s, packs, NULL);
    assert_null(sources_next_root(s.sources, &position));
    check_file(&s, "events/j.jsonl", "");
    assert_null(sources_follow_alone(s.sources, SOURCES_LINES, "/x.jsonl", true, 1, 2));
    end(&s);
    sources_free(NULL);
    followed_free(NULL);
}

/* --- What the watch room is told ---------------------------------------------------------------
 */

static bool wants(void *context, const char *path)
{
    (void)context, (void)path;
    return true;
}

static void on_file(void *context, const char *path, bool closed)
{
    (void)context, (void)path, (void)closed;
}

static void on_path(void *context, const char *path)
{
    (void)context, (void)path;
}

static void on_notice(void *context, const char *message, const char *path, int error)
{
    (void)context, (void)message, (void)path, (void)error;
}

static struct watch *new_watch(void)
{
    const struct watch_handlers handlers = {.wants_directory = wants,
                                            .wants_file = wants,
                                            .on_file = on_file,
                                            .on_gone = on_path,
                                            .on_directory_gone = on_path,
                                            .on_notice = on_notice};
    const struct watch_options options = {.no_inotify = true};
    struct watch *watch = watch_new(&handlers, &options);
    assert_non_null(watch);
    watch_start(watch, 1);
    return watch;
}

/* All that the watch room has, below the scene's directory: "/a /b". The caller frees. */
static char *told(const struct scene_of_sources *s)
{
    struct text text;
    const char *root;
    size_t position = 0;
    text_init(&text, TEXT_UNLIMITED);
    text_append_string(&text, "");
    while ((root = sources_next_root(s->sources, &position)))
        text_printf(&text, "%s%s", text.length ? " " : "", root + strlen(s->root));
    return text_take(&text);
}

static void check_told(struct scene_of_sources *s, struct watch *watch, const char *wanted)
{
    static int64_t seconds = 2;
    sources_refresh(s->sources, watch);
    AUTO_FREE char *roots = told(s);
    assert_string_equal(roots, wanted);
    while (watch_tick(watch, seconds * NANOSECONDS_PER_SECOND, NANOSECONDS_PER_SECOND))
        ;
    seconds += 2;
}

static void remove_directory(const char *root, const char *name)
{
    AUTO_FREE char *path = memory_format("%s/%s", root, name);
    assert_int_equal(rmdir(path), 0);
}

static void test_the_watch_room_is_told_of_roots_that_are_there(void **state)
{
    (void)state;
    static const char *const packs[] = {
        "sources:\n"
        "  a: {files: 'x', " TYPE "}\n"
        "  b: {root: ['${EVENTS_DIR}/../b1', '${EVENTS_DIR}/../b2'], files: 'x', " TYPE "}\n"
        "  c: {root: '${EVENTS_DIR}/../home/{user}/c', files: 'x', " TYPE "}\n",
        NULL};
    struct scene_of_sources s;
    struct watch *watch = new_watch();
    start(&s, packs, NULL);
    make_directory(s.root, "home/u/c");
    check_told(&s, watch, "/events /home/u/c");
    make_directory(s.root, "b2");
    make_directory(s.root, "home/v/c");
    check_told(&s, watch, "/b2 /events /home/u/c /home/v/c");
    make_directory(s.root, "b1");
    remove_directory(s.root, "home/u/c");
    remove_directory(s.root, "b2");
    check_told(&s, watch, "/b2 /events /home/u/c /home/v/c"); /* it has not seen that yet */
    check_told(&s, watch, "/b2 /events /home/v/c");           /* b2 was chosen, and may come back */
    assert_true(watch_root_present(watch, sources_next_root(s.sources, &(size_t){2})));
    sources_free(s.sources);
    s.sources = NULL;
    watch_free(watch);
    end(&s);
}

static void test_what_is_told_of_a_source(void **state)
{
    (void)state;
    static const char *const packs[] = {
        "sources:\n"
        "  a: {files: 'x', " TYPE "}\n"
        "  b: {root: ['${EVENTS_DIR}/../b1', '${EVENTS_DIR}/../b2'], files: 'x', " TYPE "}\n",
        NULL};
    struct scene_of_sources s;
    struct sources_facts facts;
    struct text text;
    size_t position = 0;
    start(&s, packs, NULL);
    assert_true(sources_next_facts(s.sources, &position, &facts));
    assert_string_equal(facts.name, "a");
    assert_string_equal(facts.pack, "one");
    assert_int_equal(facts.present, 1);
    assert_true(sources_next_facts(s.sources, &position, &facts));
    assert_int_equal(facts.present, 0);
    assert_int_equal(facts.missing, 2);
    assert_false(sources_next_facts(s.sources, &position, &facts));
    text_init(&text, TEXT_UNLIMITED);
    assert_false(sources_describe(s.sources, &text));
    assert_non_null(strstr(text.data, "/b1 (No such file or directory), one/b: "));
    AUTO_FREE char *file = memory_format("%s/b1", s.root);
    fclose(fopen(file, "w"));
    sources_refresh(s.sources, NULL);
    assert_true(sources_describe(s.sources, &text));
    unlink(file);
    make_directory(s.root, "b2");
    sources_refresh(s.sources, NULL);
    text_free(&text);
    text_init(&text, TEXT_UNLIMITED);
    assert_false(sources_describe(s.sources, &text));
    assert_string_equal(text.data, "all roots are there");
    text_free(&text);
    AUTO_FREE char *events = memory_format("%s/events", s.root);
    AUTO_FREE char *other = memory_format("%s/other", s.root);
    assert_true(sources_need(s.sources, events));
    assert_false(sources_need(s.sources, other));
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_what_its_path_says),
        cmocka_unit_test(test_directories_where_files_can_match),
        cmocka_unit_test(test_several_sources_of_one_file),
        cmocka_unit_test(test_captures_of_roots),
        cmocka_unit_test(test_a_source_may_be_put_elsewhere),
        cmocka_unit_test(test_a_file_alone),
        cmocka_unit_test(test_archives_only_when_they_count),
        cmocka_unit_test(test_without_sources_nothing_is_followed),
        cmocka_unit_test(test_the_watch_room_is_told_of_roots_that_are_there),
        cmocka_unit_test(test_what_is_told_of_a_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
