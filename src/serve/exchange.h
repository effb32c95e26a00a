/* One request and its answer. Lives on the stack of the call that evhttp makes for a request;
 * exactly one exchange_send_* ends it. */
#ifndef SERVE_EXCHANGE_H
#define SERVE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "serve/address.h"

struct connection;
struct evhttp_request;
struct exposition;

struct exchange {
    struct evhttp_request *request;
    struct connection *connection;
    const char *server; /* for the Server header, or NULL */
    bool is_head;
    bool closes; /* the connection ends with this answer */
    char remote[ADDRESS_TEXT_SIZE];
};

/* `connection` has begun its answer. */
void exchange_init(struct exchange *exchange, struct evhttp_request *request,
                   struct connection *connection, const char *server);

/* What the client asks for: decoded path without the query, which the caller frees; NULL when it
 * can be none of ours. */
char *exchange_path(const struct exchange *exchange);
/* The name of the method as a label has it: "get"; "other" when it is none of HTTP's. */
const char *exchange_method(const struct exchange *exchange);
bool exchange_is_get_or_head(const struct exchange *exchange);
/* What the client takes this server's name to be, with a port perhaps; NULL when it says none. */
const char *exchange_host(const struct exchange *exchange);
/* 0, or the status with which to answer a request that breaks HTTP's rules. */
int exchange_check(struct exchange *exchange);

void exchange_add_header(struct exchange *exchange, const char *name, const char *value);
/* Takes the bytes of `body` over and leaves it empty. */
void exchange_send_text(struct exchange *exchange, int status, const char *content_type,
                        struct text *body);
/* The status and `message` with a newline, as plain text. */
void exchange_send_message(struct exchange *exchange, int status, const char *message);
/* 200, in gzip where the client accepts it. Drops the caller's reference. */
void exchange_send_exposition(struct exchange *exchange, const char *content_type,
                              struct exposition *exposition);

#endif
