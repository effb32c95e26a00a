/* See listen_address.h. Whether HOST is there at all shows when it is bound. */
#include "config/listen_address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define HOST_MAXIMUM ((size_t)253)

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= 5 && !text[digits] && strtol(text, NULL, 10) <= 65535;
}

static const char *check_ipv6(const char *address, const char *end)
{
    struct in6_addr ignored;
    AUTO_FREE char *host = memory_copy(address + 1, (size_t)(end - address - 1));
    host[strcspn(host, "%")] = '\0'; /* a link-local address names its interface */
    return inet_pton(AF_INET6, host, &ignored) == 1 ? NULL : "is not an IPv6 address in brackets";
}

static const char *check_host(const char *host, size_t length)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    if (memchr(host, ':', length))
        return "has an IPv6 address without brackets ([::1]:9090)";
    if (length > HOST_MAXIMUM || strspn(host, letters) < length)
        return "has no valid host name";
    return NULL;
}

const char *listen_address_check(const char *address)
{
    const char *colon = strrchr(address, ':');
    if (!colon || !is_port(colon + 1))
        return "does not end in a colon and a port from 0 to 65535";
    if (*address == '[')
        return colon[-1] == ']' ? check_ipv6(address, colon - 1)
                                : "is not an IPv6 address in brackets";
    return check_host(address, (size_t)(colon - address));
}

char *listen_address_with_port(const char *address, int port)
{
    const char *colon = strrchr(address, ':');
    return memory_format("%.*s:%d", (int)(colon - address), address, port);
}
