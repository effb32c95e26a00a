/* See auto_packs.h. */
#include "daemon/auto_packs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/tree.h"
#include "config/settings.h"
#include "daemon/roots.h"

static const char *on_variable(void *context, const char *name)
{
    const struct settings *settings = context;
    return strcmp(name, "EVENTS_DIR") == 0 ? settings->events_dir : getenv(name);
}

/* Of what a root may be while it is waited for, only a directory counts. */
static bool has_directory(const struct roots *roots)
{
    struct stat facts;
    for (size_t i = 0; i < roots_count(roots); i++)
        if (stat(roots_get(roots, i)->path, &facts) == 0 && S_ISDIR(facts.st_mode))
            return true;
    return false;
}

static bool root_exists(const struct settings *settings, const char *source,
                        const struct tree *root)
{
    size_t count = root->kind == TREE_LIST ? root->count : 1;
    AUTO_FREE const char **texts = memory_zero(count, sizeof(*texts));
    struct roots_spec spec = {.texts = texts,
                              .events_dir = settings->events_dir,
                              .events_dir_given = settings_events_dir_given(settings),
                              .override_dir = settings_source_directory(settings, source)};
    for (size_t i = 0; i < count; i++) {
        const char *text = tree_text(root->kind == TREE_LIST ? root->items[i] : root);
        if (text)
            texts[spec.count++] = text;
    }
    if (spec.count == 0)
        return false;
    struct roots *roots = roots_new(&spec, on_variable, (void *)(uintptr_t)settings);
    roots_refresh(roots);
    bool exists = has_directory(roots);
    roots_free(roots);
    return exists;
}

bool auto_packs_take(const struct settings *settings, const struct tree *pack)
{
    const struct tree *sources = tree_get(pack, "sources");
    for (size_t i = 0; sources && sources->kind == TREE_MAP && i < sources->count; i++) {
        const struct tree *root = tree_get(sources->items[i], "root");
        if (root && root_exists(settings, sources->keys[i]->text, root))
            return true;
    }
    return false;
}
