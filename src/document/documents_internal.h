/* What the files of this room share: one path with its life, and the room.
 *
 *   hint -> due (a heap by time) -> look: one stat, and what follows from it
 *                                     life     created, removed; news and the memo
 *                                     taking   content: when to read, what became of it
 *                                     closing  who is asked about, in one scan for many
 *
 * A look is idempotent: it does whatever the state of the path and the time call for, and plans
 * the next one. So a path needs one timer at most, and none when it rests. */
#ifndef DOCUMENT_DOCUMENTS_INTERNAL_H
#define DOCUMENT_DOCUMENTS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/map.h"
#include "document/closing.h"
#include "document/documents.h"
#include "document/due.h"
#include "document/refused.h"
#include "document/saving.h"
#include "document/vanished.h"

#define NEVER     INT64_MAX
#define RANK_LAST UINT8_MAX

/* A writer that has not closed is taken to be done after this much rest. */
#define REST_READ NANOSECONDS_PER_SECOND
/* A file for which no close was hinted is asked about after this much. */
#define REST_ASK (10 * NANOSECONDS_PER_SECOND)
/* Where writers cannot be told. */
#define REST_BLIND (60 * NANOSECONDS_PER_SECOND)
/* Between two questions to is_read, and two looks that no close called for. */
#define PAUSE_SHORT (100 * NANOSECONDS_PER_MILLISECOND)
/* Until what cannot be looked at is tried again. */
#define PAUSE_LONG (60 * NANOSECONDS_PER_SECOND)

struct document {
    /* As seen last; of a restored one as saved, until it is looked at. */
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    int64_t modified; /* ns, wall, as the next two */
    int64_t changed;
    int64_t born;  /* 0: unknown */
    uint64_t hash; /* of the content read last, if has_hash */

    /* Monotonic. */
    int64_t rest_since;   /* no change was noticed from then on; of one that is going: gone */
    int64_t next_look;    /* before that only a close calls for a look */
    int64_t next_reading; /* nor is it read before that */
    int64_t retry;        /* what could not be taken is read again, or NEVER */
    int64_t next_question;
    int64_t due; /* of its next look; NEVER: in no heap */

    /* Places from 1, 0 for none. */
    uint32_t due_place;
    uint32_t asked_place;
    uint32_t unsaved_place;
    uint32_t due_order;

    char *memo;
    uint32_t memo_length;
    uint8_t wish; /* enum documents_wish, as are the next */
    uint8_t told;
    uint8_t failed;    /* 1 + enum documents_skip; 0: what was read was taken */
    uint8_t questions; /* that found a writer, since the last hint */
    uint8_t rank;      /* the owner's; RANK_LAST of what is missing after the first walk */

    bool must_ask : 1; /* for the wish */
    bool first : 1;    /* the first walk met it, or is to, and not all of that is told */
    bool alive : 1;
    bool met : 1;    /* seen in this process */
    bool unseen : 1; /* nothing happened to it since it was met */
    bool hidden : 1; /* its root is missing */
    bool going : 1;  /* gone, but lines are still to be read */
    bool hinted : 1; /* since the last look */

    bool has_hash : 1;
    bool read : 1;  /* as it is now, whether taken or not */
    bool racy : 1;  /* ... but so soon after a change that its times prove nothing */
    bool early : 1; /* a name it got a moment ago: likely whole, so worth a reading at once */
    bool close_to_read : 1; /* a close was hinted, and it was not read since */
    bool skip_told : 1;

    bool close_to_ask : 1; /* a close was hinted, and writers were not asked for since */
    bool asked : 1;        /* the scan that runs is asked about it */
    bool close_asked : 1;  /* ... because a close was hinted */
    bool ready : 1;        /* nobody writes it, but lines are still to be read */
    bool stored : 1;       /* the state has, or will have, a record of it */
    char path[];
};

struct documents {
    struct documents_handlers handlers;
    struct documents_options options;
    struct map by_path;
    struct due due;
    struct closing closing;
    struct saving saving;
    struct refused refused;
    struct vanished vanished;

    int64_t now;  /* of this turn, monotonic */
    int64_t wall; /* of this turn */
    int64_t walked_at;
    size_t first_left; /* that are `first` */
    size_t ready_count;
    struct documents_counts counts;
    bool walked;
    bool draining;
};

/* Takes it out of everything, and forgets that there is a record of it. */
void documents_drop(struct documents *documents, struct document *document);
struct document *documents_find(const struct documents *documents, const char *path);
/* There must be none. */
struct document *documents_add(struct documents *documents, const char *path);
/* After each look: if the first walk met it, is that told now? */
void documents_settle(struct documents *documents, struct document *document);
void documents_rank(const struct documents *documents, struct document *document);
/* For how long it rests. */
static inline int64_t document_rest(const struct documents *documents,
                                    const struct document *document)
{
    return documents->now - document->rest_since;
}

#endif
