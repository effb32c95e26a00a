/* The tail room on real temporary files: what the watch does with hints, and what the rules do with
 * lines, in small.
 *
 * A line that is one object counts: by its "id" where it has one, and not if it is repeated without
 * one. Time is the real clock plus what pass_time adds. */
#ifndef TESTS_TAIL_FIXTURE_H
#define TESTS_TAIL_FIXTURE_H

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
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "tail/tail.h"

#define IDS   20000
#define NAMES 4096

struct fixture {
    struct tail *tail;
    char root[64];
    int64_t ahead;      /* ns added to the clock */
    char *known[NAMES]; /* paths that the last walk found */
    size_t known_count;

    /* Up to `opened`: what a save holds together with the records of the room, see
     * tail_restart_fixture.h. */
    uint16_t counted[IDS]; /* by id */
    unsigned ok;
    unsigned bad;
    unsigned repeated;
    unsigned unterminated;
    unsigned too_long;
    unsigned partial;

    unsigned opened;
    unsigned closed;
    unsigned notices;
    uint64_t last_number;
    uint64_t last_offset;
    char last_path[512]; /* of the last line */
    bool refuse_open;
};

static inline int64_t now_of(const struct fixture *fixture)
{
    return clock_monotonic() + fixture->ahead;
}

static inline bool on_open(void *context, struct tail_file *file, void **inout_user)
{
    struct fixture *fixture = context;
    assert_non_null(tail_file_path(file));
    fixture->opened++;
    *inout_user = fixture;
    return !fixture->refuse_open;
}

static inline bool is_object(const char *bytes, size_t length)
{
    return length >= 2 && bytes[0] == '{' && bytes[length - 1] == '}' &&
           !memchr(bytes, '\0', length);
}

static inline bool count_line(struct fixture *fixture, struct tail_file *file,
                              const struct tail_line *line)
{
    const char *id = memmem(line->bytes, line->length, "\"id\":", 5);
    if (!id)
        return !line->repeated;
    unsigned long number = strtoul(id + 5, NULL, 10);
    uint64_t hash = hash_stable(&number, sizeof(number));
    if (!tail_count_id(fixture->tail, tail_file_directory(file), hash))
        return false;
    assert_true(number < IDS);
    fixture->counted[number]++;
    return true;
}

static inline void take_line(struct fixture *fixture, struct tail_file *file,
                             const struct tail_line *line)
{
    fixture->last_number = line->number;
    fixture->last_offset = line->offset;
    snprintf(fixture->last_path, sizeof(fixture->last_path), "%s", tail_file_path(file));
    fixture->repeated += line->repeated;
    if (!is_object(line->bytes, line->length))
        fixture->bad += !line->repeated;
    else if (count_line(fixture, file, line)) {
        fixture->ok++;
        fixture->unterminated += line->unterminated;
    }
}

static inline void on_lines(void *context, struct tail_file *file, const struct tail_line *lines,
                            size_t count)
{
    assert_true(count > 0 && count <= TAIL_LINES_MOST);
    for (size_t i = 0; i < count; i++)
        take_line(context, file, &lines[i]);
}

static inline void on_skip(void *context, struct tail_file *file UNUSED, enum tail_skip reason,
                           uint64_t line_number UNUSED, uint64_t offset UNUSED)
{
    struct fixture *fixture = context;
    if (reason == TAIL_SKIP_TOO_LONG)
        fixture->too_long++;
    else
        fixture->partial++;
}

static inline bool on_is_complete(void *context UNUSED, struct tail_file *file UNUSED,
                                  const char *bytes, size_t length)
{
    return is_object(bytes, length);
}

static inline void on_close(void *context, struct tail_file *file, void *user)
{
    struct fixture *fixture = context;
    assert_ptr_equal(user, fixture);
    assert_ptr_equal(tail_file_user(file), user);
    fixture->closed++;
}

static inline void on_notice(void *context, const char *message UNUSED, const char *path UNUSED,
                             int error UNUSED)
{
    struct fixture *fixture = context;
    fixture->notices++;
}

static inline void begin_tail(struct fixture *fixture, const struct tail_options *options)
{
    const struct tail_handlers handlers = {.context = fixture,
                                           .on_open = on_open,
                                           .on_lines = on_lines,
                                           .on_skip = on_skip,
                                           .is_complete = on_is_complete,
                                           .on_close = on_close,
                                           .on_notice = on_notice};
    fixture->tail = tail_new(&handlers, options);
}

static inline struct fixture *fixture_new_with(const struct tail_options *options)
{
    struct fixture *fixture = memory_zero(1, sizeof(*fixture));
    const char *temporary = getenv("TMPDIR");
    snprintf(fixture->root, sizeof(fixture->root), "%s/test_tail.XXXXXX",
             temporary ? temporary : "/tmp");
    assert_non_null(mkdtemp(fixture->root));
    assert_int_equal(chdir(fixture->root), 0);
    begin_tail(fixture, options);
    return fixture;
}

