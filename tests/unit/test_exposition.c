/* Parts put together into one answer, plain and as one gzip member, by reference. */
#include <event2/buffer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "serve/exposition_internal.h"

static struct exposition_part *part_of(const char *bytes, size_t length)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    text_append(&text, bytes, length);
    struct exposition_part *part = exposition_part_new(&text);
    assert_int_equal(text.length, 0);
    text_free(&text);
    return part;
}

/* Lines that look like metrics, never the same twice. */
static struct exposition_part *part_of_lines(size_t length, unsigned seed)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    for (; text.length < length; seed++)
        text_printf(&text, "some_total{job_id=\"job-%u\"} %u\n", seed * 2654435761u, seed);
    return exposition_part_new(&text);
}

static char *bytes_of(struct evbuffer *buffer, size_t *ret_length)
{
    *ret_length = evbuffer_get_length(buffer);
    char *bytes = memory_alloc(*ret_length);
    assert_int_equal(evbuffer_remove(buffer, bytes, *ret_length), (int)*ret_length);
    return bytes;
}

/* The bytes of an answer; checks that exposition_length foretold how many. */
static char *answer_of(struct exposition *exposition, bool gzip, size_t *ret_length)
{
    struct evbuffer *buffer = evbuffer_new();
    size_t foretold = exposition_length(exposition, gzip);
    assert_int_equal(exposition_add_to(exposition, gzip, buffer), 0);
    char *bytes = bytes_of(buffer, ret_length);
    evbuffer_free(buffer);
    assert_int_equal(*ret_length, foretold);
    return bytes;
}

/* Inflates one gzip member, which zlib checks against its CRC and length; nothing may follow. */
static char *gunzip(const char *bytes, size_t length, size_t room)
{
    char *plain = memory_alloc(room + 1);
    z_stream stream = {.next_in = (const Bytef *)bytes, .avail_in = (uInt)length};
    stream.next_out = (Bytef *)plain;
    stream.avail_out = (uInt)room + 1;
    assert_int_equal(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    assert_int_equal(stream.total_out, room);
    inflateEnd(&stream);
    return plain;
}

static void check_both_forms(struct exposition *exposition)
{
    size_t plain_length;
    size_t gzip_length;
    char *plain = answer_of(exposition, false, &plain_length);
    char *gzip = answer_of(exposition, true, &gzip_length);
    char *inflated = gunzip(gzip, gzip_length, plain_length);
    assert_memory_equal(inflated, plain, plain_length);
    free(inflated);
    free(plain);
    free(gzip);
}

static void test_parts_follow_each_other_in_order(void **state UNUSED)
{
    struct exposition_part *parts[] = {part_of("a 1\n", 4), part_of("", 0), part_of("b 2\n", 4),
                                       part_of("c 3\n", 4)};
    struct exposition *exposition = exposition_new(parts, ARRAY_LENGTH(parts));
    size_t length;
    char *plain = answer_of(exposition, false, &length);
    assert_int_equal(length, 12);
    assert_memory_equal(plain, "a 1\nb 2\nc 3\n", 12);
    free(plain);
    check_both_forms(exposition);
    exposition_drop(exposition);
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++)
        exposition_part_drop(parts[i]);
}

static void test_nothing_is_a_valid_answer(void **state UNUSED)
{
    struct exposition *none = exposition_new(NULL, 0);
    check_both_forms(none);
    exposition_drop(none);
    struct exposition_part *empty = part_of("", 0);
    struct exposition *one = exposition_new(&empty, 1);
    assert_int_equal(exposition_part_length(empty), 0);
    check_both_forms(one);
    exposition_drop(one);
    exposition_part_drop(empty);
}

static void test_gzip_of_every_size_inflates_to_the_plain_bytes(void **state UNUSED)
{
    static const size_t sizes[] = {1, 31, 255, 4096, 32767, 32768, 65536, 300000, 3000000};
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        struct exposition_part *parts[] = {part_of_lines(sizes[i], 7), part_of_lines(500, 9)};
        struct exposition *exposition = exposition_new(parts, 2);
        exposition_part_drop(parts[0]);
        exposition_part_drop(parts[1]);
        check_both_forms(exposition);
        exposition_drop(exposition);
    }
}

