/* Finds a built-in pack. The packs themselves are in builtin_packs.c, which the build makes from
 * rules/ with embed.py. */
#include "rules/builtin.h"

#include <string.h>

const struct builtin_pack *builtin_pack_find(const char *name)
{
    for (const struct builtin_pack *pack = builtin_packs; pack->name; pack++)
        if (strcmp(pack->name, name) == 0)
            return pack;
    return NULL;
}
