/* A file read whole: only the one that was seen, and never waited for. */
#include <errno.h>
#include <signal.h>

#include "document/content.h"
#include "document_fixture.h"
#include "tail/facts.h"

static void test_what_was_seen_is_read(void **state UNUSED)
{
    struct content content;
    struct facts facts;
    put_file("a", "{\"one\":1}");
    assert_int_equal(facts_of_path("a", &facts), 0);
    assert_int_equal(content_read("a", &facts, &content), 0);
    assert_int_equal(content.length, 9);
    assert_memory_equal(content.data, "{\"one\":1}", 9);
    content_wipe(&content);
    assert_null(content.data);
    content_wipe(&content);
}

static void test_nothing_is_read_of_what_has_changed(void **state UNUSED)
{
    struct content untouched = {.length = 7};
    struct facts facts;
    put_file("a", "{1}");
    assert_int_equal(facts_of_path("a", &facts), 0);
    for (int i = 0; i < 6; i++) {
        struct facts other = facts;
        other.size += i == 0;
        other.size -= i == 1;
        other.inode += i == 2;
        other.device += i == 3;
        other.modified += i == 4;
        other.changed += i == 5;
        assert_int_equal(content_read("a", &other, &untouched), -EAGAIN);
        assert_int_equal(untouched.length, 7);
    }
}

static void test_nothing_is_waited_for(void **state UNUSED)
{
    struct content content;
    struct facts facts;
    put_file("b", "{1}");
    assert_int_equal(facts_of_path("b", &facts), 0);
    assert_int_equal(content_read("a", &facts, &content), -EAGAIN); /* nothing there */
    assert_int_equal(content_read("a/c", &facts, &content), -EAGAIN);
    assert_int_equal(mkfifo("a", 0644), 0);
    assert_int_equal(content_read("a", &facts, &content), -EAGAIN);
    assert_int_equal(unlink("a"), 0);
    assert_int_equal(symlink("b", "a"), 0);
    assert_int_equal(content_read("a", &facts, &content), -EAGAIN);
    assert_int_equal(unlink("a"), 0);
    assert_int_equal(mkdir("a", 0755), 0);
    assert_int_equal(content_read("a", &facts, &content), -EAGAIN);
}

/* Somebody else's lease would make a plain open wait until it is given up. */
static void test_a_lease_is_not_waited_for(void **state UNUSED)
{
    struct content content;
    struct facts facts;
    put_file("a", "{1}");
    assert_int_equal(facts_of_path("a", &facts), 0);
    int descriptor = open("a", O_RDWR | O_CLOEXEC);
    if (fcntl(descriptor, F_SETSIG, SIGWINCH) < 0 || fcntl(descriptor, F_SETLEASE, F_WRLCK) < 0) {
        close(descriptor);
        skip();
    }
    int64_t begun = clock_monotonic();
    assert_int_equal(content_read("a", &facts, &content), -EAGAIN);
    assert_true(clock_monotonic() - begun < SECOND);
    close(descriptor);
}

static void test_what_may_not_be_read_is_told(void **state)
{
    const struct fixture *fixture = *state;
    struct content content;
    struct facts facts;
    assert_int_equal(chmod(fixture->root, 0755), 0);
    put_file("a", "{1}");
    assert_int_equal(chmod("a", 0), 0);
    assert_int_equal(facts_of_path("a", &facts), 0);
    assert_true(geteuid() != 0 || seteuid(65534) == 0);
    int r = content_read("a", &facts, &content);
    assert_int_equal(seteuid(getuid()), 0);
    assert_int_equal(r, -EACCES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_was_seen_is_read),        TEST(test_nothing_is_read_of_what_has_changed),
        TEST(test_nothing_is_waited_for),        TEST(test_a_lease_is_not_waited_for),
        TEST(test_what_may_not_be_read_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
