/* Roots: waited for while they are missing, and looked at every second, since nothing tells when
 * one is removed above, comes back, or is a link that now points elsewhere. That one is not there
 * is quiet (watch_root_present says it); that it cannot be reached is told once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/memory.h"
#include "watch/watch_internal.h"

static struct root *find_root(const struct watch *watch, const char *path, size_t length)
{
    for (size_t i = 0; i < watch->root_count; i++)
        if (watch->roots[i].length == length && memcmp(watch->roots[i].path, path, length) == 0)
            return &watch->roots[i];
    return NULL;
}

/* Without doubled '/' and without one at the end. The caller frees. */
static char *normal_path(const char *path, size_t *ret_length)
{
    char *normal = memory_copy_text(path);
    size_t length = 0;
    for (const char *at = path; *at; at++)
        if (*at != '/' || length == 0 || normal[length - 1] != '/')
            normal[length++] = *at;
    if (length > 1 && normal[length - 1] == '/')
        length--;
    normal[length] = '\0';
    *ret_length = length;
    return normal;
}

static void come(struct watch *watch, struct root *root)
{
    struct directory *directory = directory_find(&watch->table, root->path, root->length);
    if (!directory)
        directory = directory_add(&watch->table, root->path, root->length, watch->now);
    directory->is_root = true;
    root->directory = directory;
    if (root->told_error)
        watch_notice(watch, "directory can be reached now", root->path, 0);
    root->told_error = 0;
    walk_pend(watch, directory);
}

static void look_at_root(struct watch *watch, struct root *root)
{
    struct stat facts;
    int error = stat(root->path, &facts) < 0 ? errno : S_ISDIR(facts.st_mode) ? 0 : ENOTDIR;
    const struct directory *directory = root->directory;
    if (!directory && error == 0) {
        come(watch, root);
    } else if (!directory) {
        if (error != ENOENT && error != root->told_error)
            watch_notice(watch, "directory cannot be reached, waiting for it", root->path, error);
        root->told_error = error == ENOENT ? 0 : error;
    } else if (directory &&
               (error || (directory->is_known && (directory->device != facts.st_dev ||
                                                  directory->inode != facts.st_ino)))) {
        walk_pend(watch, root->directory);
    }
}

void root_look_at_all(struct watch *watch)
{
    for (size_t i = 0; i < watch->root_count; i++)
        look_at_root(watch, &watch->roots[i]);
}

void root_detach(struct watch *watch, const struct directory *directory)
{
    struct root *root = find_root(watch, directory->path, directory->path_length);
    if (root)
        root->directory = NULL;
}

void watch_add_root(struct watch *watch, const char *path)
{
    size_t length;
    char *normal = normal_path(path, &length);
    if (length == 0 || find_root(watch, normal, length)) {
        free(normal);
        return;
    }
    watch->roots = memory_resize(watch->roots, watch->root_count + 1, sizeof(*watch->roots));
    watch->roots[watch->root_count++] = (struct root){.path = normal, .length = length};
    watch->next_roots = watch->now;
}

/* What lies below may still be wanted as part of another root: that one's listing decides. */
static void release(struct watch *watch, struct directory *directory)
{
    directory->is_root = false;
    if (directory->parent) {
        directory->parent->hint_all = true;
        walk_pend(watch, directory->parent);
    } else {
        walk_drop(watch, directory);
    }
}

void watch_remove_root(struct watch *watch, const char *path)
{
    size_t length;
    AUTO_FREE char *normal = normal_path(path, &length);
    struct root *root = find_root(watch, normal, length);
    if (!root)
        return;
    struct directory *directory = root->directory;
    free(root->path);
    *root = watch->roots[--watch->root_count];
    watch->next_roots = watch->now;
    if (directory)
        release(watch, directory);
}

bool watch_root_present(const struct watch *watch, const char *path)
{
    size_t length;
    AUTO_FREE char *normal = normal_path(path, &length);
    const struct root *root = find_root(watch, normal, length);
    return root && root->directory && root->directory->listed != TIME_NONE &&
           !root->directory->trouble;
}
