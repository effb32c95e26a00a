/* See setting_value.h. */
#include "config/setting_value.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/number.h"
#include "config/place.h"

static void *field_of(const struct setting *setting, struct settings *settings)
{
    return (char *)settings + setting->offset;
}

static bool parse_duration(const char *text, int64_t *ret_value)
{
    double seconds;
    if (!duration_parse(text, strlen(text), &seconds) || !(fabs(seconds) < 9e9))
        return false;
    *ret_value = (int64_t)llround(seconds * (double)NANOSECONDS_PER_SECOND);
    return true;
}

static bool parse_amount(enum setting_kind kind, const char *text, int64_t *ret_value)
{
    if (kind == SETTING_SIZE)
        return size_parse(text, strlen(text), ret_value);
    if (kind == SETTING_DURATION)
        return parse_duration(text, ret_value);
    return number_parse_int(text, strlen(text), ret_value);
}

static const char *name_of_kind(enum setting_kind kind)
{
    switch (kind) {
    case SETTING_SIZE:
        return "a size such as 4096 or 16MiB";
    case SETTING_DURATION:
        return "a duration such as 90s or 1m30s";
    default:
        return "a whole number";
    }
}

/* Bounds are written in the table as users write values. A bound that is no value bounds nothing:
 * the unit test reads them all. */
static bool in_bounds(const struct setting *setting, int64_t value)
{
    int64_t bound;
    if (setting->minimum && parse_amount(setting->kind, setting->minimum, &bound) && value < bound)
        return false;
    return !(setting->maximum && parse_amount(setting->kind, setting->maximum, &bound) &&
             value > bound);
}

static bool assign_amount(const struct setting *setting, int64_t *field, const char *value,
                          struct text *error)
{
    int64_t amount;
    if (!parse_amount(setting->kind, value, &amount)) {
        text_printf(error, "'%s' is not %s", value, name_of_kind(setting->kind));
        return false;
    }
    if (!in_bounds(setting, amount)) {
        text_printf(error, "'%s' is out of bounds (%s to %s)", value, setting->minimum,
                    setting->maximum);
        return false;
    }
    *field = amount;
    return true;
}

static bool assign_bool(bool *field, const char *value, struct text *error)
{
    static const char *const words[] = {"false", "true", "no", "yes", "0", "1", "off", "on"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (strcasecmp(value, words[i]) == 0) {
            *field = i % 2 == 1;
            return true;
        }
    }
    text_printf(error, "'%s' is neither true nor false", value);
    return false;
}

static bool assign_choice(const struct setting *setting, int *field, const char *value,
                          struct text *error)
{
    size_t count = 0;
    for (; setting->choices[count]; count++) {
        if (strcmp(value, setting->choices[count]) == 0) {
            *field = (int)count;
            return true;
        }
    }
    text_printf(error, "'%s' is none of ", value);
    for (size_t i = 0; i < count; i++)
        text_printf(error, "%s%s", i ? ", " : "", setting->choices[i]);
    const char *nearest = nearest_word(value, setting->choices, count);
    if (nearest)
        text_printf(error, " (did you mean '%s'?)", nearest);
    return false;
}

static char *resolve(const struct setting *setting, const struct setting_place *place,
                     const char *value)
{
    bool is_file = setting->path == SETTING_FILE ||
                   (setting->path == SETTING_PACK && place_is_pack_file(value));
    if (setting->path == SETTING_DIRECTORY)
        return place_resolve(value, place->home, place->directory);
    if (is_file)
        return place_resolve(value, place->home,
                             place->origin == FROM_FILE ? place->directory : NULL);
    return memory_copy_text(value);
}

/* Of a pair only what is behind the '=' is a path. */
static char *resolve_pair(const struct setting *setting, const struct setting_place *place,
                          const char *value)
{
    const char *equals = strchr(value, '=');
    AUTO_FREE char *resolved = resolve(setting, place, equals + 1);
    return memory_format("%.*s=%s", (int)(equals - value), value, resolved);
}

