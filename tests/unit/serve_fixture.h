/* A real server in this process, and clients that talk to it over sockets.
 *
 * Server and clients share one thread: whatever a client waits for, it turns the server's loop
 * until it is there. Handlers answer with texts that a test sets. */
#ifndef SERVE_FIXTURE_H
#define SERVE_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "serve/exposition.h"
#include "serve/serve.h"

#define PATIENCE (20 * NANOSECONDS_PER_SECOND)

struct fixture {
    struct event_base *base;
    struct serve *serve;
    uint16_t port;

    /* What handlers answer. */
    struct exposition_part *metrics; /* NULL: none yet */
    bool ready;
    size_t reloads;

    /* What they were told. */
    char remote[64];
    size_t requests;
    char last_handler[64];
    char last_method[16];
    int last_status;
    double last_seconds;
    size_t last_bytes;
};

static inline struct exposition_part *part_of(const char *bytes, size_t length)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    text_append(&text, bytes, length);
    return exposition_part_new(&text);
}

static inline struct exposition *fixture_metrics(void *context, enum serve_metrics which, bool json,
                                                 const char *remote)
{
    struct fixture *fixture = context;
    snprintf(fixture->remote, sizeof(fixture->remote), "%s", remote);
    if (!fixture->metrics && which == SERVE_METRICS_ALL)
        return NULL;
    const char *self = json ? "[\"self\"]\n" : "self 1\n";
    struct exposition_part *parts[2] = {fixture->metrics, part_of(self, strlen(self))};
    bool all = which == SERVE_METRICS_ALL && !json;
    struct exposition *made = exposition_new(all ? parts : parts + 1, all ? 2 : 1);
    exposition_part_drop(parts[1]);
    return made;
}

static inline void fixture_health(void *context UNUSED, struct text *out)
{
    text_append_string(out, "{\"status\":\"ok\"}\n");
}

static inline bool fixture_ready(void *context, struct text *out)
{
    struct fixture *fixture = context;
    text_append_string(out, fixture->ready ? "{\"ready\":true}\n" : "{\"ready\":false}\n");
    return fixture->ready;
}

static inline void fixture_status(void *context UNUSED, size_t limit, struct text *out)
{
    text_printf(out, "{\"limit\":%zu}\n", limit);
}

static inline bool fixture_reload(void *context, struct text *out)
{
    struct fixture *fixture = context;
    fixture->reloads++;
    text_append_string(out, fixture->ready ? "Reloaded.\n" : "mine.yaml:1:1: wrong\n");
    return fixture->ready;
}

static inline void fixture_landing(void *context UNUSED, struct text *out)
{
    text_append_string(out, "<!DOCTYPE html><title>landing</title>");
}

static inline void fixture_on_request(void *context, const char *handler, const char *method,
                                      int status, double seconds, size_t response_bytes)
{
    struct fixture *fixture = context;
    fixture->requests++;
    snprintf(fixture->last_handler, sizeof(fixture->last_handler), "%s", handler);
    snprintf(fixture->last_method, sizeof(fixture->last_method), "%s", method);
    fixture->last_status = status;
    fixture->last_seconds = seconds;
    fixture->last_bytes = response_bytes;
}

static inline struct serve_handlers fixture_handlers(struct fixture *fixture)
{
    return (struct serve_handlers){
        .context = fixture,
        .metrics = fixture_metrics,
        .health = fixture_health,
        .ready = fixture_ready,
        .status = fixture_status,
        .reload = fixture_reload,
        .landing = fixture_landing,
        .on_request = fixture_on_request,
    };
}

/* The port in the i-th listener's address. */
static inline uint16_t fixture_port(const struct fixture *fixture, size_t index)
{
    char address[64];
    serve_listener_address(fixture->serve, index, address);
    return (uint16_t)atoi(strrchr(address, ':') + 1);
}

static inline void fixture_make(struct fixture *fixture)
{
    signal(SIGPIPE, SIG_IGN);
    *fixture = (struct fixture){.ready = true};
    fixture->base = event_base_new();
    fixture->metrics = part_of("kept 1\n", 7);
    assert_non_null(fixture->base);
}

/* Listens on 127.0.0.1 unless `options` name addresses. */
static inline void fixture_start(struct fixture *fixture, struct serve_options options)
{
    static const char *const loopback[] = {"127.0.0.1:0"};
    char *error = NULL;
    fixture_make(fixture);
    if (!options.addresses) {
        options.addresses = loopback;
        options.address_count = 1;
    }
    if (!options.telemetry_path)
        options.telemetry_path = "/metrics";
    struct serve_handlers handlers = fixture_handlers(fixture);
    assert_int_equal(serve_new(fixture->base, &handlers, &options, &fixture->serve, &error), 0);
    fixture->port = fixture_port(fixture, 0);
}

static inline void fixture_stop(struct fixture *fixture)
{
    serve_free(fixture->serve);
    exposition_part_drop(fixture->metrics);
    event_base_free(fixture->base);
}

