/* Is the Host header of a request one under which this server may show its page?
 *
 * A page of some other site can let its own name resolve to this machine and then read what we
 * answer (DNS rebinding); its requests carry that name. So only names that no other site can own
 * are trusted: IP addresses, localhost, and the names given. Pure; safe on any text. */
#ifndef SERVE_HOST_H
#define SERVE_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* `host` is the header's value ("box:9090", "[::1]:9090", "192.0.2.1"), NULL when there is none.
 * `names` are compared without case; a final dot of the host is ignored. */
bool host_is_trusted(const char *host, const char *const *names, size_t count);

#endif
