/* The scene: one event while its rows look at it. For files of this room. */
#ifndef RULES_SCENE_H
#define RULES_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "registry/registry.h"
#include "rules/memory.h"

struct rule_source;
struct value;

/* Where bare paths start: the source's body, or the record when it has no such object. */
enum start { START_BODY, START_RECORD, STARTS };

struct rule_file {
    const char *path;
    const char *name;             /* last part of path */
    const char *directory;        /* path without name */
    uint64_t scope_ids[4];        /* by enum memory_scope; SCOPE_PACK is of the source's pack */
    struct label_value *captures; /* in the source's order; text NULL: none */
    size_t capture_count;
};

struct scene {
    const struct rule_file *file;
    const struct value *slots;
    const struct value *element; /* slots of the element inside `each`, else NULL */
    enum start start;
    struct arena *arena;
    bool late;           /* it happened while nobody looked: what time passed is not known */
    struct moment when;  /* event_time is TIME_NONE when the record tells none */
    uint64_t serial;     /* of the event, in this set */
    uint64_t pack_id;    /* of the row's pack */
    const char *missing; /* what the last evaluation did not find, or found unfit */
};

/* The event's time, or its arrival when it tells none. */
static inline int64_t scene_time(const struct scene *scene)
{
    return scene->when.event_time == INT64_MIN ? scene->when.now : scene->when.event_time;
}

/* The memory holds more now than before this event, by `growth`. */
static inline void scene_note_growth(const struct scene *scene, struct memory *memory,
                                     double growth)
{
    memory->growth = growth + (memory->grown_in == scene->serial ? memory->growth : 0);
    memory->grown_in = scene->serial;
}

static inline uint64_t scene_scope_id(const struct scene *scene, enum memory_scope scope)
{
    return scope == SCOPE_PACK ? scene->pack_id : scene->file->scope_ids[scope];
}

#endif
