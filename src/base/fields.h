/* Fields of fixed width, little-endian, written to a text and read back: what records are made of.
 *
 * A reader that is asked for more than there is gives 0 and remembers that it failed, so a record
 * is read whole and then asked once. Fields that were appended in a later version are read after
 * fields_left. */
#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"

struct text;

void fields_put_8(struct text *out, uint8_t value);
void fields_put_32(struct text *out, uint32_t value);
void fields_put_64(struct text *out, uint64_t value);
void fields_put_time(struct text *out, int64_t value); /* any int64_t */
void fields_put_double(struct text *out, double value);
/* Its length (32 bits), then the bytes. */
void fields_put_bytes(struct text *out, const void *bytes, size_t length);
/* As the others, most significant byte first: for keys that are to sort by number. */
void fields_put_64_sorted(struct text *out, uint64_t value);

struct fields {
    const char *at;
    const char *end;
    bool failed;
};

struct fields fields_of(struct bytes bytes);
uint8_t fields_8(struct fields *fields);
uint32_t fields_32(struct fields *fields);
uint64_t fields_64(struct fields *fields);
int64_t fields_time(struct fields *fields);
double fields_double(struct fields *fields);
struct bytes fields_bytes(struct fields *fields); /* points into what is read */
uint64_t fields_64_sorted(struct fields *fields);
/* All that is left, which may be nothing. */
struct bytes fields_rest(struct fields *fields);
/* Is something left (and nothing failed)? */
bool fields_left(const struct fields *fields);

#endif
