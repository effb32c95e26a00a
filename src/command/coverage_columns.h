/* Lines of a report in columns, the name last: numbers to the right, words to the left. */
#ifndef COMMAND_COVERAGE_COLUMNS_H
#define COMMAND_COVERAGE_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

struct text;

void columns_right(struct text *out, const char *bytes, size_t length);
void columns_count(struct text *out, uint64_t count);
/* A word in a column of its own. */
void columns_word(struct text *out, const char *word, size_t width);
/* The last column: a name that files may have chosen freely. Nothing in it steers a terminal. */
void columns_end(struct text *out, const char *name, size_t length);

#endif
