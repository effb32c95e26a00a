/* Where a file of a test would lie: which sources of the rules it is of.
 *
 *   "demo/job-1/events-1.jsonl"  ->  source "events" of prodigy, path "/events/demo/job-1/..."
 *
 * The name is the path below a source's root. Of each pack the first source whose pattern fits
 * takes it, as in `run`; with `source` only those of that name do. */
#ifndef PACKTEST_PACK_TEST_PLACE_H
#define PACKTEST_PACK_TEST_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct followed;
struct path_pattern;
struct rule_set;
struct rule_source;

#define PACK_TEST_PLACE_SOURCES ((size_t)40)

struct pack_test_place {
    const char *name; /* not owned */
    char *path;       /* absolute: behind the last part of the first source's root */
    unsigned wish;    /* bits of enum documents_wish */
    bool is_document; /* some of its sources read it as a document */
    size_t count;
    struct {
        struct rule_source *source;
        size_t index;
        const struct path_pattern *pattern;
    } sources[PACK_TEST_PLACE_SOURCES];
};

/* `source` may be NULL. False: no source takes it. */
bool pack_test_place_find(const struct rule_set *rules, const char *name, const char *source,
                          struct pack_test_place *ret_place) MUST_CHECK;
void pack_test_place_free(struct pack_test_place *place);

/* The file as the sources see it that read its lines, or (`emits`) those that emit events; NULL:
 * none does. The caller frees with followed_free. */
struct followed *pack_test_place_follow(const struct pack_test_place *place, bool emits,
                                        uint64_t file_id, uint64_t directory_id);

#endif
