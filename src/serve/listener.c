/* See listener.h. */
#include "serve/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "serve/address.h"
#include "serve/port_holder.h"

/* Connections that the kernel holds for us between two looks. */
#define LISTENER_BACKLOG 128
/* Behind a port that is in use, to name one that is free. */
#define PORTS_TRIED 20U

static int set_option(int socket_fd, int level, int option, int value)
{
    return setsockopt(socket_fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* Answers are written whole, so nothing is gained by holding back their last packet. Accepted
 * sockets inherit TCP_NODELAY. */
static int configure(int socket_fd, int family, bool both_families)
{
    int result = set_option(socket_fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (result == 0)
        result = set_option(socket_fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (result == 0 && family == AF_INET6)
        result = set_option(socket_fd, IPPROTO_IPV6, IPV6_V6ONLY, !both_families);
    return result;
}

static int open_socket(const struct sockaddr *socket_address, socklen_t length, bool both_families,
                       int *ret_socket)
{
    int family = socket_address->sa_family;
    int socket_fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_fd < 0)
        return -errno;
    int result = configure(socket_fd, family, both_families);
    if (result == 0 &&
        (bind(socket_fd, socket_address, length) < 0 || listen(socket_fd, LISTENER_BACKLOG) < 0))
        result = -errno;
    if (result < 0) {
        close(socket_fd);
        return result;
    }
    *ret_socket = socket_fd;
    return 0;
}

static int open_any(uint16_t port, int *ret_socket)
{
    struct sockaddr_in6 ipv6 = {
        .sin6_family = AF_INET6, .sin6_addr = in6addr_any, .sin6_port = htons(port)};
    int result = open_socket((const struct sockaddr *)&ipv6, sizeof(ipv6), true, ret_socket);
    if (result != -EAFNOSUPPORT && result != -EADDRNOTAVAIL)
        return result;
    struct sockaddr_in ipv4 = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY), .sin_port = htons(port)};
    return open_socket((const struct sockaddr *)&ipv4, sizeof(ipv4), false, ret_socket);
}

static const struct addrinfo *choose(const struct addrinfo *found)
{
    for (const struct addrinfo *at = found; at; at = at->ai_next)
        if (at->ai_family == AF_INET)
            return at;
    return found;
}

/* *ret_cause is static text, set when the name has no address. */
static int open_named(const struct address *address, int *ret_socket, const char **ret_cause)
{
    struct addrinfo hints = {
        .ai_family = address->is_ipv6 ? AF_INET6 : AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | (address->is_ipv6 ? AI_NUMERICHOST : 0),
    };
    struct addrinfo *found = NULL;
    int failure = getaddrinfo(address->host, NULL, &hints, &found);
    if (failure != 0) {
        *ret_cause = gai_strerror(failure);
        return -EADDRNOTAVAIL;
    }
    const struct addrinfo *chosen = choose(found);
    struct sockaddr_storage storage = {0};
    memcpy(&storage, chosen->ai_addr, chosen->ai_addrlen);
    /* The port is at the same place in both families. */
    ((struct sockaddr_in *)&storage)->sin_port = htons(address->port);
    int result =
        open_socket((const struct sockaddr *)&storage, chosen->ai_addrlen, false, ret_socket);
    freeaddrinfo(found);
    return result;
}

/* The next port that nobody listens on at any address; 0: none of the next few. */
static uint16_t free_port_behind(uint16_t port)
{
    for (unsigned next = port + 1U; next <= UINT16_MAX && next <= port + PORTS_TRIED; next++) {
        int socket_fd = -1;
        if (open_any((uint16_t)next, &socket_fd) == 0) {
            close(socket_fd);
            return (uint16_t)next;
        }
    }
    return 0;
}

/* "Address already in use by prometheus (pid 812); port 9091 is free": the caller frees. */
static char *text_of_port_in_use(uint16_t port)
{
    AUTO_FREE char *holder = port_holder_name(port);
    uint16_t other = free_port_behind(port);
    AUTO_FREE char *hint = other ? memory_format("; port %u is free", other) : NULL;
    return memory_format("%s%s%s%s", strerror(EADDRINUSE), holder ? " by " : "",
                         holder ? holder : "", hint ? hint : "");
}

int listener_open(const struct address *address, int *ret_socket, char **ret_cause)
{
    const char *cause = NULL;
    int result = address->host[0] ? open_named(address, ret_socket, &cause)
                                  : open_any(address->port, ret_socket);
    if (result == -EADDRINUSE)
        *ret_cause = text_of_port_in_use(address->port);
    else if (result < 0)
        *ret_cause = memory_copy_text(cause ? cause : strerror(-result));
    return result;
}
