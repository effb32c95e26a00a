/* The unterminated rest of a stream that nobody will go on with: a record, or not? */
#ifndef TAIL_REST_H
#define TAIL_REST_H

#include <stdbool.h>

#include "tail/tail_internal.h"

enum rest_result {
    REST_NONE,       /* there is nothing left but blanks */
    REST_COUNTED,    /* it was complete, and was handed out */
    REST_INCOMPLETE, /* half a line */
    REST_LATER       /* the file must be read on first: it is queued */
};

enum rest_result rest_judge(struct tail *tail, struct tail_file *file);
/* The rest never becomes a line: tells so, once. */
void rest_tell_partial(struct tail *tail, struct tail_file *file);

#endif
