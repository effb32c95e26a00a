/* Summaries: count and sum for ever, quantiles over a sliding window of five age slots.
 *
 * The window ends at the newest event's time and moves on with the clock from that event's arrival
 * on, so that events of a log that is read later age as they would have. What is late but still
 * inside counts. The oldest slot leaves whole, so the window is between 4/5 and all of its length.
 */
#include <stdlib.h>

#include "base/fields.h"
#include "base/memory.h"
#include "registry/registry_internal.h"
#include "registry/sketch.h"

#define SUMMARY_SLOTS 5

struct summary_window {
    int64_t head;    /* number of the newest slot since 1970; TIME_NONE: the window is empty */
    int64_t newest;  /* event time, ... */
    int64_t arrival; /* ... which the clock had reached when it arrived */
    struct sketch slots[SUMMARY_SLOTS]; /* by slot number modulo SUMMARY_SLOTS */
};

static struct summary_window *window_of(const struct series *series)
{
    const struct summary_detail *detail = series_const_detail(series);
    return detail->window;
}

static int64_t slot_width(const struct family *family)
{
    int64_t width = family->spec.summary_window / SUMMARY_SLOTS;
    return width > TIME_SLOT_SHORTEST ? width : TIME_SLOT_SHORTEST;
}

static struct sketch *sketch_of(struct summary_window *window, int64_t slot)
{
    return &window->slots[((slot % SUMMARY_SLOTS) + SUMMARY_SLOTS) % SUMMARY_SLOTS];
}

/* The event time that the window ends at. */
static int64_t window_end(const struct summary_window *window, int64_t now)
{
    return now > window->arrival ? time_after(window->newest, time_between(window->arrival, now))
                                 : window->newest;
}

/* Makes `slot` the newest one. True when values left. */
static bool advance(struct summary_window *window, int64_t slot)
{
    bool left = false;
    int64_t first = window->head + 1;
    if (slot - window->head > SUMMARY_SLOTS)
        first = slot - SUMMARY_SLOTS + 1;
    for (int64_t i = first; i <= slot; i++) {
        left = left || sketch_of(window, i)->count > 0;
        sketch_clear(sketch_of(window, i));
    }
    window->head = slot;
    return left;
}

static bool is_empty(const struct summary_window *window)
{
    for (size_t i = 0; i < SUMMARY_SLOTS; i++)
        if (window->slots[i].count > 0)
            return false;
    return true;
}

static void window_add(struct summary_window *window, int64_t width, double value,
                       const struct moment *when)
{
    int64_t slot = time_slot(when->event_time, width);
    bool first = window->head == TIME_NONE;
    if (first || when->event_time > window_end(window, when->now)) {
        window->newest = when->event_time;
        window->arrival = when->now;
    }
    if (first)
        window->head = slot;
    else if (slot > window->head)
        advance(window, slot);
    if (slot > window->head - SUMMARY_SLOTS)
        sketch_add(sketch_of(window, slot), value);
}

void summary_observe(struct series *series, double value, const struct moment *when)
{
    struct summary_detail *detail = series_detail(series);
    detail->count++;
    series->value += value;
    if (series->family->spec.quantile_count == 0)
        return;
    if (!detail->window) {
        detail->window = memory_zero(1, sizeof(*detail->window));
        detail->window->head = TIME_NONE;
    }
    window_add(detail->window, slot_width(series->family), value, when);
}

void summary_quantiles(const struct series *series, double *ret_quantiles)
{
    const struct family_spec *spec = &series->family->spec;
    const struct summary_window *window = window_of(series);
    sketch_quantiles(window ? window->slots : NULL, window ? SUMMARY_SLOTS : 0, spec->quantiles,
                     spec->quantile_count, ret_quantiles);
}

int64_t summary_due(const struct series *series)
{
    const struct summary_window *window = window_of(series);
    int64_t boundary;
    if (!window || window->head == TIME_NONE ||
        __builtin_mul_overflow(window->head + 1, slot_width(series->family), &boundary))
        return INT64_MAX;
    return time_after(window->arrival, time_between(window->newest, boundary));
}

bool summary_age(struct series *series, int64_t now)
{
    struct summary_window *window = window_of(series);
    if (!window || window->head == TIME_NONE)
        return false;
    int64_t slot = time_slot(window_end(window, now), slot_width(series->family));
    bool changed = slot > window->head && advance(window, slot);
    if (is_empty(window))
        window->head = TIME_NONE;
    return changed;
}

void summary_set_back(struct series *series, int64_t now)
{
    struct summary_window *window = window_of(series);
    if (window && window->arrival > now)
        window->arrival = now;
}

void summary_free_window(struct summary_window *window)
{
    if (!window)
        return;
    for (size_t i = 0; i < SUMMARY_SLOTS; i++)
        sketch_clear(&window->slots[i]);
    free(window);
}

void summary_write_window(const struct summary_window *window, struct text *out)
{
    fields_put_time(out, window->head);
    if (window->head == TIME_NONE)
        return;
    fields_put_time(out, window->newest);
    fields_put_time(out, window->arrival);
    for (size_t i = 0; i < SUMMARY_SLOTS; i++)
        sketch_write(&window->slots[i], out);
}

struct summary_window *summary_read_window(const struct family *family, struct fields *fields)
{
    struct summary_window *window = memory_zero(1, sizeof(*window));
    window->head = fields_time(fields);
    bool is_sound = time_is_slot(window->head);
    if (is_sound && window->head != TIME_NONE) {
        window->newest = fields_time(fields);
        window->arrival = fields_time(fields);
        is_sound = time_slot(window->newest, slot_width(family)) <= window->head;
        for (size_t i = 0; is_sound && i < SUMMARY_SLOTS; i++)
            is_sound = sketch_read(fields, &window->slots[i]);
    }
    if (is_sound && !fields->failed && family->spec.quantile_count > 0)
        return window;
    summary_free_window(window);
    return NULL;
}
