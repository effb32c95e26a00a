/* Ids on disk, the writer's side: which runs there are, and what is left of those replaced. */
#include "id_fixture.h"

static int64_t count_runs(struct id_fixture *fixture, int directory)
{
    char sql[128];
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM id_link WHERE generation = %d"
             " AND directory = %d",
             GENERATION, directory);
    return number_of(fixture->database, sql);
}

static int64_t count_all_runs(struct id_fixture *fixture)
{
    return number_of(fixture->database, "SELECT count(*) FROM id_run");
}

static int64_t count_rows(struct id_fixture *fixture)
{
    return number_of(fixture->database, "SELECT count(*) FROM id_row");
}

/* Of every row there is its run, finished and linked. */
static void assert_no_waste(struct id_fixture *fixture)
{
    assert_int_equal(number_of(fixture->database, "SELECT count(*) FROM id_run WHERE ids = 0 OR"
                                                  " run NOT IN (SELECT run FROM id_link)"),
                     0);
    assert_int_equal(number_of(fixture->database, "SELECT count(*) FROM id_row WHERE place >> 24"
                                                  " NOT IN (SELECT run FROM id_run)"),
                     0);
    assert_int_equal(number_of(fixture->database, "SELECT count(*) FROM id_filter WHERE place >> 24"
                                                  " NOT IN (SELECT run FROM id_run)"),
                     0);
}

static void test_a_commit_makes_one_run(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    assert_null(id_writer_take_news(fixture.writer));
    begin(&fixture);
    add(&fixture, 3, 0, 2000);
    assert_int_equal(id_writer_add(fixture.writer, 3, NULL, 0), SQLITE_OK);
    commit(&fixture);
    assert_int_equal(count_runs(&fixture, 3), 1);
    assert_int_equal(count_rows(&fixture), 4);
    assert_int_equal(number_of(fixture.database, "SELECT ids FROM id_run"), 2000);
    /* One page of first ids and one of the filter. */
    assert_int_equal(number_of(fixture.database, "SELECT count(*) FROM id_filter"), 2);
    tear_down_ids(&fixture);
}

static void test_an_id_given_twice_is_kept_once(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    uint64_t ids[1200];
    for (uint64_t i = 0; i < ARRAY_LENGTH(ids); i++)
        ids[i] = id_of(i % 400);
    begin(&fixture);
    assert_int_equal(id_writer_add(fixture.writer, 3, ids, ARRAY_LENGTH(ids)), SQLITE_OK);
    add(&fixture, 3, 399, 402);
    commit(&fixture);
    deliver(&fixture);
    assert_int_equal(counts_of(&fixture).ids, 402);
    assert_int_equal(count_held(&fixture, 3, 0, 500), 402);
    finish_steps(&fixture);
    assert_int_equal(count_rows(&fixture), 1);
    tear_down_ids(&fixture);
}

static void test_small_commits_are_rewritten_into_one_row(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    for (uint64_t i = 0; i < 50; i++) {
        commit_ids(&fixture, 3, i * 10, i * 10 + 10);
        assert_int_equal(count_runs(&fixture, 3), 1);
    }
    /* 500 of 504 are there: no room for 10 more. */
    commit_ids(&fixture, 3, 500, 510);
    assert_int_equal(count_runs(&fixture, 3), 2);
    deliver(&fixture);
    assert_int_equal(count_held(&fixture, 3, 0, 600), 510);
    finish_steps(&fixture);
    assert_int_equal(count_all_runs(&fixture), 2);
    assert_no_waste(&fixture);
    tear_down_ids(&fixture);
}

static void test_many_commits_leave_few_runs(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    id_writer_set_step(fixture.writer, 700, 10);
    for (uint64_t i = 0; i < 100; i++) {
        commit_ids(&fixture, 3, i * 600, i * 600 + 600);
        finish_steps(&fixture);
        assert_in_range(count_runs(&fixture, 3), 1, 5);
    }
    assert_no_waste(&fixture);
    assert_int_equal(counts_of(&fixture).ids, 60000);
    assert_int_equal(count_held(&fixture, 3, 0, 61000), 60000);
    assert_int_equal(counts_of(&fixture).errors, 0);
    tear_down_ids(&fixture);
}

