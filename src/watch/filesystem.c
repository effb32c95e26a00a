/* See filesystem.h. */
#include "watch/filesystem.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/vfs.h>

#include "base/attributes.h"

/* f_type as statfs(2) and the kernel's file systems have it; not all are in <linux/magic.h>. */
static const uint32_t polled_types[] = {
    0x6969,     /* nfs */
    0xFF534D42, /* cifs */
    0x517B,     /* smb */
    0xFE534D42, /* smb2 */
    0x01021997, /* 9p */
    0x65735546, /* fuse, and so virtiofs, sshfs, gluster, s3 */
    0x5346414F, /* afs (OpenAFS) */
    0x6B414653, /* afs */
    0x73757245, /* coda */
    0x00C36400, /* ceph */
    0x0BD00BD0, /* lustre */
    0x7461636F, /* ocfs2 */
    0x01161970, /* gfs2 */
    0x47504653, /* gpfs */
    0x19830326, /* beegfs */
    0x786F4256, /* vboxsf */
    0xBACBACBC, /* vmware shared folders */
    0x7C7C6673, /* parallels shared folders */
};

bool filesystem_needs_polling(const char *path)
{
    struct statfs facts;
    if (statfs(path, &facts) < 0)
        return false;
    uint32_t type = (uint32_t)facts.f_type;
    for (size_t i = 0; i < ARRAY_LENGTH(polled_types); i++)
        if (polled_types[i] == type)
            return true;
    return false;
}
