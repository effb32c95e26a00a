/* Inflating files that are whole, still being written, cut, corrupt, or of several members. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "tail/gzip.h"

#define PLAIN_BYTES 200000

/* A temporary file that takes bytes at its end. */
static int new_file(void)
{
    char path[] = "/tmp/test_gzip.XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    unlink(path);
    return descriptor;
}

/* Text that does not compress too well. */
static void fill_plain(char *plain)
{
    uint32_t state = 1;
    for (size_t i = 0; i < PLAIN_BYTES; i++) {
        state = state * 1664525u + 1013904223u;
        plain[i] = (char)(state >> 24 & 0x3F) + ' ';
    }
}

static size_t compress_member(const char *plain, size_t length, unsigned char *ret_out, size_t room)
{
    z_stream stream = {.next_out = ret_out, .avail_out = (unsigned)room};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    unsigned char *in = malloc(length + 1);
    memcpy(in, plain, length);
    stream.next_in = in;
    stream.avail_in = (unsigned)length;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t used = stream.total_out;
    deflateEnd(&stream);
    free(in);
    return used;
}

/* Reads in pieces of `room` until nothing comes. Returns the last result, adds to *ret_length. */
static int read_all(struct gzip *gzip, int descriptor, size_t room, char *out, size_t *ret_length)
{
    size_t got;
    int r;
    while ((r = gzip_read(gzip, descriptor, out + *ret_length, room, &got)) == 0 && got > 0)
        *ret_length += got;
    return r;
}

struct fixture {
    char plain[PLAIN_BYTES];
    unsigned char packed[2 * PLAIN_BYTES];
    size_t packed_length;
    char out[3 * PLAIN_BYTES];
    size_t out_length;
    int descriptor;
    struct gzip *gzip;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fill_plain(fixture->plain);
    fixture->packed_length =
        compress_member(fixture->plain, PLAIN_BYTES, fixture->packed, sizeof(fixture->packed));
    fixture->descriptor = new_file();
    fixture->gzip = gzip_new();
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    gzip_free(fixture->gzip);
    close(fixture->descriptor);
    free(fixture);
    return 0;
}

static void append(struct fixture *fixture, const void *bytes, size_t length)
{
    assert_int_equal(write(fixture->descriptor, bytes, length), (ssize_t)length);
}

static void test_magic(void **state UNUSED)
{
    assert_true(gzip_magic("\x1f\x8b\x08", 3));
    assert_true(gzip_magic("\x1f", 1));
    assert_false(gzip_magic("\x1f\x8c", 2));
    assert_false(gzip_magic("{", 1));
}

static void test_whole_file_in_pieces_of_any_size(void **state)
{
    struct fixture *fixture = *state;
    static const size_t rooms[] = {1, 7, 4096, PLAIN_BYTES - 1, PLAIN_BYTES, PLAIN_BYTES + 1};
    append(fixture, fixture->packed, fixture->packed_length);
    for (size_t i = 0; i < ARRAY_LENGTH(rooms); i++) {
        struct gzip *gzip = gzip_new();
        size_t length = 0;
        assert_int_equal(read_all(gzip, fixture->descriptor, rooms[i], fixture->out, &length), 0);
        assert_int_equal(length, PLAIN_BYTES);
        assert_memory_equal(fixture->out, fixture->plain, PLAIN_BYTES);
        assert_int_equal(gzip_position(gzip), fixture->packed_length);
        gzip_free(gzip);
    }
}

static void test_a_file_that_is_still_written(void **state)
{
    struct fixture *fixture = *state;
    for (size_t at = 0; at < fixture->packed_length;) {
        size_t piece = at < 20 ? 1 : 1 + at / 3;
        if (piece > fixture->packed_length - at)
            piece = fixture->packed_length - at;
        append(fixture, fixture->packed + at, piece);
        at += piece;
        assert_int_equal(
            read_all(fixture->gzip, fixture->descriptor, 5000, fixture->out, &fixture->out_length),
            0);
    }
    assert_int_equal(fixture->out_length, PLAIN_BYTES);
    assert_memory_equal(fixture->out, fixture->plain, PLAIN_BYTES);
}

static void test_members_and_padding_are_one_text(void **state)
{
    struct fixture *fixture = *state;
    append(fixture, fixture->packed, fixture->packed_length);
    append(fixture, fixture->packed, fixture->packed_length);
    append(fixture, "\0\0\0\0", 4);
    read_all(fixture->gzip, fixture->descriptor, 4096, fixture->out, &fixture->out_length);
    append(fixture, "\0", 1);
    append(fixture, fixture->packed, fixture->packed_length);
    assert_int_equal(
        read_all(fixture->gzip, fixture->descriptor, 4096, fixture->out, &fixture->out_length), 0);
    assert_int_equal(fixture->out_length, 3 * PLAIN_BYTES);
    for (size_t i = 0; i < 3; i++)
        assert_memory_equal(fixture->out + i * PLAIN_BYTES, fixture->plain, PLAIN_BYTES);
}

static void test_corruption_is_told_after_what_came_before(void **state)
{
    struct fixture *fixture = *state;
    fixture->packed[fixture->packed_length - 5] ^= 0x55; /* the sum at the end */
    append(fixture, fixture->packed, fixture->packed_length);
    assert_int_equal(
        read_all(fixture->gzip, fixture->descriptor, 4096, fixture->out, &fixture->out_length),
        -EBADMSG);
    assert_int_equal(fixture->out_length, PLAIN_BYTES);
    size_t got;
    assert_int_equal(gzip_read(fixture->gzip, fixture->descriptor, fixture->out, 1, &got),
                     -EBADMSG);
}

static void test_garbage_behind_a_member_is_corruption(void **state)
{
    struct fixture *fixture = *state;
    append(fixture, fixture->packed, fixture->packed_length);
    append(fixture, "{\"plain\":1}\n", 12);
    assert_int_equal(
        read_all(fixture->gzip, fixture->descriptor, 4096, fixture->out, &fixture->out_length),
        -EBADMSG);
    assert_int_equal(fixture->out_length, PLAIN_BYTES);
}

static void test_unreadable_file(void **state)
{
    struct fixture *fixture = *state;
    size_t got;
    assert_int_equal(gzip_read(fixture->gzip, -1, fixture->out, 1, &got), -EBADF);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_magic),
        TEST(test_whole_file_in_pieces_of_any_size),
        TEST(test_a_file_that_is_still_written),
        TEST(test_members_and_padding_are_one_text),
        TEST(test_corruption_is_told_after_what_came_before),
        TEST(test_garbage_behind_a_member_is_corruption),
        TEST(test_unreadable_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
