/* See decoder.h.
 *
 * What yajl needs watching for: a handle is dead after any error (a new one is made), several
 * values in one line are accepted (allowed, so that the handle can go on; the end of the first is
 * remembered and the rest must be blank), and an unfinished line leaves it in the middle. */
#include "decode/decoder.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "decode/plan_internal.h"
#include "decode/walk.h"
#include "decode/wiped_memory.h"

struct decoder {
    const struct decode_plan *plan;
    char error[200];
    struct walk walk;
};

static void renew_handle(struct decoder *decoder)
{
    yajl_alloc_funcs memory = wiped_memory;
    if (decoder->walk.handle)
        yajl_free(decoder->walk.handle);
    decoder->walk.handle = yajl_alloc(&decoder->walk.callbacks, &memory, &decoder->walk);
    if (!decoder->walk.handle)
        abort();
    yajl_config(decoder->walk.handle, yajl_allow_multiple_values, 1);
    yajl_config(decoder->walk.handle, yajl_dont_validate_strings, 1); /* decoder_line does it */
}

struct decoder *decoder_new(const struct decode_plan *plan)
{
    struct decoder *decoder = memory_zero(1, sizeof(*decoder));
    decoder->plan = plan;
    decoder->walk.callbacks = walk_callbacks;
    renew_handle(decoder);
    return decoder;
}

void decoder_wipe(struct decoder *decoder)
{
    renew_handle(decoder);
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    yajl_free(decoder->walk.handle);
    free(decoder);
}

static void set_error(struct decoder *decoder, const char *text)
{
    size_t length = strcspn(text, "\n");
    if (length >= sizeof(decoder->error))
        length = sizeof(decoder->error) - 1;
    memcpy(decoder->error, text, length);
    decoder->error[length] = '\0';
}

/* Why a line that did not end well did not, and a fresh handle for the next. */
static enum decode_result failed_line(struct decoder *decoder, yajl_status status)
{
    const struct walk *walk = &decoder->walk;
    enum decode_result result = DECODE_MALFORMED;
    if (status == yajl_status_ok && walk->depth == 0 && walk->object_end == 0)
        status = yajl_complete_parse(walk->handle); /* a bare number ends only now */
    if (walk->too_deep) {
        result = DECODE_TOO_DEEP;
        set_error(decoder, "nested too deep");
    } else if (walk->too_many) {
        set_error(decoder, "a list with more elements than are looked at (100000)");
    } else if (status != yajl_status_ok) {
        unsigned char *text = yajl_get_error(walk->handle, 0, NULL, 0);
        set_error(decoder, text ? (const char *)text : "not JSON");
        yajl_free_error(walk->handle, text);
    } else if (walk->depth > 0) {
        set_error(decoder, "the line ends within a value");
    } else if (walk->object_end != 0 && !walk_ends_blank(walk)) {
        set_error(decoder, "more than one value in the line");
    } else {
        result = DECODE_NOT_OBJECT;
        set_error(decoder, "not a JSON object");
    }
    renew_handle(decoder);
    return result;
}

enum decode_result decoder_line(struct decoder *decoder, const char *line, size_t length,
                                struct arena *arena, struct value **ret_slots)
{
    if (UNLIKELY(!utf8_is_valid(line, length))) { /* yajl lets overlong forms and surrogates pass */
        set_error(decoder, "invalid UTF-8");
        return DECODE_MALFORMED;
    }
    walk_begin(&decoder->walk, line, length, arena, decoder->plan->slots);
    for (const struct plan_walk *part = &decoder->plan->first; part; part = part->next) {
        yajl_status status;
        if (UNLIKELY(!walk_line(&decoder->walk, &part->root, &status)))
            return failed_line(decoder, status);
    }
    *ret_slots = decoder->walk.slots;
    return DECODE_OK;
}

const char *decoder_error(const struct decoder *decoder)
{
    return decoder->error;
}
