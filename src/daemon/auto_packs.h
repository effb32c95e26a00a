/* What `--rules auto` stands for: pack prodigy, and every other built-in pack of whose sources one
 * has a root of its own that exists.
 *
 *   rules/claude-code.yaml: root ~/.claude/projects, there  ->  prodigy, claude-code
 *
 * Decided when packs are read: at start, at a reload. Roots mean what they mean to sources: with a
 * given events directory those in the home are off, --source gives others. */
#ifndef DAEMON_AUTO_PACKS_H
#define DAEMON_AUTO_PACKS_H

#include <stdbool.h>

struct settings;
struct tree;

/* Does `auto` take this pack, which is not prodigy? `pack`: its YAML. */
bool auto_packs_take(const struct settings *settings, const struct tree *pack);

#endif
