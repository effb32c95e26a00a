/* Random file operations against a model that knows no offsets, identities or names of the room.
 *
 * The model keeps the content of every generation of a file. At each look it takes all whole lines
 * of the generations that can be read: those with a name, and those that had one at an earlier look
 * and content in them then. Each of these ids must have been counted exactly once, and no other. */
#ifndef TESTS_TAIL_MODEL_H
#define TESTS_TAIL_MODEL_H

#include "tail_fixture.h"

#define GENERATIONS   1000
#define NO_GENERATION (-1)
#define NOTHING       0 /* no id */
#define STEPS         250

static const char *const directories[] = {"a", "b", "c"};
static const char *const names[] = {"f", "f.1", "f.2", "g"};
#define DIRECTORIES ARRAY_LENGTH(directories)
#define FILES       ARRAY_LENGTH(names)

struct generation {
    char *content;
    size_t length;
    int links;
    bool opened;      /* had a name and content at a look of this process */
    bool known;       /* at any look */
    int writer;       /* kept descriptor, or -1 */
    bool at_position; /* the writer does not append: then it is the only one */
    size_t position;
    unsigned begun;   /* id of a line whose first half was written, or NOTHING */
    bool begun_whole; /* only the LF is missing */
};

struct model {
    struct fixture *fixture;
    uint64_t seed;
    bool few_open; /* descriptors of generations without a name may be closed */
    bool down;     /* nobody looks now */
    struct generation generations[GENERATIONS];
    int count;
    int at[DIRECTORIES][FILES]; /* which generation has this name */
    bool exists[DIRECTORIES];
    unsigned next_id;
    bool expected[IDS];
    bool allowed[IDS]; /* may be counted: a whole object, but without LF */
};

static inline unsigned random_below(struct model *model, unsigned limit)
{
    model->seed = model->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(model->seed >> 33) % limit;
}

static inline void path_of(size_t directory, size_t file, char *ret_path)
{
    snprintf(ret_path, 64, "%s/%s", directories[directory], names[file]);
}

static inline void resize(struct generation *generation, size_t length)
{
    generation->content = memory_resize(generation->content, length + 1, 1);
    if (length > generation->length)
        memset(generation->content + generation->length, 0, length - generation->length);
    generation->length = length;
}

static inline void put(struct generation *generation, size_t position, const char *bytes,
                       size_t length)
{
    if (position + length > generation->length)
        resize(generation, position + length);
    memcpy(generation->content + position, bytes, length);
}

static inline int new_generation(struct model *model)
{
    assert_true(model->count < GENERATIONS);
    model->generations[model->count].writer = -1;
    return model->count++;
}

static inline void set_name(struct model *model, size_t directory, size_t file, int generation)
{
    int before = model->at[directory][file];
    if (before != NO_GENERATION)
        model->generations[before].links--;
    model->at[directory][file] = generation;
    if (generation != NO_GENERATION)
        model->generations[generation].links++;
}

static inline void move_name(struct model *model, size_t directory, size_t from, size_t to)
{
    char old_path[64];
    char new_path[64];
    int generation = model->at[directory][from];
    /* Of two names of one file rename takes none away. */
    if (generation == NO_GENERATION || model->at[directory][to] == generation)
        return;
    path_of(directory, from, old_path);
    path_of(directory, to, new_path);
    assert_int_equal(rename(old_path, new_path), 0);
    set_name(model, directory, to, generation);
    set_name(model, directory, from, NO_GENERATION);
}

/* ---- what a writer writes ---- */

/* Appends to the file under the name, or through the kept descriptor. */
static inline void write_to(struct generation *generation, const char *path, const char *bytes,
                            size_t length)
{
    if (generation->writer >= 0 && (generation->at_position || !path)) {
        write_bytes(generation->writer, bytes, length);
        size_t position = generation->at_position ? generation->position : generation->length;
        put(generation, position, bytes, length);
        generation->position = position + length;
    } else if (path) {
        append_bytes(path, bytes, length);
        put(generation, generation->length, bytes, length);
    }
}

