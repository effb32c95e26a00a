/* The document room: files that are looked at as a whole, and the lives of files.
 *
 *   sessions/a.json appears, is written, is rewritten   -> created, content, content
 *   its writer is gone                                  -> closed
 *   its name is gone                                    -> removed; a life is over
 *
 * A life is what happens between two moments at which a path was seen absent; a file that is
 * replaced by rename goes on living. Each life is told of as created and removed at most once, and
 * as closed once (again after growth, where the owner asks for it), also over restarts. The room
 * keeps for each path a memo: bytes of the owner's, which say what was told of this life so far.
 * Memo and life are saved together, so nothing is told twice, and nothing that stays is missed.
 *
 * Content is read whole when the writer is done: IN_CLOSE_WRITE was hinted, the name is that of
 * another file (a rename; if it proves to be half written, that is no mistake yet), or the file
 * rested for a second. What cannot be taken yet (empty, half written) is read again when it has
 * changed, and after 1 s, 10 s, then each minute of ten even if it has not. A file is read only
 * when its size, times or inode differ from those of the last reading; and a file that is written
 * all the time only so often that reading costs at most a fiftieth of the time (and four times a
 * second at most; sooner again after it was met half written). Content that equals the last one (by
 * hash) is not handed out. Buffers are wiped after use: a document may hold secrets that nobody
 * asked for.
 *
 * Closed: a close was hinted, or the file has rested 10 s (by its own times, when it is met), and
 * no process has it open for writing (/proc; tail/writers.h); where that cannot be told, 60 s of
 * rest. No lease is taken, no writer is delayed. What is removed right after a close was hinted is
 * told as closed first.
 *
 * Late: closed and removed that happened while nobody looked: the file was closed when the first
 * walk, or a first look 10 s after its last change, met it; or it was gone. Their time is then that
 * of the last change known of the file, else the moment seen. Time of created is the birth time,
 * else the oldest time the file shows.
 *
 * Knows neither JSON nor metrics. Not a regular file: no document; a name that becomes one is gone.
 * Errors never stop it: they are told by on_skip, once for each path until it changes, and when it
 * has rested for a second (of paths that are too many one a turn is named). Bounds:
 * bytes of a document, count of documents, bytes of a memo. Memory: about 150 bytes a path, the
 * path and the memo. One thread; handlers are called from within documents_turn and documents_drain
 * (rank from documents_walked, too), never nested, and may not call this room but for
 * documents_counts. */
#ifndef DOCUMENT_DOCUMENTS_H
#define DOCUMENT_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/record.h"

struct documents;
struct text;

/* What the owner wants to know of a file; 0: nothing, it is not one of ours. */
enum documents_wish {
    DOCUMENTS_CREATED = 1,
    DOCUMENTS_CONTENT = 2,
    DOCUMENTS_CLOSED = 4,
    DOCUMENTS_REMOVED = 8,
    DOCUMENTS_REOPEN = 16, /* closed is told again after growth */
    DOCUMENTS_LINES = 32   /* its lines are read elsewhere: closed and removed wait for is_read */
};

enum documents_sight { DOCUMENT_CREATED, DOCUMENT_CONTENT, DOCUMENT_CLOSED, DOCUMENT_REMOVED };

enum documents_skip {
    DOCUMENT_EMPTY,
    DOCUMENT_MALFORMED, /* no JSON, or half of it */
    DOCUMENT_TOO_LONG,
    DOCUMENT_TOO_DEEP,
    DOCUMENT_NOT_OBJECT,
    DOCUMENT_UNREADABLE,
    DOCUMENT_TOO_MANY, /* over max_documents: not looked at */
    DOCUMENT_SKIPS
};

/* One thing seen of a file; valid during the call. */
struct documents_news {
    enum documents_sight sight;
    const char *path;
    int64_t time; /* ns, wall: of what was seen; of content the file's change time */
    bool late;
    struct bytes content; /* DOCUMENT_CONTENT: whole */
    struct bytes memo;    /* as the owner left it; empty at the begin of a life */
};

/* Answers to content. */
enum documents_taken { DOCUMENTS_TAKEN, DOCUMENTS_NOT_YET };

