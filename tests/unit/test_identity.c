/* One generation of a file is told apart from every other, also from the next owner of its inode.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "tail/identity.h"

static char directory[] = "/tmp/test_identity.XXXXXX";

static int set_up(void **state UNUSED)
{
    return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int tear_down(void **state UNUSED)
{
    return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

static void make(const char *path)
{
    int descriptor = open(path, O_CREAT | O_WRONLY | O_EXCL | O_CLOEXEC, 0600);
    assert_true(descriptor >= 0);
    close(descriptor);
}

static struct identity of_path(const char *path)
{
    struct facts facts;
    struct identity identity;
    assert_int_equal(facts_of_path(path, &facts), 0);
    identity_of_path(path, &facts, &identity);
    return identity;
}

static void test_path_and_descriptor_agree(void **state UNUSED)
{
    make("a");
    struct identity by_path = of_path("a");
    int descriptor = open("a", O_RDONLY | O_CLOEXEC);
    struct facts facts;
    struct identity by_descriptor;
    assert_int_equal(facts_of_descriptor(descriptor, &facts), 0);
    identity_of_descriptor(descriptor, &facts, &by_descriptor);
    assert_true(identity_equal(&by_path, &by_descriptor));
    assert_int_equal(identity_hash(&by_path), identity_hash(&by_descriptor));
    close(descriptor);
    unlink("a");
}

static void test_names_do_not_matter(void **state UNUSED)
{
    make("a");
    struct identity before = of_path("a");
    assert_int_equal(rename("a", "b"), 0);
    assert_int_equal(link("b", "c"), 0);
    struct identity renamed = of_path("b");
    struct identity linked = of_path("c");
    assert_true(identity_equal(&before, &renamed));
    assert_true(identity_equal(&before, &linked));
    unlink("b");
    unlink("c");
}

static void test_two_files_differ(void **state UNUSED)
{
    make("a");
    make("b");
    struct identity a = of_path("a");
    struct identity b = of_path("b");
    assert_false(identity_equal(&a, &b));
    unlink("a");
    unlink("b");
}

static void test_the_next_owner_of_an_inode_differs(void **state UNUSED)
{
    for (int round = 0; round < 200; round++) {
        struct facts before;
        struct facts after;
        make("a");
        assert_int_equal(facts_of_path("a", &before), 0);
        struct identity first = of_path("a");
        unlink("a");
        make("a");
        assert_int_equal(facts_of_path("a", &after), 0);
        struct identity second = of_path("a");
        unlink("a");
        assert_false(identity_equal(&first, &second));
        if (before.inode == after.inode)
            return;
    }
    skip(); /* this file system does not use an inode again so soon */
}

static void test_without_handles_inode_and_birth_tell(void **state UNUSED)
{
    const struct facts facts = {.device = 1, .inode = 2, .born = 3};
    struct facts reborn = facts;
    reborn.born = 4;
    struct identity one;
    struct identity same;
    struct identity other;
    identity_without_handle(&facts, &one);
    identity_without_handle(&facts, &same);
    identity_without_handle(&reborn, &other);
    assert_true(identity_equal(&one, &same));
    assert_false(identity_equal(&one, &other));
}

static void test_links_are_not_followed(void **state UNUSED)
{
    make("a");
    assert_int_equal(symlink("a", "link"), 0);
    struct facts facts;
    assert_int_equal(facts_of_path("link", &facts), 0);
    assert_false(facts.regular);
    struct identity target = of_path("a");
    struct identity link = of_path("link");
    assert_false(identity_equal(&target, &link));
    unlink("a");
    unlink("link");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_and_descriptor_agree),
        cmocka_unit_test(test_names_do_not_matter),
        cmocka_unit_test(test_two_files_differ),
        cmocka_unit_test(test_the_next_owner_of_an_inode_differs),
        cmocka_unit_test(test_without_handles_inode_and_birth_tell),
        cmocka_unit_test(test_links_are_not_followed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
