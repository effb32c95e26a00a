/* See routes.h. A new endpoint is a row of `routes` and the function that answers it.
 *
 * "//metrics" is unknown (404), as are "/metrics/" and any other spelling that is not the path
 * itself after percent-decoding. Queries are ignored, but for `limit` of /api/v1/status. */
#include "serve/routes.h"

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "serve/exchange.h"
#include "serve/host.h"
#include "serve/landing.h"
#include "serve/serve_internal.h"

#define BODY_MAXIMUM ((size_t)4 << 20)

#define STATUS_FORBIDDEN 403 /* evhttp has no name for it */

#define RETRY_AFTER     "5" /* seconds */
#define STREAMS_SHOWN   1000
#define STREAMS_MAXIMUM 1000000
#define STATUS_MAXIMUM  ((size_t)512 << 20)

#define TYPE_METRICS "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_PLAIN   "text/plain; charset=utf-8"
#define TYPE_JSON    "application/json"
#define TYPE_HTML    "text/html; charset=utf-8"

enum audience {
    AUDIENCE_EVERYONE,
    AUDIENCE_LOCAL, /* loopback, or everyone with expose_ui; under a trusted host only */
};

struct route {
    const char *path; /* NULL: the telemetry path */
    void (*answer)(struct serve *serve, struct exchange *exchange);
    enum audience audience;
    bool limited; /* counts against max_requests */
    bool is_post; /* asked for by POST, else by GET or HEAD */
};

static void send_metrics(struct serve *serve, struct exchange *exchange, enum serve_metrics which,
                         bool json)
{
    struct exposition *exposition =
        serve->handlers.metrics(serve->handlers.context, which, json, exchange->remote);
    if (exposition) {
        exchange_send_exposition(exchange, json ? TYPE_JSON : TYPE_METRICS, exposition);
        return;
    }
    exchange_add_header(exchange, "Retry-After", RETRY_AFTER);
    exchange_send_message(exchange, HTTP_SERVUNAVAIL,
                          "Still reading the files found at start; /ready tells how far.");
}

static void answer_metrics(struct serve *serve, struct exchange *exchange)
{
    send_metrics(serve, exchange, SERVE_METRICS_ALL, false);
}

static void answer_metrics_json(struct serve *serve, struct exchange *exchange)
{
    send_metrics(serve, exchange, SERVE_METRICS_ALL, true);
}

static void answer_metrics_self(struct serve *serve, struct exchange *exchange)
{
    send_metrics(serve, exchange, SERVE_METRICS_SELF, false);
}

static void answer_health(struct serve *serve, struct exchange *exchange)
{
    struct text body;
    text_init(&body, BODY_MAXIMUM);
    serve->handlers.health(serve->handlers.context, &body);
    exchange_add_header(exchange, "Cache-Control", "no-store");
    exchange_send_text(exchange, HTTP_OK, TYPE_JSON, &body);
}

static void answer_ready(struct serve *serve, struct exchange *exchange)
{
    struct text body;
    text_init(&body, BODY_MAXIMUM);
    bool ready = serve->handlers.ready(serve->handlers.context, &body);
    exchange_add_header(exchange, "Cache-Control", "no-store");
    exchange_send_text(exchange, ready ? HTTP_OK : HTTP_SERVUNAVAIL, TYPE_JSON, &body);
}

static void answer_short_health(struct serve *serve UNUSED, struct exchange *exchange)
{
    exchange_add_header(exchange, "Cache-Control", "no-store");
    exchange_send_message(exchange, HTTP_OK, "jsonl-exporter is healthy.");
}

static void answer_short_ready(struct serve *serve, struct exchange *exchange)
{
    struct text ignored;
    text_init(&ignored, BODY_MAXIMUM);
    bool ready = serve->handlers.ready(serve->handlers.context, &ignored);
    text_free(&ignored);
    exchange_add_header(exchange, "Cache-Control", "no-store");
    exchange_send_message(exchange, ready ? HTTP_OK : HTTP_SERVUNAVAIL,
                          ready ? "jsonl-exporter is ready." : "jsonl-exporter is not ready.");
}

/* The number behind `limit=` in the query; STREAMS_SHOWN without. */
static size_t limit_of(const struct exchange *exchange)
{
    struct evkeyvalq parameters;
    const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(exchange->request));
    if (!query || evhttp_parse_query_str(query, &parameters) < 0)
        return STREAMS_SHOWN;
    const char *text = evhttp_find_header(&parameters, "limit");
    char *end = NULL;
    unsigned long limit = text && *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;
    bool is_number = end && *end == '\0';
    evhttp_clear_headers(&parameters);
    if (!is_number)
        return STREAMS_SHOWN;
    return limit < STREAMS_MAXIMUM ? limit : STREAMS_MAXIMUM;
}

static void answer_status(struct serve *serve, struct exchange *exchange)
{
    struct text body;
    text_init(&body, STATUS_MAXIMUM);
    serve->handlers.status(serve->handlers.context, limit_of(exchange), &body);
    exchange_add_header(exchange, "Cache-Control", "no-store");
    exchange_send_text(exchange, HTTP_OK, TYPE_JSON, &body);
}

static void answer_reload(struct serve *serve, struct exchange *exchange)
{
    struct text body;
    if (!serve->enable_lifecycle) {
        exchange_send_message(exchange, STATUS_FORBIDDEN,
                              "Not enabled; --web.enable-lifecycle allows it.");
        return;
    }
    text_init(&body, BODY_MAXIMUM);
    bool done = serve->handlers.reload(serve->handlers.context, &body);
    exchange_send_text(exchange, done ? HTTP_OK : HTTP_INTERNAL, TYPE_PLAIN, &body);
}

