/* The document room on real temporary files: what the watch does with hints, and what the rules do
 * with news, in small.
 *
 * News become a journal, one word each, in order:
 *
 *   +NAME created   =NAME:TEXT content   .NAME closed   -NAME removed   !NAME:REASON skipped
 *
 * with "~" behind what is late. A content that does not end with '}' is half written. The memo
 * gathers what was told of a life ("+==."), so that a test sees that it is kept, and lost with it.
 * Monotonic time is the real one plus what pass_time adds. The wall clock is real, as the times of
 * files are, unless a test sets it ahead: then files are old. */
#ifndef TESTS_DOCUMENT_FIXTURE_H
#define TESTS_DOCUMENT_FIXTURE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "document/documents.h"
#include "record_fixture.h"

#define SECOND      NANOSECONDS_PER_SECOND
#define MILLISECOND NANOSECONDS_PER_MILLISECOND
/* After a scan of /proc the next one may begin, however long it took. */
#define LONG (60 * SECOND)
#define ALL  (DOCUMENTS_CREATED | DOCUMENTS_CONTENT | DOCUMENTS_CLOSED | DOCUMENTS_REMOVED)

struct fixture {
    struct documents *documents;
    struct documents_options options;
    struct shelf shelf;
    char root[64];
    int64_t ahead;      /* ns added to the monotonic clock */
    int64_t wall_ahead; /* and to the wall clock */

    unsigned wish;               /* of every path */
    enum documents_skip refusal; /* of half written content */
    bool is_unread;
    bool is_rootless;
    bool is_ranked;

    struct text journal;
    int64_t last_time; /* of the last news */
    char last_memo[256];
    size_t contents;
    size_t wishes;
    size_t questions; /* of is_read */
};

/* --- Time ------------------------------------------------------------------------------------- */

static inline int64_t now_of(const struct fixture *fixture)
{
    return clock_monotonic() + fixture->ahead;
}

static inline int64_t wall_of(const struct fixture *fixture)
{
    return clock_wall() + fixture->wall_ahead;
}

/* All that is due. */
static inline void turn(struct fixture *fixture)
{
    while (documents_turn(fixture->documents, now_of(fixture), wall_of(fixture), SECOND))
        continue;
}

/* As time goes by: the room is called when it wants to be. */
static inline void pass_time(struct fixture *fixture, int64_t time)
{
    int64_t end = now_of(fixture) + time;
    for (;;) {
        turn(fixture);
        int64_t next = documents_next(fixture->documents);
        int64_t now = now_of(fixture);
        if (next >= end)
            break;
        fixture->ahead += next > now ? next - now : MILLISECOND;
    }
    if (end > now_of(fixture))
        fixture->ahead += end - now_of(fixture);
    turn(fixture);
}

/* --- The room and its owner ------------------------------------------------------------------- */

static inline unsigned on_wish(void *context, const char *path UNUSED)
{
    struct fixture *fixture = context;
    fixture->wishes++;
    return fixture->wish;
}

static inline const char *name_in(const struct fixture *fixture, const char *path)
{
    size_t length = strlen(fixture->root);
    assert_true(strncmp(path, fixture->root, length) == 0);
    return path + length + 1;
}

static inline void note(struct fixture *fixture, const struct documents_news *news)
{
    static const char signs[] = "+=.-";
    text_printf(&fixture->journal, "%s%c%s", fixture->journal.length ? " " : "", signs[news->sight],
                name_in(fixture, news->path));
    if (news->sight == DOCUMENT_CONTENT)
        text_printf(&fixture->journal, ":%.*s",
                    news->content.length < 64 ? (int)news->content.length : 64, news->content.data);
    if (news->late)
        text_append_char(&fixture->journal, '~');
}

static inline enum documents_taken on_news(void *context, const struct documents_news *news,
                                           struct text *ret_memo, enum documents_skip *ret_reason)
{
    struct fixture *fixture = context;
    assert_int_equal(ret_memo->length, 0);
    fixture->contents += news->sight == DOCUMENT_CONTENT;
    if (news->sight == DOCUMENT_CONTENT && news->content.data[news->content.length - 1] != '}') {
        *ret_reason = fixture->refusal;
        return DOCUMENTS_NOT_YET;
    }
    note(fixture, news);
    fixture->last_time = news->time;
    text_append(ret_memo, news->memo.data, news->memo.length);
    text_append_char(ret_memo, "+=.-"[news->sight]);
    snprintf(fixture->last_memo, sizeof(fixture->last_memo), "%s",
             ret_memo->data ? ret_memo->data : "");
    return DOCUMENTS_TAKEN;
}

static inline bool on_is_read(void *context, const char *path UNUSED)
{
    struct fixture *fixture = context;
    fixture->questions++;
    return !fixture->is_unread;
}

static inline bool on_can_look(void *context, const char *path UNUSED)
{
    const struct fixture *fixture = context;
    return !fixture->is_rootless;
}

static inline void on_skip(void *context, const char *path, enum documents_skip reason, int error)
{
    static const char *const names[] = {"empty",      "malformed",  "long",    "deep",
                                        "not-object", "unreadable", "too-many"};
    struct fixture *fixture = context;
    assert_true((error != 0) == (reason == DOCUMENT_UNREADABLE));
    text_printf(&fixture->journal, "%s!%s:%s", fixture->journal.length ? " " : "",
                name_in(fixture, path), names[reason]);
}

