/* Ids on disk, the loop's side: what it says while commits, joins and news are on their way. */
#include "id_fixture.h"

static struct id_news *commit_and_take(struct id_fixture *fixture)
{
    commit(fixture);
    return id_writer_take_news(fixture->writer);
}

static void test_only_committed_ids_of_the_directory_are_held(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    begin(&fixture);
    add(&fixture, 3, 0, 100);
    add(&fixture, 4, 100, 20000);
    struct id_news *news = commit_and_take(&fixture);
    assert_int_equal(count_held(&fixture, 3, 0, 20000), 0);
    id_archive_apply(fixture.archive, news);
    assert_int_equal(count_held(&fixture, 3, 0, 20000), 100);
    assert_int_equal(count_held(&fixture, 4, 0, 20000), 19900);
    assert_int_equal(count_held(&fixture, 5, 0, 20000), 0);
    assert_int_equal(counts_of(&fixture).ids, 20000);
    id_archive_apply(fixture.archive, NULL);
    tear_down_ids(&fixture);
}

static void test_what_was_committed_before_is_there_after_a_restart(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    commit_ids(&fixture, 3, 0, 5000);
    commit_ids(&fixture, 3, 5000, 5050);
    close_sides(&fixture);
    open_sides(&fixture, ROOMY);
    assert_int_equal(counts_of(&fixture).ids, 5050);
    assert_int_equal(count_held(&fixture, 3, 0, 10000), 5050);
    tear_down_ids(&fixture);
}

static void test_news_of_before_the_opening_change_nothing(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    for (uint64_t i = 0; i < 20; i++)
        commit_ids(&fixture, 3, i * 100, i * 100 + 100);
    struct id_news *news = id_writer_take_news(fixture.writer);
    id_archive_close(fixture.archive);
    assert_int_equal(id_archive_open(fixture.reader, GENERATION, ROOMY, &fixture.archive),
                     SQLITE_OK);
    id_archive_apply(fixture.archive, news);
    assert_int_equal(counts_of(&fixture).ids, 2000);
    assert_int_equal(count_held(&fixture, 3, 0, 3000), 2000);
    tear_down_ids(&fixture);
}

static void test_a_join_counts_at_once_and_stays(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    commit_ids(&fixture, 3, 0, 1000);
    deliver(&fixture);
    id_archive_join(fixture.archive, 9, 3);
    assert_int_equal(count_held(&fixture, 9, 0, 2000), 1000);
    assert_int_equal(counts_of(&fixture).ids, 1000);
    /* News of something else, before the join is committed. */
    commit_ids(&fixture, 7, 5000, 5010);
    deliver(&fixture);
    assert_int_equal(count_held(&fixture, 9, 0, 2000), 1000);
    begin(&fixture);
    assert_int_equal(id_writer_join(fixture.writer, 9, 3), SQLITE_OK);
    add(&fixture, 3, 1000, 1010); /* after the join: not of 9 */
    commit(&fixture);
    deliver(&fixture);
    assert_int_equal(count_held(&fixture, 9, 0, 2000), 1000);
    assert_int_equal(count_held(&fixture, 3, 0, 2000), 1010);
    tear_down_ids(&fixture);
}

static void test_a_join_gets_what_was_on_its_way_to_the_source(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    begin(&fixture);
    add(&fixture, 3, 0, 1000);
    struct id_news *news = commit_and_take(&fixture);
    id_archive_join(fixture.archive, 9, 3); /* before the news */
    assert_int_equal(count_held(&fixture, 9, 0, 1000), 0);
    id_archive_apply(fixture.archive, news);
    assert_int_equal(count_held(&fixture, 9, 0, 1000), 1000);
    begin(&fixture);
    assert_int_equal(id_writer_join(fixture.writer, 9, 3), SQLITE_OK);
    commit(&fixture);
    deliver(&fixture);
    assert_int_equal(count_held(&fixture, 9, 0, 1000), 1000);
    tear_down_ids(&fixture);
}

static void test_a_merge_of_the_source_takes_nothing_from_a_pending_join(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    for (uint64_t i = 0; i < 8; i++)
        commit_ids(&fixture, 3, i * 600, i * 600 + 600);
    deliver(&fixture);
    id_archive_join(fixture.archive, 9, 3);
    finish_steps(&fixture); /* the runs that 9 was seen to have are gone */
    assert_int_equal(number_of(fixture.database, "SELECT count(*) FROM id_run"), 1);
    assert_int_equal(count_held(&fixture, 9, 0, 4800), 4800);
    assert_int_equal(counts_of(&fixture).errors, 0);
    tear_down_ids(&fixture);
}

