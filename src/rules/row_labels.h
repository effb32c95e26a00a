/* The labels of a row's metric: their texts, and what these depend on.
 *
 *   labels: {job: "{file.job_id}", kind: map, why: "{error|match /^[A-Z]+/|lower}"}
 *   depends on two texts, the capture `job_id` and `error`: while these are the same, so is the
 *   series, and no label text has to be built to find it. */
#ifndef RULES_ROW_LABELS_H
#define RULES_ROW_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "registry/registry.h"
#include "rules/label_text.h"

#define ROW_INPUTS ((size_t)REGISTRY_LABELS) /* at most */

/* The first of the texts that yields something counts. */
struct row_label {
    struct label_text texts[2];
    size_t count;
};

/* Something that labels depend on. */
struct row_input {
    const struct operand *operand;
    size_t skipped; /* so many inputs behind it do not count when it is a text, and not empty */
};

struct row_labels {
    struct row_label *items; /* in the metric's order */
    size_t count;
    struct row_input *inputs;
    size_t input_count;
    bool by_values; /* what they depend on is not known as inputs: it is their values themselves */
};

/* When all texts are compiled: finds the inputs. */
void row_labels_bind(struct row_labels *labels);
void row_labels_free(struct row_labels *labels);

/* Writes `count` values. */
void row_labels_values(const struct row_labels *labels, struct scene *scene,
                       struct label_value *ret_values);
/* Writes what the values depend on in this scene, as texts (text NULL: none): ROW_INPUTS at most.
 * The same inputs mean the same values. Returns how many. */
size_t row_labels_inputs(const struct row_labels *labels, struct scene *scene,
                         struct label_value *ret_inputs);

#endif
