/* Samples of an exposition in the text format, read back.
 *
 *   # TYPE a_total counter
 *   a_total{y="2",x="1"} 3      ->  name "a_total", labels {x="1",y="2"}, value 3, metric "a_total"
 *
 * Labels are sorted by name, and empty ones left out, so that equal ones are equal texts. Lines
 * that begin with '#' are remarks, but for # TYPE. */
#ifndef PACKTEST_SAMPLE_LIST_H
#define PACKTEST_SAMPLE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

struct sample {
    char *name;
    char *labels; /* with braces; "" for none */
    char *metric; /* of the # TYPE above it; "" if there was none */
    double value;
    size_t line; /* from 0 */
};

struct sample_list {
    struct sample *items;
    size_t count;
};

#define SAMPLE_ERROR ((size_t)80) /* bytes of a message, at least */

/* Appends the samples of a text. False with the line (from 0) and a message when one is none; what
 * stood before it is in the list. */
bool sample_list_read(struct sample_list *list, const char *text, size_t length, size_t *ret_line,
                      char *ret_error) MUST_CHECK;
/* Reads one name with or without labels, and no value: "a_total{x=\"1\"}". False with a message. */
bool sample_list_read_name(struct sample_list *list, const char *text, char *ret_error) MUST_CHECK;
void sample_list_free(struct sample_list *list);

/* The sample of this name and these labels, or NULL. */
const struct sample *sample_list_find(const struct sample_list *list, const struct sample *like);
/* Is this a sample of the metric: its own, or _bucket, _sum, _count of it? */
bool sample_is_of(const struct sample *sample, const char *metric);

#endif