static void test_a_forgotten_directory_does_not_come_back_by_old_news(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    commit_ids(&fixture, 3, 0, 100);
    deliver(&fixture);
    begin(&fixture);
    add(&fixture, 3, 100, 200);
    struct id_news *news = commit_and_take(&fixture);
    id_archive_forget(fixture.archive, 3);
    assert_int_equal(count_held(&fixture, 3, 0, 300), 0);
    id_archive_apply(fixture.archive, news);
    assert_int_equal(count_held(&fixture, 3, 0, 300), 0);
    begin(&fixture);
    assert_int_equal(id_writer_forget(fixture.writer, 3), SQLITE_OK);
    add(&fixture, 3, 200, 250);
    commit(&fixture);
    deliver(&fixture);
    assert_int_equal(count_held(&fixture, 3, 0, 300), 50);
    tear_down_ids(&fixture);
}

static void test_pending_ones_are_applied_in_order(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    commit_ids(&fixture, 3, 0, 100);
    commit_ids(&fixture, 4, 100, 200);
    deliver(&fixture);
    id_archive_join(fixture.archive, 5, 3);
    id_archive_join(fixture.archive, 6, 5);
    id_archive_forget(fixture.archive, 5);
    id_archive_join(fixture.archive, 5, 4);
    id_archive_forget(fixture.archive, 3);
    for (int applied = 0; applied < 2; applied++) {
        assert_int_equal(count_held(&fixture, 3, 0, 200), 0);
        assert_int_equal(count_held(&fixture, 5, 0, 200), 100);
        assert_int_equal(count_held(&fixture, 5, 100, 200), 100);
        assert_int_equal(count_held(&fixture, 6, 0, 100), 100);
        assert_int_equal(count_held(&fixture, 6, 100, 200), 0);
        begin(&fixture);
        if (applied == 0) {
            assert_int_equal(id_writer_join(fixture.writer, 5, 3), SQLITE_OK);
            assert_int_equal(id_writer_join(fixture.writer, 6, 5), SQLITE_OK);
            assert_int_equal(id_writer_forget(fixture.writer, 5), SQLITE_OK);
            assert_int_equal(id_writer_join(fixture.writer, 5, 4), SQLITE_OK);
            assert_int_equal(id_writer_forget(fixture.writer, 3), SQLITE_OK);
        }
        commit(&fixture);
        deliver(&fixture);
    }
    tear_down_ids(&fixture);
}

static void test_memory_stays_within_its_maximum(void **state UNUSED)
{
    enum { MAXIMUM = 300000, DIRECTORIES = 20 };
    struct id_fixture fixture;
    set_up_ids(&fixture, MAXIMUM);
    for (uint64_t i = 0; i < DIRECTORIES; i++)
        commit_ids(&fixture, i, i * 20000, (i + 1) * 20000);
    deliver(&fixture);
    for (int pass = 0; pass < 2; pass++) {
        for (uint64_t i = 0; i < DIRECTORIES; i++) {
            assert_int_equal(count_held(&fixture, i, i * 20000, (i + 1) * 20000), 20000);
            assert_int_equal(count_held(&fixture, i, (i + 1) * 20000, (i + 2) * 20000), 0);
            assert_in_range(counts_of(&fixture).bytes, 1000, MAXIMUM);
        }
    }
    tear_down_ids(&fixture);
}

static void test_rows_are_read_once_while_there_is_room(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    commit_ids(&fixture, 3, 0, 20000);
    deliver(&fixture);
    assert_int_equal(count_held(&fixture, 3, 0, 20000), 20000);
    uint64_t lookups = counts_of(&fixture).lookups;
    /* 40 rows, 1 page of first ids, 10 pages of the filter. */
    assert_in_range(lookups, 51, 52);
    assert_int_equal(count_held(&fixture, 3, 0, 20000), 20000);
    assert_int_equal(counts_of(&fixture).lookups, lookups);
    tear_down_ids(&fixture);
}

static void test_the_filter_saves_nearly_all_reads_of_new_ids(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, 60000); /* for the filter, but not for the rows */
    commit_ids(&fixture, 3, 0, 20000);
    deliver(&fixture);
    assert_int_equal(count_held(&fixture, 3, 20000, 40000), 0);
    assert_in_range(counts_of(&fixture).lookups, 10, 11 + 40);
    tear_down_ids(&fixture);
}

static void test_a_directory_larger_than_the_maximum_works(void **state UNUSED)
{
    static const size_t maxima[] = {0, 2000, 30000, 50000};
    for (size_t i = 0; i < ARRAY_LENGTH(maxima); i++) {
        struct id_fixture fixture;
        set_up_ids(&fixture, maxima[i]);
        commit_ids(&fixture, 3, 0, 20000);
        commit_ids(&fixture, 3, 20000, 20400);
        commit_ids(&fixture, 3, 20400, 24000);
        deliver(&fixture);
        assert_int_equal(count_held(&fixture, 3, 0, 24000), 24000);
        assert_int_equal(count_held(&fixture, 3, 24000, 30000), 0);
        /* What cannot be done without: first ids, where rows are, one row. */
        assert_in_range(counts_of(&fixture).bytes, 0, maxima[i] + 8000);
        tear_down_ids(&fixture);
    }
}

