/* What a field is good for, judged by its name and by what was seen of its values. */
#ifndef INFER_INFER_MEANING_H
#define INFER_INFER_MEANING_H

struct seen_field;

enum meaning_kind {
    MEANS_NOTHING,  /* `reason` says why */
    MEANS_LABEL,    /* few values */
    MEANS_SEVERITY, /* a label: a number that stands for how bad it is (10, 20, ... 60) */
    MEANS_KEY,      /* names a thing, by many values; a reason is given, too */
    MEANS_DURATION, /* to be observed, in seconds */
    MEANS_AMOUNT,   /* to be added */
    MEANS_LIST,     /* how many there are is to be added */
    MEANS_STATE     /* goes up and down: to be set */
};

struct meaning {
    enum meaning_kind kind;
    const char *unit;   /* what the metric's name ends with: "seconds", "bytes", "dollars", "" */
    double scale;       /* from what is written to the unit */
    const char *doubt;  /* what a reader should look at, or NULL */
    const char *reason; /* a static text; NULL where the number of values is the reason */
    unsigned rank;      /* of labels: the lower the better known */
};

#define MEANING_LABEL_VALUES 20 /* a label with more values is none */

struct meaning meaning_of(const struct seen_field *field);

#endif
