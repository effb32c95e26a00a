/* schema.c, database.c: an older database is brought to the newest schema and kept beside it, a
 * newer one is refused and left as it is. */
#include "state_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include "state/database.h"
#include "state/failure.h"
#include "state/schema.h"
#include "state/state_files.h"

/* What a second version may be: records get a column, and there is a table more. */
static const char *const second_sql[] = {
    "ALTER TABLE record ADD COLUMN author TEXT",
    "CREATE TABLE letter(text TEXT NOT NULL); INSERT INTO letter VALUES('migrated')", NULL};
static const char *const third_sql[] = {"INSERT INTO letter VALUES('again')", NULL};
static const char *const broken_sql[] = {"CREATE TABLE letter(text TEXT)", "no such statement",
                                         NULL};

/* The tables of this program, and `count` migrations more. */
struct later {
    struct migration migrations[4];
    struct schema schema;
};

static const struct schema *make_later(struct later *later, const struct migration *more,
                                       size_t count)
{
    assert_int_equal(schema_current.count, 1);
    later->migrations[0] = schema_current.migrations[0];
    memcpy(later->migrations + 1, more, count * sizeof(*more));
    later->schema = (struct schema){later->migrations, count + 1};
    return &later->schema;
}

static int open_with(struct scene *scene, const struct schema *schema,
                     struct database **ret_database, struct failure *ret_failure)
{
    struct state_files files;
    state_files_init(&files, scene->directory);
    const struct database_request request = {
        .files = &files, .schema = schema, .wanted = DATABASE_ANY};
    int r = database_open(&request, ret_database, ret_failure);
    state_files_free(&files);
    return r;
}

static void fill(struct scene *scene)
{
    open_state(scene);
    put(scene, RECORD_SERIES, "a", "1");
    close_clean(scene);
}

static char *read_file(const char *path, size_t *ret_length)
{
    struct stat facts;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(descriptor >= 0);
    assert_int_equal(fstat(descriptor, &facts), 0);
    *ret_length = (size_t)facts.st_size;
    char *bytes = memory_alloc(*ret_length);
    assert_int_equal(read(descriptor, bytes, *ret_length), facts.st_size);
    close(descriptor);
    return bytes;
}

static void this_program_writes_its_marks(void **context)
{
    struct scene *scene = *context;
    fill(scene);
    assert_int_equal(ask(scene->database, "PRAGMA application_id"), SCHEMA_APPLICATION_ID);
    assert_int_equal(ask(scene->database, "PRAGMA user_version"), 1);
    assert_int_equal(count_files(scene, "state.db.v", NULL), 0);
}