static void answer_landing(struct serve *serve, struct exchange *exchange)
{
    struct text body;
    text_init(&body, BODY_MAXIMUM);
    serve->handlers.landing(serve->handlers.context, &body);
    exchange_add_header(exchange, "Cache-Control", "no-store");
    exchange_add_header(exchange, "Content-Security-Policy", LANDING_CONTENT_SECURITY_POLICY);
    exchange_add_header(exchange, "Referrer-Policy", "no-referrer");
    exchange_send_text(exchange, HTTP_OK, TYPE_HTML, &body);
}

/* The first row whose path fits answers. */
static const struct route routes[] = {
    {NULL, answer_metrics, AUDIENCE_EVERYONE, true, false},
    {"/metrics/json", answer_metrics_json, AUDIENCE_EVERYONE, true, false},
    {"/metrics/self", answer_metrics_self, AUDIENCE_EVERYONE, false, false},
    {"/health", answer_health, AUDIENCE_EVERYONE, false, false},
    {"/ready", answer_ready, AUDIENCE_EVERYONE, false, false},
    {"/-/healthy", answer_short_health, AUDIENCE_EVERYONE, false, false},
    {"/-/ready", answer_short_ready, AUDIENCE_EVERYONE, false, false},
    {"/-/reload", answer_reload, AUDIENCE_LOCAL, false, true},
    {"/api/v1/status", answer_status, AUDIENCE_LOCAL, false, false},
    {"/", answer_landing, AUDIENCE_LOCAL, false, false},
};

static const char *pattern_of(const struct serve *serve, const struct route *route)
{
    return route->path ? route->path : serve->telemetry_path;
}

static const struct route *find_route(const struct serve *serve, const struct exchange *exchange)
{
    char *path = exchange_path(exchange);
    const struct route *found = NULL;
    for (size_t i = 0; path && !found && i < ARRAY_LENGTH(routes); i++)
        if (strcmp(path, pattern_of(serve, &routes[i])) == 0)
            found = &routes[i];
    free(path);
    return found;
}

static bool may_see(const struct serve *serve, const struct route *route,
                    const struct exchange *exchange)
{
    if (route->audience == AUDIENCE_EVERYONE)
        return true;
    const struct sockaddr *peer = evhttp_connection_get_addr(exchange->connection->evcon);
    if (!serve->expose_ui && !(peer && address_is_loopback(peer)))
        return false;
    return host_is_trusted(exchange_host(exchange), (const char *const *)serve->names,
                           serve->name_count);
}

static bool is_over_limit(const struct serve *serve, const struct route *route)
{
    return route->limited && serve->max_requests > 0 &&
           serve->limited_in_flight >= serve->max_requests;
}

static void refuse_limit(const struct serve *serve, struct exchange *exchange)
{
    char message[96];
    snprintf(message, sizeof(message),
             "Limit of requests at a time reached (%zu), try again later.", serve->max_requests);
    exchange_send_message(exchange, HTTP_SERVUNAVAIL, message);
}

static bool fits_method(const struct route *route, const struct exchange *exchange)
{
    return route->is_post ? evhttp_request_get_command(exchange->request) == EVHTTP_REQ_POST
                          : exchange_is_get_or_head(exchange);
}

static void refuse_method(const struct route *route, struct exchange *exchange)
{
    exchange_add_header(exchange, "Allow", route->is_post ? "POST" : "GET, HEAD");
    exchange_send_message(exchange, HTTP_BADMETHOD, "Method not allowed.");
}

static void answer(struct serve *serve, const struct route *route, struct exchange *exchange)
{
    int broken = exchange_check(exchange);
    if (broken)
        exchange_send_message(exchange, broken, "This request is not valid HTTP/1.1.");
    else if (!route)
        exchange_send_message(exchange, HTTP_NOTFOUND, "Not found.");
    else if (!fits_method(route, exchange))
        refuse_method(route, exchange);
    else if (!may_see(serve, route, exchange))
        exchange_send_message(exchange, STATUS_FORBIDDEN,
                              "This page is shown to this machine only, under its own names.");
    else if (is_over_limit(serve, route))
        refuse_limit(serve, exchange);
    else {
        exchange->connection->answer.limited = route->limited;
        serve->limited_in_flight += route->limited;
        route->answer(serve, exchange);
    }
}

void routes_answer(struct serve *serve, struct evhttp_request *request)
{
    struct exchange exchange;
    struct connection *connection =
        connections_find(&serve->connections, evhttp_request_get_connection(request));
    connection_begin_answer(connection);
    exchange_init(&exchange, request, connection, serve->version);
    const struct route *route = find_route(serve, &exchange);
    connection->answer = (struct answer){
        .pattern = route ? pattern_of(serve, route) : "other",
        .method = exchange_method(&exchange),
        .started = clock_monotonic(),
    };
    answer(serve, route, &exchange);
}

bool routes_take_telemetry_path(const char *path)
{
    if (path[0] != '/' || path[1] == '/')
        return false;
    for (const char *at = path; *at; at++)
        if (*at <= ' ' || *at == 0x7F || strchr("?#%", *at))
            return false;
    for (size_t i = 0; i < ARRAY_LENGTH(routes); i++)
        if (routes[i].path && routes[i].path[1] && strcmp(path, routes[i].path) == 0)
            return false;
    return true;
}
