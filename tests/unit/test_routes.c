/* Which path, asked how and by whom, is answered with what. */
#include <ifaddrs.h>

#include "serve/landing.h"
#include "serve/routes.h"
#include "serve_fixture.h"

static const struct {
    const char *path;
    int status;
    const char *type;
    const char *body;
    const char *handler;
} endpoints[] = {
    {"/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", "kept 1\nself 1\n", "/metrics"},
    {"/metrics/json", 200, "application/json", "[\"self\"]\n", "/metrics/json"},
    {"/metrics/self", 200, "text/plain; version=0.0.4; charset=utf-8", "self 1\n", "/metrics/self"},
    {"/health", 200, "application/json", "{\"status\":\"ok\"}\n", "/health"},
    {"/ready", 200, "application/json", "{\"ready\":true}\n", "/ready"},
    {"/-/healthy", 200, "text/plain; charset=utf-8", "jsonl-exporter is healthy.\n", "/-/healthy"},
    {"/-/ready", 200, "text/plain; charset=utf-8", "jsonl-exporter is ready.\n", "/-/ready"},
    {"/", 200, "text/html; charset=utf-8", "<!DOCTYPE html><title>landing</title>", "/"},
    {"/api/v1/status", 200, "application/json", "{\"limit\":1000}\n", "/api/v1/status"},
    {"/api/v1/status?limit=7", 200, "application/json", "{\"limit\":7}\n", "/api/v1/status"},
    {"/api/v1/status?limit=0", 200, "application/json", "{\"limit\":0}\n", "/api/v1/status"},
    {"/api/v1/status?limit=-7", 200, "application/json", "{\"limit\":1000}\n", "/api/v1/status"},
    {"/api/v1/status?limit=7x", 200, "application/json", "{\"limit\":1000}\n", "/api/v1/status"},
    {"/api/v1/status?limit=99999999999999999999", 200, "application/json", "{\"limit\":1000000}\n",
     "/api/v1/status"},
    /* Other spellings of the same. */
    {"/metrics?x=y&name[]=%00", 200, "text/plain; version=0.0.4; charset=utf-8", "kept 1\nself 1\n",
     "/metrics"},
    {"/metrics?", 200, "text/plain; version=0.0.4; charset=utf-8", "kept 1\nself 1\n", "/metrics"},
    {"/%6detric%73", 200, "text/plain; version=0.0.4; charset=utf-8", "kept 1\nself 1\n",
     "/metrics"},
    {"http://localhost/health", 200, "application/json", "{\"status\":\"ok\"}\n", "/health"},
    {"http://localhost", 200, "text/html; charset=utf-8", "<!DOCTYPE html><title>landing</title>",
     "/"},
    /* What is not there. */
    {"/nothing", 404, "text/plain; charset=utf-8", "Not found.\n", "other"},
    {"/metrics/", 404, "text/plain; charset=utf-8", "Not found.\n", "other"},
    {"//metrics", 404, "text/plain; charset=utf-8", "Not found.\n", "other"},
    {"//localhost/metrics", 404, "text/plain; charset=utf-8", "Not found.\n", "other"},
    {"/./metrics", 404, "text/plain; charset=utf-8", "Not found.\n", "other"},
    {"/metrics%00", 404, "text/plain; charset=utf-8", "Not found.\n", "other"},
    {"/metrics%2f", 404, "text/plain; charset=utf-8", "Not found.\n", "other"},
    {"/METRICS", 404, "text/plain; charset=utf-8", "Not found.\n", "other"},
    {"/%", 404, "text/plain; charset=utf-8", "Not found.\n", "other"},
    {"/-", 404, "text/plain; charset=utf-8", "Not found.\n", "other"},
    {"metrics", 404, "text/plain; charset=utf-8", "Not found.\n", "other"},
    {"*", 404, "text/plain; charset=utf-8", "Not found.\n", "other"},
};

static struct text request(struct fixture *fixture, const char *method, const char *path)
{
    AUTO_FREE char *text = memory_format("%s %s HTTP/1.1\r\n" CLOSE, method, path);
    struct text answer;
    ask(fixture, text, &answer);
    return answer;
}

