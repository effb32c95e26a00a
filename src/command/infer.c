/* infer PATH...: a rule file for events that nobody wrote rules for.
 *
 * The heads of files are read to find the shape of records (which field is the event's name, ...),
 * again without those whose name is found as long as many are left; then all of every file. What is
 * kept of them is bounded, see survey/seen.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "command/command.h"
#include "command/output.h"
#include "config/settings.h"
#include "infer/infer_files.h"
#include "infer/infer_lines.h"
#include "infer/infer_proposal.h"
#include "infer/infer_shape.h"
#include "infer/infer_write.h"
#include "rules/event_name.h"
#include "survey/seen.h"

#define SAMPLE_BYTES       ((uint64_t)32 << 20) /* of all files */
#define SAMPLE_FILE_LEAST  ((uint64_t)64 << 10)
#define SAMPLE_FILE_MOST   ((uint64_t)4 << 20)
#define SAMPLE_FILES_MOST  ((size_t)512)
#define NAMELESS_TOLERATED 50 /* one record in so many may be without a name */

struct inferring {
    const struct settings *settings;
    struct infer_files files;
    struct seen *seen;
    struct infer_shape shape;
    struct infer_lines lines; /* of the last reading */
    uint64_t broken_files;
};

static void on_line(void *context, const char *line, size_t length)
{
    struct inferring *inferring = context;
    (void)seen_take(inferring->seen, line, length, NULL, 0); /* it counts what it refuses */
}

/* What goes wrong is told once, however often the file is read. */
static void read_file(struct inferring *inferring, struct infer_file *file)
{
    int result = infer_lines_read(&inferring->lines, file->path);
    if (result == 0)
        return;
    inferring->broken_files++;
    inferring->files.failed = true;
    if (!file->is_told)
        log_error("cannot be read to its end", LOG_TEXT("path", file->path),
                  LOG_TEXT("cause", result == -EBADMSG ? "broken gzip" : strerror(-result)));
    file->is_told = true;
}

static void begin_reading(struct inferring *inferring, uint64_t enough)
{
    inferring->lines = (struct infer_lines){.context = inferring,
                                            .on_line = on_line,
                                            .longest = (size_t)inferring->settings->max_line_bytes,
                                            .enough = enough};
}

/* The heads of files, evenly picked. */
static void read_sample(struct inferring *inferring)
{
    size_t count = inferring->files.count;
    size_t step = (count + SAMPLE_FILES_MOST - 1) / SAMPLE_FILES_MOST;
    uint64_t each = SAMPLE_BYTES / (count ? (count + step - 1) / step : 1);
    each = each < SAMPLE_FILE_LEAST ? SAMPLE_FILE_LEAST : each;
    begin_reading(inferring, each > SAMPLE_FILE_MOST ? SAMPLE_FILE_MOST : each);
    for (size_t i = 0; i < count; i += step)
        read_file(inferring, &inferring->files.items[i]);
}

static void read_all(struct inferring *inferring)
{
    begin_reading(inferring, 0);
    for (size_t i = 0; i < inferring->files.count; i++)
        read_file(inferring, &inferring->files.items[i]);
}

static uint64_t records(const struct inferring *inferring)
{
    return seen_totals(inferring->seen)->records;
}

/* False: there is no record at all. */
static bool find_shape(struct inferring *inferring)
{
    struct infer_shape *shape = &inferring->shape;
    struct seen *seen = inferring->seen;
    seen_begin(seen, NULL, 0);
    read_sample(inferring);
    if (records(inferring) == 0)
        read_all(inferring); /* what is first in files may be something else */
    uint64_t all = records(inferring);
    if (all == 0)
        return false;
    infer_shape_find(shape, seen);
    while (infer_shape_add_type(shape, seen)) {
        seen_begin(seen, NULL, 0);
        seen_pass_over(seen, shape->types, shape->type_count);
        read_sample(inferring);
        if (records(inferring) * NAMELESS_TOLERATED <= all)
            break;
    }
    return shape->type_count > 0 || infer_shape_without_type(shape, seen);
}

static void read_by_shape(struct inferring *inferring)
{
    struct infer_shape *shape = &inferring->shape;
    struct seen *seen = inferring->seen;
    seen_begin(seen, shape->types, shape->is_unnamed ? 0 : shape->type_count);
    seen_watch_id(seen, shape->id);
    inferring->broken_files = 0;
    read_all(inferring);
    const struct seen_totals *totals = seen_totals(seen);
    if (totals->repeated_ids > 0 || totals->ids < totals->records)
        shape->id = NULL;
}

static int propose(struct inferring *inferring)
{
    struct proposal *proposal = proposal_new(&inferring->shape, inferring->seen);
    const struct infer_read read = {.files = &inferring->files,
                                    .lines = &inferring->lines,
                                    .totals = seen_totals(inferring->seen),
                                    .broken_files = inferring->broken_files};
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    infer_write(proposal, &read, &text);
    int status = output_file(inferring->settings->output, &text);
    text_free(&text);
    proposal_free(proposal);
    return status;
}

static int fail(const char *cause)
{
    fprintf(stderr, "error: nothing to infer rules from: %s\n", cause);
    return 1;
}

int command_infer(const struct settings *settings)
{
    struct inferring inferring = {.settings = settings};
    int status;
    for (size_t i = 0; i < settings->arguments.count; i++)
        infer_files_add(&inferring.files, settings->arguments.items[i]);
    inferring.seen = seen_new(event_name_normal);
    if (inferring.files.count == 0) {
        status = inferring.files.failed ? 1 : fail("there is no event file");
    } else if (!find_shape(&inferring)) {
        status = inferring.files.failed ? 1 : fail("no line is a JSON object");
    } else {
        read_by_shape(&inferring);
        status = propose(&inferring);
    }
    bool failed = inferring.files.failed;
    seen_free(inferring.seen);
    infer_files_free(&inferring.files);
    return status || failed ? 1 : 0;
}
