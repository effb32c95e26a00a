/* Buckets that fit the range of what was seen. */
#ifndef INFER_INFER_BUCKETS_H
#define INFER_INFER_BUCKETS_H

#include <stddef.h>

/* Writes bounds in round numbers, from just above `least` (> 0) to at least `most`, at most `room`
 * (6 or more) of them; returns how many. Where nothing is known (least > most): some for times from
 * a tenth of a second to an hour. */
size_t buckets_fit(double least, double most, double *ret_bounds, size_t room);

#endif
