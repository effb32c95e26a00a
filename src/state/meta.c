/* See meta.h. */
#include "state/meta.h"

#include <endian.h>
#include <sqlite3.h>

#include "base/hash.h"
#include "state/connection.h"

enum { META_NUMBERS = 6 };

static void write_numbers(const struct meta *meta, int64_t *ret_numbers)
{
    const int64_t numbers[META_NUMBERS] = {meta->life,     meta->generation, meta->newest,
                                           meta->sequence, meta->committed,  meta->clean};
    for (int i = 0; i < META_NUMBERS; i++)
        ret_numbers[i] = numbers[i];
}

static int64_t checksum_of(const int64_t *numbers)
{
    uint64_t words[META_NUMBERS];
    for (int i = 0; i < META_NUMBERS; i++)
        words[i] = htole64((uint64_t)numbers[i]);
    return (int64_t)hash_stable(words, sizeof(words));
}

static int bind_and_run(struct sqlite3 *database, const char *sql, const struct meta *meta,
                        const struct meta *last)
{
    struct sqlite3_stmt *statement = NULL;
    int64_t numbers[META_NUMBERS];
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        write_numbers(meta, numbers);
        for (int i = 0; i < META_NUMBERS; i++)
            sqlite3_bind_int64(statement, i + 1, numbers[i]);
        sqlite3_bind_int64(statement, META_NUMBERS + 1, checksum_of(numbers));
        if (last) {
            sqlite3_bind_int64(statement, META_NUMBERS + 2, last->life);
            sqlite3_bind_int64(statement, META_NUMBERS + 3, last->sequence);
        }
        code = connection_finish_step(statement);
    }
    sqlite3_finalize(statement);
    return code;
}

int meta_create(struct sqlite3 *database, struct meta *ret_meta)
{
    struct meta meta = {.generation = 1, .newest = 1};
    sqlite3_randomness((int)sizeof(meta.life), &meta.life);
    int code = bind_and_run(database,
                            "INSERT INTO meta(one, life, generation, newest, sequence, committed,"
                            " clean, checksum) VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                            &meta, NULL);
    if (code == SQLITE_OK)
        *ret_meta = meta;
    return code;
}

int meta_read(struct sqlite3 *database, struct meta *ret_meta)
{
    struct sqlite3_stmt *statement = NULL;
    int64_t numbers[META_NUMBERS] = {0};
    int code = sqlite3_prepare_v2(database,
                                  "SELECT life, generation, newest, sequence, committed, clean,"
                                  " checksum FROM meta",
                                  -1, &statement, NULL);
    if (code == SQLITE_ERROR) /* the table is not there, or another one */
        return SQLITE_CORRUPT;
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        for (int i = 0; i < META_NUMBERS; i++)
            numbers[i] = sqlite3_column_int64(statement, i);
        code = sqlite3_column_int64(statement, META_NUMBERS) == checksum_of(numbers)
                   ? SQLITE_OK
                   : SQLITE_CORRUPT;
    } else if (code == SQLITE_DONE) {
        code = SQLITE_CORRUPT;
    }
    sqlite3_finalize(statement);
    if (code == SQLITE_OK)
        *ret_meta = (struct meta){numbers[0], numbers[1], numbers[2],
                                  numbers[3], numbers[4], numbers[5] != 0};
    return code;
}

int meta_replace(struct sqlite3 *database, const struct meta *last, const struct meta *next)
{
    int code = bind_and_run(database,
                            "UPDATE meta SET life = ?1, generation = ?2, newest = ?3,"
                            " sequence = ?4, committed = ?5, clean = ?6, checksum = ?7"
                            " WHERE life = ?8 AND sequence = ?9",
                            next, last);
    if (code == SQLITE_OK && sqlite3_changes(database) != 1)
        code = SQLITE_CONSTRAINT;
    return code;
}
