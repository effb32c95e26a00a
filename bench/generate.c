/* generate: writes seeded synthetic Prodigy events, and what they must add up to.
 *
 *   DIR/tree/bench/FILE-NUMBER/events-20260101_000000.jsonl   the events
 *   DIR/expected.json                                         see tally.h
 *
 * An event goes into the file of its job: job number modulo number of files. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "event_source.h"

#define WRITE_BUFFER ((size_t)1 << 16) /* bytes, of each file */
#define MOST_FILES   100000
#define MOST_OPEN    500

struct options {
    const char *out;
    uint64_t events;
    size_t jobs;
    size_t files;
    uint64_t seed;
    bool every_series;
    bool has_mix;
    struct event_mix mix;
};

static const char usage[] =
    "usage: generate --out DIR [--events N] [--jobs N] [--files N] [--seed N] [--every-series]\n"
    "                [--mix NAME=WEIGHT,...]\n"
    "  --every-series  first give every job each of its own series (8 of them), in turn\n"
    "  --mix           share of each event type, such as agent_progress=95,agent_completed=5\n";

static void fail(const char *what)
{
    fprintf(stderr, "generate: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t parse_number(const char *text, uint64_t lowest, uint64_t highest)
{
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno || *end || end == text || *text == '-' || value < lowest || value > highest) {
        fprintf(stderr, "generate: bad number '%s'\n%s", text, usage);
        exit(2);
    }
    return value;
}

static void parse_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"out", required_argument, NULL, 'o'},  {"events", required_argument, NULL, 'e'},
        {"jobs", required_argument, NULL, 'j'}, {"files", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'}, {"every-series", no_argument, NULL, 'a'},
        {"mix", required_argument, NULL, 'm'},  {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'o')
            options->out = optarg;
        else if (option == 'e')
            options->events = parse_number(optarg, 1, UINT64_C(1000000000));
        else if (option == 'j')
            options->jobs = parse_number(optarg, 1, 100000);
        else if (option == 'f')
            options->files = parse_number(optarg, 1, MOST_FILES);
        else if (option == 's')
            options->seed = parse_number(optarg, 0, UINT64_MAX);
        else if (option == 'a')
            options->every_series = true;
        else if (option == 'm' && event_mix_parse(optarg, &options->mix))
            options->has_mix = true;
        else {
            fputs(usage, stderr);
            exit(2);
        }
    }
    if (!options->out || optind != argc) {
        fputs(usage, stderr);
        exit(2);
    }
}

static void make_directory(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        fail(path);
}

static FILE *open_file(const char *out, size_t number)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/tree/bench/%05zu", out, number);
    make_directory(path);
    snprintf(path, sizeof(path), "%s/tree/bench/%05zu/events-20260101_000000.jsonl", out, number);
    FILE *file = fopen(path, "a");
    if (!file)
        fail(path);
    setvbuf(file, NULL, _IOFBF, WRITE_BUFFER);
    return file;
}

static void close_file(FILE *file)
{
    if (file && fclose(file) != 0)
        fail("write");
}

/* Deals the events to files. With more files than may be open at once, each is opened when it is
 * written to and the one opened MOST_OPEN before is closed. */
static void write_events(const struct options *options, struct event_source *source)
{
    FILE **open_files = calloc(options->files, sizeof(*open_files));
    size_t *opened = calloc(MOST_OPEN, sizeof(*opened));
    if (!open_files || !opened)
        fail("memory");
    size_t openings = 0;
    char line[EVENT_LINE_LONGEST];
    for (uint64_t i = 0; i < options->events; i++) {
        size_t job;
        size_t length = event_source_next(source, line, &job);
        size_t number = job % options->files;
        if (!open_files[number]) {
            size_t *slot = &opened[openings++ % MOST_OPEN];
            if (openings > MOST_OPEN) {
                close_file(open_files[*slot]);
                open_files[*slot] = NULL;
            }
            *slot = number;
            open_files[number] = open_file(options->out, number);
        }
        if (fwrite(line, 1, length, open_files[number]) != length)
            fail("write");
    }
    for (size_t number = 0; number < options->files; number++)
        close_file(open_files[number]);
    free(open_files);
    free(opened);
}

static void write_expected(const struct options *options, const struct tally *tally)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/expected.json", options->out);
    FILE *file = fopen(path, "w");
    if (!file)
        fail(path);
    tally_write(tally, file);
    close_file(file);
}

static void make_tree(const char *out)
{
    char path[4096];
    make_directory(out);
    snprintf(path, sizeof(path), "%s/tree", out);
    if (mkdir(path, 0777) != 0)
        fail(path);
    snprintf(path, sizeof(path), "%s/tree/bench", out);
    make_directory(path);
}

int main(int argc, char **argv)
{
    struct options options = {.events = 1000000, .jobs = 8, .files = 1, .seed = 7};
    parse_options(argc, argv, &options);
    make_tree(options.out);

    struct tally tally;
    tally_init(&tally, options.jobs);
    struct event_source source;
    event_source_init(&source, options.seed, options.has_mix ? &options.mix : NULL,
                      options.every_series, &tally);
    write_events(&options, &source);
    write_expected(&options, &tally);
    tally_free(&tally);
    return 0;
}
