/* The lock of a state directory: flock on a file that also names the process that has it. The
 * kernel gives it back however that process ends. */
#ifndef STATE_LOCK_FILE_H
#define STATE_LOCK_FILE_H

#include "base/attributes.h"

/* 0, *ret_descriptor holds the lock until it is closed; -EBUSY: another process has it, *ret_holder
 * is its id as text, "" if that is not known (`ret_holder` holds 32 bytes); or a negative errno. */
int lock_file_take(const char *path, int *ret_descriptor, char *ret_holder) MUST_CHECK;

#endif
