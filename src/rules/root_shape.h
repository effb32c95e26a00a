/* The shape of a source's root: the pattern that it is, whatever its variables will hold.
 *
 *   "${EVENTS_DIR}/../logs//{user}"   ->   "x/logs/{user}", which captures `user`
 *
 * For what is known when rules are read: whether it is well formed, and which captures it has. */
#ifndef RULES_ROOT_SHAPE_H
#define RULES_ROOT_SHAPE_H

#include "base/attributes.h"

struct path_pattern;

/* NULL with *ret_error a static text that says what is wrong. The caller frees. */
struct path_pattern *root_shape_new(const char *root, const char **ret_error) MUST_CHECK;

#endif
