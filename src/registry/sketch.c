/* See sketch.h. Bucket i holds the values in (gamma^(i-1), gamma^i] and stands for the one whose
 * relative distance to both ends is the same, SUMMARY_RELATIVE_ERROR. */
#include "registry/sketch.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/memory.h"
#include "registry/registry.h"

#define GAMMA          ((1 + SUMMARY_RELATIVE_ERROR) / (1 - SUMMARY_RELATIVE_ERROR))
#define KEY_OF_ONE     40000 /* every double's logarithm is within: keys of values > 0 are > 0 */
#define KEY_MOST       (2 * KEY_OF_ONE)
#define FIRST_CAPACITY 8

static int32_t key_of(double value)
{
    if (value == 0)
        return 0;
    int32_t key = KEY_OF_ONE + (int32_t)ceil(log(fabs(value)) / log(GAMMA));
    return value < 0 ? -key : key;
}

static double value_of(int32_t key)
{
    if (key == 0)
        return 0;
    double magnitude = exp((abs(key) - KEY_OF_ONE) * log(GAMMA)) * (2 / (GAMMA + 1));
    magnitude = fmin(magnitude, DBL_MAX);
    return key < 0 ? -magnitude : magnitude;
}

/* The place of the first bucket whose key is not below `key`. */
static uint32_t find_place(const struct sketch *sketch, int32_t key)
{
    uint32_t low = 0;
    uint32_t high = sketch->used;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sketch->buckets[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void merge_lowest(struct sketch *sketch)
{
    sketch->buckets[1].count += sketch->buckets[0].count;
    memmove(sketch->buckets, sketch->buckets + 1, --sketch->used * sizeof(*sketch->buckets));
}

static void insert(struct sketch *sketch, uint32_t place, int32_t key)
{
    if (sketch->used == sketch->capacity) {
        sketch->capacity = sketch->capacity ? sketch->capacity * 2 : FIRST_CAPACITY;
        sketch->buckets =
            memory_resize(sketch->buckets, sketch->capacity, sizeof(*sketch->buckets));
    }
    memmove(sketch->buckets + place + 1, sketch->buckets + place,
            (sketch->used - place) * sizeof(*sketch->buckets));
    sketch->buckets[place] = (struct sketch_bucket){.key = key, .count = 1};
    sketch->used++;
}

void sketch_add(struct sketch *sketch, double value)
{
    int32_t key = key_of(value);
    uint32_t place = find_place(sketch, key);
    sketch->count++;
    if (place < sketch->used && sketch->buckets[place].key == key) {
        sketch->buckets[place].count++;
        return;
    }
    if (sketch->used == SKETCH_BUCKETS) {
        if (place == 0) { /* lower than all: it would be merged at once */
            sketch->buckets[0].count++;
            return;
        }
        merge_lowest(sketch);
        place--;
    }
    insert(sketch, place, key);
}

void sketch_clear(struct sketch *sketch)
{
    free(sketch->buckets);
    *sketch = (struct sketch){0};
}

/* The lowest bucket that `cursors` have not passed, of which sketch; NULL at the end. */
static const struct sketch_bucket *next_bucket(const struct sketch *sketches, size_t count,
                                               uint32_t *cursors)
{
    const struct sketch_bucket *lowest = NULL;
    size_t from = 0;
    for (size_t i = 0; i < count; i++) {
        if (cursors[i] == sketches[i].used)
            continue;
        const struct sketch_bucket *bucket = &sketches[i].buckets[cursors[i]];
        if (!lowest || bucket->key < lowest->key) {
            lowest = bucket;
            from = i;
        }
    }
    if (lowest)
        cursors[from]++;
    return lowest;
}

/* The margin takes back what rounding added: 0.07 * 100 is a little more than 7. */
static uint64_t rank_of(double quantile, uint64_t count)
{
    double rank = ceil(quantile * (double)count - 1e-9);
    return rank < 1 ? 1 : (uint64_t)rank;
}

void sketch_quantiles(const struct sketch *sketches, size_t count, const double *quantiles,
                      size_t quantile_count, double *ret_values)
{
    uint32_t cursors[SKETCHES_AT_ONCE] = {0};
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += sketches[i].count;
    for (size_t i = 0; i < quantile_count; i++)
        ret_values[i] = NAN;
    const struct sketch_bucket *bucket;
    uint64_t passed = 0;
    while ((bucket = next_bucket(sketches, count, cursors))) {
        for (size_t i = 0; i < quantile_count; i++) {
            uint64_t rank = rank_of(quantiles[i], total);
            if (rank > passed && rank <= passed + bucket->count)
                ret_values[i] = value_of(bucket->key);
        }
        passed += bucket->count;
    }
}

void sketch_write(const struct sketch *sketch, struct text *out)
{
    fields_put_32(out, sketch->used);
    for (uint32_t i = 0; i < sketch->used; i++) {
        fields_put_32(out, (uint32_t)sketch->buckets[i].key);
        fields_put_32(out, sketch->buckets[i].count);
    }
}

bool sketch_read(struct fields *fields, struct sketch *sketch)
{
    uint32_t used = fields_32(fields);
    if (fields->failed || used > SKETCH_BUCKETS)
        return false;
    struct sketch read = {.buckets = used ? memory_zero(used, sizeof(*read.buckets)) : NULL,
                          .used = used,
                          .capacity = used};
    int32_t last = -KEY_MOST - 1;
    bool is_sound = true;
    for (uint32_t i = 0; is_sound && i < used; i++) {
        int32_t key = (int32_t)fields_32(fields);
        uint32_t count = fields_32(fields);
        is_sound = !fields->failed && key > last && key <= KEY_MOST && count > 0;
        read.buckets[i] = (struct sketch_bucket){.key = key, .count = count};
        read.count += count;
        last = key;
    }
    if (is_sound)
        *sketch = read;
    else
        sketch_clear(&read);
    return is_sound;
}
