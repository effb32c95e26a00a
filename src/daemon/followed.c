/* See followed.h. */
#include "daemon/followed.h"

#include <stdlib.h>

#include "base/memory.h"
#include "rules/rule_set.h"

void followed_free(struct followed *followed)
{
    if (!followed)
        return;
    for (size_t i = 0; i < followed->count; i++)
        rule_file_free(followed->sources[i].file);
    free(followed->path);
    free(followed);
}

struct followed *followed_nothing(const char *path)
{
    struct followed *followed = memory_zero(1, sizeof(*followed));
    followed->path = memory_copy_text(path);
    return followed;
}
