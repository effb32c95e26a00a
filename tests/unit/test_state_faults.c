/* The state on a disk that fails, on files that are damaged, moved or taken, and killed at every
 * single write: nothing is half written, nothing mixed, and what was kept is committed later. */
#include "state_fixture.h"

#include <sys/wait.h>

#include "fault_disk.h"

static void be_root_again(void)
{
    if (getuid() == 0 && seteuid(0) < 0)
        abort();
}

static int set_up_disk(void **context)
{
    disk_set(DISK_WORKS);
    return set_up(context);
}

static int tear_down_disk(void **context)
{
    be_root_again();
    disk_set(DISK_WORKS);
    return tear_down(context);
}

/* --- Damage --------------------------------------------------------------------------------- */

static void fill(struct scene *scene)
{
    open_state(scene);
    put(scene, RECORD_FAMILY, "f", "1");
    put(scene, RECORD_SERIES, "a", "2");
    for (int i = 0; i < 2000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%d", i);
        put(scene, RECORD_MEMORY_KEY, key, "some value of a memory");
    }
    close_clean(scene);
}

static void zero_all(const char *path)
{
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    AUTO_FREE char *zeros = memory_zero((size_t)facts.st_size, 1);
    write_file(path, zeros, (size_t)facts.st_size);
}

static void zero_page(const char *path, off_t page)
{
    static const char zeros[4096];
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(descriptor >= 0);
    assert_int_equal(pwrite(descriptor, zeros, sizeof(zeros), page * 4096), sizeof(zeros));
    close(descriptor);
}

/* The last leaf of the records. */
static void zero_records(const char *path)
{
    zero_page(path, ask(path, "SELECT max(pageno) - 1 FROM dbstat WHERE name = 'record' AND "
                              "pagetype = 'leaf'"));
}

static void keep_half_a_header(const char *path)
{
    assert_int_equal(truncate(path, 50), 0);
}

static void cut(const char *path)
{
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(truncate(path, facts.st_size / 2), 0);
}

static void write_text(const char *path)
{
    write_file(path, "this is no database, this is a letter", 37);
}

static void write_other_database(const char *path)
{
    unlink(path);
    run_by_hand(path, "CREATE TABLE letters(text); INSERT INTO letters VALUES('dear')");
}

static void alter_value(const char *path)
{
    run_by_hand(path, "UPDATE record SET value = x'39' WHERE kind = 2");
}

static void alter_time(const char *path)
{
    run_by_hand(path, "UPDATE record SET expires = 1 WHERE kind = 2");
}

static void alter_key(const char *path)
{
    run_by_hand(path, "UPDATE record SET key = x'62' WHERE kind = 2");
}

static void alter_meta(const char *path)
{
    run_by_hand(path, "UPDATE meta SET generation = 7");
}

static void drop_meta_row(const char *path)
{
    run_by_hand(path, "DELETE FROM meta");
}

static void drop_records(const char *path)
{
    run_by_hand(path, "DROP TABLE record");
}

static void drop_ids(const char *path)
{
    run_by_hand(path, "DROP TABLE id_link");
}

static const struct damage {
    const char *name;
    void (*apply)(const char *path);
} damages[] = {
    {"all NUL", zero_all},
    {"a page of NUL", zero_records},
    {"half a header", keep_half_a_header},
    {"cut in the middle", cut},
    {"another file", write_text},
    {"another database", write_other_database},
    {"a value altered", alter_value},
    {"a time altered", alter_time},
    {"a key altered", alter_key},
    {"meta altered", alter_meta},
    {"meta without its row", drop_meta_row},
    {"without records", drop_records},
    {"without ids", drop_ids},
};

static int on_record_ignored(void *context, const struct record *record)
{
    (void)context, (void)record;
    return 0;
}

/* It says so once, and then is as good as new, but for the totals. */
static void assert_set_aside(struct scene *scene, const char *totals)
{
    char *path = NULL;
    struct text records;
    const char *name = NULL;
    assert_int_equal(state_load(scene->state, on_record_ignored, NULL), -EBADMSG);
    assert_int_equal(state_started(scene->state), STATE_SET_ASIDE);
    assert_loads(scene, STATE_SET_ASIDE, "");
    name = counts_of(scene).set_aside;
    assert_non_null(name);
    assert_true(strncmp(name, "state.db.corrupt-", 17) == 0);
    path = memory_format("%s/%s", scene->directory, name);
    assert_int_equal(access(path, F_OK), 0);
    free(path);
    assert_false(counts_of(scene).failing);
    text_init(&records, TEXT_UNLIMITED);
    size_t count = state_load_totals(scene->state, on_record_listed, &records);
    assert_int_equal(count, totals[0] ? 2 : 0);
    assert_string_equal(records.data ? records.data : "", totals);
    text_free(&records);
}

