/* See address.h. */
#include "serve/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define PORT_MAXIMUM 65535u

static const char *parse_port(const char *text, uint16_t *ret_port)
{
    if (!*text)
        return "the port is missing";
    unsigned port = 0;
    for (const char *at = text; *at; at++) {
        if (!isdigit((unsigned char)*at))
            return "the port is not a number";
        port = port * 10 + (unsigned)(*at - '0');
        if (port > PORT_MAXIMUM)
            return "the port is over 65535";
    }
    *ret_port = (uint16_t)port;
    return NULL;
}

static bool is_host_name(const char *host)
{
    for (; *host; host++)
        if (!isalnum((unsigned char)*host) && !strchr("-._", *host))
            return false;
    return true;
}

static const char *check_host(const struct address *address)
{
    struct in6_addr ignored;
    if (address->is_ipv6)
        return inet_pton(AF_INET6, address->host, &ignored) == 1
                   ? NULL
                   : "no IPv6 address stands in the brackets";
    return is_host_name(address->host) ? NULL : "the host is neither a name nor an address";
}

/* Splits "[host]:port" or "host:port"; *ret_port points into `text`. */
static const char *split(const char *text, struct address *ret_address, const char **ret_port)
{
    bool is_ipv6 = text[0] == '[';
    const char *host = is_ipv6 ? text + 1 : text;
    const char *end = strchr(host, is_ipv6 ? ']' : ':');
    if (!end)
        return is_ipv6 ? "the bracket is not closed" : "no port: write HOST:PORT or :PORT";
    const char *colon = is_ipv6 ? end + 1 : end;
    if (*colon != ':')
        return "no port: write [ADDRESS]:PORT";
    if (!is_ipv6 && strchr(colon + 1, ':'))
        return "write an IPv6 address in brackets: [::1]:9090";
    size_t length = (size_t)(end - host);
    if (length >= ADDRESS_HOST_SIZE)
        return "the host is too long";
    memcpy(ret_address->host, host, length);
    ret_address->host[length] = '\0';
    ret_address->is_ipv6 = is_ipv6;
    *ret_port = colon + 1;
    return NULL;
}

static bool is_mapped(const struct sockaddr *socket_address)
{
    struct sockaddr_in6 ipv6;
    if (socket_address->sa_family != AF_INET6)
        return false;
    memcpy(&ipv6, socket_address, sizeof(ipv6));
    return IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr);
}

/* The IPv4 address in network order, of an IPv4 or a mapped address. */
static struct in_addr ipv4_of(const struct sockaddr *socket_address)
{
    struct in_addr ipv4;
    if (socket_address->sa_family == AF_INET) {
        struct sockaddr_in whole;
        memcpy(&whole, socket_address, sizeof(whole));
        return whole.sin_addr;
    }
    struct sockaddr_in6 whole;
    memcpy(&whole, socket_address, sizeof(whole));
    memcpy(&ipv4, &whole.sin6_addr.s6_addr[12], sizeof(ipv4));
    return ipv4;
}

static unsigned port_of(const struct sockaddr *socket_address)
{
    /* The port is at the same place in both families. */
    struct sockaddr_in whole;
    memcpy(&whole, socket_address, sizeof(whole));
    return ntohs(whole.sin_port);
}

int address_parse(const char *text, struct address *ret_address, const char **ret_cause)
{
    struct address address;
    const char *port;
    const char *cause = split(text, &address, &port);
    if (!cause)
        cause = check_host(&address);
    if (!cause)
        cause = parse_port(port, &address.port);
    if (cause) {
        *ret_cause = cause;
        return -EINVAL;
    }
    *ret_address = address;
    return 0;
}

void address_format(const struct sockaddr *socket_address, char *ret_text)
{
    char host[ADDRESS_TEXT_SIZE];
    address_format_host(socket_address, host);
    bool is_ipv6 = strchr(host, ':') != NULL;
    snprintf(ret_text, ADDRESS_TEXT_SIZE, "%s%.45s%s:%u", is_ipv6 ? "[" : "", host,
             is_ipv6 ? "]" : "", port_of(socket_address));
}

void address_format_host(const struct sockaddr *socket_address, char *ret_text)
{
    ret_text[0] = '\0';
    if (socket_address->sa_family == AF_INET || is_mapped(socket_address)) {
        struct in_addr ipv4 = ipv4_of(socket_address);
        inet_ntop(AF_INET, &ipv4, ret_text, ADDRESS_TEXT_SIZE);
    } else if (socket_address->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, socket_address, sizeof(ipv6));
        inet_ntop(AF_INET6, &ipv6.sin6_addr, ret_text, ADDRESS_TEXT_SIZE);
    }
}

bool address_is_loopback(const struct sockaddr *socket_address)
{
    if (socket_address->sa_family == AF_INET || is_mapped(socket_address)) {
        struct in_addr ipv4 = ipv4_of(socket_address);
        return ntohl(ipv4.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    if (socket_address->sa_family != AF_INET6)
        return false;
    struct sockaddr_in6 ipv6;
    memcpy(&ipv6, socket_address, sizeof(ipv6));
    return IN6_IS_ADDR_LOOPBACK(&ipv6.sin6_addr);
}

bool address_is_literal(const char *host)
{
    unsigned char ignored[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, ignored) == 1 || inet_pton(AF_INET6, host, ignored) == 1;
}
