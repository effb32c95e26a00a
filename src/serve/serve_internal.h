/* The server, for the files of this room. */
#ifndef SERVE_SERVE_INTERNAL_H
#define SERVE_SERVE_INTERNAL_H

#include "serve/connection.h"
#include "serve/serve.h"

struct evconnlistener;
struct evhttp_bound_socket;

struct serve {
    TAILQ_ENTRY(serve) link;

    /* What the owner asked for; texts are our copies. */
    struct serve_handlers handlers;
    char *telemetry_path;
    char *version;
    bool expose_ui;
    bool enable_lifecycle;
    size_t max_requests;

    /* Hosts under which the landing page may be asked for: this machine's, and those listened on.
     */
    char **names;
    size_t name_count;

    /* evhttp owns the sockets and frees them. */
    struct evhttp *http;
    struct evhttp_bound_socket **sockets;
    size_t socket_count;
    struct event *resume; /* accepts again after descriptors had run out */

    struct connections connections;
    size_t limited_in_flight; /* answers of routes that count against max_requests */
};

#endif
