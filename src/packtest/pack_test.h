/* A file of tests of rule packs, read and checked: docs/pack-tests.md describes it.
 *
 *   rules: [prodigy]
 *   cases:
 *     - name: an agent that completes
 *       steps: [{lines: {file: F, append: {...}}}, {after: 30s}, {expect: "a_total 1"}]
 */
#ifndef PACKTEST_PACK_TEST_H
#define PACKTEST_PACK_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "config/settings.h"
#include "packtest/pack_test_step.h"

struct diagnostics;
struct rulebook;
struct tree;

struct pack_test_case {
    const struct tree *where;
    const char *name;
    int64_t start; /* ns, wall */
    struct pack_test_step *steps;
    size_t step_count;
};

struct pack_test {
    const char *path;
    struct tree *tree;
    struct settings settings;    /* those of the command, but for the rules */
    struct rulebook *rulebook;   /* of these rules; nothing is counted in it */
    const struct tree *complete; /* wished here; NULL: not */
    struct pack_test_case *cases;
    size_t case_count;
};

/* NULL when anything is wrong with the file or its rules; all of it is in `diagnostics`. `settings`
 * and `path` must stay. */
struct pack_test *pack_test_read(const char *path, const struct settings *settings,
                                 struct diagnostics *diagnostics) MUST_CHECK;
void pack_test_free(struct pack_test *test);

#endif
