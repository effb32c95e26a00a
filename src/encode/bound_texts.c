/* See bound_texts.h. */
#include "encode/bound_texts.h"

#include <math.h>

#include "base/memory.h"
#include "base/number.h"
#include "registry/registry.h"

struct bound_text *bound_texts_new(const struct family_spec *spec, size_t *ret_count)
{
    bool is_histogram = spec->type == METRIC_HISTOGRAM;
    const double *bounds = is_histogram ? spec->buckets : spec->quantiles;
    size_t finite = is_histogram ? spec->bucket_count : spec->quantile_count;
    size_t count = is_histogram ? finite + 1 : finite;
    struct bound_text *texts = memory_zero(count, sizeof(*texts));
    for (size_t i = 0; i < count; i++)
        texts[i].length = number_format_bound(i < finite ? bounds[i] : INFINITY, texts[i].bytes);
    *ret_count = count;
    return texts;
}
