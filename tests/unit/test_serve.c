/* Starting and ending the server: addresses, what goes wrong there, and who is waited for. */
#include "serve_fixture.h"

static int try_to_start(struct fixture *fixture, const char *const *addresses, size_t count,
                        const char *telemetry_path, char **ret_error)
{
    struct serve_handlers handlers = fixture_handlers(fixture);
    const struct serve_options options = {
        .addresses = addresses, .address_count = count, .telemetry_path = telemetry_path};
    return serve_new(fixture->base, &handlers, &options, &fixture->serve, ret_error);
}

static void test_a_free_port_is_chosen_and_told(void **state UNUSED)
{
    struct fixture fixture;
    char address[64];
    fixture_start(&fixture, (struct serve_options){0});
    assert_int_equal(serve_listener_count(fixture.serve), 1);
    serve_listener_address(fixture.serve, 0, address);
    assert_true(strncmp(address, "127.0.0.1:", 10) == 0);
    assert_true(fixture.port > 0);
    assert_int_equal(status_of(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE), 200);
    assert_string_equal(fixture.remote, "127.0.0.1");
    fixture_stop(&fixture);
}

static void test_several_addresses(void **state UNUSED)
{
    static const char *const addresses[] = {"127.0.0.1:0", "localhost:0", "0.0.0.0:0"};
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){.addresses = addresses, .address_count = 3});
    assert_int_equal(serve_listener_count(fixture.serve), 3);
    for (size_t i = 0; i < 3; i++) {
        fixture.port = fixture_port(&fixture, i);
        assert_int_equal(status_of(&fixture, "GET /health HTTP/1.1\r\n" CLOSE), 200);
    }
    fixture_stop(&fixture);
}

static bool has_ipv6(void)
{
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has = probe >= 0 && bind(probe, (struct sockaddr *)&loopback, sizeof(loopback)) == 0;
    if (probe >= 0)
        close(probe);
    return has;
}

static int status_over_ipv6(struct fixture *fixture, uint16_t port)
{
    struct sockaddr_in6 server = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_loopback};
    struct text answer;
    text_init(&answer, TEXT_UNLIMITED);
    int client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(client, (struct sockaddr *)&server, sizeof(server)) == 0) {
        client_send_text(fixture, client, "GET /metrics HTTP/1.1\r\n" CLOSE);
        while (client_receive(fixture, client, &answer))
            ;
    }
    close(client);
    int status = answer_status(&answer);
    text_free(&answer);
    return status;
}

static void test_no_host_means_both_families(void **state UNUSED)
{
    static const char *const addresses[] = {":0"};
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){.addresses = addresses, .address_count = 1});
    assert_int_equal(serve_listener_count(fixture.serve), 1);
    assert_int_equal(status_of(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE), 200);
    assert_string_equal(fixture.remote, "127.0.0.1"); /* not ::ffff:127.0.0.1 */
    assert_int_equal(status_of(&fixture, "GET / HTTP/1.1\r\n" CLOSE), 200);
    if (has_ipv6()) {
        assert_int_equal(status_over_ipv6(&fixture, fixture.port), 200);
        assert_string_equal(fixture.remote, "::1");
    }
    fixture_stop(&fixture);
}

static void test_ipv6_stands_beside_ipv4_on_one_port(void **state UNUSED)
{
    if (!has_ipv6()) {
        print_message("no IPv6 here: skipped\n");
        skip();
    }
    struct fixture first;
    static const char *const ipv4[] = {"0.0.0.0:0"};
    fixture_start(&first, (struct serve_options){.addresses = ipv4, .address_count = 1});
    AUTO_FREE char *address = memory_format("[::]:%d", first.port);
    const char *const ipv6[] = {address};
    struct fixture second;
    fixture_start(&second, (struct serve_options){.addresses = ipv6, .address_count = 1});
    assert_int_equal(second.port, first.port);
    char text[64];
    serve_listener_address(second.serve, 0, text);
    assert_string_equal(text, address);
    assert_int_equal(status_over_ipv6(&second, second.port), 200);
    fixture_stop(&second);
    fixture_stop(&first);
}

static void test_a_port_in_use_is_told_and_nothing_stays_open(void **state UNUSED)
{
    struct fixture first;
    struct fixture second;
    char *error = NULL;
    fixture_start(&first, (struct serve_options){0});
    fixture_make(&second);
    AUTO_FREE char *taken = memory_format("127.0.0.1:%d", first.port);
    struct fixture spare;
    fixture_start(&spare, (struct serve_options){0});
    AUTO_FREE char *free_one = memory_format("127.0.0.1:%d", spare.port);
    fixture_stop(&spare);

    const char *const addresses[] = {free_one, taken};
    assert_int_equal(try_to_start(&second, addresses, 2, "/metrics", &error), -EADDRINUSE);
    assert_non_null(strstr(error, taken));
    assert_non_null(strstr(error, "Address already in use"));
    assert_null(second.serve);
    free(error);
    /* The first of the two was opened, and is closed again. */
    assert_int_equal(try_to_start(&second, addresses, 1, "/metrics", &error), 0);
    fixture_stop(&second);
    fixture_stop(&first);
}

