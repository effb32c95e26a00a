/* state.c, handover.c, committed.c: records and ids that come back, as promised in state.h. */
#include "state_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include "state/sweep.h"

/* --- Records -------------------------------------------------------------------------------- */

static void starts_empty_and_makes_its_files_for_the_owner_alone(void **context)
{
    struct scene *scene = *context;
    static const char *const files[] = {"state.db", "state.db-wal", "state.db-shm", "lock"};
    struct stat facts;
    umask(0);
    open_state(scene);
    assert_loads(scene, STATE_NEW, "");
    assert_int_equal(stat(scene->directory, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0700);
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        AUTO_FREE char *path = memory_format("%s/%s", scene->directory, files[i]);
        assert_int_equal(stat(path, &facts), 0);
        assert_int_equal(facts.st_mode & 07777, 0600);
    }
    close_clean(scene);
    AUTO_FREE char *totals = memory_format("%s/totals.db", scene->directory);
    assert_int_equal(stat(totals, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
}

static void hands_records_out_kind_by_kind(void **context)
{
    struct scene *scene = *context;
    open_state(scene);
    put(scene, RECORD_STREAM, "s", "5");
    put(scene, RECORD_SERIES, "b", "2");
    put(scene, RECORD_SERIES, "a", "1");
    put(scene, RECORD_FAMILY, "f", "");
    put(scene, RECORD_OWN, "", "nameless");
    close_clean(scene);
    open_state(scene);
    assert_loads(scene, STATE_CLEAN, "1:f= 2:a=1 2:b=2 7:s=5 8:=nameless ");
}

static void the_last_word_within_a_batch_counts(void **context)
{
    struct scene *scene = *context;
    open_state(scene);
    put(scene, RECORD_SERIES, "a", "1");
    put(scene, RECORD_SERIES, "a", "2");
    put(scene, RECORD_SERIES, "b", "1");
    remove_record(scene, RECORD_SERIES, "b");
    remove_record(scene, RECORD_SERIES, "c");
    put(scene, RECORD_SERIES, "c", "3");
    remove_record(scene, RECORD_SERIES, "never");
    commit(scene);
    put(scene, RECORD_SERIES, "a", "4");
    remove_record(scene, RECORD_SERIES, "c");
    close_clean(scene);
    open_state(scene);
    assert_loads(scene, STATE_CLEAN, "2:a=4 ");
}

static void bytes_come_back_as_they_were(void **context)
{
    struct scene *scene = *context;
    char key[256];
    AUTO_FREE char *value = memory_alloc(300000);
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (char)i;
    for (size_t i = 0; i < 300000; i++)
        value[i] = (char)(i * 7);
    open_state(scene);
    const struct record_sink *sink = state_sink(scene->state);
    sink->put(sink->context, RECORD_SET, (struct bytes){key, sizeof(key)},
              (struct bytes){value, 300000}, 0);
    assert_in_range(state_batch_bytes(scene->state), 300256, 300400);
    commit(scene);
    assert_int_equal(state_batch_bytes(scene->state), 0);
    struct text found;
    text_init(&found, TEXT_UNLIMITED);
    assert_true(state_recall(scene->state, RECORD_SET, (struct bytes){key, sizeof(key)}, &found));
    assert_int_equal(found.length, 300000);
    assert_memory_equal(found.data, value, 300000);
    text_free(&found);
}

static void recalls_what_is_committed_and_nothing_else(void **context)
{
    struct scene *scene = *context;
    open_state(scene);
    put(scene, RECORD_SERIES, "a", "1");
    assert_recalls(scene, RECORD_SERIES, "a", NULL);
    commit(scene);
    assert_recalls(scene, RECORD_SERIES, "a", "1");
    assert_recalls(scene, RECORD_FAMILY, "a", NULL);
    put(scene, RECORD_SERIES, "a", "2");
    assert_recalls(scene, RECORD_SERIES, "a", "1");
    commit(scene);
    assert_recalls(scene, RECORD_SERIES, "a", "2");
}

/* --- Starts --------------------------------------------------------------------------------- */

static void each_start_knows_how_the_last_ended(void **context)
{
    struct scene *scene = *context;
    open_state(scene);
    assert_loads(scene, STATE_NEW, "");
    close_state(scene); /* nothing was committed */
    open_state(scene);
    assert_loads(scene, STATE_NEW, "");
    commit(scene); /* an empty batch is a commit, too */
    close_state(scene);
    open_state(scene);
    assert_loads(scene, STATE_UNCLEAN, "");
    close_clean(scene);
    open_state(scene);
    assert_loads(scene, STATE_CLEAN, "");
    close_state(scene); /* a start alone ends the order */
    open_state(scene);
    assert_loads(scene, STATE_UNCLEAN, "");
    put(scene, RECORD_OWN, "a", "1");
    close_clean(scene);
    open_state(scene);
    assert_loads(scene, STATE_CLEAN, "8:a=1 ");
}

static void a_second_instance_is_refused(void **context)
{
    struct scene *scene = *context;
    struct scene other = *scene;
    char *error = NULL;
    char process[32];
    open_state(scene);
    assert_int_equal(try_open(&other, false, &error), -EBUSY);
    snprintf(process, sizeof(process), "process %ld", (long)getpid());
    assert_non_null(strstr(error, process));
    assert_non_null(strstr(error, scene->directory));
    free(error);
    close_state(scene);
    open_state(scene);
}

static void folds_the_log_back_at_a_clean_stop(void **context)
{
    struct scene *scene = *context;
    struct stat facts;
    AUTO_FREE char *log = memory_format("%s/state.db-wal", scene->directory);
    open_state(scene);
    put(scene, RECORD_OWN, "a", "1");
    commit(scene);
    assert_int_equal(stat(log, &facts), 0);
    assert_true(facts.st_size > 0);
    assert_int_equal(state_commit_and_wait(scene->state, true, PATIENCE), 0);
    assert_int_equal(stat(log, &facts), 0);
    assert_int_equal(facts.st_size, 0);
    close_state(scene);
    assert_int_equal(stat(log, &facts), -1);
}

/* --- Commits -------------------------------------------------------------------------------- */

static void one_batch_at_a_time(void **context)
{
    struct scene *scene = *context;
    struct state_result result;
    open_state(scene);
    assert_false(state_is_busy(scene->state));
    put(scene, RECORD_SERIES, "a", "1");
    assert_true(state_commit(scene->state, false));
    assert_true(state_is_busy(scene->state));
    put(scene, RECORD_SERIES, "b", "2");
    assert_false(state_commit(scene->state, false));
    assert_true(state_batch_bytes(scene->state) > 0); /* nothing happened to it */
    await_result(scene, &result);
    assert_true(result.committed);
    assert_true(result.seconds > 0);
    assert_string_equal(result.reason, "");
    assert_false(state_is_busy(scene->state));
    assert_recalls(scene, RECORD_SERIES, "b", NULL);
    state_retry(scene->state); /* nothing failed, nothing happens */
    assert_true(state_commit(scene->state, false));
    await_result(scene, &result);
    assert_recalls(scene, RECORD_SERIES, "b", "2");
}

static void waiting_takes_what_is_under_way_along(void **context)
{
    struct scene *scene = *context;
    open_state(scene);
    put(scene, RECORD_SERIES, "a", "1");
    assert_true(state_commit(scene->state, false));
    put(scene, RECORD_SERIES, "b", "2");
    close_clean(scene);
    open_state(scene);
    assert_loads(scene, STATE_CLEAN, "2:a=1 2:b=2 ");
}

static void closing_finishes_what_was_handed_over(void **context)
{
    struct scene *scene = *context;
    open_state(scene);
    put(scene, RECORD_SERIES, "a", "1");
    assert_true(state_commit(scene->state, false));
    close_state(scene);
    open_state(scene);
    assert_loads(scene, STATE_UNCLEAN, "2:a=1 ");
}

static void counts_what_it_did(void **context)
{
    struct scene *scene = *context;
    int64_t before = clock_wall();
    open_state(scene);
    struct state_counts counts = counts_of(scene);
    assert_int_equal(counts.last_commit, 0);
    assert_false(counts.failing);
    assert_string_equal(counts.path, scene->database);
    assert_null(counts.set_aside);
    put(scene, RECORD_SERIES, "a", "1");
    commit(scene);
    commit(scene);
    counts = counts_of(scene);
    assert_int_equal(counts.commits, 2);
    assert_int_equal(counts.failures, 0);
    assert_in_range(counts.last_commit, before, clock_wall());
    assert_true(counts.bytes > 4096);
    close_state(scene);
    open_state(scene); /* the time of the last commit comes back */
    assert_int_equal(counts_of(scene).last_commit, counts.last_commit);
}

/* --- Ids ------------------------------------------------------------------------------------ */

static void put_ids(struct scene *scene, uint64_t directory, uint64_t first, size_t count)
{
    const struct record_sink *sink = state_sink(scene->state);
    AUTO_FREE uint64_t *ids = memory_zero(count, sizeof(*ids));
    for (size_t i = 0; i < count; i++)
        ids[i] = first + (count - i) * 0x9E3779B97F4A7C15u;
    sink->ids(sink->context, directory, ids, count);
}

static bool holds(const struct scene *scene, uint64_t directory, uint64_t first, size_t position)
{
    return state_holds_id(scene->state, directory, first + position * 0x9E3779B97F4A7C15u);
}

static void assert_holds_all(const struct scene *scene, uint64_t directory, uint64_t first,
                             size_t count)
{
    for (size_t i = 1; i <= count; i++)
        assert_true(holds(scene, directory, first, i));
    assert_false(holds(scene, directory, first, count + 1));
}

static void ids_are_found_from_their_commit_on(void **context)
{
    struct scene *scene = *context;
    open_state(scene);
    put_ids(scene, 3, 100, 5000);
    assert_int_equal(state_batch_bytes(scene->state) / 8, 5003); /* and the entry's head */
    assert_false(holds(scene, 3, 100, 1));
    commit(scene);
    assert_holds_all(scene, 3, 100, 5000);
    assert_false(holds(scene, 4, 100, 1));
    put_ids(scene, 3, 777, 10);
    close_clean(scene);
    open_state(scene);
    assert_holds_all(scene, 3, 100, 5000);
    assert_holds_all(scene, 3, 777, 10);
    assert_int_equal(counts_of(scene).ids_on_disk, 5010);
    assert_true(counts_of(scene).id_memory > 0);
    assert_false(counts_of(scene).failing);
}

static void joined_ids_are_those_of_both(void **context)
{
    struct scene *scene = *context;
    open_state(scene);
    put_ids(scene, 3, 100, 50);
    commit(scene);
    state_join_ids(scene->state, 9, 3);
    assert_holds_all(scene, 9, 100, 50); /* at once */
    put_ids(scene, 3, 500, 5);           /* later: not of 9 */
    commit(scene);
    assert_holds_all(scene, 9, 100, 50);
    assert_false(holds(scene, 9, 500, 1));
    state_forget_ids(scene->state, 3);
    assert_false(holds(scene, 3, 100, 1));
    close_clean(scene);
    open_state(scene);
    assert_holds_all(scene, 9, 100, 50);
    assert_false(holds(scene, 3, 100, 1));
    assert_false(holds(scene, 3, 500, 1));
}

/* --- Recount -------------------------------------------------------------------------------- */

static void fill(struct scene *scene)
{
    open_state(scene);
    put(scene, RECORD_SERIES, "old", "1");
    put_ids(scene, 3, 100, 50);
    close_clean(scene);
}

static void a_recount_takes_over_when_finished(void **context)
{
    struct scene *scene = *context;
    fill(scene);
    open_recount(scene);
    assert_loads(scene, STATE_NEW, "");
    assert_false(holds(scene, 3, 100, 1));
    put(scene, RECORD_SERIES, "new", "2");
    put_ids(scene, 3, 200, 50);
    commit(scene);
    assert_recalls(scene, RECORD_SERIES, "new", "2");
    assert_recalls(scene, RECORD_SERIES, "old", NULL);
    state_finish_recount(scene->state);
    close_clean(scene);
    open_state(scene);
    assert_loads(scene, STATE_CLEAN, "2:new=2 ");
    assert_holds_all(scene, 3, 200, 50);
    assert_false(holds(scene, 3, 100, 1));
}

static void a_recount_that_was_not_finished_never_was(void **context)
{
    struct scene *scene = *context;
    fill(scene);
    open_recount(scene);
    put(scene, RECORD_SERIES, "new", "2");
    put_ids(scene, 3, 200, 50);
    commit(scene);
    close_clean(scene);
    open_state(scene);
    assert_loads(scene, STATE_UNCLEAN, "2:old=1 ");
    assert_holds_all(scene, 3, 100, 50);
    assert_false(holds(scene, 3, 200, 1));
    close_state(scene);
    open_recount(scene); /* nor is it found by the next one */
    assert_recalls(scene, RECORD_SERIES, "new", NULL);
    assert_false(holds(scene, 3, 200, 1));
    put(scene, RECORD_SERIES, "newer", "3");
    state_finish_recount(scene->state);
    commit(scene);
    close_state(scene);
    open_state(scene);
    assert_loads(scene, STATE_UNCLEAN, "2:newer=3 ");
}

/* --- What is over --------------------------------------------------------------------------- */

/* Commits until the query by hand gives 0: upkeep goes on after each. */
static void commit_until_none(struct scene *scene, const char *sql)
{
    int64_t deadline = clock_monotonic() + PATIENCE;
    while (ask(scene->database, sql) != 0) {
        assert_true(clock_monotonic() < deadline);
        commit(scene);
        usleep(2000);
    }
}

static void records_are_deleted_when_their_time_is_over(void **context)
{
    struct scene *scene = *context;
    int64_t now = clock_wall();
    open_state(scene);
    for (int i = 0; i < 2 * SWEEP_STEP + 500; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%d", i);
        put_until(scene, RECORD_MEMORY_KEY, key, "over", now - 1 - i);
    }
    put_until(scene, RECORD_MEMORY_KEY, "later", "1", now + 3600 * NANOSECONDS_PER_SECOND);
    put_until(scene, RECORD_MEMORY_KEY, "never", "2", 0);
    commit(scene);
    commit_until_none(scene, "SELECT count(*) FROM record WHERE value = x'6f766572'");
    close_state(scene);
    open_state(scene);
    assert_loads(scene, STATE_UNCLEAN, "5:later=1 5:never=2 ");
}

static void generations_that_are_over_are_deleted(void **context)
{
    struct scene *scene = *context;
    open_state(scene);
    for (int i = 0; i < 2 * SWEEP_STEP + 500; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%d", i);
        put(scene, RECORD_MEMORY_KEY, key, "old");
    }
    close_clean(scene);
    open_recount(scene);
    put(scene, RECORD_MEMORY_KEY, "new", "1");
    commit(scene);
    commit(scene);
    assert_int_equal(ask(scene->database, "SELECT count(*) FROM record WHERE value = x'6f6c64'"),
                     2 * SWEEP_STEP + 500);
    state_finish_recount(scene->state);
    commit(scene);
    commit_until_none(scene, "SELECT count(*) FROM record WHERE value = x'6f6c64'");
    close_state(scene);
    open_state(scene);
    assert_loads(scene, STATE_UNCLEAN, "5:new=1 ");
}

/* --- Killed --------------------------------------------------------------------------------- */

#define BATCH_RECORDS 200

/* Commits for ever; batch n is BATCH_RECORDS records of value n, and 50 ids. Says through `ready`
 * when the first is done. */
static _Noreturn void commit_for_ever(struct scene *scene, int ready)
{
    unsigned batch = 0;
    AUTO_FREE char *old = NULL;
    open_state(scene);
    old = load(scene);
    if (sscanf(old, "2:0=%u", &batch) != 1)
        batch = 0;
    for (;;) {
        char value[16];
        snprintf(value, sizeof(value), "%u", ++batch);
        for (int i = 0; i < BATCH_RECORDS; i++) {
            char key[16];
            snprintf(key, sizeof(key), "%d", i);
            put(scene, RECORD_SERIES, key, value);
        }
        put_ids(scene, 1, (uint64_t)batch << 32, 50);
        commit(scene);
        if (write(ready, "", 1) < 0)
            abort();
    }
}

/* In every other round it is killed while it starts. */
static void run_and_kill(struct scene *scene, int round, unsigned *seed)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0)
        commit_for_ever(scene, ready[1]);
    assert_true(child > 0);
    close(ready[1]);
    if (round % 2 == 0)
        assert_int_equal(read(ready[0], &byte, 1), 1);
    usleep((useconds_t)rand_r(seed) % 40000);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ready[0]);
}

