/* See reader.h. */
#include "state/reader.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "base/memory.h"
#include "state/batch.h"
#include "state/connection.h"
#include "state/failure.h"
#include "state/id_archive.h"
#include "state/records.h"

int reader_open(struct sqlite3 *connection, int64_t generation, size_t id_memory,
                struct reader **ret_reader, struct failure *ret_failure)
{
    struct reader *reader = memory_zero(1, sizeof(*reader));
    reader->connection = connection;
    int code = records_open(connection, generation, &reader->records);
    if (code == SQLITE_OK)
        code = id_archive_open(connection, generation, id_memory, &reader->archive);
    if (code == SQLITE_OK) {
        *ret_reader = reader;
        return 0;
    }
    if (code == SQLITE_ERROR) /* a table that is not as the schema made it */
        code = SQLITE_CORRUPT;
    int r = failure_of_sqlite(ret_failure, connection, code, "cannot read the database");
    reader_close(reader);
    return r;
}

struct sqlite3 *reader_close_but_connection(struct reader *reader)
{
    struct sqlite3 *connection = reader->connection;
    id_archive_close(reader->archive);
    records_close(reader->records);
    free(reader);
    return connection;
}

void reader_close(struct reader *reader)
{
    if (reader)
        connection_abandon(reader_close_but_connection(reader));
}

void reader_anticipate(struct reader *reader, const struct batch *batch)
{
    struct batch_entry entry;
    for (size_t position = 0; batch_next(batch, &position, &entry);) {
        if (entry.action == BATCH_JOIN)
            id_archive_join(reader->archive, entry.directory, entry.from);
        else if (entry.action == BATCH_FORGET)
            id_archive_forget(reader->archive, entry.directory);
    }
}
