/* What a restart keeps: nothing is told twice, nothing that stays is missed, nothing is read that
 * did not change. */
#include "document_fixture.h"

static int set_up_saved(void **state)
{
    set_up(state);
    struct fixture *fixture = *state;
    documents_track(fixture->documents);
    return 0;
}

/* Its times can be relied on from now on. */
static void let_rest(void)
{
    usleep(60000);
}

/* --- What happens while nobody looks ---------------------------------------------------------- */

static void test_what_did_not_change_is_not_read(void **state)
{
    struct fixture *fixture = *state;
    put_file("a", "{1}");
    put_file("b", "");
    put_file("c", "{");
    let_rest();
    walk(fixture);
    pass_time(fixture, 700 * SECOND);
    text_clear(&fixture->journal);
    for (int i = 0; i < 3; i++) {
        restart(fixture);
        pass_time(fixture, LONG);
        assert_told(fixture, "");
        assert_true(documents_arrived(fixture->documents));
        assert_in_range(counts_of(fixture).readings, 1, 4); /* of c, which could not be taken */
        assert_int_equal(counts_of(fixture).skipped[DOCUMENT_EMPTY], 0);
        assert_int_equal(counts_of(fixture).skipped[DOCUMENT_MALFORMED], 0);
    }
    unlink("c");
    restart(fixture);
    text_clear(&fixture->journal);
    restart(fixture);
    assert_int_equal(counts_of(fixture).readings, 0);
    assert_told(fixture, "");
}

static void test_what_was_read_too_soon_is_read_again(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish = DOCUMENTS_CONTENT;
    for (int i = 0; i < 100; i++) {
        fixture->ahead += SECOND;
        write_file(fixture, "a", "{1}");
        put_file("a", "{2}"); /* perhaps within the same tick, so that no time tells of it */
        save(fixture);
        stop(fixture);
        text_clear(&fixture->journal);
        start(fixture);
        assert_told(fixture, "=a:{2}");
    }
    restart(fixture);
    assert_int_equal(counts_of(fixture).readings, 1);
    let_rest();
    restart(fixture);
    restart(fixture);
    assert_int_equal(counts_of(fixture).readings, 0);
    assert_told(fixture, "");
}

static void test_created_and_closed_meanwhile_are_both_told(void **state)
{
    struct fixture *fixture = *state;
    struct stat facts;
    save(fixture);
    stop(fixture);
    put_file("a", "{1}");
    start(fixture);
    pass_time(fixture, LONG);
    assert_told(fixture, "+a =a:{1} .a~");
    assert_int_equal(stat("a", &facts), 0);
    int64_t written = facts.st_mtim.tv_sec * SECOND + facts.st_mtim.tv_nsec;
    assert_in_range(fixture->last_time, written - SECOND, written + SECOND);
    restart(fixture);
    pass_time(fixture, LONG);
    assert_told(fixture, "");
}

static void test_closed_late_has_the_time_of_the_last_write(void **state)
{
    struct fixture *fixture = *state;
    put_file("a", "{1}");
    int64_t born = clock_wall();
    const struct timespec times[2] = {{4000000000, 0}, {4000000000, 0}};
    assert_int_equal(utimensat(AT_FDCWD, "a", times, 0), 0);
    stop(fixture);
    start(fixture);
    pass_time(fixture, LONG);
    assert_told(fixture, "+a =a:{1} .a~");
    assert_true(fixture->last_time == 4000000000 * SECOND);

    unlink("a"); /* and not before it was born */
    restart(fixture);
    put_file("b", "{1}");
    const struct timespec old[2] = {{1000, 0}, {1000, 0}};
    assert_int_equal(utimensat(AT_FDCWD, "b", old, 0), 0);
    restart(fixture);
    pass_time(fixture, LONG);
    assert_told(fixture, "-a~ +b =b:{1} .b~");
    assert_in_range(fixture->last_time, born - SECOND, clock_wall());
}

static void test_removed_meanwhile_is_told_late(void **state)
{
    struct fixture *fixture = *state;
    struct stat facts;
    write_file(fixture, "a", "{1}");
    assert_told(fixture, "+a =a:{1} .a");
    assert_int_equal(stat("a", &facts), 0);
    save(fixture);
    stop(fixture);
    unlink("a");
    start(fixture);
    assert_told(fixture, "-a~");
    assert_string_equal(fixture->last_memo, "+=.-");
    assert_int_equal(fixture->last_time, facts.st_mtim.tv_sec * SECOND + facts.st_mtim.tv_nsec);
    restart(fixture);
    assert_told(fixture, "");
    assert_int_equal(list_count(&fixture->shelf.committed, RECORD_DOCUMENT), 0);
}

