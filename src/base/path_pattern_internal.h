/* A pattern as tokens, for the reader (path_pattern.c) and the matcher (path_pattern_match.c).
 *
 *   "{repo}/a*.json"  ->  ANY_SEGMENTS  FIRST repo  STAR repo  LITERAL "/a"  STAR  LITERAL ".json"
 *
 * The first token is there for path_pattern_match_end; a match of the whole path starts behind
 * it. */
#ifndef BASE_PATH_PATTERN_INTERNAL_H
#define BASE_PATH_PATTERN_INTERNAL_H

#include <stdint.h>

#include "base/path_pattern.h"

#define NO_CAPTURE UINT16_MAX

enum token_kind {
    TOKEN_LITERAL,       /* these bytes */
    TOKEN_ONE,           /* one byte but '/' */
    TOKEN_SET,           /* one byte of a set */
    TOKEN_FIRST,         /* one byte but '/', where a capture starts */
    TOKEN_STAR,          /* any run but '/'; the rest of a capture */
    TOKEN_ANY_SEGMENTS,  /* any number of segments, each with its '/'; at a segment's start */
    TOKEN_ANYTHING,      /* whatever comes: a pattern that is "**" from here */
    TOKEN_ANYTHING_BELOW /* nothing, or '/' and whatever comes */
};

struct token {
    enum token_kind kind;
    uint16_t capture;  /* of FIRST and STAR, or NO_CAPTURE */
    uint16_t wildcard; /* of STAR and ANY_SEGMENTS: counted from 0 */
    size_t length;     /* of LITERAL */
    union {
        const char *literal; /* within `bytes` of the pattern */
        uint8_t *set;        /* 256 bits, owned */
    };
};

struct path_pattern {
    struct token *tokens;
    size_t count;
    size_t wildcards;
    char *bytes; /* of all literals, unescaped */
    size_t bytes_used;
    char *names[PATH_PATTERN_CAPTURES];
    size_t capture_count;
    char *text; /* as written */
};

#endif
