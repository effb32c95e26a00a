/* A followed file as the rules see it: for each source that covers it, what its path says. */
#ifndef DAEMON_FOLLOWED_H
#define DAEMON_FOLLOWED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rule_file;
struct rule_source;

struct followed_source {
    struct rule_source *source;
    size_t index; /* of the source in its set */
    struct rule_file *file;
};

struct followed {
    char *path;
    bool is_archive;     /* of lines that were, most of them, counted elsewhere */
    uint64_t duplicates; /* lines that were counted before */
    size_t count;
    struct followed_source sources[];
};

void followed_free(struct followed *followed);
/* A file that no source covers: its lines are passed over. */
struct followed *followed_nothing(const char *path);

#endif
