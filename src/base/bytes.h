/* Comparing short texts, which hot paths do for every event. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t bytes_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

/* memcmp() == 0 without the call: by words, of which the last overlaps the one before. */
static inline bool bytes_equal(const char *a, const char *b, size_t length)
{
    if (length >= sizeof(uint64_t)) {
        size_t last = length - sizeof(uint64_t);
        for (size_t i = 0; i < last; i += sizeof(uint64_t))
            if (bytes_word(a + i) != bytes_word(b + i))
                return false;
        return bytes_word(a + last) == bytes_word(b + last);
    }
    while (length > 0 && a[length - 1] == b[length - 1])
        length--;
    return length == 0;
}

#endif