static void break_rows(struct id_fixture *fixture, const char *where)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "UPDATE %s", where);
    run_sql(fixture->database, sql);
    assert_int_equal(sqlite3_changes(fixture->database), 1);
}

static void test_rot_is_found_and_counted(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    commit_ids(&fixture, 3, 0, 5040); /* 10 rows of 504 */
    commit_ids(&fixture, 4, 0, 100);
    break_rows(&fixture, "id_row SET words = substr(words, 1, 400) || x'00' || substr(words, 402)"
                         " WHERE place = 1 << 24 | 3");
    break_rows(&fixture, "id_row SET words = zeroblob(808) WHERE place = 2 << 24");
    deliver(&fixture);
    assert_int_equal(count_held(&fixture, 3, 0, 5040), 5040 - 504);
    assert_int_equal(counts_of(&fixture).errors, 504);
    assert_int_equal(count_held(&fixture, 4, 0, 100), 0);
    assert_int_equal(counts_of(&fixture).errors, 604);
    tear_down_ids(&fixture);
}

static void test_rot_of_filter_and_first_ids_loses_nothing(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    commit_ids(&fixture, 3, 0, 5040);
    break_rows(&fixture, "id_filter SET words = zeroblob(88) WHERE place = 1 << 24");
    break_rows(&fixture, "id_filter SET words = x'' WHERE place = (1 << 24) + (1 << 23) + 1");
    break_rows(&fixture, "id_row SET words = zeroblob(808) WHERE place = 1 << 24 | 3");
    deliver(&fixture);
    assert_int_equal(count_held(&fixture, 3, 0, 5040), 5040 - 504);
    assert_int_equal(count_held(&fixture, 3, 6000, 10000), 0);
    assert_true(counts_of(&fixture).errors > 0);
    tear_down_ids(&fixture);
}

static int64_t busy_checkpoint(struct id_fixture *fixture)
{
    return number_of(fixture->database, "PRAGMA wal_checkpoint(TRUNCATE)");
}

static void test_rest_lets_the_log_be_folded_back(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, ROOMY);
    commit_ids(&fixture, 3, 0, 5000);
    deliver(&fixture);
    assert_int_equal(count_held(&fixture, 3, 0, 1), 1);
    commit_ids(&fixture, 3, 5000, 6000);
    assert_int_equal(busy_checkpoint(&fixture), 1);
    id_archive_rest(fixture.archive);
    assert_int_equal(busy_checkpoint(&fixture), 0);
    assert_int_equal(count_held(&fixture, 3, 0, 6000), 5000);
    deliver(&fixture);
    assert_int_equal(busy_checkpoint(&fixture), 0);
    assert_int_equal(count_held(&fixture, 3, 0, 6000), 6000);
    tear_down_ids(&fixture);
}

/* Is all of the log in the database, as far as those who read allow? */
static bool is_log_copied(struct id_fixture *fixture)
{
    int frames;
    int copied;
    assert_int_equal(sqlite3_wal_checkpoint_v2(fixture->database, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                               &frames, &copied),
                     SQLITE_OK);
    return frames == copied;
}

static void test_lookups_renew_their_transaction(void **state UNUSED)
{
    struct id_fixture fixture;
    set_up_ids(&fixture, 0); /* each reads a row */
    commit_ids(&fixture, 3, 0, 5000);
    deliver(&fixture);
    assert_int_equal(count_held(&fixture, 3, 0, 2), 2);
    commit_ids(&fixture, 3, 5000, 6000);
    assert_false(is_log_copied(&fixture));
    assert_int_equal(count_held(&fixture, 3, 0, 200), 200);
    assert_true(is_log_copied(&fixture));
    tear_down_ids(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_committed_ids_of_the_directory_are_held),
        cmocka_unit_test(test_what_was_committed_before_is_there_after_a_restart),
        cmocka_unit_test(test_news_of_before_the_opening_change_nothing),
        cmocka_unit_test(test_a_join_counts_at_once_and_stays),
        cmocka_unit_test(test_a_join_gets_what_was_on_its_way_to_the_source),
        cmocka_unit_test(test_a_merge_of_the_source_takes_nothing_from_a_pending_join),
        cmocka_unit_test(test_a_forgotten_directory_does_not_come_back_by_old_news),
        cmocka_unit_test(test_pending_ones_are_applied_in_order),
        cmocka_unit_test(test_memory_stays_within_its_maximum),
        cmocka_unit_test(test_rows_are_read_once_while_there_is_room),
        cmocka_unit_test(test_the_filter_saves_nearly_all_reads_of_new_ids),
        cmocka_unit_test(test_a_directory_larger_than_the_maximum_works),
        cmocka_unit_test(test_rot_is_found_and_counted),
        cmocka_unit_test(test_rot_of_filter_and_first_ids_loses_nothing),
        cmocka_unit_test(test_rest_lets_the_log_be_folded_back),
        cmocka_unit_test(test_lookups_renew_their_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
