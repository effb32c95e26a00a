/* See host.h. */
#include "serve/host.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "serve/address.h"

/* Where the name ends: at ":port" or at the end. NULL when what follows it is no port. */
static const char *end_of_name(const char *name)
{
    const char *colon = strchr(name, ':');
    if (!colon)
        return name + strlen(name);
    for (const char *at = colon + 1; *at; at++)
        if (!isdigit((unsigned char)*at))
            return NULL;
    return colon;
}

/* Copies the name without port, brackets and final dot. */
static bool read_name(const char *host, char *ret_name)
{
    bool bracketed = host[0] == '[';
    const char *start = bracketed ? host + 1 : host;
    const char *end = bracketed ? strchr(start, ']') : end_of_name(start);
    if (!end || (bracketed && end_of_name(end + 1) != end + 1))
        return false;
    size_t length = (size_t)(end - start);
    if (!bracketed && length > 1 && start[length - 1] == '.')
        length--;
    if (length == 0 || length >= ADDRESS_HOST_SIZE)
        return false;
    memcpy(ret_name, start, length);
    ret_name[length] = '\0';
    /* An IPv6 address stands in brackets, and nothing else does. */
    return bracketed == (strchr(ret_name, ':') != NULL);
}

bool host_is_trusted(const char *host, const char *const *names, size_t count)
{
    char name[ADDRESS_HOST_SIZE];
    if (!host || !read_name(host, name))
        return false;
    if (address_is_literal(name) || strcasecmp(name, "localhost") == 0)
        return true;
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}
