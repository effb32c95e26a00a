/* See sources.h. */
#include "daemon/sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/path_pattern.h"
#include "config/settings.h"
#include "daemon/followed.h"
#include "daemon/roots.h"
#include "rules/rule_set.h"
#include "watch/watch.h"

#define CAPTURES_MOST ((size_t)2 * PATH_PATTERN_CAPTURES)

/* A source and the directories it is followed in now. */
struct place {
    struct rule_source *source;
    struct rule_source_facts facts;
    size_t index;
    struct roots *roots;
};

struct sources {
    struct place *places; /* without the internal source */
    size_t count;
    bool is_told; /* a watch room knows the roots */
    bool counts_archives;
};

static const char *variable(void *context, const char *name)
{
    const char *events_dir = context;
    return strcmp(name, "EVENTS_DIR") == 0 ? events_dir : getenv(name);
}

struct sources *sources_new(const struct rule_set *rules, const struct settings *settings,
                            const char *events_dir, bool events_dir_given)
{
    struct sources *sources = memory_zero(1, sizeof(*sources));
    size_t count = rule_set_source_count(rules);
    sources->counts_archives = settings->count_archives;
    sources->places = memory_zero(count, sizeof(*sources->places));
    for (size_t i = 0; i < count; i++) {
        struct place *place = &sources->places[sources->count];
        place->source = rule_set_source(rules, i);
        place->index = i;
        rule_source_facts(place->source, &place->facts);
        if (place->facts.internal)
            continue;
        struct roots_spec spec = {.texts = place->facts.roots,
                                  .count = place->facts.root_count,
                                  .events_dir = events_dir,
                                  .events_dir_given = events_dir_given,
                                  .override_dir =
                                      settings_source_directory(settings, place->facts.name)};
        place->roots = roots_new(&spec, variable, (void *)(uintptr_t)events_dir);
        sources->count++;
    }
    return sources;
}

void sources_free(struct sources *sources)
{
    if (!sources)
        return;
    for (size_t i = 0; i < sources->count; i++)
        roots_free(sources->places[i].roots);
    free(sources->places);
    free(sources);
}

static bool is_below(const char *root, const char *path, const char **ret_rest)
{
    size_t length = strlen(root);
    if (length == 1) { /* "/" */
        *ret_rest = path + 1;
        return true;
    }
    if (strncmp(root, path, length) != 0 || (path[length] != '/' && path[length] != '\0'))
        return false;
    *ret_rest = path[length] ? path + length + 1 : path + length;
    return true;
}

void sources_refresh(struct sources *sources, struct watch *watch)
{
    for (size_t i = 0; i < sources->count; i++) {
        struct roots *roots = sources->places[i].roots;
        if (!roots_refresh(roots) && sources->is_told)
            continue;
        for (size_t j = 0; watch && j < roots_count(roots); j++)
            watch_add_root(watch, roots_get(roots, j)->path);
    }
    sources->is_told = watch != NULL;
}

static bool may_match_below(struct path_pattern *const *patterns, size_t count, const char *rest)
{
    for (size_t i = 0; i < count; i++)
        if (path_pattern_may_match_below(patterns[i], rest))
            return true;
    return false;
}

bool sources_want_directory(void *context, const char *path)
{
    const struct sources *sources = context;
    for (size_t i = 0; i < sources->count; i++) {
        const struct place *place = &sources->places[i];
        for (size_t j = 0; j < roots_count(place->roots); j++) {
            const char *rest;
            if (!is_below(roots_get(place->roots, j)->path, path, &rest))
                continue;
            if (may_match_below(place->facts.files, place->facts.file_count, rest) ||
                (sources->counts_archives &&
                 may_match_below(place->facts.archives, place->facts.archive_count, rest)))
                return true;
        }
    }
    return false;
}

static const struct path_pattern *first_match(struct path_pattern *const *patterns, size_t count,
                                              const char *rest, struct path_capture *captures)
{
    for (size_t i = 0; i < count; i++)
        if (path_pattern_match(patterns[i], rest, captures))
            return patterns[i];
    return NULL;
}

/* An exclude without '/' is about the file's name, wherever it lies. */
static bool is_excluded(const struct place *place, const char *rest)
{
    const struct rule_source_facts *facts = &place->facts;
    const char *slash = strrchr(rest, '/');
    return first_match(facts->excludes, facts->exclude_count, rest, NULL) ||
           (slash && first_match(facts->excludes, facts->exclude_count, slash + 1, NULL));
}

/* What fits an archive's pattern is one, whatever other pattern it fits. */
static const struct path_pattern *matching_pattern(const struct sources *sources,
                                                   const struct place *place, const char *rest,
                                                   struct path_capture *captures,
                                                   bool *ret_is_archive)
{
    const struct rule_source_facts *facts = &place->facts;
    const struct path_pattern *pattern =
        first_match(facts->archives, facts->archive_count, rest, captures);
    *ret_is_archive = pattern != NULL;
    if (pattern && !sources->counts_archives)
        return NULL;
    if (!pattern)
        pattern = first_match(facts->files, facts->file_count, rest, captures);
    return pattern && !is_excluded(place, rest) ? pattern : NULL;
}

