/* Limits: how many connections, how long each may take, how many answers at a time. */
#include <sys/resource.h>

#include "serve_fixture.h"

#define BIG ((size_t)32 << 20) /* more than the sockets between two ends hold */

#define ASK "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"

static size_t open_connections(const struct fixture *fixture)
{
    return fixture_counts(fixture).connections;
}

static void turn_until_open(struct fixture *fixture, size_t count)
{
    int64_t end = clock_monotonic() + PATIENCE;
    while (open_connections(fixture) != count && clock_monotonic() < end)
        fixture_turn_for(fixture, 2);
    assert_int_equal(open_connections(fixture), count);
}

/* A client that has asked for a big answer and reads none of it. */
static int stuck_client(struct fixture *fixture)
{
    size_t before = fixture_counts(fixture).requests_in_flight;
    int client = client_open(fixture, 4096);
    client_send_text(fixture, client, ASK);
    int64_t end = clock_monotonic() + PATIENCE;
    while (fixture_counts(fixture).requests_in_flight == before && clock_monotonic() < end)
        fixture_turn(fixture);
    assert_int_equal(fixture_counts(fixture).requests_in_flight, before + 1);
    return client;
}

static void test_the_longest_silent_makes_room(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){.max_connections = 3});
    int silent[3];
    for (size_t i = 0; i < 3; i++) {
        silent[i] = client_open(&fixture, 0);
        turn_until_open(&fixture, i + 1);
    }
    client_send_text(&fixture, silent[0], "GET /metrics HT"); /* begun is not asked */
    assert_int_equal(status_of(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE), 200);
    assert_true(client_is_closed(&fixture, silent[0]));
    assert_false(client_is_closed(&fixture, silent[1]));
    assert_false(client_is_closed(&fixture, silent[2]));
    assert_int_equal(fixture_counts(&fixture).connections_refused, 1);
    for (size_t i = 0; i < 3; i++)
        close(silent[i]);
    turn_until_open(&fixture, 0);
    fixture_stop(&fixture);
}

static void test_a_flood_of_silent_connections_does_not_shut_the_door(void **state UNUSED)
{
    enum { FLOOD = 300 };
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){.max_connections = 8});
    int clients[FLOOD];
    for (size_t i = 0; i < FLOOD; i++) {
        clients[i] = client_open(&fixture, 0);
        if (i % 50 == 49)
            fixture_turn_for(&fixture, 5);
    }
    assert_true(open_connections(&fixture) <= 8);
    assert_int_equal(status_of(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE), 200);
    assert_true(fixture_counts(&fixture).connections_refused >= FLOOD - 8);
    for (size_t i = 0; i < FLOOD; i++)
        close(clients[i]);
    turn_until_open(&fixture, 0);
    fixture_stop(&fixture);
}

static void test_where_all_are_being_answered_the_new_one_is_refused(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){.max_connections = 2});
    fixture_set_metrics(&fixture, BIG);
    int stuck[2] = {stuck_client(&fixture), stuck_client(&fixture)};
    assert_int_equal(status_of(&fixture, "GET /health HTTP/1.1\r\n" CLOSE), 0);
    assert_int_equal(fixture_counts(&fixture).connections_refused, 1);
    assert_int_equal(fixture_counts(&fixture).requests_in_flight, 2);
    close(stuck[0]);
    turn_until_open(&fixture, 1);
    assert_int_equal(status_of(&fixture, "GET /health HTTP/1.1\r\n" CLOSE), 200);
    close(stuck[1]);
    turn_until_open(&fixture, 0);
    fixture_stop(&fixture);
}

static void test_a_whole_answer_comes_through_beside_stuck_ones(void **state UNUSED)
{
    struct fixture fixture;
    struct text answer;
    fixture_start(&fixture, (struct serve_options){0});
    fixture_set_metrics(&fixture, BIG);
    int stuck[4];
    for (size_t i = 0; i < ARRAY_LENGTH(stuck); i++)
        stuck[i] = stuck_client(&fixture);
    ask(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE, &answer);
    assert_int_equal(answer.length - (size_t)(answer_body(&answer) - answer.data),
                     BIG + strlen("self 1\n"));
    text_free(&answer);
    for (size_t i = 0; i < ARRAY_LENGTH(stuck); i++)
        close(stuck[i]);
    turn_until_open(&fixture, 0);
    fixture_stop(&fixture);
}

