/* Addresses as users write them, and as peers are named. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "serve/address.h"

static const struct {
    const char *text;
    const char *host;
    bool is_ipv6;
    uint16_t port;
} good[] = {
    {"0.0.0.0:9090", "0.0.0.0", false, 9090},
    {"127.0.0.1:0", "127.0.0.1", false, 0},
    {":9090", "", false, 9090},
    {":65535", "", false, 65535},
    {"localhost:80", "localhost", false, 80},
    {"box-1.example_x.org:09090", "box-1.example_x.org", false, 9090},
    {"[::1]:9090", "::1", true, 9090},
    {"[::]:1", "::", true, 1},
    {"[2001:db8::1]:9", "2001:db8::1", true, 9},
    {"[::ffff:192.0.2.1]:9", "::ffff:192.0.2.1", true, 9},
};

static const char *const bad[] = {
    "",
    "9090",
    "localhost",
    "localhost:",
    ":",
    ":x",
    ":-1",
    ":+1",
    ": 1",
    ":1 ",
    ":65536",
    ":99999999999999999999",
    "::1:9090",
    "::1",
    "[::1]",
    "[::1]9090",
    "[::1",
    "[]:1",
    "[localhost]:1",
    "[127.0.0.1]:1",
    "[::1]]:1",
    "http://localhost:9090",
    "a b:1",
    "a/b:1",
    "*:9090",
    "host:1:2",
    "\n:1",
};

static void test_good_addresses(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        struct address address;
        const char *cause = NULL;
        if (address_parse(good[i].text, &address, &cause) != 0)
            fail_msg("'%s': %s", good[i].text, cause);
        assert_string_equal(address.host, good[i].host);
        assert_int_equal(address.is_ipv6, good[i].is_ipv6);
        assert_int_equal(address.port, good[i].port);
    }
}

static void test_bad_addresses_tell_the_cause_and_change_nothing(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct address address = {.host = "untouched", .port = 7};
        const char *cause = NULL;
        if (address_parse(bad[i], &address, &cause) != -EINVAL)
            fail_msg("'%s' was taken", bad[i]);
        assert_non_null(cause);
        assert_string_equal(address.host, "untouched");
        assert_int_equal(address.port, 7);
    }
}

static void test_a_host_may_be_as_long_as_dns_allows(void **state UNUSED)
{
    char text[300];
    struct address address;
    const char *cause = NULL;
    for (size_t length = 250; length < 260; length++) {
        memset(text, 'a', length);
        memcpy(text + length, ":80", sizeof(":80"));
        int expected = length < ADDRESS_HOST_SIZE ? 0 : -EINVAL;
        assert_int_equal(address_parse(text, &address, &cause), expected);
    }
}

static const struct {
    const char *address;
    const char *text;
    const char *host;
    int family;
    bool loopback;
} sockets[] = {
    {"127.0.0.1", "127.0.0.1:9090", "127.0.0.1", AF_INET, true},
    {"127.255.0.9", "127.255.0.9:9090", "127.255.0.9", AF_INET, true},
    {"128.0.0.1", "128.0.0.1:9090", "128.0.0.1", AF_INET, false},
    {"0.0.0.0", "0.0.0.0:9090", "0.0.0.0", AF_INET, false},
    {"::1", "[::1]:9090", "::1", AF_INET6, true},
    {"::", "[::]:9090", "::", AF_INET6, false},
    {"2001:db8::1", "[2001:db8::1]:9090", "2001:db8::1", AF_INET6, false},
    {"::ffff:127.0.0.2", "127.0.0.2:9090", "127.0.0.2", AF_INET6, true},
    {"::ffff:192.0.2.1", "192.0.2.1:9090", "192.0.2.1", AF_INET6, false},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:9090",
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AF_INET6, false},
};

static void test_peers_are_named_without_port_and_mapping(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LENGTH(sockets); i++) {
        struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(9090)};
        struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(9090)};
        bool is_ipv4 = sockets[i].family == AF_INET;
        void *bytes = is_ipv4 ? (void *)&ipv4.sin_addr : (void *)&ipv6.sin6_addr;
        assert_int_equal(inet_pton(sockets[i].family, sockets[i].address, bytes), 1);
        struct sockaddr *peer = is_ipv4 ? (struct sockaddr *)&ipv4 : (struct sockaddr *)&ipv6;

        char text[ADDRESS_TEXT_SIZE];
        address_format(peer, text);
        assert_string_equal(text, sockets[i].text);
        address_format_host(peer, text);
        assert_string_equal(text, sockets[i].host);
        assert_int_equal(address_is_loopback(peer), sockets[i].loopback);
    }
}

static void test_other_families_have_no_text(void **state UNUSED)
{
    struct sockaddr_storage other = {.ss_family = AF_UNIX};
    char text[ADDRESS_TEXT_SIZE] = "old";
    address_format_host((struct sockaddr *)&other, text);
    assert_string_equal(text, "");
    assert_false(address_is_loopback((struct sockaddr *)&other));
}

static void test_literals(void **state UNUSED)
{
    assert_true(address_is_literal("127.0.0.1"));
    assert_true(address_is_literal("::1"));
    assert_false(address_is_literal("localhost"));
    assert_false(address_is_literal("127.1"));
    assert_false(address_is_literal("[::1]"));
    assert_false(address_is_literal(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_addresses),
        cmocka_unit_test(test_bad_addresses_tell_the_cause_and_change_nothing),
        cmocka_unit_test(test_a_host_may_be_as_long_as_dns_allows),
        cmocka_unit_test(test_peers_are_named_without_port_and_mapping),
        cmocka_unit_test(test_other_families_have_no_text),
        cmocka_unit_test(test_literals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
