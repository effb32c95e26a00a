/* Lives of files and contents of documents, as they are told while the room looks. */
#include <sys/resource.h>

#include "document_fixture.h"

static void test_a_file_is_created_read_closed_and_removed(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{1}");
    assert_told(fixture, "+a =a:{1} .a");
    pass_time(fixture, 2 * SECOND);
    put_file("a", "{2}");
    hint_closed(fixture, "a");
    turn(fixture);
    assert_told(fixture, "=a:{2}");
    remove_file(fixture, "a");
    assert_told(fixture, "-a");
    assert_string_equal(fixture->last_memo, "+=.=-");
    assert_int_equal(counts_of(fixture).documents, 0);
    assert_int_equal(counts_of(fixture).memo_bytes, 0);
}

static void test_only_what_is_wished_is_told(void **state)
{
    static const struct {
        unsigned wish;
        const char *told;
    } cases[] = {
        {DOCUMENTS_CREATED, "+a"},
        {DOCUMENTS_CONTENT, "=a:{1}"},
        {DOCUMENTS_CLOSED, ".a"},
        {DOCUMENTS_REMOVED, "-a"},
        {DOCUMENTS_CREATED | DOCUMENTS_REMOVED, "+a -a"},
        {0, ""},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        fixture->wish = cases[i].wish;
        write_file(fixture, "a", "{1}");
        pass_time(fixture, LONG);
        remove_file(fixture, "a");
        assert_told(fixture, cases[i].told);
        assert_int_equal(counts_of(fixture).documents, 0);
    }
}

static void test_a_name_that_comes_again_lives_again(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 3; i++) {
        write_file(fixture, "a", "{1}");
        pass_time(fixture, LONG);
        remove_file(fixture, "a");
        assert_told(fixture, "+a =a:{1} .a -a");
        assert_string_equal(fixture->last_memo, "+=.-");
    }
}

static void test_an_absence_that_nobody_saw_ends_no_life(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{1}");
    assert_told(fixture, "+a =a:{1} .a");
    pass_time(fixture, SECOND);
    unlink("a");
    hint_gone(fixture, "a");
    write_file(fixture, "a", "{2}");
    assert_told(fixture, "=a:{2}");
}

static void test_what_is_gone_before_the_first_look_is_not_told(void **state)
{
    struct fixture *fixture = *state;
    put_file("a", "{1}");
    hint_closed(fixture, "a");
    unlink("a");
    turn(fixture);
    assert_told(fixture, "");
    assert_int_equal(counts_of(fixture).documents, 0);
}

static void test_a_rename_over_the_name_is_read_at_once(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{1}");
    assert_told(fixture, "+a =a:{1} .a");
    for (int i = 0; i < 3; i++) {
        pass_time(fixture, SECOND);
        put_file("a.tmp", i % 2 ? "{1}" : "{2}");
        assert_int_equal(rename("a.tmp", "a"), 0);
        hint(fixture, "a"); /* IN_MOVED_TO: no close */
        turn(fixture);
        assert_told(fixture, i % 2 ? "=a:{1}" : "=a:{2}");
    }
}

static void test_a_new_name_is_read_at_once(void **state)
{
    struct fixture *fixture = *state;
    put_file("a.tmp", "{1}");
    assert_int_equal(rename("a.tmp", "a"), 0);
    hint(fixture, "a");
    turn(fixture);
    assert_told(fixture, "+a =a:{1}");
    pass_time(fixture, LONG);
    assert_told(fixture, ".a");
}

static void test_equal_content_is_told_once(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{1}");
    assert_told(fixture, "+a =a:{1} .a");
    for (int i = 0; i < 5; i++) {
        pass_time(fixture, SECOND);
        write_file(fixture, "a", "{1}");
    }
    assert_told(fixture, "");
    assert_int_equal(counts_of(fixture).readings, 6);
}

static void test_hints_without_a_change_cost_no_reading(void **state)
{
    struct fixture *fixture = *state;
    put_file("a", "{1}");
    usleep(60000); /* its times can be relied on */
    hint_closed(fixture, "a");
    turn(fixture);
    for (int i = 0; i < 20; i++) {
        hint_closed(fixture, "a");
        pass_time(fixture, SECOND);
    }
    assert_int_equal(counts_of(fixture).readings, 1);
}

