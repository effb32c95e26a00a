/* base/path_pattern: what matches, what is captured, what is refused; any bytes, bounded time. */
#include "base/path_pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct path_pattern *pattern_of(const char *text)
{
    const char *error = NULL;
    struct path_pattern *pattern = path_pattern_new(text, &error);
    if (!pattern)
        fail_msg("'%s' was refused: %s", text, error);
    assert_null(error);
    return pattern;
}

static void test_a_whole_path_matches_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *path;
        bool matches;
    } cases[] = {
        {"a", "a", true},
        {"a", "b", false},
        {"a", "aa", false},
        {"a/b", "a/b", true},
        {"a/b", "a", false},
        {"*", "", true},
        {"*", "anything", true},
        {"*", "a/b", false},
        {"*.tmp", "x.tmp", true},
        {"*.tmp", ".tmp", true},
        {"*.tmp", "x.tmp.gz", false},
        {"*.tmp", "d/x.tmp", false},
        {"a*b*c", "a-b-b-c", true},
        {"a*b*c", "a-b-b-c-", false},
        {"a**c", "abc", true},
        {"a**c", "a/c", false},
        {"***", "abc", true},
        {"?", "a", true},
        {"?", "", false},
        {"?", "/", false},
        {"a?b", "a/b", false},
        {"**", "", true},
        {"**", "a", true},
        {"**", "a/b/c", true},
        {"**/**", "a/b/c", true},
        {"**/x", "x", true},
        {"**/x", "a/x", true},
        {"**/x", "a/b/x", true},
        {"**/x", "ax", false},
        {"**/x", "a/xx", false},
        {"**/**/x", "x", true},
        {"a/**", "a", true},
        {"a/**", "a/b", true},
        {"a/**", "a/b/c", true},
        {"a/**", "ab", false},
        {"a/**/b", "a/b", true},
        {"a/**/b", "a/x/b", true},
        {"a/**/b", "a/x/y/b", true},
        {"a/**/b", "a/xb", false},
        {"a/**/b", "ab", false},
        {"a/**/**/b", "a/b", true},
        {"*/**", "a", true},
        {"*/**", "a/b/c", true},
        {"**/a/**/b/**", "x/a/b/c/d", true},
        {"**/a/**/b/**", "x/a/c/d", false},
        {"**/*.jsonl", "a/b.c/d.jsonl", true},
        {"[abc]", "b", true},
        {"[abc]", "d", false},
        {"[a-c]x", "cx", true},
        {"[!a-c]", "b", false},
        {"[!a-c]", "d", true},
        {"[^a-c]", "d", true},
        {"[!a]", "/", false},
        {"[]]", "]", true},
        {"[!]]", "]", false},
        {"[a-]", "-", true},
        {"[\\]a]", "]", true},
        {"[--/]", "/", false},
        {"[[:]", ":", true},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"\\{x\\}", "{x}", true},
        {"a\\\\b", "a\\b", true},
        {"{x}", "a", true},
        {"{x}", "", false},
        {"{x}", "a/b", false},
        {"a{x}", "a", false},
        {"\xff*", "\xff\xfe", true},
        {"[\x80-\xff]", "\xfe", true},
        {"[\x80-\xff]", "a", false},
        {"a\nb", "a\nb", true},
        {"archive/events_archive_*", "archive/events_archive_1.jsonl.gz", true},
        {"archive/events_archive_*", "archive/x/events_archive_1", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct path_pattern *pattern = pattern_of(cases[i].pattern);
        bool matches = path_pattern_match(pattern, cases[i].path, NULL);
        if (matches != cases[i].matches)
            fail_msg("'%s' on '%s': %d", cases[i].pattern, cases[i].path, matches);
        path_pattern_free(pattern);
    }
}

/* "name=text name=text" of a match, "-" without one. */
static void describe(const struct path_pattern *pattern, const char *path, bool at_end,
                     char *ret_text, size_t size)
{
    struct path_capture captures[PATH_PATTERN_CAPTURES];
    bool matches = at_end ? path_pattern_match_end(pattern, path, captures)
                          : path_pattern_match(pattern, path, captures);
    size_t used = (size_t)snprintf(ret_text, size, "%s", matches ? "" : "-");
    for (size_t i = 0; matches && i < path_pattern_capture_count(pattern); i++) {
        assert_string_equal(captures[i].name, path_pattern_capture_name(pattern, i));
        used +=
            (size_t)snprintf(ret_text + used, size - used, "%s%s=%.*s", i ? " " : "",
                             captures[i].name, (int)captures[i].length, path + captures[i].start);
    }
}

struct capture_case {
    const char *pattern;
    const char *path;
    const char *captures;
};

