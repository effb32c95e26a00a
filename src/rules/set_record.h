/* The record of who counts in one series of a set (RECORD_SET), beside its members' own.
 *
 * key    that of the series (registry)
 * value  flags, epoch, time and file of the last clear
 *
 * A member is inside when its record tells the epoch that this one tells: a clear changes nothing
 * else. For files of this room. */
#ifndef RULES_SET_RECORD_H
#define RULES_SET_RECORD_H

#include "base/attributes.h"

struct record;
struct record_sink;
struct rule_set;
struct set_groups;

void set_groups_track(struct set_groups *groups);
/* As memory_save and memory_save_all. */
void set_groups_save(struct set_groups *groups, const struct record_sink *sink);
void set_groups_save_all(const struct set_groups *groups, const struct record_sink *sink);
/* 0, or -EINVAL, nothing changed: this cannot be one. */
int set_record_read(struct rule_set *set, const struct record *record) MUST_CHECK;

#endif
