/* Whatever happens to a few files, in whatever order, with restarts and kills in between: each life
 * is told of in order and once, and in the end what was told is what is there.
 *
 * What was told of a life is in its memo alone: "+", then "." once it is closed, then the content
 * taken last. SEED and ROUNDS in the environment make it another run. */
#include "document_fixture.h"

#define NAMES 4
#define STEPS 150

struct told {
    bool alive;
    bool closed;
    char content[32];
};

struct play {
    struct fixture *fixture;
    struct told told[NAMES];
    struct told saved[NAMES];
    int writers[NAMES]; /* descriptors, or -1 */
    unsigned seed;
    unsigned number; /* of the next content */
    unsigned news;
};

static unsigned pick(struct play *play, unsigned count)
{
    return (unsigned)rand_r(&play->seed) % count;
}

static const char *name_of(size_t index)
{
    static const char *const names[NAMES] = {"a", "b", "c", "d"};
    return names[index];
}

static size_t index_of(const struct play *play, const char *path)
{
    size_t index = (size_t)(name_in(play->fixture, path)[0] - 'a');
    assert_in_range(index, 0, NAMES - 1);
    return index;
}

/* --- The owner -------------------------------------------------------------------------------- */

static unsigned on_play_wish(void *context UNUSED, const char *path UNUSED)
{
    return ALL | DOCUMENTS_LINES;
}

static bool on_play_is_read(void *context, const char *path UNUSED)
{
    return pick(context, 3) > 0;
}

static void read_memo(struct told *told, struct bytes memo)
{
    *told = (struct told){0};
    told->alive = memo.length > 0;
    if (memo.length < 2)
        return;
    told->closed = memo.data[1] == '.';
    assert_true(memo.length - 2 < sizeof(told->content));
    memcpy(told->content, memo.data + 2, memo.length - 2);
}

static enum documents_taken take(struct play *play, struct told *told,
                                 const struct documents_news *news, enum documents_skip *ret_reason)
{
    assert_true(told->alive == (news->sight != DOCUMENT_CREATED));
    switch (news->sight) {
    case DOCUMENT_CREATED:
        assert_false(news->late);
        told->alive = true;
        break;
    case DOCUMENT_CLOSED:
        assert_false(told->closed);
        told->closed = true;
        break;
    case DOCUMENT_REMOVED:
        *told = (struct told){0};
        break;
    case DOCUMENT_CONTENT:
        assert_in_range(news->content.length, 1, sizeof(told->content) - 1);
        if (news->content.data[news->content.length - 1] != '}') {
            *ret_reason = DOCUMENT_MALFORMED;
            return DOCUMENTS_NOT_YET;
        }
        memset(told->content, 0, sizeof(told->content));
        snprintf(told->content, sizeof(told->content), "%.*s", (int)news->content.length,
                 news->content.data);
        break;
    }
    play->news++;
    return DOCUMENTS_TAKEN;
}

static enum documents_taken on_play_news(void *context, const struct documents_news *news,
                                         struct text *ret_memo, enum documents_skip *ret_reason)
{
    struct play *play = context;
    struct told *told = &play->told[index_of(play, news->path)];
    struct told before;
    read_memo(&before, news->memo);
    assert_memory_equal(&before, told, sizeof(before));
    enum documents_taken taken = take(play, told, news, ret_reason);
    if (taken == DOCUMENTS_TAKEN && told->alive)
        text_printf(ret_memo, "+%c%s", told->closed ? '.' : ' ', told->content);
    return taken;
}

/* --- What happens ----------------------------------------------------------------------------- */

static void hint_at(struct play *play, size_t index, bool closed)
{
    if (closed)
        hint_closed(play->fixture, name_of(index));
    else
        hint(play->fixture, name_of(index));
}

static void close_writer(struct play *play, size_t index)
{
    if (play->writers[index] < 0)
        return;
    close(play->writers[index]);
    play->writers[index] = -1;
    hint_at(play, index, true);
}

