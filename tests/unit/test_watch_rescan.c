/* watch: what inotify does not tell, found as time passes: roots that come, go and are exchanged,
 * permissions, the limit of watches, polling, writes through mappings and links from outside. */
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "watch_scene.h"

#define SKIPPED 77

static int setup(void **state)
{
    *state = scene_new();
    return 0;
}

static int teardown(void **state)
{
    scene_free(*state);
    return 0;
}

/* --- Roots --------------------------------------------------------------------------------- */

static void test_a_missing_root_is_waited_for_quietly(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(rmdir(scene->root), 0);
    start(scene);
    pass(scene, 30);
    assert_false(watch_root_present(scene->watch, scene->root));
    assert_int_equal(counts_of(scene).roots_missing, 1);
    assert_int_equal(mkdir(scene->root, 0755), 0);
    append(scene, "a.jsonl");
    pass(scene, 1);
    assert_seen(scene, "a.jsonl");
    assert_true(watch_root_present(scene->watch, scene->root));
    assert_int_equal(counts_of(scene).roots_missing, 0);
    assert_int_equal(scene->notices, 0);
}

static void test_a_root_that_is_no_directory_is_told_once(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(rmdir(scene->root), 0);
    append_at(scene->root, "no directory");
    start(scene);
    pass(scene, 30);
    assert_int_equal(scene->notices, 1);
    assert_non_null(strstr(scene->last_notice, "cannot be reached"));
    unlink(scene->root);
    pass(scene, 2);
    assert_int_equal(mkdir(scene->root, 0755), 0);
    append(scene, "a.jsonl");
    pass(scene, 1);
    assert_seen(scene, "a.jsonl");
    assert_int_equal(scene->notices, 1);
}

static void test_a_root_removed_and_made_again(void **state)
{
    struct scene *scene = *state;
    make_directory(scene, "job");
    append(scene, "job/a.jsonl");
    start(scene);
    remove_tree(scene->root);
    pass(scene, 2);
    assert_true(is_gone(scene, "job/a.jsonl"));
    assert_false(watch_root_present(scene->watch, scene->root));
    assert_int_equal(counts_of(scene).directories, 0);
    assert_int_equal(mkdir(scene->root, 0755), 0);
    make_directory(scene, "job");
    append(scene, "job/a.jsonl");
    pass(scene, 1);
    assert_seen(scene, "job/a.jsonl");
    append(scene, "job/a.jsonl");
    run(scene);
    assert_seen(scene, "job/a.jsonl");
}

static void test_a_root_replaced_by_another_directory(void **state)
{
    struct scene *scene = *state;
    char other[128];
    char old[128];
    snprintf(other, sizeof(other), "%s/other", scene->top);
    snprintf(old, sizeof(old), "%s/old", scene->top);
    make_directory(scene, "job");
    append(scene, "job/a.jsonl");
    start(scene);
    assert_int_equal(mkdir(other, 0755), 0);
    char file[160];
    snprintf(file, sizeof(file), "%s/b.jsonl", other);
    append_at(file, "{}\n");
    assert_int_equal(rename(scene->root, old), 0);
    assert_int_equal(rename(other, scene->root), 0);
    pass(scene, 2);
    assert_true(is_gone(scene, "job/a.jsonl"));
    assert_seen(scene, "b.jsonl");
    append(scene, "b.jsonl");
    run(scene);
    assert_seen(scene, "b.jsonl");
}

static void test_a_root_that_is_a_link_and_is_swapped(void **state)
{
    struct scene *scene = *state;
    char one[128];
    char two[128];
    char link[128];
    snprintf(one, sizeof(one), "%s/one", scene->top);
    snprintf(two, sizeof(two), "%s/two", scene->top);
    snprintf(link, sizeof(link), "%s/link", scene->top);
    assert_int_equal(rmdir(scene->root), 0);
    assert_int_equal(mkdir(one, 0755) + mkdir(two, 0755), 0);
    assert_int_equal(symlink("one", scene->root), 0);
    append(scene, "a.jsonl");
    start(scene);
    assert_seen(scene, "a.jsonl");
    append(scene, "a.jsonl");
    run(scene);
    assert_seen(scene, "a.jsonl");
    assert_int_equal(symlink("two", link), 0);
    assert_int_equal(rename(link, scene->root), 0);
    append(scene, "b.jsonl");
    pass(scene, 2);
    assert_true(is_gone(scene, "a.jsonl"));
    assert_seen(scene, "b.jsonl");
    append(scene, "b.jsonl");
    run(scene);
    assert_seen(scene, "b.jsonl");
}

