/* A state directory of its own, and a state on it whose results are waited for.
 *
 * Records are given and compared as text: "2:key=value". */
#ifndef STATE_FIXTURE_H
#define STATE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "state/state.h"

#define PATIENCE (20 * NANOSECONDS_PER_SECOND)

struct scene {
    char root[64];
    char directory[96]; /* of the state, in `root` */
    char database[128];
    struct state *state;
};

static inline int remove_entry(const char *path, const struct stat *facts, int kind,
                               struct FTW *walk)
{
    (void)facts, (void)kind, (void)walk;
    return remove(path);
}

static inline int set_up(void **context)
{
    struct scene *scene = memory_zero(1, sizeof(*scene));
    snprintf(scene->root, sizeof(scene->root), "/tmp/test_state.XXXXXX");
    assert_non_null(mkdtemp(scene->root));
    snprintf(scene->directory, sizeof(scene->directory), "%s/a/state", scene->root);
    snprintf(scene->database, sizeof(scene->database), "%s/state.db", scene->directory);
    *context = scene;
    return 0;
}

static inline int tear_down(void **context)
{
    struct scene *scene = *context;
    state_close(scene->state, PATIENCE);
    nftw(scene->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(scene);
    return 0;
}

/* --- Opening and closing -------------------------------------------------------------------- */

static inline int try_open(struct scene *scene, bool recount, char **ret_error)
{
    const struct state_options options = {
        .directory = scene->directory, .recount = recount, .id_memory = 1 << 20};
    return state_open(&options, &scene->state, ret_error);
}

static inline void open_state(struct scene *scene)
{
    char *error = NULL;
    int r = try_open(scene, false, &error);
    if (r < 0)
        fail_msg("state_open: %s", error);
}

static inline void open_recount(struct scene *scene)
{
    char *error = NULL;
    assert_int_equal(try_open(scene, true, &error), 0);
}

static inline void close_state(struct scene *scene)
{
    state_close(scene->state, PATIENCE);
    scene->state = NULL;
}

static inline void commit(struct scene *scene)
{
    assert_int_equal(state_commit_and_wait(scene->state, false, PATIENCE), 0);
}

static inline void close_clean(struct scene *scene)
{
    assert_int_equal(state_commit_and_wait(scene->state, true, PATIENCE), 0);
    close_state(scene);
}

/* The next result, however long it takes. */
static inline void await_result(struct scene *scene, struct state_result *ret_result)
{
    struct pollfd descriptor = {.fd = state_descriptor(scene->state), .events = POLLIN};
    int64_t deadline = clock_monotonic() + PATIENCE;
    while (!state_take_result(scene->state, ret_result)) {
        assert_true(clock_monotonic() < deadline);
        (void)poll(&descriptor, 1, 100);
    }
}

/* --- Records -------------------------------------------------------------------------------- */

static inline struct bytes bytes_of(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

static inline void put_until(struct scene *scene, enum record_kind kind, const char *key,
                             const char *value, int64_t expires)
{
    const struct record_sink *sink = state_sink(scene->state);
    sink->put(sink->context, kind, bytes_of(key), bytes_of(value), expires);
}

static inline void put(struct scene *scene, enum record_kind kind, const char *key,
                       const char *value)
{
    put_until(scene, kind, key, value, 0);
}

static inline void remove_record(struct scene *scene, enum record_kind kind, const char *key)
{
    const struct record_sink *sink = state_sink(scene->state);
    sink->remove(sink->context, kind, bytes_of(key));
}

static inline int on_record_listed(void *context, const struct record *record)
{
    struct text *list = context;
    text_printf(list, "%d:", (int)record->kind);
    text_append(list, record->key.data, record->key.length);
    text_append_char(list, '=');
    text_append(list, record->value.data, record->value.length);
    text_append_char(list, ' ');
    return 0;
}

/* All that state_load hands out; the caller frees. */
static inline char *load(struct scene *scene)
{
    struct text list;
    text_init(&list, TEXT_UNLIMITED);
    assert_int_equal(state_load(scene->state, on_record_listed, &list), 0);
    return text_take(&list);
}

static inline void assert_loads(struct scene *scene, enum state_start start, const char *expected)
{
    AUTO_FREE char *records = load(scene);
    assert_int_equal(state_started(scene->state), start);
    assert_string_equal(records, expected);
}

static inline void assert_recalls(struct scene *scene, enum record_kind kind, const char *key,
                                  const char *expected)
{
    struct text value;
    text_init(&value, TEXT_UNLIMITED);
    assert_int_equal(state_recall(scene->state, kind, bytes_of(key), &value), expected != NULL);
    if (expected)
        assert_string_equal(value.data, expected);
    text_free(&value);
}

static inline struct state_counts counts_of(const struct scene *scene)
{
    struct state_counts counts;
    state_counts(scene->state, &counts);
    return counts;
}

/* --- The files ------------------------------------------------------------------------------ */

/* How many entries of the directory start so; the first one's path in *ret_path (NULL: not asked),
 * which the caller frees. */
static inline size_t count_files(const struct scene *scene, const char *start, char **ret_path)
{
    size_t count = 0;
    DIR *directory = opendir(scene->directory);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (strncmp(entry->d_name, start, strlen(start)) != 0)
            continue;
        if (count++ == 0 && ret_path)
            *ret_path = memory_format("%s/%s", scene->directory, entry->d_name);
    }
    closedir(directory);
    return count;
}

static inline void write_file(const char *path, const void *bytes, size_t length)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes, length), length);
    close(descriptor);
}

/* One number that a query by hand gives, -1 for none. */
static inline int64_t ask(const char *path, const char *sql)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(database, 5000);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    int64_t number =
        sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return number;
}

static inline void run_by_hand(const char *path, const char *sql)
{
    sqlite3 *database = NULL;
    assert_int_equal(
        sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
        SQLITE_OK);
    sqlite3_busy_timeout(database, 5000); /* the writer may be tidying up */
    char *error = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
    sqlite3_close(database);
}

#endif