static inline struct fixture *fixture_new(void)
{
    const struct tail_options options = {0};
    return fixture_new_with(&options);
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

static inline void forget_known(struct fixture *fixture)
{
    for (size_t i = 0; i < fixture->known_count; i++)
        free(fixture->known[i]);
    fixture->known_count = 0;
}

/* Every stream that was opened is closed, and no descriptor is left. */
static inline void fixture_free(struct fixture *fixture)
{
    tail_free(fixture->tail);
    forget_known(fixture);
    assert_int_equal(chdir("/"), 0);
    remove_tree(fixture->root);
    free(fixture);
}

/* The absolute path of a name below the root; valid until the call after the next. */
static inline const char *full(const struct fixture *fixture, const char *name)
{
    static char paths[2][4200];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", fixture->root, name);
    return paths[turn];
}

static inline void turn_all(struct fixture *fixture)
{
    while (tail_turn(fixture->tail, INT64_MAX))
        continue;
}

static inline void look(struct fixture *fixture, const char *name)
{
    tail_look(fixture->tail, full(fixture, name), false, now_of(fixture));
}

static inline void look_closed(struct fixture *fixture, const char *name)
{
    tail_look(fixture->tail, full(fixture, name), true, now_of(fixture));
}

static inline void gone(struct fixture *fixture, const char *name)
{
    tail_gone(fixture->tail, full(fixture, name), now_of(fixture));
}

/* A hint, and all reading that follows from it. */
static inline void read_file(struct fixture *fixture, const char *name)
{
    look(fixture, name);
    turn_all(fixture);
}

/* File times are real: a moment passes, so that they are no longer too new to be relied on. */
static inline void pass_time(struct fixture *fixture, int seconds)
{
    usleep(60 * 1000);
    for (int i = 0; i < seconds; i++) {
        fixture->ahead += NANOSECONDS_PER_SECOND;
        tail_tick(fixture->tail, now_of(fixture));
        turn_all(fixture);
    }
}

static inline void walk(struct fixture *fixture, const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory && (entry = readdir(directory)) != NULL) {
        size_t length = strlen(entry->d_name);
        bool temporary = length > 4 && strcmp(entry->d_name + length - 4, ".tmp") == 0;
        if (entry->d_name[0] == '.' || temporary)
            continue;
        AUTO_FREE char *inner = memory_format("%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR)
            walk(fixture, inner);
        else if (fixture->known_count < NAMES)
            fixture->known[fixture->known_count++] = TAKE(inner);
    }
    if (directory)
        closedir(directory);
}

/* A rescan as the watch does it: a hint for each file that is there, and for each name that is not
 * any more. `order` decides what comes first. */
static inline void rescan_without_reading(struct fixture *fixture, unsigned order)
{
    char *before[NAMES];
    size_t count = fixture->known_count;
    memcpy(before, fixture->known, count * sizeof(char *));
    fixture->known_count = 0;
    walk(fixture, fixture->root);
    for (int phase = 0; phase < 2; phase++) {
        bool looks = (phase == 0) == ((order & 1) == 0);
        for (size_t i = 0; looks && i < fixture->known_count; i++) {
            size_t at = order & 2 ? fixture->known_count - 1 - i : i;
            tail_look(fixture->tail, fixture->known[at], (order & 4) != 0, now_of(fixture));
        }
        for (size_t i = 0; !looks && i < count; i++)
            if (access(before[i], F_OK) < 0)
                tail_gone(fixture->tail, before[i], now_of(fixture));
    }
    for (size_t i = 0; i < count; i++)
        free(before[i]);
}

static inline void rescan(struct fixture *fixture, unsigned order)
{
    rescan_without_reading(fixture, order);
    turn_all(fixture);
}

static inline struct tail_counts counts_of(const struct fixture *fixture)
{
    struct tail_counts counts;
    tail_counts(fixture->tail, &counts);
    return counts;
}

static inline void write_bytes(int descriptor, const char *bytes, size_t length)
{
    assert_int_equal(write(descriptor, bytes, length), (ssize_t)length);
}

static inline void write_text(int descriptor, const char *text)
{
    write_bytes(descriptor, text, strlen(text));
}

static inline int open_append(const char *name)
{
    int descriptor = open(name, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
    assert_true(descriptor >= 0);
    return descriptor;
}

static inline void append_bytes(const char *name, const char *bytes, size_t length)
{
    int descriptor = open_append(name);
    write_bytes(descriptor, bytes, length);
    close(descriptor);
}

static inline void append(const char *name, const char *text)
{
    append_bytes(name, text, strlen(text));
}

/* One line with an id, of a few hundred bytes; valid until the next call. */
static inline const char *event(unsigned id)
{
    static char text[512];
    snprintf(text, sizeof(text),
             "{\"id\":%u,\"event\":{\"event_type\":\"agent_progress\",\"text\":\"%0*u\"}}\n", id,
             40 + (int)(id * 7 % 100), id);
    return text;
}

static inline void append_events(const char *name, unsigned first, unsigned last)
{
    int descriptor = open_append(name);
    for (unsigned id = first; id <= last; id++)
        write_text(descriptor, event(id));
    close(descriptor);
}

/* Half of an event's line, and the other half. */
static inline void append_half(const char *name, unsigned id)
{
    append_bytes(name, event(id), 20);
}

static inline void append_other_half(const char *name, unsigned id)
{
    append(name, event(id) + 20);
}

static inline void append_without_end(const char *name, unsigned id)
{
    append_bytes(name, event(id), strlen(event(id)) - 1);
}

static inline void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(in >= 0 && out >= 0);
    for (ssize_t got; (got = read(in, bytes, sizeof(bytes))) > 0;)
        write_bytes(out, bytes, (size_t)got);
    close(in);
    close(out);
}

#endif
