/* See accept_encoding.h. */
#include "serve/accept_encoding.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define WEIGHT_FULL 1000

/* A run of bytes within the header's value. */
struct span {
    const char *start;
    size_t length;
};

static struct span span_trim(struct span span)
{
    while (span.length > 0 && (*span.start == ' ' || *span.start == '\t')) {
        span.start++;
        span.length--;
    }
    while (span.length > 0 &&
           (span.start[span.length - 1] == ' ' || span.start[span.length - 1] == '\t'))
        span.length--;
    return span;
}

static bool span_is(struct span span, const char *word)
{
    return span.length == strlen(word) && strncasecmp(span.start, word, span.length) == 0;
}

/* Cuts off and returns what stands before `separator`; `rest` keeps what is behind it. */
static struct span span_cut(struct span *rest, char separator)
{
    const char *end = memchr(rest->start, separator, rest->length);
    struct span first = {rest->start, end ? (size_t)(end - rest->start) : rest->length};
    size_t used = first.length + (end ? 1 : 0);
    rest->start += used;
    rest->length -= used;
    return span_trim(first);
}

/* "0", "0.7", "1.000": at most three digits behind the point, and not over 1. */
static bool parse_weight(struct span text, int *ret_weight)
{
    if (text.length == 0 || text.length > 5 || (text.start[0] != '0' && text.start[0] != '1'))
        return false;
    if (text.length > 1 && text.start[1] != '.')
        return false;
    int weight = (text.start[0] - '0') * WEIGHT_FULL;
    int place = WEIGHT_FULL / 10;
    for (size_t i = 2; i < text.length; i++, place /= 10) {
        if (!isdigit((unsigned char)text.start[i]))
            return false;
        weight += (text.start[i] - '0') * place;
    }
    if (weight > WEIGHT_FULL)
        return false;
    *ret_weight = weight;
    return true;
}

/* The weight among an item's parameters, full when there is none. */
static bool read_weight(struct span parameters, int *ret_weight)
{
    int weight = WEIGHT_FULL;
    while (parameters.length > 0) {
        struct span value = span_cut(&parameters, ';');
        struct span name = span_cut(&value, '=');
        if (span_is(name, "q") && !parse_weight(span_trim(value), &weight))
            return false;
    }
    *ret_weight = weight;
    return true;
}

static int *weight_of(struct accept_encoding *accepted, struct span coding)
{
    if (span_is(coding, "gzip") || span_is(coding, "x-gzip"))
        return &accepted->gzip;
    if (span_is(coding, "identity"))
        return &accepted->identity;
    return span_is(coding, "*") ? &accepted->any : NULL;
}

void accept_encoding_init(struct accept_encoding *accepted)
{
    *accepted = (struct accept_encoding){
        .gzip = ACCEPT_ENCODING_UNNAMED,
        .identity = ACCEPT_ENCODING_UNNAMED,
        .any = ACCEPT_ENCODING_UNNAMED,
    };
}

void accept_encoding_read(struct accept_encoding *accepted, const char *value)
{
    struct span rest = {value, strlen(value)};
    while (rest.length > 0) {
        struct span item = span_cut(&rest, ',');
        int *weight = weight_of(accepted, span_cut(&item, ';'));
        int named;
        if (weight && *weight == ACCEPT_ENCODING_UNNAMED && read_weight(item, &named))
            *weight = named;
    }
}

bool accept_encoding_wants_gzip(const struct accept_encoding *accepted)
{
    int gzip = accepted->gzip != ACCEPT_ENCODING_UNNAMED ? accepted->gzip : accepted->any;
    /* Plain bytes are always acceptable, but preferred only where the client says so by name. */
    return gzip > 0 && gzip >= accepted->identity;
}
