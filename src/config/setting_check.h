/* What the kind of a setting does not say of its values. Each: NULL when the value is fine, else
 * what is wrong with it ("is not ..."), a static text. */
#ifndef CONFIG_SETTING_CHECK_H
#define CONFIG_SETTING_CHECK_H

/* Not empty. */
const char *setting_check_filled(const char *value);
/* NAME=DIR. */
const char *setting_check_pair(const char *value);
/* A path of a URL that none of the other endpoints has. */
const char *setting_check_telemetry_path(const char *value);

#endif
