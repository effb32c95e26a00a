/* Which addresses can be listened at, and the port put into them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "config/listen_address.h"

static const struct {
    const char *address;
    const char *with_port_7;
} good[] = {
    {"0.0.0.0:9090", "0.0.0.0:7"},
    {":9090", ":7"},
    {"[::1]:9090", "[::1]:7"},
    {"[::]:0", "[::]:7"},
    {"[fe80::1%eth0]:65535", "[fe80::1%eth0]:7"},
    {"localhost:1", "localhost:7"},
    {"box-1.example.org:080", "box-1.example.org:7"},
};

static const char *const bad[] = {
    "",      "9090",     "localhost",  "localhost:", ":65536",    ":-1",   ":+1",         ":1x",
    ": 1",   "::1:9090", "[::1]",      "[::1:9090",  "::1]:9090", "[]:1",  "[1.2.3.4]:1", "[::g]:1",
    "a b:1", "a/b:1",    "http://a:1", "a\n:1",      ":000001",   "a:1:2",
};

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        assert_null(listen_address_check(good[i].address));
        AUTO_FREE char *changed = listen_address_with_port(good[i].address, 7);
        assert_string_equal(changed, good[i].with_port_7);
    }
}

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_non_null(listen_address_check(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
