/* YAML -> struct tree. The only part of the program that knows libfyaml.
 *
 * Taken: one document of YAML 1.2, block and flow style, anchors and aliases, the tag !!str. A
 * copy made by an alias stands where the alias stands; what is inside it, where it was written.
 *
 * Refused, each with its position: syntax errors (the first), duplicate keys (all), bytes that are
 * no UTF-8, control characters (NUL too, also as an escape), keys that are no scalars, merge keys
 * (<<), other tags, a second document, and whatever passes a bound below. Nodes and text are
 * counted as they are after aliases were followed, so that a short text cannot unfold into a huge
 * tree.
 *
 * Nothing is printed, and nothing of libfyaml stays behind. */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include <stddef.h>

#include "base/attributes.h"

#define YAML_FILE_MAXIMUM   ((size_t)4 << 20)  /* bytes of a file */
#define YAML_TEXT_MAXIMUM   ((size_t)16 << 20) /* bytes of all scalars of the tree */
#define YAML_NODES_MAXIMUM  ((size_t)100000)   /* scalars (keys too), lists and maps */
#define YAML_DEPTH_MAXIMUM  ((size_t)64)
#define YAML_ANCHOR_MAXIMUM ((size_t)1000)

struct diagnostics;
struct tree;

/* The tree of `text`, which the caller frees with tree_free; an empty document is a null scalar.
 * `file` names the text in messages and in the tree (copied). On any error NULL, and the errors
 * are added to `diagnostics`. */
struct tree *yaml_read_text(const char *file, const char *text, size_t length,
                            struct diagnostics *diagnostics) MUST_CHECK;
/* As above for the content of a file (anything that can be read, a pipe too); one that cannot be
 * read is an error like the others. */
struct tree *yaml_read_file(const char *path, struct diagnostics *diagnostics) MUST_CHECK;

#endif
