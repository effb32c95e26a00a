/* Text from outside made safe to show on one line of a terminal or a log.
 *
 *   a file named "x\n\033[2J\xff"  ->  x\n\u001b[2J\ufffd
 *
 * What a reader would not see is written as a JSON escape; malformed UTF-8 as \ufffd. So between
 * quotes, with '"' and '\' escaped too, the result is also a JSON string. */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stddef.h>

#include "base/text.h"

/* Appends `bytes`; a backslash goes before each byte that is in `also` (ASCII). */
void escape_append(struct text *out, const char *bytes, size_t length, const char *also);

#endif