static void test_a_join_shares_runs(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    commit_ids(&fixture, 3, 0, 2000);
    commit_ids(&fixture, 3, 2000, 4000);
    int64_t rows = count_rows(&fixture);
    begin(&fixture);
    assert_int_equal(id_writer_join(fixture.writer, 9, 3), SQLITE_OK);
    add(&fixture, 3, 4000, 4100); /* is not of 9 */
    assert_int_equal(id_writer_join(fixture.writer, 9, 9), SQLITE_OK);
    assert_int_equal(id_writer_join(fixture.writer, 9, 77), SQLITE_OK);
    commit(&fixture);
    deliver(&fixture);
    assert_int_equal(count_rows(&fixture), rows + 1);
    assert_int_equal(count_runs(&fixture, 9), 2);
    assert_int_equal(count_held(&fixture, 9, 0, 4100), 4000);
    assert_int_equal(count_held(&fixture, 3, 0, 4100), 4100);
    assert_int_equal(counts_of(&fixture).ids, 4100);
    tear_down_ids(&fixture);
}

static void test_a_merge_replaces_runs_where_all_are(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    for (uint64_t i = 0; i < 4; i++)
        commit_ids(&fixture, 3, i * 600, i * 600 + 600);
    begin(&fixture);
    assert_int_equal(id_writer_join(fixture.writer, 4, 3), SQLITE_OK); /* has some of them */
    commit(&fixture);
    for (uint64_t i = 4; i < 8; i++)
        commit_ids(&fixture, 3, i * 600, i * 600 + 600);
    begin(&fixture);
    assert_int_equal(id_writer_join(fixture.writer, 5, 3), SQLITE_OK); /* has all of them */
    commit(&fixture);
    deliver(&fixture);
    finish_steps(&fixture);
    assert_int_equal(count_runs(&fixture, 3), 1);
    assert_int_equal(count_runs(&fixture, 5), 1);
    assert_int_equal(count_runs(&fixture, 4), 4);
    assert_int_equal(count_all_runs(&fixture), 5);
    assert_int_equal(count_held(&fixture, 3, 0, 5000), 4800);
    assert_int_equal(count_held(&fixture, 5, 0, 5000), 4800);
    assert_int_equal(count_held(&fixture, 4, 0, 5000), 2400);
    assert_no_waste(&fixture);
    tear_down_ids(&fixture);
}

static void test_rows_go_only_when_the_loop_knows(void **state UNUSED)
{
    struct id_fixture fixture;
    bool more;
    set_up_ids(&fixture, ROOMY);
    commit_ids(&fixture, 3, 0, 2000);
    deliver(&fixture);
    begin(&fixture);
    assert_int_equal(id_writer_forget(fixture.writer, 3), SQLITE_OK);
    commit(&fixture);
    assert_int_equal(count_runs(&fixture, 3), 0);

    assert_int_equal(id_writer_step(fixture.writer, &more), SQLITE_OK);
    assert_false(more);
    id_writer_acknowledge(fixture.writer); /* of what was handed out before the forget */
    assert_int_equal(id_writer_step(fixture.writer, &more), SQLITE_OK);
    struct id_news *news = id_writer_take_news(fixture.writer);
    assert_int_equal(id_writer_step(fixture.writer, &more), SQLITE_OK);
    assert_int_equal(count_rows(&fixture), 4);
    assert_int_equal(count_held(&fixture, 3, 0, 2000), 2000);

    id_archive_apply(fixture.archive, news);
    id_writer_acknowledge(fixture.writer);
    finish_steps(&fixture);
    assert_int_equal(count_all_runs(&fixture), 0);
    assert_no_waste(&fixture);
    assert_int_equal(count_held(&fixture, 3, 0, 2000), 0);
    assert_int_equal(counts_of(&fixture).ids, 0);
    tear_down_ids(&fixture);
}

static void test_what_is_rolled_back_never_happened(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    commit_ids(&fixture, 3, 0, 100);
    commit_ids(&fixture, 4, 1000, 3000);
    deliver(&fixture);
    begin(&fixture);
    add(&fixture, 3, 100, 200); /* rewrites the row */
    add(&fixture, 5, 100, 200);
    assert_int_equal(id_writer_join(fixture.writer, 5, 4), SQLITE_OK);
    assert_int_equal(id_writer_forget(fixture.writer, 4), SQLITE_OK);
    assert_int_equal(id_writer_join(fixture.writer, 4, 3), SQLITE_OK);
    assert_int_equal(id_writer_forget(fixture.writer, 3), SQLITE_OK);
    add(&fixture, 3, 300, 1000);
    roll_back(&fixture);
    assert_null(id_writer_take_news(fixture.writer));
    finish_steps(&fixture);
    assert_no_waste(&fixture);
    assert_int_equal(count_all_runs(&fixture), 2);
    assert_int_equal(count_held(&fixture, 3, 0, 3000), 100);
    assert_int_equal(count_held(&fixture, 4, 0, 3000), 2000);
    assert_int_equal(count_held(&fixture, 5, 0, 3000), 0);
    begin(&fixture);
    assert_int_equal(id_writer_join(fixture.writer, 5, 4), SQLITE_OK);
    add(&fixture, 5, 0, 10);
    commit(&fixture);
    deliver(&fixture);
    assert_int_equal(count_held(&fixture, 5, 0, 3000), 2010);
    tear_down_ids(&fixture);
}

