/* See infer_meaning.h. Words decide what a number is; what was seen can only speak against it. A
 * number that no word explains is left to the reader. */
#include "infer/infer_meaning.h"

#include <stddef.h>
#include <string.h>

#include "base/attributes.h"
#include "infer/infer_words.h"
#include "survey/seen_field.h"
#include "survey/seen_path.h"

#define LABEL_LONGEST 48 /* bytes of a value: longer ones are texts */

/* Lists of words as word_is_in wants them. */
static const char known_labels[] =
    " status state outcome result level severity method model kind type category phase stage "
    "reason action operation op tool exit_code status_code error_type error_kind subtype queue "
    "topic region zone environment env service component module provider ";
static const char private_words[] =
    " password passwd secret token authorization auth cookie credential credentials apikey email "
    "mail user username login phone address ip ssn iban card ";
static const char free_words[] =
    " message msg text prompt content description title stack stacktrace traceback comment note "
    "notes output stdout stderr log body details detail summary query sql ";
static const char place_words[] = " path file filename url uri href cwd directory dir command cmd ";
static const char key_words[] = " id ids uuid guid key ref hash sha digest checksum fingerprint "
                                "oid signature nonce etag trace span ";
static const char ordinal_words[] =
    " id pid tid port line column offset position index idx seq sequence version v number no "
    "attempt step generation revision year month day ";
static const char code_words[] = " code status level severity exit rc ";
static const char setting_words[] = " timeout interval ttl limit max maximum min minimum threshold "
                                    "deadline backoff capacity ";
static const char time_words[] = " time timestamp ts date at datetime started ended created "
                                 "updated finished expires modified since until ";
static const char span_words[] = " duration elapsed latency took runtime walltime wait waited ";
static const char timed_words[] = " response processing request execution run wait queue total "
                                  "cpu render load parse compute idle busy ";
static const char state_words[] =
    " depth active pending remaining waiting running open queued usage utilization utilisation "
    "percent percentage pct ratio progress temperature load memory rss heap cpu threads "
    "connections backlog lag available free used size_limit goroutines ";
static const char amount_words[] =
    " count counts total tokens items rows records lines messages requests responses errors "
    "failures retries files commits added removed deleted changed changes processed succeeded "
    "successful failed skipped sent received hits misses additions deletions insertions words "
    "chars characters pages events jobs tasks steps calls turns documents points samples "
    "warnings attempts ";
static const char amount_openers[] = " n num count total ";
static const char other_lists[] = " args arguments params options tags labels headers keys values "
                                  "columns fields paths roots settings bounds buckets ";

static const struct {
    const char *words;
    const char *unit;
    double scale;
} units[] = {
    {" ms millis millisecond milliseconds msec msecs ", "seconds", 1e-3},
    {" us usec usecs micros microsecond microseconds ", "seconds", 1e-6},
    {" ns nsec nanos nanosecond nanoseconds ", "seconds", 1e-9},
    {" s sec secs second seconds ", "seconds", 1},
    {" mins minute minutes ", "seconds", 60},
    {" hr hrs hour hours ", "seconds", 3600},
    {" byte bytes ", "bytes", 1},
    {" kb kib kilobytes ", "bytes", 1024},
    {" mb mib megabytes ", "bytes", 1048576},
    {" gb gib gigabytes ", "bytes", 1073741824},
    {" usd dollar dollars ", "dollars", 1},
    {" cents ", "dollars", 0.01},
};

static struct meaning nothing(const char *reason)
{
    return (struct meaning){.kind = MEANS_NOTHING, .reason = reason};
}

/* --- Texts -------------------------------------------------------------------------------------
 */

/* Few enough values, seen often enough to believe that no more will come. */
static bool has_few_values(const struct seen_field *field)
{
    uint64_t values = distinct_count(&field->distinct);
    return distinct_is_exact(&field->distinct) && values <= MEANING_LABEL_VALUES &&
           (values <= 2 || seen_field_values(field) >= 2 * values);
}

static unsigned label_rank(const struct words *words)
{
    if (words_are_in(words, known_labels))
        return 0;
    return word_is_in(words_last(words), known_labels) ? 1 : 2;
}

