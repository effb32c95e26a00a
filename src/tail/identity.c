/* See identity.h. */
#include "tail/identity.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum identity_kind { IDENTITY_INODE = 1, IDENTITY_HANDLE, IDENTITY_LONG_HANDLE };

/* Room for one handle: the kernel's struct ends in a flexible array. */
union handle_room {
    struct file_handle handle;
    unsigned char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

static void keep_two(struct identity *identity, uint64_t first, uint64_t second)
{
    memcpy(identity->bytes, &first, sizeof(first));
    memcpy(identity->bytes + sizeof(first), &second, sizeof(second));
}

void identity_without_handle(const struct facts *facts, struct identity *ret_identity)
{
    *ret_identity = (struct identity){.device = facts->device, .kind = IDENTITY_INODE};
    keep_two(ret_identity, facts->inode, (uint64_t)facts->born);
}

static void keep_handle(const union handle_room *room, const struct facts *facts,
                        struct identity *ret_identity)
{
    const size_t length = room->handle.handle_bytes;
    const int32_t type = room->handle.handle_type;
    const unsigned char *bytes = room->bytes + sizeof(struct file_handle);
    *ret_identity = (struct identity){.device = facts->device};
    if (length + sizeof(type) <= IDENTITY_BYTES) {
        ret_identity->kind = IDENTITY_HANDLE;
        memcpy(ret_identity->bytes, &type, sizeof(type));
        memcpy(ret_identity->bytes + sizeof(type), bytes, length);
    } else {
        ret_identity->kind = IDENTITY_LONG_HANDLE;
        keep_two(ret_identity, facts->inode, hash_stable(bytes, length));
    }
}

static void identify(int descriptor, const char *path, int flags, const struct facts *facts,
                     struct identity *ret_identity)
{
    union handle_room room;
    int mount;
    memset(&room, 0, sizeof(room));
    room.handle.handle_bytes = MAX_HANDLE_SZ;
    if (name_to_handle_at(descriptor, path, &room.handle, &mount, flags) < 0)
        identity_without_handle(facts, ret_identity);
    else
        keep_handle(&room, facts, ret_identity);
}

void identity_of_path(const char *path, const struct facts *facts, struct identity *ret_identity)
{
    identify(AT_FDCWD, path, 0, facts, ret_identity);
}

void identity_of_descriptor(int descriptor, const struct facts *facts,
                            struct identity *ret_identity)
{
    identify(descriptor, "", AT_EMPTY_PATH, facts, ret_identity);
}

static bool same_bytes(const struct identity *one, const struct identity *other)
{
    return one->kind == other->kind && memcmp(one->bytes, other->bytes, IDENTITY_BYTES) == 0;
}

bool identity_equal(const struct identity *one, const struct identity *other)
{
    return one->device == other->device && same_bytes(one, other);
}

bool identity_equal_elsewhere(const struct identity *one, const struct identity *other)
{
    return one->device != other->device && same_bytes(one, other);
}

uint64_t identity_hash(const struct identity *identity)
{
    return hash_bytes(identity->bytes, IDENTITY_BYTES);
}

void identity_put(struct text *out, const struct identity *identity)
{
    fields_put_64(out, identity->device);
    fields_put_8(out, identity->kind);
    fields_put_bytes(out, identity->bytes, IDENTITY_BYTES);
}

bool identity_take(struct fields *fields, struct identity *ret_identity)
{
    *ret_identity = (struct identity){.device = fields_64(fields)};
    ret_identity->kind = fields_8(fields);
    struct bytes bytes = fields_bytes(fields);
    if (fields->failed || bytes.length != IDENTITY_BYTES ||
        ret_identity->kind > IDENTITY_LONG_HANDLE)
        return false;
    memcpy(ret_identity->bytes, bytes.data, IDENTITY_BYTES);
    return true;
}