static void test_a_merge_cut_off_by_a_crash_leaves_nothing(void **state UNUSED)
{
    struct id_fixture fixture;
    bool more;
    set_up_ids(&fixture, ROOMY);
    id_writer_set_step(fixture.writer, 1500, 100);
    for (uint64_t i = 0; i < 8; i++)
        commit_ids(&fixture, 3, i * 600, i * 600 + 600);
    assert_int_equal(id_writer_step(fixture.writer, &more), SQLITE_OK);
    assert_true(more);
    assert_int_equal(number_of(fixture.database, "SELECT count(*) FROM id_run WHERE ids = 0"), 1);
    close_sides(&fixture);
    open_sides(&fixture, ROOMY);
    assert_int_equal(counts_of(&fixture).ids, 4800);
    finish_steps(&fixture);
    assert_no_waste(&fixture);
    assert_int_equal(count_runs(&fixture, 3), 1);
    assert_int_equal(count_held(&fixture, 3, 0, 5000), 4800);
    tear_down_ids(&fixture);
}

static void test_a_merge_of_a_directory_forgotten_meanwhile_is_dropped(void **state UNUSED)
{
    struct id_fixture fixture;
    bool more;
    set_up_ids(&fixture, ROOMY);
    id_writer_set_step(fixture.writer, 1500, 100);
    for (uint64_t i = 0; i < 8; i++)
        commit_ids(&fixture, 3, i * 600, i * 600 + 600);
    assert_int_equal(id_writer_step(fixture.writer, &more), SQLITE_OK);
    begin(&fixture);
    assert_int_equal(id_writer_forget(fixture.writer, 3), SQLITE_OK);
    add(&fixture, 3, 0, 10);
    commit(&fixture);
    deliver(&fixture);
    finish_steps(&fixture);
    assert_no_waste(&fixture);
    assert_int_equal(count_all_runs(&fixture), 1);
    assert_int_equal(count_held(&fixture, 3, 0, 5000), 10);
    tear_down_ids(&fixture);
}

static void test_a_full_disk_stops_merges_until_there_is_room(void **state UNUSED)
{
    struct id_fixture fixture;
    bool more;
    set_up_ids(&fixture, ROOMY);
    for (uint64_t i = 0; i < 8; i++)
        commit_ids(&fixture, 3, i * 600, i * 600 + 600);
    commit_ids(&fixture, 4, 10000, 20000);
    begin(&fixture);
    assert_int_equal(id_writer_forget(fixture.writer, 4), SQLITE_OK);
    commit(&fixture);
    deliver(&fixture);
    char limit[64];
    snprintf(limit, sizeof(limit), "PRAGMA max_page_count=%lld",
             (long long)number_of(fixture.database, "PRAGMA page_count"));
    run_sql(fixture.database, limit);
    assert_int_equal(id_writer_step(fixture.writer, &more), SQLITE_FULL);
    assert_true(more);
    assert_int_equal(count_held(&fixture, 3, 0, 5000), 4800);
    /* Now the waste of directory 4 goes first, and makes room. */
    finish_steps(&fixture);
    assert_no_waste(&fixture);
    assert_int_equal(count_runs(&fixture, 3), 1);
    assert_int_equal(count_held(&fixture, 3, 0, 5000), 4800);
    tear_down_ids(&fixture);
}

