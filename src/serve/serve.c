/* See serve.h. Starts and ends the server; what it answers is in routes.c, its limits are in
 * connection.c. Everything runs on the owner's loop, and nothing here waits.
 *
 * evhttp's own answers, which no handler sees: 400 and 413 for what cannot be read as a request
 * within the limits, 417 for an unknown expectation. */
#include "serve/serve_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "serve/address.h"
#include "serve/allocated.h"
#include "serve/listener.h"
#include "serve/routes.h"

#define CONNECTIONS_DEFAULT     ((size_t)512)
#define TIMEOUT_SECONDS_DEFAULT 30

#define HEADER_MAXIMUM 16384
#define BODY_MAXIMUM   4096

/* evhttp itself answers 501 for methods that are not allowed; all are, so that routes.c says 405.
 * Bit 15 is evhttp's mark of a method it does not know. */
#define EVERY_METHOD ((ev_uint16_t)0xFFFF)

#define RESUME_MICROSECONDS 200000

/* libevent hands a listener's errors to evhttp's argument, which leads back to no server: so all
 * servers of the process are listed here. */
static TAILQ_HEAD(serve_list, serve) servers = TAILQ_HEAD_INITIALIZER(servers);

static void add_name(struct serve *serve, const char *name, size_t length)
{
    if (length == 0)
        return;
    serve->names = memory_resize(serve->names, serve->name_count + 1, sizeof(*serve->names));
    serve->names[serve->name_count++] = memory_copy(name, length);
}

/* As "box.example.org" and "box". */
static void add_machine_names(struct serve *serve)
{
    char name[ADDRESS_HOST_SIZE];
    if (gethostname(name, sizeof(name)) < 0)
        return;
    name[sizeof(name) - 1] = '\0';
    add_name(serve, name, strlen(name));
    add_name(serve, name, strcspn(name, "."));
}

static void set_accepting(struct serve *serve, bool accepting)
{
    for (size_t i = 0; i < serve->socket_count; i++) {
        struct evconnlistener *listener = evhttp_bound_socket_get_listener(serve->sockets[i]);
        if (accepting)
            evconnlistener_enable(listener);
        else
            evconnlistener_disable(listener);
    }
}

/* Descriptors or memory ran out: whoever knocks waits in the kernel, rather than the loop
 * spinning on an accept that cannot succeed. */
static void pause_accepting(struct serve *serve)
{
    const struct timeval delay = {.tv_usec = RESUME_MICROSECONDS};
    set_accepting(serve, false);
    evtimer_add(serve->resume, &delay);
}

static void on_accept_error(struct evconnlistener *listener UNUSED, void *argument)
{
    const struct evhttp *http = argument;
    for (struct serve *serve = TAILQ_FIRST(&servers); serve; serve = TAILQ_NEXT(serve, link))
        if (serve->http == http)
            pause_accepting(serve);
}

static void listen_on(struct serve *serve, int socket_fd)
{
    struct evconnlistener *listener =
        allocated(evconnlistener_new(serve->connections.base, NULL, NULL,
                                     LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, socket_fd));
    struct evhttp_bound_socket *bound = allocated(evhttp_bind_listener(serve->http, listener));
    evconnlistener_set_error_cb(listener, on_accept_error);
    serve->sockets = memory_resize(serve->sockets, serve->socket_count + 1,
                                   sizeof(struct evhttp_bound_socket *));
    serve->sockets[serve->socket_count++] = bound;
}

static int listen_on_text(struct serve *serve, const char *text, char **ret_error)
{
    struct address address;
    const char *malformed = NULL;
    int result = address_parse(text, &address, &malformed);
    if (result < 0) {
        *ret_error = memory_format("cannot listen on '%s': %s", text, malformed);
        return result;
    }
    int socket_fd;
    char *cause = NULL;
    result = listener_open(&address, &socket_fd, &cause);
    if (result < 0) {
        *ret_error = memory_format("cannot listen on '%s': %s", text, cause);
        free(cause);
        return result;
    }
    add_name(serve, address.host, strlen(address.host));
    listen_on(serve, socket_fd);
    return 0;
}

static int listen_on_all(struct serve *serve, const struct serve_options *options, char **ret_error)
{
    for (size_t i = 0; i < options->address_count; i++) {
        int result = listen_on_text(serve, options->addresses[i], ret_error);
        if (result < 0)
            return result;
    }
    return 0;
}

