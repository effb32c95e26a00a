/* See sample_list.h. The text format as encode writes it, a little more freely: blanks where the
 * format allows them, labels in any order. */
#include "packtest/sample_list.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"

#define LABELS_MOST ((size_t)64)

/* A line while it is read. */
struct reader {
    const char *at;
    const char *end;
    char *error; /* SAMPLE_ERROR bytes */
};

struct span {
    const char *bytes;
    size_t length;
};

struct label {
    struct span name;
    struct span value; /* as written, escapes in place */
};

static bool fail(const struct reader *reader, const char *message)
{
    snprintf(reader->error, SAMPLE_ERROR, "%s", message);
    return false;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':';
}

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
        reader->at++;
}

static bool take_char(struct reader *reader, char c)
{
    skip_blanks(reader);
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

static struct span take_word(struct reader *reader)
{
    skip_blanks(reader);
    struct span word = {reader->at, 0};
    while (reader->at < reader->end && is_name_byte(*reader->at))
        reader->at++;
    word.length = (size_t)(reader->at - word.bytes);
    return word;
}

static struct span take_until_blank(struct reader *reader)
{
    skip_blanks(reader);
    struct span word = {reader->at, 0};
    while (reader->at < reader->end && *reader->at != ' ' && *reader->at != '\t')
        reader->at++;
    word.length = (size_t)(reader->at - word.bytes);
    return word;
}

/* What stands between the quotes. */
static bool take_quoted(struct reader *reader, struct span *ret_value)
{
    if (!take_char(reader, '"'))
        return false;
    const char *start = reader->at;
    while (reader->at < reader->end && *reader->at != '"')
        reader->at += *reader->at == '\\' && reader->at + 1 < reader->end ? 2 : 1;
    if (reader->at >= reader->end)
        return false;
    *ret_value = (struct span){start, (size_t)(reader->at - start)};
    reader->at++;
    return true;
}

static int compare_labels(const void *one, const void *other)
{
    const struct label *a = one;
    const struct label *b = other;
    size_t length = a->name.length < b->name.length ? a->name.length : b->name.length;
    int order = memcmp(a->name.bytes, b->name.bytes, length);
    return order ? order : (a->name.length > b->name.length) - (a->name.length < b->name.length);
}

static bool take_label(struct reader *reader, struct label *ret_label)
{
    ret_label->name = take_word(reader);
    return ret_label->name.length > 0 && take_char(reader, '=') &&
           take_quoted(reader, &ret_label->value);
}

/* The sorted labels as text. NULL: two have one name. */
static char *join_labels(struct label *labels, size_t count)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    if (count > 0)
        qsort(labels, count, sizeof(*labels), compare_labels);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && compare_labels(&labels[i - 1], &labels[i]) == 0) {
            text_free(&text);
            return NULL;
        }
        text_printf(&text, "%s%.*s=\"%.*s\"", i ? "," : "{", (int)labels[i].name.length,
                    labels[i].name.bytes, (int)labels[i].value.length, labels[i].value.bytes);
    }
    text_append_string(&text, count ? "}" : "");
    return text_take(&text);
}

/* What may stand behind a name. */
static bool take_labels(struct reader *reader, char **ret_labels)
{
    struct label labels[LABELS_MOST];
    size_t count = 0;
    *ret_labels = NULL;
    if (take_char(reader, '{')) {
        while (!take_char(reader, '}')) {
            if (count == LABELS_MOST)
                return fail(reader, "too many labels");
            if (!take_label(reader, &labels[count]))
                return fail(reader, "a label is written name=\"value\"");
            count += labels[count].value.length > 0;
            if (!take_char(reader, ',') && (reader->at == reader->end || *reader->at != '}'))
                return fail(reader, "labels end with '}', and have commas between them");
        }
    }
    *ret_labels = join_labels(labels, count);
    return *ret_labels ? true : fail(reader, "two labels have one name");
}

static bool take_value(struct reader *reader, double *ret_value)
{
    static const struct {
        const char *text;
        double value;
    } words[] = {{"+Inf", INFINITY}, {"Inf", INFINITY}, {"-Inf", -INFINITY}, {"NaN", NAN}};
    struct span word = take_until_blank(reader);
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (word.length == strlen(words[i].text) &&
            memcmp(word.bytes, words[i].text, word.length) == 0) {
            *ret_value = words[i].value;
            return true;
        }
    return number_parse(word.bytes, word.length, ret_value) ||
           fail(reader, word.length ? "the value is no number" : "the value is missing");
}

static bool is_at_end(struct reader *reader)
{
    skip_blanks(reader);
    return reader->at == reader->end;
}

static void add(struct sample_list *list, const struct sample *sample)
{
    list->items = memory_resize(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = *sample;
}

/* A name and its labels; `has_value`: and a value. */
static bool take_sample(struct sample_list *list, struct reader *reader, struct span metric,
                        bool has_value, size_t line)
{
    struct sample sample = {.line = line};
    struct span name = take_word(reader);
    if (name.length == 0)
        return fail(reader, "a sample begins with the name of its metric");
    if (!take_labels(reader, &sample.labels))
        return false;
    if ((has_value && !take_value(reader, &sample.value)) ||
        (!is_at_end(reader) && !fail(reader, has_value ? "something stands behind the value"
                                                       : "something stands behind the name"))) {
        free(sample.labels);
        return false;
    }
    sample.name = memory_copy(name.bytes, name.length);
    sample.metric = memory_copy(metric.bytes, metric.length);
    add(list, &sample);
    return true;
}

/* "# TYPE name type": the metric of what follows. */
static void take_remark(struct reader *reader, struct span *inout_metric)
{
    reader->at++;
    struct span word = take_word(reader);
    if (word.length == strlen("TYPE") && memcmp(word.bytes, "TYPE", word.length) == 0)
        *inout_metric = take_word(reader);
}

bool sample_list_read(struct sample_list *list, const char *text, size_t length, size_t *ret_line,
                      char *ret_error)
{
    struct span metric = {"", 0};
    const char *end = text + length;
    *ret_error = '\0';
    for (*ret_line = 0; text < end; (*ret_line)++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        struct reader reader = {text, stop ? stop : end, ret_error};
        text = stop ? stop + 1 : end;
        if (is_at_end(&reader))
            continue;
        if (*reader.at == '#')
            take_remark(&reader, &metric);
        else if (!take_sample(list, &reader, metric, true, *ret_line))
            return false;
    }
    return true;
}

bool sample_list_read_name(struct sample_list *list, const char *text, char *ret_error)
{
    struct reader reader = {text, text + strlen(text), ret_error};
    *ret_error = '\0';
    return take_sample(list, &reader, (struct span){"", 0}, false, 0);
}

void sample_list_free(struct sample_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].labels);
        free(list->items[i].metric);
    }
    free(list->items);
    *list = (struct sample_list){.count = 0};
}

const struct sample *sample_list_find(const struct sample_list *list, const struct sample *like)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, like->name) == 0 &&
            strcmp(list->items[i].labels, like->labels) == 0)
            return &list->items[i];
    return NULL;
}

bool sample_is_of(const struct sample *sample, const char *metric)
{
    static const char *const ends[] = {"", "_bucket", "_sum", "_count"};
    size_t length = strlen(metric);
    if (*sample->metric)
        return strcmp(sample->metric, metric) == 0;
    if (strncmp(sample->name, metric, length) != 0)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(ends); i++)
        if (strcmp(sample->name + length, ends[i]) == 0)
            return true;
    return false;
}
