/* Where inotify cannot see: file systems whose files are changed by others than this kernel. */
#ifndef WATCH_FILESYSTEM_H
#define WATCH_FILESYSTEM_H

#include <stdbool.h>

/* Must what lies at this path be polled? False also when it cannot be told. */
bool filesystem_needs_polling(const char *path);

#endif