static void test_every_path_is_answered_as_the_table_says(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){0});
    for (size_t i = 0; i < ARRAY_LENGTH(endpoints); i++) {
        struct text answer = request(&fixture, "GET", endpoints[i].path);
        if (answer_status(&answer) != endpoints[i].status)
            fail_msg("%s: %s", endpoints[i].path, answer.data);
        assert_string_equal(answer_header(&answer, "Content-Type"), endpoints[i].type);
        assert_string_equal(answer_header(&answer, "X-Content-Type-Options"), "nosniff");
        assert_string_equal(answer_body(&answer), endpoints[i].body);
        assert_int_equal(atol(answer_header(&answer, "Content-Length")),
                         (long)strlen(endpoints[i].body));

        assert_string_equal(fixture.last_handler, endpoints[i].handler);
        assert_string_equal(fixture.last_method, "get");
        assert_int_equal(fixture.last_status, endpoints[i].status);
        assert_int_equal(fixture.last_bytes, strlen(endpoints[i].body));
        assert_true(fixture.last_seconds >= 0 && fixture.last_seconds < 60);
        text_free(&answer);
    }
    assert_int_equal(fixture.requests, ARRAY_LENGTH(endpoints));
    fixture_stop(&fixture);
}

static void test_head_has_the_headers_of_get_and_no_body(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){0});
    for (size_t i = 0; i < ARRAY_LENGTH(endpoints); i++) {
        struct text get = request(&fixture, "GET", endpoints[i].path);
        struct text head = request(&fixture, "HEAD", endpoints[i].path);
        assert_string_equal(answer_body(&head), "");
        assert_string_equal(fixture.last_method, "head");
        assert_int_equal(fixture.last_bytes, 0);
        /* The date may have moved on by a second. */
        char *date = strstr(get.data, "Date: ");
        memcpy(strstr(head.data, "Date: "), date, strcspn(date, "\r"));
        assert_memory_equal(head.data, get.data, head.length);
        text_free(&get);
        text_free(&head);
    }
    fixture_stop(&fixture);
}

static void test_other_methods_are_refused_with_what_is_allowed(void **state UNUSED)
{
    static const struct {
        const char *method;
        const char *label;
    } methods[] = {
        {"POST", "post"},       {"PUT", "put"},     {"DELETE", "delete"}, {"PATCH", "patch"},
        {"OPTIONS", "options"}, {"TRACE", "trace"}, {"BREW", "other"},    {"PROPFIND", "other"},
        {"GETTER", "other"},    {"get", "other"},
    };
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){0});
    for (size_t i = 0; i < ARRAY_LENGTH(methods); i++) {
        struct text answer = request(&fixture, methods[i].method, "/metrics");
        assert_int_equal(answer_status(&answer), 405);
        assert_string_equal(answer_header(&answer, "Allow"), "GET, HEAD");
        assert_string_equal(fixture.last_handler, "/metrics");
        assert_string_equal(fixture.last_method, methods[i].label);
        text_free(&answer);
        answer = request(&fixture, methods[i].method, "/nothing");
        assert_int_equal(answer_status(&answer), 404);
        text_free(&answer);
    }
    fixture_stop(&fixture);
}

static void test_reload_is_asked_for_by_post_where_it_is_enabled(void **state UNUSED)
{
    static const char post[] = "POST /-/reload HTTP/1.1\r\nContent-Length: 0\r\n" CLOSE;
    struct fixture fixture;
    struct text answer;
    fixture_start(&fixture, (struct serve_options){0});
    assert_int_equal(status_of(&fixture, post), 403);
    assert_int_equal(fixture.reloads, 0);
    fixture_stop(&fixture);

    fixture_start(&fixture, (struct serve_options){.enable_lifecycle = true});
    answer = request(&fixture, "GET", "/-/reload");
    assert_int_equal(answer_status(&answer), 405);
    assert_string_equal(answer_header(&answer, "Allow"), "POST");
    assert_int_equal(fixture.reloads, 0);
    text_free(&answer);
    assert_int_equal(status_of(&fixture, post), 200);
    assert_int_equal(fixture.reloads, 1);
    fixture.ready = false;
    ask(&fixture, post, &answer);
    assert_int_equal(answer_status(&answer), 500);
    assert_string_equal(answer_body(&answer), "mine.yaml:1:1: wrong\n");
    text_free(&answer);
    fixture_stop(&fixture);
}

