/* See setting.h. */
#include "config/setting.h"

#include <string.h>

#include "base/attributes.h"

static const char *const group_titles[GROUP_COUNT] = {
    [GROUP_INPUT] = "What is followed",
    [GROUP_WATCH] = "Watching files",
    [GROUP_STATE] = "State over restarts",
    [GROUP_WEB] = "Serving metrics",
    [GROUP_LIMITS] = "Limits",
    [GROUP_LOG] = "Log",
    [GROUP_OUTPUT] = "Output",
    [GROUP_HELP] = "Help",
    [GROUP_GENERAL] = "General",
};

const struct setting *setting_find_name(const char *name, size_t length)
{
    for (size_t i = 0; i < setting_count; i++)
        if (strlen(setting_table[i].name) == length &&
            memcmp(setting_table[i].name, name, length) == 0)
            return &setting_table[i];
    return NULL;
}

const struct setting *setting_find_letter(char letter)
{
    for (size_t i = 0; i < setting_count && letter; i++)
        if (setting_table[i].letter == letter)
            return &setting_table[i];
    return NULL;
}

const struct setting *setting_find_key(const char *key)
{
    for (size_t i = 0; i < setting_count; i++)
        if (setting_table[i].key && strcmp(setting_table[i].key, key) == 0)
            return &setting_table[i];
    return NULL;
}

const char *setting_group_title(enum setting_group group)
{
    return group_titles[group];
}

const char *setting_shown_default(const struct setting *setting)
{
    return setting->fallback_shown ? setting->fallback_shown : setting->fallback;
}

bool setting_is_list(const struct setting *setting)
{
    return setting->kind == SETTING_LIST || setting->kind == SETTING_PAIRS;
}
