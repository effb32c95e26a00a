/* See file_system.h. */
#include "resources/file_system.h"

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
    text_append_string(out, "{\"event_type\":\"DiskSampled\",\"path\":\"");
    text_append_json(out, path, strlen(path));
    text_printf(out,
                "\",\"file_system\":{\"size_bytes\":%llu,\"used_bytes\":%llu,"
                "\"available_bytes\":%llu}}",
                (unsigned long long)(told.f_blocks * unit),
                (unsigned long long)((told.f_blocks - told.f_bfree) * unit),
                (unsigned long long)(told.f_bavail * unit));
    return true;
}
