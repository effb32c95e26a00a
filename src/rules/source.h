/* Sources of a pack: where records lie and how one becomes an event. */
#ifndef RULES_SOURCE_H
#define RULES_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/map.h"
#include "rules/rule_set.h"

#define SOURCES_MOST ((size_t)40) /* without the internal one: a row is compiled for each */

struct compiler;
struct emit;
struct kept_field;
struct path;
struct row;
struct source_event;
struct tree;

/* Alternatives of `type`, `time` and `id`: the first that is there. */
struct source_paths {
    uint32_t *slots;
    size_t count;
};

/* A raw name met lately, so that it need not be brought to its normal form again. */
#define RECENT_NAMES        32
#define RECENT_NAME_LONGEST 39
struct recent_name {
    struct source_event *event; /* NULL: free */
    uint8_t length;
    char bytes[RECENT_NAME_LONGEST];
};

struct rule_source {
    struct rule_source_facts facts; /* its lists are owned here */
    size_t index;

    char **captures; /* names, of all patterns and roots */
    size_t capture_count;

    struct decode_plan *plan;
    struct path *body; /* NULL: records are bodies */
    uint32_t body_slot;
    struct source_paths type;
    struct source_paths time;
    struct source_paths id;

    struct emit **emits; /* in file order */
    size_t emit_count;
    struct kept_field *kept; /* of documents that are removed */
    size_t kept_count;

    /* Rows in pack and file order; and by event name what of them applies. */
    struct row **rows;
    size_t row_count;
    struct clock_minute minute;              /* of the last event */
    struct recent_name recent[RECENT_NAMES]; /* by length and bytes of the raw name */
    struct map events;                       /* struct source_event by normal form of the name */
    struct source_event *other;              /* names past the bound; NULL: none yet */
};

/* Reads `sources:` of the pack under way into the set; the internal source too. */
void sources_compile(struct compiler *compiler, const struct tree *node);
void source_add_internal(struct compiler *compiler);
void source_free(struct rule_source *source);

/* A slot for a path below the body. */
uint32_t source_want_in_body(struct rule_source *source, const char *const *segments, size_t count);
/* The plan of the elements of a list below the body. */
struct decode_plan *source_list_in_body(struct rule_source *source, const char *const *segments,
                                        size_t count);
/* The index of a capture's name, or -1. */
int source_capture(const struct rule_source *source, const char *name);

#endif