static void test_a_root_that_is_missing_at_start_removes_nothing(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{1}");
    text_clear(&fixture->journal);
    save(fixture);
    stop(fixture);
    assert_int_equal(rename("a", "../test_documents.hidden"), 0);
    fixture->is_rootless = true;
    start(fixture);
    assert_true(documents_arrived(fixture->documents));
    pass_time(fixture, 100 * SECOND);
    restart(fixture);
    fixture->is_rootless = false;
    assert_int_equal(rename("../test_documents.hidden", "a"), 0);
    hint(fixture, "a");
    pass_time(fixture, 100 * SECOND);
    assert_told(fixture, "");
    assert_int_equal(counts_of(fixture).readings, 1); /* a rename changes a time */
}

static void test_changed_meanwhile_is_read(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{1}");
    write_file(fixture, "b", "{1}");
    pass_time(fixture, LONG);
    text_clear(&fixture->journal);
    save(fixture);
    stop(fixture);
    put_file("a", "{2}");
    unlink("b"); /* that it was absent nobody saw */
    put_file("b", "{2}");
    start(fixture);
    pass_time(fixture, LONG);
    assert_true(strcmp(fixture->journal.data, "=a:{2} =b:{2}") == 0 ||
                strcmp(fixture->journal.data, "=b:{2} =a:{2}") == 0);
}

static void test_growth_meanwhile_opens_it_again_where_wished(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish = DOCUMENTS_CLOSED | DOCUMENTS_REOPEN;
    write_file(fixture, "a", "{1}");
    assert_told(fixture, ".a");
    restart(fixture);
    pass_time(fixture, LONG);
    assert_told(fixture, "");
    save(fixture);
    stop(fixture);
    put_file("a", "{1}{2}");
    start(fixture);
    pass_time(fixture, LONG);
    assert_told(fixture, ".a~");
}

