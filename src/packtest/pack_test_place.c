/* See pack_test_place.h. */
#include "packtest/pack_test_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/path_pattern.h"
#include "daemon/followed.h"
#include "document/documents.h"
#include "rules/rule_set.h"

static const struct path_pattern *first_match(struct path_pattern *const *patterns, size_t count,
                                              const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (path_pattern_match(patterns[i], name, NULL))
            return patterns[i];
    return NULL;
}

/* The pattern by which a source follows the file. An exclude without '/' is about its last part. */
static const struct path_pattern *pattern_of(const struct rule_source_facts *facts,
                                             const char *name)
{
    const char *slash = strrchr(name, '/');
    if (first_match(facts->archives, facts->archive_count, name) ||
        first_match(facts->excludes, facts->exclude_count, name) ||
        (slash && first_match(facts->excludes, facts->exclude_count, slash + 1)))
        return NULL;
    return first_match(facts->files, facts->file_count, name);
}

static unsigned wish_of(const struct rule_source_facts *facts)
{
    static const struct {
        enum rule_emits emits;
        enum documents_wish wish;
    } pairs[] = {{RULE_EMITS_CREATED, DOCUMENTS_CREATED},
                 {RULE_EMITS_CLOSED, DOCUMENTS_CLOSED},
                 {RULE_EMITS_REMOVED, DOCUMENTS_REMOVED},
                 {RULE_EMITS_REOPEN, DOCUMENTS_REOPEN}};
    unsigned wish = facts->is_document ? DOCUMENTS_CONTENT : DOCUMENTS_LINES;
    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++)
        wish |= facts->emits & pairs[i].emits ? pairs[i].wish : 0;
    return wish;
}

/* "/worktrees/NAME" for a root that is ".../worktrees". */
static char *path_of(const struct rule_source_facts *facts, const char *name)
{
    const char *root = facts->root_count > 0 ? facts->roots[0] : "/events";
    const char *slash = strrchr(root, '/');
    return memory_format("/%s/%s", slash ? slash + 1 : root, name);
}

static void add(struct pack_test_place *place, const struct rule_source_facts *facts,
                struct rule_source *source, size_t index, const struct path_pattern *pattern)
{
    if (place->count == 0)
        place->path = path_of(facts, place->name);
    place->wish |= wish_of(facts);
    place->is_document = place->is_document || facts->is_document;
    place->sources[place->count].source = source;
    place->sources[place->count].index = index;
    place->sources[place->count++].pattern = pattern;
}

bool pack_test_place_find(const struct rule_set *rules, const char *name, const char *source,
                          struct pack_test_place *ret_place)
{
    struct pack_test_place place = {.name = name};
    size_t last_pack = SIZE_MAX;
    for (size_t i = 0; i < rule_set_source_count(rules); i++) {
        struct rule_source_facts facts;
        rule_source_facts(rule_set_source(rules, i), &facts);
        if (facts.internal || facts.pack_index == last_pack ||
            (source && strcmp(source, facts.name) != 0))
            continue;
        const struct path_pattern *pattern = pattern_of(&facts, name);
        if (!pattern || place.count == PACK_TEST_PLACE_SOURCES)
            continue;
        last_pack = facts.pack_index;
        add(&place, &facts, rule_set_source(rules, i), i, pattern);
    }
    if (place.count == 0)
        return false;
    *ret_place = place;
    return true;
}

void pack_test_place_free(struct pack_test_place *place)
{
    free(place->path);
    place->path = NULL;
}

static struct rule_file *new_file(const struct pack_test_place *place, size_t i, uint64_t file_id,
                                  uint64_t directory_id)
{
    struct path_capture captures[PATH_PATTERN_CAPTURES];
    struct rule_capture list[PATH_PATTERN_CAPTURES];
    const struct path_pattern *pattern = place->sources[i].pattern;
    size_t count = path_pattern_capture_count(pattern);
    if (!path_pattern_match(pattern, place->name, captures))
        count = 0;
    for (size_t j = 0; j < count; j++)
        list[j] = (struct rule_capture){captures[j].name, place->name + captures[j].start,
                                        captures[j].length};
    return rule_file_new(place->sources[i].source, place->path, list, count, file_id, directory_id);
}

struct followed *pack_test_place_follow(const struct pack_test_place *place, bool emits,
                                        uint64_t file_id, uint64_t directory_id)
{
    struct followed *followed =
        memory_zero(1, sizeof(*followed) + place->count * sizeof(followed->sources[0]));
    for (size_t i = 0; i < place->count; i++) {
        struct rule_source_facts facts;
        rule_source_facts(place->sources[i].source, &facts);
        if (emits ? facts.emits == 0 : facts.is_document)
            continue;
        followed->sources[followed->count++] =
            (struct followed_source){.source = place->sources[i].source,
                                     .index = place->sources[i].index,
                                     .file = new_file(place, i, file_id, directory_id)};
    }
    followed->path = memory_copy_text(place->path);
    if (followed->count > 0)
        return followed;
    followed_free(followed);
    return NULL;
}
