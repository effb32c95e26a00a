/* See survey.h. What yajl needs watching for is said in decoder.c; a subtree that nobody wants
 * costs one counter, and its texts are not unescaped. */
#include "decode/survey.h"

#include <stdbool.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "decode/value.h"
#include "decode/wiped_memory.h"

struct survey_frame {
    void *place; /* NULL: the record */
    uint32_t count;
    bool is_array;
};

struct survey {
    struct survey_listener listener;
    yajl_handle handle;
    yajl_callbacks callbacks; /* the handle's: that for texts is off where none is wanted */

    /* The line. */
    struct arena *arena;
    const char *line;
    size_t length;
    size_t object_end; /* offset behind the record's last brace; 0: not seen */
    bool too_deep;
    bool not_object;

    unsigned depth;   /* frames in use */
    unsigned skipped; /* containers open inside one that nobody wants, itself included */
    void *pending;    /* where the value of the key just read belongs; NULL: nobody wants it */
    struct survey_frame frames[DECODE_DEPTH];
};

/* Where the next value belongs; false: nobody wants it. */
static bool next_place(struct survey *survey, void **ret_place)
{
    struct survey_frame *frame = &survey->frames[survey->depth - 1];
    if (frame->is_array) {
        frame->count++;
        survey->pending = survey->listener.step(survey->listener.context, frame->place, NULL, 0);
    }
    *ret_place = survey->pending;
    return survey->pending != NULL;
}

static int tell(struct survey *survey, const struct value *value)
{
    void *place;
    if (survey->skipped)
        return 1;
    if (survey->depth == 0)
        survey->not_object = true;
    else if (next_place(survey, &place))
        survey->listener.value(survey->listener.context, place, value);
    return 1;
}

static const char *kept(struct survey *survey, const char *bytes, size_t length)
{
    bool in_line = bytes >= survey->line && bytes < survey->line + survey->length;
    return in_line ? bytes : arena_copy(survey->arena, bytes, length);
}

static int start_container(struct survey *survey, bool is_array)
{
    void *place = NULL;
    if (survey->depth + survey->skipped >= DECODE_DEPTH) {
        survey->too_deep = true;
        return 0;
    }
    if (survey->depth == 0 && is_array)
        survey->not_object = true;
    if (survey->skipped || (survey->depth > 0 && !next_place(survey, &place))) {
        survey->skipped++;
        return 1;
    }
    survey->frames[survey->depth++] = (struct survey_frame){.place = place, .is_array = is_array};
    return 1;
}

static int on_string(void *context, const unsigned char *bytes, size_t length);

static int end_container(struct survey *survey)
{
    if (survey->skipped) {
        survey->callbacks.yajl_string = --survey->skipped == 0 ? on_string : NULL;
        return 1;
    }
    survey->callbacks.yajl_string = on_string;
    const struct survey_frame *frame = &survey->frames[--survey->depth];
    if (survey->depth == 0) {
        if (survey->object_end == 0)
            survey->object_end = yajl_get_bytes_consumed(survey->handle);
        return 1;
    }
    const struct value value = {.type = frame->is_array ? VALUE_ARRAY : VALUE_OBJECT,
                                .length = frame->count};
    survey->listener.value(survey->listener.context, frame->place, &value);
    return 1;
}

static bool is_blank(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r' && bytes[i] != '\n')
            return false;
    return true;
}

/* --- yajl's callbacks -------------------------------------------------------------------------
 */

static int on_null(void *context)
{
    return tell(context, &(const struct value){.type = VALUE_NULL});
}

static int on_boolean(void *context, int truth)
{
    return tell(context, &(const struct value){.type = VALUE_BOOLEAN, .length = truth != 0});
}

static int on_number(void *context, const char *bytes, size_t length)
{
    struct survey *survey = context;
    if (survey->skipped)
        return 1;
    return tell(survey, &(const struct value){.type = VALUE_NUMBER,
                                              .length = (uint32_t)length,
                                              .text = kept(survey, bytes, length)});
}