static void test_not_ready_is_503_on_ready_alone(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){0});
    fixture.ready = false;
    assert_int_equal(status_of(&fixture, "GET /ready HTTP/1.1\r\n" CLOSE), 503);
    assert_int_equal(status_of(&fixture, "GET /-/ready HTTP/1.1\r\n" CLOSE), 503);
    assert_int_equal(status_of(&fixture, "GET /health HTTP/1.1\r\n" CLOSE), 200);
    assert_int_equal(status_of(&fixture, "GET /-/healthy HTTP/1.1\r\n" CLOSE), 200);
    assert_int_equal(status_of(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE), 200);
    exposition_part_drop(fixture.metrics);
    fixture.metrics = NULL;
    struct text answer = request(&fixture, "GET", "/metrics");
    assert_int_equal(answer_status(&answer), 503);
    assert_string_equal(answer_header(&answer, "Retry-After"), "5");
    text_free(&answer);
    assert_int_equal(status_of(&fixture, "GET /metrics/self HTTP/1.1\r\n" CLOSE), 200);
    fixture_stop(&fixture);
}

static void test_states_are_not_to_be_stored_and_the_page_is_fenced_in(void **state UNUSED)
{
    static const char *const paths[] = {"/health", "/ready", "/-/healthy", "/-/ready", "/"};
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){.version = "jsonl-exporter/1.0"});
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        struct text answer = request(&fixture, "GET", paths[i]);
        assert_string_equal(answer_header(&answer, "Cache-Control"), "no-store");
        assert_string_equal(answer_header(&answer, "Server"), "jsonl-exporter/1.0");
        const char *policy = answer_header(&answer, "Content-Security-Policy");
        assert_string_equal(policy ? policy : "none",
                            paths[i][1] ? "none" : LANDING_CONTENT_SECURITY_POLICY);
        text_free(&answer);
    }
    fixture_stop(&fixture);
}

static void test_a_telemetry_path_of_choice(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){.telemetry_path = "/probe"});
    assert_int_equal(status_of(&fixture, "GET /probe HTTP/1.1\r\n" CLOSE), 200);
    assert_string_equal(fixture.last_handler, "/probe");
    assert_int_equal(status_of(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE), 404);
    assert_int_equal(status_of(&fixture, "GET /metrics/self HTTP/1.1\r\n" CLOSE), 200);
    fixture_stop(&fixture);
}

static void test_metrics_at_the_root_take_the_place_of_the_page(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){.telemetry_path = "/"});
    struct text answer = request(&fixture, "GET", "/");
    assert_string_equal(answer_body(&answer), "kept 1\nself 1\n");
    text_free(&answer);
    assert_int_equal(
        status_of(&fixture, "GET / HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n"), 200);
    fixture_stop(&fixture);
}

static void test_which_telemetry_paths_are_taken(void **state UNUSED)
{
    static const char *const good[] = {"/", "/metrics", "/a/b-c_d.e", "/metricsjson"};
    static const char *const bad[] = {
        "",     "metrics", "//metrics", "/health", "/metrics/json", "/-/ready",
        "/a b", "/a?b",    "/a#b",      "/%41",    "/a\n",          "/\xc3\xa4"};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++)
        assert_true(routes_take_telemetry_path(good[i]));
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_false(routes_take_telemetry_path(bad[i]));
}

