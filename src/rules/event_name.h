/* Names of events. They compare without case, '_' and '-':
 *
 *   AgentStarted = agent_started = agent-started        normal form "agentstarted"
 *
 * A name is shown as a rule spells it, else as it was first seen. */
#ifndef RULES_EVENT_NAME_H
#define RULES_EVENT_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_NAME_LONGEST ((size_t)256) /* bytes that count */

struct label_value;
struct rule_set;
struct rule_source;

struct event_name {
    char *shown;
    uint64_t seen;
    uint64_t unmatched;
    uint64_t sight;                   /* of a file, in which it was last emitted; ... */
    const struct rule_source *teller; /* ... the first source that did so then */
    size_t length;                    /* of the normal form */
    char normal[];
};

/* Writes the normal form to ret_normal (EVENT_NAME_LONGEST bytes); returns its length. */
size_t event_name_normal(const char *name, size_t length, char *ret_normal);
/* The set's entry of this name, made at first need; past max_event_types the one shown as _other,
 * unless the name stands in a rule. */
struct event_name *event_name_need(struct rule_set *set, const struct label_value *normal,
                                   const char *shown, size_t length, bool from_rule);
/* For the set's map of names. */
bool event_name_is(const void *item, const void *key);
void event_names_free(struct rule_set *set);

#endif