static inline void fixture_set_metrics(struct fixture *fixture, size_t length)
{
    char *bytes = memory_alloc(length);
    for (size_t i = 0; i < length; i++)
        bytes[i] = i % 64 == 63 ? '\n' : (char)('a' + (i * 7 + i / 64) % 26);
    exposition_part_drop(fixture->metrics);
    fixture->metrics = part_of(bytes, length);
    free(bytes);
}

static inline void fixture_turn(struct fixture *fixture)
{
    event_base_loop(fixture->base, EVLOOP_NONBLOCK);
}

static inline void fixture_turn_for(struct fixture *fixture, int milliseconds)
{
    int64_t end = clock_monotonic() + milliseconds * NANOSECONDS_PER_MILLISECOND;
    while (clock_monotonic() < end) {
        fixture_turn(fixture);
        usleep(500);
    }
}

static inline struct serve_counts fixture_counts(const struct fixture *fixture)
{
    struct serve_counts counts;
    serve_counts(fixture->serve, &counts);
    return counts;
}

static inline int client_open(const struct fixture *fixture, int receive_buffer)
{
    struct sockaddr_in server = {.sin_family = AF_INET,
                                 .sin_port = htons(fixture->port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(client >= 0);
    if (receive_buffer)
        setsockopt(client, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    assert_int_equal(connect(client, (struct sockaddr *)&server, sizeof(server)), 0);
    return client;
}

/* Sends all, as far as the server does not hang up. */
static inline void client_send(struct fixture *fixture, int client, const char *bytes,
                               size_t length)
{
    int64_t end = clock_monotonic() + PATIENCE;
    while (length > 0 && clock_monotonic() < end) {
        ssize_t count = send(client, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN)
            return;
        if (count > 0) {
            bytes += count;
            length -= (size_t)count;
        }
        fixture_turn(fixture);
    }
}

static inline void client_send_text(struct fixture *fixture, int client, const char *text)
{
    client_send(fixture, client, text, strlen(text));
}

/* Receives once into `answer`, turning the loop. False at the end of the connection. */
static inline bool client_receive(struct fixture *fixture, int client, struct text *answer)
{
    static char bytes[1 << 16];
    int64_t end = clock_monotonic() + PATIENCE;
    while (clock_monotonic() < end) {
        fixture_turn(fixture);
        ssize_t count = recv(client, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (count > 0)
            return text_append(answer, bytes, (size_t)count);
        if (count == 0 || errno != EAGAIN)
            return false;
        usleep(200);
    }
    fail_msg("the server neither answers nor hangs up");
    return false;
}

static inline bool client_is_closed(struct fixture *fixture, int client)
{
    char byte;
    fixture_turn(fixture);
    ssize_t count = recv(client, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    return count == 0 || (count < 0 && errno != EAGAIN);
}

/* The end of the headers in `answer`, or NULL. */
static inline const char *answer_body(const struct text *answer)
{
    const char *end = answer->data ? strstr(answer->data, "\r\n\r\n") : NULL;
    return end ? end + 4 : NULL;
}

static inline int answer_status(const struct text *answer)
{
    return answer->data && strncmp(answer->data, "HTTP/1.", 7) == 0 ? atoi(answer->data + 9) : 0;
}

/* The value of a header (in a static buffer), or NULL. */
static inline const char *answer_header(const struct text *answer, const char *name)
{
    static char value[512];
    const char *body = answer_body(answer);
    size_t length = strlen(name);
    for (const char *at = strchr(answer->data, '\n'); at && at + 3 < body; at = strchr(at, '\n')) {
        at++;
        if (strncasecmp(at, name, length) == 0 && strncmp(at + length, ": ", 2) == 0) {
            const char *start = at + length + 2;
            snprintf(value, sizeof(value), "%.*s", (int)strcspn(start, "\r"), start);
            return value;
        }
    }
    return NULL;
}

/* Sends `request` on a connection of its own and collects all until the server closes it. */
static inline void ask(struct fixture *fixture, const char *request, struct text *ret_answer)
{
    text_init(ret_answer, TEXT_UNLIMITED);
    int client = client_open(fixture, 0);
    client_send_text(fixture, client, request);
    while (client_receive(fixture, client, ret_answer))
        ;
    close(client);
}

static inline int status_of(struct fixture *fixture, const char *request)
{
    struct text answer;
    ask(fixture, request, &answer);
    int status = answer_status(&answer);
    text_free(&answer);
    return status;
}

/* One answer on a connection that stays open: headers, and the body that they announce. */
static inline void client_receive_answer(struct fixture *fixture, int client,
                                         struct text *ret_answer)
{
    text_init(ret_answer, TEXT_UNLIMITED);
    for (;;) {
        const char *body = answer_body(ret_answer);
        if (body) {
            const char *length = answer_header(ret_answer, "Content-Length");
            size_t head = (size_t)(body - ret_answer->data);
            if (length && ret_answer->length >= head + (size_t)atol(length))
                return;
        }
        assert_true(client_receive(fixture, client, ret_answer));
    }
}

#define CLOSE "Host: localhost\r\nConnection: close\r\n\r\n"

#endif
