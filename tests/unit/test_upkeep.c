/* upkeep.c: between commits the log is folded back, though the loop's reader hardly ever rests, and
 * the totals are copied once a day. */
#include "state_fixture.h"

#include <sys/stat.h>

#include "state/batch.h"
#include "state/commit.h"
#include "state/database.h"
#include "state/failure.h"
#include "state/schema.h"
#include "state/totals.h"
#include "state/upkeep.h"

#define HOUR (INT64_C(3600) * NANOSECONDS_PER_SECOND)

/* A database opened by hand, without thread or loop. */
struct opened {
    struct state_files files;
    struct database *database;
    struct upkeep upkeep;
    struct batch *batch;
};

static void open_by_hand(const struct scene *scene, bool recount, struct opened *ret_opened)
{
    struct failure failure;
    state_files_init(&ret_opened->files, scene->directory);
    assert_int_equal(state_files_make_directory(&ret_opened->files), 0);
    const struct database_request request = {.files = &ret_opened->files,
                                             .schema = &schema_current,
                                             .wanted = DATABASE_ANY,
                                             .recount = recount};
    assert_int_equal(database_open(&request, &ret_opened->database, &failure), 0);
    upkeep_init(&ret_opened->upkeep);
    ret_opened->batch = batch_new();
}

static void close_by_hand(struct opened *opened)
{
    batch_free(opened->batch);
    database_close(opened->database);
    state_files_free(&opened->files);
}

static void commit_bytes(struct opened *opened, int number, size_t length)
{
    struct failure failure;
    AUTO_FREE char *value = memory_zero(length, 1);
    const struct row row = {.record = {.kind = RECORD_SERIES,
                                       .key = {(const char *)&number, sizeof(number)},
                                       .value = {value, length}}};
    batch_clear(opened->batch);
    batch_put(opened->batch, &row);
    assert_int_equal(
        commit_run(opened->database, opened->batch, &(struct commit_options){0}, &failure), 0);
}

/* How many steps a round takes. */
static int take_round(struct opened *opened)
{
    int steps = 0;
    struct failure failure;
    upkeep_begin(&opened->upkeep, opened->database, &opened->files);
    while (upkeep_is_due(&opened->upkeep)) {
        if (upkeep_step(&opened->upkeep, opened->database, &opened->files, &failure) < 0)
            fail_msg("%s", failure.message);
        steps++;
    }
    return steps;
}

/* The reader ends its snapshot and begins a new one. */
static void rest(struct opened *opened)
{
    assert_int_equal(sqlite3_exec(opened->database->reader,
                                  "COMMIT; BEGIN; SELECT count(*) FROM meta", NULL, NULL, NULL),
                     SQLITE_OK);
}

static void the_log_is_folded_back_beside_a_reader(void **context)
{
    struct scene *scene = *context;
    struct opened opened;
    struct stat facts;
    open_by_hand(scene, false, &opened);
    assert_int_equal(
        sqlite3_exec(opened.database->reader, "BEGIN; SELECT count(*) FROM meta", NULL, NULL, NULL),
        SQLITE_OK);
    for (int i = 0; i < 80; i++) {
        rest(&opened); /* a batch is handed over */
        commit_bytes(&opened, i % 4, 1 << 20);
        rest(&opened); /* its result is taken */
        take_round(&opened);
        assert_int_equal(stat(opened.files.wal, &facts), 0);
        assert_true(facts.st_size < 30 << 20);
    }
    assert_true(facts.st_size > 1 << 20);
    close_by_hand(&opened);
}

static void backdate_totals(const struct opened *opened, int64_t age)
{
    int64_t then = clock_wall() - age;
    const struct timespec times[2] = {
        {then / NANOSECONDS_PER_SECOND, then % NANOSECONDS_PER_SECOND},
        {then / NANOSECONDS_PER_SECOND, then % NANOSECONDS_PER_SECOND}};
    assert_int_equal(utimensat(AT_FDCWD, opened->files.totals, times, 0), 0);
}

static bool has_totals(const struct opened *opened)
{
    return totals_age(&opened->files, clock_wall()) < HOUR;
}

static void totals_are_copied_once_a_day(void **context)
{
    struct scene *scene = *context;
    struct opened opened;
    open_by_hand(scene, false, &opened);
    commit_bytes(&opened, 1, 10);
    take_round(&opened); /* too early: it may be catching up */
    assert_false(has_totals(&opened));
    opened.upkeep.started -= 2 * HOUR;
    take_round(&opened);
    assert_true(has_totals(&opened));
    backdate_totals(&opened, 23 * HOUR);
    take_round(&opened);
    assert_false(has_totals(&opened));
    backdate_totals(&opened, 25 * HOUR);
    take_round(&opened);
    assert_true(has_totals(&opened));
    AUTO_FREE char *made = memory_format("%s.tmp", opened.files.totals);
    assert_int_equal(access(made, F_OK), -1);
    close_by_hand(&opened);
}

static void a_recount_leaves_the_totals_alone(void **context)
{
    struct scene *scene = *context;
    struct opened opened;
    struct failure failure;
    open_by_hand(scene, true, &opened);
    commit_bytes(&opened, 1, 10);
    opened.upkeep.started -= 2 * HOUR;
    take_round(&opened);
    assert_int_equal(upkeep_finish(opened.database, &opened.files, &failure), 0);
    assert_false(has_totals(&opened));
    close_by_hand(&opened);
}

/* Families and series, and nothing else. */
static void totals_hold_what_never_falls(void **context)
{
    struct scene *scene = *context;
    struct text found;
    struct state_files files;
    text_init(&found, TEXT_UNLIMITED);
    open_state(scene);
    put(scene, RECORD_FAMILY, "f", "1");
    put(scene, RECORD_SERIES, "s", "2");
    put(scene, RECORD_MEMORY_KEY, "m", "3");
    put(scene, RECORD_STREAM, "t", "4");
    close_clean(scene);
    state_files_init(&files, scene->directory);
    assert_int_equal(totals_load(&files, on_record_listed, &found), 2);
    assert_string_equal(found.data, "1:f=1 2:s=2 ");
    text_clear(&found);
    run_by_hand(files.totals, "UPDATE record SET value = x'39' WHERE kind = 1");
    assert_int_equal(totals_load(&files, on_record_listed, &found), 1); /* the rest of it */
    assert_string_equal(found.data, "2:s=2 ");
    text_free(&found);
    state_files_free(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_log_is_folded_back_beside_a_reader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(totals_are_copied_once_a_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_recount_leaves_the_totals_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(totals_hold_what_never_falls, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
