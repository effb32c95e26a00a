/* Sockets to accept on. */
#ifndef SERVE_LISTENER_H
#define SERVE_LISTENER_H

#include "base/attributes.h"

struct address;

/* A listening socket (non-blocking, close on exec) for `address`; the caller closes it.
 *
 * An empty host means every address of this machine: IPv6 and IPv4 on one socket, or IPv4 alone
 * where the machine has no IPv6. An IPv6 address, "[::]" too, takes IPv6 alone, so that it can
 * stand beside an IPv4 address of the same port. A name is looked up (this may block), and its
 * first address taken, IPv4 before IPv6.
 *
 * On failure a negative errno and *ret_cause the cause as text, which the caller frees;
 * -EADDRINUSE: some other process has the port, the cause names it and a port that is free. */
int listener_open(const struct address *address, int *ret_socket, char **ret_cause) MUST_CHECK;

#endif
