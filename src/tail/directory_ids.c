/* See directories.h: the ids of directories, and their bound. */
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/fields.h"
#include "base/memory.h"
#include "base/text.h"
#include "tail/directories.h"
#include "tail/directory_record.h"
#include "tail/tail.h"

/* What a directory that is kept for its ids alone costs beside them. */
#define DIRECTORY_OVERHEAD ((size_t)384)

static size_t bytes_of(const struct tail_directory *directory)
{
    if (list_is_empty(&directory->recent))
        return 0;
    return ids_bytes(&directory->ids) + ids_bytes(&directory->saving) + DIRECTORY_OVERHEAD;
}

static size_t count_of(const struct tail_directory *directory)
{
    return ids_count(&directory->ids) + ids_count(&directory->saving);
}

/* What is accounted for: taken out before, and put in after each change. */
static void uncount(struct directories *directories, const struct tail_directory *directory)
{
    directories->bytes -= bytes_of(directory);
    directories->ids -= count_of(directory);
}

static void count(struct directories *directories, struct tail_directory *directory)
{
    if (count_of(directory) > 0)
        list_append(&directories->recent, &directory->recent);
    else
        list_remove(&directory->recent);
    directories->bytes += bytes_of(directory);
    directories->ids += count_of(directory);
}

void directories_drop_ids(struct directories *directories, struct tail_directory *directory)
{
    uncount(directories, directory);
    ids_clear(&directory->ids);
    ids_clear(&directory->saving);
    list_remove(&directory->in_save);
    count(directories, directory);
}

/* `keep` is referred to, or about to be: it stays even if its own ids have to go. */
static void keep_bound(struct directories *directories, struct tail_directory *keep)
{
    keep->names++;
    while (directories->bytes > directories->maximum && !list_is_empty(&directories->recent)) {
        struct tail_directory *oldest =
            list_item(directories->recent.next, struct tail_directory, recent);
        directories->dropped++;
        oldest->names++;
        directories_drop_ids(directories, oldest);
        directories_release_since(directories, oldest, oldest->seen);
    }
    keep->names--;
}

/* In the save under way, or in the archive? */
static bool is_saved(const struct directories *directories, const struct tail_directory *directory,
                     uint64_t id)
{
    const struct tail_archive *archive = directories->archive;
    return ids_hold(&directory->saving, id) ||
           (directory->archived && archive->holds(archive->context, directory->id, id));
}

static void begin_ids(struct directories *directories, struct tail_directory *directory)
{
    if (directory->has_ids)
        return;
    directory->has_ids = true;
    unsaved_mark(&directories->unsaved, &directory->unsaved);
}

static bool count_own(struct directories *directories, struct tail_directory *directory,
                      uint64_t id)
{
    struct ids *ids = &directory->ids;
    if (ids->checked && directories->archive && is_saved(directories, directory, id))
        return false;
    size_t capacity = ids->capacity;
    bool added = ids_add(ids, id);
    directory->counted += added;
    if (UNLIKELY(ids->capacity != capacity || list_is_empty(&directory->recent))) {
        /* As `uncount` would have before the change. */
        if (!list_is_empty(&directory->recent))
            directories->bytes -=
                capacity * sizeof(*ids->slots) + ids_bytes(&directory->saving) + DIRECTORY_OVERHEAD;
        directories->ids -= count_of(directory) - added;
        count(directories, directory);
        begin_ids(directories, directory);
        keep_bound(directories, directory);
        return added;
    }
    directories->ids += added;
    if (UNLIKELY(directories->recent.previous != &directory->recent))
        list_append(&directories->recent, &directory->recent);
    return added;
}

/* What was counted by directory until now, is known of all. */
static void make_one_set(struct directories *directories)
{
    size_t position = 0;
    struct tail_directory *directory;
    directories->all = directories_take(directories, "/");
    bool is_new = !directories->all->has_ids && !directories->all->archived;
    directories_check(directories, directories->all);
    while (is_new && (directory = map_next(&directories->by_path, &position)) != NULL)
        if (directory != directories->all)
            directories_join(directories, directories->all, directory);
}

