/* The connections of the HTTP server: how many, how long, and what each is doing.
 *
 *           accept            whole request             answer written
 *   (new) ---------> READING ---------------> ANSWERING ----------------> IDLE or closed
 *                       ^                                                  |
 *                       +------------------ first byte --------------------+
 *
 * READING and ANSWERING may take `timeout_seconds` in all, however steadily bytes trickle; IDLE is
 * closed after CONNECTION_IDLE_SECONDS. Past the maximum, the connection that has been READING or
 * IDLE the longest makes room, so clients that hold connections without asking anything cannot
 * keep others out; where all are ANSWERING, the new one is closed. */
#ifndef SERVE_CONNECTION_H
#define SERVE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/map.h"

struct bufferevent;
struct evbuffer_cb_entry;
struct event;
struct event_base;
struct evhttp;
struct evhttp_connection;

/* Prometheus keeps a connection for 5 minutes between scrapes: it should close first. */
#define CONNECTION_IDLE_SECONDS 330
/* Lines of one request's head. evhttp keeps a header in some 100 bytes, however short it is. */
#define CONNECTION_REQUEST_LINES ((size_t)512)

enum connection_state {
    CONNECTION_NEW, /* accepted in this turn of the loop; evhttp is not done with it */
    CONNECTION_READING,
    CONNECTION_IDLE,
    CONNECTION_ANSWERING,
};

/* The answer under way. */
struct answer {
    const char *pattern; /* of the route, or "other" */
    const char *method;
    int status;
    size_t length; /* of the body, as far as it is sent: 0 for HEAD */
    int64_t started;
    bool limited; /* counts against the limit of requests at a time */
};

struct connection {
    TAILQ_ENTRY(connection) link;
    struct connections *table;
    enum connection_state state;
    struct answer answer; /* while ANSWERING */
    size_t lines;         /* read since the last whole request */

    struct bufferevent *bufferevent; /* with a reference of ours while NEW */
    struct evhttp_connection *evcon; /* NULL while NEW */
    struct evbuffer_cb_entry *input_watch;
    struct event *deadline;
};

TAILQ_HEAD(connection_list, connection);

struct connections {
    struct event_base *base;
    size_t maximum;
    int timeout_seconds;
    /* An answer was written whole, or its connection broke. `sent` bytes of its body left. */
    void (*on_answered)(void *context, const struct answer *answer, size_t sent);
    void *context;

    struct connection_list arrived; /* NEW */
    struct connection_list open;    /* the others; first the one longest in its state */
    struct map by_evcon;
    struct event *arrival; /* hooks what is in `arrived` */
    bool stopping;         /* nothing new is read; what is answered closes */

    size_t count; /* of `open` */
    size_t answering;
    size_t refused; /* closed to make room, or for want of it */
};

/* Fields up to `context` are the caller's to fill in. */
void connections_start(struct connections *table, struct evhttp *http);
/* The connection of a request; never NULL for one that evhttp hands out. */
struct connection *connections_find(struct connections *table, struct evhttp_connection *evcon);
/* A whole request is there; the caller fills in `answer` and sends it in this same call. */
void connection_begin_answer(struct connection *connection);
/* evhttp has written the answer. */
void connection_end_answer(struct connection *connection);
/* Closes what is not ANSWERING; what is gets `grace_seconds`. */
void connections_stop(struct connections *table, int grace_seconds);
/* After evhttp_free. */
void connections_free(struct connections *table);

#endif