static void test_bytes_that_do_not_compress_fit_too(void **state UNUSED)
{
    size_t length = 1000000;
    char *noise = memory_alloc(length);
    uint64_t number = 88172645463325252u;
    for (size_t i = 0; i < length; i++) {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        noise[i] = (char)number;
    }
    struct exposition_part *part = part_of(noise, length);
    struct exposition *exposition = exposition_new(&part, 1);
    check_both_forms(exposition);
    assert_true(exposition_length(exposition, true) < length + length / 100);
    exposition_drop(exposition);
    exposition_part_drop(part);
    free(noise);
}

/* The kept part stands in many answers beside a new part each time. */
static void test_a_part_is_shared_by_answers(void **state UNUSED)
{
    struct exposition_part *kept = part_of_lines(100000, 1);
    size_t kept_length = 0;
    for (unsigned i = 0; i < 5; i++) {
        struct exposition_part *parts[] = {kept, part_of_lines(1000, i)};
        struct exposition *exposition = exposition_new(parts, 2);
        exposition_part_drop(parts[1]);
        check_both_forms(exposition);
        exposition_drop(exposition);
    }
    kept_length = exposition_part_length(kept);
    assert_true(kept_length >= 100000);
    /* Twice in one answer, and in any place. */
    struct exposition_part *twice[] = {kept, kept};
    struct exposition *exposition = exposition_new(twice, 2);
    check_both_forms(exposition);
    assert_int_equal(exposition_length(exposition, false), 2 * kept_length);
    exposition_drop(exposition);
    exposition_part_drop(kept);
}

static void test_bytes_outlive_all_but_the_answer(void **state UNUSED)
{
    for (int gzip = 0; gzip <= 1; gzip++) {
        struct exposition_part *part = part_of_lines(200000, 5);
        struct exposition *exposition = exposition_new(&part, 1);
        size_t plain_length = exposition_length(exposition, false);
        struct evbuffer *buffer = evbuffer_new();
        assert_int_equal(exposition_add_to(exposition, gzip, buffer), 0);
        exposition_drop(exposition);
        exposition_part_drop(part);

        size_t length;
        char *bytes = bytes_of(buffer, &length);
        if (gzip) {
            char *plain = gunzip(bytes, length, plain_length);
            assert_memory_equal(plain, "some_total{", 11);
            free(plain);
        } else {
            assert_int_equal(length, plain_length);
        }
        free(bytes);
        evbuffer_free(buffer);
    }
}

static void test_an_answer_that_is_given_up_drops_its_bytes(void **state UNUSED)
{
    struct exposition_part *part = part_of_lines(200000, 5);
    struct exposition *exposition = exposition_new(&part, 1);
    struct evbuffer *buffer = evbuffer_new();
    assert_int_equal(exposition_add_to(exposition, true, buffer), 0);
    assert_int_equal(exposition_add_to(exposition, false, buffer), 0);
    evbuffer_free(buffer); /* the leak checker sees what is not dropped */
    check_both_forms(exposition);
    exposition_drop(exposition);
    exposition_part_drop(part);
}

static void test_references_are_counted(void **state UNUSED)
{
    struct exposition_part *part = part_of("a 1\n", 4);
    struct exposition *exposition = exposition_new(&part, 1);
    assert_ptr_equal(exposition_hold(exposition), exposition);
    exposition_drop(exposition);
    exposition_part_drop(part);
    check_both_forms(exposition);
    exposition_drop(exposition);
    exposition_drop(NULL);
    exposition_part_drop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_follow_each_other_in_order),
        cmocka_unit_test(test_nothing_is_a_valid_answer),
        cmocka_unit_test(test_gzip_of_every_size_inflates_to_the_plain_bytes),
        cmocka_unit_test(test_bytes_that_do_not_compress_fit_too),
        cmocka_unit_test(test_a_part_is_shared_by_answers),
        cmocka_unit_test(test_bytes_outlive_all_but_the_answer),
        cmocka_unit_test(test_an_answer_that_is_given_up_drops_its_bytes),
        cmocka_unit_test(test_references_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