static void answered(struct serve *serve, const struct answer *answer, size_t sent)
{
    double seconds = (double)(clock_monotonic() - answer->started) / (double)NANOSECONDS_PER_SECOND;
    serve->limited_in_flight -= answer->limited;
    if (serve->handlers.on_request)
        serve->handlers.on_request(serve->handlers.context, answer->pattern, answer->method,
                                   answer->status, seconds, sent);
}

static void on_request(struct evhttp_request *request, void *argument)
{
    routes_answer(argument, request);
}

static void on_answered(void *context, const struct answer *answer, size_t sent)
{
    answered(context, answer, sent);
}

static void on_resume(evutil_socket_t fd UNUSED, short what UNUSED, void *argument)
{
    set_accepting(argument, true);
}

static void start_http(struct serve *serve, struct event_base *base)
{
    serve->http = allocated(evhttp_new(base));
    evhttp_set_max_headers_size(serve->http, HEADER_MAXIMUM);
    evhttp_set_max_body_size(serve->http, BODY_MAXIMUM);
    evhttp_set_allowed_methods(serve->http, EVERY_METHOD);
    evhttp_set_gencb(serve->http, on_request, serve);
    connections_start(&serve->connections, serve->http);
    serve->resume = allocated(evtimer_new(base, on_resume, serve));
}

static struct serve *make(struct event_base *base, const struct serve_handlers *handlers,
                          const struct serve_options *options)
{
    struct serve *serve = memory_zero(1, sizeof(*serve));
    serve->handlers = *handlers;
    serve->telemetry_path = memory_copy_text(options->telemetry_path);
    serve->version = options->version ? memory_copy_text(options->version) : NULL;
    serve->expose_ui = options->expose_ui;
    serve->enable_lifecycle = options->enable_lifecycle;
    serve->max_requests = options->max_requests;
    serve->connections.base = base;
    serve->connections.maximum =
        options->max_connections ? options->max_connections : CONNECTIONS_DEFAULT;
    serve->connections.timeout_seconds =
        options->timeout_seconds > 0 ? options->timeout_seconds : TIMEOUT_SECONDS_DEFAULT;
    serve->connections.on_answered = on_answered;
    serve->connections.context = serve;
    TAILQ_INSERT_TAIL(&servers, serve, link);
    add_machine_names(serve);
    start_http(serve, base);
    return serve;
}

int serve_new(struct event_base *base, const struct serve_handlers *handlers,
              const struct serve_options *options, struct serve **ret_serve, char **ret_error)
{
    if (!routes_take_telemetry_path(options->telemetry_path)) {
        *ret_error = memory_format("metrics cannot be served under '%s': it must start with / and "
                                   "be no other endpoint's path",
                                   options->telemetry_path);
        return -EINVAL;
    }
    struct serve *serve = make(base, handlers, options);
    int result = listen_on_all(serve, options, ret_error);
    if (result < 0) {
        serve_free(serve);
        return result;
    }
    *ret_serve = serve;
    return 0;
}

void serve_stop(struct serve *serve, int grace_seconds)
{
    for (size_t i = 0; i < serve->socket_count; i++)
        evhttp_del_accept_socket(serve->http, serve->sockets[i]);
    serve->socket_count = 0;
    evtimer_del(serve->resume);
    connections_stop(&serve->connections, grace_seconds);
}

void serve_free(struct serve *serve)
{
    if (!serve)
        return;
    TAILQ_REMOVE(&servers, serve, link);
    evhttp_free(serve->http);
    connections_free(&serve->connections);
    event_free(serve->resume);
    for (size_t i = 0; i < serve->name_count; i++)
        free(serve->names[i]);
    free(serve->names);
    free(serve->sockets);
    free(serve->telemetry_path);
    free(serve->version);
    free(serve);
}

size_t serve_listener_count(const struct serve *serve)
{
    return serve->socket_count;
}

void serve_listener_address(const struct serve *serve, size_t index, char *ret_address)
{
    struct sockaddr_storage storage = {0};
    socklen_t length = sizeof(storage);
    getsockname(evhttp_bound_socket_get_fd(serve->sockets[index]), (struct sockaddr *)&storage,
                &length);
    address_format((const struct sockaddr *)&storage, ret_address);
}

void serve_counts(const struct serve *serve, struct serve_counts *ret_counts)
{
    *ret_counts = (struct serve_counts){
        .connections = serve->connections.count,
        .connections_refused = serve->connections.refused,
        .requests_in_flight = serve->connections.answering,
    };
}
