/* HOST:PORT, :PORT, [IPv6]:PORT. */
#ifndef CONFIG_LISTEN_ADDRESS_H
#define CONFIG_LISTEN_ADDRESS_H

/* NULL when `address` has this form, with a port from 0 to 65535; else what is wrong, static. */
const char *listen_address_check(const char *address);
/* The same address with another port; the caller frees. `address` has passed the check. */
char *listen_address_with_port(const char *address, int port);

#endif
