/* See exchange.h.
 *
 * Bodies go out by reference, so that a large answer is never copied and a slow reader costs no
 * more than its place. Nothing is read from a client that is being answered: it cannot fill our
 * memory meanwhile, and one that has shut its sending side still gets its answer (evhttp would
 * take that for the end of the connection). */
#include "serve/exchange.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "base/attributes.h"
#include "serve/accept_encoding.h"
#include "serve/allocated.h"
#include "serve/connection.h"
#include "serve/exposition_internal.h"

#define STATUS_BAD_REQUEST         400
#define STATUS_VERSION_UNSUPPORTED 505

static const struct {
    enum evhttp_cmd_type type;
    const char *name;
} methods[] = {
    {EVHTTP_REQ_GET, "get"},     {EVHTTP_REQ_HEAD, "head"},       {EVHTTP_REQ_POST, "post"},
    {EVHTTP_REQ_PUT, "put"},     {EVHTTP_REQ_DELETE, "delete"},   {EVHTTP_REQ_OPTIONS, "options"},
    {EVHTTP_REQ_TRACE, "trace"}, {EVHTTP_REQ_CONNECT, "connect"}, {EVHTTP_REQ_PATCH, "patch"},
};

static const char *find_header(const struct exchange *exchange, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(exchange->request), name);
}

static const struct evkeyval *first_header(const struct exchange *exchange)
{
    return TAILQ_FIRST(evhttp_request_get_input_headers(exchange->request));
}

static size_t count_headers(const struct exchange *exchange, const char *name)
{
    size_t count = 0;
    for (const struct evkeyval *at = first_header(exchange); at; at = TAILQ_NEXT(at, next))
        count += strcasecmp(at->key, name) == 0;
    return count;
}

static bool wants_gzip(const struct exchange *exchange)
{
    struct accept_encoding accepted;
    accept_encoding_init(&accepted);
    for (const struct evkeyval *at = first_header(exchange); at; at = TAILQ_NEXT(at, next))
        if (strcasecmp(at->key, "Accept-Encoding") == 0)
            accept_encoding_read(&accepted, at->value);
    return accept_encoding_wants_gzip(&accepted);
}

/* evhttp reads no body behind a method that should have none, nor one in a coding other than
 * chunked: those bytes would pass for the next request. */
static bool leaves_body_unread(const struct exchange *exchange)
{
    const char *coding = find_header(exchange, "Transfer-Encoding");
    if (coding && strcasecmp(coding, "chunked") != 0)
        return true;
    return exchange->request->type != EVHTTP_REQ_GET &&
           (coding || find_header(exchange, "Content-Length"));
}

static void on_written(struct evhttp_request *request UNUSED, void *argument)
{
    connection_end_answer(argument);
}

static void on_text_sent(const void *data UNUSED, size_t length UNUSED, void *argument)
{
    free(argument);
}

/* `body` is moved out of; a HEAD request gets the headers alone. */
static void send_answer(struct exchange *exchange, int status, size_t length, struct evbuffer *body)
{
    struct answer *answer = &exchange->connection->answer;
    char digits[24];
    snprintf(digits, sizeof(digits), "%zu", length);
    exchange_add_header(exchange, "Content-Length", digits);
    exchange_add_header(exchange, "X-Content-Type-Options", "nosniff");
    if (exchange->server)
        exchange_add_header(exchange, "Server", exchange->server);
    if (exchange->closes || exchange->connection->table->stopping)
        exchange_add_header(exchange, "Connection", "close");
    answer->status = status;
    answer->length = exchange->is_head ? 0 : length;
    evhttp_request_set_on_complete_cb(exchange->request, on_written, exchange->connection);
    evhttp_send_reply(exchange->request, status, NULL, exchange->is_head ? NULL : body);
    bufferevent_disable(exchange->connection->bufferevent, EV_READ);
}

