/* The roots of all sources, chosen again and again: what the watch room is to follow.
 *
 * It is told of a root when that is there for the first time; from then on the watch room itself
 * notices that it goes and comes back. A root that is chosen no more (its directory went, and a
 * capture found it) leaves when the watch room has seen that it is gone: so nobody misses the end
 * of a file below. What cannot be a root (a file, say) is told once by the log. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "daemon/roots.h"
#include "daemon/sources.h"
#include "daemon/sources_internal.h"
#include "watch/watch.h"

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool is_among(char *const *paths, size_t count, const char *path)
{
    return count > 0 && bsearch(&path, paths, count, sizeof(*paths), by_text);
}

static bool is_told_of(const struct sources *sources, const char *path)
{
    return is_among(sources->told, sources->told_count, path);
}

/* Walks the roots of all sources; *place and *index = 0 first. */
static const struct root *next_root(const struct sources *sources, size_t *place, size_t *index)
{
    for (; *place < sources->count; (*place)++, *index = 0)
        if (*index < roots_count(sources->places[*place].roots))
            return roots_get(sources->places[*place].roots, (*index)++);
    return NULL;
}

/* A new list of what to tell, in order. Twice the same path stays twice. */
struct wanted {
    char **paths;
    size_t count;
};

static void want(struct wanted *wanted, const char *path)
{
    wanted->paths = memory_resize(wanted->paths, wanted->count + 1, sizeof(*wanted->paths));
    wanted->paths[wanted->count++] = memory_copy_text(path);
}

static void collect(const struct sources *sources, const struct watch *watch,
                    struct wanted *ret_wanted)
{
    const struct root *root;
    size_t place = 0, index = 0;
    *ret_wanted = (struct wanted){.count = 0};
    while ((root = next_root(sources, &place, &index)) != NULL)
        if (!root->error || is_told_of(sources, root->path))
            want(ret_wanted, root->path);
    size_t chosen = ret_wanted->count;
    if (chosen > 1)
        qsort(ret_wanted->paths, chosen, sizeof(*ret_wanted->paths), by_text);
    for (size_t i = 0; i < sources->told_count; i++)
        if (!is_among(ret_wanted->paths, chosen, sources->told[i]) &&
            watch_root_present(watch, sources->told[i]))
            want(ret_wanted, sources->told[i]);
    if (ret_wanted->count > chosen)
        qsort(ret_wanted->paths, ret_wanted->count, sizeof(*ret_wanted->paths), by_text);
}

static bool overlaps(const struct sources *sources, const char *path)
{
    const char *rest;
    for (size_t i = 0; i < sources->told_count; i++)
        if (sources_is_below(sources->told[i], path, &rest) ||
            sources_is_below(path, sources->told[i], &rest))
            return true;
    return false;
}

/* What is walked already was looked at without this root's eyes. */
static bool needs_rescan(const struct sources *sources)
{
    const struct root *root;
    size_t place = 0, index = 0;
    while ((root = next_root(sources, &place, &index)) != NULL)
        if (root->is_changed && !root->error && overlaps(sources, root->path))
            return true;
    return false;
}

static void free_paths(char **paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
}

static void tell_watch(struct sources *sources, struct watch *watch)
{
    struct wanted wanted;
    collect(sources, watch, &wanted);
    bool rescans = needs_rescan(sources);
    for (size_t i = 0; i < wanted.count; i++)
        if (!is_told_of(sources, wanted.paths[i]))
            watch_add_root(watch, wanted.paths[i]);
    for (size_t i = 0; i < sources->told_count; i++)
        if (!is_among(wanted.paths, wanted.count, sources->told[i]))
            watch_remove_root(watch, sources->told[i]);
    free_paths(sources->told, sources->told_count);
    sources->told = wanted.paths;
    sources->told_count = wanted.count;
    if (rescans)
        watch_rescan(watch);
}

/* Of what the watch room knows, it tells itself. */
static void log_trouble(const struct sources *sources)
{
    const struct root *root;
    size_t place = 0, index = 0;
    while ((root = next_root(sources, &place, &index)) != NULL)
        if (root->is_changed && root->error && root->error != ENOENT &&
            !is_told_of(sources, root->path))
            log_warn("the root of a source cannot be used, waiting for it",
                     LOG_TEXT("source", sources->places[place].facts.name),
                     LOG_TEXT("path", root->path), LOG_TEXT("cause", strerror(root->error)));
}

