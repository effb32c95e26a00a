/* The help in its formats: complete, and the page in docs/ is what the program prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/help_formats.h"
#include "config/commands.h"
#include "config/setting.h"

#define DOCS_PAGE "docs/options.md" /* from the root of the tree, where tests run */

static void make_text(struct text *out)
{
    help_as_text(NULL, out);
    help_as_text(command_find("help"), out);
}

static void (*const formats[])(struct text *out) = {make_text, help_as_man, help_as_bash,
                                                    help_as_markdown};

static bool mentions(const char *page, const char *name, bool roff)
{
    struct text wanted;
    text_init(&wanted, TEXT_UNLIMITED);
    text_append_string(&wanted, roff ? "\\-\\-" : "--");
    for (; *name; name++)
        text_printf(&wanted, "%s%c", roff && *name == '-' ? "\\" : "", *name);
    bool found = strstr(page, wanted.data) != NULL;
    text_free(&wanted);
    return found;
}

static void test_every_format_names_everything(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(formats); i++) {
        struct text page;
        text_init(&page, TEXT_UNLIMITED);
        formats[i](&page);
        for (size_t j = 0; j < setting_count; j++)
            assert_true(mentions(page.data, setting_table[j].name, formats[i] == help_as_man));
        for (size_t j = 0; j < command_count; j++)
            assert_non_null(strstr(page.data, command_table[j].name));
        assert_int_equal(page.data[page.length - 1], '\n');
        text_free(&page);
    }
}

static void check_width(const char *page)
{
    while (*page) {
        size_t length = strcspn(page, "\n");
        assert_true(length <= HELP_WIDTH);
        assert_true(length == 0 || page[length - 1] != ' ');
        page += length + 1;
    }
}

static void test_text_fits_a_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i <= command_count; i++) {
        struct text page;
        text_init(&page, TEXT_UNLIMITED);
        help_as_text(i < command_count ? &command_table[i] : NULL, &page);
        check_width(page.data);
        text_free(&page);
    }
}

static void test_text_shows_only_what_applies(void **state)
{
    (void)state;
    struct text page;
    text_init(&page, TEXT_UNLIMITED);
    help_as_text(command_find("once"), &page);
    assert_non_null(strstr(page.data, "--max-samples"));
    assert_null(strstr(page.data, "--web.timeout"));
    text_free(&page);
}

/* No line of the text becomes a roff request by its first character. */
static void test_man_has_known_requests_only(void **state)
{
    (void)state;
    static const char *const requests[] = {".TH ",  ".SH ",  ".SS ", ".TP\n", ".PP\n", ".nf\n",
                                           ".fi\n", ".br\n", ".B ",  ".BR ",  ".RS\n", ".RE\n"};
    struct text page;
    text_init(&page, TEXT_UNLIMITED);
    help_as_man(&page);
    for (const char *line = page.data; *line; line = strchr(line, '\n') + 1) {
        bool known = *line != '.' && *line != '\'';
        for (size_t i = 0; i < ARRAY_LENGTH(requests) && !known; i++)
            known = strncmp(line, requests[i], strlen(requests[i])) == 0;
        assert_true(known);
    }
    text_free(&page);
}

static void test_docs_page_is_up_to_date(void **state)
{
    (void)state;
    struct text page;
    text_init(&page, TEXT_UNLIMITED);
    help_as_markdown(&page);
    FILE *file = fopen(DOCS_PAGE, "re");
    assert_non_null(file);
    AUTO_FREE char *kept = memory_alloc(page.length + 2);
    size_t length = fread(kept, 1, page.length + 1, file);
    fclose(file);
    kept[length] = '\0';
    if (strcmp(kept, page.data) != 0)
        fail_msg("make it anew: build/jsonl-exporter help --format=markdown > %s", DOCS_PAGE);
    text_free(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format_names_everything),
        cmocka_unit_test(test_text_fits_a_terminal),
        cmocka_unit_test(test_text_shows_only_what_applies),
        cmocka_unit_test(test_man_has_known_requests_only),
        cmocka_unit_test(test_docs_page_is_up_to_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
