/* Who else listens on a TCP port of this machine, so that a message can name him. */
#ifndef SERVE_PORT_HOLDER_H
#define SERVE_PORT_HOLDER_H

#include <stdint.h>

/* "prometheus (pid 812)", where /proc tells; "user prometheus" where only his user is known, since
 * descriptors of other users' processes are not shown; NULL where nothing is. The caller frees.
 * Reads /proc/net/tcp, tcp6 and /proc/PID/fd (proc(5)): for the way out, not for every day. */
char *port_holder_name(uint16_t port);

#endif