void exchange_init(struct exchange *exchange, struct evhttp_request *request,
                   struct connection *connection, const char *server)
{
    *exchange = (struct exchange){
        .request = request,
        .connection = connection,
        .server = server,
        .is_head = request->type == EVHTTP_REQ_HEAD,
    };
    exchange->closes = leaves_body_unread(exchange);
    const struct sockaddr *peer = evhttp_connection_get_addr(connection->evcon);
    if (peer)
        address_format_host(peer, exchange->remote);
}

char *exchange_path(const struct exchange *exchange)
{
    /* "//metrics" names a host, not a path. */
    if (strncmp(evhttp_request_get_uri(exchange->request), "//", 2) == 0)
        return NULL;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(exchange->request);
    const char *path = evhttp_uri_get_path(uri);
    if (!*path && evhttp_uri_get_scheme(uri))
        path = "/";
    size_t length = 0;
    char *decoded = allocated(evhttp_uridecode(path, 0, &length));
    if (strlen(decoded) == length)
        return decoded;
    free(decoded);
    return NULL;
}

const char *exchange_method(const struct exchange *exchange)
{
    for (size_t i = 0; i < ARRAY_LENGTH(methods); i++)
        if (methods[i].type == exchange->request->type)
            return methods[i].name;
    return "other";
}

bool exchange_is_get_or_head(const struct exchange *exchange)
{
    return exchange->request->type == EVHTTP_REQ_GET || exchange->request->type == EVHTTP_REQ_HEAD;
}

const char *exchange_host(const struct exchange *exchange)
{
    const char *host = evhttp_uri_get_host(evhttp_request_get_evhttp_uri(exchange->request));
    return host ? host : find_header(exchange, "Host");
}

int exchange_check(struct exchange *exchange)
{
    struct evhttp_request *request = exchange->request;
    if (request->major != 1 || request->minor < 0) {
        request->major = request->minor = 1; /* of our answer */
        exchange->closes = true;
        return STATUS_VERSION_UNSUPPORTED;
    }
    size_t hosts = count_headers(exchange, "Host");
    if (hosts > 1 || (hosts == 0 && request->minor > 0)) {
        exchange->closes = true;
        return STATUS_BAD_REQUEST;
    }
    return 0;
}

void exchange_add_header(struct exchange *exchange, const char *name, const char *value)
{
    evhttp_add_header(evhttp_request_get_output_headers(exchange->request), name, value);
}

void exchange_send_text(struct exchange *exchange, int status, const char *content_type,
                        struct text *body)
{
    size_t length = body->length;
    char *bytes = text_take(body);
    struct evbuffer *buffer = allocated(evbuffer_new());
    if (evbuffer_add_reference(buffer, bytes, length, on_text_sent, bytes) < 0)
        abort();
    exchange_add_header(exchange, "Content-Type", content_type);
    send_answer(exchange, status, length, buffer);
    evbuffer_free(buffer);
}

void exchange_send_message(struct exchange *exchange, int status, const char *message)
{
    struct text body;
    text_init(&body, TEXT_UNLIMITED);
    text_printf(&body, "%s\n", message);
    exchange_send_text(exchange, status, "text/plain; charset=utf-8", &body);
}

void exchange_send_exposition(struct exchange *exchange, const char *content_type,
                              struct exposition *exposition)
{
    bool gzip = wants_gzip(exchange);
    struct evbuffer *buffer = allocated(evbuffer_new());
    size_t length = exposition_length(exposition, gzip);
    if (!exchange->is_head && exposition_add_to(exposition, gzip, buffer) < 0)
        abort();
    exposition_drop(exposition);
    exchange_add_header(exchange, "Content-Type", content_type);
    exchange_add_header(exchange, "Vary", "Accept, Accept-Encoding");
    if (gzip)
        exchange_add_header(exchange, "Content-Encoding", "gzip");
    send_answer(exchange, 200, length, buffer);
    evbuffer_free(buffer);
}
