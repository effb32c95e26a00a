/* The rule packs built into the program: rules/NAME.yaml, byte for byte.
 *
 *   const struct builtin_pack *pack = builtin_pack_find("prodigy");
 *   compile pack->text, showing its errors as those of the file pack->file
 *
 * Constant data; nothing to free, nothing can fail. */
#ifndef RULES_BUILTIN_H
#define RULES_BUILTIN_H

#include <stddef.h>

struct builtin_pack {
    const char *name; /* "prodigy" */
    const char *file; /* "builtin:prodigy.yaml", for messages */
    const char *text; /* the YAML, NUL-terminated */
    size_t length;    /* of text, without the NUL */
};

/* Sorted by name; the array ends with an entry whose name is NULL, which the count leaves out. */
extern const struct builtin_pack builtin_packs[];
extern const size_t builtin_pack_count;

/* NULL when no built-in pack has this name. */
const struct builtin_pack *builtin_pack_find(const char *name);

#endif