static void test_times_a_moment_old_prove_nothing(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish = DOCUMENTS_CONTENT;
    for (size_t i = 0; i < 100; i++) {
        fixture->ahead += SECOND;
        write_file(fixture, "a", i % 2 ? "{1}" : "{2}"); /* often within the same tick */
        assert_int_equal(fixture->contents, i + 1);
    }
    size_t before = counts_of(fixture).readings;
    fixture->ahead += SECOND;
    hint(fixture, "a");
    turn(fixture);
    assert_int_equal(counts_of(fixture).readings, before + 1);
    usleep(60000);
    for (int i = 0; i < 5; i++) {
        fixture->ahead += SECOND;
        hint(fixture, "a");
        turn(fixture);
    }
    assert_in_range(counts_of(fixture).readings, before + 1, before + 2);
}

/* --- Half written ----------------------------------------------------------------------------- */

static void test_a_writer_that_never_closes_is_read_at_rest(void **state)
{
    struct fixture *fixture = *state;
    int descriptor = open("a", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    hint(fixture, "a");
    turn(fixture);
    assert_told(fixture, "+a");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(write(descriptor, "xxx", 3), 3);
        hint(fixture, "a");
        pass_time(fixture, 500 * MILLISECOND);
    }
    assert_int_equal(fixture->contents, 0);
    assert_int_equal(write(descriptor, "}", 1), 1);
    hint(fixture, "a");
    pass_time(fixture, 1200 * MILLISECOND);
    assert_told(fixture, "=a:xxxxxxxxxxxxxxx}");
    pass_time(fixture, 30 * SECOND);
    assert_told(fixture, ""); /* it is not closed */
    close(descriptor);
    hint_closed(fixture, "a");
    pass_time(fixture, LONG);
    assert_told(fixture, ".a");
}

static void test_half_written_is_no_mistake_until_it_rests(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{");
    assert_told(fixture, "+a .a");
    pass_time(fixture, 500 * MILLISECOND);
    write_file(fixture, "a", "{1}");
    assert_told(fixture, "=a:{1}");
    assert_int_equal(counts_of(fixture).skipped[DOCUMENT_MALFORMED], 0);
}

static void test_what_stays_malformed_is_told_once_and_tried_again(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{");
    assert_told(fixture, "+a .a");
    pass_time(fixture, 900 * MILLISECOND);
    assert_int_equal(fixture->contents, 1);
    pass_time(fixture, 200 * MILLISECOND);
    assert_told(fixture, "!a:malformed");
    assert_int_equal(fixture->contents, 2);
    pass_time(fixture, 9 * SECOND);
    assert_int_equal(fixture->contents, 3);
    pass_time(fixture, 1200 * SECOND);
    assert_int_equal(fixture->contents, 13); /* at 60 s, 120 s ... 600 s */
    assert_int_equal(documents_next(fixture->documents), INT64_MAX);
    assert_told(fixture, "");
    assert_int_equal(counts_of(fixture).skipped[DOCUMENT_MALFORMED], 1);

    write_file(fixture, "a", "[");
    pass_time(fixture, 2 * SECOND);
    assert_told(fixture, "!a:malformed"); /* another state of the file */
    write_file(fixture, "a", "{1}");
    pass_time(fixture, 2 * SECOND);
    assert_told(fixture, "=a:{1}");
    assert_string_equal(fixture->last_memo, "+.=");
}

static void test_the_reason_is_the_owners(void **state)
{
    struct fixture *fixture = *state;
    fixture->refusal = DOCUMENT_NOT_OBJECT;
    write_file(fixture, "a", "[1]");
    pass_time(fixture, 2 * SECOND);
    assert_told(fixture, "+a .a !a:not-object");
    fixture->refusal = DOCUMENT_TOO_DEEP;
    pass_time(fixture, 10 * SECOND);
    assert_told(fixture, "!a:deep");
}

static void test_an_empty_document_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "");
    assert_told(fixture, "+a .a");
    pass_time(fixture, 2 * SECOND);
    assert_told(fixture, "!a:empty");
    write_file(fixture, "a", "{1}");
    assert_told(fixture, "=a:{1}");
    assert_int_equal(counts_of(fixture).readings, 1);
}

static void test_truncated_and_written_again_is_one_content(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{1}");
    pass_time(fixture, 2 * SECOND);
    assert_told(fixture, "+a =a:{1} .a");
    assert_int_equal(truncate("a", 0), 0);
    hint(fixture, "a");
    pass_time(fixture, 100 * MILLISECOND);
    write_file(fixture, "a", "{2}");
    pass_time(fixture, 20 * SECOND);
    assert_told(fixture, "=a:{2}");
}

/* --- What is no document ---------------------------------------------------------------------- */

