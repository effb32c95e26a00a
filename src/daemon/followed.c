/* See followed.h. */
#include "daemon/followed.h"

#include <stdlib.h>

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
