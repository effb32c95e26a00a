/* The tail room over restarts: a state in memory, committed or lost as a whole, and what the owner
 * counted with it.
 *
 *   save(saver); commit(saver);    one moment of room and counts is safe
 *   stop_and_start(saver);         saved, committed, and begun again
 *   crash_and_start(saver);        begun again from the last commit
 *
 * A start is the first walk, and all reading that follows from it. */
#ifndef TESTS_TAIL_RESTART_FIXTURE_H
#define TESTS_TAIL_RESTART_FIXTURE_H

#include "base/fields.h"
#include "base/record.h"
#include "base/text.h"
#include "tail/ids.h"
#include "tail_fixture.h"

enum change_kind { CHANGE_PUT, CHANGE_REMOVE, CHANGE_IDS, CHANGE_JOIN, CHANGE_FORGET };

struct change {
    enum change_kind what;
    enum record_kind kind;
    uint64_t id; /* the key, or a directory */
    uint64_t other;
    char *bytes; /* of a value, or ids */
    size_t length;
};

struct saved_value {
    enum record_kind kind;
    uint64_t id;
    char *bytes;
    size_t length;
};

struct id_sets {
    struct ids *sets; /* by directory */
    size_t count;
};

struct changes {
    struct change *changes;
    size_t count;
    size_t capacity;
};

#define COUNTED_BYTES (offsetof(struct fixture, opened) - offsetof(struct fixture, counted))

struct saver {
    struct fixture *fixture;
    struct tail_options options;
    struct tail_archive archive;
    struct record_sink sink;

    struct saved_value *values; /* committed */
    size_t value_count;
    struct id_sets disk;   /* committed */
    struct id_sets loaded; /* what the archive knows: as on disk, with what was joined since */

    struct changes open;       /* since the last save */
    struct changes under_way;  /* in the save that is not committed yet */
    char saved[COUNTED_BYTES]; /* what was counted at that save */
    char committed[COUNTED_BYTES];
    unsigned puts;  /* records put in this process */
    unsigned asked; /* of the archive */
};

/* --- Sets of ids ------------------------------------------------------------------------------ */

static inline struct ids *set_of(struct id_sets *all, uint64_t directory)
{
    while (all->count <= directory) {
        all->sets = memory_resize(all->sets, all->count + 1, sizeof(*all->sets));
        all->sets[all->count] = (struct ids){0};
        ids_check(&all->sets[all->count++]);
    }
    return &all->sets[directory];
}

static inline void join_sets(struct id_sets *all, uint64_t to, uint64_t from)
{
    set_of(all, to > from ? to : from);
    if (to != from)
        ids_join(set_of(all, to), set_of(all, from));
}

static inline void free_sets(struct id_sets *all)
{
    for (size_t i = 0; i < all->count; i++)
        ids_clear(&all->sets[i]);
    free(all->sets);
    *all = (struct id_sets){0};
}

static inline void load_sets(struct saver *saver)
{
    free_sets(&saver->loaded);
    for (size_t i = 0; i < saver->disk.count; i++)
        ids_join(set_of(&saver->loaded, i), &saver->disk.sets[i]);
}

/* --- What is told to the state ---------------------------------------------------------------- */

static inline void add_change(struct saver *saver, struct change change, const void *bytes)
{
    struct changes *open = &saver->open;
    if (open->count == open->capacity) {
        open->capacity = open->capacity * 2 + 64;
        open->changes = memory_resize(open->changes, open->capacity, sizeof(*open->changes));
    }
    change.bytes = change.length ? memory_copy(bytes, change.length) : NULL;
    open->changes[open->count++] = change;
}

static inline uint64_t id_of_key(struct bytes key)
{
    struct fields fields = fields_of(key);
    uint64_t id = fields_64_sorted(&fields);
    assert_false(fields.failed || fields_left(&fields));
    return id;
}

static inline void on_put(void *context, enum record_kind kind, struct bytes key,
                          struct bytes value, int64_t expires)
{
    struct saver *saver = context;
    assert_int_equal(expires, 0);
    saver->puts++;
    add_change(saver,
               (struct change){
                   .what = CHANGE_PUT, .kind = kind, .id = id_of_key(key), .length = value.length},
               value.data);
}

