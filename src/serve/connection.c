/* See connection.h.
 *
 * evhttp accepts by itself, tells nobody, and knows only a limit on silence. So this file makes
 * each connection's bufferevent, and once evhttp has taken it (an event later, before any byte is
 * read) finds evhttp's connection behind it and asks to be told of its end. From then on the two
 * live and die together. */
#include "serve/connection.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/attributes.h"
#include "base/hash.h"
#include "base/memory.h"
#include "serve/allocated.h"

/* Bytes written in one turn of the loop. libevent's own 16 KiB would spread a large answer over
 * hundreds of turns, each of which may wait for a slice of other work. */
#define CONNECTION_WRITE_MAXIMUM ((size_t)4 << 20)

static uint64_t hash_evcon(const struct evhttp_connection *evcon)
{
    return hash_bytes(&evcon, sizeof(evcon));
}

static bool has_evcon(const void *item, const void *key)
{
    const struct connection *connection = item;
    return connection->evcon == key;
}

static void set_deadline(struct connection *connection, int seconds)
{
    const struct timeval delay = {.tv_sec = seconds};
    evtimer_add(connection->deadline, &delay);
}

static void enter(struct connection *connection, enum connection_state state, int seconds)
{
    struct connections *table = connection->table;
    connection->state = state;
    TAILQ_REMOVE(&table->open, connection, link);
    TAILQ_INSERT_TAIL(&table->open, connection, link);
    set_deadline(connection, seconds);
}

/* Ends in connection_closed. An answer cut short is not left to the kernel to send. */
static void cut(struct connection *connection)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (connection->state == CONNECTION_ANSWERING)
        setsockopt(bufferevent_getfd(connection->bufferevent), SOL_SOCKET, SO_LINGER, &at_once,
                   sizeof(at_once));
    evhttp_connection_free(connection->evcon);
}

static void release(struct connection *connection)
{
    evbuffer_remove_cb_entry(bufferevent_get_input(connection->bufferevent),
                             connection->input_watch);
    if (connection->state == CONNECTION_NEW)
        bufferevent_decref(connection->bufferevent);
    event_free(connection->deadline);
    free(connection);
}

static void connection_closed(struct connection *connection)
{
    struct connections *table = connection->table;
    if (connection->state == CONNECTION_ANSWERING) {
        size_t left = evbuffer_get_length(bufferevent_get_output(connection->bufferevent));
        size_t length = connection->answer.length;
        table->answering--;
        table->on_answered(table->context, &connection->answer, length > left ? length - left : 0);
    }
    TAILQ_REMOVE(&table->open, connection, link);
    map_remove(&table->by_evcon, hash_evcon(connection->evcon), connection->evcon);
    table->count--;
    release(connection);
}

static void make_room(struct connections *table)
{
    struct connection *connection = TAILQ_FIRST(&table->open);
    while (connection && table->count > table->maximum) {
        struct connection *next = TAILQ_NEXT(connection, link);
        if (connection->state != CONNECTION_ANSWERING) {
            table->refused++;
            cut(connection);
        }
        connection = next;
    }
}

static size_t count_lines(struct evbuffer *input, size_t added)
{
    size_t lines = 0;
    struct evbuffer_ptr at;
    if (evbuffer_ptr_set(input, &at, evbuffer_get_length(input) - added, EVBUFFER_PTR_SET) < 0)
        return 0;
    struct evbuffer_iovec piece;
    while (added > 0 && evbuffer_peek(input, -1, &at, &piece, 1) > 0) {
        const char *from = piece.iov_base;
        const char *end = from + piece.iov_len;
        while ((from = memchr(from, '\n', (size_t)(end - from)))) {
            lines++;
            from++;
        }
        added -= piece.iov_len < added ? piece.iov_len : added;
        if (evbuffer_ptr_set(input, &at, piece.iov_len, EVBUFFER_PTR_ADD) < 0)
            break;
    }
    return lines;
}

/* Bytes arrived, which evhttp has not looked at yet. */
static void connection_read(struct connection *connection, struct evbuffer *input, size_t added)
{
    if (connection->state == CONNECTION_IDLE)
        enter(connection, CONNECTION_READING, connection->table->timeout_seconds);
    connection->lines += count_lines(input, added);
    /* evhttp stands above us on the stack: the connection can end in a timer's turn only. */
    if (connection->lines > CONNECTION_REQUEST_LINES)
        set_deadline(connection, 0);
}

static void on_closed(struct evhttp_connection *evcon UNUSED, void *argument)
{
    connection_closed(argument);
}

static void on_deadline(evutil_socket_t fd UNUSED, short what UNUSED, void *argument)
{
    cut(argument);
}

