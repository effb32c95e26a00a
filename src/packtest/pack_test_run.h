/* Runs a case: what happens happens in a new world; what is not as expected is told.
 *
 *   t.yaml:9:11: case 'two jobs': a_total{x="1"}: expected 2, got 1 */
#ifndef PACKTEST_PACK_TEST_RUN_H
#define PACKTEST_PACK_TEST_RUN_H

#include <stdbool.h>

struct pack_test;
struct pack_test_case;
struct pack_test_tally;
struct text;

/* False: it fails; `out` got a line for each reason. What fired is added to the tally. */
bool pack_test_run(const struct pack_test *test, const struct pack_test_case *one,
                   struct pack_test_tally *tally, struct text *out);

#endif
