/* HTTP manners: coding, length, keeping a connection, and requests that break the rules. */
#define ZLIB_CONST
#include <zlib.h>

#include "serve_fixture.h"

/* Inflates the body of a gzip answer, which must be as long as it says. */
static char *gunzip_body(const struct text *answer, size_t *ret_length)
{
    const char *body = answer_body(answer);
    size_t length = answer->length - (size_t)(body - answer->data);
    assert_int_equal(atol(answer_header(answer, "Content-Length")), (long)length);
    size_t room = 1 << 22;
    char *plain = memory_alloc(room);
    z_stream stream = {.next_in = (const Bytef *)body, .avail_in = (uInt)length};
    stream.next_out = (Bytef *)plain;
    stream.avail_out = (uInt)room;
    assert_int_equal(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    *ret_length = stream.total_out;
    inflateEnd(&stream);
    return plain;
}

static void test_gzip_carries_the_same_bytes(void **state UNUSED)
{
    struct fixture fixture;
    struct text plain;
    struct text packed;
    fixture_start(&fixture, (struct serve_options){0});
    fixture_set_metrics(&fixture, 1 << 20);
    ask(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE, &plain);
    assert_null(answer_header(&plain, "Content-Encoding"));
    assert_string_equal(answer_header(&plain, "Vary"), "Accept, Accept-Encoding");
    for (int round = 0; round < 2; round++) {
        ask(&fixture, "GET /metrics HTTP/1.1\r\nAccept-Encoding: gzip\r\n" CLOSE, &packed);
        assert_string_equal(answer_header(&packed, "Content-Encoding"), "gzip");
        assert_string_equal(answer_header(&packed, "Vary"), "Accept, Accept-Encoding");
        size_t length;
        char *inflated = gunzip_body(&packed, &length);
        assert_int_equal(length, (1 << 20) + strlen("self 1\n"));
        assert_memory_equal(inflated, answer_body(&plain), length);
        free(inflated);
        text_free(&packed);
    }
    ask(&fixture,
        "GET /metrics HTTP/1.1\r\nAccept-Encoding: br\r\naccept-encoding: gzip;q=0.5\r\n" CLOSE,
        &packed);
    assert_string_equal(answer_header(&packed, "Content-Encoding"), "gzip");
    text_free(&packed);
    text_free(&plain);
    fixture_stop(&fixture);
}

static void test_head_foretells_the_length_of_gzip(void **state UNUSED)
{
    struct fixture fixture;
    struct text head;
    struct text get;
    fixture_start(&fixture, (struct serve_options){0});
    fixture_set_metrics(&fixture, 100000);
    ask(&fixture, "HEAD /metrics HTTP/1.1\r\nAccept-Encoding: gzip\r\n" CLOSE, &head);
    ask(&fixture, "GET /metrics HTTP/1.1\r\nAccept-Encoding: gzip\r\n" CLOSE, &get);
    assert_string_equal(answer_header(&head, "Content-Encoding"), "gzip");
    long foretold = atol(answer_header(&head, "Content-Length"));
    assert_int_equal(foretold, atol(answer_header(&get, "Content-Length")));
    assert_string_equal(answer_body(&head), "");
    text_free(&head);
    text_free(&get);
    fixture_stop(&fixture);
}

static void test_a_connection_serves_many_requests(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){0});
    int client = client_open(&fixture, 0);
    for (int i = 0; i < 20; i++) {
        struct text answer;
        client_send_text(&fixture, client,
                         i % 2 ? "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
                               : "GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        client_receive_answer(&fixture, client, &answer);
        assert_int_equal(answer_status(&answer), 200);
        text_free(&answer);
    }
    assert_int_equal(fixture_counts(&fixture).connections, 1);
    assert_int_equal(fixture.requests, 20);
    close(client);
    fixture_turn_for(&fixture, 50);
    assert_int_equal(fixture_counts(&fixture).connections, 0);
    fixture_stop(&fixture);
}

static size_t count_of(const struct text *answer, const char *piece)
{
    size_t count = 0;
    for (const char *at = answer->data; at && (at = strstr(at, piece)); at++)
        count++;
    return count;
}

static void test_pipelined_requests_are_answered_in_order(void **state UNUSED)
{
    struct fixture fixture;
    struct text requests;
    struct text answers;
    fixture_start(&fixture, (struct serve_options){0});
    text_init(&requests, TEXT_UNLIMITED);
    text_init(&answers, TEXT_UNLIMITED);
    for (int i = 0; i < 1000; i++)
        text_append_string(&requests, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    text_append_string(&requests, "GET /health HTTP/1.1\r\n" CLOSE);
    int client = client_open(&fixture, 0);
    client_send(&fixture, client, requests.data, requests.length);
    while (client_receive(&fixture, client, &answers))
        ;
    assert_int_equal(count_of(&answers, "HTTP/1.1 200 OK"), 1001);
    assert_int_equal(count_of(&answers, "self 1\n"), 1000);
    assert_string_equal(answers.data + answers.length - 16, "{\"status\":\"ok\"}\n");
    close(client);
    text_free(&requests);
    text_free(&answers);
    fixture_stop(&fixture);
}

/* "nc -N" and many health checks close their side right behind the request. */
static void test_a_half_closed_client_gets_its_whole_answer(void **state UNUSED)
{
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){0});
    fixture_set_metrics(&fixture, 8 << 20);
    for (int round = 0; round < 5; round++) {
        struct text answer;
        text_init(&answer, TEXT_UNLIMITED);
        int client = client_open(&fixture, 0);
        static const char request[] = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_int_equal(send(client, request, strlen(request), 0), (ssize_t)strlen(request));
        shutdown(client, SHUT_WR);
        while (client_receive(&fixture, client, &answer))
            ;
        assert_int_equal(answer_status(&answer), 200);
        assert_int_equal(answer.length - (size_t)(answer_body(&answer) - answer.data),
                         (8 << 20) + strlen("self 1\n"));
        text_free(&answer);
        close(client);
    }
    fixture_stop(&fixture);
}

