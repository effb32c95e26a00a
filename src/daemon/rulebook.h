/* The rulebook: the packs that the settings name, read, checked and compiled into a registry. */
#ifndef DAEMON_RULEBOOK_H
#define DAEMON_RULEBOOK_H

#include <stddef.h>

#include "base/attributes.h"

struct diagnostics;
struct registry;
struct rule_set;
struct settings;

struct rulebook {
    struct registry *registry;
    struct rule_set *rules;
    char **packs; /* names, in order */
    size_t pack_count;
};

/* NULL when there is any error; all of them are in `diagnostics`, warnings too. */
struct rulebook *rulebook_load(const struct settings *settings,
                               struct diagnostics *diagnostics) MUST_CHECK;
/* As above for one rule file or config file alone (`check`): packs without sources are compiled
 * beside the built-in ones whose sources they read. */
struct rulebook *rulebook_check(const struct settings *settings, const char *path,
                                struct diagnostics *diagnostics) MUST_CHECK;
void rulebook_free(struct rulebook *rulebook);
/* "prodigy,mine": the caller frees. */
char *rulebook_pack_names(const struct rulebook *rulebook);

#endif