struct documents_handlers {
    void *context;
    /* Bits of enum documents_wish. Asked once for each path that is met, and again when
     * documents_renew says so. What is not wished, and has no life from an earlier run, is
     * forgotten, so that it is asked for with each hint. */
    unsigned (*wish)(void *context, const char *path);
    /* Of what waits together (after the first walk, in documents_drain) lower ranks come first,
     * what was removed last. NULL: all are equal. */
    uint8_t (*rank)(void *context, const char *path);
    /* The owner appends the new memo to `ret_memo` (empty before); of a removed file none is kept.
     * NOT_YET (of content alone), with *ret_reason one of enum documents_skip: the memo stays as it
     * was, and the content is looked at again later. */
    enum documents_taken (*on_news)(void *context, const struct documents_news *news,
                                    struct text *ret_memo, enum documents_skip *ret_reason);
    /* Are all lines counted that the file with this name has, or had? NULL: yes. */
    bool (*is_read)(void *context, const char *path);
    /* Could a file of this name be seen now? False where its root is missing altogether: then it is
     * not taken for removed. NULL: yes. */
    bool (*can_look)(void *context, const char *path);
    void (*on_skip)(void *context, const char *path, enum documents_skip reason, int error);
};

struct documents_options {
    size_t max_bytes;     /* of a document; 0: 64 MiB */
    size_t max_documents; /* 0: 1,000,000 */
    size_t max_memo; /* bytes, beyond which a memo is not saved but the old one kept; 0: 1 MiB */
};

struct documents_counts {
    size_t documents; /* alive */
    size_t waiting;   /* to be read or asked about */
    size_t memo_bytes;
    uint64_t readings;
    uint64_t bytes;
    uint64_t skipped[DOCUMENT_SKIPS];
};

struct documents *documents_new(const struct documents_handlers *handlers,
                                const struct documents_options *options) MUST_CHECK;
void documents_free(struct documents *documents);

/* Hints, as tail_look, tail_gone and tail_directory_gone have them: something may have happened to
 * this path. Cheap: what is waiting already costs a look into a table. */
void documents_look(struct documents *documents, const char *path, bool closed, int64_t monotonic);
void documents_gone(struct documents *documents, const char *path, int64_t monotonic);
void documents_directory_gone(struct documents *documents, const char *path, int64_t monotonic);

/* Does what is due, for about `budget_ns` of monotonic time; `wall` is the time now. True: more is
 * due at once. To be called after hints, and once a second. */
bool documents_turn(struct documents *documents, int64_t monotonic, int64_t wall,
                    int64_t budget_ns);
/* When documents_turn has something to do by itself (ns, monotonic); INT64_MAX: only after a hint.
 */
int64_t documents_next(const struct documents *documents);
/* Everything now, for `once`: content as it is, rest and writers taken for granted (every file that
 * is there counts as closed, unless `closed` is false). */
void documents_drain(struct documents *documents, int64_t wall, bool closed);
/* Wishes may have changed (rules were read anew): asks for each again, and hands out content again,
 * though it be the same. What is wished newly is told from now on. */
void documents_renew(struct documents *documents);

void documents_counts(const struct documents *documents, struct documents_counts *ret_counts);
/* For the operator: walks all; *position = 0 first. False at the end. */
struct documents_facts {
    const char *path;
    uint64_t size;
    bool waiting;
    bool closed;
    bool failed; /* the last reading could not be taken */
};
bool documents_next_facts(const struct documents *documents, size_t *position,
                          struct documents_facts *ret_facts);

/* --- What must survive a restart (RECORD_DOCUMENT: key the path) -------------------------------
 *
 * Of each life: size, times, inode and hash of what was read last, what was told, and the memo.
 * As tail_save, tail_saved, tail_restore and tail_walked. */
void documents_track(struct documents *documents);
void documents_save(struct documents *documents, const struct record_sink *sink);
size_t documents_unsaved(const struct documents *documents);
/* Before any look. 0, or -EINVAL: this cannot be one, or is there already. */
int documents_restore(struct documents *documents, const struct record *record) MUST_CHECK;
/* The first walk is complete: what it did not meet is removed, late (where can_look says that it
 * could have been met). */
void documents_walked(struct documents *documents, int64_t monotonic);
/* Is everything told that was to be told of what the first walk met? */
bool documents_arrived(const struct documents *documents);

#endif
