/* Addresses to listen on, as users write them, and addresses of peers, as text.
 *
 *   "127.0.0.1:9090"  "localhost:9090"  "[::1]:9090"  ":9090"  "0.0.0.0:0"
 *
 * Pure: no look-up, no descriptor; safe on any text. */
#ifndef SERVE_ADDRESS_H
#define SERVE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct sockaddr;

/* Holds any address of address_format, with the NUL. */
#define ADDRESS_TEXT_SIZE ((size_t)64)
/* The longest name that DNS knows, with the NUL. */
#define ADDRESS_HOST_SIZE ((size_t)254)

struct address {
    char host[ADDRESS_HOST_SIZE]; /* without brackets; "": every address of this machine */
    bool is_ipv6;                 /* it stood in brackets */
    uint16_t port;                /* 0: any free one */
};

/* 0, or -EINVAL with *ret_cause a static text that says what is wrong. */
int address_parse(const char *text, struct address *ret_address, const char **ret_cause) MUST_CHECK;

/* "192.0.2.1:9090", "[2001:db8::1]:9090". `ret_text` holds ADDRESS_TEXT_SIZE bytes. */
void address_format(const struct sockaddr *socket_address, char *ret_text);
/* The same without port and brackets; an IPv4 address that came mapped into IPv6 is written as
 * IPv4. "" for other families. */
void address_format_host(const struct sockaddr *socket_address, char *ret_text);
/* 127.0.0.0/8 (mapped ones too) or ::1. */
bool address_is_loopback(const struct sockaddr *socket_address);
/* An IPv4 address, or an IPv6 address without brackets. */
bool address_is_literal(const char *host);

#endif