static void test_a_writer_that_stays_over_a_restart_closes_in_time(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish = DOCUMENTS_CLOSED;
    int descriptor = open("a", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    hint(fixture, "a");
    turn(fixture);
    restart(fixture);
    pass_time(fixture, 60 * SECOND);
    assert_told(fixture, "");
    close(descriptor);
    pass_time(fixture, 300 * SECOND); /* without a hint */
    assert_told(fixture, ".a");
}

static void test_what_nobody_wishes_for_a_while_lives_on(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{1}");
    assert_told(fixture, "+a =a:{1} .a");
    unsigned wish = fixture->wish;
    fixture->wish = 0;
    restart(fixture);
    restart(fixture);
    fixture->wish = wish;
    restart(fixture);
    pass_time(fixture, LONG);
    assert_told(fixture, "");
    remove_file(fixture, "a");
    assert_told(fixture, "-a");
    assert_string_equal(fixture->last_memo, "+=.-");
}

/* That the rules are new is saved before all is looked at by them. */
static void test_what_new_rules_did_not_look_at_yet_is_looked_at_after_a_kill(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{1}");
    let_rest();
    restart(fixture);
    pass_time(fixture, LONG);
    text_clear(&fixture->journal);
    save(fixture);
    documents_renew(fixture->documents);
    save(fixture);
    stop(fixture);
    start(fixture);
    pass_time(fixture, 2 * SECOND);
    assert_told(fixture, "=a:{1}");
    let_rest();
    restart(fixture);
    pass_time(fixture, LONG);
    assert_told(fixture, "");
}

static void test_lines_are_waited_for_at_the_start(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish = DOCUMENTS_CLOSED | DOCUMENTS_REMOVED | DOCUMENTS_LINES;
    write_file(fixture, "a", "{1}");
    text_clear(&fixture->journal);
    save(fixture);
    stop(fixture);
    unlink("a");
    put_file("b", "{1}");
    fixture->is_unread = true;
    fixture->wall_ahead = 20 * SECOND; /* b has rested */
    start(fixture);
    pass_time(fixture, 10 * SECOND);
    assert_false(documents_arrived(fixture->documents));
    fixture->is_unread = false;
    pass_time(fixture, SECOND);
    assert_true(documents_arrived(fixture->documents));
    assert_int_equal(fixture->journal.length, strlen("-a~ .b~"));
}

static void test_the_first_are_told_by_rank_and_the_removed_last(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish = DOCUMENTS_CREATED | DOCUMENTS_REMOVED;
    fixture->is_ranked = true;
    write_file(fixture, "0a", "{}");
    assert_told(fixture, "+0a");
    save(fixture);
    stop(fixture);
    unlink("0a");
    put_file("1c", "{}");
    put_file("2b", "{}");
    put_file("3d", "{}");
    put_file("4a", "{}");
    start(fixture);
    assert_told(fixture, "+4a +2b +1c +3d -0a~");
}

/* --- Restarts at every step ------------------------------------------------------------------- */

static void change_a(struct fixture *fixture)
{
    static unsigned number;
    AUTO_FREE char *text = memory_format("{%u}", number++ % 10);
    write_file(fixture, "a", text);
}

static void half_a(struct fixture *fixture)
{
    write_file(fixture, "a", "{half");
}

static void replace_a(struct fixture *fixture)
{
    put_file("a.tmp", "{new}");
    assert_int_equal(rename("a.tmp", "a"), 0);
    hint(fixture, "a");
    turn(fixture);
}

static void remove_a(struct fixture *fixture)
{
    remove_file(fixture, "a");
}

static void write_b(struct fixture *fixture)
{
    write_file(fixture, "b", "{b}");
}

static void remove_b(struct fixture *fixture)
{
    remove_file(fixture, "b");
}

/* It ends when nothing was read a moment ago, which would put off the next reading. */
static void rest(struct fixture *fixture)
{
    pass_time(fixture, LONG - 5 * SECOND);
}

static void (*const script[])(struct fixture *fixture) = {
    change_a, rest,     change_a, write_b,   rest,      half_a, rest,    replace_a, rest,
    remove_b, remove_a, write_b,  replace_a, rest,      half_a, rest,    change_a,  remove_a,
    change_a, rest,     remove_b, rest,      replace_a, rest,   remove_a};

enum fate { FATE_STOPPED, FATE_KILLED };

/* What was told since the last save is lost with the memo: both are the owner's state. */
static void be_interrupted(struct fixture *fixture, enum fate fate, size_t saved)
{
    if (fate == FATE_STOPPED)
        save(fixture);
    else if (fixture->journal.length > saved)
        fixture->journal.data[fixture->journal.length = saved] = '\0';
    stop(fixture);
    start(fixture);
    rest(fixture);
}

/* Skips are told by the process, not by the state; whether something is late depends on it. */
static void clean(struct text *journal)
{
    struct text words;
    text_init(&words, TEXT_UNLIMITED);
    for (char *word = strtok(journal->data, " "); word; word = strtok(NULL, " ")) {
        size_t length = strlen(word);
        length -= word[length - 1] == '~';
        if (word[0] != '!')
            text_printf(&words, "%.*s ", (int)length, word);
    }
    text_free(journal);
    *journal = words;
}

/* Runs the script; before step `at` the process ends. What it told. */
static char *run(struct fixture *fixture, size_t at, enum fate fate)
{
    size_t saved = 0;
    text_clear(&fixture->journal);
    for (size_t i = 0; i < ARRAY_LENGTH(script); i++) {
        if (i == at)
            be_interrupted(fixture, fate, saved);
        else if (script[i] == rest) {
            save(fixture);
            saved = fixture->journal.length;
        }
        script[i](fixture);
    }
    rest(fixture);
    clean(&fixture->journal);
    assert_int_equal(counts_of(fixture).documents, 0);
    save(fixture);
    assert_int_equal(list_count(&fixture->shelf.committed, RECORD_DOCUMENT), 0);
    return text_take(&fixture->journal);
}

/* How often each sign is in what was told. */
static void count_signs(const char *told, size_t ret_counts[4])
{
    static const char signs[] = "+=.-";
    for (size_t i = 0; i < 4; i++)
        ret_counts[i] = 0;
    for (const char *at = told; *at; at++)
        if (at == told || at[-1] == ' ')
            ret_counts[strchr(signs, *at) - signs]++;
}

static void test_a_restart_at_any_step_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    AUTO_FREE char *expected = run(fixture, SIZE_MAX, FATE_STOPPED);
    size_t counts[4];
    count_signs(expected, counts);
    assert_int_equal(counts[0], 5); /* lives */
    assert_int_equal(counts[2], 5);
    assert_int_equal(counts[3], 5);
    for (size_t at = 0; at < ARRAY_LENGTH(script); at++) {
        AUTO_FREE char *told = run(fixture, at, FATE_STOPPED);
        size_t these[4];
        count_signs(told, these);
        if (memcmp(these, counts, sizeof(counts)) != 0)
            print_error("restart before step %zu: \"%s\", expected \"%s\"\n", at, told, expected);
        assert_memory_equal(these, counts, sizeof(counts));
    }
}

static void test_a_kill_at_any_step_tells_nothing_twice(void **state)
{
    struct fixture *fixture = *state;
    for (size_t at = 0; at < ARRAY_LENGTH(script); at++) {
        AUTO_FREE char *told = run(fixture, at, FATE_KILLED);
        size_t counts[4];
        count_signs(told, counts);
        /* Lives that came and went between the last save and the kill are not known of. */
        assert_in_range(counts[0], 3, 5);
        assert_in_range(counts[2], counts[0] - 1, counts[0]);
        assert_int_equal(counts[3], counts[0]);
    }
}

/* --- Records ---------------------------------------------------------------------------------- */

