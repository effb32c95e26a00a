/* Inflates a gzip file from its first byte on, as far as it is there: the file may still be
 * written. Any number of members, one after another, are one text; zero bytes between and behind
 * them are padding. The only place that knows zlib. */
#ifndef TAIL_GZIP_H
#define TAIL_GZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct gzip;

/* Does content that begins so (1 or more bytes) claim to be gzip? Of one byte: may it be? */
bool gzip_magic(const char *bytes, size_t length);

/* About 60 KiB each. */
struct gzip *gzip_new(void) MUST_CHECK;
void gzip_free(struct gzip *gzip);

/* Plain bytes from where the last call stopped into `out`, which holds `room`. *ret_length 0: the
 * file's bytes are used up. -EBADMSG: broken at this place, for good; other negative errnos: the
 * file could not be read now. */
int gzip_read(struct gzip *gzip, int descriptor, char *out, size_t room,
              size_t *ret_length) MUST_CHECK;
/* Bytes of the file that were used. */
uint64_t gzip_position(const struct gzip *gzip);

#endif
