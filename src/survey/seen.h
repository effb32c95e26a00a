/* The survey room: what was seen of records, in bounded memory. Pure; knows base and decode.
 *
 *   {"type": "done", "ms": 12}, {"type": "done", "ms": 30}, {"type": "begun"}
 *   -> done: 2 records; ms: 2 numbers, 12 to 30, 2 different    begun: 1 record
 *
 * Bounds: SEEN_TYPES_MOST types, SEEN_FIELDS_MOST fields over all types, SEEN_VALUES_MOST values of
 * a record, and those of seen_path.h. What is past one is counted and left out. What is seen does
 * not depend on the order of records, unless a bound is met. */
#ifndef SURVEY_SEEN_H
#define SURVEY_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "decode/decoder.h"
#include "survey/seen_field.h"
#include "survey/seen_path.h"

#define SEEN_TYPES_MOST      ((size_t)500)
#define SEEN_FIELDS_MOST     ((size_t)16384)
#define SEEN_VALUES_MOST     ((size_t)8192)
#define SEEN_TYPE_PATHS_MOST ((size_t)4)
#define SEEN_TYPE_LONGEST    ((size_t)256)

struct seen;

/* Writes the form in which names of one event are equal; returns its length, at most that of the
 * name. */
typedef size_t (*seen_normal)(const char *name, size_t length, char *ret_normal);

struct seen_type {
    char *name; /* as first seen; "" for records without a type */
    size_t length;
    uint64_t records;
    bool is_plain;              /* plain_name.h: else the name is not to be shown */
    struct seen_field **fields; /* by path's index; NULL: not seen */
    uint32_t capacity;
    size_t normal_length;
    char normal[];
};

struct seen_totals {
    uint64_t records;
    uint64_t untyped; /* of them, without a type */
    uint64_t not_objects;
    uint64_t malformed;
    uint64_t too_deep;
    uint64_t types_left_out;  /* records of types past SEEN_TYPES_MOST */
    uint64_t values_left_out; /* past SEEN_FIELDS_MOST or SEEN_VALUES_MOST */
    uint64_t repeated_ids;    /* of the path of seen_watch_id: values that were there before */
    uint64_t ids;
};

struct seen *seen_new(seen_normal normal);
void seen_free(struct seen *seen);

/* A record's type is the text at the first of these paths at which there is one. None, as at
 * first: no record has a type. Forgets all that was seen but the paths. */
void seen_begin(struct seen *seen, struct seen_path *const *type_paths, size_t count);
/* Records with a text at one of these paths are passed over, uncounted. */
void seen_pass_over(struct seen *seen, struct seen_path *const *paths, size_t count);
/* Are the values at this path all different? As far as uniques.h remembers them. */
void seen_watch_id(struct seen *seen, struct seen_path *path);

/* Takes one record. `type`: its type if that is known elsewhere, else NULL. */
enum decode_result seen_take(struct seen *seen, const char *line, size_t length, const char *type,
                             size_t type_length);

const struct seen_totals *seen_totals(const struct seen *seen);
const struct seen_paths *seen_paths_of(const struct seen *seen);
/* Types by falling number of records, then by name; those without records are left out. To be
 * called when nothing more is taken. */
struct seen_type *const *seen_types(struct seen *seen, size_t *ret_count);
/* NULL: not seen there. */
const struct seen_field *seen_type_field(const struct seen_type *type,
                                         const struct seen_path *path);

#endif