static void check_captures(const struct capture_case *cases, size_t count, bool at_end)
{
    for (size_t i = 0; i < count; i++) {
        struct path_pattern *pattern = pattern_of(cases[i].pattern);
        char found[256];
        describe(pattern, cases[i].path, at_end, found, sizeof(found));
        if (strcmp(found, cases[i].captures) != 0)
            fail_msg("'%s' on '%s': %s", cases[i].pattern, cases[i].path, found);
        path_pattern_free(pattern);
    }
}

static void test_captures_are_the_shortest_that_fit(void **state)
{
    (void)state;
    static const struct capture_case cases[] = {
        {"{repo}/{job_id}/events-*.jsonl*", "demo/job-1/events-2026.jsonl.bak",
         "repo=demo job_id=job-1"},
        {"{repo}/{job_id}/events-*.jsonl*", "demo/job-1/x/events-2026.jsonl", "-"},
        {"{log}.jsonl", "a.jsonl.jsonl", "log=a.jsonl"},
        {"{a}-{b}", "x-y-z", "a=x b=y-z"},
        {"{a}{b}", "xyz", "a=x b=yz"},
        {"{a}*", "xyz", "a=x"},
        {"*{a}", "xyz", "a=xyz"},
        {"{a}*z{b}", "xyzzy", "a=x b=zy"},
        {"{a}-{b}-end", "1-2-3-end", "a=1 b=2-3"},
        {"**/{d}/{f}.json", "a/b/c.json", "d=b f=c"},
        {"{a}/**/{b}", "x/y/z", "a=x b=z"},
        {"{a}/**", "x/y/z", "a=x"},
        {"x[0-9]{a}", "x12", "a=2"},
    };
    check_captures(cases, sizeof(cases) / sizeof(cases[0]), false);
}

static void test_the_longest_suffix_matches_at_the_end(void **state)
{
    (void)state;
    static const struct capture_case cases[] = {
        {"{repo}/{job}/*.jsonl", "/a/b/repo/job/x.jsonl", "repo=repo job=job"},
        {"{repo}/{job}/*.jsonl", "job/x.jsonl", "-"},
        {"{repo}/{job}/*.jsonl", "repo/job/x.jsonl", "repo=repo job=job"},
        {"{name}.jsonl", "x.jsonl", "name=x"},
        {"{name}.jsonl", "/x.jsonl", "name=x"},
        {"{name}.jsonl", "/a.jsonl/x.jsonl", "name=x"},
        {"b*.jsonl", "/a/ab.jsonl", "-"},
        {"{a}/**/{b}", "/x/y/z", "a=x b=z"},
        {"**", "/x/y", ""},
    };
    check_captures(cases, sizeof(cases) / sizeof(cases[0]), true);
}

static void test_directories_below_which_something_may_match(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *path;
        bool may;
    } cases[] = {
        {"x", "", true},
        {"x", "a", false},
        {"x", "x", false},
        {"a/x", "a", true},
        {"a/x", "ab", false},
        {"ab/x", "a", false},
        {"a/b/x", "a", true},
        {"a/b/x", "a/b", true},
        {"a/b/x", "a/b/x", false},
        {"a/b/x", "a/c", false},
        {"{repo}/{job_id}/events-*", "r", true},
        {"{repo}/{job_id}/events-*", "r/j", true},
        {"{repo}/{job_id}/events-*", "r/j/.git", false},
        {"*/x", "anything", true},
        {"a*/x", "ba", false},
        {"[ab]/x", "a", true},
        {"[ab]/x", "c", false},
        {"**/x", "a/b/c/d", true},
        {"**", "a/b/c/d", true},
        {"a/**", "a", true},
        {"a/**", "a/b/c", true},
        {"a/**", "b", false},
        {"a/**/x/y", "a/b/c", true},
        {"a/**/x/y", "b", false},
        {"{x}-s/*.json", "one-s", true},
        {"{x}-s/*.json", "-s", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct path_pattern *pattern = pattern_of(cases[i].pattern);
        if (path_pattern_may_match_below(pattern, cases[i].path) != cases[i].may)
            fail_msg("'%s' below '%s'", cases[i].pattern, cases[i].path);
        path_pattern_free(pattern);
    }
}

static void test_malformed_patterns_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",
        "/a",
        "a/",
        "a//b",
        "/",
        ".",
        "..",
        "a/./b",
        "a/../b",
        "**/",
        "{",
        "{}",
        "{a",
        "{a b}",
        "{1a}",
        "{a}/{a}",
        "}",
        "a}",
        "[",
        "[a",
        "[]",
        "[!]",
        "[z-a]",
        "[a-",
        "[a\\",
        "a\\",
        "{a-b}",
        "a\\/",
        "{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l}{m}{n}{o}{p}{q}",
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        const char *error = NULL;
        struct path_pattern *pattern = path_pattern_new(refused[i], &error);
        if (pattern)
            fail_msg("'%s' was accepted", refused[i]);
        assert_non_null(error);
        assert_true(strlen(error) > 10);
    }
    path_pattern_free(NULL);
}

