/* See setting_check.h. */
#include "config/setting_check.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/attributes.h"

/* What else is served; "/" gives way to the metrics. */
static const char *const endpoints[] = {
    "/metrics/json", "/metrics/self", "/health", "/ready", "/-/healthy", "/-/ready", "/-/reload",
};

const char *setting_check_filled(const char *value)
{
    return *value ? NULL : "is empty";
}

const char *setting_check_pair(const char *value)
{
    const char *equals = strchr(value, '=');
    return equals && equals > value && equals[1] ? NULL : "is not NAME=DIR";
}

/* Such as stand in a URL unescaped, and in our pages and logs as they are. */
static const char *check_letters(const char *value)
{
    for (; *value; value++)
        if (!isalnum((unsigned char)*value) && !strchr("/-_.~", *value))
            return "has a character other than letters, digits and / - _ . ~";
    return NULL;
}

const char *setting_check_telemetry_path(const char *value)
{
    if (*value != '/')
        return "does not start with /";
    for (size_t i = 0; i < ARRAY_LENGTH(endpoints); i++)
        if (strcmp(value, endpoints[i]) == 0)
            return "is the path of another endpoint";
    return check_letters(value);
}