static inline void end_begun(struct generation *generation, const char *path)
{
    const char *text = event(generation->begun);
    size_t written = generation->begun_whole ? strlen(text) - 1 : 20;
    write_to(generation, path, text + written, strlen(text) - written);
    generation->begun = NOTHING;
}

static inline void write_something(struct model *model, struct generation *generation,
                                   const char *path)
{
    if (generation->begun != NOTHING) {
        end_begun(generation, path);
        return;
    }
    unsigned kind = random_below(model, 6);
    if (kind < 4) {
        for (unsigned i = 0; i <= kind; i++) {
            const char *text = event(model->next_id++);
            write_to(generation, path, text, strlen(text));
        }
        return;
    }
    const char *text = event(model->next_id);
    generation->begun = model->next_id++;
    generation->begun_whole = kind == 5;
    write_to(generation, path, text, kind == 5 ? strlen(text) - 1 : 20);
}

/* ---- the operations ---- */

static inline void create_or_append(struct model *model, size_t directory, size_t file)
{
    char path[64];
    path_of(directory, file, path);
    if (model->at[directory][file] == NO_GENERATION) {
        append(path, "");
        set_name(model, directory, file, new_generation(model));
    }
    write_something(model, &model->generations[model->at[directory][file]], path);
}

static inline void keep_writer(struct model *model, size_t directory, size_t file)
{
    char path[64];
    int index = model->at[directory][file];
    if (index == NO_GENERATION || model->generations[index].writer >= 0)
        return;
    struct generation *generation = &model->generations[index];
    path_of(directory, file, path);
    generation->at_position = random_below(model, 3) == 0;
    generation->writer =
        open(path, O_WRONLY | O_CLOEXEC | (generation->at_position ? 0 : O_APPEND));
    assert_true(generation->writer >= 0);
    generation->position = generation->length;
    lseek(generation->writer, (off_t)generation->position, SEEK_SET);
}

/* Through kept descriptors, also of files without a name. */
static inline void use_writers(struct model *model)
{
    for (int i = 0; i < model->count; i++) {
        struct generation *generation = &model->generations[i];
        if (generation->writer < 0 || random_below(model, 3) > 0)
            continue;
        if (random_below(model, 6) > 0) {
            write_something(model, generation, NULL);
        } else {
            close(generation->writer);
            generation->writer = -1;
            generation->at_position = false;
        }
    }
}

static inline void rotate(struct model *model, size_t directory)
{
    move_name(model, directory, 1, 2);
    move_name(model, directory, 0, 1);
}

/* Leaves the whole lines that hold an object, but some at the beginning or the end. */
static inline void rewrite(struct model *model, size_t directory, size_t file)
{
    char path[64];
    int index = model->at[directory][file];
    if (index == NO_GENERATION)
        return;
    const struct generation *old = &model->generations[index];
    struct generation *fresh = &model->generations[new_generation(model)];
    size_t begin = random_below(model, 3) ? 0 : old->length / 2;
    size_t end = random_below(model, 3) ? old->length : old->length / 2 + old->length / 4;
    for (size_t at = 0; at < old->length;) {
        const char *text = old->content + at;
        const char *lf = memchr(text, '\n', old->length - at);
        size_t length = lf ? (size_t)(lf - text) : old->length - at;
        if (at >= begin && at + length <= end && is_object(text, length)) {
            put(fresh, fresh->length, text, length);
            put(fresh, fresh->length, "\n", 1);
        }
        at += length + 1;
    }
    path_of(directory, file, path);
    append_bytes("rewrite.tmp", fresh->content ? fresh->content : "", fresh->length);
    assert_int_equal(rename("rewrite.tmp", path), 0);
    set_name(model, directory, file, (int)(fresh - model->generations));
}