static void test_roots_may_overlap_and_be_taken_away(void **state)
{
    struct scene *scene = *state;
    make_directory(scene, "sub");
    append(scene, "sub/a.jsonl");
    watch_add_root(scene->watch, at(scene, "sub"));
    watch_add_root(scene->watch, at(scene, "sub//"));
    start(scene);
    assert_int_equal(hints_at(scene, "sub/a.jsonl"), 1);
    assert_int_equal(counts_of(scene).directories, 2);
    assert_int_equal(counts_of(scene).roots, 2);
    watch_remove_root(scene->watch, scene->root);
    pass(scene, 2);
    assert_int_equal(counts_of(scene).directories, 1);
    assert_int_equal(counts_of(scene).watches, 1);
    append(scene, "sub/a.jsonl");
    append(scene, "b.jsonl");
    run(scene);
    assert_seen(scene, "sub/a.jsonl");
    assert_int_equal(hints_at(scene, "b.jsonl"), 0);
    watch_add_root(scene->watch, scene->root);
    pass(scene, 1);
    assert_seen(scene, "b.jsonl");
    watch_remove_root(scene->watch, at(scene, "sub"));
    pass(scene, 2);
    append(scene, "sub/a.jsonl");
    run(scene);
    assert_seen(scene, "sub/a.jsonl");
    assert_int_equal(counts_of(scene).directories, 2);
}

static void test_one_directory_by_two_paths(void **state)
{
    struct scene *scene = *state;
    char link[128];
    char file[160];
    snprintf(link, sizeof(link), "%s/link", scene->top);
    snprintf(file, sizeof(file), "%s/a.jsonl", link);
    assert_int_equal(symlink("events", link), 0);
    watch_add_root(scene->watch, link);
    start(scene);
    append(scene, "a.jsonl");
    pass(scene, 10);
    assert_seen(scene, "a.jsonl");
    assert_non_null(scene_file(scene, file));
    assert_int_equal(counts_of(scene).watches, 1);
    assert_int_equal(counts_of(scene).unwatched_directories, 1);
}

/* --- What inotify does not show ------------------------------------------------------------ */

static void test_a_write_through_a_link_from_outside(void **state)
{
    struct scene *scene = *state;
    append(scene, "a.jsonl");
    char outside[128];
    snprintf(outside, sizeof(outside), "%s/outside", scene->top);
    start(scene);
    assert_int_equal(link(at(scene, "a.jsonl"), outside), 0);
    run(scene);
    append_at(outside, "{}\n");
    run(scene);
    assert_false(is_seen(scene, "a.jsonl"));
    pass(scene, 10);
    assert_seen(scene, "a.jsonl");
}

