/* disk.c: what a directory tree takes on its disk, measured beside the loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "resources/disk.h"

struct scene {
    char root[64];
};

static int set_up(void **state)
{
    struct scene *scene = memory_zero(1, sizeof(*scene));
    snprintf(scene->root, sizeof(scene->root), "/tmp/test_disk.XXXXXX");
    assert_non_null(mkdtemp(scene->root));
    *state = scene;
    return 0;
}

static int remove_entry(const char *path, const struct stat *facts, int kind, struct FTW *walk)
{
    (void)facts, (void)kind, (void)walk;
    return remove(path);
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    nftw(scene->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(scene);
    return 0;
}

static void write_file(const struct scene *scene, const char *name, size_t bytes)
{
    AUTO_FREE char *path = memory_format("%s/%s", scene->root, name);
    AUTO_FREE char *content = memory_zero(bytes, 1);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(descriptor >= 0);
    memset(content, 'x', bytes);
    assert_int_equal(write(descriptor, content, bytes), bytes);
    assert_int_equal(fsync(descriptor), 0); /* only then it has its blocks */
    close(descriptor);
}

static void make_directory(const struct scene *scene, const char *name)
{
    AUTO_FREE char *path = memory_format("%s/%s", scene->root, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

/* Adds up st_blocks as the room does, one entry after the other. */
static long long blocks_of(const struct scene *scene, const char *name)
{
    struct stat facts;
    AUTO_FREE char *path = memory_format("%s/%s", scene->root, name);
    assert_int_equal(lstat(path, &facts), 0);
    return (long long)facts.st_blocks * 512;
}

/* The event of the next measurement; NULL: there is none. The caller frees. */
static char *next_event(struct disk *disk)
{
    struct pollfd wait = {.fd = disk_descriptor(disk), .events = POLLIN};
    struct text event;
    text_init(&event, 65536);
    assert_int_equal(poll(&wait, 1, 10000), 1);
    if (disk_take(disk, &event))
        return text_take(&event);
    assert_int_equal(event.length, 0);
    text_free(&event);
    return NULL;
}

static void test_blocks_in_use_are_added_up(void **state)
{
    const struct scene *scene = *state;
    make_directory(scene, "a");
    make_directory(scene, "a/b");
    write_file(scene, "one", 100000);
    write_file(scene, "a/b/two", 50000);
    write_file(scene, "empty", 0);
    AUTO_FREE char *link = memory_format("%s/link", scene->root);
    assert_int_equal(symlink("/usr", link), 0); /* not followed */
    long long wanted = 0;
    static const char *const entries[] = {".", "a", "a/b", "one", "a/b/two", "empty", "link"};
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        wanted += blocks_of(scene, entries[i]);
    struct disk *disk = disk_new(scene->root);
    assert_non_null(disk);
    disk_tick(disk, 1);
    AUTO_FREE char *event = next_event(disk);
    AUTO_FREE char *expected = memory_format(
        "{\"event_type\":\"DiskSampled\",\"path\":\"%s\",\"bytes\":%lld}", scene->root, wanted);
    assert_string_equal(event, expected);
    assert_true(wanted >= 150000);
    disk_free(disk);
}

static void test_a_symbolic_link_to_the_directory_is_it(void **state)
{
    const struct scene *scene = *state;
    make_directory(scene, "real");
    write_file(scene, "real/file", 70000);
    AUTO_FREE char *link = memory_format("%s/link", scene->root);
    assert_int_equal(symlink("real", link), 0);
    struct disk *disk = disk_new(link);
    disk_tick(disk, 1);
    AUTO_FREE char *event = next_event(disk);
    AUTO_FREE char *expected =
        memory_format("\"bytes\":%lld}", blocks_of(scene, "real") + blocks_of(scene, "real/file"));
    assert_non_null(strstr(event, expected));
    disk_free(disk);
}

static void test_what_is_no_directory_is_no_event(void **state)
{
    const struct scene *scene = *state;
    write_file(scene, "file", 10);
    static const char *const names[] = {"missing", "file", "file/below"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        AUTO_FREE char *path = memory_format("%s/%s", scene->root, names[i]);
        struct disk *disk = disk_new(path);
        disk_tick(disk, 1);
        assert_null(next_event(disk));
        disk_free(disk);
    }
}

static void test_a_path_of_any_bytes_is_json(void **state)
{
    const struct scene *scene = *state;
    make_directory(scene, "a \"b\"\n\\");
    AUTO_FREE char *path = memory_format("%s/a \"b\"\n\\", scene->root);
    struct disk *disk = disk_new(path);
    disk_tick(disk, 1);
    AUTO_FREE char *event = next_event(disk);
    assert_non_null(strstr(event, "/a \\\"b\\\"\\n\\\\\",\"bytes\":"));
    disk_free(disk);
}

/* At once, then once an hour, and never two at a time. */
static void test_a_measurement_is_due_once_an_hour(void **state)
{
    const struct scene *scene = *state;
    struct disk *disk = disk_new(scene->root);
    struct text event;
    text_init(&event, 65536);
    assert_false(disk_take(disk, &event)); /* none was begun */
    disk_tick(disk, 1000);
    disk_tick(disk, 1000 + 2 * DISK_PERIOD); /* the first is not taken yet */
    AUTO_FREE char *first = next_event(disk);
    assert_non_null(first);
    assert_false(disk_take(disk, &event)); /* taken once */
    disk_tick(disk, 1000 + DISK_PERIOD - 1);
    struct pollfd wait = {.fd = disk_descriptor(disk), .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 200), 0);
    disk_tick(disk, 1000 + DISK_PERIOD);
    AUTO_FREE char *second = next_event(disk);
    assert_non_null(second);
    text_free(&event);
    disk_free(disk);
}

static void test_a_measurement_under_way_is_ended(void **state)
{
    const struct scene *scene = *state;
    (void)scene;
    struct disk *disk = disk_new("/usr");
    disk_tick(disk, 1);
    disk_free(disk); /* does not wait for all of it */
    disk_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_blocks_in_use_are_added_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_symbolic_link_to_the_directory_is_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_directory_is_no_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_path_of_any_bytes_is_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_measurement_is_due_once_an_hour, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_measurement_under_way_is_ended, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
