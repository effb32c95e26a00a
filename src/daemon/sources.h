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
struct rule_set;
struct settings;
struct sources;
struct watch;

/* `events_dir` is where sources without a root lie; settings give --source and whether roots in
 * the home are off. */
struct sources *sources_new(const struct rule_set *rules, const struct settings *settings,
                            const char *events_dir, bool events_dir_given);
void sources_free(struct sources *sources);

/* Chooses the roots anew (some may have appeared) and tells `watch` of new ones (NULL: nobody). */
void sources_refresh(struct sources *sources, struct watch *watch);
/* Walks the roots chosen now: *position = 0 first, NULL at the end. */
const char *sources_next_root(const struct sources *sources, size_t *position);

/* Predicates of the watch room; the context is struct sources. Absolute paths. */
bool sources_want_directory(void *sources, const char *path);
bool sources_want_file(void *sources, const char *path);

/* The file as the sources that cover it see it, in pack order, one source a pack; NULL: none does.
 * The caller frees with followed_free. */
struct followed *sources_follow(const struct sources *sources, const char *path, uint64_t file_id,
                                uint64_t directory_id);
/* As above for a file named by itself: to the first source whose pattern fits the end of its
 * path, or (force) to the first source of all. */
struct followed *sources_follow_alone(const struct sources *sources, const char *path, bool force,
                                      uint64_t file_id, uint64_t directory_id);

#endif
