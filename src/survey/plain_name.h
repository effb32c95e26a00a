/* Is a text a name that somebody gave (of an event, of a field), or may it be anything: a message,
 * a token, a key made up by a machine? Only names are shown to people.
 *
 *   agent_completed  PullRequestEvent  http.request  user-login     names
 *   "disk is full"   3f2b8c91-…        sk-a81Bz…      a@b.c         none */
#ifndef SURVEY_PLAIN_NAME_H
#define SURVEY_PLAIN_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define PLAIN_NAME_LONGEST ((size_t)64)

/* A letter, '_', '@' or '$', then letters, digits and "_.-:/": at most PLAIN_NAME_LONGEST bytes, of
 * which three, or a third, are digits at most. */
bool plain_name(const char *text, size_t length);

#endif