static void rewrite(struct play *play, size_t index)
{
    char text[32];
    snprintf(text, sizeof(text), pick(play, 4) ? "{%u}" : "{%u", play->number++);
    int descriptor = open(name_of(index), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    if (descriptor < 0) /* a directory */
        return;
    hint_at(play, index, false);
    if (pick(play, 4) == 0)
        turn(play->fixture); /* sees it empty */
    assert_int_equal(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    hint_at(play, index, false);
    close_writer(play, index);
    play->writers[index] = descriptor;
    if (pick(play, 4))
        close_writer(play, index);
}

static void replace(struct play *play, size_t index)
{
    char text[32];
    snprintf(text, sizeof(text), "{%u}", play->number++);
    put_file("new", text);
    if (rename("new", name_of(index)) < 0) { /* over a directory */
        unlink("new");
        return;
    }
    close_writer(play, index);
    hint_at(play, index, false);
}

static void discard(struct play *play, size_t index)
{
    if (remove(name_of(index)) == 0)
        hint_gone(play->fixture, name_of(index));
    close_writer(play, index);
}

static void block(struct play *play, size_t index)
{
    discard(play, index);
    assert_int_equal(mkdir(name_of(index), 0755), 0);
    hint_at(play, index, false);
}

static void wait_a_little(struct play *play, size_t index UNUSED)
{
    static const int64_t times[] = {MILLISECOND, 30 * MILLISECOND, 300 * MILLISECOND,
                                    SECOND,      12 * SECOND,      70 * SECOND};
    pass_time(play->fixture, times[pick(play, ARRAY_LENGTH(times))]);
}

static void start_again(struct play *play)
{
    static const struct documents_options options = {0};
    const struct documents_handlers handlers = {
        .context = play, .wish = on_play_wish, .on_news = on_play_news, .is_read = on_play_is_read};
    struct fixture *fixture = play->fixture;
    stop(fixture);
    fixture->documents = documents_new(&handlers, &options);
    documents_track(fixture->documents);
    assert_int_equal(shelf_each(&fixture->shelf, on_restore, fixture->documents), 0);
    memcpy(play->told, play->saved, sizeof(play->told));
    walk(fixture);
}

static void save_play(struct play *play, size_t index UNUSED)
{
    save(play->fixture);
    memcpy(play->saved, play->told, sizeof(play->told));
}

/* Things happen meanwhile. Without a save before it is a kill. */
static void be_away(struct play *play, size_t index)
{
    if (pick(play, 2))
        save_play(play, index);
    for (unsigned i = pick(play, 3); i > 0; i--) {
        rewrite(play, pick(play, NAMES));
        discard(play, pick(play, NAMES));
    }
    start_again(play);
}

static void look_now(struct play *play, size_t index UNUSED)
{
    turn(play->fixture);
}

static void (*const steps[])(struct play *play, size_t index) = {
    rewrite,       rewrite,       replace,  discard, block,     wait_a_little,
    wait_a_little, wait_a_little, look_now, be_away, save_play,
};

/* --- What is to be true in the end ------------------------------------------------------------ */

static bool read_file(const char *name, char *ret_text, size_t size)
{
    struct stat facts;
    int descriptor = open(name, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    assert_int_equal(fstat(descriptor, &facts), 0);
    ssize_t got = S_ISREG(facts.st_mode) ? read(descriptor, ret_text, size - 1) : -1;
    close(descriptor);
    if (got >= 0)
        ret_text[got] = '\0';
    return got >= 0;
}

static void check(struct play *play, size_t index)
{
    const struct told *told = &play->told[index];
    char text[64] = "";
    bool is_there = read_file(name_of(index), text, sizeof(text));
    assert_int_equal(told->alive, is_there);
    if (!is_there)
        return;
    assert_true(told->closed);
    if (strchr(text, '}'))
        assert_string_equal(told->content, text);
}

static void play_once(struct play *play)
{
    for (size_t i = 0; i < NAMES; i++)
        play->writers[i] = -1;
    start_again(play);
    for (int i = 0; i < STEPS; i++)
        steps[pick(play, ARRAY_LENGTH(steps))](play, pick(play, NAMES));
    for (size_t i = 0; i < NAMES; i++)
        close_writer(play, i);
    pass_time(play->fixture, 1000 * SECOND);
    for (size_t i = 0; i < NAMES; i++)
        check(play, i);
    assert_true(documents_arrived(play->fixture->documents));
    assert_true(documents_next(play->fixture->documents) == INT64_MAX);
}

static unsigned setting(const char *name, unsigned usual)
{
    const char *text = getenv(name);
    return text ? (unsigned)strtoul(text, NULL, 10) : usual;
}

static void test_whatever_happens_is_told_once(void **state UNUSED)
{
    unsigned seed = setting("SEED", 1);
    unsigned rounds = setting("ROUNDS", 40);
    unsigned news = 0;
    for (unsigned i = 0; i < rounds; i++, seed++) {
        void *made;
        set_up(&made);
        struct play play = {.fixture = made, .seed = seed};
        print_message("seed %u\n", seed);
        play_once(&play);
        news += play.news;
        tear_down(&made);
    }
    assert_true(news > rounds * 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_happens_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
