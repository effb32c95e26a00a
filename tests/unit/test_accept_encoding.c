/* What clients write in Accept-Encoding, and whether they get gzip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "serve/accept_encoding.h"

static const struct {
    const char *value;
    bool gzip;
} cases[] = {
    {"gzip", true},
    {"GZip", true},
    {"x-gzip", true},
    {" \tgzip\t ", true},
    {"gzip, deflate, br", true},
    {"br;q=1.0, gzip;q=0.8, *;q=0.1", true},
    {"deflate, gzip;q=0.5", true},
    {"gzip;q=0.001", true},
    {"gzip;q=1", true},
    {"gzip;q=1.", true},
    {"gzip;q=1.000", true},
    {"gzip ; q=0.5", true},
    {"gzip;Q=0.5", true},
    {"gzip;level=9;q=0.5", true},
    {"*", true},
    {"*;q=0.1", true},
    {"identity;q=0", false},
    {"identity;q=0.5, gzip;q=1.0", true},
    {"identity, gzip", true},
    {"identity;q=0, gzip;q=0.1", true},
    {",,gzip,,", true},
    {"gzip;q=2, *", true}, /* no weight: the item does not count, the star does */

    {"", false},
    {" ", false},
    {",", false},
    {"identity", false},
    {"deflate", false},
    {"br", false},
    {"x-gzipped", false},
    {"gzipped", false},
    {"gzi", false},
    {"gzip;q=0", false},
    {"gzip;q=0.", false},
    {"gzip;q=0.0", false},
    {"gzip;q=0.000", false},
    {"gzip;q=0, *", false},
    {"*;q=0", false},
    {"*, gzip;q=0", false},
    {"identity, gzip;q=0", false},
    {"identity, gzip;q=0.5", false},
    {"identity;q=0.9, *;q=0.5", false},
    {"gzip;q=0, gzip", false},
    {"gzip;q=1.001", false},
    {"gzip;q=2", false},
    {"gzip;q=-1", false},
    {"gzip;q=0.1234", false},
    {"gzip;q=", false},
    {"gzip;q", false},
    {"gzip;q=x", false},
    {"gzip;q=1e9", false},
    {"gzip;q=0x1", false},
    {";q=1", false},
    {"gzip gzip", false},
    {"\xff\xfe", false},
};

static bool accepts(const char *first, const char *second)
{
    struct accept_encoding accepted;
    accept_encoding_init(&accepted);
    accept_encoding_read(&accepted, first);
    if (second)
        accept_encoding_read(&accepted, second);
    return accept_encoding_wants_gzip(&accepted);
}

static void test_values(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        if (accepts(cases[i].value, NULL) != cases[i].gzip)
            fail_msg("'%s' should %sget gzip", cases[i].value, cases[i].gzip ? "" : "not ");
}

static void test_several_headers_count_as_one(void **state UNUSED)
{
    assert_true(accepts("br", "gzip"));
    assert_true(accepts("gzip", "br"));
    assert_false(accepts("gzip;q=0", "*"));
    assert_false(accepts("*", "gzip;q=0"));
    assert_false(accepts("gzip;q=0.5", "identity"));
}

static void test_without_a_header_nothing_is_wanted(void **state UNUSED)
{
    struct accept_encoding accepted;
    accept_encoding_init(&accepted);
    assert_false(accept_encoding_wants_gzip(&accepted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_several_headers_count_as_one),
        cmocka_unit_test(test_without_a_header_nothing_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
