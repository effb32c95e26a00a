/* See infer_buckets.h. */
#include "infer/infer_buckets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"

#define BOUNDS_LEAST  5  /* for a narrow range there is some room on both sides */
#define EXPONENT_MOST 15 /* 10^15 and 10^-15 are the ends of the world */

/* Steps within a power of ten, from fine to coarse. */
static const struct {
    size_t count;
    double steps[3];
} scales[] = {{3, {1, 2.5, 5}}, {2, {1, 5}}, {1, {1}}};

static double bound(size_t scale, long position)
{
    long count = (long)scales[scale].count;
    long exponent = position >= 0 ? position / count : -((count - 1 - position) / count);
    long step = position - exponent * count;
    double power = pow(10, (double)labs(exponent));
    return exponent >= 0 ? scales[scale].steps[step] * power : scales[scale].steps[step] / power;
}

static size_t write_default(double *ret_bounds, size_t room)
{
    static const double usual[] = {0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600};
    size_t count = ARRAY_LENGTH(usual) < room ? ARRAY_LENGTH(usual) : room;
    memcpy(ret_bounds, usual, count * sizeof(*usual));
    return count;
}

size_t buckets_fit(double least, double most, double *ret_bounds, size_t room)
{
    if (!(least > 0) || !(least <= most))
        return write_default(ret_bounds, room);
    size_t last_scale = ARRAY_LENGTH(scales) - 1;
    for (size_t scale = 0; scale <= last_scale; scale++) {
        long ends = EXPONENT_MOST * (long)scales[scale].count;
        long first = -ends;
        while (first < ends && bound(scale, first) < least)
            first++;
        long last = first;
        while (last < ends && bound(scale, last) < most)
            last++;
        while (last - first + 1 < BOUNDS_LEAST && first > -ends && last < ends) {
            first--;
            last++;
        }
        size_t count = (size_t)(last - first) + 1;
        if (count > room && scale < last_scale)
            continue;
        if (count > room) /* of a range that wide the small end matters least */
            first = last - (long)room + 1;
        count = (size_t)(last - first) + 1;
        for (size_t i = 0; i < count; i++)
            ret_bounds[i] = bound(scale, first + (long)i);
        return count;
    }
    return 0;
}