static inline void copy_and_truncate(struct model *model, size_t directory)
{
    char path[64];
    char copy[64];
    int from = model->at[directory][0];
    int to = model->at[directory][1];
    if (from == NO_GENERATION || from == to)
        return;
    /* A writer in the middle of what was counted is not to be found out by anybody. */
    if (to != NO_GENERATION && model->generations[to].at_position)
        return;
    path_of(directory, 0, path);
    path_of(directory, 1, copy);
    copy_file(path, copy);
    if (to == NO_GENERATION)
        set_name(model, directory, 1, to = new_generation(model));
    struct generation *source = &model->generations[from];
    struct generation *target = &model->generations[to];
    resize(target, 0);
    put(target, 0, source->content ? source->content : "", source->length);
    target->begun = NOTHING;
    assert_int_equal(truncate(path, 0), 0);
    resize(source, 0);
    source->begun = NOTHING;
}

static inline void link_name(struct model *model, size_t directory)
{
    char path[64];
    char other[64];
    if (model->at[directory][0] == NO_GENERATION || model->at[directory][3] != NO_GENERATION)
        return;
    path_of(directory, 0, path);
    path_of(directory, 3, other);
    assert_int_equal(link(path, other), 0);
    set_name(model, directory, 3, model->at[directory][0]);
}

static inline void remove_name(struct model *model, size_t directory, size_t file)
{
    char path[64];
    if (model->at[directory][file] == NO_GENERATION)
        return;
    path_of(directory, file, path);
    assert_int_equal(unlink(path), 0);
    set_name(model, directory, file, NO_GENERATION);
}

static inline void rename_directory(struct model *model, size_t from, size_t to)
{
    if (!model->exists[from] || model->exists[to])
        return;
    assert_int_equal(rename(directories[from], directories[to]), 0);
    model->exists[from] = false;
    model->exists[to] = true;
    for (size_t file = 0; file < FILES; file++) {
        model->at[to][file] = model->at[from][file];
        model->at[from][file] = NO_GENERATION;
    }
    if (random_below(model, 2) && !model->down)
        tail_directory_gone(model->fixture->tail, full(model->fixture, directories[from]),
                            now_of(model->fixture));
}

static inline void make_directory(struct model *model, size_t directory)
{
    if (model->exists[directory])
        return;
    assert_int_equal(mkdir(directories[directory], 0755), 0);
    model->exists[directory] = true;
}

/* ---- the look ---- */

static inline void take_object(const char *text, size_t length, bool *known)
{
    const char *id = is_object(text, length) ? memmem(text, length, "\"id\":", 5) : NULL;
    if (id)
        known[strtoul(id + 5, NULL, 10)] = true;
}

/* Objects that stand on one line, each of which was its end for a while. */
static inline void take_rests(const char *text, size_t length, bool *known)
{
    for (const char *end; (end = memmem(text, length, "}}", 2)) != NULL;) {
        size_t used = (size_t)(end - text) + 2;
        take_object(text, used, known);
        text += used;
        length -= used;
    }
}

/* What the lines of this generation add to what is known. */
static inline void take_lines(struct model *model, const struct generation *generation, bool *known)
{
    for (size_t at = 0; at < generation->length;) {
        const char *text = generation->content + at;
        const char *lf = memchr(text, '\n', generation->length - at);
        size_t length = lf ? (size_t)(lf - text) : generation->length - at;
        at += length + 1;
        while (length > 0 && text[0] == '\0') {
            text++;
            length--;
        }
        take_rests(text, length, model->allowed);
        if (lf)
            take_object(text, length, known);
    }
}

static inline void take_generations(struct model *model)
{
    for (int i = 0; i < model->count; i++) {
        struct generation *generation = &model->generations[i];
        generation->opened |= generation->links > 0 && generation->length > 0;
        generation->known |= generation->opened;
        if (!generation->known)
            continue;
        bool sure = generation->links > 0 || (generation->opened && !model->few_open);
        take_lines(model, generation, sure ? model->expected : model->allowed);
    }
}

