/* tail_tick: what time alone decides.
 *
 * A held stream ends, and an unterminated rest is judged, when no writer is left. For a file
 * without any name a lease tells: it is only granted where nobody writes. For one that still has a
 * name no lease is ever taken, since that would make others' open wait; /proc tells. Where neither
 * can, rest of the file for some time has to do. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "base/clock.h"
#include "tail/held.h"
#include "tail/inflated.h"
#include "tail/rest.h"
#include "tail/retention.h"
#include "tail/stream.h"
#include "tail/turn.h"
#include "tail/writers.h"

/* A file that was not seen to be closed counts as closed after this, if nobody has it open. */
#define CLOSED_REST (10 * NANOSECONDS_PER_SECOND)
/* A named file is taken as finished after this if writers cannot be told; a name that is gone may
 * come back as another one for as long. */
#define NAMED_REST (60 * NANOSECONDS_PER_SECOND)
/* State of inflating is given back after this. */
#define INFLATED_REST (10 * NANOSECONDS_PER_SECOND)
/* Of a tick, for the scan of /proc. */
#define SCAN_BUDGET (5 * NANOSECONDS_PER_MILLISECOND)

static bool is_closed(const struct tail_file *file, int64_t now)
{
    return file->closed || file->moved || file->unlinked || now - file->rest_since >= CLOSED_REST;
}

static bool wants_scan(const struct tail_file *file, int64_t now)
{
    if (!list_is_empty(&file->turn))
        return false;
    if (file->state == STREAM_FOLLOWED)
        return stream_has_rest(file) && !file->judged && is_closed(file, now);
    return file->descriptor >= 0 && (!file->unlinked || file->no_lease);
}

/* Begins a scan if a stream wants one. */
static void begin_scan(struct tail *tail, int64_t now)
{
    bool begun = false;
    for (struct list *link = tail->unsettled.next; link != &tail->unsettled; link = link->next) {
        const struct tail_file *file = list_item(link, struct tail_file, unsettled);
        if (!wants_scan(file, now))
            continue;
        if (!begun)
            writers_begin(tail->writers);
        begun = true;
        writers_want(tail->writers, file->record.identity.device, file->inode);
    }
    if (begun)
        tail->scan_begun = now;
}

/* True: a scan was finished just now. */
static bool scan(struct tail *tail, int64_t now)
{
    if (writers_due(tail->writers, now))
        begin_scan(tail, now);
    return writers_scanning(tail->writers) && writers_step(tail->writers, SCAN_BUDGET);
}

/* The lease is given back at once. Should somebody open the file in between, the kernel's signal
 * is one that is ignored unless asked for. */
static enum writers_answer ask_lease(int descriptor)
{
    if (fcntl(descriptor, F_SETSIG, SIGURG) < 0)
        return WRITERS_UNKNOWN;
    if (fcntl(descriptor, F_SETLEASE, F_RDLCK) < 0)
        return errno == EAGAIN ? WRITERS_SOME : WRITERS_UNKNOWN;
    (void)fcntl(descriptor, F_SETLEASE, F_UNLCK);
    return WRITERS_NONE;
}

static enum writers_answer ask_writers(struct tail *tail, struct tail_file *file,
                                       const struct facts *facts, bool scanned)
{
    if (file->state == STREAM_HELD && file->unlinked && !file->no_lease) {
        enum writers_answer answer = ask_lease(file->descriptor);
        if (answer != WRITERS_UNKNOWN)
            return answer;
        file->no_lease = true;
    }
    /* What changed while the scan went on may have found a writer behind its back. */
    if (!scanned || file->rest_since > tail->scan_begun)
        return WRITERS_NOT_ASKED;
    return writers_answer(tail->writers, facts->device, facts->inode, facts->owner);
}

static bool no_writer_left(struct tail *tail, struct tail_file *file, const struct facts *facts,
                           bool scanned)
{
    int64_t enough = facts->links == 0 ? tail->options.max_held_time : NAMED_REST;
    enum writers_answer answer = ask_writers(tail, file, facts, scanned);
    if (answer == WRITERS_UNKNOWN)
        return tail->now - file->rest_since >= enough;
    return answer == WRITERS_NONE;
}

/* True: nothing is new. False: it was dealt with. */
static bool is_at_rest(struct tail *tail, struct tail_file *file, struct facts *ret_facts)
{
    int r = file->descriptor >= 0 ? facts_of_descriptor(file->descriptor, ret_facts)
                                  : facts_of_path(file->name->path, ret_facts);
    if (r < 0) {
        /* Of a followed stream a hint will tell. */
        if (file->state == STREAM_HELD)
            held_give_up(tail, file);
        return false;
    }
    if (ret_facts->inode != file->inode)
        return false; /* the name is another file's, as a hint will tell */
    if (stream_note_facts(tail, file, ret_facts, tail->now) || file->read_end < ret_facts->size) {
        turn_queue(tail, file);
        return false;
    }
    file->unlinked = ret_facts->links == 0;
    return true;
}

static void settle_followed(struct tail *tail, struct tail_file *file)
{
    if (file->descriptor < 0) {
        turn_queue(tail, file);
        return;
    }
    enum rest_result result = rest_judge(tail, file);
    if (result == REST_INCOMPLETE && file->moved)
        rest_tell_partial(tail, file);
    if (result != REST_LATER)
        list_remove(&file->unsettled);
}

static void consider(struct tail *tail, struct tail_file *file, bool scanned)
{
    struct facts facts;
    bool followed = file->state == STREAM_FOLLOWED;
    if (!list_is_empty(&file->turn))
        return;
    if (followed && (!stream_has_rest(file) || file->judged)) {
        list_remove(&file->unsettled);
        return;
    }
    if (!followed && file->descriptor < 0) {
        if (tail->now - file->rest_since >= NAMED_REST)
            held_give_up(tail, file);
        return;
    }
    if (!is_at_rest(tail, file, &facts) || (followed && !is_closed(file, tail->now)))
        return;
    if (!no_writer_left(tail, file, &facts, scanned))
        return;
    if (followed)
        settle_followed(tail, file);
    else
        held_end(tail, file);
}

static void free_idle_inflated(struct tail *tail)
{
    struct tail_file *file;
    while ((file = inflated_oldest(tail)) != NULL && list_is_empty(&file->turn) &&
           list_is_empty(&file->unsettled) && tail->now - file->rest_since >= INFLATED_REST)
        inflated_free(tail, file);
}

void tail_tick(struct tail *tail, int64_t monotonic_now)
{
    tail->now = monotonic_now;
    turn_retry(tail);
    bool scanned = scan(tail, monotonic_now);
    for (struct list *link = tail->unsettled.next; link != &tail->unsettled;) {
        struct tail_file *file = list_item(link, struct tail_file, unsettled);
        link = link->next;
        consider(tail, file, scanned);
    }
    held_keep_cap(tail);
    free_idle_inflated(tail);
    retention_tick(tail);
}