static void test_a_write_through_a_mapping(void **state)
{
    struct scene *scene = *state;
    int descriptor = open(at(scene, "a.jsonl"), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(ftruncate(descriptor, 4096), 0);
    start(scene);
    pass(scene, 10);
    int hints = hints_at(scene, "a.jsonl");
    char *bytes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    assert_ptr_not_equal(bytes, MAP_FAILED);
    memcpy(bytes, "{}\n", 3);
    run(scene);
    assert_int_equal(hints_at(scene, "a.jsonl"), hints);
    pass(scene, 10);
    assert_true(hints_at(scene, "a.jsonl") > hints);
    munmap(bytes, 4096);
    close(descriptor);
}

static void test_quiet_directories_are_looked_at_less_often(void **state)
{
    struct scene *scene = *state;
    append(scene, "a.jsonl");
    char outside[128];
    snprintf(outside, sizeof(outside), "%s/outside", scene->top);
    assert_int_equal(link(at(scene, "a.jsonl"), outside), 0);
    start(scene);
    scene->now += 3601 * SECOND;
    run(scene); /* a pass: from now on it is quiet */
    append_at(outside, "{}\n");
    pass(scene, 580);
    assert_false(is_seen(scene, "a.jsonl"));
    pass(scene, 31);
    assert_seen(scene, "a.jsonl");
    append_at(outside, "{}\n"); /* and now it is recent again */
    pass(scene, 11);
    assert_seen(scene, "a.jsonl");
    assert_in_range(counts_of(scene).rescans, 60, 65);
}

static void test_a_rescan_on_demand_hints_at_everything(void **state)
{
    struct scene *scene = *state;
    make_directory(scene, "job");
    append(scene, "job/a.jsonl");
    append(scene, "b.jsonl");
    start(scene);
    scene->unwanted_directory = "job";
    watch_rescan(scene->watch);
    run(scene);
    assert_true(hints_at(scene, "b.jsonl") >= 2);
    assert_int_equal(hints_at(scene, "job/a.jsonl"), 1);
    assert_int_equal(counts_of(scene).directories, 1);
    assert_int_equal(scene->gone_directories, 0);
    scene->unwanted_directory = NULL;
    watch_rescan(scene->watch);
    run(scene);
    assert_true(hints_at(scene, "job/a.jsonl") >= 2);
    assert_int_equal(counts_of(scene).watches, 2);
}

static void test_one_step_does_no_more_than_its_budget(void **state)
{
    struct scene *scene = *state;
    for (int i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof(name), "job-%d", i);
        make_directory(scene, name);
    }
    start(scene);
    watch_rescan(scene->watch);
    int steps = 1;
    while (watch_tick(scene->watch, scene->now, 0))
        steps++;
    assert_int_equal(steps, 302);
}

/* --- Polling ------------------------------------------------------------------------------- */

static void test_without_inotify_everything_is_polled(void **state)
{
    struct scene *scene = *state;
    const struct watch_options options = {.no_inotify = true};
    scene_set_options(scene, &options);
    make_directory(scene, "job");
    append(scene, "job/a.jsonl");
    start(scene);
    assert_int_equal(watch_descriptor(scene->watch), -1);
    assert_true(counts_of(scene).polling);
    assert_int_equal(counts_of(scene).watches, 0);
    assert_int_equal(counts_of(scene).unwatched_directories, 2);
    assert_seen(scene, "job/a.jsonl");
    append(scene, "job/a.jsonl");
    pass(scene, 1);
    assert_seen(scene, "job/a.jsonl");
    int hints = hints_at(scene, "job/a.jsonl");
    pass(scene, 1); /* it is too young for its time to tell that it is the same */
    assert_int_equal(hints_at(scene, "job/a.jsonl"), hints + 1);
    make_directory(scene, "new");
    append(scene, "new/b.jsonl");
    pass(scene, 1);
    assert_seen(scene, "new/b.jsonl");
    assert_int_equal(rename(at(scene, "job/a.jsonl"), at(scene, "job/a.jsonl.1")), 0);
    pass(scene, 1);
    assert_seen(scene, "job/a.jsonl.1");
    assert_true(is_gone(scene, "job/a.jsonl"));
    remove_tree(at(scene, "job"));
    pass(scene, 1);
    assert_true(is_gone(scene, "job/a.jsonl.1"));
    assert_int_equal(counts_of(scene).directories, 2);
}

static void test_polled_directories_at_rest_are_looked_at_less_often(void **state)
{
    struct scene *scene = *state;
    const struct watch_options options = {.no_inotify = true};
    scene_set_options(scene, &options);
    append(scene, "a.jsonl");
    make_directory(scene, "job");
    append(scene, "job/b.jsonl");
    start(scene);
    scene->now += 7200 * SECOND;
    run(scene);
    pass(scene, 10);
    append(scene, "a.jsonl");
    append(scene, "job/b.jsonl");
    make_directory(scene, "new");
    append(scene, "new/c.jsonl");
    pass(scene, 11);
    assert_seen(scene, "a.jsonl");
    assert_seen(scene, "new/c.jsonl");
    assert_false(is_seen(scene, "job/b.jsonl"));
    pass(scene, 600);
    assert_seen(scene, "job/b.jsonl");
    scene->now += 7200 * SECOND;
    run(scene);
    remove_tree(at(scene, "job"));
    pass(scene, 11);
    assert_true(is_gone(scene, "job/b.jsonl"));
}