static void test_the_page_is_shown_under_own_names_only(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){0});
    char name[256];
    assert_int_equal(gethostname(name, sizeof(name)), 0);
    AUTO_FREE char *own =
        memory_format("GET / HTTP/1.1\r\nHost: %s:9090\r\nConnection: close\r\n\r\n", name);
    assert_int_equal(status_of(&fixture, own), 200);
    assert_int_equal(
        status_of(&fixture, "GET / HTTP/1.1\r\nHost: [::1]:1\r\nConnection: close\r\n\r\n"), 200);
    assert_int_equal(
        status_of(&fixture, "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
        403);
    /* The name in the request line counts, not the header beside it. */
    assert_int_equal(status_of(&fixture, "GET http://evil.example/ HTTP/1.1\r\n" CLOSE), 403);
    assert_int_equal(status_of(&fixture, "GET / HTTP/1.0\r\n\r\n"), 403);
    assert_int_equal(status_of(&fixture, "GET /metrics HTTP/1.0\r\n\r\n"), 200);
    fixture_stop(&fixture);
}

/* An IPv4 address of this machine that is not loopback. */
static bool find_outer_address(struct in_addr *ret_address)
{
    struct ifaddrs *all;
    bool found = false;
    assert_int_equal(getifaddrs(&all), 0);
    for (struct ifaddrs *at = all; at && !found; at = at->ifa_next) {
        if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET)
            continue;
        *ret_address = ((struct sockaddr_in *)at->ifa_addr)->sin_addr;
        found = ntohl(ret_address->s_addr) >> 24 != IN_LOOPBACKNET;
    }
    freeifaddrs(all);
    return found;
}

static int status_from(struct fixture *fixture, struct in_addr address, const char *request)
{
    struct sockaddr_in server = {
        .sin_family = AF_INET, .sin_port = htons(fixture->port), .sin_addr = address};
    struct text answer;
    text_init(&answer, TEXT_UNLIMITED);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&server, sizeof(server)), 0);
    client_send_text(fixture, client, request);
    while (client_receive(fixture, client, &answer))
        ;
    close(client);
    int status = answer_status(&answer);
    text_free(&answer);
    return status;
}

static void test_others_see_the_page_only_when_it_is_exposed(void **state UNUSED)
{
    static const char *const addresses[] = {":0"};
    struct in_addr outer;
    if (!find_outer_address(&outer)) {
        print_message("no address but loopback here: skipped\n");
        skip();
    }
    for (int expose = 0; expose <= 1; expose++) {
        struct fixture fixture;
        fixture_start(&fixture, (struct serve_options){.addresses = addresses,
                                                       .address_count = 1,
                                                       .expose_ui = expose});
        assert_int_equal(status_from(&fixture, outer, "GET / HTTP/1.1\r\n" CLOSE),
                         expose ? 200 : 403);
        assert_int_equal(status_from(&fixture, outer,
                                     "GET / HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n"),
                         403);
        assert_int_equal(status_from(&fixture, outer, "GET /ready HTTP/1.1\r\n" CLOSE), 200);
        assert_int_equal(status_from(&fixture, outer, "GET /metrics HTTP/1.1\r\n" CLOSE), 200);
        char text[64];
        inet_ntop(AF_INET, &outer, text, sizeof(text));
        assert_string_equal(fixture.remote, text);
        fixture_stop(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_path_is_answered_as_the_table_says),
        cmocka_unit_test(test_head_has_the_headers_of_get_and_no_body),
        cmocka_unit_test(test_other_methods_are_refused_with_what_is_allowed),
        cmocka_unit_test(test_reload_is_asked_for_by_post_where_it_is_enabled),
        cmocka_unit_test(test_not_ready_is_503_on_ready_alone),
        cmocka_unit_test(test_states_are_not_to_be_stored_and_the_page_is_fenced_in),
        cmocka_unit_test(test_a_telemetry_path_of_choice),
        cmocka_unit_test(test_metrics_at_the_root_take_the_place_of_the_page),
        cmocka_unit_test(test_which_telemetry_paths_are_taken),
        cmocka_unit_test(test_the_page_is_shown_under_own_names_only),
        cmocka_unit_test(test_others_see_the_page_only_when_it_is_exposed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
