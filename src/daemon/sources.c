/* See sources.h. */
#include "daemon/sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/path_pattern.h"
#include "config/settings.h"
#include "daemon/followed.h"
#include "daemon/roots.h"
#include "daemon/sources_internal.h"
#include "document/documents.h"
#include "rules/rule_set.h"

#define CAPTURES_MOST ((size_t)2 * PATH_PATTERN_CAPTURES)

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
    for (size_t i = 0; i < sources->told_count; i++)
        free(sources->told[i]);
    free(sources->told);
    free(sources->places);
    free(sources);
}

bool sources_is_below(const char *root, const char *path, const char **ret_rest)
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

/* The i-th of its roots, if it is chosen and above this path. */
static const struct root *root_above(const struct place *place, size_t i, const char *path,
                                     const char **ret_rest)
{
    const struct root *root = roots_get(place->roots, i);
    return !root->is_candidate && sources_is_below(root->path, path, ret_rest) ? root : NULL;
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
            if (!root_above(place, j, path, &rest))
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
        ret_match->root = root_above(place, i, path, &ret_match->rest);
        if (!ret_match->root)
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

/* The next source from *position on that covers the file: of each pack the first. */
static const struct place *next_match(const struct sources *sources, const char *path,
                                      size_t *position, struct match *ret_match)
{
    while (*position < sources->count) {
        const struct place *place = &sources->places[(*position)++];
        if (!find_match(sources, place, path, ret_match))
            continue;
        while (*position < sources->count &&
               sources->places[*position].facts.pack_index == place->facts.pack_index)
            (*position)++;
        return place;
    }
    return NULL;
}

static unsigned wish_of(const struct rule_source_facts *facts)
{
    static const struct {
        enum rule_emits emits;
        enum documents_wish wish;
    } pairs[] = {{RULE_EMITS_CREATED, DOCUMENTS_CREATED},
                 {RULE_EMITS_CONTENT, DOCUMENTS_CONTENT},
                 {RULE_EMITS_CLOSED, DOCUMENTS_CLOSED},
                 {RULE_EMITS_REMOVED, DOCUMENTS_REMOVED},
                 {RULE_EMITS_REOPEN, DOCUMENTS_REOPEN}};
    unsigned wish = facts->is_document ? 0 : DOCUMENTS_LINES;
    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++)
        wish |= facts->emits & pairs[i].emits ? pairs[i].wish : 0;
    /* Removal tells what the document said. */
    return facts->is_document && wish & DOCUMENTS_REMOVED ? wish | DOCUMENTS_CONTENT : wish;
}

unsigned sources_wish(const struct sources *sources, const char *path)
{
    const struct place *place;
    struct match match;
    size_t position = 0;
    unsigned wish = 0;
    while ((place = next_match(sources, path, &position, &match)) != NULL)
        wish |= match.is_archive ? DOCUMENTS_LINES : wish_of(&place->facts);
    return wish;
}

void sources_count_document(const struct sources *sources, const char *path, size_t *inout_counts)
{
    const struct place *place;
    struct match match;
    size_t position = 0;
    while ((place = next_match(sources, path, &position, &match)) != NULL)
        inout_counts[place->index] += place->facts.is_document;
}

uint8_t sources_rank(const struct sources *sources, const char *path)
{
    struct match match;
    size_t position = 0;
    const struct place *place = next_match(sources, path, &position, &match);
    return place ? (uint8_t)place->index : UINT8_MAX - 1;
}

static bool is_part(const struct place *place, enum sources_part part)
{
    return part == SOURCES_LINES ? !place->facts.is_document : place->facts.emits != 0;
}

struct followed *sources_follow(const struct sources *sources, enum sources_part part,
                                const char *path, uint64_t file_id, uint64_t directory_id)
{
    struct followed *followed = NULL;
    const struct place *place;
    struct match match;
    size_t position = 0;
    while ((place = next_match(sources, path, &position, &match)) != NULL) {
        struct rule_capture list[CAPTURES_MOST];
        size_t count = 0;
        if (!is_part(place, part) || (part == SOURCES_EMITS && match.is_archive))
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

static const struct place *place_alone(const struct sources *sources, const char *path, bool force,
                                       const struct path_pattern **ret_pattern,
                                       struct path_capture *ret_captures)
{
    for (size_t i = 0; i < sources->count; i++) {
        const struct rule_source_facts *facts = &sources->places[i].facts;
        for (size_t j = 0; j < facts->file_count; j++) {
            *ret_pattern = facts->files[j];
            if (path_pattern_match_end(facts->files[j], path, ret_captures))
                return &sources->places[i];
        }
    }
    *ret_pattern = NULL;
    for (size_t i = 0; force && i < sources->count; i++)
        if (!sources->places[i].facts.is_document)
            return &sources->places[i];
    return NULL;
}

unsigned sources_wish_alone(const struct sources *sources, const char *path, bool force)
{
    struct path_capture captures[PATH_PATTERN_CAPTURES];
    const struct path_pattern *pattern;
    const struct place *place = place_alone(sources, path, force, &pattern, captures);
    return place ? wish_of(&place->facts) : 0;
}

struct followed *sources_follow_alone(const struct sources *sources, enum sources_part part,
                                      const char *path, bool force, uint64_t file_id,
                                      uint64_t directory_id)
{
    struct path_capture captures[PATH_PATTERN_CAPTURES];
    struct rule_capture list[CAPTURES_MOST];
    const struct path_pattern *pattern;
    const struct place *place = place_alone(sources, path, force, &pattern, captures);
    size_t count = 0;
    if (!place || !is_part(place, part))
        return NULL;
    if (pattern)
        put_captures(list, &count, path, captures, path_pattern_capture_count(pattern));
    return followed_add(NULL, place, path,
                        rule_file_new(place->source, path, list, count, file_id, directory_id));
}