/* --- Permissions --------------------------------------------------------------------------- */

/* Does what is done need the rights of an ordinary user? Then root takes them. */
static bool become_ordinary(const struct scene *scene)
{
    return geteuid() != 0 || (chown(scene->root, 65534, 65534) == 0 && seteuid(65534) == 0);
}

static void become_root_again(void)
{
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
}

static void test_an_unreadable_directory_is_read_once_it_may_be(void **state)
{
    struct scene *scene = *state;
    if (!become_ordinary(scene))
        skip();
    make_directory(scene, "job");
    make_directory(scene, "job/sub");
    append(scene, "job/sub/a.jsonl");
    assert_int_equal(chmod(at(scene, "job"), 0), 0);
    start(scene);
    pass(scene, 30);
    assert_int_equal(scene->notices, 1);
    assert_int_equal(counts_of(scene).unreadable_directories, 1);
    assert_int_equal(chmod(at(scene, "job"), 0755), 0);
    run(scene); /* the parent's ATTRIB */
    assert_seen(scene, "job/sub/a.jsonl");
    assert_int_equal(scene->notices, 2);
    assert_int_equal(counts_of(scene).unreadable_directories, 0);
    int hints = hints_at(scene, "job/sub/a.jsonl");
    assert_int_equal(chmod(at(scene, "job"), 0), 0);
    pass(scene, 20);
    assert_int_equal(scene->notices, 3);
    assert_int_equal(counts_of(scene).unreadable_directories, 2);
    assert_false(is_gone(scene, "job/sub/a.jsonl"));
    assert_int_equal(chmod(at(scene, "job"), 0755), 0);
    run(scene);
    assert_int_equal(counts_of(scene).unreadable_directories, 0);
    append(scene, "job/sub/a.jsonl");
    pass(scene, 10);
    assert_seen(scene, "job/sub/a.jsonl");
    assert_true(hints_at(scene, "job/sub/a.jsonl") > hints);
    become_root_again();
}

static void test_a_directory_that_may_be_listed_but_not_entered(void **state)
{
    struct scene *scene = *state;
    if (!become_ordinary(scene))
        skip();
    make_directory(scene, "job");
    append(scene, "job/a.jsonl");
    start(scene);
    assert_int_equal(chmod(at(scene, "job"), 0444), 0);
    pass(scene, 30);
    assert_int_equal(counts_of(scene).unreadable_directories, 1);
    assert_false(is_gone(scene, "job/a.jsonl"));
    assert_int_equal(chmod(at(scene, "job"), 0755), 0);
    pass(scene, 10);
    assert_seen(scene, "job/a.jsonl");
    assert_int_equal(counts_of(scene).unreadable_directories, 0);
    become_root_again();
}

/* --- In a namespace of one's own ----------------------------------------------------------- */

static bool write_text(const char *path, const char *text)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    ssize_t written = write(descriptor, text, strlen(text));
    close(descriptor);
    return written == (ssize_t)strlen(text);
}

/* This program again, with only the test named, in new namespaces and so with a new library. */
static void run_alone(const char *name)
{
    pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", "test_watch_rescan", name, (char *)NULL);
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIPPED)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool enter_namespaces(int flags)
{
    char users[64];
    char groups[64];
    snprintf(users, sizeof(users), "0 %d 1", (int)geteuid());
    snprintf(groups, sizeof(groups), "0 %d 1", (int)getegid());
    return unshare(flags) == 0 && write_text("/proc/self/setgroups", "deny") &&
           write_text("/proc/self/uid_map", users) && write_text("/proc/self/gid_map", groups);
}

