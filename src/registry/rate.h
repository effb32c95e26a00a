/* What is kept of one gauge that UPDATE_RATE feeds: amounts by event time in one sliding window. */
#ifndef REGISTRY_RATE_H
#define REGISTRY_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct fields;
struct moment;
struct rate;
struct text;

/* `window` is the family's rate_window, the same in every call. The caller frees with free(). */
struct rate *rate_new(void);
/* Is an event of this time before the window? */
bool rate_is_too_late(const struct rate *rate, int64_t window, int64_t event_time);
/* For an event that is not too late. Returns the new amount per second. */
double rate_add(struct rate *rate, int64_t window, double amount, const struct moment *when);
/* When it falls to 0; INT64_MAX: it has. */
int64_t rate_due(const struct rate *rate, int64_t window);
void rate_fall(struct rate *rate);
/* The clock was set back: nothing arrived after `now`. */
void rate_set_back(struct rate *rate, int64_t now);
/* As part of a record. Read: NULL when this cannot be one. */
void rate_write(const struct rate *rate, struct text *out);
struct rate *rate_read(struct fields *fields);

#endif