/* The number of the batch that all records are of; 0: there is none. */
static unsigned assert_of_one_batch(struct scene *scene)
{
    AUTO_FREE char *records = load(scene);
    unsigned batch = 0;
    unsigned count = 0;
    char *left = NULL;
    for (char *record = strtok_r(records, " ", &left); record;
         record = strtok_r(NULL, " ", &left)) {
        unsigned value = (unsigned)atoi(strchr(record, '=') + 1);
        assert_true(count++ == 0 || value == batch);
        batch = value;
    }
    assert_true(count == 0 || count == BATCH_RECORDS);
    return batch;
}

static void a_killed_writer_leaves_whole_batches(void **context)
{
    struct scene *scene = *context;
    unsigned batch = 0;
    unsigned seed = 7;
    for (int round = 0; round < 20; round++) {
        run_and_kill(scene, round, &seed);
        open_state(scene);
        unsigned now = assert_of_one_batch(scene);
        assert_true(now >= batch);
        batch = now;
        if (batch > 0)
            assert_holds_all(scene, 1, (uint64_t)batch << 32, 50);
        assert_false(holds(scene, 1, ((uint64_t)batch + 1) << 32, 1));
        close_state(scene);
    }
    assert_true(batch >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(starts_empty_and_makes_its_files_for_the_owner_alone,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(hands_records_out_kind_by_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_word_within_a_batch_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_come_back_as_they_were, set_up, tear_down),
        cmocka_unit_test_setup_teardown(recalls_what_is_committed_and_nothing_else, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(each_start_knows_how_the_last_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_instance_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_the_log_back_at_a_clean_stop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_batch_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiting_takes_what_is_under_way_along, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_finishes_what_was_handed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_what_it_did, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_are_found_from_their_commit_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(joined_ids_are_those_of_both, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_recount_takes_over_when_finished, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_recount_that_was_not_finished_never_was, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(records_are_deleted_when_their_time_is_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(generations_that_are_over_are_deleted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_killed_writer_leaves_whole_batches, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