static void test_more_metrics_at_a_time_than_allowed_are_503(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){.max_requests = 2});
    fixture_set_metrics(&fixture, BIG);
    int stuck[2] = {stuck_client(&fixture), stuck_client(&fixture)};
    assert_int_equal(status_of(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE), 503);
    assert_int_equal(status_of(&fixture, "GET /metrics/json HTTP/1.1\r\n" CLOSE), 503);
    assert_int_equal(status_of(&fixture, "GET /metrics/self HTTP/1.1\r\n" CLOSE), 200);
    assert_int_equal(status_of(&fixture, "GET /health HTTP/1.1\r\n" CLOSE), 200);
    assert_int_equal(status_of(&fixture, "HEAD /metrics HTTP/1.1\r\n" CLOSE), 503);
    close(stuck[0]);
    turn_until_open(&fixture, 1);
    assert_int_equal(status_of(&fixture, "HEAD /metrics HTTP/1.1\r\n" CLOSE), 200);
    close(stuck[1]);
    turn_until_open(&fixture, 0);
    fixture_stop(&fixture);
}

static void test_a_broken_answer_is_told_with_what_was_sent(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){0});
    fixture_set_metrics(&fixture, BIG);
    int client = stuck_client(&fixture);
    assert_int_equal(fixture.requests, 0);
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(client);
    turn_until_open(&fixture, 0);
    assert_int_equal(fixture.requests, 1);
    assert_int_equal(fixture.last_status, 200);
    assert_string_equal(fixture.last_handler, "/metrics");
    assert_true(fixture.last_bytes > 0 && fixture.last_bytes < BIG);
    assert_int_equal(fixture_counts(&fixture).requests_in_flight, 0);
    fixture_stop(&fixture);
}

/* Each byte comes in time, the request does not. */
static void test_a_request_that_trickles_in_is_cut(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){.timeout_seconds = 1});
    int client = client_open(&fixture, 0);
    client_send_text(&fixture, client, "GET /metrics HTTP/1.1\r\nX: ");
    int64_t began = clock_monotonic();
    while (!client_is_closed(&fixture, client) && clock_monotonic() - began < PATIENCE) {
        client_send_text(&fixture, client, "a");
        fixture_turn_for(&fixture, 50);
    }
    int64_t took = clock_monotonic() - began;
    assert_true(took > NANOSECONDS_PER_SECOND * 9 / 10 && took < NANOSECONDS_PER_SECOND * 10);
    close(client);
    turn_until_open(&fixture, 0);
    assert_int_equal(fixture.requests, 0);
    fixture_stop(&fixture);
}

static void test_a_reader_of_some_bytes_a_second_is_cut(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){.timeout_seconds = 1});
    fixture_set_metrics(&fixture, BIG);
    int client = stuck_client(&fixture);
    int64_t began = clock_monotonic();
    char byte;
    while (open_connections(&fixture) > 0 && clock_monotonic() - began < PATIENCE) {
        fixture_turn_for(&fixture, 50);
        assert_true(recv(client, &byte, 1, MSG_DONTWAIT) != 0);
    }
    int64_t took = clock_monotonic() - began;
    assert_true(took > NANOSECONDS_PER_SECOND / 2 && took < NANOSECONDS_PER_SECOND * 10);
    assert_int_equal(fixture.requests, 1);
    close(client);
    fixture_stop(&fixture);
}

static void test_a_kept_connection_may_rest_longer_than_a_request(void **state UNUSED)
{
    struct fixture fixture;
    struct text answer;
    fixture_start(&fixture, (struct serve_options){.timeout_seconds = 1});
    int client = client_open(&fixture, 0);
    for (int i = 0; i < 2; i++) {
        client_send_text(&fixture, client, ASK);
        client_receive_answer(&fixture, client, &answer);
        assert_int_equal(answer_status(&answer), 200);
        text_free(&answer);
        fixture_turn_for(&fixture, 1300);
        assert_false(client_is_closed(&fixture, client));
    }
    /* Once its next request has begun, it is measured again. */
    client_send_text(&fixture, client, "GET");
    fixture_turn_for(&fixture, 1300);
    assert_true(client_is_closed(&fixture, client));
    close(client);
    fixture_stop(&fixture);
}

