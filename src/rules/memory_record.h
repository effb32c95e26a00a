/* The records of memories (RECORD_MEMORY) and of their keys (RECORD_MEMORY_KEY), sets' members
 * among them. For files of this room.
 *
 * memory    key    hash of the definition
 *           value  definition: pack ("" for sets), name, kind, scope
 * key       key    that hash, scope's id, bytes of the key
 *           value  flags, touched · increase: largest · remember: text · timer: time ·
 *                  set: time, epoch or file, key of the series ("" when it has left)
 *
 * A scope's id is that of the file or directory (tail room), else a hash of the source's or pack's
 * name. Which of them it is tells the memory, so ids of different scopes never meet. Later versions
 * append to the values; what follows is not looked at. */
#ifndef RULES_MEMORY_RECORD_H
#define RULES_MEMORY_RECORD_H

#include <stdint.h>

#include "base/attributes.h"
#include "rules/memory.h"

struct record;
struct record_sink;
struct rule_set;

uint64_t memory_definition_hash(const struct memory *memory);

/* What changed, which is then noted no more. */
void memory_save(struct memory *memory, const struct rule_set *set, const struct record_sink *sink);
/* Everything; what is noted or still to be removed is marked as such, and stays so. */
void memory_save_all(const struct memory *memory, const struct rule_set *set,
                     const struct record_sink *sink);

/* 0, or -EINVAL, nothing changed: this cannot be one. */
int memory_record_read(const struct record *record) MUST_CHECK;
int memory_key_read(struct rule_set *set, const struct record *record) MUST_CHECK;

#endif