/* Is a root that was chosen once waiting to be let go? */
static bool has_leaving(const struct sources *sources)
{
    size_t place = 0, index = 0, told = 0;
    const struct root *root;
    while ((root = next_root(sources, &place, &index)) != NULL)
        told += is_told_of(sources, root->path);
    return told < sources->told_count;
}

void sources_refresh(struct sources *sources, struct watch *watch)
{
    bool changed = !sources->is_told;
    for (size_t i = 0; i < sources->count; i++)
        changed = roots_refresh(sources->places[i].roots) || changed;
    if (!watch || !(changed || has_leaving(sources)))
        return;
    log_trouble(sources);
    tell_watch(sources, watch);
    sources->is_told = true;
}

static const struct root *root_at(const struct sources *sources, size_t position)
{
    for (size_t i = 0; i < sources->count; i++) {
        size_t count = roots_count(sources->places[i].roots);
        if (position < count)
            return roots_get(sources->places[i].roots, position);
        position -= count;
    }
    return NULL;
}

const char *sources_next_root(const struct sources *sources, size_t *position)
{
    if (sources->is_told)
        return *position < sources->told_count ? sources->told[(*position)++] : NULL;
    const struct root *root = root_at(sources, *position);
    *position += root != NULL;
    return root ? root->path : NULL;
}

bool sources_next_facts(const struct sources *sources, size_t *position,
                        struct sources_facts *ret_facts)
{
    if (*position >= sources->count)
        return false;
    const struct place *place = &sources->places[(*position)++];
    *ret_facts = (struct sources_facts){.name = place->facts.name,
                                        .pack = place->facts.pack,
                                        .is_document = place->facts.is_document,
                                        .index = place->index,
                                        .roots = place->roots,
                                        .unreadable = roots_unreadable(place->roots)};
    for (size_t i = 0; i < roots_count(place->roots); i++)
        ret_facts->missing += roots_get(place->roots, i)->error != 0;
    ret_facts->present = roots_count(place->roots) - ret_facts->missing;
    return true;
}

/* --- For the operator --------------------------------------------------------------------------
 */

#define TOLD_MOST 10 /* roots in one sentence */

bool sources_need(const struct sources *sources, const char *directory)
{
    const struct root *root;
    size_t place = 0, index = 0;
    while ((root = next_root(sources, &place, &index)) != NULL)
        if (strcmp(root->path, directory) == 0)
            return true;
    return false;
}

/* With --events-dir, roots below the home are off; and nothing may match a root's captures. */
static size_t describe_rootless(const struct sources *sources, struct text *out)
{
    size_t rootless = 0;
    for (size_t i = 0; i < sources->count; i++) {
        const struct place *place = &sources->places[i];
        if (roots_count(place->roots) > 0)
            continue;
        if (rootless++ < TOLD_MOST)
            text_printf(out, "%s%s/%s", rootless == 1 ? "no directory for " : ", ",
                        place->facts.pack, place->facts.name);
    }
    if (rootless > TOLD_MOST)
        text_printf(out, ", and %zu more", rootless - TOLD_MOST);
    if (rootless > 0)
        text_append_string(out, " (--source NAME=DIR names one); ");
    return rootless;
}

bool sources_describe(const struct sources *sources, struct text *out)
{
    const struct root *root;
    size_t place = 0, index = 0, missing = 0, unreadable = 0;
    bool is_wrong = false;
    size_t rootless = describe_rootless(sources, out);
    while ((root = next_root(sources, &place, &index)) != NULL) {
        if (!root->error)
            continue;
        is_wrong = is_wrong || root->error != ENOENT;
        if (missing++ < TOLD_MOST)
            text_printf(out, "%s%s/%s: %s (%s)", missing == 1 ? "waiting for roots of " : ", ",
                        sources->places[place].facts.pack, sources->places[place].facts.name,
                        root->path, strerror(root->error));
    }
    for (size_t i = 0; i < sources->count; i++)
        unreadable += roots_unreadable(sources->places[i].roots);
    if (missing > TOLD_MOST)
        text_printf(out, ", and %zu more", missing - TOLD_MOST);
    if (missing == 0)
        text_append_string(out, rootless ? "the others' are there" : "all roots are there");
    if (unreadable > 0)
        text_printf(out, "; %zu directories may not be read", unreadable);
    return is_wrong || unreadable > 0;
}