static void alone_watch_limit(void **state)
{
    struct scene *scene = *state;
    start(scene);
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof(name), "job-%d", i);
        make_directory(scene, name);
        run(scene);
        snprintf(name, sizeof(name), "job-%d/a.jsonl", i);
        append(scene, name);
    }
    assert_int_equal(counts_of(scene).watches, 10);
    assert_int_equal(counts_of(scene).unwatched_directories, 11);
    assert_int_equal(scene->notices, 1);
    pass(scene, 11);
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof(name), "job-%d/a.jsonl", i);
        assert_seen(scene, name);
        append(scene, name);
    }
    pass(scene, 7300); /* however long nothing changes: these are never quiet */
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof(name), "job-%d/a.jsonl", i);
        assert_seen(scene, name);
        append(scene, name);
    }
    pass(scene, 11);
    assert_seen(scene, "job-19/a.jsonl");
    assert_int_equal(scene->notices, 1);
    for (int i = 0; i < 12; i++) { /* watches that become free are used */
        char name[32];
        snprintf(name, sizeof(name), "job-%d", i);
        remove_tree(at(scene, name));
    }
    pass(scene, 21);
    assert_int_equal(counts_of(scene).directories, 9);
    assert_int_equal(counts_of(scene).watches, 9);
}

static void alone_mount(void **state)
{
    struct scene *scene = *state;
    make_directory(scene, "job");
    append(scene, "job/a.jsonl");
    start(scene);
    if (mount("none", at(scene, "job"), "tmpfs", 0, NULL) < 0)
        skip();
    append(scene, "job/b.jsonl");
    pass(scene, 10);
    assert_seen(scene, "job/b.jsonl");
    assert_true(is_gone(scene, "job/a.jsonl"));
    append(scene, "job/b.jsonl");
    run(scene);
    assert_seen(scene, "job/b.jsonl");
    assert_int_equal(umount(at(scene, "job")), 0);
    pass(scene, 2);
    assert_seen(scene, "job/a.jsonl");
    assert_true(is_gone(scene, "job/b.jsonl"));
    append(scene, "job/a.jsonl");
    run(scene);
    assert_seen(scene, "job/a.jsonl");
}

static int alone(const char *name)
{
    const struct CMUnitTest limit[] = {
        cmocka_unit_test_setup_teardown(alone_watch_limit, setup, teardown)};
    const struct CMUnitTest mounts[] = {
        cmocka_unit_test_setup_teardown(alone_mount, setup, teardown)};
    bool is_limit = strcmp(name, "limit") == 0;
    if (!enter_namespaces(is_limit ? CLONE_NEWUSER : CLONE_NEWUSER | CLONE_NEWNS) ||
        (is_limit && !write_text("/proc/sys/user/max_inotify_watches", "10")) ||
        watch_library_start() < 0)
        return SKIPPED;
    return is_limit ? cmocka_run_group_tests(limit, NULL, NULL)
                    : cmocka_run_group_tests(mounts, NULL, NULL);
}

static void test_directories_over_the_watch_limit_are_rescanned(void **state)
{
    (void)state;
    run_alone("limit");
}

static void test_a_mount_over_a_directory(void **state)
{
    (void)state;
    run_alone("mount");
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return alone(argv[1]);
    if (watch_library_start() < 0)
        return SKIPPED;
#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        SCENE(test_a_missing_root_is_waited_for_quietly),
        SCENE(test_a_root_that_is_no_directory_is_told_once),
        SCENE(test_a_root_removed_and_made_again),
        SCENE(test_a_root_replaced_by_another_directory),
        SCENE(test_a_root_that_is_a_link_and_is_swapped),
        SCENE(test_roots_may_overlap_and_be_taken_away),
        SCENE(test_one_directory_by_two_paths),
        SCENE(test_a_write_through_a_link_from_outside),
        SCENE(test_a_write_through_a_mapping),
        SCENE(test_quiet_directories_are_looked_at_less_often),
        SCENE(test_a_rescan_on_demand_hints_at_everything),
        SCENE(test_one_step_does_no_more_than_its_budget),
        SCENE(test_without_inotify_everything_is_polled),
        SCENE(test_polled_directories_at_rest_are_looked_at_less_often),
        SCENE(test_an_unreadable_directory_is_read_once_it_may_be),
        SCENE(test_a_directory_that_may_be_listed_but_not_entered),
        cmocka_unit_test(test_directories_over_the_watch_limit_are_rescanned),
        cmocka_unit_test(test_a_mount_over_a_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
