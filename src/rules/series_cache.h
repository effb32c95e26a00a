/* The series that a row updated lately, by the texts that its labels depend on, so that labels of
 * what comes again and again are not built, escaped, hashed and looked up each time.
 *
 *   ("agent_started", "job-1") -> slot 17 of 128 -> same bytes, registry unchanged -> the series
 *
 * A slot holds good only while the registry's generation is what it was: no series went since.
 * 5 KB a row that updates anything, and the texts themselves. */
#ifndef RULES_SERIES_CACHE_H
#define RULES_SERIES_CACHE_H

#include <stddef.h>
#include <stdint.h>

struct label_value;
struct series;

#define SERIES_CACHE_SLOTS   128
#define SERIES_CACHE_LONGEST ((size_t)512) /* bytes of all texts; longer ones are not kept */

struct series_cache;

/* A place for the texts (text NULL: none, which is not the empty one), found once for look-up and
 * keeping. */
struct series_cache_key {
    const struct label_value *texts;
    size_t count;
    size_t length; /* of all texts */
    size_t slot;
};
void series_cache_key(struct series_cache_key *ret_key, const struct label_value *texts,
                      size_t count);

/* NULL: not kept, or kept in another generation. `cache` may be NULL. */
struct series *series_cache_find(const struct series_cache *cache,
                                 const struct series_cache_key *key, uint64_t generation);
/* *cache is made at first need. */
void series_cache_keep(struct series_cache **cache, const struct series_cache_key *key,
                       uint64_t generation, struct series *series);
void series_cache_free(struct series_cache *cache);

#endif
