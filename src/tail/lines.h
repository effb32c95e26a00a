/* Cuts whole lines out of bytes. Pure: no file, no clock, no memory.
 *
 *   "\xEF\xBB\xBF{a}\r\n\n{b}\n{half"  at offset 0  ->  line "{a}", blank, line "{b}", end
 *
 * A line ends at LF. A CR before it, leading NULs, and a UTF-8 BOM at offset 0 of the stream are
 * taken off. A line of only spaces, tabs and CRs is blank. A line longer than `maximum` is told
 * once and its bytes are thrown away up to its LF, however many calls of however many pieces that
 * takes. Costs one memchr a line. */
#ifndef TAIL_LINES_H
#define TAIL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lines_kind {
    LINES_END,     /* no LF any more: what is left waits for more bytes */
    LINES_LINE,    /* a whole line */
    LINES_BLANK,   /* a whole line with nothing in it */
    LINES_TOO_LONG /* a line, whole or only begun, over the maximum */
};

struct lines {
    /* Set by the caller. */
    const char *bytes;
    size_t length;
    uint64_t offset; /* of bytes[0] in the stream */
    size_t maximum;  /* of a line, without what is taken off */
    /* Kept from piece to piece. */
    uint64_t number;   /* of the last line cut; 0 at first */
    bool discarding;   /* the line at bytes[0] was told as too long */
    bool rest_counted; /* the line before bytes[0] was taken without its LF, which may follow */
    /* Bytes cut so far. To be 0 at first. */
    size_t position;
};

struct lines_cut {
    const char *bytes; /* what is left of the line */
    size_t length;
    size_t start; /* of the line with all that was taken off, within `lines->bytes` */
    uint64_t number;
};

enum lines_kind lines_next(struct lines *lines, struct lines_cut *ret_cut);

/* Takes off what does not belong to a line: leading NULs, the BOM if `offset` is 0, CR at the end.
 * True: something other than blanks is left. */
bool lines_strip(const char **inout_bytes, size_t *inout_length, uint64_t offset);
/* Is an unterminated rest of this length certainly over the maximum? */
bool lines_rest_too_long(uint64_t length, size_t maximum);
/* How many NULs do the bytes begin with; how many bytes are left without the NULs at the end? */
size_t lines_leading_nuls(const char *bytes, size_t length);
size_t lines_without_trailing_nuls(const char *bytes, size_t length);

#endif
