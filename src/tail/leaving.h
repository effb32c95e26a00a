/* Descriptors of unlinked files whose streams have ended: each stays open until the save that has
 * its last lines is committed. Until then the file is there to be looked at, whatever happens to
 * this process (/proc/PID/fd). At most LEAVING_MAXIMUM, since they keep disk space: past it the
 * oldest is closed at once. */
#ifndef TAIL_LEAVING_H
#define TAIL_LEAVING_H

#include <stddef.h>

#include "base/attributes.h"

#define LEAVING_MAXIMUM ((size_t)64)

struct leaving;

struct leaving *leaving_new(void) MUST_CHECK;
/* Closes all. */
void leaving_free(struct leaving *leaving);
/* Takes a descriptor over. */
void leaving_add(struct leaving *leaving, int descriptor);
/* Those added so far are in the save that begins now. */
void leaving_save(struct leaving *leaving);
/* That save is committed: what was in it is closed. */
void leaving_saved(struct leaving *leaving);
size_t leaving_count(const struct leaving *leaving);

#endif
