/* See file_system.h. */
#include "resources/file_system.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/text.h"

bool file_system_sample(const char *path, struct text *out)
{
    struct statvfs told;
    if (statvfs(path, &told) < 0 || told.f_blocks == 0)
        return false;
    uint64_t unit = told.f_frsize ? told.f_frsize : told.f_bsize;
    uint64_t size = told.f_blocks * unit;
    uint64_t used = (told.f_blocks - told.f_bfree) * unit;
    uint64_t available = told.f_bavail * unit;
    text_append_string(out, "{\"event_type\":\"DiskSampled\",\"path\":\"");
    text_append_json(out, path, strlen(path));
    text_printf(out,
                "\",\"file_system\":{\"size_bytes\":%" PRIu64 ",\"used_bytes\":%" PRIu64
                ",\"available_bytes\":%" PRIu64 "}}",
                size, used, available);
    return true;
}