static inline void on_remove(void *context, enum record_kind kind, struct bytes key)
{
    add_change(context, (struct change){.what = CHANGE_REMOVE, .kind = kind, .id = id_of_key(key)},
               NULL);
}

static inline void on_ids(void *context, uint64_t directory, const uint64_t *ids, size_t count)
{
    assert_true(count > 0);
    add_change(
        context,
        (struct change){.what = CHANGE_IDS, .id = directory, .length = count * sizeof(uint64_t)},
        ids);
}

static inline bool on_holds(void *context, uint64_t directory, uint64_t id)
{
    struct saver *saver = context;
    saver->asked++;
    return ids_hold(set_of(&saver->loaded, directory), id);
}

static inline void on_join(void *context, uint64_t to, uint64_t from)
{
    struct saver *saver = context;
    join_sets(&saver->loaded, to, from);
    add_change(saver, (struct change){.what = CHANGE_JOIN, .id = to, .other = from}, NULL);
}

static inline void on_forget(void *context, uint64_t directory)
{
    struct saver *saver = context;
    ids_clear(set_of(&saver->loaded, directory));
    add_change(saver, (struct change){.what = CHANGE_FORGET, .id = directory}, NULL);
}

/* --- Commits ---------------------------------------------------------------------------------- */

static inline struct saved_value *find_value(struct saver *saver, enum record_kind kind,
                                             uint64_t id)
{
    for (size_t i = 0; i < saver->value_count; i++)
        if (saver->values[i].kind == kind && saver->values[i].id == id)
            return &saver->values[i];
    return NULL;
}

static inline void put_value(struct saver *saver, struct change *change)
{
    struct saved_value *value = find_value(saver, change->kind, change->id);
    if (!value) {
        saver->values =
            memory_resize(saver->values, saver->value_count + 1, sizeof(*saver->values));
        value = &saver->values[saver->value_count++];
        value->bytes = NULL;
    }
    free(value->bytes);
    *value = (struct saved_value){change->kind, change->id, change->bytes, change->length};
    change->bytes = NULL;
}

static inline void remove_value(struct saver *saver, const struct change *change)
{
    struct saved_value *value = find_value(saver, change->kind, change->id);
    assert_non_null(value);
    free(value->bytes);
    *value = saver->values[--saver->value_count];
}

static inline void apply(struct saver *saver, struct change *change)
{
    switch (change->what) {
    case CHANGE_PUT:
        put_value(saver, change);
        return;
    case CHANGE_REMOVE:
        remove_value(saver, change);
        return;
    case CHANGE_JOIN:
        join_sets(&saver->disk, change->id, change->other);
        return;
    case CHANGE_FORGET:
        ids_clear(set_of(&saver->disk, change->id));
        return;
    case CHANGE_IDS:
        for (size_t i = 0; i < change->length; i += sizeof(uint64_t)) {
            uint64_t id;
            memcpy(&id, change->bytes + i, sizeof(id));
            ids_add(set_of(&saver->disk, change->id), id);
            ids_add(set_of(&saver->loaded, change->id), id);
        }
        return;
    }
}

static inline void drop_changes(struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        free(changes->changes[i].bytes);
    free(changes->changes);
    *changes = (struct changes){0};
}

static inline void save(struct saver *saver)
{
    tail_save(saver->fixture->tail, &saver->sink);
    assert_int_equal(saver->under_way.count, 0);
    saver->under_way = saver->open;
    saver->open = (struct changes){0};
    memcpy(saver->saved, saver->fixture->counted, COUNTED_BYTES);
}

static inline void commit(struct saver *saver)
{
    for (size_t i = 0; i < saver->under_way.count; i++)
        apply(saver, &saver->under_way.changes[i]);
    drop_changes(&saver->under_way);
    memcpy(saver->committed, saver->saved, COUNTED_BYTES);
    tail_saved(saver->fixture->tail);
}

static inline void save_and_commit(struct saver *saver)
{
    save(saver);
    commit(saver);
}

