/* The tail room: one file each -> whole lines, in order, exactly once; fair turns between files.
 *
 * A stream is one generation of a file: identity (device + name_to_handle_at, else inode + birth
 * time), offset just behind an LF, hash of the first line, length and hash of the last counted
 * line (the marker). Names are only where streams were last seen. What happens to a name:
 *
 *   F grows                        -> the stream goes on at its offset
 *   F is another file now          -> the old stream is held (drained until no writer is left), the
 *                                     new one starts at 0
 *   F is shorter, or the marker no longer fits -> the stream starts again at 0; its directory's
 *                                     ids are checked from then on
 *   F's stream is found under another name -> it moves there; nothing is read again
 *   F was unlinked, and no writer is left  -> the stream ends
 *
 * Knows neither JSON nor metrics: whether an unterminated tail is a complete object, and whether a
 * line's id was counted, the owner tells through callbacks and tail/ids.h.
 *
 * Lines: end at LF; a CR before it, leading NULs, and a UTF-8 BOM at offset 0 are taken off; blank
 * lines (only space, tab, CR) are no lines. Holes (leading NULs) are skipped with SEEK_DATA.
 * Content that starts with 1f 8b is gzip, whatever the name; then offsets count plain bytes.
 *
 * A file that is met empty, and was not written for a day, is no stream until it grows.
 *
 * Errors never stop a file; they are told once by on_notice. Bounds: descriptors open at a time
 * (least recently used quiet ones are closed and reopened by identity), bytes and count of held
 * streams, length of a line. Memory: one shared buffer; a quiet stream costs about 400 bytes and
 * its path. */
#ifndef TAIL_TAIL_H
#define TAIL_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct record;
struct record_sink;
struct tail;
struct tail_file;      /* one stream */
struct tail_directory; /* the directory a stream lies in: scope of ids, see ids.h */

enum tail_skip {
    TAIL_SKIP_TOO_LONG, /* a line over max_line_bytes */
    TAIL_SKIP_PARTIAL   /* an unterminated rest that nobody will go on with: its file is gone or was
                         * rotated, and no writer is left */
};

#define TAIL_LINES_MOST ((size_t)1024) /* handed out at a time */

struct tail_line {
    const char *bytes; /* without its end; valid during the call; not NUL-terminated */
    size_t length;
    uint64_t number;   /* from 1 within the stream */
    uint64_t offset;   /* of its first byte */
    bool repeated;     /* counted before, so without an id it must not be counted again: identical
                        * to a line of the stream that this one replaced by rename, or read again
                        * behind a hole that was filled. May be false where every line before had an
                        * id that was given to tail_count_id. */
    bool unterminated; /* taken without LF, since no writer is left */
};

/* Called from within tail_look, tail_turn, tail_tick, tail_drain and tail_free. They may call
 * tail_count_id and the functions on a stream, nothing else of this room. */
struct tail_handlers {
    void *context;
    /* A stream starts, or moved to another path (tail_file_path is the new one): *inout_user is
     * kept for it. False: not wanted; a new stream is then forgotten without on_close, a moved one
     * ends as if its file were gone, under its old path. */
    bool (*on_open)(void *context, struct tail_file *file, void **inout_user);
    /* Lines of one stream, one or many, in order; at most TAIL_LINES_MOST. */
    void (*on_lines)(void *context, struct tail_file *file, const struct tail_line *lines,
                     size_t count);
    void (*on_skip)(void *context, struct tail_file *file, enum tail_skip reason,
                    uint64_t line_number, uint64_t offset);
    /* Is this unterminated rest a complete record by itself? */
    bool (*is_complete)(void *context, struct tail_file *file, const char *bytes, size_t length);
    /* The stream ends for good (file gone, drained, no writer left): `user` may be freed. */
    void (*on_close)(void *context, struct tail_file *file, void *user);
    void (*on_notice)(void *context, const char *message, const char *path, int error);
};

/* Where the ids of committed saves are (the state room); `holds` is asked only of directories that
 * need the check. None: all ids stay in memory, within id_memory. */
