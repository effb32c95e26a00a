/* The shape of records: which field is the event's name, where its fields begin, which are its time
 * and its id. Judged by names, by how many records have them, and by how many values they take. */
#ifndef INFER_INFER_SHAPE_H
#define INFER_INFER_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "survey/seen.h"

struct infer_shape {
    struct seen_path *types[SEEN_TYPE_PATHS_MOST]; /* the first that is there */
    size_t type_count;
    bool is_message; /* one of them is the message of a log: what that says now and then is no name
                      */
    bool
        is_unnamed; /* no field names events: types[0] is one that records have, whatever it says */
    struct seen_path *body; /* NULL: records themselves */
    struct seen_path *time; /* NULL: none found */
    struct seen_path *id;   /* a candidate, NULL: none; the caller sees whether it is unique */
};

/* `seen` took records without a type. Fills in all but `types`. */
void infer_shape_find(struct infer_shape *shape, struct seen *seen);
/* Adds the field that names the events of the records that `seen` took, which none of those found
 * before does. False: there is none. */
bool infer_shape_add_type(struct infer_shape *shape, struct seen *seen);
/* When the first of them was not found: some field that most records have. False: there is none. */
bool infer_shape_without_type(struct infer_shape *shape, struct seen *seen);

#endif
