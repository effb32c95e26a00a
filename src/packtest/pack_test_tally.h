/* What the cases of a test leave out: rows that fired in none of them, metrics that no `expect`
 * names. */
#ifndef PACKTEST_PACK_TEST_TALLY_H
#define PACKTEST_PACK_TEST_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct pack_test;
struct rule_set;
struct text;

/* Zeroed at first. */
struct pack_test_tally {
    uint64_t *fired; /* by row */
    size_t count;
};

void pack_test_tally_free(struct pack_test_tally *tally);
/* Adds what one case did; the rules are those of the test, compiled anew. */
void pack_test_tally_add(struct pack_test_tally *tally, const struct rule_set *rules);
/* Appends a line for each row that never fired, and each metric that is never expected. Returns how
 * many there are. */
size_t pack_test_tally_tell(const struct pack_test_tally *tally, const struct pack_test *test,
                            struct text *out);

#endif
