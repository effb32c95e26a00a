/* The record of a series (RECORD_SERIES): all that a series is, as bytes. For the files of this
 * room.
 *
 * key    hash of the family's definition, label text
 * value  state, flags, value, last event, arrival · detail of the type · birth
 *
 * Later versions append to the value; what follows is not looked at. */
#ifndef REGISTRY_SERIES_RECORD_H
#define REGISTRY_SERIES_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/record.h"
#include "registry/registry_internal.h"

/* The numbers are those of the records. */
enum saved_state {
    SAVED_SHOWN = 0,
    SAVED_HIDDEN = 1,
    SAVED_LEFT = 2,   /* not in memory: to be recalled */
    SAVED_DROPPED = 3 /* from registry_save_all only: its record is still to go */
};

/* A series out of memory. Owns what it points at. */
struct series_record {
    enum saved_state state;
    bool is_fold;
    bool is_unsaved; /* from registry_save_all only: no commit holds it yet */
    double value;
    int64_t last_event;
    uint32_t arrival;
    uint64_t *counts; /* histogram */
    uint64_t count;   /* summary */
    struct rate *rate;
    struct summary_window *window;
    bool is_born;
    struct birth birth; /* without its series */
};

/* For a save: a birth that everybody has seen is put as let go. */
void series_record_write(const struct series *series, enum saved_state state, struct text *out);
/* For registry_save_all: it goes on, since that is not committed. */
void series_record_write_unsaved(const struct series *series, enum saved_state state,
                                 bool is_unsaved, struct text *out);
void series_record_write_dropped(struct text *out);

/* 0, or -EINVAL with *ret_record untouched: this cannot be one of the family. */
int series_record_read(const struct family *family, struct bytes value,
                       struct series_record *ret_record) MUST_CHECK;
void series_record_free(struct series_record *record);
/* Makes the series (in any state, which stays) what the record tells; takes out of it what moves.
 * What it was before is gone. */
void series_record_take(struct series_record *record, struct series *series);

#endif