static void test_only_what_changed_is_saved(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{1}");
    write_file(fixture, "b", "{1}");
    pass_time(fixture, LONG);
    assert_int_equal(documents_unsaved(fixture->documents), 2);
    save(fixture);
    assert_int_equal(documents_unsaved(fixture->documents), 0);
    hint_closed(fixture, "a");
    pass_time(fixture, LONG);
    remove_file(fixture, "b");
    write_file(fixture, "c", "{1}");
    remove_file(fixture, "c");
    save(fixture);
    assert_int_equal(list_count(&fixture->shelf.committed, RECORD_DOCUMENT), 1);
}

static int refuse(void *context, const struct record *record)
{
    assert_int_equal(documents_restore(context, record), -EINVAL);
    return 0;
}

static int restore_cut(void *context, const struct record *record)
{
    for (size_t length = 0; length < record->value.length; length++) {
        AUTO_FREE char *value = memory_copy(record->value.data, length);
        struct record cut = *record;
        cut.value = (struct bytes){value, length};
        assert_int_equal(documents_restore(context, &cut), -EINVAL);
    }
    struct record nameless = *record;
    nameless.key.length = 0;
    assert_int_equal(documents_restore(context, &nameless), -EINVAL);
    struct record other = *record;
    other.kind = RECORD_STREAM;
    assert_int_equal(documents_restore(context, &other), -EINVAL);
    return documents_restore(context, record);
}

static void test_what_is_no_record_is_refused(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{1}");
    save(fixture);
    assert_int_equal(shelf_each(&fixture->shelf, refuse, fixture->documents), 0);
    stop(fixture);
    begin(fixture);
    assert_int_equal(shelf_each(&fixture->shelf, restore_cut, fixture->documents), 0);
    text_clear(&fixture->journal);
    walk(fixture);
    pass_time(fixture, LONG);
    assert_told(fixture, "");
}

static void test_without_tracking_nothing_is_kept(void **state)
{
    struct fixture *fixture = *state;
    stop(fixture);
    begin(fixture);
    write_file(fixture, "a", "{1}");
    assert_int_equal(documents_unsaved(fixture->documents), 0);
    documents_track(fixture->documents);
    assert_int_equal(documents_unsaved(fixture->documents), 1); /* what is there already */
}

/* --- Draining --------------------------------------------------------------------------------- */

static void drain_anew(struct fixture *fixture, bool closed)
{
    stop(fixture);
    begin(fixture);
    hint(fixture, "a");
    hint(fixture, "b");
    hint(fixture, "c");
    documents_drain(fixture->documents, wall_of(fixture), closed);
}

static void test_draining_takes_everything_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish = ALL | DOCUMENTS_LINES;
    fixture->is_unread = true;
    put_file("b", "{b}");
    let_rest();
    put_file("a", "{a}");
    let_rest();
    put_file("c", "{");
    int descriptor = open("a", O_WRONLY | O_CLOEXEC);
    for (int closed = 0; closed < 2; closed++) {
        drain_anew(fixture, closed);
        assert_told(fixture, closed ? "+b =b:{b} +a =a:{a} +c !c:malformed .b~ .a~ .c~"
                                    : "+b =b:{b} +a =a:{a} +c !c:malformed");
    }
    close(descriptor);
    fixture->is_ranked = true;
    fixture->wish = DOCUMENTS_CREATED;
    drain_anew(fixture, true);
    assert_told(fixture, "+a +b +c");
}

#define SAVED_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_saved, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAVED_TEST(test_what_did_not_change_is_not_read),
        SAVED_TEST(test_what_was_read_too_soon_is_read_again),
        SAVED_TEST(test_created_and_closed_meanwhile_are_both_told),
        SAVED_TEST(test_closed_late_has_the_time_of_the_last_write),
        SAVED_TEST(test_removed_meanwhile_is_told_late),
        SAVED_TEST(test_a_root_that_is_missing_at_start_removes_nothing),
        SAVED_TEST(test_changed_meanwhile_is_read),
        SAVED_TEST(test_growth_meanwhile_opens_it_again_where_wished),
        SAVED_TEST(test_a_writer_that_stays_over_a_restart_closes_in_time),
        SAVED_TEST(test_what_nobody_wishes_for_a_while_lives_on),
        SAVED_TEST(test_what_new_rules_did_not_look_at_yet_is_looked_at_after_a_kill),
        SAVED_TEST(test_lines_are_waited_for_at_the_start),
        SAVED_TEST(test_the_first_are_told_by_rank_and_the_removed_last),
        SAVED_TEST(test_a_restart_at_any_step_changes_nothing),
        SAVED_TEST(test_a_kill_at_any_step_tells_nothing_twice),
        SAVED_TEST(test_only_what_changed_is_saved),
        SAVED_TEST(test_what_is_no_record_is_refused),
        SAVED_TEST(test_without_tracking_nothing_is_kept),
        SAVED_TEST(test_draining_takes_everything_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