/* Where a line that went wrong stands. */
static inline void print_places(const struct model *model, unsigned id)
{
    char wanted[32];
    snprintf(wanted, sizeof(wanted), "\"id\":%u,", id);
    for (int i = 0; i < model->count; i++) {
        const struct generation *generation = &model->generations[i];
        const char *found = generation->length ? memmem(generation->content, generation->length,
                                                        wanted, strlen(wanted))
                                               : NULL;
        if (found)
            print_message("generation %d at %zu of %zu: %d links%s%s%s\n", i,
                          (size_t)(found - generation->content), generation->length,
                          generation->links, generation->opened ? ", opened" : "",
                          generation->writer >= 0 ? ", writer" : "",
                          generation->at_position ? " at its position" : "");
        if (found && getenv("SHOW"))
            print_message("%.*s\n", (int)generation->length, generation->content);
    }
}

/* inotify tells of files without a name too, under their old one; a rescan does not. */
static inline void look_at_old_names(struct model *model)
{
    char path[64];
    for (size_t directory = 0; directory < DIRECTORIES; directory++)
        for (size_t file = 0; file < FILES; file++) {
            path_of(directory, file, path);
            read_file(model->fixture, path);
        }
}

static inline void check(struct model *model, bool at_end)
{
    struct fixture *fixture = model->fixture;
    take_generations(model);
    rescan(fixture, random_below(model, 8));
    look_at_old_names(model);
    if (at_end)
        pass_time(fixture, 70);
    for (unsigned id = 1; id < model->next_id; id++) {
        bool wrong = fixture->counted[id] > 1 || (model->expected[id] && !fixture->counted[id]) ||
                     (fixture->counted[id] && !model->expected[id] && !model->allowed[id]);
        if (wrong)
            print_places(model, id);
        if (wrong)
            fail_msg("id %u counted %u times", id, fixture->counted[id]);
    }
}

static inline void step(struct model *model)
{
    size_t directory = random_below(model, DIRECTORIES);
    size_t file = random_below(model, FILES);
    unsigned what = random_below(model, 100);
    if (!model->exists[directory]) {
        if (what < 30)
            make_directory(model, directory);
    } else if (what < 35) {
        create_or_append(model, directory, file == 3 ? 0 : file);
    } else if (what < 50) {
        use_writers(model);
    } else if (what < 58) {
        keep_writer(model, directory, file);
    } else if (what < 68) {
        rotate(model, directory);
    } else if (what < 78) {
        rewrite(model, directory, file);
    } else if (what < 84) {
        copy_and_truncate(model, directory);
    } else if (what < 88) {
        link_name(model, directory);
    } else if (what < 92) {
        remove_name(model, directory, file);
    } else if (what < 94) {
        rename_directory(model, directory, random_below(model, DIRECTORIES));
    } else if (!model->down) {
        model->fixture->ahead += NANOSECONDS_PER_SECOND;
        tail_tick(model->fixture->tail, now_of(model->fixture));
    }
}

static inline struct model *model_new(uint64_t seed, struct fixture *fixture,
                                      const struct tail_options *options)
{
    struct model *model = memory_zero(1, sizeof(*model));
    model->fixture = fixture;
    model->seed = seed;
    model->few_open = options->max_open_files > 0;
    model->next_id = 1;
    for (size_t directory = 0; directory < DIRECTORIES; directory++)
        for (size_t file = 0; file < FILES; file++)
            model->at[directory][file] = NO_GENERATION;
    return model;
}

/* All writers leave, and everything comes to rest. */
static inline void model_finish(struct model *model)
{
    for (int i = 0; i < model->count; i++)
        if (model->generations[i].writer >= 0)
            close(model->generations[i].writer);
    check(model, true);
    assert_int_equal(counts_of(model->fixture).held, 0);
    assert_int_equal(counts_of(model->fixture).lag_bytes, 0);
}

static inline void model_free(struct model *model)
{
    for (int i = 0; i < model->count; i++)
        free(model->generations[i].content);
    free(model);
}

/* The seeds to run: SEED or 1, and SEEDS of them. */
static inline void seeds(uint64_t usual, uint64_t *ret_first, uint64_t *ret_last)
{
    const char *given = getenv("SEED");
    const char *count = getenv("SEEDS");
    *ret_first = given ? strtoull(given, NULL, 10) : 1;
    *ret_last = *ret_first + (count ? strtoull(count, NULL, 10) : given ? 1 : usual);
}

#endif
