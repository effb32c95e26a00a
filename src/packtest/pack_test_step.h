/* One step of a case: what happens, or what is expected. */
#ifndef PACKTEST_PACK_TEST_STEP_H
#define PACKTEST_PACK_TEST_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/text.h"
#include "packtest/sample_list.h"

struct diagnostics;
struct rulebook;
struct tree;

enum pack_test_kind {
    STEP_LINES,
    STEP_DOCUMENT,
    STEP_CREATED,
    STEP_CLOSED,
    STEP_REMOVED,
    STEP_SAMPLED,
    STEP_AFTER,
    STEP_EXPECT
};

struct pack_test_step {
    enum pack_test_kind kind;
    const struct tree *where;

    /* Of what happens to a file. */
    const char *file;
    const char *source; /* or NULL */
    bool late;
    struct text content; /* lines, each with its end; a document; samples of the exporter */

    int64_t pause; /* of STEP_AFTER, ns */

    /* Of STEP_EXPECT; NULL: not there. */
    const struct tree *expect;
    struct sample_list expected;
    const struct tree *exact;
    const struct tree *absent;
    struct sample_list absences; /* of absent: those with labels, and metrics without */
    const struct tree *skipped;
    const struct tree *unmatched;
};

/* What a step is read with. */
struct pack_test_reader {
    struct diagnostics *diagnostics;
    const struct rulebook *rulebook;
    const char *path; /* of the test: other files are named from its directory */
};

/* All mistakes go to the diagnostics; the step is to be freed anyway. */
void pack_test_step_read(const struct pack_test_reader *reader, const struct tree *node,
                         struct pack_test_step *ret_step);
void pack_test_step_free(struct pack_test_step *step);

/* Complains about keys of a map that are none of these words. */
void pack_test_check_words(struct diagnostics *diagnostics, const struct tree *map,
                           const char *const *words, size_t count);
/* `name` as seen from the directory of the file `path`; the caller frees. */
char *pack_test_path(const char *path, const char *name);

#endif
