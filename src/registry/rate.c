/* The rate of one gauge: amounts by event time in a ring of slots that together make one window.
 *
 * The window ends at the newest event's time, so what is late but still inside counts; it is told
 * to 1/60 of its length. One window after the newest event arrived, the rate falls to 0. */
#include "registry/rate.h"

#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/memory.h"
#include "registry/registry_internal.h"

#define RATE_SLOTS 60

struct rate {
    int64_t head;    /* number of the newest slot since 1970; TIME_NONE: the window is empty */
    int64_t newest;  /* event time */
    int64_t arrival; /* of the newest event */
    double amounts[RATE_SLOTS]; /* by slot number modulo RATE_SLOTS */
};

static int64_t slot_width(int64_t window)
{
    int64_t width = window / RATE_SLOTS;
    return width > TIME_SLOT_SHORTEST ? width : TIME_SLOT_SHORTEST;
}

static double *amount_of(struct rate *rate, int64_t slot)
{
    return &rate->amounts[((slot % RATE_SLOTS) + RATE_SLOTS) % RATE_SLOTS];
}

static void advance(struct rate *rate, int64_t slot)
{
    if (rate->head == TIME_NONE || slot - rate->head >= RATE_SLOTS)
        memset(rate->amounts, 0, sizeof(rate->amounts));
    else
        for (int64_t i = rate->head + 1; i <= slot; i++)
            *amount_of(rate, i) = 0;
    rate->head = slot;
}

struct rate *rate_new(void)
{
    struct rate *rate = memory_zero(1, sizeof(*rate));
    rate_fall(rate);
    return rate;
}

bool rate_is_too_late(const struct rate *rate, int64_t window, int64_t event_time)
{
    return rate->head != TIME_NONE &&
           time_slot(event_time, slot_width(window)) <= rate->head - RATE_SLOTS;
}

double rate_add(struct rate *rate, int64_t window, double amount, const struct moment *when)
{
    int64_t slot = time_slot(when->event_time, slot_width(window));
    if (rate->head == TIME_NONE || slot > rate->head)
        advance(rate, slot);
    if (when->event_time >= rate->newest) {
        rate->newest = when->event_time;
        rate->arrival = when->now;
    }
    *amount_of(rate, slot) += amount;
    double sum = 0;
    for (size_t i = 0; i < RATE_SLOTS; i++)
        sum += rate->amounts[i];
    return sum / ((double)window / (double)NANOSECONDS_PER_SECOND);
}

int64_t rate_due(const struct rate *rate, int64_t window)
{
    return rate->head == TIME_NONE ? INT64_MAX : time_after(rate->arrival, window);
}

void rate_fall(struct rate *rate)
{
    rate->head = TIME_NONE;
    rate->newest = TIME_NONE;
}

void rate_set_back(struct rate *rate, int64_t now)
{
    if (rate->arrival > now)
        rate->arrival = now;
}

/* The slots that hold something. */
static uint8_t count_amounts(const struct rate *rate)
{
    uint8_t count = 0;
    for (size_t i = 0; rate->head != TIME_NONE && i < RATE_SLOTS; i++)
        if (rate->amounts[i] != 0)
            count++;
    return count;
}

void rate_write(const struct rate *rate, struct text *out)
{
    uint8_t count = count_amounts(rate);
    fields_put_time(out, rate->head);
    fields_put_time(out, rate->newest);
    fields_put_time(out, rate->arrival);
    fields_put_8(out, count);
    for (uint8_t i = 0; count > 0 && i < RATE_SLOTS; i++) {
        if (rate->amounts[i] == 0)
            continue;
        fields_put_8(out, i);
        fields_put_double(out, rate->amounts[i]);
    }
}

struct rate *rate_read(struct fields *fields)
{
    struct rate *rate = rate_new();
    rate->head = fields_time(fields);
    rate->newest = fields_time(fields);
    rate->arrival = fields_time(fields);
    uint8_t count = fields_8(fields);
    bool is_sound = time_is_slot(rate->head) && count <= RATE_SLOTS;
    for (uint8_t i = 0; is_sound && i < count; i++) {
        uint8_t slot = fields_8(fields);
        double amount = fields_double(fields);
        is_sound = slot < RATE_SLOTS;
        if (is_sound)
            rate->amounts[slot] = amount;
    }
    if (is_sound && !fields->failed)
        return rate;
    free(rate);
    return NULL;
}
