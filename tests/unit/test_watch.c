/* watch: what inotify tells, in real directories: files and directories that come, grow, go, move,
 * faster than they can be looked at, and under hostile names. The clock stands still, so nothing
 * here is found by a rescan. */
#include "watch/watch.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include "watch_scene.h"

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

static void test_what_is_there_at_the_start_is_hinted_at(void **state)
{
    struct scene *scene = *state;
    make_directory(scene, "repo");
    make_directory(scene, "repo/job");
    append(scene, "repo/job/a.jsonl");
    append(scene, "repo/job/other.txt");
    append(scene, "b.jsonl");
    start(scene);
    assert_seen(scene, "repo/job/a.jsonl");
    assert_seen(scene, "b.jsonl");
    assert_int_equal(scene->files.count, 2);
    assert_true(watch_root_present(scene->watch, scene->root));
    struct watch_counts counts = counts_of(scene);
    assert_int_equal(counts.directories, 3);
    assert_int_equal(counts.watches, 3);
    assert_int_equal(counts.unwatched_directories, 0);
    assert_false(counts.polling);
}

static void test_a_file_is_created_written_closed_renamed_and_deleted(void **state)
{
    struct scene *scene = *state;
    start(scene);
    int descriptor = open(at(scene, "a.jsonl"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    run(scene);
    assert_seen(scene, "a.jsonl");
    assert_int_equal(write(descriptor, "{}\n", 3), 3);
    run(scene);
    assert_seen(scene, "a.jsonl");
    assert_int_equal(scene_file(scene, at(scene, "a.jsonl"))->closed, 0);
    close(descriptor);
    run(scene);
    assert_int_equal(scene_file(scene, at(scene, "a.jsonl"))->closed, 1);
    assert_int_equal(rename(at(scene, "a.jsonl"), at(scene, "a.jsonl.1")), 0);
    run(scene);
    assert_true(is_gone(scene, "a.jsonl"));
    assert_seen(scene, "a.jsonl.1");
    append(scene, "a.jsonl");
    run(scene);
    assert_seen(scene, "a.jsonl");
    unlink(at(scene, "a.jsonl.1"));
    run(scene);
    assert_true(is_gone(scene, "a.jsonl.1"));
}

static void test_a_name_that_is_there_again_is_not_called_gone(void **state)
{
    struct scene *scene = *state;
    append(scene, "a.jsonl");
    append(scene, "b.jsonl");
    start(scene);
    unlink(at(scene, "a.jsonl"));
    append(scene, "a.jsonl");
    assert_int_equal(
        renameat2(AT_FDCWD, at(scene, "a.jsonl"), AT_FDCWD, at(scene, "b.jsonl"), RENAME_EXCHANGE),
        0);
    run(scene);
    assert_seen(scene, "a.jsonl");
    assert_seen(scene, "b.jsonl");
}

static void make_jobs(const struct scene *scene, int first, int last)
{
    for (int i = first; i < last; i++) {
        char name[64];
        snprintf(name, sizeof(name), "repo-%d", i % 7);
        mkdir(at(scene, name), 0755);
        snprintf(name, sizeof(name), "repo-%d/job-%d", i % 7, i);
        mkdir(at(scene, name), 0755);
        snprintf(name, sizeof(name), "repo-%d/job-%d/e.jsonl", i % 7, i);
        append(scene, name);
    }
}

static void check_jobs(struct scene *scene, int first, int last)
{
    for (int i = first; i < last; i++) {
        char name[64];
        snprintf(name, sizeof(name), "repo-%d/job-%d/e.jsonl", i % 7, i);
        assert_seen(scene, name);
    }
}

static void test_directories_made_and_filled_as_fast_as_can_be_are_all_seen(void **state)
{
    struct scene *scene = *state;
    start(scene);
    for (int round = 0; round < 3; round++) {
        pid_t child = fork();
        if (child == 0) {
            make_jobs(scene, round * 300, round * 300 + 300);
            _exit(0);
        }
        int status = -1;
        while (waitpid(child, &status, WNOHANG) == 0)
            watch_read(scene->watch, 256, scene->now);
        assert_int_equal(status, 0);
        run(scene);
        check_jobs(scene, round * 300, round * 300 + 300);
    }
    make_jobs(scene, 0, 900); /* and all are watched: a second line */
    run(scene);
    check_jobs(scene, 0, 900);
    assert_int_equal(counts_of(scene).watches, 1 + 7 + 900);
}

static void test_a_directory_moved_in_with_its_files_and_directories(void **state)
{
    struct scene *scene = *state;
    start(scene);
    char outside[128];
    char file[160];
    snprintf(outside, sizeof(outside), "%s/outside", scene->top);
    snprintf(file, sizeof(file), "%s/sub", outside);
    mkdir(outside, 0755);
    mkdir(file, 0755);
    snprintf(file, sizeof(file), "%s/sub/a.jsonl", outside);
    append_at(file, "{}\n");
    assert_int_equal(rename(outside, at(scene, "in")), 0);
    run(scene);
    assert_seen(scene, "in/sub/a.jsonl");
    append(scene, "in/sub/a.jsonl");
    run(scene);
    assert_seen(scene, "in/sub/a.jsonl");
    assert_int_equal(counts_of(scene).rebuilds, 0);
}

static void test_a_directory_renamed_is_followed_under_its_new_name(void **state)
{
    struct scene *scene = *state;
    make_directory(scene, "repo");
    make_directory(scene, "repo/job");
    append(scene, "repo/job/a.jsonl");
    start(scene);
    unsigned version = watch_descriptor_version(scene->watch);
    assert_int_equal(rename(at(scene, "repo"), at(scene, "other")), 0);
    run(scene);
    assert_string_equal(scene->last_gone_directory, at(scene, "repo"));
    assert_true(is_gone(scene, "repo/job/a.jsonl"));
    assert_seen(scene, "other/job/a.jsonl");
    assert_int_equal(counts_of(scene).rebuilds, 1);
    assert_true(watch_descriptor_version(scene->watch) != version);
    append(scene, "other/job/a.jsonl");
    append(scene, "other/job/b.jsonl");
    make_directory(scene, "repo");
    append(scene, "repo/c.jsonl");
    run(scene);
    assert_seen(scene, "other/job/a.jsonl");
    assert_seen(scene, "other/job/b.jsonl");
    assert_seen(scene, "repo/c.jsonl");
}

static void test_renames_of_directories_do_not_rebuild_more_than_once_a_second(void **state)
{
    struct scene *scene = *state;
    make_directory(scene, "job-0");
    append(scene, "job-0/a.jsonl");
    start(scene);
    for (int i = 0; i < 20; i++) {
        char from[32];
        char to[32];
        snprintf(from, sizeof(from), "job-%d", i);
        snprintf(to, sizeof(to), "job-%d", i + 1);
        assert_int_equal(rename(at(scene, from), at(scene, to)), 0);
        run(scene);
    }
    append(scene, "job-20/a.jsonl");
    run(scene);
    assert_int_equal(counts_of(scene).rebuilds, 1);
    pass(scene, 1);
    assert_int_equal(counts_of(scene).rebuilds, 2);
    assert_seen(scene, "job-20/a.jsonl");
}

static void test_a_directory_moved_out_is_told_and_forgotten(void **state)
{
    struct scene *scene = *state;
    make_directory(scene, "job");
    append(scene, "job/a.jsonl");
    start(scene);
    char outside[128];
    snprintf(outside, sizeof(outside), "%s/outside", scene->top);
    assert_int_equal(rename(at(scene, "job"), outside), 0);
    run(scene);
    assert_true(is_gone(scene, "job/a.jsonl"));
    assert_int_equal(scene->gone_directories, 1);
    assert_int_equal(counts_of(scene).directories, 1);
    int hints = hints_at(scene, "job/a.jsonl");
    char file[160];
    snprintf(file, sizeof(file), "%s/a.jsonl", outside);
    append_at(file, "{}\n");
    run(scene);
    assert_int_equal(hints_at(scene, "job/a.jsonl"), hints);
}

static void test_a_directory_removed_and_made_again_is_watched_again(void **state)
{
    struct scene *scene = *state;
    start(scene);
    for (int i = 0; i < 200; i++) {
        make_directory(scene, "job");
        append(scene, "job/a.jsonl");
        if (i % 2)
            run(scene);
        remove_tree(at(scene, "job"));
        if (i % 3)
            run(scene);
    }
    make_directory(scene, "job");
    run(scene);
    append(scene, "job/a.jsonl");
    run(scene);
    assert_seen(scene, "job/a.jsonl");
    assert_int_equal(counts_of(scene).watches, 2);
    assert_int_equal(counts_of(scene).rebuilds, 0);
}

static ino_t inode_of(const char *path)
{
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    return facts.st_ino;
}

/* On many file systems the new directory gets the inode number just given back. */
static void test_a_directory_made_again_with_the_same_inode_number(void **state)
{
    struct scene *scene = *state;
    start(scene);
    make_directory(scene, "job");
    run(scene);
    bool is_reused = false;
    for (int i = 0; i < 50 && !is_reused; i++) {
        ino_t before = inode_of(at(scene, "job"));
        rmdir(at(scene, "job"));
        make_directory(scene, "job");
        is_reused = inode_of(at(scene, "job")) == before;
        run(scene);
        append(scene, "job/a.jsonl");
        run(scene);
        assert_seen(scene, "job/a.jsonl");
        unlink(at(scene, "job/a.jsonl"));
        run(scene);
    }
}

static void test_an_overflow_of_the_queue_loses_nothing(void **state)
{
    struct scene *scene = *state;
    int limit = 0;
    FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
    if (!file || fscanf(file, "%d", &limit) != 1 || limit > 200000)
        limit = 0;
    if (file)
        fclose(file);
    if (limit == 0)
        skip();
    make_directory(scene, "job");
    append(scene, "job/gone.jsonl");
    start(scene);
    append(scene, "job/short.jsonl");
    run(scene);
    int one = open(at(scene, "one.jsonl"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    int two = open(at(scene, "two.jsonl"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    for (int i = 0; i < limit / 2 + 10; i++) /* alternating, so that they do not become one */
        assert_int_equal(write(one, "x", 1) + write(two, "y", 1), 2);
    make_directory(scene, "unheard");
    append(scene, "unheard/a.jsonl");
    unlink(at(scene, "job/gone.jsonl"));
    unlink(at(scene, "job/short.jsonl"));
    assert_int_equal(write(one, "x", 1), 1);
    run(scene);
    assert_int_equal(counts_of(scene).overflows, 1);
    assert_int_equal(counts_of(scene).rebuilds, 1);
    assert_seen(scene, "one.jsonl");
    assert_seen(scene, "two.jsonl");
    assert_seen(scene, "unheard/a.jsonl");
    assert_true(is_gone(scene, "job/gone.jsonl"));
    assert_true(is_gone(scene, "job/short.jsonl"));
    assert_int_equal(write(one, "x", 1), 1);
    append(scene, "unheard/a.jsonl");
    run(scene);
    assert_seen(scene, "one.jsonl");
    assert_seen(scene, "unheard/a.jsonl");
    close(one);
    close(two);
}

static void test_events_beyond_the_budget_are_told_to_wait(void **state)
{
    struct scene *scene = *state;
    start(scene);
    for (int i = 0; i < 50; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%d.jsonl", i);
        append(scene, name);
    }
    int calls = 1;
    while (watch_read(scene->watch, 10, scene->now))
        calls++;
    assert_in_range(calls, 150 / 10, 150 / 10 + 1);
    assert_int_equal(scene->files.count, 50);
}

static void test_links_and_other_files_are_not_followed(void **state)
{
    struct scene *scene = *state;
    make_directory(scene, "real");
    append(scene, "real/a.jsonl");
    assert_int_equal(symlink(".", at(scene, "self")), 0);
    assert_int_equal(symlink("real", at(scene, "link")), 0);
    assert_int_equal(symlink("real/a.jsonl", at(scene, "l.jsonl")), 0);
    start(scene);
    assert_int_equal(symlink("real", at(scene, "later")), 0);
    assert_int_equal(symlink("real/a.jsonl", at(scene, "m.jsonl")), 0);
    assert_int_equal(symlink("nowhere", at(scene, "n.jsonl")), 0);
    assert_int_equal(mkfifo(at(scene, "f.jsonl"), 0644), 0);
    run(scene);
    append(scene, "real/a.jsonl");
    run(scene);
    assert_seen(scene, "real/a.jsonl");
    static const char *const others[] = {"link/a.jsonl", "self/real/a.jsonl", "later/a.jsonl",
                                         "l.jsonl",      "m.jsonl",           "n.jsonl",
                                         "f.jsonl"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(hints_at(scene, others[i]), 0);
    assert_int_equal(counts_of(scene).directories, 2);
}

static void test_a_directory_replaced_by_a_link_is_gone(void **state)
{
    struct scene *scene = *state;
    make_directory(scene, "job");
    append(scene, "job/a.jsonl");
    start(scene);
    assert_int_equal(rename(at(scene, "job"), at(scene, "real")), 0);
    assert_int_equal(symlink("real", at(scene, "job")), 0);
    run(scene);
    assert_true(is_gone(scene, "job/a.jsonl"));
    assert_seen(scene, "real/a.jsonl");
    assert_int_equal(counts_of(scene).directories, 2);
}

static void test_unwanted_directories_are_not_entered(void **state)
{
    struct scene *scene = *state;
    scene->unwanted_directory = ".git";
    make_directory(scene, ".git");
    append(scene, ".git/a.jsonl");
    start(scene);
    make_directory(scene, "job");
    make_directory(scene, "job/.git");
    append(scene, "job/.git/a.jsonl");
    run(scene);
    assert_int_equal(scene->files.count, 0);
    assert_int_equal(counts_of(scene).watches, 2);
}

static void test_hostile_names(void **state)
{
    struct scene *scene = *state;
    static char longest[256];
    memset(longest, 'n', sizeof(longest) - 1);
    const char *const names[] = {"line\nfeed", "\xff\xfe\x80", " ", "..x", "-rf", "a\\b", longest};
    start(scene);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char file[600];
        snprintf(file, sizeof(file), "%s/%.249s.jsonl", names[i], names[i]);
        make_directory(scene, names[i]);
        run(scene);
        append(scene, file);
        run(scene);
        assert_seen(scene, file);
    }
}

static void make_too_deep(const char *root)
{
    char name[256];
    memset(name, 'd', sizeof(name) - 1);
    name[255] = '\0';
    int here = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int depth = 0; depth < 20; depth++) {
        assert_int_equal(mkdirat(here, name, 0755), 0);
        int below = openat(here, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(here);
        here = below;
    }
    close(here);
}

static void remove_too_deep(int here)
{
    DIR *stream = fdopendir(here);
    const struct dirent *entry;
    while ((entry = readdir(stream))) {
        if (entry->d_name[0] != 'd')
            continue;
        remove_too_deep(openat(here, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        unlinkat(here, entry->d_name, AT_REMOVEDIR);
    }
    closedir(stream);
}

static void test_a_subtree_deeper_than_a_path_is_left_out_and_told_once(void **state)
{
    struct scene *scene = *state;
    make_too_deep(scene->root);
    append(scene, "a.jsonl");
    start(scene);
    assert_seen(scene, "a.jsonl");
    assert_int_equal(scene->notices, 1);
    assert_non_null(strstr(scene->last_notice, "too long"));
    size_t directories = counts_of(scene).directories;
    assert_in_range(directories, 15, 17);
    watch_rescan(scene->watch);
    pass(scene, 11);
    assert_int_equal(scene->notices, 1);
    assert_int_equal(counts_of(scene).directories, directories);
    remove_too_deep(open(scene->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    run(scene);
    assert_int_equal(counts_of(scene).directories, 1);
}

static void test_a_maximum_of_directories(void **state)
{
    struct scene *scene = *state;
    const struct watch_options options = {.max_directories = 5};
    scene_set_options(scene, &options);
    start(scene);
    make_jobs(scene, 0, 7);
    run(scene);
    assert_int_equal(counts_of(scene).directories, 5);
    assert_int_equal(scene->notices, 1);
    assert_non_null(strstr(scene->last_notice, "too many"));
}

static void test_thousands_of_directories_start_fast(void **state)
{
    struct scene *scene = *state;
    for (int i = 0; i < 1000; i++) {
        char name[64];
        snprintf(name, sizeof(name), "job-%d", i);
        make_directory(scene, name);
        for (int k = 0; k < 5; k++) {
            snprintf(name, sizeof(name), "job-%d/%d.jsonl", i, k);
            append(scene, name);
        }
    }
    int64_t began = clock_monotonic();
    start(scene);
    assert_true(clock_monotonic() - began < 5 * SECOND);
    assert_int_equal(scene->files.count, 5000);
    assert_int_equal(counts_of(scene).watches, 1001);
}

/* The library's buffer outlives its instance; the next one has the same watch descriptors. */
static void test_events_of_an_earlier_watch_are_not_taken_for_new_ones(void **state)
{
    struct scene *scene = *state;
    start(scene);
    for (int i = 0; i < 10; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%d.jsonl", i);
        append(scene, name);
        unlink(at(scene, name));
    }
    assert_true(watch_read(scene->watch, 1, scene->now));
    const struct watch_options options = {.no_inotify = false};
    scene_set_options(scene, &options);
    start(scene);
    assert_null(scene_file(scene, at(scene, "9.jsonl")));
}

static void test_the_descriptor_is_not_inherited(void **state)
{
    struct scene *scene = *state;
    int descriptor = watch_descriptor(scene->watch);
    assert_true(descriptor >= 0);
    assert_int_equal(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

int main(void)
{
    if (watch_library_start() < 0)
        return 77; /* no inotify here: skipped */
#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        SCENE(test_what_is_there_at_the_start_is_hinted_at),
        SCENE(test_a_file_is_created_written_closed_renamed_and_deleted),
        SCENE(test_a_name_that_is_there_again_is_not_called_gone),
        SCENE(test_directories_made_and_filled_as_fast_as_can_be_are_all_seen),
        SCENE(test_a_directory_moved_in_with_its_files_and_directories),
        SCENE(test_a_directory_renamed_is_followed_under_its_new_name),
        SCENE(test_renames_of_directories_do_not_rebuild_more_than_once_a_second),
        SCENE(test_a_directory_moved_out_is_told_and_forgotten),
        SCENE(test_a_directory_removed_and_made_again_is_watched_again),
        SCENE(test_a_directory_made_again_with_the_same_inode_number),
        SCENE(test_an_overflow_of_the_queue_loses_nothing),
        SCENE(test_events_beyond_the_budget_are_told_to_wait),
        SCENE(test_links_and_other_files_are_not_followed),
        SCENE(test_a_directory_replaced_by_a_link_is_gone),
        SCENE(test_unwanted_directories_are_not_entered),
        SCENE(test_hostile_names),
        SCENE(test_a_subtree_deeper_than_a_path_is_left_out_and_told_once),
        SCENE(test_a_maximum_of_directories),
        SCENE(test_thousands_of_directories_start_fast),
        SCENE(test_events_of_an_earlier_watch_are_not_taken_for_new_ones),
        SCENE(test_the_descriptor_is_not_inherited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
