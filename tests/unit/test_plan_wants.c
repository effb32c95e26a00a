/* decode_plan_wants: which paths of records reach some slot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "decode/plan.h"

/* "a.b", "a.[].b": cut at dots; [] is NULL. */
static size_t cut(char *text, const char **ret_segments)
{
    size_t count = 0;
    char *rest;
    for (char *word = strtok_r(text, ".", &rest); word; word = strtok_r(NULL, ".", &rest))
        ret_segments[count++] = strcmp(word, "[]") == 0 ? NULL : word;
    return count;
}

static void want(struct decode_plan *plan, const char *path)
{
    const char *segments[8];
    AUTO_FREE char *text = memory_copy_text(path);
    decode_plan_want(plan, segments, cut(text, segments));
}

static struct decode_plan *list(struct decode_plan *plan, const char *path)
{
    const char *segments[8];
    AUTO_FREE char *text = memory_copy_text(path);
    return decode_plan_list(plan, segments, cut(text, segments));
}

struct wish {
    const char *path;
    bool wanted;
};

static const struct wish wishes[] = {
    {"a", true}, /* on the way to a.b */
    {"a.b", true},
    {"a.c", false},
    {"a.b.x", false},
    {"nothing", false},
    {"span", true},
    {"span.[]", true}, /* by number */
    {"span.secs", true},
    {"span.more", false},
    {"count", true},
    {"count.[]", false}, /* only how many there are */
    {"count.[].x", false},
    {"items", true},
    {"items.[]", true}, /* in which something is wanted */
    {"items.[].name", true},
    {"items.[].size", false},
    {"items.[].parts", true},
    {"items.[].parts.[].id", true},
    {"items.[].parts.[].no", false},
    {"both.[].x", true}, /* an element's, beside a path that leads into the list */
    {"both.[].y", true},
    {"both.[].z", false},
    {"entries.any", true}, /* an object's entries by each */
    {"entries.any.v", true},
    {"entries.any.w", false},
};

static struct decode_plan *new_plan(void)
{
    struct decode_plan *plan = decode_plan_new();
    want(plan, "a.b");
    want(plan, "span");
    want(plan, "span.0");
    want(plan, "span.1");
    want(plan, "span.secs");
    want(plan, "count");
    struct decode_plan *items = list(plan, "items");
    want(items, "name");
    want(list(items, "parts"), "id");
    want(list(plan, "both"), "x");
    want(plan, "both.0.y");
    struct decode_plan *entries = list(plan, "entries");
    want(entries, "key");
    want(entries, "value.v");
    return plan;
}

static void test_wishes(void **state)
{
    struct decode_plan *plan = new_plan();
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(wishes); i++) {
        const char *segments[8];
        AUTO_FREE char *text = memory_copy_text(wishes[i].path);
        size_t count = cut(text, segments);
        if (decode_plan_wants(plan, segments, count) != wishes[i].wanted)
            fail_msg("%s", wishes[i].path);
    }
    decode_plan_free(plan);
}

static void test_an_empty_plan_wants_nothing(void **state)
{
    const char *segments[] = {"a"};
    struct decode_plan *plan = decode_plan_new();
    (void)state;
    assert_false(decode_plan_wants(plan, segments, 1));
    assert_false(decode_plan_wants(plan, segments, 0));
    decode_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wishes),
        cmocka_unit_test(test_an_empty_plan_wants_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