static void test_other_generations_stay_until_they_are_dropped(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    for (uint64_t i = 0; i < 30; i++)
        commit_ids(&fixture, i, i * 1000, i * 1000 + 1000);
    deliver(&fixture);
    struct id_writer *old = fixture.writer;
    assert_int_equal(id_writer_open(fixture.database, GENERATION + 1, &fixture.writer), SQLITE_OK);
    id_writer_close(old);
    id_writer_set_step(fixture.writer, 1000, 7);
    commit_ids(&fixture, 3, 0, 50);
    finish_steps(&fixture);
    assert_int_equal(count_all_runs(&fixture), 31);
    assert_int_equal(count_held(&fixture, 3, 3000, 4000), 1000);

    id_writer_drop_others(fixture.writer);
    finish_steps(&fixture);
    assert_int_equal(count_all_runs(&fixture), 1);
    assert_int_equal(number_of(fixture.database, "SELECT count(*) FROM id_link"), 1);
    assert_no_waste(&fixture);
    tear_down_ids(&fixture);
}

static void rot(struct id_fixture *fixture, const char *which)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "UPDATE %s", which);
    run_sql(fixture->database, sql);
    assert_int_equal(sqlite3_changes(fixture->database), 1);
}

static void test_a_run_with_an_unreadable_row_is_left_alone(void **state UNUSED)
{
    struct id_fixture fixture;
    bool more = true;
    set_up_ids(&fixture, ROOMY);
    for (uint64_t i = 0; i < 9; i++)
        commit_ids(&fixture, 3, i * 600, i * 600 + 600);
    rot(&fixture, "id_row SET words = zeroblob(800) WHERE place = (SELECT max(place) FROM id_row)");
    int failures = 0;
    while (more) {
        int code = id_writer_step(fixture.writer, &more);
        failures += code == SQLITE_CORRUPT;
        assert_true(code == SQLITE_OK || code == SQLITE_CORRUPT);
        deliver(&fixture);
    }
    assert_int_equal(failures, 1);
    finish_steps(&fixture);
    assert_int_equal(count_runs(&fixture, 3), 2);
    assert_no_waste(&fixture);
    /* The last row of the last run had 96 ids. */
    assert_int_equal(count_held(&fixture, 3, 0, 6000), 9 * 600 - 96);
    assert_true(counts_of(&fixture).errors > 0);
    tear_down_ids(&fixture);
}

static void test_tables_that_do_not_agree_are_told(void **state UNUSED)
{
    static const char *const changes[] = {
        "id_run SET ids = ids + 1",   "id_run SET run = run + 1", "id_link SET directory = 4",
        "id_link SET generation = 2", "id_link SET run = 99",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        struct id_fixture fixture;
        struct id_writer *writer = NULL;
        struct id_archive *archive = NULL;
        set_up_ids(&fixture, ROOMY);
        commit_ids(&fixture, 3, 0, 10);
        rot(&fixture, changes[i]);
        assert_int_equal(id_writer_open(fixture.database, GENERATION, &writer), SQLITE_CORRUPT);
        assert_null(writer);
        if (i != 3)
            assert_int_equal(id_archive_open(fixture.reader, GENERATION, ROOMY, &archive),
                             SQLITE_CORRUPT);
        assert_null(archive);
        tear_down_ids(&fixture);
    }
}

static void test_without_tables_nothing_opens(void **state UNUSED)
{
    struct sqlite3 *database = connect_to(":memory:");
    struct id_writer *writer = NULL;
    assert_int_equal(id_writer_open(database, GENERATION, &writer), SQLITE_ERROR);
    assert_null(writer);
    id_writer_close(NULL);
    id_archive_close(NULL);
    sqlite3_close(database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_commit_makes_one_run),
        cmocka_unit_test(test_an_id_given_twice_is_kept_once),
        cmocka_unit_test(test_small_commits_are_rewritten_into_one_row),
        cmocka_unit_test(test_many_commits_leave_few_runs),
        cmocka_unit_test(test_a_join_shares_runs),
        cmocka_unit_test(test_a_merge_replaces_runs_where_all_are),
        cmocka_unit_test(test_rows_go_only_when_the_loop_knows),
        cmocka_unit_test(test_what_is_rolled_back_never_happened),
        cmocka_unit_test(test_a_merge_cut_off_by_a_crash_leaves_nothing),
        cmocka_unit_test(test_a_merge_of_a_directory_forgotten_meanwhile_is_dropped),
        cmocka_unit_test(test_a_full_disk_stops_merges_until_there_is_room),
        cmocka_unit_test(test_other_generations_stay_until_they_are_dropped),
        cmocka_unit_test(test_a_run_with_an_unreadable_row_is_left_alone),
        cmocka_unit_test(test_tables_that_do_not_agree_are_told),
        cmocka_unit_test(test_without_tables_nothing_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