/* By the last letter of the name. */
static inline uint8_t on_rank(void *context, const char *path)
{
    const struct fixture *fixture = context;
    return fixture->is_ranked ? (uint8_t)path[strlen(path) - 1] : 0;
}

static inline void begin(struct fixture *fixture)
{
    const struct documents_handlers handlers = {.context = fixture,
                                                .wish = on_wish,
                                                .rank = on_rank,
                                                .on_news = on_news,
                                                .is_read = on_is_read,
                                                .can_look = on_can_look,
                                                .on_skip = on_skip};
    fixture->documents = documents_new(&handlers, &fixture->options);
}

static inline int set_up(void **state)
{
    struct fixture *fixture = memory_zero(1, sizeof(*fixture));
    const char *temporary = getenv("TMPDIR");
    snprintf(fixture->root, sizeof(fixture->root), "%s/test_documents.XXXXXX",
             temporary ? temporary : "/tmp");
    assert_non_null(mkdtemp(fixture->root));
    assert_int_equal(chdir(fixture->root), 0);
    fixture->wish = ALL;
    fixture->refusal = DOCUMENT_MALFORMED;
    text_init(&fixture->journal, TEXT_UNLIMITED);
    begin(fixture);
    documents_walked(fixture->documents, now_of(fixture));
    *state = fixture;
    return 0;
}

static inline void remove_tree(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        AUTO_FREE char *inner = memory_format("%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR)
            remove_tree(inner);
        else
            unlink(inner);
    }
    if (directory)
        closedir(directory);
    rmdir(path);
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;
    documents_free(fixture->documents);
    shelf_free(&fixture->shelf);
    text_free(&fixture->journal);
    assert_int_equal(chdir("/"), 0);
    remove_tree(fixture->root);
    free(fixture);
    return 0;
}

/* --- Files and hints -------------------------------------------------------------------------- */

/* The absolute path of a name below the root; valid until the call after the next. */
static inline const char *full(const struct fixture *fixture, const char *name)
{
    static char paths[2][4200];
    static int last;
    last = !last;
    snprintf(paths[last], sizeof(paths[last]), "%s/%s", fixture->root, name);
    return paths[last];
}

static inline void put_file(const char *name, const char *text)
{
    int descriptor = open(name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    close(descriptor);
}

/* Its times are so much older than now. (The change time is the kernel's, and cannot be set.) */
static inline void age_file(const char *name, int64_t seconds)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const struct timespec times[2] = {{now.tv_sec - seconds, 0}, {now.tv_sec - seconds, 0}};
    assert_int_equal(utimensat(AT_FDCWD, name, times, 0), 0);
}

static inline void hint(struct fixture *fixture, const char *name)
{
    documents_look(fixture->documents, full(fixture, name), false, now_of(fixture));
}

static inline void hint_closed(struct fixture *fixture, const char *name)
{
    documents_look(fixture->documents, full(fixture, name), true, now_of(fixture));
}

static inline void hint_gone(struct fixture *fixture, const char *name)
{
    documents_gone(fixture->documents, full(fixture, name), now_of(fixture));
}

/* Written, closed, and told of as inotify does. */
static inline void write_file(struct fixture *fixture, const char *name, const char *text)
{
    put_file(name, text);
    hint_closed(fixture, name);
    turn(fixture);
}

static inline void remove_file(struct fixture *fixture, const char *name)
{
    unlink(name);
    hint_gone(fixture, name);
    turn(fixture);
}

/* --- What came of it -------------------------------------------------------------------------- */

static inline struct documents_counts counts_of(const struct fixture *fixture)
{
    struct documents_counts counts;
    documents_counts(fixture->documents, &counts);
    return counts;
}

/* What was told since the last call. */
static inline void assert_told_at(struct fixture *fixture, const char *expected, const char *file,
                                  int line)
{
    const char *told = fixture->journal.length ? fixture->journal.data : "";
    if (strcmp(told, expected) != 0) {
        print_error("%s:%d: told \"%s\", expected \"%s\"\n", file, line, told, expected);
        _fail(file, line);
    }
    text_clear(&fixture->journal);
}
#define assert_told(fixture, expected) assert_told_at(fixture, expected, __FILE__, __LINE__)

/* --- Restarts --------------------------------------------------------------------------------- */

static inline void save(struct fixture *fixture)
{
    struct record_sink sink = shelf_sink(&fixture->shelf);
    documents_save(fixture->documents, &sink);
    shelf_commit(&fixture->shelf);
}

static inline int on_restore(void *context, const struct record *record)
{
    return documents_restore(context, record);
}

/* Hints for all that is there, as the first walk gives them. */
static inline void walk(struct fixture *fixture)
{
    DIR *directory = opendir(fixture->root);
    struct dirent *entry;
    while (directory && (entry = readdir(directory)) != NULL)
        if (entry->d_type == DT_REG)
            hint(fixture, entry->d_name);
    if (directory)
        closedir(directory);
    documents_walked(fixture->documents, now_of(fixture));
}

/* The process ends, without a last save. */
static inline void stop(struct fixture *fixture)
{
    documents_free(fixture->documents);
    fixture->documents = NULL;
}

static inline void start(struct fixture *fixture)
{
    begin(fixture);
    documents_track(fixture->documents);
    assert_int_equal(shelf_each(&fixture->shelf, on_restore, fixture->documents), 0);
    walk(fixture);
    turn(fixture);
}

static inline void restart(struct fixture *fixture)
{
    save(fixture);
    stop(fixture);
    start(fixture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
