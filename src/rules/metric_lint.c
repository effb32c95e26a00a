/* What promlint would say of a metric: warnings, since such a metric works all the same. */
#include <ctype.h>
#include <string.h>

#include "base/attributes.h"
#include "base/diagnostics.h"
#include "rules/metric.h"

static bool ends_with(const char *name, const char *suffix)
{
    size_t length = strlen(name);
    size_t tail = strlen(suffix);
    return length > tail && strcmp(name + length - tail, suffix) == 0;
}

static bool has_word(const char *name, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = name; (at = strstr(at, word)); at++)
        if ((at == name || at[-1] == '_') && (at[length] == '\0' || at[length] == '_'))
            return true;
    return false;
}

/* As has_word, but not at the beginning: `m_total` may well be about m. */
static bool has_later_word(const char *name, const char *word)
{
    const char *rest = strchr(name, '_');
    return rest && has_word(rest + 1, word);
}

/* The word is this unit, perhaps with a prefix ("thermometers" is none of meters). */
static bool is_unit(const char *word, size_t length, const char *unit)
{
    static const char *const prefixes[] = {
        "",     "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo",
        "kibi", "mega", "mebi", "mibi",  "giga",  "gibi",  "tera", "tebi", "peta",  "pebi"};
    size_t tail = strlen(unit);
    if (length < tail || memcmp(word + length - tail, unit, tail) != 0)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++)
        if (strlen(prefixes[i]) == length - tail && memcmp(word, prefixes[i], length - tail) == 0)
            return true;
    return false;
}

static void lint_unit(const struct metric *metric, const char *word, size_t length,
                      struct diagnostics *diagnostics)
{
    static const struct {
        const char *unit;
        const char *base;
    } units[] = {
        {"amperes", "amperes"}, {"bytes", "bytes"},        {"celsius", "celsius"},
        {"grams", "grams"},     {"joules", "joules"},      {"kelvin", "kelvin"},
        {"meters", "meters"},   {"metres", "metres"},      {"moles", "moles"},
        {"seconds", "seconds"}, {"volts", "volts"},        {"minutes", "seconds"},
        {"hours", "seconds"},   {"days", "seconds"},       {"weeks", "seconds"},
        {"kelvins", "kelvin"},  {"fahrenheit", "celsius"}, {"rankine", "celsius"},
        {"inches", "meters"},   {"yards", "meters"},       {"miles", "meters"},
        {"bits", "bytes"},      {"calories", "joules"},    {"pounds", "grams"},
        {"ounces", "grams"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (!is_unit(word, length, units[i].unit))
            continue;
        if (strlen(units[i].base) != length || memcmp(word, units[i].base, length) != 0)
            diagnostics_warning(diagnostics, metric->where,
                                "metric '%s': use base unit '%s' instead of '%.*s'", metric->name,
                                units[i].base, (int)length, word);
        return;
    }
}

static void lint_units(const struct metric *metric, struct diagnostics *diagnostics)
{
    for (const char *word = metric->name; *word;) {
        size_t length = strcspn(word, "_");
        lint_unit(metric, word, length, diagnostics);
        word += length + (word[length] == '_');
    }
    static const char *const abbreviations[] = {"ms", "us", "ns", "sec", "kb", "mb", "gb",
                                                "tb", "pb", "s",  "b",   "m",  "h",  "d"};
    for (size_t i = 0; i < ARRAY_LENGTH(abbreviations); i++)
        if (has_later_word(metric->name, abbreviations[i]))
            diagnostics_warning(diagnostics, metric->where,
                                "metric '%s': '%s' is an abbreviated unit", metric->name,
                                abbreviations[i]);
}

static void lint_suffixes(const struct metric *metric, struct diagnostics *diagnostics)
{
    enum metric_type type = metric->spec.type;
    const char *name = metric->name;
    bool counts = type == METRIC_HISTOGRAM || type == METRIC_SUMMARY;
    if (type == METRIC_COUNTER && !ends_with(name, "_total"))
        diagnostics_warning(diagnostics, metric->where,
                            "counter '%s' should have the suffix '_total'", name);
    if (type != METRIC_COUNTER && ends_with(name, "_total"))
        diagnostics_warning(diagnostics, metric->where,
                            "'%s' is no counter and should not end with '_total'", name);
    if (type == METRIC_INFO && !ends_with(name, "_info"))
        diagnostics_warning(diagnostics, metric->where, "info '%s' should end with '_info'", name);
    if (type != METRIC_HISTOGRAM && ends_with(name, "_bucket"))
        diagnostics_warning(diagnostics, metric->where,
                            "'%s' is no histogram and should not end with '_bucket'", name);
    if (!counts && (ends_with(name, "_count") || ends_with(name, "_sum")))
        diagnostics_warning(diagnostics, metric->where,
                            "'%s' should not end with '_count' or '_sum'", name);
}

static bool has_capital_after_small(const char *name)
{
    for (const char *at = name; at[0] && at[1]; at++)
        if (islower((unsigned char)at[0]) && isupper((unsigned char)at[1]))
            return true;
    return false;
}

static void lint_words(const struct metric *metric, struct diagnostics *diagnostics)
{
    static const char *const types[] = {"counter", "gauge", "histogram", "summary"};
    if (metric->help[0] == '\0')
        diagnostics_warning(diagnostics, metric->where, "metric '%s' has no help text",
                            metric->name);
    if (strchr(metric->name, ':'))
        diagnostics_warning(diagnostics, metric->where,
                            "metric '%s': colons are for recording rules", metric->name);
    if (has_capital_after_small(metric->name))
        diagnostics_warning(diagnostics, metric->where,
                            "metric '%s' should be in snake_case, not camelCase", metric->name);
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
        if (has_word(metric->name, types[i]))
            diagnostics_warning(diagnostics, metric->where,
                                "metric '%s' should not have its type in its name", metric->name);
}

static void lint_labels(const struct metric *metric, struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < metric->spec.label_count; i++) {
        const char *label = metric->labels[i];
        if (has_capital_after_small(label))
            diagnostics_warning(diagnostics, metric->where,
                                "label '%s' of '%s' should be in snake_case", label, metric->name);
        if (strcmp(label, "le") == 0 || strcmp(label, "quantile") == 0)
            diagnostics_warning(diagnostics, metric->where,
                                "'%s' should have no label '%s', which means a %s", metric->name,
                                label, *label == 'l' ? "histogram" : "summary");
    }
}

void metric_lint(const struct metric *metric, struct diagnostics *diagnostics)
{
    lint_suffixes(metric, diagnostics);
    lint_units(metric, diagnostics);
    lint_words(metric, diagnostics);
    lint_labels(metric, diagnostics);
}
