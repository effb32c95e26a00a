/* What the tests of the watch room share: a temporary directory, a watch over it under a clock of
 * the test's own, and an owner that does with hints what the real one does: look at the file.
 *
 * The owner keeps the size that each file had when it was hinted at last. So "every change was
 * hinted at" is: the sizes kept are those of the files now. */
#ifndef TESTS_WATCH_SCENE_H
#define TESTS_WATCH_SCENE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "watch/watch.h"

#define SECOND NANOSECONDS_PER_SECOND

struct seen_file {
    char *path;
    off_t size;
    int hints;
    int closed;
    bool gone;
};

struct scene {
    char top[64]; /* the temporary directory */
    char root[96];
    struct watch *watch;
    int64_t now;
    struct map files;
    int gone_directories;
    char last_gone_directory[PATH_MAX];
    int notices;
    char last_notice[256];
    const char *unwanted_directory; /* a name */
};

static bool seen_file_is(const void *item, const void *key)
{
    const struct seen_file *file = item;
    return strcmp(file->path, key) == 0;
}

static struct seen_file *scene_file(struct scene *scene, const char *path)
{
    return map_find(&scene->files, hash_bytes(path, strlen(path)), path);
}

static struct seen_file *scene_file_or_new(struct scene *scene, const char *path)
{
    struct seen_file *file = scene_file(scene, path);
    if (file)
        return file;
    file = memory_zero(1, sizeof(*file));
    file->path = memory_copy_text(path);
    map_insert(&scene->files, hash_bytes(path, strlen(path)), file);
    return file;
}

static bool on_wants_directory(void *context, const char *path)
{
    const struct scene *scene = context;
    const char *name = strrchr(path, '/') + 1;
    assert_true(path[0] == '/' && *name);
    return !scene->unwanted_directory || strcmp(name, scene->unwanted_directory) != 0;
}

static bool on_wants_file(void *context, const char *path)
{
    (void)context;
    return strstr(strrchr(path, '/'), ".jsonl") != NULL;
}

static void on_file(void *context, const char *path, bool closed)
{
    struct stat facts;
    struct seen_file *file = scene_file_or_new(context, path);
    file->hints++;
    file->closed += closed;
    file->gone = false;
    if (lstat(path, &facts) == 0)
        file->size = facts.st_size;
}

static void on_gone(void *context, const char *path)
{
    scene_file_or_new(context, path)->gone = true;
}

static void on_directory_gone(void *context, const char *path)
{
    struct scene *scene = context;
    size_t length = strlen(path);
    scene->gone_directories++;
    snprintf(scene->last_gone_directory, sizeof(scene->last_gone_directory), "%s", path);
    size_t position = 0;
    struct seen_file *file;
    while ((file = map_next(&scene->files, &position)))
        if (strncmp(file->path, path, length) == 0 && file->path[length] == '/')
            file->gone = true;
}

static void on_notice(void *context, const char *message, const char *path, int error)
{
    struct scene *scene = context;
    scene->notices++;
    snprintf(scene->last_notice, sizeof(scene->last_notice), "%s: %.100s: %d", message,
             path ? path : "-", error);
}

static void scene_watch(struct scene *scene, const struct watch_options *options)
{
    const struct watch_handlers handlers = {
        .context = scene,
        .wants_directory = on_wants_directory,
        .wants_file = on_wants_file,
        .on_file = on_file,
        .on_gone = on_gone,
        .on_directory_gone = on_directory_gone,
        .on_notice = on_notice,
    };
    scene->watch = watch_new(&handlers, options);
    watch_add_root(scene->watch, scene->root);
}

static struct scene *scene_new(void)
{
    struct scene *scene = memory_zero(1, sizeof(*scene));
    map_init(&scene->files, seen_file_is);
    snprintf(scene->top, sizeof(scene->top), "/tmp/watch-test-XXXXXX");
    assert_non_null(mkdtemp(scene->top));
    assert_int_equal(chmod(scene->top, 0755), 0);
    snprintf(scene->root, sizeof(scene->root), "%s/events", scene->top);
    assert_int_equal(mkdir(scene->root, 0755), 0);
    scene->now = 5 * SECOND;
    const struct watch_options options = {.no_inotify = false};
    scene_watch(scene, &options);
    return scene;
}

/* The rest of a change to options: the watch is made anew before it is started. */
static UNUSED void scene_set_options(struct scene *scene, const struct watch_options *options)
{
    watch_free(scene->watch);
    scene_watch(scene, options);
}

static int on_remove(const char *path, const struct stat *facts, int type, struct FTW *where)
{
    (void)facts;
    (void)type;
    (void)where;
    remove(path);
    return 0;
}

static UNUSED void remove_tree(const char *path)
{
    nftw(path, on_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void scene_free(struct scene *scene)
{
    watch_free(scene->watch);
    remove_tree(scene->top);
    size_t position = 0;
    struct seen_file *file;
    while ((file = map_next(&scene->files, &position))) {
        free(file->path);
        free(file);
    }
    map_free(&scene->files);
    free(scene);
}

/* All that can be done at this moment of the scene's clock. */
static void run(struct scene *scene)
{
    while (watch_read(scene->watch, 256, scene->now) ||
           watch_tick(scene->watch, scene->now, 5 * NANOSECONDS_PER_MILLISECOND))
        ;
}

static UNUSED void start(struct scene *scene)
{
    watch_start(scene->watch, scene->now);
    run(scene);
}

/* Lets time pass as the daemon's loop would: with a tick every second. */
static UNUSED void pass(struct scene *scene, int64_t seconds)
{
    for (int64_t i = 0; i < seconds; i++) {
        scene->now += SECOND;
        run(scene);
    }
}

static UNUSED struct watch_counts counts_of(const struct scene *scene)
{
    struct watch_counts counts;
    watch_counts(scene->watch, &counts);
    return counts;
}

/* "/tmp/../events/NAME"; a few results stay valid at a time. */
static const char *at(const struct scene *scene, const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, PATH_MAX, "%s/%s", scene->root, name);
    return path;
}

static void append_at(const char *path, const char *bytes)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (descriptor < 0)
        fail_msg("%s: %s", path, strerror(errno));
    assert_int_equal(write(descriptor, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    close(descriptor);
}

static UNUSED void append(const struct scene *scene, const char *name)
{
    append_at(at(scene, name), "{}\n");
}

static UNUSED void make_directory(const struct scene *scene, const char *name)
{
    const char *path = at(scene, name);
    if (mkdir(path, 0755) < 0)
        fail_msg("%s: %s", path, strerror(errno));
}

static UNUSED bool is_seen(struct scene *scene, const char *name)
{
    struct stat facts;
    const char *path = at(scene, name);
    const struct seen_file *file = scene_file(scene, path);
    return file && !file->gone && lstat(path, &facts) == 0 && file->size == facts.st_size;
}

static UNUSED bool is_gone(struct scene *scene, const char *name)
{
    const struct seen_file *file = scene_file(scene, at(scene, name));
    return file && file->gone;
}

static UNUSED int hints_at(struct scene *scene, const char *name)
{
    const struct seen_file *file = scene_file(scene, at(scene, name));
    return file ? file->hints : 0;
}

#define assert_seen(scene, name)                                                                   \
    do {                                                                                           \
        if (!is_seen(scene, name))                                                                 \
            fail_msg("%s was not seen as it is now", name);                                        \
    } while (0)

#endif