static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *change, void *argument)
{
    if (change->n_added > 0)
        connection_read(argument, input, change->n_added);
}

/* What evhttp gave to its bufferevent's callbacks is its connection; none if it gave up. */
static struct evhttp_connection *evcon_of(struct bufferevent *bufferevent)
{
    void *argument = NULL;
    bufferevent_getcb(bufferevent, NULL, NULL, NULL, &argument);
    return argument;
}

static void hook(struct connection *connection)
{
    struct connections *table = connection->table;
    connection->evcon = evcon_of(connection->bufferevent);
    if (!connection->evcon) {
        release(connection);
        return;
    }
    bufferevent_decref(connection->bufferevent);
    evhttp_connection_set_closecb(connection->evcon, on_closed, connection);
    map_insert(&table->by_evcon, hash_evcon(connection->evcon), connection);
    TAILQ_INSERT_TAIL(&table->open, connection, link);
    table->count++;
    enter(connection, CONNECTION_READING, table->timeout_seconds);
}

/* Takes each out of `arrived`. */
static void each_arrived(struct connections *table, void (*visit)(struct connection *connection))
{
    struct connection *connection = TAILQ_FIRST(&table->arrived);
    TAILQ_INIT(&table->arrived);
    while (connection) {
        struct connection *next = TAILQ_NEXT(connection, link);
        visit(connection);
        connection = next;
    }
}

static void hook_arrived(struct connections *table)
{
    each_arrived(table, hook);
    make_room(table);
}

static void on_arrival(evutil_socket_t fd UNUSED, short what UNUSED, void *argument)
{
    hook_arrived(argument);
}

static struct connection *connection_new(struct connections *table)
{
    struct connection *connection = memory_zero(1, sizeof(*connection));
    connection->table = table;
    connection->state = CONNECTION_NEW;
    connection->bufferevent = allocated(bufferevent_socket_new(table->base, -1, 0));
    bufferevent_incref(connection->bufferevent);
    bufferevent_set_max_single_write(connection->bufferevent, CONNECTION_WRITE_MAXIMUM);
    connection->input_watch = allocated(
        evbuffer_add_cb(bufferevent_get_input(connection->bufferevent), on_input, connection));
    connection->deadline = allocated(evtimer_new(table->base, on_deadline, connection));
    TAILQ_INSERT_TAIL(&table->arrived, connection, link);
    return connection;
}

static struct bufferevent *on_accept(struct event_base *base UNUSED, void *argument)
{
    struct connections *table = argument;
    event_active(table->arrival, EV_TIMEOUT, 0);
    return connection_new(table)->bufferevent;
}

void connections_start(struct connections *table, struct evhttp *http)
{
    TAILQ_INIT(&table->arrived);
    TAILQ_INIT(&table->open);
    map_init(&table->by_evcon, has_evcon);
    table->arrival = allocated(event_new(table->base, -1, 0, on_arrival, table));
    evhttp_set_bevcb(http, on_accept, table);
}

struct connection *connections_find(struct connections *table, struct evhttp_connection *evcon)
{
    return map_find(&table->by_evcon, hash_evcon(evcon), evcon);
}

void connection_begin_answer(struct connection *connection)
{
    connection->lines = 0;
    connection->table->answering++;
    enter(connection, CONNECTION_ANSWERING, connection->table->timeout_seconds);
}

void connection_end_answer(struct connection *connection)
{
    struct connections *table = connection->table;
    table->answering--;
    table->on_answered(table->context, &connection->answer, connection->answer.length);
    /* A client may have sent its next request already. */
    bool more = evbuffer_get_length(bufferevent_get_input(connection->bufferevent)) > 0;
    if (table->stopping)
        enter(connection, CONNECTION_IDLE, 0);
    else if (more)
        enter(connection, CONNECTION_READING, table->timeout_seconds);
    else
        enter(connection, CONNECTION_IDLE, CONNECTION_IDLE_SECONDS);
}

void connections_stop(struct connections *table, int grace_seconds)
{
    table->stopping = true;
    hook_arrived(table);
    struct connection *connection = TAILQ_FIRST(&table->open);
    while (connection) {
        struct connection *next = TAILQ_NEXT(connection, link);
        if (connection->state != CONNECTION_ANSWERING || grace_seconds <= 0)
            cut(connection);
        else if (grace_seconds < table->timeout_seconds)
            set_deadline(connection, grace_seconds);
        connection = next;
    }
}

void connections_free(struct connections *table)
{
    each_arrived(table, release);
    event_free(table->arrival);
    map_free(&table->by_evcon);
}
