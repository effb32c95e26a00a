/* Both sides of the ids on disk, on one temporary database with a connection each. */
#ifndef TESTS_ID_FIXTURE_H
#define TESTS_ID_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/attributes.h"
#include "base/hash.h"
#include "base/memory.h"
#include "state/id_archive.h"
#include "state/id_news.h"
#include "state/id_page.h"
#include "state/id_writer.h"

#define GENERATION 1
#define ROOMY      ((size_t)16 << 20)

struct id_fixture {
    char path[64];
    struct sqlite3 *database;
    struct sqlite3 *reader;
    struct id_writer *writer;
    struct id_archive *archive;
};

static inline uint64_t id_of(uint64_t number)
{
    return hash_stable(&number, sizeof(number));
}

static inline void run_sql(struct sqlite3 *database, const char *sql)
{
    char *error = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
}

static inline int64_t number_of(struct sqlite3 *database, const char *sql)
{
    struct sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

static inline struct sqlite3 *connect_to(const char *path)
{
    struct sqlite3 *database;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    run_sql(database, "PRAGMA synchronous=OFF; PRAGMA secure_delete=0");
    return database;
}

static inline void open_sides(struct id_fixture *fixture, size_t maximum)
{
    fixture->database = connect_to(fixture->path);
    fixture->reader = connect_to(fixture->path);
    assert_int_equal(id_writer_open(fixture->database, GENERATION, &fixture->writer), SQLITE_OK);
    assert_int_equal(id_archive_open(fixture->reader, GENERATION, maximum, &fixture->archive),
                     SQLITE_OK);
}

static inline void close_sides(struct id_fixture *fixture)
{
    id_archive_close(fixture->archive);
    id_writer_close(fixture->writer);
    assert_int_equal(sqlite3_close(fixture->reader), SQLITE_OK);
    assert_int_equal(sqlite3_close(fixture->database), SQLITE_OK);
}

static inline void set_up_ids(struct id_fixture *fixture, size_t maximum)
{
    *fixture = (struct id_fixture){.path = "/tmp/test_ids_XXXXXX"};
    int descriptor = mkstemp(fixture->path);
    assert_true(descriptor >= 0);
    close(descriptor);
    struct sqlite3 *database = connect_to(fixture->path);
    run_sql(database, "PRAGMA journal_mode=WAL");
    run_sql(database, id_schema);
    sqlite3_close(database);
    open_sides(fixture, maximum);
}

static inline void tear_down_ids(struct id_fixture *fixture)
{
    close_sides(fixture);
    unlink(fixture->path);
}

static inline void begin(struct id_fixture *fixture)
{
    run_sql(fixture->database, "BEGIN IMMEDIATE");
}

static inline void commit(struct id_fixture *fixture)
{
    run_sql(fixture->database, "COMMIT");
    id_writer_committed(fixture->writer);
}

static inline void roll_back(struct id_fixture *fixture)
{
    run_sql(fixture->database, "ROLLBACK");
    id_writer_rolled_back(fixture->writer);
}

/* The ids numbered from `from` to below `to`. */
static inline void add(struct id_fixture *fixture, uint64_t directory, uint64_t from, uint64_t to)
{
    uint64_t *ids = memory_resize(NULL, to - from, sizeof(*ids));
    for (uint64_t i = from; i < to; i++)
        ids[i - from] = id_of(i);
    assert_int_equal(id_writer_add(fixture->writer, directory, ids, to - from), SQLITE_OK);
    free(ids);
}

static inline void commit_ids(struct id_fixture *fixture, uint64_t directory, uint64_t from,
                              uint64_t to)
{
    begin(fixture);
    add(fixture, directory, from, to);
    commit(fixture);
}

/* The loop takes the news. */
static inline void deliver(struct id_fixture *fixture)
{
    id_archive_apply(fixture->archive, id_writer_take_news(fixture->writer));
    id_writer_acknowledge(fixture->writer);
}

/* All steps there are, with the news of each. */
static inline void finish_steps(struct id_fixture *fixture)
{
    bool more = true;
    while (more) {
        assert_int_equal(id_writer_step(fixture->writer, &more), SQLITE_OK);
        deliver(fixture);
    }
    assert_int_equal(id_writer_step(fixture->writer, &more), SQLITE_OK);
    if (more)
        finish_steps(fixture);
}

static inline int count_held(struct id_fixture *fixture, uint64_t directory, uint64_t from,
                             uint64_t to)
{
    int held = 0;
    for (uint64_t i = from; i < to; i++)
        held += id_archive_holds(fixture->archive, directory, id_of(i));
    return held;
}

static inline struct id_archive_counts counts_of(const struct id_fixture *fixture)
{
    struct id_archive_counts counts;
    id_archive_counts(fixture->archive, &counts);
    return counts;
}

#endif
