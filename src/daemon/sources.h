/* Sources on disk: which directories are followed, and what a path is to the rules.
 *
 *   /home/u/.prodigy/events/demo/job-1/events-1.jsonl
 *   -> source "events" of pack "prodigy", repo = "demo", job_id = "job-1" */
#ifndef DAEMON_SOURCES_H
#define DAEMON_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct followed;
struct roots;
struct rule_set;
struct settings;
struct sources;
struct text;
struct watch;

/* `events_dir` is where sources without a root lie; settings give --source and whether roots in
 * the home are off. */
struct sources *sources_new(const struct rule_set *rules, const struct settings *settings,
                            const char *events_dir, bool events_dir_given);
void sources_free(struct sources *sources);

/* Chooses the roots anew (some may have appeared) and tells `watch` (NULL: nobody) of those that
 * are there for the first time, and of those that are roots no more. To be called once a second. */
void sources_refresh(struct sources *sources, struct watch *watch);
/* Walks the roots that `watch` was told of; without one, those chosen now: *position = 0 first,
 * NULL at the end. */
const char *sources_next_root(const struct sources *sources, size_t *position);

/* For the operator: a source and where it is followed. */
struct sources_facts {
    const char *name;
    const char *pack;
    bool is_document;
    size_t index; /* of the source in its rule set */
    const struct roots *roots;
    size_t present; /* roots that are there */
    size_t missing;
    size_t unreadable; /* directories that captures met but that may not be read */
};
/* Walks the sources: *position = 0 first. False at the end. */
bool sources_next_facts(const struct sources *sources, size_t *position,
                        struct sources_facts *ret_facts);
/* Adds one to the count (by facts.index) of each source of documents that covers this file. */
void sources_count_document(const struct sources *sources, const char *path, size_t *inout_counts);
/* Is this directory a root of some source? */
bool sources_need(const struct sources *sources, const char *directory);
/* Appends which roots are not there, as one sentence. False: nobody needs to look at that. */
bool sources_describe(const struct sources *sources, struct text *out);

/* Predicates of the watch room; the context is struct sources. Absolute paths. */
bool sources_want_directory(void *sources, const char *path);
bool sources_want_file(void *sources, const char *path);

/* What the sources that cover a file want of it: bits of enum documents_wish; DOCUMENTS_LINES where
 * its lines are wanted. 0: nothing. */
unsigned sources_wish(const struct sources *sources, const char *path);

/* The place of the first source that covers it: what rules look up in documents is remembered from
 * the sources that stand first. */
uint8_t sources_rank(const struct sources *sources, const char *path);

/* Which of a file's sources: those that read its lines, or those that emit events of its life and
 * of what it says as a whole. */
enum sources_part { SOURCES_LINES, SOURCES_EMITS };

/* The file as the sources that cover it see it, in pack order, one source a pack; NULL: none does.
 * The caller frees with followed_free. */
struct followed *sources_follow(const struct sources *sources, enum sources_part part,
                                const char *path, uint64_t file_id, uint64_t directory_id);
/* As the above for a file named by itself: the first source whose pattern fits the end of its
 * path, or (force) the first source of lines at all. */
unsigned sources_wish_alone(const struct sources *sources, const char *path, bool force);
struct followed *sources_follow_alone(const struct sources *sources, enum sources_part part,
                                      const char *path, bool force, uint64_t file_id,
                                      uint64_t directory_id);

#endif