static void test_what_cannot_be_listened_on_is_named(void **state UNUSED)
{
    static const struct {
        const char *address;
        const char *path;
        int result;
        const char *piece;
    } cases[] = {
        {"localhost", "/metrics", -EINVAL, "'localhost': no port"},
        {"127.0.0.1:99999", "/metrics", -EINVAL, "'127.0.0.1:99999': the port is over 65535"},
        {"no-such-host.invalid:0", "/metrics", -EADDRNOTAVAIL, "'no-such-host.invalid:0': "},
        {"192.0.2.1:0", "/metrics", -EADDRNOTAVAIL, "'192.0.2.1:0': Cannot assign"},
        {"127.0.0.1:0", "metrics", -EINVAL, "'metrics'"},
        {"127.0.0.1:0", "/health", -EINVAL, "'/health'"},
    };
    struct fixture fixture;
    fixture_make(&fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char *error = NULL;
        int result = try_to_start(&fixture, &cases[i].address, 1, cases[i].path, &error);
        if (result != cases[i].result || !strstr(error, cases[i].piece))
            fail_msg("%s: %d, %s", cases[i].address, result, error);
        assert_null(fixture.serve);
        free(error);
    }
    fixture_stop(&fixture);
}

static void test_stopping_lets_answers_end_and_takes_no_new_ones(void **state UNUSED)
{
    enum { SIZE = 16 << 20 };
    struct fixture fixture;
    struct text answer;
    fixture_start(&fixture, (struct serve_options){0});
    fixture_set_metrics(&fixture, SIZE);
    int idle = client_open(&fixture, 0);
    int busy = client_open(&fixture, 4096);
    client_send_text(&fixture, busy, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    fixture_turn_for(&fixture, 50);
    assert_int_equal(fixture_counts(&fixture).requests_in_flight, 1);

    serve_stop(fixture.serve, 10);
    assert_int_equal(serve_listener_count(fixture.serve), 0);
    assert_true(client_is_closed(&fixture, idle));
    struct sockaddr_in server = {.sin_family = AF_INET,
                                 .sin_port = htons(fixture.port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(late, (struct sockaddr *)&server, sizeof(server)), -1);

    text_init(&answer, TEXT_UNLIMITED);
    while (client_receive(&fixture, busy, &answer))
        ;
    assert_int_equal(answer.length - (size_t)(answer_body(&answer) - answer.data),
                     SIZE + strlen("self 1\n"));
    assert_int_equal(fixture_counts(&fixture).connections, 0);
    text_free(&answer);
    close(idle);
    close(busy);
    close(late);
    fixture_stop(&fixture);
}

static void test_stopping_waits_no_longer_than_its_grace(void **state UNUSED)
{
    struct fixture fixture;
    for (int grace = 0; grace <= 1; grace++) {
        fixture_start(&fixture, (struct serve_options){0});
        fixture_set_metrics(&fixture, 32 << 20);
        int stuck = client_open(&fixture, 4096);
        client_send_text(&fixture, stuck, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        fixture_turn_for(&fixture, 50);
        serve_stop(fixture.serve, grace);
        assert_int_equal(fixture_counts(&fixture).connections, (size_t)grace);
        fixture_turn_for(&fixture, grace * 1200);
        assert_int_equal(fixture_counts(&fixture).connections, 0);
        assert_int_equal(fixture.requests, 1);
        close(stuck);
        fixture_stop(&fixture);
    }
}

static void test_freeing_cuts_whatever_is_under_way(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){0});
    fixture_set_metrics(&fixture, 32 << 20);
    int stuck = client_open(&fixture, 4096);
    client_send_text(&fixture, stuck, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    int begun = client_open(&fixture, 0);
    client_send_text(&fixture, begun, "GET /metr");
    fixture_turn_for(&fixture, 50);
    int unseen = client_open(&fixture, 0);
    event_base_loop(fixture.base, EVLOOP_ONCE);
    fixture_stop(&fixture);
    assert_int_equal(fixture.requests, 1);
    close(stuck);
    close(begun);
    close(unseen);
    serve_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_free_port_is_chosen_and_told),
        cmocka_unit_test(test_several_addresses),
        cmocka_unit_test(test_no_host_means_both_families),
        cmocka_unit_test(test_ipv6_stands_beside_ipv4_on_one_port),
        cmocka_unit_test(test_a_port_in_use_is_told_and_nothing_stays_open),
        cmocka_unit_test(test_what_cannot_be_listened_on_is_named),
        cmocka_unit_test(test_stopping_lets_answers_end_and_takes_no_new_ones),
        cmocka_unit_test(test_stopping_waits_no_longer_than_its_grace),
        cmocka_unit_test(test_freeing_cuts_whatever_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