bool directories_count_id(struct directories *directories, struct tail_directory *directory,
                          uint64_t id)
{
    if (LIKELY(!directories->is_one_set))
        return count_own(directories, directory, id);
    if (!directories->all)
        make_one_set(directories);
    if (!count_own(directories, directories->all, id))
        return false;
    (void)count_own(directories, directory, id);
    return true;
}

void directories_check(struct directories *directories, struct tail_directory *directory)
{
    if (directory->ids.checked)
        return;
    uncount(directories, directory);
    ids_check(&directory->ids);
    ids_check(&directory->saving);
    count(directories, directory);
    unsaved_mark(&directories->unsaved, &directory->unsaved);
    keep_bound(directories, directory);
}

/* Of those on disk the archive knows without copying them. */
static void join_archived(struct directories *directories, struct tail_directory *to,
                          const struct tail_directory *from)
{
    if (!from->archived)
        return;
    directories->archive->join(directories->archive->context, to->id, from->id);
    to->archived = true;
}

void directories_join(struct directories *directories, struct tail_directory *to,
                      struct tail_directory *from)
{
    bool known = to->joined_from == from->id && to->joined_counted == from->counted;
    if (to == from || known || (count_of(from) == 0 && !from->archived))
        return;
    to->joined_from = from->id;
    to->joined_counted = from->counted;
    /* A list would keep what both hold twice, and double with each move to and fro. */
    if (to->has_ids || from->ids.checked)
        directories_check(directories, to);
    uncount(directories, to);
    size_t before = ids_count(&to->ids);
    ids_join(&to->ids, &from->ids);
    ids_join(&to->ids, &from->saving);
    to->counted += ids_count(&to->ids) - before;
    count(directories, to);
    join_archived(directories, to, from);
    begin_ids(directories, to);
    keep_bound(directories, to);
}

static void save_ids(struct tail_directory *directory, const struct record_sink *sink)
{
    size_t length = ids_count(&directory->ids);
    if (!directory->ids.checked) {
        sink->ids(sink->context, directory->id, directory->ids.slots, length);
        return;
    }
    AUTO_FREE uint64_t *all = memory_alloc(length * sizeof(*all));
    ids_copy(&directory->ids, all);
    sink->ids(sink->context, directory->id, all, length);
}

/* What was put is looked up in `saving` from now on. */
static void begin_saving(struct directories *directories, struct tail_directory *directory)
{
    bool checked = directory->ids.checked;
    uncount(directories, directory);
    if (ids_count(&directory->saving) == 0) {
        ids_clear(&directory->saving);
        directory->saving = directory->ids;
        directory->ids = (struct ids){.checked = checked};
    } else {
        ids_join(&directory->saving, &directory->ids);
        ids_clear(&directory->ids);
    }
    list_append(&directories->in_save, &directory->in_save);
    directories->bytes += bytes_of(directory);
    directories->ids += count_of(directory);
}

static void save_records(struct directories *directories, struct text *scratch,
                         const struct record_sink *sink)
{
    struct list *link;
    while ((link = unsaved_take(&directories->unsaved)) != NULL) {
        struct tail_directory *directory = list_item(link, struct tail_directory, unsaved);
        directory_record_put(directory, scratch, sink);
        directory->stored = true;
    }
    unsaved_put_removed(&directories->unsaved, sink, RECORD_DIRECTORY);
}

void directories_save(struct directories *directories, struct text *scratch,
                      const struct record_sink *sink)
{
    save_records(directories, scratch, sink);
    for (struct list *link = directories->recent.next; link != &directories->recent;
         link = link->next) {
        struct tail_directory *directory = list_item(link, struct tail_directory, recent);
        if (ids_count(&directory->ids) == 0)
            continue;
        save_ids(directory, sink);
        begin_saving(directories, directory);
    }
}

void directories_saved(struct directories *directories)
{
    while (!list_is_empty(&directories->in_save)) {
        struct tail_directory *directory =
            list_item(directories->in_save.next, struct tail_directory, in_save);
        list_remove(&directory->in_save);
        uncount(directories, directory);
        ids_clear(&directory->saving);
        if (count_of(directory) == 0)
            list_remove(&directory->recent);
        directories->bytes += bytes_of(directory);
        directories->ids += count_of(directory);
        directory->archived = true;
    }
}