static void an_older_one_is_kept_and_brought_on(void **context)
{
    struct scene *scene = *context;
    struct later later;
    struct database *database;
    struct failure failure = {FAILURE_NONE, ""};
    struct stat facts;
    const struct migration more[] = {{2, second_sql}, {3, third_sql}};
    AUTO_FREE char *kept = memory_format("%s/state.db.v1", scene->directory);
    fill(scene);
    assert_int_equal(open_with(scene, make_later(&later, more, 2), &database, &failure), 0);
    assert_true(database->was_clean);
    database_close(database);
    assert_int_equal(ask(scene->database, "PRAGMA user_version"), 3);
    assert_int_equal(ask(scene->database, "SELECT count(*) FROM letter"), 2);
    assert_int_equal(ask(scene->database, "SELECT author IS NULL FROM record"), 1);
    assert_int_equal(count_files(scene, "state.db.v", NULL), 1);
    assert_int_equal(stat(kept, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
    /* The way back: the older program takes its own again. */
    assert_int_equal(rename(kept, scene->database), 0);
    open_state(scene);
    assert_loads(scene, STATE_CLEAN, "2:a=1 ");
}

static void a_migration_that_fails_changes_nothing(void **context)
{
    struct scene *scene = *context;
    struct later later;
    struct database *database = NULL;
    struct failure failure = {FAILURE_NONE, ""};
    const struct migration more[] = {{2, broken_sql}};
    fill(scene);
    assert_true(open_with(scene, make_later(&later, more, 1), &database, &failure) < 0);
    assert_null(database);
    assert_true(failure.reason != FAILURE_NONE);
    assert_int_equal(ask(scene->database, "SELECT count(*) FROM sqlite_schema "
                                          "WHERE name = 'letter'"),
                     0);
    open_state(scene);
    assert_loads(scene, STATE_CLEAN, "2:a=1 ");
}

static void a_new_one_is_made_by_all_migrations(void **context)
{
    struct scene *scene = *context;
    struct later later;
    struct database *database;
    struct failure failure = {FAILURE_NONE, ""};
    const struct migration more[] = {{2, second_sql}};
    open_state(scene); /* makes the directory */
    close_state(scene);
    assert_int_equal(unlink(scene->database), 0);
    assert_int_equal(open_with(scene, make_later(&later, more, 1), &database, &failure), 0);
    database_close(database);
    assert_int_equal(ask(scene->database, "PRAGMA user_version"), 2);
    assert_int_equal(ask(scene->database, "SELECT count(*) FROM letter"), 1);
    assert_int_equal(count_files(scene, "state.db.v", NULL), 0);
}

static void assert_refused(struct scene *scene)
{
    char *error = NULL;
    assert_int_equal(try_open(scene, false, &error), -EPROTO);
    assert_non_null(strstr(error, "newer"));
    assert_non_null(strstr(error, scene->database));
    free(error);
    assert_null(scene->state);
}

static void a_newer_one_is_refused_untouched(void **context)
{
    struct scene *scene = *context;
    size_t length;
    size_t length_now;
    fill(scene);
    run_by_hand(scene->database, "PRAGMA user_version=2");
    AUTO_FREE char *before = read_file(scene->database, &length);
    assert_refused(scene);
    assert_refused(scene);
    AUTO_FREE char *now = read_file(scene->database, &length_now);
    assert_int_equal(length_now, length);
    assert_memory_equal(now, before, length);
    run_by_hand(scene->database, "PRAGMA user_version=1");
    open_state(scene); /* nothing holds the directory */
    assert_loads(scene, STATE_CLEAN, "2:a=1 ");
}

/* A newer program was killed before it folded its log back: only the log says what it is. */
static void a_newer_one_is_known_by_its_log_too(void **context)
{
    struct scene *scene = *context;
    size_t length;
    size_t length_now;
    fill(scene);
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *newer = NULL;
        sqlite3_open(scene->database, &newer);
        sqlite3_exec(newer, "PRAGMA user_version=2", NULL, NULL, NULL);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    AUTO_FREE char *log = memory_format("%s/state.db-wal", scene->directory);
    struct stat facts;
    assert_int_equal(stat(log, &facts), 0);
    assert_true(facts.st_size > 0);
    AUTO_FREE char *before = read_file(scene->database, &length);
    assert_refused(scene);
    AUTO_FREE char *now = read_file(scene->database, &length_now);
    assert_int_equal(length_now, length);
    assert_memory_equal(now, before, length);
    assert_int_equal(ask(scene->database, "PRAGMA user_version"), 2);
}

static void killed_before_its_tables_were_made_it_is_new(void **context)
{
    struct scene *scene = *context;
    open_state(scene);
    close_state(scene);
    assert_int_equal(unlink(scene->database), 0);
    run_by_hand(scene->database, "PRAGMA journal_mode=WAL");
    open_state(scene);
    assert_loads(scene, STATE_NEW, "");
    assert_false(counts_of(scene).failing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(this_program_writes_its_marks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_older_one_is_kept_and_brought_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_migration_that_fails_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_one_is_made_by_all_migrations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_newer_one_is_refused_untouched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_newer_one_is_known_by_its_log_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_before_its_tables_were_made_it_is_new, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