struct tail_archive {
    void *context;
    bool (*holds)(void *context, uint64_t directory, uint64_t id);
    void (*join)(void *context, uint64_t to, uint64_t from); /* what `from` has now, `to` has too */
    void (*forget)(void *context, uint64_t directory);
};

struct tail_options {
    size_t max_line_bytes; /* 0: 16 MiB */
    size_t max_open_files; /* 0: 512 */
    size_t max_held_files; /* 0: 256 */
    int64_t max_held_time; /* ns without growth where writers cannot be told; 0: 10 min */
    size_t id_memory;      /* bytes for ids of all directories; 0: 64 MiB */
    size_t chunk_bytes;    /* read at a time and turn; 0: 256 KiB */
    bool is_one_id_set;    /* an id counts once over all directories, not once in each */
    const struct tail_archive *archive; /* copied; NULL: nothing is saved */
    int64_t retention; /* ns: what is kept of streams and directories without files; 0: 45 d.
                          Of streams at most the 65,536 that are missing for the shortest time. */
};

struct tail_counts {
    uint64_t bytes, lines;
    uint64_t truncations_read, truncations_unread;
    uint64_t ambiguous_rewrites;
    uint64_t given_up_cap, given_up_vanished;
    size_t followed, held, open;
    uint64_t lag_bytes;
    size_t ids_in_memory;
    size_t id_bytes;                  /* that they take */
    uint64_t directories_without_ids; /* whose ids were dropped at id_memory */
};

struct tail *tail_new(const struct tail_handlers *handlers,
                      const struct tail_options *options) MUST_CHECK;
/* Ends all streams (on_close for each); nothing is read any more. */
void tail_free(struct tail *tail);

/* A hint about an absolute path: identify the file there, queue it for reading, and also all open
 * streams last known under that name. Cheap when nothing changed (one stat). */
void tail_look(struct tail *tail, const char *path, bool closed, int64_t monotonic_now);
/* The name is gone: its stream is held and drained. */
void tail_gone(struct tail *tail, const char *path, int64_t monotonic_now);
/* As tail_gone for every stream below this directory. */
void tail_directory_gone(struct tail *tail, const char *path, int64_t monotonic_now);

/* Reads queued streams in turns, at most one chunk each, until `budget_ns` of monotonic time is
 * used or nothing is queued. In order of arrival; but the first catch-up begins with the directory
 * that was written last, and reads the files of one directory one after another, the oldest
 * first. True: more is queued. */
bool tail_turn(struct tail *tail, int64_t budget_ns);
/* Timed work: held streams whose writer left, unterminated tails whose file rests, reopening after
 * permission errors. To be called about once a second. */
void tail_tick(struct tail *tail, int64_t monotonic_now);
/* Reads everything to its end now, taking unterminated complete rests as lines: for `once`. */
void tail_drain(struct tail *tail);

/* Of a stream, during callbacks and until on_close. */
const char *tail_file_path(const struct tail_file *file);
void *tail_file_user(const struct tail_file *file);
uint64_t tail_file_id(const struct tail_file *file); /* unique, also over restarts */
struct tail_directory *tail_file_directory(const struct tail_file *file);
uint64_t tail_directory_id(const struct tail_directory *directory); /* as that */
/* Walk all streams (user pointers get renewed at a reload): *position = 0 first, NULL at the end.
 */
struct tail_file *tail_next_file(const struct tail *tail, size_t *position);
void tail_file_set_user(struct tail_file *file, void *user);

/* Counts this id (hash_stable of its text) for the directory. True: it was not counted before, or
 * the directory needs no check yet (a single stream that only grew: ids are then only appended).
 * False: counted before, skip the line. */
bool tail_count_id(struct tail *tail, struct tail_directory *directory, uint64_t id);

void tail_counts(const struct tail *tail, struct tail_counts *ret_counts);