static void make_directory(void)
{
    assert_int_equal(mkdir("a", 0755), 0);
}

static void make_fifo(void)
{
    assert_int_equal(mkfifo("a", 0644), 0);
}

static void make_link(void)
{
    put_file("b", "{2}");
    assert_int_equal(symlink("b", "a"), 0);
}

static void make_loop(void)
{
    assert_int_equal(symlink("a", "a"), 0);
}

static void test_a_name_that_is_no_file_any_more_is_gone(void **state)
{
    static void (*const make[])(void) = {make_directory, make_fifo, make_link, make_loop};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(make); i++) {
        write_file(fixture, "a", "{1}");
        pass_time(fixture, LONG);
        assert_told(fixture, "+a =a:{1} .a");
        unlink("a");
        make[i]();
        hint(fixture, "a");
        turn(fixture);
        assert_told(fixture, "-a");
        hint_closed(fixture, "a");
        pass_time(fixture, 2 * SECOND);
        assert_told(fixture, "");
        assert_int_equal(counts_of(fixture).documents, 0);
        assert_int_equal(remove("a"), 0);
    }
}

static void test_a_directory_that_is_gone_ends_all_below(void **state)
{
    static const char *const names[] = {"d/a", "d/b/c", "da", "e/d/a"};
    static const char *const directories[] = {"d", "d/b", "e", "e/d"};
    struct fixture *fixture = *state;
    fixture->wish = DOCUMENTS_REMOVED;
    for (size_t i = 0; i < ARRAY_LENGTH(directories); i++)
        assert_int_equal(mkdir(directories[i], 0755), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        write_file(fixture, names[i], "{}");
    assert_int_equal(rename("d", "f"), 0);
    assert_int_equal(rename("e", "g"), 0);
    documents_directory_gone(fixture->documents, full(fixture, "d"), now_of(fixture));
    documents_directory_gone(fixture->documents, full(fixture, "d"), now_of(fixture));
    assert_true(documents_next(fixture->documents) <= now_of(fixture));
    turn(fixture);
    assert_int_equal(fixture->journal.length, strlen("-d/a -d/b/c"));
    assert_int_equal(counts_of(fixture).documents, 2);
    text_clear(&fixture->journal);
    documents_directory_gone(fixture->documents, full(fixture, "e/d"), now_of(fixture));
    pass_time(fixture, 200 * MILLISECOND); /* passes come one after another */
    assert_told(fixture, "-e/d/a");
}

static void test_a_missing_root_removes_nothing(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{1}");
    write_file(fixture, "b", "{1}");
    pass_time(fixture, LONG);
    text_clear(&fixture->journal);
    assert_int_equal(rename("a", "a.hidden"), 0);
    assert_int_equal(rename("b", "b.hidden"), 0);
    fixture->is_rootless = true;
    hint_gone(fixture, "a");
    hint_gone(fixture, "b");
    pass_time(fixture, 200 * SECOND);
    assert_told(fixture, "");
    fixture->is_rootless = false;
    assert_int_equal(rename("a.hidden", "a"), 0);
    pass_time(fixture, 100 * SECOND);
    assert_told(fixture, "-b~"); /* while nobody could look */
    remove_file(fixture, "a");
    assert_told(fixture, "-a");
}

/* As somebody who may not read everything. */
static bool drop_rights(void)
{
    return geteuid() != 0 || seteuid(65534) == 0;
}

static void take_rights_back(void)
{
    assert_int_equal(seteuid(getuid()), 0);
}

static void test_what_may_not_be_read_is_tried_again(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish = DOCUMENTS_CREATED | DOCUMENTS_CONTENT;
    assert_int_equal(chmod(fixture->root, 0755), 0);
    put_file("a", "{1}");
    assert_int_equal(chmod("a", 0), 0);
    assert_true(drop_rights());
    hint(fixture, "a");
    pass_time(fixture, 300 * SECOND);
    assert_told(fixture, "+a !a:unreadable");
    assert_int_equal(counts_of(fixture).skipped[DOCUMENT_UNREADABLE], 1);
    take_rights_back();
    assert_int_equal(chmod("a", 0644), 0);
    pass_time(fixture, 61 * SECOND); /* without a hint */
    assert_told(fixture, "=a:{1}");
}

static void test_what_may_not_be_seen_is_not_gone(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(chmod(fixture->root, 0755), 0);
    assert_int_equal(mkdir("d", 0755), 0);
    write_file(fixture, "d/a", "{1}");
    assert_told(fixture, "+d/a =d/a:{1} .d/a");
    assert_int_equal(chmod("d", 0), 0);
    assert_true(drop_rights());
    hint_gone(fixture, "d/a");
    pass_time(fixture, 300 * SECOND);
    take_rights_back();
    assert_told(fixture, "!d/a:unreadable");
    assert_int_equal(chmod("d", 0755), 0);
    pass_time(fixture, 61 * SECOND);
    remove_file(fixture, "d/a");
    assert_told(fixture, "-d/a");
}

/* --- Bounds ----------------------------------------------------------------------------------- */

static void begin_with(struct fixture *fixture, struct documents_options options)
{
    documents_free(fixture->documents);
    fixture->options = options;
    begin(fixture);
    documents_walked(fixture->documents, now_of(fixture));
}

static void test_a_document_has_a_bound(void **state)
{
    struct fixture *fixture = *state;
    begin_with(fixture, (struct documents_options){.max_bytes = 4});
    fixture->wish = DOCUMENTS_CONTENT;
    write_file(fixture, "a", "{12}");
    write_file(fixture, "b", "{123}");
    pass_time(fixture, 2000 * SECOND);
    assert_told(fixture, "=a:{12} !b:long");
    assert_int_equal(counts_of(fixture).readings, 1);
    assert_int_equal(documents_next(fixture->documents), INT64_MAX);
    write_file(fixture, "b", "{1}");
    assert_told(fixture, "=b:{1}");
}

static void test_documents_have_a_bound(void **state)
{
    struct fixture *fixture = *state;
    begin_with(fixture, (struct documents_options){.max_documents = 2});
    fixture->wish = DOCUMENTS_CREATED;
    for (int i = 0; i < 3; i++) {
        write_file(fixture, "a", "{}");
        write_file(fixture, "b", "{}");
        write_file(fixture, "c", "{}");
    }
    assert_told(fixture, "+a +b !c:too-many");
    assert_int_equal(counts_of(fixture).skipped[DOCUMENT_TOO_MANY], 1);
    remove_file(fixture, "a");
    write_file(fixture, "c", "{}");
    assert_told(fixture, "+c");
}

static void test_a_memo_has_a_bound(void **state)
{
    struct fixture *fixture = *state;
    begin_with(fixture, (struct documents_options){.max_memo = 3});
    write_file(fixture, "a", "{1}");
    pass_time(fixture, 2 * SECOND);
    write_file(fixture, "a", "{2}");
    assert_int_equal(counts_of(fixture).memo_bytes, 3);
    remove_file(fixture, "a");
    assert_told(fixture, "+a =a:{1} .a =a:{2} -a");
}

/* --- Cost ------------------------------------------------------------------------------------- */

static int64_t processor_time(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * SECOND +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

static void test_rewriting_all_the_time_is_read_four_times_a_second(void **state)
{
    struct fixture *fixture = *state;
    int64_t spent = 0;
    int64_t begun_at = now_of(fixture);
    fixture->wish = DOCUMENTS_CONTENT;
    for (int i = 0; i < 10000; i++) {
        char text[16];
        if (i % 10 == 0) {
            snprintf(text, sizeof(text), "{%d}", i);
            put_file("a", text);
        }
        int64_t begun = processor_time();
        hint_closed(fixture, "a");
        turn(fixture);
        spent += processor_time() - begun;
        fixture->ahead += MILLISECOND;
    }
    size_t readings = counts_of(fixture).readings;
    print_message("10,000 rewrites in 10 s: %zu readings, %.1f ms\n", readings,
                  (double)spent / 1e6);
    int64_t passed = now_of(fixture) - begun_at;
    assert_in_range(readings, 30, (size_t)(passed / (250 * MILLISECOND)) + 1);
    pass_time(fixture, SECOND);
    assert_non_null(strstr(fixture->journal.data, "=a:{9990}")); /* the last one is not missed */
}

static void test_thousands_at_rest_cost_nothing(void **state)
{
    enum { COUNT = 10000 };
    struct fixture *fixture = *state;
    struct documents_facts facts;
    char name[16];
    fixture->wish = ALL | DOCUMENTS_LINES;
    stop(fixture);
    begin(fixture);
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "%d", i);
        put_file(name, i % 2 ? "" : "{}");
    }
    fixture->wall_ahead = 3000 * SECOND; /* written long ago */
    int64_t begun = clock_monotonic();
    walk(fixture);
    turn(fixture);
    print_message("%d files met in %.1f ms\n", COUNT, (double)(clock_monotonic() - begun) / 1e6);
    assert_true(documents_arrived(fixture->documents));
    assert_int_equal(counts_of(fixture).readings, COUNT / 2);
    assert_int_equal(counts_of(fixture).waiting, 0);
    assert_int_equal(documents_next(fixture->documents), INT64_MAX);
    size_t position = 0;
    size_t closed = 0;
    while (documents_next_facts(fixture->documents, &position, &facts)) {
        closed += facts.closed;
        assert_int_equal(facts.failed, facts.size == 0);
    }
    assert_int_equal(closed, COUNT);
}

