/* The serve room: an HTTP listener, routes, limits, gzip; evhttp only here. Knows encode's output
 * as bytes; asks its owner for everything else through handlers.
 *
 * Endpoints: the telemetry path, /metrics/json, /metrics/self, /health, /ready, /-/healthy,
 * /-/ready, /api/v1/status, / (landing page): GET and HEAD; /-/reload: POST. Else 405 with Allow;
 * unknown 404. From addresses other than loopback status, reload and the landing page answer only
 * with `expose_ui`; and wherever they answer, the Host header must be an IP literal, localhost,
 * this machine's name or the configured one (against DNS rebinding), else 403. */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/text.h"

struct event_base;
struct serve;
struct exposition;

enum serve_metrics { SERVE_METRICS_ALL, SERVE_METRICS_SELF };

struct serve_handlers {
    void *context;
    /* The exposition as of now, for this remote address (text without port; IPv4 also where it
     * came over an IPv6 socket). serve drops the reference that it is given. `json`: prom2json
     * shape instead of text 0.0.4. NULL: there is none yet, answered with 503 and Retry-After. */
    struct exposition *(*metrics)(void *context, enum serve_metrics which, bool json,
                                  const char *remote);
    /* JSON bodies. `ready` returns whether the state is 200 or 503. */
    void (*health)(void *context, struct text *out);
    bool (*ready)(void *context, struct text *out);
    /* JSON, with at most `limit` streams. */
    void (*status)(void *context, size_t limit, struct text *out);
    /* Reads the rules anew; what is wrong with them goes to `out`, as text, and changes nothing. */
    bool (*reload)(void *context, struct text *out);
    /* The landing page, whole HTML. */
    void (*landing)(void *context, struct text *out);
    /* One request was answered, or its connection broke meanwhile: for own metrics. `handler` is
     * the route's pattern ("/metrics"), "other" for unknown paths; `method` is in lower case,
     * "other" if it is none of HTTP's; `seconds` until the last byte was handed to the system;
     * `response_bytes` of the body as sent. May be called within serve_free. */
    void (*on_request)(void *context, const char *handler, const char *method, int status,
                       double seconds, size_t response_bytes);
};

struct serve_options {
    /* "0.0.0.0:9090", "[::1]:9090", host:port (the host's first address); ":9090" is every
     * address, IPv6 and IPv4 on one listener; port 0 is any free one. */
    const char *const *addresses;
    size_t address_count;
    const char *telemetry_path;
    bool expose_ui;
    bool enable_lifecycle;  /* /-/reload answers; else 403 */
    size_t max_connections; /* 0: the default, 512 */
    size_t max_requests; /* of the telemetry path and /metrics/json at a time, else 503; 0: any */
    int timeout_seconds; /* of reading a request and of writing the answer; 0: 30 */
    const char *version; /* "jsonl-exporter/1.0" for the Server header, may be NULL */
};

/* 0 and *ret_serve, or a negative errno with *ret_error a text naming the address and cause
 * (the caller frees); nothing is left listening then. */
int serve_new(struct event_base *base, const struct serve_handlers *handlers,
              const struct serve_options *options, struct serve **ret_serve,
              char **ret_error) MUST_CHECK;
/* Stops listening; answers under way get up to `grace_seconds` on the loop, then are cut: all are
 * done when serve_counts tells of no connection. */
void serve_stop(struct serve *serve, int grace_seconds);
void serve_free(struct serve *serve); /* cuts what is under way; NULL is fine */
/* Of the i-th listener; the real port where 0 was asked for. Written to ret_address (64 bytes). */
size_t serve_listener_count(const struct serve *serve);
void serve_listener_address(const struct serve *serve, size_t index, char *ret_address);

struct serve_counts {
    size_t connections;
    size_t connections_refused; /* ever closed for want of room: a new one, or an idle one for it */
    size_t requests_in_flight;  /* being answered */
};
void serve_counts(const struct serve *serve, struct serve_counts *ret_counts);

#endif