/* --- What must survive a restart (RECORD_DIRECTORY, RECORD_STREAM, and ids) --------------------
 *
 * Of a stream: which file, how much of it was counted, and what was seen of it then; of a directory
 * its path, whether ids are checked, and which directory it was. All of one save is of one moment:
 * after a crash the room goes on from the last commit, and what was read since is read again, with
 * ids and offsets that agree. Without an archive nothing is tracked, and all of these do nothing.
 *
 * Between a save and tail_saved an unlinked stream that ended keeps its descriptor (64 of them at
 * most), and ids stay in memory (within id_memory): what is counted but not committed can still be
 * looked at, or looked up.
 *
 * When a restored stream's file is looked at (by whatever name it is found):
 *   identity, size and times are those saved   -> it goes on, and nothing is read
 *   something is unread, or differs            -> first line, marker and size are verified; it goes
 *                                                 on at its offset, or starts again at 0
 *   the file system has another device number  -> as the last, if the rest of the identity fits
 *   another file has its name                  -> that one starts at 0; where first line and marker
 *                                                 of the old one stand in it, what lies before
 *                                                 counts as repeated, else ambiguous_rewrites does
 * Its directory's check, the ids counted there, and ids of directories renamed meanwhile hold on.
 */

/* Puts what changed since the last save (at first everything), and ids counted since. Costs by what
 * changed: about 1 us a record. */
void tail_save(struct tail *tail, const struct record_sink *sink);
/* The last save is committed: what it held on to may go. Saves that were not told of before are
 * committed with it. */
void tail_saved(struct tail *tail);
/* Takes a record back, before any look; directories before streams. 0, or -EINVAL: this cannot be
 * one, or is there already. A restored stream is not told of (on_open) before its file is met. It
 * keeps its id, unless its owner was told of its end (on_close) before the restart. */
int tail_restore(struct tail *tail, const struct record *record) MUST_CHECK;
/* The first walk is complete: what it did not meet is missing from now on, and forgotten after
 * `retention`, in bounded steps of tail_tick: streams, and directories with their ids when nothing
 * was in them for as long. Time counts while the program runs, by monotonic_now of tail_tick;
 * between two runs by the wall clock, at most a sixteenth of the retention (and a day) each time.
 * What lies where nobody may look is not missing. Opens the files written last, as far as
 * max_open_files allow, so that they can be read on if they lose their name. */
void tail_walked(struct tail *tail, int64_t wall_now);
/* Ids counted that are in no committed save. */
size_t tail_unsaved_ids(const struct tail *tail);
/* Records that the next save has to put. */
size_t tail_unsaved_records(const struct tail *tail);

/* --- The first catch-up: to the ends of the files as they were at tail_aim -------------------- */
struct tail_progress {
    uint64_t bytes_total; /* that were to be read; of compressed files as they are on disk */
    uint64_t bytes_left;
    size_t files_left;
};
/* Aims at the ends of what is queued now. What is appended later is not waited for, nor a file that
 * cannot be read; of one that is truncated what is left. Only the first call counts. */
void tail_aim(struct tail *tail);
/* True: reached, and from then on for ever. False before tail_aim. */
bool tail_arrived(const struct tail *tail, struct tail_progress *ret_progress);

/* --- For the operator ------------------------------------------------------------------------- */
struct tail_file_facts {
    uint64_t offset; /* of the content counted */
    uint64_t size;
    uint64_t bytes_behind;
    uint64_t lines;
    uint64_t device;
    uint64_t inode;
    int64_t modified; /* ns, wall: as last looked at */
    bool held;
    bool open;
    bool unlinked;
    bool compressed;
    bool checked; /* ids of its directory are looked up */
    bool failed;  /* cannot be read now */
};
void tail_file_facts(const struct tail_file *file, struct tail_file_facts *ret_facts);

/* --- For who follows the lives of the same files -----------------------------------------------
 */

/* Is everything counted or told that lies in the files of this name, and in those that lost it? */
bool tail_is_read(const struct tail *tail, const char *path);
/* The id of the directory that this path is in, 0 when none of its files is known. */
uint64_t tail_directory_id_at(const struct tail *tail, const char *path);

#endif