static void test_wishes_are_asked_for_again(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish = DOCUMENTS_CREATED;
    write_file(fixture, "a", "{1}");
    pass_time(fixture, 60 * SECOND);
    assert_told(fixture, "+a");
    fixture->wish = ALL;
    documents_renew(fixture->documents);
    turn(fixture);
    assert_told(fixture, "=a:{1} .a~"); /* closed when nobody was interested */
    fixture->wish = 0;
    documents_renew(fixture->documents);
    turn(fixture);
    fixture->wish = ALL;
    documents_renew(fixture->documents);
    turn(fixture);
    assert_told(fixture, ""); /* the life went on */
}

static void test_times_are_those_of_the_file(void **state)
{
    struct fixture *fixture = *state;
    struct stat facts;
    int64_t before = clock_wall() - SECOND;
    fixture->wish = DOCUMENTS_CREATED;
    put_file("a", "{1}");
    int64_t after = clock_wall();
    usleep(60000);
    assert_int_equal(chmod("a", 0600), 0);
    hint(fixture, "a");
    turn(fixture);
    assert_in_range(fixture->last_time, before, after);
    fixture->wish = DOCUMENTS_CONTENT;
    documents_renew(fixture->documents);
    turn(fixture);
    assert_int_equal(stat("a", &facts), 0);
    assert_int_equal(fixture->last_time, facts.st_mtim.tv_sec * SECOND + facts.st_mtim.tv_nsec);
    fixture->wish = DOCUMENTS_REMOVED;
    documents_renew(fixture->documents);
    pass_time(fixture, 100 * SECOND);
    remove_file(fixture, "a");
    assert_in_range(fixture->last_time, wall_of(fixture) - SECOND, wall_of(fixture));
}

