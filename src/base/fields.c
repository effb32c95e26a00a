/* See fields.h. */
#include "base/fields.h"

#include <endian.h>
#include <string.h>

#include "base/text.h"

void fields_put_8(struct text *out, uint8_t value)
{
    text_append(out, (const char *)&value, sizeof(value));
}

void fields_put_32(struct text *out, uint32_t value)
{
    uint32_t little = htole32(value);
    text_append(out, (const char *)&little, sizeof(little));
}

void fields_put_64(struct text *out, uint64_t value)
{
    uint64_t little = htole64(value);
    text_append(out, (const char *)&little, sizeof(little));
}

void fields_put_time(struct text *out, int64_t value)
{
    fields_put_64(out, (uint64_t)value);
}

void fields_put_double(struct text *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    fields_put_64(out, bits);
}

void fields_put_bytes(struct text *out, const void *bytes, size_t length)
{
    fields_put_32(out, (uint32_t)length);
    if (length)
        text_append(out, bytes, length);
}

void fields_put_64_sorted(struct text *out, uint64_t value)
{
    uint64_t big = htobe64(value);
    text_append(out, (const char *)&big, sizeof(big));
}

struct fields fields_of(struct bytes bytes)
{
    return (struct fields){.at = bytes.data, .end = bytes.data + bytes.length};
}

/* Where the next `length` bytes are, or NULL. */
static const char *take(struct fields *fields, size_t length)
{
    const char *at = fields->at;
    if (fields->failed || (size_t)(fields->end - at) < length) {
        fields->failed = true;
        return NULL;
    }
    fields->at += length;
    return at;
}

uint8_t fields_8(struct fields *fields)
{
    const char *at = take(fields, 1);
    return at ? (uint8_t)*at : 0;
}

uint32_t fields_32(struct fields *fields)
{
    uint32_t little = 0;
    const char *at = take(fields, sizeof(little));
    if (at)
        memcpy(&little, at, sizeof(little));
    return le32toh(little);
}

uint64_t fields_64(struct fields *fields)
{
    uint64_t little = 0;
    const char *at = take(fields, sizeof(little));
    if (at)
        memcpy(&little, at, sizeof(little));
    return le64toh(little);
}

int64_t fields_time(struct fields *fields)
{
    return (int64_t)fields_64(fields);
}

double fields_double(struct fields *fields)
{
    uint64_t bits = fields_64(fields);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

struct bytes fields_bytes(struct fields *fields)
{
    uint32_t length = fields_32(fields);
    const char *at = take(fields, length);
    return at ? (struct bytes){at, length} : (struct bytes){"", 0};
}

uint64_t fields_64_sorted(struct fields *fields)
{
    uint64_t big = 0;
    const char *at = take(fields, sizeof(big));
    if (at)
        memcpy(&big, at, sizeof(big));
    return be64toh(big);
}

struct bytes fields_rest(struct fields *fields)
{
    struct bytes rest = {fields->at, (size_t)(fields->end - fields->at)};
    fields->at = fields->end;
    return rest;
}

bool fields_left(const struct fields *fields)
{
    return !fields->failed && fields->at < fields->end;
}