static bool passes_check(const struct setting *setting, const char *value, struct text *error)
{
    const char *wrong = setting->check ? setting->check(value) : NULL;
    if (wrong)
        text_printf(error, "'%s' %s", value, wrong);
    return !wrong;
}

static void put(const struct setting *setting, struct settings *settings,
                const struct setting_place *place, const char *value)
{
    if (setting->kind == SETTING_TEXT) {
        char **field = field_of(setting, settings);
        free(*field);
        *field = resolve(setting, place, value);
        return;
    }
    struct settings_list *list = field_of(setting, settings);
    if (setting_origin(setting, settings) != place->origin)
        settings_list_free(list);
    settings_list_add(list, setting->kind == SETTING_PAIRS ? resolve_pair(setting, place, value)
                                                           : resolve(setting, place, value));
}

static bool assign(const struct setting *setting, struct settings *settings,
                   const struct setting_place *place, const char *value, struct text *error)
{
    void *field = field_of(setting, settings);
    switch (setting->kind) {
    case SETTING_BOOL:
        return assign_bool(field, value, error);
    case SETTING_INTEGER:
    case SETTING_SIZE:
    case SETTING_DURATION:
        return assign_amount(setting, field, value, error);
    case SETTING_CHOICE:
        return assign_choice(setting, field, value, error);
    case SETTING_TEXT:
    case SETTING_LIST:
    case SETTING_PAIRS:
    default:
        if (!passes_check(setting, value, error))
            return false;
        put(setting, settings, place, value);
        return true;
    }
}

bool setting_assign(const struct setting *setting, struct settings *settings,
                    const struct setting_place *place, const char *value, struct text *error)
{
    if (!assign(setting, settings, place, value, error))
        return false;
    settings->origins[setting - setting_table] = (unsigned char)place->origin;
    return true;
}

bool setting_assign_text(const struct setting *setting, struct settings *settings,
                         const struct setting_place *place, const char *text, struct text *error)
{
    if (!setting_is_list(setting))
        return setting_assign(setting, settings, place, text, error);
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, ",");
        const char *first = at + strspn(at, " \t");
        const char *end = at + length;
        while (end > first && isblank((unsigned char)end[-1]))
            end--;
        AUTO_FREE char *item = end > first ? memory_copy(first, (size_t)(end - first)) : NULL;
        if (item && !setting_assign(setting, settings, place, item, error))
            return false;
        at += length + (at[length] == ',');
    }
    return true;
}

enum settings_origin setting_origin(const struct setting *setting, const struct settings *settings)
{
    return (enum settings_origin)settings->origins[setting - setting_table];
}

void settings_list_add(struct settings_list *list, char *item)
{
    list->items = memory_resize(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = item;
}

void settings_list_free(struct settings_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct settings_list){0};
}

void setting_free(const struct setting *setting, struct settings *settings)
{
    if (setting->kind == SETTING_TEXT) {
        char **field = field_of(setting, settings);
        free(*field);
        *field = NULL;
    } else if (setting_is_list(setting)) {
        settings_list_free(field_of(setting, settings));
    }
}

static const void *const_field_of(const struct setting *setting, const struct settings *settings)
{
    return (const char *)settings + setting->offset;
}

static bool same_text(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

static bool same_list(const struct settings_list *one, const struct settings_list *other)
{
    if (one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++)
        if (strcmp(one->items[i], other->items[i]) != 0)
            return false;
    return true;
}

bool setting_equal(const struct setting *setting, const struct settings *one,
                   const struct settings *other)
{
    const void *left = const_field_of(setting, one);
    const void *right = const_field_of(setting, other);
    switch (setting->kind) {
    case SETTING_BOOL:
        return *(const bool *)left == *(const bool *)right;
    case SETTING_INTEGER:
    case SETTING_SIZE:
    case SETTING_DURATION:
        return *(const int64_t *)left == *(const int64_t *)right;
    case SETTING_CHOICE:
        return *(const int *)left == *(const int *)right;
    case SETTING_TEXT:
        return same_text(*(char *const *)left, *(char *const *)right);
    case SETTING_LIST:
    case SETTING_PAIRS:
    default:
        return same_list(left, right);
    }
}