static struct meaning label(const struct seen_field *field, const struct words *words)
{
    struct meaning meaning = {.kind = MEANS_LABEL, .rank = label_rank(words)};
    bool is_near = field->path->depth <= 2 && !word_is_in(words_last(words), " type kind ");
    if (distinct_count(&field->distinct) == 1 && (meaning.rank > 0 || !is_near))
        return nothing("always the same value");
    return meaning;
}

static struct meaning meaning_of_text(const struct seen_field *field, const struct words *words)
{
    const char *last = words_last(words);
    if (word_is_in(last, private_words))
        return nothing("may be private");
    if (seen_field_mostly(field, field->times))
        return nothing("a time");
    if (seen_field_mostly(field, field->durations))
        return (struct meaning){.kind = MEANS_DURATION, .unit = "seconds", .scale = 1};
    if (word_is_in(last, free_words))
        return nothing("free text");
    if (word_is_in(last, place_words))
        return nothing("a path or a command");
    if (field->longest > LABEL_LONGEST || field->blank * 50 > field->kinds[VALUE_STRING])
        return nothing("free text");
    if (word_is_in(last, key_words))
        return (struct meaning){.kind = MEANS_KEY};
    if (has_few_values(field))
        return label(field, words);
    return (struct meaning){.kind = MEANS_KEY};
}

/* --- Numbers -----------------------------------------------------------------------------------
 */

/* The last word that is a unit says what it is; abbreviations count at the end alone. */
static bool find_unit(const struct words *words, const char **ret_unit, double *ret_scale)
{
    for (size_t word = words->count; word > 0; word--) {
        const char *text = words->items[word - 1];
        if (word < words->count && strlen(text) < 4)
            continue;
        for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
            if (!word_is_in(text, units[i].words))
                continue;
            *ret_unit = units[i].unit;
            *ret_scale = units[i].scale;
            return true;
        }
    }
    return false;
}

static struct meaning duration(double scale, const char *doubt)
{
    return (struct meaning){
        .kind = MEANS_DURATION, .unit = "seconds", .scale = scale, .doubt = doubt};
}

/* A span of time whose name tells no unit. What pino calls responseTime is in ms. */
static struct meaning span_without_unit(const struct seen_field *field, const struct words *words)
{
    if (words_are_in(words, " response_time "))
        return duration(1e-3, "taken for milliseconds");
    if (field->whole == field->numbers && field->most >= 1000)
        return duration(1, "taken for seconds: if these are milliseconds, add scale: 0.001");
    return duration(1, "taken for seconds");
}

static bool is_span(const struct words *words)
{
    const char *last = words_last(words);
    if (word_is_in(last, span_words))
        return true;
    return strcmp(last, "time") == 0 && words->count > 1 &&
           word_is_in(words->items[words->count - 2], timed_words);
}

static struct meaning state(const struct words *words)
{
    struct meaning meaning = {.kind = MEANS_STATE, .unit = "", .scale = 1};
    (void)find_unit(words, &meaning.unit, &meaning.scale);
    if (words_any_in(words, " percent percentage pct ")) {
        meaning.unit = "ratio";
        meaning.scale = 0.01;
    } else if (strcmp(words_last(words), "ratio") == 0) {
        meaning.unit = "ratio";
    }
    return meaning;
}

static struct meaning amount(const struct seen_field *field, const char *unit, double scale)
{
    if (field->least < 0)
        return nothing("an amount that may be negative");
    return (struct meaning){.kind = MEANS_AMOUNT, .unit = unit, .scale = scale};
}

static struct meaning code(const struct seen_field *field, const struct words *words)
{
    static const char severities[] = " level severity ";
    bool is_severity = word_is_in(words_last(words), severities) && field->least >= 10 &&
                       field->most <= 60 && distinct_count(&field->distinct) <= 6;
    if (is_severity)
        return (struct meaning){.kind = MEANS_SEVERITY, .rank = label_rank(words)};
    return has_few_values(field) ? label(field, words) : (struct meaning){.kind = MEANS_KEY};
}

