/* A document may hold secrets: after it was looked at, they are nowhere in the memory of the
 * process, whatever became of the reading. */
#include <sys/wait.h>

#include "document_fixture.h"

#define SECRET 32
#define MASK   0x5a
/* A sanitizer's shadow is sparse and endless; what the heap and the stack take is far less. */
#define LARGEST ((unsigned long)256 << 20)

/* Never in clear in this process, but for what is searched. */
static char masked[SECRET];

static void invent_secret(void)
{
    int descriptor = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(descriptor, masked, sizeof(masked)), SECRET);
    close(descriptor);
}

/* Another process writes it, many times over: at the begin, in the middle, at the end. */
static void write_secrets(const char *name, size_t size, char last)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char *text = memory_alloc(size);
        for (size_t i = 0; i < size; i++)
            text[i] = (char)(masked[i % SECRET] ^ MASK);
        text[size - 1] = last;
        int descriptor = open(name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
        _exit(write(descriptor, text, size) != (ssize_t)size);
    }
    int status = -1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

/* Half of the secret is enough to be one. */
static bool is_secret(const char *at)
{
    for (size_t i = 0; i < SECRET / 2; i++)
        if (at[i] != (char)(masked[i] ^ MASK))
            return false;
    return true;
}

static size_t count_in(int memory, unsigned long begin, unsigned long end)
{
    static char page[65536];
    size_t found = 0;
    for (unsigned long at = begin; at < end; at += sizeof(page) - SECRET) {
        if (at >= (unsigned long)page - sizeof(page) && at < (unsigned long)page + sizeof(page))
            continue;
        ssize_t got = pread(memory, page, sizeof(page), (off_t)at);
        for (ssize_t i = 0; i + SECRET <= got; i++)
            found += is_secret(page + i);
    }
    memset(page, 0, sizeof(page));
    return found;
}

static size_t count_secrets(void)
{
    char line[512];
    size_t found = 0;
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    FILE *maps = fopen("/proc/self/maps", "re");
    if (memory < 0 || !maps)
        skip();
    while (fgets(line, sizeof(line), maps)) {
        unsigned long begin;
        unsigned long end;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s", &begin, &end, rights) == 3 && rights[0] == 'r' &&
            rights[1] == 'w' && end - begin < LARGEST)
            found += count_in(memory, begin, end);
    }
    fclose(maps);
    close(memory);
    return found;
}

/* It sees the secret, takes it or not, and keeps nothing. */
static enum documents_taken on_secret(void *context, const struct documents_news *news,
                                      struct text *ret_memo UNUSED, enum documents_skip *ret_reason)
{
    struct fixture *fixture = context;
    if (news->sight != DOCUMENT_CONTENT)
        return DOCUMENTS_TAKEN;
    fixture->contents++;
    if (fixture->contents == 1) /* so that the search is known to find what is there */
        assert_true(count_secrets() > 0);
    *ret_reason = fixture->refusal;
    return news->content.data[news->content.length - 1] == '}' ? DOCUMENTS_TAKEN
                                                               : DOCUMENTS_NOT_YET;
}

static int set_up_secrets(void **state)
{
    set_up(state);
    struct fixture *fixture = *state;
    documents_free(fixture->documents);
    const struct documents_handlers handlers = {
        .context = fixture, .wish = on_wish, .on_news = on_secret, .on_skip = on_skip};
    fixture->documents = documents_new(&handlers, &fixture->options);
    documents_track(fixture->documents);
    invent_secret();
    return 0;
}

static void assert_no_secret_stays(struct fixture *fixture, const char *name, size_t size,
                                   char last)
{
    write_secrets(name, size, last);
    hint_closed(fixture, name);
    pass_time(fixture, 3 * SECOND);
    assert_int_equal(count_secrets(), 0);
}

static void test_nothing_of_a_document_stays(void **state)
{
    static const size_t sizes[] = {100, 4000, 70000, 3000000};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++)
        for (int taken = 0; taken < 2; taken++)
            assert_no_secret_stays(fixture, "a", sizes[i] + (size_t)taken, taken ? '}' : ',');
    assert_true(fixture->contents >= 2 * ARRAY_LENGTH(sizes));
    save(fixture);
    assert_int_equal(count_secrets(), 0);
}

static void test_nothing_stays_of_what_changes_while_it_is_read(void **state)
{
    struct fixture *fixture = *state;
    int status;
    write_secrets("a", 2000000, '}');
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (int64_t end = clock_monotonic() + SECOND / 2; clock_monotonic() < end;)
            utimensat(AT_FDCWD, "a", NULL, 0);
        _exit(0);
    }
    while (waitpid(child, &status, WNOHANG) == 0) {
        hint_closed(fixture, "a");
        fixture->ahead += SECOND;
        turn(fixture);
    }
    assert_int_equal(count_secrets(), 0);
    pass_time(fixture, 2 * SECOND);
    assert_true(fixture->contents > 0);
    assert_int_equal(count_secrets(), 0);
}

#define SECRETS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_secrets, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SECRETS_TEST(test_nothing_of_a_document_stays),
        SECRETS_TEST(test_nothing_stays_of_what_changes_while_it_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