static void test_the_clock_may_jump(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a", "{1}");
    fixture->wall_ahead = -86400 * SECOND;
    pass_time(fixture, 2 * SECOND);
    write_file(fixture, "a", "{2}");
    write_file(fixture, "b", "{1}");
    fixture->wall_ahead = 86400 * SECOND;
    pass_time(fixture, LONG);
    write_file(fixture, "a", "{3}");
    assert_told(fixture, "+a =a:{1} .a =a:{2} +b =b:{1} .b =a:{3}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_file_is_created_read_closed_and_removed),
        TEST(test_only_what_is_wished_is_told),
        TEST(test_a_name_that_comes_again_lives_again),
        TEST(test_an_absence_that_nobody_saw_ends_no_life),
        TEST(test_what_is_gone_before_the_first_look_is_not_told),
        TEST(test_a_rename_over_the_name_is_read_at_once),
        TEST(test_a_new_name_is_read_at_once),
        TEST(test_equal_content_is_told_once),
        TEST(test_hints_without_a_change_cost_no_reading),
        TEST(test_times_a_moment_old_prove_nothing),
        TEST(test_a_writer_that_never_closes_is_read_at_rest),
        TEST(test_half_written_is_no_mistake_until_it_rests),
        TEST(test_what_stays_malformed_is_told_once_and_tried_again),
        TEST(test_the_reason_is_the_owners),
        TEST(test_an_empty_document_is_waited_for),
        TEST(test_truncated_and_written_again_is_one_content),
        TEST(test_a_name_that_is_no_file_any_more_is_gone),
        TEST(test_a_directory_that_is_gone_ends_all_below),
        TEST(test_a_missing_root_removes_nothing),
        TEST(test_what_may_not_be_read_is_tried_again),
        TEST(test_what_may_not_be_seen_is_not_gone),
        TEST(test_a_document_has_a_bound),
        TEST(test_documents_have_a_bound),
        TEST(test_a_memo_has_a_bound),
        TEST(test_rewriting_all_the_time_is_read_four_times_a_second),
        TEST(test_thousands_at_rest_cost_nothing),
        TEST(test_wishes_are_asked_for_again),
        TEST(test_times_are_those_of_the_file),
        TEST(test_the_clock_may_jump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