static struct meaning meaning_of_number(const struct seen_field *field, const struct words *words)
{
    const char *last = words_last(words);
    const char *unit = "";
    double scale = 1;
    if (words_any_in(words, " password pin secret card ssn phone "))
        return nothing("may be private");
    if (field->epochs * 100 >= field->numbers * 98 && words_any_in(words, time_words))
        return nothing("a time");
    if (words_any_in(words, setting_words))
        return nothing("a setting");
    bool has_unit = find_unit(words, &unit, &scale);
    if (words_any_in(words, state_words) && !words_any_in(words, span_words))
        return state(words);
    if (has_unit && strcmp(unit, "seconds") == 0)
        return field->least < 0 ? nothing("a span that may be negative") : duration(scale, NULL);
    if (has_unit)
        return amount(field, unit, scale);
    if (is_span(words))
        return field->least < 0 ? nothing("a span that may be negative")
                                : span_without_unit(field, words);
    if (word_is_in(last, " cost price "))
        return amount(field, "", 1);
    if (words_are_in(words, " content_length body_size file_size payload_size response_size "
                            "request_size "))
        return amount(field, "bytes", 1);
    if (word_is_in(last, code_words))
        return code(field, words);
    if (word_is_in(last, ordinal_words))
        return (struct meaning){.kind = MEANS_KEY};
    bool is_amount = word_is_in(last, amount_words) ||
                     (words->count > 1 && word_is_in(words->items[0], amount_openers));
    if (is_amount && field->whole == field->numbers)
        return amount(field, "", 1);
    return nothing("a number that its name does not explain");
}

/* --- Lists, objects, and all -------------------------------------------------------------------
 */

static bool ends_with_s(const char *word)
{
    size_t length = strlen(word);
    return length > 3 && word[length - 1] == 's' && word[length - 2] != 's';
}

/* {"secs": 1, "nanos": 500000000} */
static bool is_span_object(const struct seen_path *path)
{
    return path->children == 2 && seen_path_child(path, "secs") && seen_path_child(path, "nanos");
}

/* A span in several ways: a number, [secs, nanos] or {secs, nanos}; rules read them all. */
static bool is_span_of_parts(const struct seen_field *field, const struct words *words)
{
    uint64_t lists = field->kinds[VALUE_ARRAY];
    uint64_t objects = field->kinds[VALUE_OBJECT];
    uint64_t others = field->kinds[VALUE_STRING] + field->kinds[VALUE_BOOLEAN];
    if (lists + objects == 0 || others > 0 || field->shortest_list != 2 || field->longest_list != 2)
        return false;
    return (lists == 0 || is_span(words)) && (objects == 0 || is_span_object(field->path));
}

static struct meaning meaning_of_list(const struct words *words)
{
    const char *last = words_last(words);
    if (!ends_with_s(last) || word_is_in(last, other_lists) || words_any_in(words, private_words))
        return nothing("a list");
    return (struct meaning){.kind = MEANS_LIST, .unit = "", .scale = 1};
}

static struct meaning meaning_of_object(const struct seen_field *field)
{
    return nothing(field->path->wide ? "an object whose keys are values" : NULL);
}

struct meaning meaning_of(const struct seen_field *field)
{
    const struct seen_path *path = field->path;
    struct words words;
    if (path->in_list)
        return nothing("within a list");
    if (seen_field_values(field) == 0)
        return nothing("always null");
    words_read(&words, path->key, path->length);
    if (is_span_of_parts(field, &words))
        return duration(1, "written as seconds and nanoseconds");
    if (seen_field_is(field, VALUE_ARRAY))
        return meaning_of_list(&words);
    if (seen_field_is(field, VALUE_OBJECT))
        return meaning_of_object(field);
    if (seen_field_is(field, VALUE_BOOLEAN))
        return label(field, &words);
    bool is_number = seen_field_is(field, VALUE_NUMBER) ||
                     (seen_field_is(field, VALUE_STRING) && field->looked_at > 0 &&
                      field->numerals == field->looked_at);
    if (is_number)
        return meaning_of_number(field, &words);
    if (seen_field_is(field, VALUE_STRING))
        return meaning_of_text(field, &words);
    return nothing("of several kinds");
}
