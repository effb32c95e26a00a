/* Classic histograms: one count a bucket, not cumulative; the sum is the series' value. */
#include "registry/registry_internal.h"

#define LINEAR_LONGEST 16 /* bounds that are faster walked than halved */

/* The first bucket whose bound is not below `value`; `count` is that of +Inf. */
static size_t find_bucket(const double *bounds, size_t count, double value)
{
    size_t low = 0;
    if (count <= LINEAR_LONGEST) {
        while (low < count && value > bounds[low])
            low++;
        return low;
    }
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (value > bounds[middle])
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void histogram_observe(struct series *series, double value)
{
    const struct family_spec *spec = &series->family->spec;
    uint64_t *counts = series_detail(series);
    counts[find_bucket(spec->buckets, spec->bucket_count, value)]++;
    series->value += value;
}

uint64_t histogram_count(const struct family *family, const uint64_t *counts)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= family->spec.bucket_count; i++)
        count += counts[i];
    return count;
}
