/* How `infer` and `coverage` write numbers, and `infer` YAML. */
#ifndef INFER_INFER_TEXT_H
#define INFER_INFER_TEXT_H

#include <stdint.h>

struct distinct;
struct text;

/* 1234567 -> "1,234,567" */
void infer_append_count(struct text *out, uint64_t count);
/* "1 value", "3 values", "about 12,000 values" */
void infer_append_values(struct text *out, const struct distinct *distinct);
/* As number_format, rounded to four digits. */
void infer_append_number(struct text *out, double number);
/* A YAML scalar: as it stands where it is a word that means nothing else, else in quotes. */
void infer_append_scalar(struct text *out, const char *scalar);
/* In quotes, always. */
void infer_append_quoted(struct text *out, const char *scalar);

#endif