/* How a path lies in a source. */
struct match {
    const struct root *root;
    const struct path_pattern *pattern;
    const char *rest; /* of the path, below the root */
    bool is_archive;
    struct path_capture captures[PATH_PATTERN_CAPTURES];
};

/* The first root of this source below which the file matches. */
static bool find_match(const struct sources *sources, const struct place *place, const char *path,
                       struct match *ret_match)
{
    for (size_t i = 0; i < roots_count(place->roots); i++) {
        ret_match->root = roots_get(place->roots, i);
        if (!is_below(ret_match->root->path, path, &ret_match->rest))
            continue;
        ret_match->pattern = matching_pattern(sources, place, ret_match->rest, ret_match->captures,
                                              &ret_match->is_archive);
        if (ret_match->pattern)
            return true;
    }
    return false;
}

bool sources_want_file(void *context, const char *path)
{
    const struct sources *sources = context;
    struct match match;
    for (size_t i = 0; i < sources->count; i++)
        if (find_match(sources, &sources->places[i], path, &match))
            return true;
    return false;
}

static void put_captures(struct rule_capture *list, size_t *count, const char *text,
                         const struct path_capture *captures, size_t capture_count)
{
    for (size_t i = 0; i < capture_count && *count < CAPTURES_MOST; i++)
        list[(*count)++] =
            (struct rule_capture){captures[i].name, text + captures[i].start, captures[i].length};
}

static struct followed *followed_add(struct followed *followed, const struct place *place,
                                     const char *path, struct rule_file *file)
{
    if (!followed) {
        followed = memory_zero(1, sizeof(*followed));
        followed->path = memory_copy_text(path);
    }
    followed = memory_resize(
        followed, 1, sizeof(*followed) + (followed->count + 1) * sizeof(followed->sources[0]));
    followed->sources[followed->count++] =
        (struct followed_source){.source = place->source, .index = place->index, .file = file};
    return followed;
}

static bool pack_is_taken(const struct sources *sources, const struct followed *followed,
                          size_t pack)
{
    for (size_t i = 0; followed && i < followed->count; i++)
        for (size_t j = 0; j < sources->count; j++)
            if (sources->places[j].source == followed->sources[i].source &&
                sources->places[j].facts.pack_index == pack)
                return true;
    return false;
}

struct followed *sources_follow(const struct sources *sources, const char *path, uint64_t file_id,
                                uint64_t directory_id)
{
    struct followed *followed = NULL;
    for (size_t i = 0; i < sources->count; i++) {
        const struct place *place = &sources->places[i];
        struct rule_capture list[CAPTURES_MOST];
        struct match match;
        size_t count = 0;
        if (pack_is_taken(sources, followed, place->facts.pack_index) ||
            !find_match(sources, place, path, &match))
            continue;
        put_captures(list, &count, match.root->path, match.root->captures,
                     match.root->capture_count);
        put_captures(list, &count, match.rest, match.captures,
                     path_pattern_capture_count(match.pattern));
        followed =
            followed_add(followed, place, path,
                         rule_file_new(place->source, path, list, count, file_id, directory_id));
        followed->is_archive = followed->is_archive || match.is_archive;
    }
    return followed;
}

static struct followed *follow_end(const struct place *place, const char *path, uint64_t file_id,
                                   uint64_t directory_id)
{
    for (size_t i = 0; i < place->facts.file_count; i++) {
        struct path_capture captures[PATH_PATTERN_CAPTURES];
        struct rule_capture list[CAPTURES_MOST];
        size_t count = 0;
        if (!path_pattern_match_end(place->facts.files[i], path, captures))
            continue;
        put_captures(list, &count, path, captures,
                     path_pattern_capture_count(place->facts.files[i]));
        return followed_add(NULL, place, path,
                            rule_file_new(place->source, path, list, count, file_id, directory_id));
    }
    return NULL;
}

struct followed *sources_follow_alone(const struct sources *sources, const char *path, bool force,
                                      uint64_t file_id, uint64_t directory_id)
{
    for (size_t i = 0; i < sources->count; i++) {
        struct followed *followed = follow_end(&sources->places[i], path, file_id, directory_id);
        if (followed)
            return followed;
    }
    if (!force || sources->count == 0)
        return NULL;
    return followed_add(
        NULL, &sources->places[0], path,
        rule_file_new(sources->places[0].source, path, NULL, 0, file_id, directory_id));
}

const char *sources_next_root(const struct sources *sources, size_t *position)
{
    size_t index = *position;
    for (size_t i = 0; i < sources->count; i++) {
        if (index < roots_count(sources->places[i].roots)) {
            (*position)++;
            return roots_get(sources->places[i].roots, index)->path;
        }
        index -= roots_count(sources->places[i].roots);
    }
    return NULL;
}
