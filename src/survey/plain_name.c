/* See plain_name.h. */
#include "survey/plain_name.h"

#include <ctype.h>
#include <string.h>

static bool begins_name(char c)
{
    return isalpha((unsigned char)c) || (c && strchr("_@$", c));
}

static bool is_in_name(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("_.-:/", c));
}

bool plain_name(const char *text, size_t length)
{
    size_t digits = 0;
    if (length == 0 || length > PLAIN_NAME_LONGEST || !begins_name(text[0]))
        return false;
    for (size_t i = 1; i < length; i++) {
        if (!is_in_name(text[i]))
            return false;
        digits += isdigit((unsigned char)text[i]) != 0;
    }
    return digits <= 3 || digits * 3 <= length;
}
