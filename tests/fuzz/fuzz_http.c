/* Bytes of a client, sent to a real listener on loopback: whatever they are, the server answers
 * or hangs up, and has no connection left when the client has gone. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/text.h"
#include "fuzz.h"
#include "serve/exposition.h"
#include "serve/serve.h"

#define MOST_TURNS    200 /* of the loop, for one input */
#define MOST_ATTEMPTS 20

static struct event_base *base;
static struct serve *serve;
static struct sockaddr_in server;

static struct exposition *on_metrics(void *context, enum serve_metrics which, bool json,
                                     const char *remote)
{
    (void)context, (void)which, (void)json, (void)remote;
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    text_append_string(&text, "# TYPE a counter\na 1\n");
    struct exposition_part *part = exposition_part_new(&text);
    struct exposition *exposition = exposition_new(&part, 1);
    exposition_part_drop(part);
    return exposition;
}

static void on_text(void *context, struct text *out)
{
    (void)context;
    text_append_string(out, "{}");
}

static bool on_ready(void *context, struct text *out)
{
    on_text(context, out);
    return false;
}

static void on_request(void *context, const char *handler, const char *method, int status,
                       double seconds, size_t response_bytes)
{
    (void)context, (void)handler, (void)method, (void)seconds, (void)response_bytes;
    MUST_HOLD(status >= 200 && status < 600);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    static const char *const addresses[] = {"127.0.0.1:0"};
    const struct serve_handlers handlers = {
        .metrics = on_metrics,
        .health = on_text,
        .ready = on_ready,
        .landing = on_text,
        .on_request = on_request,
    };
    const struct serve_options options = {
        .addresses = addresses,
        .address_count = 1,
        .telemetry_path = "/metrics",
        .expose_ui = true,
    };
    char *error = NULL;
    base = event_base_new();
    MUST_HOLD(base && serve_new(base, &handlers, &options, &serve, &error) == 0);

    char address[64];
    serve_listener_address(serve, 0, address);
    server = (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    return 0;
}

/* Closes with a reset, so that no port is kept waiting. Comes from one loopback address after the
 * other: the server's side may keep ports waiting, and this way there are enough. */
static int new_client(void)
{
    static uint32_t number;
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    const struct sockaddr_in from = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK + number++ % 50000),
    };
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    MUST_HOLD(bind(client, (const struct sockaddr *)&from, sizeof(from)) == 0);
    return client;
}

/* libFuzzer's alarm may interrupt a connect. */
static int connect_client(void)
{
    for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
        int client = new_client();
        if (connect(client, (const struct sockaddr *)&server, sizeof(server)) == 0)
            return client;
        close(client);
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
    perror("connect");
    abort();
}

/* Turns the loop until the server has hung up, or seems to wait for more. */
static void converse(int client, const uint8_t *data, size_t size)
{
    char answer[4096];
    size_t sent = 0;
    for (int turn = 0; turn < MOST_TURNS; turn++) {
        if (sent < size) {
            ssize_t count = send(client, data + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
            sent = count > 0 ? sent + (size_t)count : errno == EAGAIN ? sent : size;
            if (sent == size)
                shutdown(client, SHUT_WR);
        }
        event_base_loop(base, EVLOOP_NONBLOCK);
        if (recv(client, answer, sizeof(answer), MSG_DONTWAIT) == 0)
            break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int client = connect_client();
    converse(client, data, size);
    close(client);

    struct serve_counts counts;
    int turn = 0;
    do {
        event_base_loop(base, EVLOOP_NONBLOCK);
        serve_counts(serve, &counts);
    } while (counts.connections > 0 && ++turn < MOST_TURNS);
    MUST_HOLD(counts.connections == 0 && counts.requests_in_flight == 0);
    return 0;
}