/* The same language in the plainest way: exponential, for short texts only. */
static bool plainly(const char *pattern, const char *path, bool segment_start)
{
    if (!*pattern)
        return !*path;
    if (segment_start && strcmp(pattern, "**") == 0)
        return true;
    if (segment_start && strncmp(pattern, "**/", 3) == 0) {
        if (plainly(pattern + 3, path, true))
            return true;
        const char *slash = strchr(path, '/');
        return slash && plainly(pattern, slash + 1, true);
    }
    while (strncmp(pattern, "/**/**", 6) == 0 && (!pattern[6] || pattern[6] == '/'))
        pattern += 3;
    if (strcmp(pattern, "/**") == 0)
        return !*path || *path == '/';
    if (*pattern == '*') {
        if (plainly(pattern + 1, path, false))
            return true;
        return *path && *path != '/' && plainly(pattern, path + 1, false);
    }
    if (!*path || (*pattern == '?' ? *path == '/' : *pattern != *path))
        return false;
    return plainly(pattern + 1, path + 1, *pattern == '/');
}

static void random_text(char *text, const char *alphabet, unsigned *seed)
{
    size_t length = (size_t)rand_r(seed) % 9;
    for (size_t i = 0; i < length; i++)
        text[i] = alphabet[(size_t)rand_r(seed) % strlen(alphabet)];
    text[length] = '\0';
}

static void test_random_patterns_match_as_the_plainest_matcher_says(void **state)
{
    (void)state;
    unsigned seed = 20261121;
    int matched = 0;
    for (int i = 0; i < 200000; i++) {
        char text[16] = "";
        char path[16] = "";
        const char *error = NULL;
        random_text(text, "**ab?/", &seed);
        random_text(path, "aab/", &seed);
        size_t length = strlen(path);
        if (length == 0 || path[0] == '/' || path[length - 1] == '/' || strstr(path, "//"))
            continue;
        struct path_pattern *pattern = path_pattern_new(text, &error);
        if (!pattern)
            continue;
        bool expected = plainly(text, path, true);
        matched += expected;
        if (path_pattern_match(pattern, path, NULL) != expected)
            fail_msg("'%s' on '%s': not %d", text, path, expected);
        path_pattern_free(pattern);
    }
    assert_true(matched > 2000);
}

static void test_hostile_patterns_stay_fast(void **state)
{
    (void)state;
    static char stars[4096];
    static char segments[4096];
    static char path[4096];
    static char deep[4096];
    for (size_t i = 0; i + 2 < sizeof(stars); i += 2)
        memcpy(stars + i, "*a", 2);
    memcpy(stars + 2000, "*b", 3);
    for (size_t i = 0; i + 5 < sizeof(segments); i += 5)
        memcpy(segments + i, "**/a/", 5);
    memcpy(segments + 4000, "b", 2);
    memset(path, 'a', sizeof(path) - 1);
    for (size_t i = 0; i < sizeof(deep) - 1; i++)
        deep[i] = i % 2 ? '/' : 'a';
    const char *const patterns[] = {stars, segments, "{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l}z",
                                    "*?*?*?*?*?*?*?*?*?*?*?*?*?*?z", "**/*a*/**/*a*/**/*a*/z"};
    clock_t start = clock();
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct path_pattern *pattern = pattern_of(patterns[i]);
        assert_false(path_pattern_match(pattern, path, NULL));
        assert_false(path_pattern_match(pattern, deep, NULL));
        assert_false(path_pattern_match_end(pattern, deep, NULL));
        path_pattern_may_match_below(pattern, deep);
        path_pattern_free(pattern);
    }
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 5.0);
}

static void test_a_pattern_too_long_is_refused(void **state)
{
    (void)state;
    const char *error = NULL;
    char *text = malloc(10000);
    memset(text, 'a', 9999);
    text[9999] = '\0';
    assert_null(path_pattern_new(text, &error));
    assert_non_null(strstr(error, "4096"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_path_matches_or_not),
        cmocka_unit_test(test_captures_are_the_shortest_that_fit),
        cmocka_unit_test(test_the_longest_suffix_matches_at_the_end),
        cmocka_unit_test(test_directories_below_which_something_may_match),
        cmocka_unit_test(test_malformed_patterns_are_refused_with_a_reason),
        cmocka_unit_test(test_random_patterns_match_as_the_plainest_matcher_says),
        cmocka_unit_test(test_hostile_patterns_stay_fast),
        cmocka_unit_test(test_a_pattern_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
