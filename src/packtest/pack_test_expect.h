/* What a step expects: read, and checked against the rules, so that what could never fail, or never
 * hold, is told at once. One function a word; see pack_test_step.h for what they fill in. */
#ifndef PACKTEST_PACK_TEST_EXPECT_H
#define PACKTEST_PACK_TEST_EXPECT_H

struct pack_test_reader;
struct pack_test_step;
struct tree;

void pack_test_expect_read(const struct pack_test_reader *reader, const struct tree *node,
                           struct pack_test_step *step);
void pack_test_exact_read(const struct pack_test_reader *reader, const struct tree *node,
                          struct pack_test_step *step);
void pack_test_absent_read(const struct pack_test_reader *reader, const struct tree *node,
                           struct pack_test_step *step);
void pack_test_skipped_read(const struct pack_test_reader *reader, const struct tree *node,
                            struct pack_test_step *step);
void pack_test_unmatched_read(const struct pack_test_reader *reader, const struct tree *node,
                              struct pack_test_step *step);

#endif
