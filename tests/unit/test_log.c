/* What a log line looks like, and that nothing in it can forge another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/log.h"

#define LINE_MAXIMUM ((size_t)65536)

/* Stderr goes into a pipe, whose size a test's lines stay below. */
struct capture {
    int saved;
    int ends[2];
    char lines[LINE_MAXIMUM];
};

static void capture_start(struct capture *capture)
{
    capture->saved = dup(STDERR_FILENO);
    assert_return_code(pipe2(capture->ends, O_CLOEXEC | O_NONBLOCK), errno);
    assert_return_code(dup2(capture->ends[1], STDERR_FILENO), errno);
}

/* What was written since, without the time, which is checked for its form. */
static const char *capture_end(struct capture *capture)
{
    dup2(capture->saved, STDERR_FILENO);
    ssize_t length = read(capture->ends[0], capture->lines, sizeof(capture->lines) - 1);
    capture->lines[length > 0 ? length : 0] = '\0';
    close(capture->saved);
    close(capture->ends[0]);
    close(capture->ends[1]);
    for (char *at = capture->lines; *at; at++)
        if (isdigit((unsigned char)*at))
            *at = '0';
    return capture->lines;
}

#define TIME_SHAPE "0000-00-00T00:00:00.000Z"

struct log_case {
    enum log_level level;
    const char *message;
    struct log_field field;
    const char *logfmt;
    const char *json;
};

static const struct log_case log_cases[] = {
    {LOG_INFO_LEVEL,
     "following",
     {.key = "dir", .text = "/srv/events"},
     "ts=" TIME_SHAPE " level=info msg=\"following\" dir=/srv/events\n",
     "{\"ts\":\"" TIME_SHAPE "\",\"level\":\"info\",\"msg\":\"following\","
     "\"dir\":\"/srv/events\"}\n"},
    {LOG_WARN_LEVEL,
     "line skipped",
     {.key = "line", .number = -70},
     "ts=" TIME_SHAPE " level=warn msg=\"line skipped\" line=-00\n",
     "{\"ts\":\"" TIME_SHAPE "\",\"level\":\"warn\",\"msg\":\"line skipped\",\"line\":-00}\n"},
    {LOG_ERROR_LEVEL,
     "a \"b\" \\",
     {.key = "e", .text = ""},
     "ts=" TIME_SHAPE " level=error msg=\"a \\\"b\\\" \\\\\" e=\"\"\n",
     "{\"ts\":\"" TIME_SHAPE "\",\"level\":\"error\",\"msg\":\"a \\\"b\\\" \\\\\",\"e\":\"\"}\n"},
    {LOG_DEBUG_LEVEL,
     "x",
     {.key = "k", .text = "a=b"},
     "ts=" TIME_SHAPE " level=debug msg=\"x\" k=\"a=b\"\n",
     "{\"ts\":\"" TIME_SHAPE "\",\"level\":\"debug\",\"msg\":\"x\",\"k\":\"a=b\"}\n"},
    {LOG_INFO_LEVEL,
     "x",
     {.key = "k", .text = "a\nts=1 level=info\r\t\x1b[2J\x7f"},
     "ts=" TIME_SHAPE " level=info msg=\"x\" k=\"a\\nts=0 level=info\\r\\t\\u000b[0J\\u000f\"\n",
     "{\"ts\":\"" TIME_SHAPE "\",\"level\":\"info\",\"msg\":\"x\","
     "\"k\":\"a\\nts=0 level=info\\r\\t\\u000b[0J\\u000f\"}\n"},
    {LOG_INFO_LEVEL,
     "x",
     {.key = "k", .text = "\xC3\xA9 \xFF\xC2\x9B\xE2\x80\xAE"},
     "ts=" TIME_SHAPE " level=info msg=\"x\" k=\"\xC3\xA9 \\ufffd\\u000b\\u000e\"\n",
     "{\"ts\":\"" TIME_SHAPE "\",\"level\":\"info\",\"msg\":\"x\","
     "\"k\":\"\xC3\xA9 \\ufffd\\u000b\\u000e\"}\n"},
};

static void test_forms(void **state)
{
    (void)state;
    struct capture capture;
    for (size_t i = 0; i < ARRAY_LENGTH(log_cases); i++) {
        const struct log_case *want = &log_cases[i];
        log_setup(LOG_DEBUG_LEVEL, LOG_FORMAT_LOGFMT);
        capture_start(&capture);
        log_write(want->level, want->message, &want->field, 1);
        assert_string_equal(capture_end(&capture), want->logfmt);
        log_setup(LOG_DEBUG_LEVEL, LOG_FORMAT_JSON);
        capture_start(&capture);
        log_write(want->level, want->message, &want->field, 1);
        assert_string_equal(capture_end(&capture), want->json);
    }
}

static void test_macros_take_any_number_of_fields(void **state)
{
    (void)state;
    struct capture capture;
    const char *missing = NULL;
    log_setup(LOG_INFO_LEVEL, LOG_FORMAT_LOGFMT);
    capture_start(&capture);
    log_info("none");
    log_warn("three", LOG_INT("a", 1), LOG_TEXT("b", "c"), LOG_TEXT("d", missing));
    assert_string_equal(capture_end(&capture),
                        "ts=" TIME_SHAPE " level=info msg=\"none\"\n"
                        "ts=" TIME_SHAPE " level=warn msg=\"three\" a=0 b=c d=\"\"\n");
}

static void test_levels_below_the_lowest_are_silent(void **state)
{
    (void)state;
    struct capture capture;
    log_setup(LOG_WARN_LEVEL, LOG_FORMAT_LOGFMT);
    assert_false(log_shows(LOG_INFO_LEVEL));
    assert_true(log_shows(LOG_WARN_LEVEL));
    capture_start(&capture);
    log_debug("a");
    log_info("b");
    log_error("c");
    assert_string_equal(capture_end(&capture), "ts=" TIME_SHAPE " level=error msg=\"c\"\n");
}

static void test_long_values_are_cut(void **state)
{
    (void)state;
    static char huge[20000];
    struct capture capture;
    memset(huge, 'x', sizeof(huge) - 1);
    log_setup(LOG_INFO_LEVEL, LOG_FORMAT_LOGFMT);
    capture_start(&capture);
    log_info("m", LOG_TEXT("k", huge), LOG_INT("n", 5));
    const char *line = capture_end(&capture);
    assert_true(strlen(line) < 4200);
    assert_non_null(strstr(line, "xxx...\" n=0\n"));
}

static void test_one_write_and_errno_kept(void **state)
{
    (void)state;
    struct capture capture;
    log_setup(LOG_INFO_LEVEL, LOG_FORMAT_LOGFMT);
    capture_start(&capture);
    /* With O_DIRECT a pipe keeps writes apart: each read gives one. */
    assert_return_code(fcntl(capture.ends[1], F_SETFL, O_DIRECT | O_NONBLOCK), errno);
    errno = ENOSPC;
    log_info("first", LOG_INT("a", 1), LOG_TEXT("b", "c d"));
    assert_int_equal(errno, ENOSPC);
    log_info("second");
    char line[512];
    ssize_t length = read(capture.ends[0], line, sizeof(line));
    capture_end(&capture);
    assert_true(length > 0);
    assert_int_equal(line[length - 1], '\n');
    assert_ptr_equal(memchr(line, '\n', (size_t)length), line + length - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_macros_take_any_number_of_fields),
        cmocka_unit_test(test_levels_below_the_lowest_are_silent),
        cmocka_unit_test(test_long_values_are_cut),
        cmocka_unit_test(test_one_write_and_errno_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
