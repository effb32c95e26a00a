/* See infer_names.h. */
#include "infer/infer_names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/text.h"
#include "infer/infer_proposal.h"
#include "infer/infer_words.h"
#include "survey/seen_path.h"

/* Words that no name of a metric holds: what is said by its unit, its type, or its suffix. */
static const char unit_words[] =
    " ms us ns s sec secs msec usec nsec msecs usecs m h d b millis micros nanos mins minute "
    "minutes hr hrs hour hours day days week weeks second seconds milliseconds millisecond "
    "microseconds microsecond nanoseconds nanosecond byte bytes kb mb gb tb pb kib mib gib bits "
    "kilobytes megabytes gigabytes usd dollar dollars cents percent percentage pct ratio "
    "amperes celsius grams joules kelvin kelvins meters metres moles volts fahrenheit rankine "
    "inches yards miles calories pounds ounces ";
static const char type_words[] = " counter gauge histogram summary info bucket sum total count n "
                                 "num created ";

static void drop_words(struct words *words, const char *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < words->count; i++) {
        if (word_is_in(words->items[i], list))
            continue;
        if (kept != i)
            memcpy(words->items[kept], words->items[i], sizeof(words->items[i]));
        kept++;
    }
    words->count = kept;
}

/* "agent" and "agent_duration" are to make "agent_duration". */
static void append_without_overlap(struct words *words, const struct words *more)
{
    struct words rest = *more;
    if (words->count > 0 && rest.count > 1 && strcmp(words_last(words), rest.items[0]) == 0) {
        memmove(rest.items[0], rest.items[1], (rest.count - 1) * sizeof(rest.items[0]));
        rest.count--;
    }
    words_append(words, &rest);
}

static void whole_path(struct words *words, const struct seen_path *path)
{
    struct words key;
    if (!path->parent)
        return;
    whole_path(words, path->parent);
    if (path->key) {
        words_read(&key, path->key, path->length);
        words_append(words, &key);
    }
}

static void read_path(struct words *words, const struct seen_path *path, bool is_whole)
{
    words->count = 0;
    if (is_whole)
        whole_path(words, path);
    else
        words_read(words, path->key, path->length);
}

/* --- Metrics -----------------------------------------------------------------------------------
 */

static void append_part(struct text *name, const char *part)
{
    if (!*part)
        return;
    if (name->length && name->data[name->length - 1] != '_')
        text_append_char(name, '_');
    text_append_string(name, part);
}

static char *compose(const struct subject *subject, const struct words *about, const char *unit,
                     const char *suffix, unsigned number)
{
    struct words words = subject->words;
    struct text name;
    append_without_overlap(&words, about);
    drop_words(&words, unit_words);
    drop_words(&words, type_words);
    text_init(&name, TEXT_UNLIMITED);
    text_append_string(&name, PROPOSED_PREFIX);
    words_text(&words, &name);
    if (strcmp(suffix, "active") == 0 && strlen(words_last(&words)) > 2 &&
        name.data[name.length - 1] != 's')
        text_append_char(&name, 's'); /* agents_active */
    if (words.count == 0 && (!*unit || number > 1))
        text_append_string(&name, "value");
    if (number > 1)
        text_printf(&name, "_%u", number);
    append_part(&name, unit);
    append_part(&name, suffix);
    return text_take(&name);
}

static size_t family_length(const char *name)
{
    size_t length = strlen(name);
    return length > 6 && strcmp(name + length - 6, "_total") == 0 ? length - 6 : length;
}

/* Are both names of one family, or is one a sample of the other if that is a histogram? */
static bool clash(const char *a, const char *b)
{
    static const char *const suffixes[] = {"", "_bucket", "_count", "_sum", "_created"};
    size_t length_a = family_length(a);
    size_t length_b = family_length(b);
    const char *shorter = length_a < length_b ? a : b;
    const char *longer = length_a < length_b ? b : a;
    size_t shared = length_a < length_b ? length_a : length_b;
    size_t whole = length_a < length_b ? length_b : length_a;
    if (memcmp(shorter, longer, shared) != 0)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++)
        if (whole - shared == strlen(suffixes[i]) &&
            memcmp(longer + shared, suffixes[i], whole - shared) == 0)
            return true;
    return false;
}

static bool is_used(const struct proposal *proposal, const char *name)
{
    for (size_t i = 0; i < proposal->metric_count; i++)
        if (clash(proposal->metrics[i].name, name))
            return true;
    return false;
}

char *names_metric(const struct proposal *proposal, const struct subject *subject,
                   const struct seen_path *what, const char *unit, const char *suffix)
{
    struct words about = {.count = 0};
    for (unsigned number = 0;; number++) {
        if (what)
            read_path(&about, what, number > 0);
        char *name = compose(subject, &about, unit, suffix, number);
        if (!is_used(proposal, name))
            return name;
        free(name);
    }
}

/* --- Labels ------------------------------------------------------------------------------------
 */

char *names_label(const struct seen_path *path, bool is_whole)
{
    static const char taken[] = " le quantile job instance event ";
    struct words words;
    struct text name;
    read_path(&words, path, is_whole);
    text_init(&name, TEXT_UNLIMITED);
    if (words.count == 0 || isdigit((unsigned char)words.items[0][0]))
        text_append_string(&name, words.count == 0 ? "value" : "value_");
    words_text(&words, &name);
    if (word_is_in(name.data, taken))
        text_append_string(&name, "_name");
    return text_take(&name);
}
