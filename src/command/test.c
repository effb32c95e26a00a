/* test FILE...: the tests of rule packs. For each file a line for each thing that is not as it
 * should be, then the verdict:
 *
 *   t.yaml:9:11: case 'two jobs': a_total: expected 2, got 1
 *   t.yaml: 1 of 3 cases failed
 *
 * Failures are what was asked for, and go to stdout; what makes a file unusable goes to stderr. */
#include <stdio.h>

#include "base/diagnostics.h"
#include "base/log.h"
#include "base/text.h"
#include "command/command.h"
#include "command/output.h"
#include "config/settings.h"
#include "packtest/pack_test.h"
#include "packtest/pack_test_run.h"
#include "packtest/pack_test_tally.h"

static void append_verdict(struct text *out, const char *path, size_t cases, size_t failed,
                           size_t missing)
{
    const char *plural = cases == 1 ? "" : "s";
    if (failed > 0)
        text_printf(out, "%s: %zu of %zu case%s failed", path, failed, cases, plural);
    else
        text_printf(out, "%s: %zu case%s passed", path, cases, plural);
    if (missing > 0)
        text_printf(out, ", but not complete: %zu missing", missing);
    text_append_char(out, '\n');
}

/* True: all is well. */
static bool run_cases(const struct pack_test *test, struct text *out)
{
    struct pack_test_tally tally = {.count = 0};
    size_t failed = 0;
    for (size_t i = 0; i < test->case_count; i++)
        failed += !pack_test_run(test, &test->cases[i], &tally, out);
    size_t missing = test->complete ? pack_test_tally_tell(&tally, test, out) : 0;
    append_verdict(out, test->path, test->case_count, failed, missing);
    pack_test_tally_free(&tally);
    return failed == 0 && missing == 0;
}

static bool test_file(const struct settings *settings, const char *path)
{
    struct diagnostics diagnostics;
    struct text out;
    diagnostics_init(&diagnostics);
    text_init(&out, TEXT_UNLIMITED);
    struct pack_test *test = pack_test_read(path, settings, &diagnostics);
    if (!test)
        diagnostics_show(&diagnostics);
    bool passes = test && run_cases(test, &out);
    if (!test)
        text_printf(&out, "%s: unusable, %zu error%s\n", path, diagnostics.errors,
                    diagnostics.errors == 1 ? "" : "s");
    bool is_told = output_text(&out) == 0;
    pack_test_free(test);
    text_free(&out);
    diagnostics_free(&diagnostics);
    return passes && is_told;
}

int command_test(const struct settings *settings)
{
    bool passes = true;
    /* What rows and lines are in trouble with is for the cases to tell. */
    if (settings->log_level > LOG_DEBUG_LEVEL)
        log_setup(LOG_ERROR_LEVEL, (enum log_format)settings->log_format);
    for (size_t i = 0; i < settings->arguments.count; i++)
        passes = test_file(settings, settings->arguments.items[i]) && passes;
    return passes ? 0 : 1;
}
