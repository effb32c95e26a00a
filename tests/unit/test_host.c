/* Under which Host headers the page may be shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "serve/host.h"

static const char *const names[] = {"box", "box.example.org"};

static const char *const trusted[] = {
    "localhost",
    "localhost:9090",
    "LocalHost",
    "localhost.",
    "127.0.0.1",
    "127.0.0.1:9090",
    "192.0.2.77:1",
    "[::1]",
    "[::1]:9090",
    "[2001:db8::1]:80",
    "box",
    "BOX:9090",
    "box.example.org",
    "box.:80",
    "localhost:",
    "Box.Example.Org",
    "box:",
    "box.example.org.:1",
};

static const char *const strange[] = {
    "",
    ":",
    ":9090",
    ".",
    "..",
    "evil.example",
    "evil.example:9090",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "box.evil.example",
    "boxx",
    "bo",
    "localhost:90x",
    "localhost:80:80",
    "localhost..",
    "evil@localhost",
    "localhost/evil",
    " localhost",
    "[::1",
    "::1",
    "[::1]x",
    "[::1]:x",
    "[localhost]",
    "[127.0.0.1]",
    "[]",
    "127.1",
    "0x7f000001",
    "2130706433",
};

static void test_own_names_and_addresses_are_trusted(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LENGTH(trusted); i++)
        if (!host_is_trusted(trusted[i], names, ARRAY_LENGTH(names)))
            fail_msg("'%s' is not trusted", trusted[i]);
}

static void test_other_names_are_not(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LENGTH(strange); i++)
        if (host_is_trusted(strange[i], names, ARRAY_LENGTH(names)))
            fail_msg("'%s' is trusted", strange[i]);
    assert_false(host_is_trusted(NULL, names, ARRAY_LENGTH(names)));
    assert_false(host_is_trusted("box", NULL, 0));
}

static void test_a_very_long_name_is_not_trusted(void **state UNUSED)
{
    char name[16384];
    memset(name, 'a', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_false(host_is_trusted(name, names, ARRAY_LENGTH(names)));
    name[0] = '[';
    name[sizeof(name) - 2] = ']';
    assert_false(host_is_trusted(name, names, ARRAY_LENGTH(names)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_names_and_addresses_are_trusted),
        cmocka_unit_test(test_other_names_are_not),
        cmocka_unit_test(test_a_very_long_name_is_not_trusted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
