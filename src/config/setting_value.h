/* The text of a setting -> its field in struct settings. */
#ifndef CONFIG_SETTING_VALUE_H
#define CONFIG_SETTING_VALUE_H

#include "base/text.h"
#include "config/setting.h"
#include "config/settings.h"

/* Where a value was written. */
struct setting_place {
    enum settings_origin origin;
    const char *home;
    const char *directory; /* relative paths start here */
};

/* Checks `value` and puts it into the row's field: instead of one from a weaker origin; added to a
 * list of the same. False: the field is unchanged, and what is wrong, naming the value, is appended
 * to `error`. */
bool setting_assign(const struct setting *setting, struct settings *settings,
                    const struct setting_place *place, const char *value,
                    struct text *error) MUST_CHECK;
/* As above for a list as one text, "a,b": blanks around entries, and empty entries, are dropped.
 * All other kinds are as in setting_assign. */
bool setting_assign_text(const struct setting *setting, struct settings *settings,
                         const struct setting_place *place, const char *text,
                         struct text *error) MUST_CHECK;

/* The row's place in settings.origins. */
enum settings_origin setting_origin(const struct setting *setting, const struct settings *settings);

/* Does the row's field hold the same in both? */
bool setting_equal(const struct setting *setting, const struct settings *one,
                   const struct settings *other);

void settings_list_add(struct settings_list *list, char *item); /* takes it over */
void settings_list_free(struct settings_list *list);            /* leaves it empty */
/* Frees what the row's field holds. */
void setting_free(const struct setting *setting, struct settings *settings);

#endif
