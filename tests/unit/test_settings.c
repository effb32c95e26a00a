/* Settings from the command line, the environment, the config file and their defaults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/diagnostics.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/tree.h"
#include "config/commands.h"
#include "config/settings.h"
#include "config/yaml.h"

#define WORDS  12
#define SECOND INT64_C(1000000000)

struct loaded {
    struct settings settings;
    int result;
    char *errors; /* as printed; "" for none */
};

static size_t count_words(const char *const *words)
{
    size_t count = 0;
    while (words && words[count])
        count++;
    return count;
}

/* `words` and `variables` end with NULL; NULL itself for none. */
static void load(struct loaded *loaded, const char *const *words, const char *const *variables)
{
    char *arguments[WORDS] = {NULL};
    char *environment[WORDS] = {NULL};
    size_t count = count_words(words);
    for (size_t i = 0; i < count; i++)
        arguments[i] = memory_copy_text(words[i]);
    for (size_t i = 0; i < count_words(variables); i++)
        environment[i] = memory_copy_text(variables[i]);
    struct diagnostics diagnostics;
    struct text out;
    diagnostics_init(&diagnostics);
    text_init(&out, TEXT_UNLIMITED);
    loaded->result = settings_load(&loaded->settings, count, arguments, environment, &diagnostics);
    diagnostics_print(&diagnostics, &out);
    diagnostics_free(&diagnostics);
    loaded->errors = text_take(&out);
    for (size_t i = 0; i < WORDS; i++) {
        free(arguments[i]);
        free(environment[i]);
    }
    assert_int_equal(loaded->result, *loaded->errors ? -EINVAL : 0);
}

static void unload(struct loaded *loaded)
{
    settings_free(&loaded->settings);
    free(loaded->errors);
}