static int on_string(void *context, const unsigned char *bytes, size_t length)
{
    struct survey *survey = context;
    if (survey->skipped)
        return 1;
    return tell(survey, &(const struct value){.type = VALUE_STRING,
                                              .length = (uint32_t)length,
                                              .text = kept(survey, (const char *)bytes, length)});
}

static int on_map_key(void *context, const unsigned char *bytes, size_t length)
{
    struct survey *survey = context;
    if (survey->skipped)
        return 1;
    struct survey_frame *frame = &survey->frames[survey->depth - 1];
    frame->count++;
    survey->pending =
        survey->listener.step(survey->listener.context, frame->place, (const char *)bytes, length);
    survey->callbacks.yajl_string = survey->pending ? on_string : NULL;
    return 1;
}

static int on_start_map(void *context)
{
    struct survey *survey = context;
    int go_on = start_container(survey, false);
    survey->callbacks.yajl_string = survey->skipped ? NULL : on_string;
    return go_on;
}

static int on_start_array(void *context)
{
    struct survey *survey = context;
    int go_on = start_container(survey, true);
    survey->callbacks.yajl_string = survey->skipped ? NULL : on_string;
    return go_on;
}

static int on_end(void *context)
{
    return end_container(context);
}

static const yajl_callbacks survey_callbacks = {.yajl_null = on_null,
                                                .yajl_boolean = on_boolean,
                                                .yajl_number = on_number,
                                                .yajl_string = on_string,
                                                .yajl_start_map = on_start_map,
                                                .yajl_map_key = on_map_key,
                                                .yajl_end_map = on_end,
                                                .yajl_start_array = on_start_array,
                                                .yajl_end_array = on_end};

/* --- Lines ------------------------------------------------------------------------------------
 */

static void renew_handle(struct survey *survey)
{
    yajl_alloc_funcs memory = wiped_memory;
    if (survey->handle)
        yajl_free(survey->handle);
    survey->handle = yajl_alloc(&survey->callbacks, &memory, survey);
    if (!survey->handle)
        abort();
    yajl_config(survey->handle, yajl_allow_multiple_values, 1);
    yajl_config(survey->handle, yajl_dont_validate_strings, 1); /* survey_line does it */
}

struct survey *survey_new(const struct survey_listener *listener)
{
    struct survey *survey = memory_zero(1, sizeof(*survey));
    survey->listener = *listener;
    survey->callbacks = survey_callbacks;
    renew_handle(survey);
    return survey;
}

void survey_free(struct survey *survey)
{
    if (!survey)
        return;
    yajl_free(survey->handle);
    free(survey);
}

/* Why a line that did not end well did not, and a fresh handle for the next. */
static enum decode_result failed_line(struct survey *survey, yajl_status status)
{
    bool is_value = survey->depth == 0 &&
                    (survey->object_end == 0 || is_blank(survey->line + survey->object_end,
                                                         survey->length - survey->object_end));
    if (status == yajl_status_ok && is_value && survey->object_end == 0)
        status = yajl_complete_parse(survey->handle); /* a bare number ends only now */
    renew_handle(survey);
    if (survey->too_deep)
        return DECODE_TOO_DEEP;
    return status == yajl_status_ok && is_value ? DECODE_NOT_OBJECT : DECODE_MALFORMED;
}

enum decode_result survey_line(struct survey *survey, const char *line, size_t length,
                               struct arena *arena)
{
    if (UNLIKELY(!utf8_is_valid(line, length))) /* yajl lets overlong forms and surrogates pass */
        return DECODE_MALFORMED;
    survey->arena = arena;
    survey->line = line;
    survey->length = length;
    survey->object_end = 0;
    survey->depth = survey->skipped = 0;
    survey->too_deep = survey->not_object = false;
    survey->callbacks.yajl_string = on_string;
    yajl_status status = yajl_parse(survey->handle, (const unsigned char *)line, length);
    bool is_record = status == yajl_status_ok && survey->depth == 0 && survey->object_end != 0 &&
                     !survey->not_object &&
                     is_blank(line + survey->object_end, length - survey->object_end);
    return LIKELY(is_record) ? DECODE_OK : failed_line(survey, status);
}
