/* The world of one case: rules that counted nothing yet, files that are no files, and a clock that
 * goes on only when it is told to, or when an event comes from later.
 *
 * Bytes go the way they go in `run`: lines through the pipeline, documents and the lives of files
 * through the sightings. What watches and reads real files is left out. */
#ifndef PACKTEST_PACK_TEST_WORLD_H
#define PACKTEST_PACK_TEST_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct pack_test_place;
struct pack_test_world;
struct registry;
struct rule_set;
struct sample_list;
struct settings;

/* The rules are those of the settings, read anew; NULL: that fails. `start`: ns, wall. */
struct pack_test_world *pack_test_world_new(const struct settings *settings,
                                            int64_t start) MUST_CHECK;
void pack_test_world_free(struct pack_test_world *world);
const struct rule_set *pack_test_world_rules(const struct pack_test_world *world);
const struct registry *pack_test_world_registry(const struct pack_test_world *world);

/* What happens. A file's life begins with the first of these, and ends with `removed`. */
void pack_test_world_lines(struct pack_test_world *world, const struct pack_test_place *place,
                           const char *bytes, size_t length);
void pack_test_world_document(struct pack_test_world *world, const struct pack_test_place *place,
                              const char *bytes, size_t length);
void pack_test_world_created(struct pack_test_world *world, const struct pack_test_place *place);
void pack_test_world_closed(struct pack_test_world *world, const struct pack_test_place *place,
                            bool late);
void pack_test_world_removed(struct pack_test_world *world, const struct pack_test_place *place,
                             bool late);
/* Lines of JSON, each an event of the exporter itself. */
void pack_test_world_sampled(struct pack_test_world *world, const char *bytes, size_t length);
/* So many ns go by, seconds by second (in a thousand steps if they are more). */
void pack_test_world_wait(struct pack_test_world *world, int64_t pause);

/* What /metrics would show now. */
void pack_test_world_samples(struct pack_test_world *world, struct sample_list *ret_samples);
/* The i-th reason to skip a line or a document, and how many there were; NULL past the end. */
const char *pack_test_world_skipped(const struct pack_test_world *world, size_t index,
                                    uint64_t *ret_count);

#endif