/* A client may not fill our memory with requests while it does not read answers. */
static void test_nothing_is_read_while_an_answer_is_stuck(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){0});
    fixture_set_metrics(&fixture, BIG);
    int client = stuck_client(&fixture);
    static const char more[65536] = {'\r', '\n'};
    size_t sent = 0;
    for (int quiet = 0; quiet < 50;) {
        ssize_t count = send(client, more, sizeof(more), MSG_DONTWAIT | MSG_NOSIGNAL);
        quiet = count > 0 ? 0 : quiet + 1;
        sent += count > 0 ? (size_t)count : 0;
        fixture_turn_for(&fixture, 1);
        assert_true(sent < (size_t)64 << 20); /* what the kernel takes, and no more */
    }
    assert_int_equal(fixture_counts(&fixture).requests_in_flight, 1);
    close(client);
    turn_until_open(&fixture, 0);
    fixture_stop(&fixture);
}

/* Short lines pass evhttp's limit on the size of a header by the thousand. */
static void test_a_head_of_very_many_lines_is_cut(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){0});
    int client = client_open(&fixture, 0);
    client_send_text(&fixture, client, "GET /metrics HTTP/1.1\r\n");
    for (int i = 0; i < 400; i++)
        client_send_text(&fixture, client, "a:\n");
    fixture_turn_for(&fixture, 20);
    assert_false(client_is_closed(&fixture, client));
    for (int i = 0; i < 200; i++)
        client_send_text(&fixture, client, "a:\n");
    fixture_turn_for(&fixture, 20);
    assert_true(client_is_closed(&fixture, client));
    assert_int_equal(fixture.requests, 0);
    close(client);
    fixture_stop(&fixture);
}

/* Descriptors run out: it waits without spinning, and serves who waited when there are some. */
static void test_without_descriptors_it_waits(void **state UNUSED)
{
    struct fixture fixture;
    struct text answer;
    struct rlimit limit;
    fixture_start(&fixture, (struct serve_options){0});
    int client = client_open(&fixture, 0);
    assert_int_equal(send(client, ASK, strlen(ASK), 0), (ssize_t)strlen(ASK));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit none = {.rlim_cur = 3, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);

    clock_t before = clock();
    int64_t end = clock_monotonic() + NANOSECONDS_PER_SECOND / 2;
    const struct timeval short_time = {.tv_usec = 100000};
    while (clock_monotonic() < end) {
        event_base_loopexit(fixture.base, &short_time);
        event_base_loop(fixture.base, 0);
    }
    double busy = (double)(clock() - before) / CLOCKS_PER_SEC;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(open_connections(&fixture), 0);
    assert_true(busy < 0.25);

    client_receive_answer(&fixture, client, &answer);
    assert_int_equal(answer_status(&answer), 200);
    text_free(&answer);
    close(client);
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_longest_silent_makes_room),
        cmocka_unit_test(test_a_flood_of_silent_connections_does_not_shut_the_door),
        cmocka_unit_test(test_where_all_are_being_answered_the_new_one_is_refused),
        cmocka_unit_test(test_a_whole_answer_comes_through_beside_stuck_ones),
        cmocka_unit_test(test_more_metrics_at_a_time_than_allowed_are_503),
        cmocka_unit_test(test_a_broken_answer_is_told_with_what_was_sent),
        cmocka_unit_test(test_a_request_that_trickles_in_is_cut),
        cmocka_unit_test(test_a_reader_of_some_bytes_a_second_is_cut),
        cmocka_unit_test(test_a_kept_connection_may_rest_longer_than_a_request),
        cmocka_unit_test(test_nothing_is_read_while_an_answer_is_stuck),
        cmocka_unit_test(test_a_head_of_very_many_lines_is_cut),
        cmocka_unit_test(test_without_descriptors_it_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