/* --- Starts ----------------------------------------------------------------------------------- */

static inline int by_kind_and_id(const void *one, const void *other)
{
    const struct saved_value *a = one;
    const struct saved_value *b = other;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static inline void restore(struct saver *saver)
{
    if (saver->value_count > 0)
        qsort(saver->values, saver->value_count, sizeof(*saver->values), by_kind_and_id);
    for (size_t i = 0; i < saver->value_count; i++) {
        const struct saved_value *value = &saver->values[i];
        struct text key;
        text_init(&key, 8);
        fields_put_64_sorted(&key, value->id);
        const struct record record = {
            value->kind, {key.data, key.length}, {value->bytes, value->length}};
        if (tail_restore(saver->fixture->tail, &record) < 0)
            fail_msg("record %d %llu of %zu bytes", record.kind, (unsigned long long)value->id,
                     value->length);
        text_free(&key);
    }
    load_sets(saver);
}

static inline void begin_again(struct saver *saver)
{
    begin_tail(saver->fixture, &saver->options);
    restore(saver);
    saver->puts = saver->asked = 0;
}

/* The first walk; `order` as for rescan. */
static inline void start(struct saver *saver, unsigned order)
{
    struct fixture *fixture = saver->fixture;
    struct tail_progress progress;
    forget_known(fixture);
    rescan_without_reading(fixture, order);
    tail_walked(fixture->tail, clock_wall());
    tail_aim(fixture->tail);
    turn_all(fixture);
    assert_true(tail_arrived(fixture->tail, &progress));
    assert_int_equal(progress.bytes_left, 0);
}

/* What the process knew is gone; what it had counted since the last commit, too. */
static inline void kill_process(struct saver *saver)
{
    tail_free(saver->fixture->tail);
    saver->fixture->tail = NULL;
    drop_changes(&saver->open);
    drop_changes(&saver->under_way);
    memcpy(saver->fixture->counted, saver->committed, COUNTED_BYTES);
}

static inline void stop_process(struct saver *saver)
{
    save_and_commit(saver);
    kill_process(saver);
}

enum ways { STOPPED, KILLED, WAYS };

/* The process ends; only what was committed survives. */
static inline void end(struct saver *saver, int way)
{
    if (way == STOPPED)
        stop_process(saver);
    else
        kill_process(saver);
}

/* A file with these lines takes the name. */
static inline void replace_events(const char *name, unsigned first, unsigned last)
{
    append_events("rewrite.tmp", first, last);
    rename("rewrite.tmp", name);
}

static inline unsigned total(const struct saver *saver)
{
    return saver->fixture->ok;
}

static inline void begin_and_start(struct saver *saver)
{
    begin_again(saver);
    start(saver, 0);
}

static inline void stop_and_start(struct saver *saver)
{
    stop_process(saver);
    begin_and_start(saver);
}

static inline void crash_and_start(struct saver *saver)
{
    kill_process(saver);
    begin_and_start(saver);
}

static inline struct saver *saver_new_with(const struct tail_options *options)
{
    struct saver *saver = memory_zero(1, sizeof(*saver));
    saver->archive = (struct tail_archive){
        .context = saver, .holds = on_holds, .join = on_join, .forget = on_forget};
    saver->sink =
        (struct record_sink){.context = saver, .put = on_put, .remove = on_remove, .ids = on_ids};
    saver->options = *options;
    saver->options.archive = &saver->archive;
    saver->fixture = fixture_new_with(&saver->options);
    tail_walked(saver->fixture->tail, clock_wall());
    return saver;
}

static inline struct saver *saver_new(void)
{
    const struct tail_options options = {0};
    return saver_new_with(&options);
}

static inline void saver_free(struct saver *saver)
{
    drop_changes(&saver->open);
    drop_changes(&saver->under_way);
    for (size_t i = 0; i < saver->value_count; i++)
        free(saver->values[i].bytes);
    free(saver->values);
    free_sets(&saver->disk);
    free_sets(&saver->loaded);
    fixture_free(saver->fixture);
    free(saver);
}

#endif
