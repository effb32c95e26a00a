/* See failure.h. */
#include "state/failure.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    int error;
} reasons[] = {
    [FAILURE_NONE] = {"", 0},
    [FAILURE_FULL] = {"full", ENOSPC},
    [FAILURE_READ_ONLY] = {"read_only", EROFS},
    [FAILURE_VANISHED] = {"vanished", ENOENT},
    [FAILURE_CORRUPT] = {"corrupt", EBADMSG},
    [FAILURE_IO] = {"io", EIO},
    [FAILURE_OTHER] = {"other", ECANCELED},
};

const char *failure_word(enum failure_reason reason)
{
    return reasons[reason].word;
}

int failure_error(enum failure_reason reason)
{
    return -reasons[reason].error;
}

void failure_tell(const struct failure *failure, char ret_reason[16], char ret_message[256])
{
    snprintf(ret_reason, 16, "%s", failure_word(failure->reason));
    snprintf(ret_message, 256, "%s", failure->reason == FAILURE_NONE ? "" : failure->message);
}

int failure_set(struct failure *ret_failure, enum failure_reason reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ret_failure->reason = reason;
    vsnprintf(ret_failure->message, sizeof(ret_failure->message), format, arguments);
    va_end(arguments);
    return failure_error(reason);
}

static enum failure_reason reason_of_errno(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return FAILURE_FULL;
    case EROFS:
    case EACCES:
    case EPERM:
        return FAILURE_READ_ONLY;
    case ENOENT:
    case ENOTDIR:
        return FAILURE_VANISHED;
    default:
        return FAILURE_IO;
    }
}

int failure_of_errno(struct failure *ret_failure, int error, const char *doing)
{
    return failure_set(ret_failure, reason_of_errno(error), "%s: %s", doing, strerror(error));
}

static enum failure_reason reason_of_sqlite(int code, int system_error)
{
    if (code == SQLITE_READONLY_DBMOVED)
        return FAILURE_VANISHED;
    if (code == SQLITE_IOERR_CORRUPTFS)
        return FAILURE_CORRUPT;
    switch (code & 0xFF) {
    case SQLITE_FULL:
        return FAILURE_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return FAILURE_READ_ONLY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return FAILURE_CORRUPT;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return system_error ? reason_of_errno(system_error) : FAILURE_IO;
    default:
        return FAILURE_OTHER;
    }
}

int failure_of_sqlite(struct failure *ret_failure, struct sqlite3 *database, int code,
                      const char *doing)
{
    int primary = code & 0xFF;
    /* SQLite keeps the errno only of these two. */
    int system_error = database && (primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR)
                           ? sqlite3_system_errno(database)
                           : 0;
    /* The text of the code itself, unless the connection knows more of this very failure. */
    bool is_latest = database && sqlite3_extended_errcode(database) == code;
    const char *text = is_latest ? sqlite3_errmsg(database) : sqlite3_errstr(code);
    return failure_set(ret_failure, reason_of_sqlite(code, system_error), "%s: %s%s%s", doing, text,
                       system_error ? ": " : "", system_error ? strerror(system_error) : "");
}