static void a_damaged_database_is_set_aside(void **context)
{
    for (size_t i = 0; i < ARRAY_LENGTH(damages); i++) {
        struct scene *scene = *context;
        print_message("  %s\n", damages[i].name);
        fill(scene);
        damages[i].apply(scene->database);
        open_state(scene);
        assert_set_aside(scene, "1:f=1 2:a=2 ");
        put(scene, RECORD_SERIES, "a", "3");
        commit(scene);
        close_state(scene);
        open_state(scene);
        assert_loads(scene, STATE_UNCLEAN, "2:a=3 ");
        close_state(scene);
        nftw(scene->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    }
}

static int on_record_refused(void *context, const struct record *record)
{
    (void)context;
    return record->kind == RECORD_SERIES ? -EINVAL : 0;
}

static void a_record_that_cannot_be_is_damage(void **context)
{
    struct scene *scene = *context;
    fill(scene);
    open_state(scene);
    assert_int_equal(state_load(scene->state, on_record_refused, NULL), -EBADMSG);
    assert_loads(scene, STATE_SET_ASIDE, "");
    assert_true(count_files(scene, "state.db.corrupt-", NULL) > 0);
}

static void an_empty_file_is_a_new_database(void **context)
{
    struct scene *scene = *context;
    fill(scene);
    write_file(scene->database, "", 0);
    open_state(scene);
    assert_loads(scene, STATE_NEW, "");
    assert_int_equal(count_files(scene, "state.db.corrupt-", NULL), 0);
}

static void damaged_totals_are_done_without(void **context)
{
    struct scene *scene = *context;
    AUTO_FREE char *totals = memory_format("%s/totals.db", scene->directory);
    fill(scene);
    zero_all(scene->database);
    zero_all(totals);
    open_state(scene);
    assert_set_aside(scene, "");
}

/* What was committed since the log was folded back is in the log: it goes along. */
static void the_log_is_set_aside_with_its_database(void **context)
{
    struct scene *scene = *context;
    pid_t child = fork();
    if (child == 0) {
        open_state(scene);
        put(scene, RECORD_SERIES, "a", "1");
        commit(scene);
        run_by_hand(scene->database, "UPDATE record SET value = x'39'");
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    open_state(scene);
    assert_set_aside(scene, "");
    assert_int_equal(count_files(scene, "state.db.corrupt-", NULL), 3);
    AUTO_FREE char *aside = memory_format("%s/%s", scene->directory, counts_of(scene).set_aside);
    assert_int_equal(ask(aside, "SELECT count(*) FROM record WHERE value = x'39'"), 1);
}

/* --- A disk that fails ---------------------------------------------------------------------- */

static void assert_fails(struct scene *scene, const char *reason)
{
    struct state_result result;
    await_result(scene, &result);
    assert_false(result.committed);
    assert_string_equal(result.reason, reason);
    assert_true(strlen(result.message) > 0);
    assert_true(state_is_busy(scene->state));
    assert_false(state_commit(scene->state, false));
    struct state_counts counts = counts_of(scene);
    assert_true(counts.failing);
    assert_string_equal(counts.reason, reason);
    assert_string_equal(counts.message, result.message);
}

static void assert_commits(struct scene *scene)
{
    struct state_result result;
    state_retry(scene->state);
    await_result(scene, &result);
    if (!result.committed)
        fail_msg("%s: %s", result.reason, result.message);
    assert_false(counts_of(scene).failing);
}

static void a_batch_waits_until_the_disk_works_again(void **context)
{
    struct scene *scene = *context;
    static const struct {
        enum disk_fault fault;
        const char *reason;
    } cases[] = {{DISK_FULL, "full"}, {DISK_UNWRITTEN, "io"}, {DISK_UNSYNCED, "io"}};
    open_state(scene);
    put(scene, RECORD_SERIES, "a", "0");
    commit(scene);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char value[8];
        snprintf(value, sizeof(value), "%zu", i + 1);
        AUTO_FREE char *before = memory_format("%zu", i);
        put(scene, RECORD_SERIES, "a", value);
        put(scene, RECORD_SERIES, value, "new");
        disk_set(cases[i].fault);
        assert_true(state_commit(scene->state, false));
        put(scene, RECORD_SERIES, "next", value);
        assert_fails(scene, cases[i].reason);
        state_retry(scene->state);
        assert_fails(scene, cases[i].reason);
        assert_int_equal(counts_of(scene).failures, 2 * (i + 1));
        assert_recalls(scene, RECORD_SERIES, "a", before);
        assert_recalls(scene, RECORD_SERIES, value, NULL);
        disk_set(DISK_WORKS);
        assert_commits(scene);
        assert_recalls(scene, RECORD_SERIES, "a", value);
        commit(scene);
        assert_recalls(scene, RECORD_SERIES, "next", value);
    }
    close_clean(scene);
    open_state(scene);
    assert_loads(scene, STATE_CLEAN, "2:1=new 2:2=new 2:3=new 2:a=3 2:next=3 ");
}

static void waiting_for_a_failure_says_which(void **context)
{
    struct scene *scene = *context;
    open_state(scene);
    put(scene, RECORD_SERIES, "a", "0");
    disk_set(DISK_FULL);
    assert_int_equal(state_commit_and_wait(scene->state, true, PATIENCE), -ENOSPC);
    disk_set(DISK_UNSYNCED);
    assert_int_equal(state_commit_and_wait(scene->state, true, PATIENCE), -EIO);
    disk_set(DISK_WORKS);
    close_clean(scene); /* the first batch, and then the last */
    open_state(scene);
    assert_loads(scene, STATE_CLEAN, "2:a=0 ");
}

static void a_start_on_a_full_disk_loads_and_says_so(void **context)
{
    struct scene *scene = *context;
    open_state(scene);
    put(scene, RECORD_SERIES, "a", "1");
    close_clean(scene);
    disk_set(DISK_FULL);
    open_state(scene);
    assert_loads(scene, STATE_CLEAN, "2:a=1 ");
    assert_true(counts_of(scene).failing);
    assert_string_equal(counts_of(scene).reason, "full");
    disk_set(DISK_WORKS);
    commit(scene);
    assert_false(counts_of(scene).failing);
    close_state(scene);
    open_state(scene);
    assert_loads(scene, STATE_UNCLEAN, "2:a=1 ");
}

static void the_loop_never_waits_for_the_disk(void **context)
{
    struct scene *scene = *context;
    struct state_result result;
    open_state(scene);
    put(scene, RECORD_SERIES, "a", "1");
    commit(scene);
    disk_set(DISK_STALLS);
    atomic_store(&disk.stalled, 0);
    int64_t begun = clock_monotonic();
    put(scene, RECORD_SERIES, "a", "2");
    assert_true(state_commit(scene->state, false));
    while (atomic_load(&disk.stalled) == 0)
        usleep(1000);
    put(scene, RECORD_SERIES, "b", "3");
    assert_false(state_commit(scene->state, false));
    assert_false(state_take_result(scene->state, &result));
    assert_recalls(scene, RECORD_SERIES, "a", "1");
    assert_false(counts_of(scene).failing);
    assert_int_equal(state_commit_and_wait(scene->state, false, NANOSECONDS_PER_MILLISECOND),
                     -ETIMEDOUT);
    assert_true(clock_monotonic() - begun < PATIENCE);
    disk_set(DISK_WORKS);
    commit(scene);
    assert_recalls(scene, RECORD_SERIES, "b", "3");
}

static void closing_does_not_wait_for_ever(void **context)
{
    struct scene *scene = *context;
    open_state(scene);
    atomic_store(&disk.stalled, 0);
    disk_set(DISK_STALLS);
    put(scene, RECORD_SERIES, "a", "1");
    assert_true(state_commit(scene->state, false));
    while (atomic_load(&disk.stalled) == 0)
        usleep(1000);
    int64_t begun = clock_monotonic();
    state_close(scene->state, 20 * NANOSECONDS_PER_MILLISECOND);
    scene->state = NULL;
    assert_in_range(clock_monotonic() - begun, 20 * NANOSECONDS_PER_MILLISECOND, PATIENCE / 2);
    disk_set(DISK_WORKS);
    /* The thread ends by itself, and gives the lock back only then. */
    char *error = NULL;
    while (try_open(scene, false, &error) == -EBUSY) {
        free(TAKE(error));
        usleep(1000);
    }
    assert_loads(scene, STATE_UNCLEAN, "2:a=1 ");
}

/* --- Killed at every write ------------------------------------------------------------------ */

/* Each commit replaces all records; the numbers say which commit they are of. */
static _Noreturn void live_and_die(struct scene *scene, int kill_at)
{
    atomic_store(&disk.kill_at, kill_at);
    open_state(scene);
    AUTO_FREE char *old = load(scene);
    for (int round = 1; round <= 3; round++) {
        char value[8];
        snprintf(value, sizeof(value), "%d", round);
        put(scene, RECORD_SERIES, "a", value);
        put(scene, RECORD_STREAM, "b", value);
        if (state_commit_and_wait(scene->state, round == 3, PATIENCE) < 0)
            _exit(2);
    }
    state_close(scene->state, PATIENCE);
    _exit(0);
}

static void killed_at_any_write_it_is_as_of_the_last_commit(void **context)
{
    struct scene *scene = *context;
    static const char *const possible[] = {"", "2:a=1 7:b=1 ", "2:a=2 7:b=2 ", "2:a=3 7:b=3 "};
    int status = -1;
    int kills = 0;
    size_t last = 0;
    while (status != 0) {
        pid_t child = fork();
        if (child == 0)
            live_and_die(scene, ++kills);
        kills++;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
        open_state(scene);
        AUTO_FREE char *records = load(scene);
        size_t which = 0;
        while (which < ARRAY_LENGTH(possible) && strcmp(records, possible[which]) != 0)
            which++;
        assert_true(which < ARRAY_LENGTH(possible));
        assert_true(which >= last); /* later kills see later commits */
        last = which;
        assert_int_equal(count_files(scene, "state.db.corrupt-", NULL), 0);
        if (status == 0)
            assert_int_equal(state_started(scene->state), STATE_CLEAN);
        close_state(scene);
        nftw(scene->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    }
    assert_int_equal(last, 3);
    assert_true(kills > 30);
}

/* --- Moved, taken, replaced ----------------------------------------------------------------- */

static void a_directory_that_comes_back_is_gone_on_with(void **context)
{
    struct scene *scene = *context;
    AUTO_FREE char *elsewhere = memory_format("%s/elsewhere", scene->root);
    open_state(scene);
    put(scene, RECORD_SERIES, "a", "1");
    commit(scene);
    assert_int_equal(rename(scene->directory, elsewhere), 0);
    put(scene, RECORD_SERIES, "a", "2");
    assert_true(state_commit(scene->state, false));
    assert_fails(scene, "vanished");
    assert_int_equal(mkdir(scene->directory, 0700), 0); /* an empty one is not the same */
    state_retry(scene->state);
    assert_fails(scene, "vanished");
    assert_int_equal(rmdir(scene->directory), 0);
    assert_int_equal(rename(elsewhere, scene->directory), 0);
    assert_commits(scene);
    close_state(scene);
    open_state(scene);
    assert_loads(scene, STATE_UNCLEAN, "2:a=2 ");
}

static void nothing_is_written_to_files_that_were_unlinked_or_replaced(void **context)
{
    static const char *const names[] = {"state.db", "state.db-wal"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        struct scene *scene = *context;
        open_state(scene);
        AUTO_FREE char *path = memory_format("%s/%s", scene->directory, names[i]);
        put(scene, RECORD_SERIES, "a", "1");
        commit(scene);
        assert_int_equal(unlink(path), 0);
        put(scene, RECORD_SERIES, "a", "2");
        assert_true(state_commit(scene->state, false));
        assert_fails(scene, "vanished");
        write_file(path, "", 0);
        state_retry(scene->state);
        assert_fails(scene, "vanished");
        close_state(scene);
        nftw(scene->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    }
}

static void another_writer_is_noticed(void **context)
{
    struct scene *scene = *context;
    open_state(scene);
    commit(scene);
    run_by_hand(scene->database, "UPDATE meta SET sequence = sequence + 1");
    put(scene, RECORD_SERIES, "a", "2");
    assert_true(state_commit(scene->state, false));
    assert_fails(scene, "other");
    assert_non_null(strstr(counts_of(scene).message, "another program"));
    assert_recalls(scene, RECORD_SERIES, "a", NULL);
}

static void a_lock_held_by_hand_only_delays(void **context)
{
    struct scene *scene = *context;
    sqlite3 *hand = NULL;
    open_state(scene);
    assert_int_equal(sqlite3_open(scene->database, &hand), SQLITE_OK);
    assert_int_equal(sqlite3_exec(hand, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    put(scene, RECORD_SERIES, "a", "2");
    assert_true(state_commit(scene->state, false));
    assert_fails(scene, "other");
    sqlite3_close(hand);
    assert_commits(scene);
    assert_recalls(scene, RECORD_SERIES, "a", "2");
}

/* --- A directory that cannot be had at the start --------------------------------------------- */

/* A file stands where its parent is to be. */
static void open_without_directory(struct scene *scene, char **ret_obstacle)
{
    *ret_obstacle = memory_format("%s/a", scene->root);
    write_file(*ret_obstacle, "", 0);
    open_state(scene);
    assert_loads(scene, STATE_NEW, "");
    assert_true(counts_of(scene).failing);
    assert_recalls(scene, RECORD_SERIES, "a", NULL);
    assert_false(state_holds_id(scene->state, 1, 1));
    put(scene, RECORD_SERIES, "a", "1");
    assert_true(state_commit(scene->state, false));
    assert_fails(scene, "vanished");
}

static void a_directory_that_comes_late_is_used(void **context)
{
    struct scene *scene = *context;
    AUTO_FREE char *obstacle = NULL;
    open_without_directory(scene, &obstacle);
    state_join_ids(scene->state, 2, 1);
    assert_int_equal(unlink(obstacle), 0);
    assert_commits(scene);
    assert_recalls(scene, RECORD_SERIES, "a", "1");
    put(scene, RECORD_SERIES, "b", "2");
    close_clean(scene);
    open_state(scene);
    assert_loads(scene, STATE_CLEAN, "2:a=1 2:b=2 ");
}

static void counts_of_another_run_are_never_mixed_in(void **context)
{
    struct scene *scene = *context;
    struct scene other = *scene;
    AUTO_FREE char *obstacle = NULL;
    open_without_directory(scene, &obstacle);
    assert_int_equal(unlink(obstacle), 0);
    open_state(&other);
    state_retry(scene->state);
    assert_fails(scene, "other");
    assert_non_null(strstr(counts_of(scene).message, "in use"));
    put(&other, RECORD_SERIES, "theirs", "1");
    close_clean(&other);
    state_retry(scene->state);
    assert_fails(scene, "other");
    assert_non_null(strstr(counts_of(scene).message, "another run"));
    close_state(scene);
    open_state(scene);
    assert_loads(scene, STATE_CLEAN, "2:theirs=1 ");
}

/* --- Where nothing may be written ------------------------------------------------------------ */

/* Root may write anywhere: be nobody. */
static bool stop_being_root(const struct scene *scene)
{
    if (geteuid() != 0)
        return true;
    return chown(scene->root, 65534, 65534) == 0 && seteuid(65534) == 0;
}

static void set_modes(const struct scene *scene, mode_t directory, mode_t file)
{
    static const char *const names[] = {"state.db", "lock", "totals.db", "state.db-wal",
                                        "state.db-shm"};
    chmod(scene->directory, 0700);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        AUTO_FREE char *path = memory_format("%s/%s", scene->directory, names[i]);
        chmod(path, file);
    }
    chmod(scene->directory, directory);
}

static void go_on_when_writable(struct scene *scene, enum state_start start)
{
    open_state(scene);
    assert_loads(scene, start, "2:a=1 ");
    assert_true(counts_of(scene).failing);
    assert_string_equal(counts_of(scene).reason, "read_only");
    assert_recalls(scene, RECORD_SERIES, "a", "1");
    assert_true(state_holds_id(scene->state, 3, 77));
    state_join_ids(scene->state, 4, 3);
    put(scene, RECORD_SERIES, "b", "2");
    assert_true(state_commit(scene->state, false));
    state_join_ids(scene->state, 5, 4);
    assert_fails(scene, "read_only");
    assert_true(state_holds_id(scene->state, 5, 77));
    set_modes(scene, 0700, 0600);
    assert_commits(scene);
    assert_recalls(scene, RECORD_SERIES, "a", "1");
    assert_recalls(scene, RECORD_SERIES, "b", "2");
    assert_true(state_holds_id(scene->state, 4, 77));
    assert_true(state_holds_id(scene->state, 5, 77)); /* asked for, not committed */
    close_clean(scene);
    open_state(scene);
    assert_loads(scene, STATE_CLEAN, "2:a=1 2:b=2 ");
    assert_true(state_holds_id(scene->state, 5, 77));
    close_state(scene);
}

static void put_one_and_its_id(struct scene *scene)
{
    const uint64_t id = 77;
    const struct record_sink *sink = state_sink(scene->state);
    put(scene, RECORD_SERIES, "a", "1");
    sink->ids(sink->context, 3, &id, 1);
}

static void what_can_only_be_read_is_loaded(void **context)
{
    struct scene *scene = *context;
    if (!stop_being_root(scene))
        skip();
    open_state(scene);
    put_one_and_its_id(scene);
    close_clean(scene);
    set_modes(scene, 0500, 0400);
    go_on_when_writable(scene, STATE_CLEAN);
}

static void what_a_crash_left_is_loaded_though_it_can_only_be_read(void **context)
{
    struct scene *scene = *context;
    if (!stop_being_root(scene))
        skip();
    pid_t child = fork();
    if (child == 0) {
        open_state(scene);
        put_one_and_its_id(scene);
        commit(scene);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    set_modes(scene, 0500, 0400);
    go_on_when_writable(scene, STATE_UNCLEAN);
}

static void one_that_is_damaged_and_can_only_be_read_stays(void **context)
{
    struct scene *scene = *context;
    if (!stop_being_root(scene))
        skip();
    fill(scene);
    zero_all(scene->database);
    set_modes(scene, 0500, 0400);
    open_state(scene);
    assert_int_equal(state_load(scene->state, on_record_ignored, NULL), -EBADMSG);
    assert_loads(scene, STATE_SET_ASIDE, "");
    assert_null(counts_of(scene).set_aside);
    assert_true(counts_of(scene).failing);
    assert_string_equal(counts_of(scene).reason, "corrupt");
    struct text totals;
    text_init(&totals, TEXT_UNLIMITED);
    assert_int_equal(state_load_totals(scene->state, on_record_listed, &totals), 2);
    text_free(&totals);
    close_state(scene);
    set_modes(scene, 0700, 0600);
    open_state(scene);
    assert_set_aside(scene, "1:f=1 2:a=2 ");
    close_state(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_damaged_database_is_set_aside, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(a_record_that_cannot_be_is_damage, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(an_empty_file_is_a_new_database, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(damaged_totals_are_done_without, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(the_log_is_set_aside_with_its_database, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(a_batch_waits_until_the_disk_works_again, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(waiting_for_a_failure_says_which, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(a_start_on_a_full_disk_loads_and_says_so, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(the_loop_never_waits_for_the_disk, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(closing_does_not_wait_for_ever, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(killed_at_any_write_it_is_as_of_the_last_commit,
                                        set_up_disk, tear_down_disk),
        cmocka_unit_test_setup_teardown(a_directory_that_comes_back_is_gone_on_with, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(nothing_is_written_to_files_that_were_unlinked_or_replaced,
                                        set_up_disk, tear_down_disk),
        cmocka_unit_test_setup_teardown(another_writer_is_noticed, set_up_disk, tear_down_disk),
        cmocka_unit_test_setup_teardown(a_lock_held_by_hand_only_delays, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(a_directory_that_comes_late_is_used, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(counts_of_another_run_are_never_mixed_in, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(what_can_only_be_read_is_loaded, set_up_disk,
                                        tear_down_disk),
        cmocka_unit_test_setup_teardown(what_a_crash_left_is_loaded_though_it_can_only_be_read,
                                        set_up_disk, tear_down_disk),
        cmocka_unit_test_setup_teardown(one_that_is_damaged_and_can_only_be_read_stays, set_up_disk,
                                        tear_down_disk),
    };
    disk_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
