/* Which file is this? One generation of a file, told apart from a later one that got its inode.
 *
 * Device and inode are not enough: an inode that is freed is soon used again. The handle of
 * name_to_handle_at holds the inode's generation too. Where the file system refuses it (overlayfs,
 * FUSE), inode and birth time stand in. Directories have identities, too. Plain bytes without
 * pointers: may be saved and compared after a restart. */
#ifndef TAIL_IDENTITY_H
#define TAIL_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fields.h"
#include "tail/facts.h"

#define IDENTITY_BYTES 16

struct identity {
    uint64_t device;
    /* The handle and its type; of a handle too long for that its inode and a hash; where there is
     * no handle inode and birth time. Unused bytes are zero. */
    unsigned char bytes[IDENTITY_BYTES];
    uint8_t kind; /* 0: of no file */
};

/* Never fail: `facts` of the same file are what is fallen back on. A link is not followed. */
void identity_of_path(const char *path, const struct facts *facts, struct identity *ret_identity);
void identity_of_descriptor(int descriptor, const struct facts *facts,
                            struct identity *ret_identity);
/* As the others where handles are refused. */
void identity_without_handle(const struct facts *facts, struct identity *ret_identity);

bool identity_equal(const struct identity *one, const struct identity *other);
/* The same file, should its file system have got another device number since: after a reboot
 * overlays and subvolumes do. Only its content can tell for certain. */
bool identity_equal_elsewhere(const struct identity *one, const struct identity *other);
/* For maps in memory; the same whatever the device. */
uint64_t identity_hash(const struct identity *identity);

/* As fields of a record. False: this cannot be one. */
void identity_put(struct text *out, const struct identity *identity);
bool identity_take(struct fields *fields, struct identity *ret_identity) MUST_CHECK;

#endif