#define LIST(...)                                                                                  \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void assert_list(const struct settings_list *list, const char *const *want)
{
    size_t count = count_words(want);
    assert_int_equal(list->count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(list->items[i], want[i]);
}

static void test_defaults(void **state)
{
    (void)state;
    struct loaded loaded;
    load(&loaded, NULL, LIST("HOME=/home/me"));
    const struct settings *settings = &loaded.settings;
    assert_string_equal(loaded.errors, "");
    assert_string_equal(settings->command->name, "run");
    assert_int_equal(settings->arguments.count, 0);
    assert_string_equal(settings->events_dir, "/home/me/.prodigy/events");
    assert_false(settings_events_dir_given(settings));
    assert_list(&settings->rules, LIST("auto"));
    assert_int_equal(settings->sources.count, 0);
    assert_null(settings->config_file);
    assert_null(settings->config_tree);
    assert_list(&settings->listen_addresses, LIST("0.0.0.0:9090"));
    assert_int_equal(settings->metrics_port, -1);
    assert_string_equal(settings->telemetry_path, "/metrics");
    assert_int_equal(settings->max_connections, 512);
    assert_int_equal(settings->max_requests, 40);
    assert_int_equal(settings->web_timeout, 30 * SECOND);
    assert_int_equal(settings->max_line_bytes, 16 << 20);
    assert_int_equal(settings->max_samples, 1000000);
    assert_int_equal(settings->max_open_files, 512);
    assert_int_equal(settings->max_held_files, 256);
    assert_int_equal(settings->held_file_timeout, 600 * SECOND);
    assert_int_equal(settings->id_memory, 64 << 20);
    assert_int_equal(settings->decode_workers, -1);
    assert_string_equal(settings->state_dir, "/home/me/.local/state/jsonl-exporter");
    assert_int_equal(settings->state_interval, 5 * SECOND);
    assert_int_equal(settings->state_retention, 45 * 86400 * SECOND);
    assert_int_equal(settings->total_retention, 400 * 86400 * SECOND);
    assert_false(settings->no_state || settings->recount || settings->count_archives ||
                 settings->enable_lifecycle);
    assert_int_equal(settings->max_memory_keys, 1000000);
    assert_int_equal(settings->max_event_types, 1000);
    assert_int_equal(settings->max_directories, 1000000);
    assert_int_equal(settings->log_level, LOG_INFO_LEVEL);
    assert_int_equal(settings->log_format, LOG_FORMAT_LOGFMT);
    assert_false(settings->no_metrics || settings->expose_ui || settings->no_inotify ||
                 settings->no_zero_first);
    unload(&loaded);
}

static void test_events_directory(void **state)
{
    (void)state;
    char here[4096];
    assert_non_null(getcwd(here, sizeof(here)));
    AUTO_FREE char *relative = memory_format("%s/a/b", here);
    const struct {
        const char *const *words;
        const char *const *variables;
        const char *want;
    } cases[] = {
        {NULL, LIST("HOME=/h", "PRODIGY_HOME=/srv/p/"), "/srv/p/events"},
        {NULL, LIST("HOME=/h", "PRODIGY_HOME="), "/h/.prodigy/events"},
        {NULL, LIST("HOME=/h", "PRODIGY_HOME=/p", "JSONL_EXPORTER_EVENTS_DIR=/e//x/./y/"),
         "/e/x/y"},
        {LIST("--events-dir=~/z"), LIST("HOME=/h", "JSONL_EXPORTER_EVENTS_DIR=/e"), "/h/z"},
        {LIST("--events-dir", "a/b"), LIST("HOME=/h"), relative},
        {LIST("--events-dir", "/"), LIST("HOME=/h"), "/"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct loaded loaded;
        load(&loaded, cases[i].words, cases[i].variables);
        assert_string_equal(loaded.errors, "");
        assert_string_equal(loaded.settings.events_dir, cases[i].want);
        assert_int_equal(settings_events_dir_given(&loaded.settings), i >= 2);
        unload(&loaded);
    }
}

static void test_state_directory(void **state)
{
    (void)state;
    const struct {
        const char *const *words;
        const char *const *variables;
        const char *want;
    } cases[] = {
        {NULL, LIST("HOME=/h", "XDG_STATE_HOME=/s"), "/s/jsonl-exporter"},
        {NULL, LIST("HOME=/h", "XDG_STATE_HOME=not/absolute"), "/h/.local/state/jsonl-exporter"},
        {LIST("--state-dir=~/z/"), LIST("HOME=/h", "XDG_STATE_HOME=/s"), "/h/z"},
        {NULL, LIST("HOME=/h", "JSONL_EXPORTER_STATE_DIR=/e"), "/e"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct loaded loaded;
        load(&loaded, cases[i].words, cases[i].variables);
        assert_string_equal(loaded.errors, "");
        assert_string_equal(loaded.settings.state_dir, cases[i].want);
        unload(&loaded);
    }
}

/* What a reload cannot change is named; what it can, and what is the same, is not. */
static void test_what_only_a_restart_changes(void **state)
{
    (void)state;
    static const char *const wanted[] = {"events-dir", "no-inotify", "max-open-files",
                                         "web.listen-address", NULL};
    struct loaded start;
    struct loaded now;
    load(&start, LIST("--events-dir=/e", "--web.listen-address=:1"), LIST("HOME=/h"));
    load(&now,
         LIST("--events-dir=/f", "--web.listen-address=:2", "--no-inotify", "--max-open-files=7",
              "--rules=prodigy", "--log.level=warn", "--max-samples=9"),
         LIST("HOME=/h"));
    size_t position = 0;
    for (size_t i = 0; wanted[i]; i++)
        assert_string_equal(settings_next_unchanged(&start.settings, &now.settings, &position),
                            wanted[i]);
    assert_null(settings_next_unchanged(&start.settings, &now.settings, &position));
    position = 0;
    assert_null(settings_next_unchanged(&now.settings, &now.settings, &position));
    unload(&start);
    unload(&now);
}

/* A file in a new directory of its own; the caller unlinks it, and frees. */
static char *write_config(const char *content)
{
    char directory[] = "/tmp/test_settings.XXXXXX";
    assert_non_null(mkdtemp(directory));
    char *path = memory_format("%s/config.yaml", directory);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void remove_config(char *path)
{
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    free(path);
}

/* The same settings said in each place, which the stronger one overrides. */
static void test_precedence(void **state)
{
    (void)state;
    char *path = write_config("web: {timeout: 1s, listen_address: [\":1\", \":2\"]}\n"
                              "log.level: error\n"
                              "packs: [file]\n"
                              "no_inotify: true\n"
                              "max_samples: 11\n");
    AUTO_FREE char *variable = memory_format("JSONL_EXPORTER_CONFIG_FILE=%s", path);
    AUTO_FREE char *option = memory_format("--config.file=%s", path);
    struct loaded loaded;

    load(&loaded, LIST(option), NULL);
    assert_string_equal(loaded.errors, "");
    assert_int_equal(loaded.settings.web_timeout, SECOND);
    assert_list(&loaded.settings.listen_addresses, LIST(":1", ":2"));
    assert_int_equal(loaded.settings.log_level, LOG_ERROR_LEVEL);
    assert_list(&loaded.settings.rules, LIST("file"));
    assert_true(loaded.settings.no_inotify);
    assert_non_null(loaded.settings.config_tree);
    unload(&loaded);

    const char *const *variables =
        LIST(variable, "JSONL_EXPORTER_WEB_TIMEOUT=2s", "JSONL_EXPORTER_RULES=env, more,,",
             "JSONL_EXPORTER_LOG_LEVEL=warn", "JSONL_EXPORTER_NO_INOTIFY=0");
    load(&loaded, NULL, variables);
    assert_string_equal(loaded.errors, "");
    assert_int_equal(loaded.settings.web_timeout, 2 * SECOND);
    assert_list(&loaded.settings.rules, LIST("env", "more"));
    assert_int_equal(loaded.settings.log_level, LOG_WARN_LEVEL);
    assert_int_equal(loaded.settings.max_samples, 11);
    assert_false(loaded.settings.no_inotify);
    unload(&loaded);

    load(&loaded,
         LIST("--web.timeout", "3s", "--rules", "a", "--rules=b,c", "--log.level=debug",
              "--no-inotify", "--log.level=info"),
         variables);
    assert_string_equal(loaded.errors, "");
    assert_int_equal(loaded.settings.web_timeout, 3 * SECOND);
    assert_list(&loaded.settings.rules, LIST("a", "b,c"));
    assert_int_equal(loaded.settings.log_level, LOG_INFO_LEVEL);
    assert_true(loaded.settings.no_inotify);
    unload(&loaded);
    remove_config(path);
}

static void test_config_file(void **state)
{
    (void)state;
    char *path = write_config("events_dir: ../events\n"
                              "packs: [prodigy, mine.yaml, sub/b.yml, /c.yaml, ~/d.yaml]\n"
                              "source_dirs: {events: e, other: /o, third: ~/t}\n"
                              "id_memory: 1GiB\n"
                              "held_file_timeout: 1m30s\n"
                              "web:\n"
                              "  telemetry_path: /m\n"
                              "  expose_ui: yes\n"
                              "log: {format: json}\n"
                              "rules: {AgentStarted: [{inc: x}]}\n"
                              "metrics: {x: {type: counter}}\n"
                              "sources:\n"
                              "defaults: {}\n"
                              "tables: []\n");
    struct loaded loaded;
    load(&loaded, LIST("--config.file", path, "--source", "other=/p"), LIST("HOME=/h"));
    const struct settings *settings = &loaded.settings;
    assert_string_equal(loaded.errors, "");
    AUTO_FREE char *directory = memory_copy(path, (size_t)(strrchr(path, '/') - path));
    AUTO_FREE char *events = memory_format("%s/../events", directory);
    AUTO_FREE char *mine = memory_format("%s/mine.yaml", directory);
    AUTO_FREE char *sub = memory_format("%s/sub/b.yml", directory);
    assert_string_equal(settings->events_dir, events);
    assert_list(&settings->rules, LIST("prodigy", mine, sub, "/c.yaml", "/h/d.yaml"));
    assert_string_equal(settings_source_directory(settings, "other"), "/p");
    assert_null(settings_source_directory(settings, "events")); /* the option replaced the map */
    assert_int_equal(settings->id_memory, 1 << 30);
    assert_int_equal(settings->held_file_timeout, 90 * SECOND);
    assert_string_equal(settings->telemetry_path, "/m");
    assert_true(settings->expose_ui);
    assert_int_equal(settings->log_format, LOG_FORMAT_JSON);
    assert_non_null(tree_get(tree_get(settings->config_tree, "rules"), "AgentStarted"));
    unload(&loaded);

    load(&loaded, LIST("--config.file", path), LIST("HOME=/h"));
    AUTO_FREE char *source = memory_format("%s/e", directory);
    assert_string_equal(settings_source_directory(&loaded.settings, "events"), source);
    assert_string_equal(settings_source_directory(&loaded.settings, "third"), "/h/t");
    assert_null(settings_source_directory(&loaded.settings, "event"));
    unload(&loaded);
    remove_config(path);
}

static void test_all_mistakes_of_a_config_file_at_once(void **state)
{
    (void)state;
    static const char content[] = "event_dir: x\n"
                                  "packs: {a: b}\n"
                                  "source_dirs: [a=b, c, {d: e}]\n"
                                  "web:\n"
                                  "  listen_adress: \":9\"\n"
                                  "  timeout: [3]\n"
                                  "  max_requests: -1\n"
                                  "log: 3\n"
                                  "wbe: {}\n"
                                  "max_samples:\n"
                                  "metrics_port: 70000\n"
                                  "no_inotify: maybe\n"
                                  "log.format: xml\n"
                                  "metrcis: {}\n";
    struct diagnostics diagnostics;
    struct text out;
    diagnostics_init(&diagnostics);
    text_init(&out, TEXT_UNLIMITED);
    struct tree *tree = yaml_read_text("c", content, sizeof(content) - 1, &diagnostics);
    settings_check_tree(tree, &diagnostics);
    diagnostics_print(&diagnostics, &out);
    assert_string_equal(
        out.data,
        "c:1:1: error: unknown key 'event_dir' (did you mean 'events_dir'?)\n"
        "c:2:8: error: packs: one value is wanted here, not a map\n"
        "c:3:20: error: source_dirs: 'c' is not NAME=DIR\n"
        "c:3:23: error: source_dirs: one value is wanted here, not a map\n"
        "c:5:3: error: unknown key 'web.listen_adress' (did you mean 'web.listen_address'?)\n"
        "c:6:12: error: web.timeout: one value is wanted here, not a list\n"
        "c:7:17: error: web.max_requests: '-1' is out of bounds (0 to 100000)\n"
        "c:8:6: error: log: a map is wanted here\n"
        "c:9:1: error: unknown key 'wbe' (did you mean 'web'?)\n"
        "c:10:12: error: max_samples: has no value\n"
        "c:11:15: error: metrics_port: '70000' is out of bounds (0 to 65535)\n"
        "c:12:13: error: no_inotify: 'maybe' is neither true nor false\n"
        "c:13:13: error: log.format: 'xml' is none of logfmt, json\n"
        "c:14:1: error: unknown key 'metrcis' (did you mean 'metrics'?)\n");
    tree_free(tree);
    text_free(&out);
    diagnostics_free(&diagnostics);
}

static void test_config_file_that_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        const char *error; /* behind the path; "" for none */
    } cases[] = {
        {"", ""},
        {"# nothing\n", ""},
        {"- a\n", ":1:1: error: a config file is a map of settings\n"},
        {"a: [\n", ":2:1: error: flow sequence without a closing bracket\n"},
        {"packs: [a]\npacks: [b]\n", ":2:1: error: duplicate key 'packs', first used in line 1\n"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct loaded loaded;
        char *path = write_config(cases[i].content);
        AUTO_FREE char *want = memory_format("%s%s", *cases[i].error ? path : "", cases[i].error);
        load(&loaded, LIST("--config.file", path), NULL);
        assert_string_equal(loaded.errors, want);
        unload(&loaded);
        remove_config(path);
    }
}

struct mistake {
    const char *const *words;
    const char *const *variables;
    const char *errors;
};

static void test_mistakes(void **state)
{
    (void)state;
    const struct mistake mistakes[] = {
        {LIST("--metrics-prot", "3", "--bogus"), NULL,
         "error: unknown option '--metrics-prot' (did you mean '--metrics-port'?)\n"
         "error: unknown option '--bogus'\n"},
        {LIST("--web.timeout=0", "--log.level", "inof", "onec", "--rules"), NULL,
         "error: --rules needs a value: --rules PACK\n"
         "error: unknown command 'onec' (did you mean 'once'?)\n"
         "error: --web.timeout: '0' is out of bounds (1s to 1h)\n"
         "error: --log.level: 'inof' is none of debug, info, warn, error (did you mean 'info'?)\n"},
        {NULL, LIST("PRODIGY_METRICS_PORT=99999", "JSONL_EXPORTER_MAX_SAMPLES=many"),
         "error: PRODIGY_METRICS_PORT: '99999' is out of bounds (0 to 65535)\n"
         "error: JSONL_EXPORTER_MAX_SAMPLES: 'many' is not a whole number\n"},
        {LIST("--max-line-bytes=1023", "--id-memory=2TiB", "--max-open-files=0"), NULL,
         "error: --max-open-files: '0' is out of bounds (1 to 1000000)\n"
         "error: --max-line-bytes: '1023' is out of bounds (1KiB to 1GiB)\n"
         "error: --id-memory: '2TiB' is out of bounds (1MiB to 1TiB)\n"},
        {LIST("--held-file-timeout=soon", "--id-memory=big"), NULL,
         "error: --held-file-timeout: 'soon' is not a duration such as 90s or 1m30s\n"
         "error: --id-memory: 'big' is not a size such as 4096 or 16MiB\n"},
        {LIST("--web.telemetry-path=m", "--web.telemetry-path=/health"), NULL,
         "error: --web.telemetry-path: 'm' does not start with /\n"
         "error: --web.telemetry-path: '/health' is the path of another endpoint\n"},
        {LIST("--source", "x", "--events-dir="), NULL,
         "error: --events-dir: '' is empty\n"
         "error: --source: 'x' is not NAME=DIR\n"},
        {LIST("once", "--web.timeout=3s", "a"), NULL,
         "error: 'once' knows no option --web.timeout\n"},
        {LIST("check"), NULL, "error: 'check' needs an argument: check FILE...\n"},
        {LIST("explain", "a", "b"), NULL, "error: 'explain' takes no further argument 'b'\n"},
        {LIST("run", "b"), NULL, "error: 'run' takes no argument 'b'\n"},
        {LIST("--metrics=3", "--no-metrics=x"), NULL,
         "error: --metrics takes no value: '3'\n"
         "error: --no-metrics: 'x' is neither true nor false\n"},
        {LIST("-log.level=debug", "-x"), NULL,
         "error: unknown option '-log.level' (did you mean '--log.level'?)\n"
         "error: unknown option '-x'\n"},
        {LIST("--config.file=/nonexistent"), NULL,
         "/nonexistent: error: cannot be read: No such file or directory\n"},
        {LIST("--\nx\x1b"), NULL, "error: unknown option '--\\nx\\u001b'\n"},
        {LIST(""), NULL, "error: unknown command ''\n"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(mistakes); i++) {
        struct loaded loaded;
        load(&loaded, mistakes[i].words, mistakes[i].variables);
        assert_string_equal(loaded.errors, mistakes[i].errors);
        unload(&loaded);
    }
}

static void test_metrics_port(void **state)
{
    (void)state;
    char *path = write_config("web: {listen_address: \"h:1\"}\nmetrics_port: 2\n");
    AUTO_FREE char *config = memory_format("--config.file=%s", path);
    const struct {
        const char *const *words;
        const char *const *variables;
        const char *const *want;
    } cases[] = {
        {LIST("--metrics-port", "7"), NULL, LIST("0.0.0.0:7")},
        {NULL, LIST("PRODIGY_METRICS_PORT=0"), LIST("0.0.0.0:0")},
        {LIST("--metrics-port=7", "--web.listen-address=[::1]:1", "--web.listen-address=:2"), NULL,
         LIST("[::1]:7", ":7")},
        {LIST("--web.listen-address=a:1"), LIST("PRODIGY_METRICS_PORT=9"), LIST("a:1")},
        {LIST("--metrics-port=7"), LIST("JSONL_EXPORTER_WEB_LISTEN_ADDRESS=a:1"), LIST("a:7")},
        {LIST(config), NULL, LIST("h:2")},
        {LIST(config), LIST("PRODIGY_METRICS_PORT=3"), LIST("h:3")},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct loaded loaded;
        load(&loaded, cases[i].words, cases[i].variables);
        assert_string_equal(loaded.errors, "");
        assert_list(&loaded.settings.listen_addresses, cases[i].want);
        unload(&loaded);
    }
    remove_config(path);
}

static void test_commands(void **state)
{
    (void)state;
    static const char *const *const none = NULL;
    const struct {
        const char *const *words;
        const char *command;
        const char *const *arguments;
    } cases[] = {
        {LIST("run"), "run", none},
        {LIST("--log.level=warn", "once", "a", "-", "--max-samples", "5", "--", "-b"), "once",
         LIST("a", "-", "-b")},
        {LIST("--log.level", "warn", "check", "x"), "check", LIST("x")},
        {LIST("version"), "version", none},
        {LIST("help", "once", "--format=man"), "help", LIST("once")},
        {LIST("--help"), "help", none},
        {LIST("-h", "--web.timeout=1s"), "help", none},
        {LIST("check", "-h"), "help", LIST("check")},
        {LIST("once", "a", "b", "--help"), "help", LIST("once")},
        {LIST("once", "a", "--version"), "version", none},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct loaded loaded;
        /* What does not concern a command does not stop it. */
        load(&loaded, cases[i].words, LIST("JSONL_EXPORTER_WEB_EXPOSE_UI=1"));
        assert_string_equal(loaded.errors, "");
        assert_string_equal(loaded.settings.command->name, cases[i].command);
        assert_list(&loaded.settings.arguments, cases[i].arguments);
        unload(&loaded);
    }
}

static void test_help_works_in_a_broken_environment(void **state)
{
    (void)state;
    struct loaded loaded;
    load(&loaded, LIST("help"),
         LIST("PRODIGY_METRICS_PORT=x", "JSONL_EXPORTER_CONFIG_FILE=/nonexistent"));
    assert_string_equal(loaded.errors, "");
    unload(&loaded);
}

static void test_bools_turn_round(void **state)
{
    (void)state;
    static const char *const on[] = {"JSONL_EXPORTER_NO_METRICS=true",
                                     "JSONL_EXPORTER_WEB_EXPOSE_UI=1", NULL};
    const struct {
        const char *const *words;
        bool no_metrics, expose_ui;
    } cases[] = {
        {NULL, true, true},
        {LIST("--metrics", "--no-web.expose-ui"), false, false},
        {LIST("--no-metrics=false", "--web.expose-ui=false"), false, false},
        {LIST("--metrics", "--no-metrics"), true, true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct loaded loaded;
        load(&loaded, cases[i].words, on);
        assert_string_equal(loaded.errors, "");
        assert_int_equal(loaded.settings.no_metrics, cases[i].no_metrics);
        assert_int_equal(loaded.settings.expose_ui, cases[i].expose_ui);
        unload(&loaded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_events_directory),
        cmocka_unit_test(test_state_directory),
        cmocka_unit_test(test_what_only_a_restart_changes),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_config_file),
        cmocka_unit_test(test_all_mistakes_of_a_config_file_at_once),
        cmocka_unit_test(test_config_file_that_is_none),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_metrics_port),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_help_works_in_a_broken_environment),
        cmocka_unit_test(test_bools_turn_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