static void test_requests_against_the_rules(void **state UNUSED)
{
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"GET /metrics HTTP/1.1\r\n\r\n", 400},
        {"GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"GET /metrics HTTP/0.9\r\n\r\n", 505},
        {"GET /metrics HTTP/-1.1\r\n\r\n", 505},
        {"GET /metrics HTTP/1.-1\r\n\r\n", 505},
        {"GET /metrics HTTP/2.0\r\n\r\n", 400},
        {"GET /metrics\r\n\r\n", 400},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
        {"GET /metrics HTTP/1.1\r\n folded: first\r\n\r\n", 400},
        {"GET /metrics HTTP/1.1\r\nno colon\r\n\r\n", 400},
        {"GET /metrics HTTP/1.1\r\nContent-Length: -5\r\n" CLOSE, 400},
        {"POST /metrics HTTP/1.1\r\nContent-Length: 4097\r\n" CLOSE, 413},
        {"POST /metrics HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n" CLOSE, 413},
        {"POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE "ffffffffffffffff\r\n",
         413},
        {"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n" CLOSE "abc", 405},
        {"CONNECT evil:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 404},
        {"GET /metrics HTTP/1.1\r\nExpect: miracles\r\nContent-Length: 1\r\n" CLOSE, 417},
    };
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){0});
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text answer;
        text_init(&answer, TEXT_UNLIMITED);
        int client = client_open(&fixture, 0);
        client_send_text(&fixture, client, cases[i].request);
        if (!client_receive(&fixture, client, &answer) || answer_status(&answer) != cases[i].status)
            fail_msg("%s\nis answered with\n%s", cases[i].request, answer.data);
        text_free(&answer);
        close(client);
    }
    fixture_turn_for(&fixture, 50);
    assert_int_equal(fixture_counts(&fixture).connections, 0);
    fixture_stop(&fixture);
}

/* What follows would otherwise be taken for a request of its own. */
static void test_a_body_that_is_not_read_ends_the_connection(void **state UNUSED)
{
    static const char *const requests[] = {
        "HEAD /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 38\r\n\r\n",
        "BREW /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 38\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    };
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){0});
    for (size_t i = 0; i < ARRAY_LENGTH(requests); i++) {
        AUTO_FREE char *text =
            memory_format("%sGET /health HTTP/1.1\r\nHost: smuggled\r\n\r\n", requests[i]);
        struct text answer;
        ask(&fixture, text, &answer);
        assert_string_equal(answer_header(&answer, "Connection"), "close");
        assert_int_equal(count_of(&answer, "HTTP/1.1 "), 1);
        text_free(&answer);
    }
    fixture_stop(&fixture);
}

static void test_what_is_too_long_is_turned_away(void **state UNUSED)
{
    static const struct {
        const char *start;
        const char *piece; /* repeated to 1 MB */
    } cases[] = {
        {"GET /", "a"},
        {"GET /metrics HTTP/1.1\r\nX: ", "a"},
        {"GET /metrics HTTP/1.1\r\n", "X: y\r\n"},
        {"GET /metrics HTTP/1.1\r\n", ":\n"},
        {"GET /metrics HTTP/1.1\r\nX: y\r\n", " folded\r\n"},
        {"", "\r\n"},
        {"", "\0\1\2\377"},
    };
    struct fixture fixture;
    fixture_start(&fixture, (struct serve_options){0});
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text request;
        struct text answer;
        text_init(&request, TEXT_UNLIMITED);
        text_init(&answer, TEXT_UNLIMITED);
        text_append_string(&request, cases[i].start);
        size_t piece = cases[i].piece[0] ? strlen(cases[i].piece) : 4;
        while (request.length < 1 << 20)
            text_append(&request, cases[i].piece, piece);
        int client = client_open(&fixture, 0);
        client_send(&fixture, client, request.data, request.length);
        while (client_receive(&fixture, client, &answer))
            ;
        assert_int_not_equal(answer_status(&answer), 200);
        close(client);
        text_free(&request);
        text_free(&answer);
    }
    assert_int_equal(fixture.requests, 0);
    assert_int_equal(status_of(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE), 200);
    fixture_stop(&fixture);
}

static void test_a_header_within_the_limit_is_read(void **state UNUSED)
{
    struct fixture fixture;
    struct text request;
    fixture_start(&fixture, (struct serve_options){0});
    text_init(&request, TEXT_UNLIMITED);
    text_append_string(&request, "GET /metrics HTTP/1.1\r\nX-Long: ");
    while (request.length < 16000)
        text_append_char(&request, 'a');
    text_append_string(&request, "\r\n" CLOSE);
    assert_int_equal(status_of(&fixture, request.data), 200);
    text_free(&request);
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gzip_carries_the_same_bytes),
        cmocka_unit_test(test_head_foretells_the_length_of_gzip),
        cmocka_unit_test(test_a_connection_serves_many_requests),
        cmocka_unit_test(test_pipelined_requests_are_answered_in_order),
        cmocka_unit_test(test_a_half_closed_client_gets_its_whole_answer),
        cmocka_unit_test(test_requests_against_the_rules),
        cmocka_unit_test(test_a_body_that_is_not_read_ends_the_connection),
        cmocka_unit_test(test_what_is_too_long_is_turned_away),
        cmocka_unit_test(test_a_header_within_the_limit_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
