/* process_table.c: who is below whom, in tables made by hand; and one reading of the real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attributes.h"
#include "resources/process_table.h"

#define MOST 8

struct tree_case {
    const char *name;
    struct process processes[MOST]; /* by number; only number and parent count */
    const char *roots;              /* one letter a process: I in, O out, ? to be found */
    const char *marks;              /* what they are then */
};

static const struct tree_case tree_cases[] = {
    {"none", {{0}}, "", ""},
    {"nobody is a root", {{1, 0, 0, 0, 0}, {2, 1, 0, 0, 0}}, "??", "OO"},
    {"children and theirs",
     {{1, 0, 0, 0, 0}, {2, 1, 0, 0, 0}, {3, 2, 0, 0, 0}, {4, 3, 0, 0, 0}, {5, 1, 0, 0, 0}},
     "?I???",
     "OIIIO"},
    {"a child with a lower number than its parent",
     {{1, 0, 0, 0, 0}, {2, 9, 0, 0, 0}, {9, 1, 0, 0, 0}},
     "??I",
     "OII"},
    {"one that is cut off, and what is below it",
     {{1, 0, 0, 0, 0}, {2, 1, 0, 0, 0}, {3, 2, 0, 0, 0}, {4, 3, 0, 0, 0}},
     "?IO?",
     "OIOO"},
    {"a root below a root", {{1, 0, 0, 0, 0}, {2, 1, 0, 0, 0}, {3, 2, 0, 0, 0}}, "I?I", "III"},
    {"a parent that is not there", {{1, 0, 0, 0, 0}, {4, 3, 0, 0, 0}}, "I?", "IO"},
    {"parents in a circle",
     {{1, 0, 0, 0, 0}, {2, 3, 0, 0, 0}, {3, 2, 0, 0, 0}, {4, 4, 0, 0, 0}},
     "I???",
     "IOOO"},
};

static void test_trees(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(tree_cases); i++) {
        const struct tree_case *wanted = &tree_cases[i];
        struct process processes[MOST];
        unsigned char marks[MOST];
        char shown[MOST + 1] = "";
        size_t count = strlen(wanted->roots);
        memcpy(processes, wanted->processes, sizeof(processes));
        const struct process_table table = {.processes = processes, .count = count};
        for (size_t j = 0; j < count; j++)
            marks[j] = wanted->roots[j] == 'I'   ? PROCESS_IN
                       : wanted->roots[j] == 'O' ? PROCESS_OUT
                                                 : PROCESS_UNKNOWN;
        process_table_mark(&table, marks);
        for (size_t j = 0; j < count; j++)
            shown[j] = marks[j] == PROCESS_IN ? 'I' : marks[j] == PROCESS_OUT ? 'O' : '?';
        if (strcmp(shown, wanted->marks) != 0)
            fail_msg("%s: %s is not %s", wanted->name, shown, wanted->marks);
    }
}

static void test_finding(void **state)
{
    (void)state;
    struct process processes[] = {{3, 1, 30, 0, 0}, {5, 3, 50, 0, 0}};
    const struct process_table table = {.processes = processes, .count = 2};
    const struct process_table empty = {0};
    const struct process again = {5, 1, 51, 0, 0}; /* another one with this number */
    assert_ptr_equal(process_table_find(&table, 5), &processes[1]);
    assert_null(process_table_find(&table, 4));
    assert_null(process_table_find(&empty, 4));
    assert_true(process_table_has(&table, &processes[0]));
    assert_false(process_table_has(&table, &again));
}

/* A command may be called whatever it likes. */
static void test_reading(void **state)
{
    (void)state;
    const atomic_bool stop = false;
    const atomic_bool stopped = true;
    struct process_table table = {0};
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_NAME, ") R 1 (1 2");
        _exit(pause());
    }
    usleep(50000);
    process_table_read(&table, &stop);
    const struct process *own = process_table_find(&table, (int)getpid());
    const struct process *below = process_table_find(&table, (int)child);
    assert_non_null(own);
    assert_non_null(below);
    assert_int_equal(own->parent, getppid());
    assert_int_equal(below->parent, getpid());
    assert_true(below->started >= own->started && own->started > 0);
    assert_true(process_resident(own) > 100000);
    for (size_t i = 1; i < table.count; i++)
        assert_true(table.processes[i - 1].number < table.processes[i].number);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(process_resident(below), 0);
    process_table_read(&table, &stop);
    assert_null(process_table_find(&table, (int)child));
    process_table_read(&table, &stopped);
    assert_int_equal(table.count, 0);
    process_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
