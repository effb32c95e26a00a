/* See content.h. The buffer has its final size from the start: growing it could leave a copy of the
 * bytes behind. */
#include "document/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "tail/facts.h"

static bool is_same(const struct facts *one, const struct facts *other)
{
    return one->regular && one->inode == other->inode && one->device == other->device &&
           one->size == other->size && one->modified == other->modified &&
           one->changed == other->changed;
}

/* Until the file ends, or has grown past the buffer. */
static int read_all(int descriptor, struct content *content)
{
    while (content->length < content->capacity) {
        ssize_t got =
            read(descriptor, content->data + content->length, content->capacity - content->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return 0;
        content->length += (size_t)got;
    }
    return 0;
}

static int read_seen(int descriptor, const struct facts *seen, struct content *content)
{
    struct facts now;
    int r = facts_of_descriptor(descriptor, &now);
    if (r < 0)
        return r;
    if (!is_same(&now, seen))
        return -EAGAIN;
    r = read_all(descriptor, content);
    if (r < 0)
        return r;
    r = facts_of_descriptor(descriptor, &now);
    if (r < 0)
        return r;
    return is_same(&now, seen) && content->length == seen->size ? 0 : -EAGAIN;
}

int content_read(const char *path, const struct facts *seen, struct content *ret_content)
{
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? -EAGAIN : -errno;
    /* One byte more, which shows that the file has grown. */
    size_t capacity = (size_t)seen->size + 1;
    struct content content = {.data = memory_alloc(capacity), .capacity = capacity};
    int r = read_seen(descriptor, seen, &content);
    close(descriptor);
    if (r < 0)
        content_wipe(&content);
    else
        *ret_content = content;
    return r;
}

void content_wipe(struct content *content)
{
    if (content->data)
        explicit_bzero(content->data, content->length);
    free(content->data);
    *content = (struct content){0};
}
