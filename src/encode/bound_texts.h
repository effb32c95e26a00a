/* The texts of a family's bounds (`le` or `quantile`), made once for all its series. */
#ifndef ENCODE_BOUND_TEXTS_H
#define ENCODE_BOUND_TEXTS_H

#include <stddef.h>

struct bound_text {
    char bytes[32];
    size_t length;
};

struct family_spec;

/* Of a histogram its buckets and "+Inf", of a summary its quantiles, of others none. The caller
 * frees with free(). */
struct bound_text *bound_texts_new(const struct family_spec *spec, size_t *ret_count);

#endif
