/* Which sources a file of a test is of. */
#include <stdio.h>

#include "daemon/followed.h"
#include "document/documents.h"
#include "packtest/pack_test_place.h"
#include "rules/scene.h"
#include "rules/source.h"
#include "rules_fixture.h"

static const char *const packs[] = {
    "sources:\n"
    "  events: {files: '{repo}/{job}.jsonl*', exclude: ['*.tmp', 'skip/*'],\n"
    "           archives: 'old/*.jsonl', type: t, emit: {Opened: {created: true}}}\n"
    "  wide: {root: [\"${EVENTS_DIR}/../logs\", \"~/logs\"], files: '**/*.jsonl', type: t}\n"
    "  notes: {root: /var/notes, files: '{note}.json', format: document,\n"
    "          emit: {Gone: {removed: true}}}\n",
    "sources:\n"
    "  events: {files: '**/*.jsonl', type: t}\n",
};

struct rules {
    struct registry *registry;
    struct rule_set *set;
};

static void start(struct rules *rules)
{
    struct rule_pack inputs[ARRAY_LENGTH(packs)];
    struct tree *trees[ARRAY_LENGTH(packs)];
    static const char *const names[] = {"one", "two"};
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    rules->registry = registry_new(1000);
    for (size_t i = 0; i < ARRAY_LENGTH(packs); i++) {
        trees[i] = yaml_read_text("p.yaml", packs[i], strlen(packs[i]), &diagnostics);
        assert_non_null(trees[i]);
        inputs[i] = (struct rule_pack){names[i], trees[i]};
    }
    rules->set = rule_set_new(inputs, ARRAY_LENGTH(packs), rules->registry, NULL, &diagnostics);
    assert_non_null(rules->set);
    for (size_t i = 0; i < ARRAY_LENGTH(packs); i++)
        tree_free(trees[i]);
    diagnostics_free(&diagnostics);
}

static void end(struct rules *rules)
{
    rule_set_free(rules->set);
    registry_free(rules->registry);
}

/* "path: pack/source pack/source", "" for none. The caller frees. */
static char *describe(const struct rules *rules, const char *name, const char *source)
{
    struct pack_test_place place;
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    text_append_string(&text, "");
    if (!pack_test_place_find(rules->set, name, source, &place))
        return text_take(&text);
    text_printf(&text, "%s:", place.path);
    for (size_t i = 0; i < place.count; i++)
        text_printf(&text, " %s/%s", place.sources[i].source->facts.pack,
                    place.sources[i].source->facts.name);
    pack_test_place_free(&place);
    return text_take(&text);
}

static void test_each_pack_takes_a_file_by_its_first_source_that_fits(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *source;
        const char *want;
    } files[] = {
        {"shop/j1.jsonl", NULL, "/events/shop/j1.jsonl: one/events two/events"},
        {"shop/j1.jsonl.bak", NULL, "/events/shop/j1.jsonl.bak: one/events"},
        {"a/b/c.jsonl", NULL, "/logs/a/b/c.jsonl: one/wide two/events"},
        {"shop/j1.jsonl", "wide", "/logs/shop/j1.jsonl: one/wide"},
        {"a/b/c.jsonl", "events", "/events/a/b/c.jsonl: two/events"},
        {"n.json", NULL, "/notes/n.json: one/notes"},
        {"skip/a.jsonl.1", NULL, ""},
        {"shop/j1.jsonl.tmp", NULL, ""},
        {"old/a.jsonl", "events", "/events/old/a.jsonl: two/events"}, /* an archive for the first */
        {"n.json", "events", ""},
        {"n.txt", NULL, ""},
        {"", NULL, ""},
    };
    struct rules rules;
    start(&rules);
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        AUTO_FREE char *got = describe(&rules, files[i].name, files[i].source);
        assert_string_equal(got, files[i].want);
    }
    end(&rules);
}

static void test_who_follows_what_of_it(void **state)
{
    (void)state;
    struct rules rules;
    struct pack_test_place place;
    start(&rules);
    assert_true(pack_test_place_find(rules.set, "shop/j1.jsonl", NULL, &place));
    assert_int_equal(place.wish, DOCUMENTS_LINES | DOCUMENTS_CREATED);
    assert_false(place.is_document);
    struct followed *lines = pack_test_place_follow(&place, false, 1, 2);
    struct followed *emits = pack_test_place_follow(&place, true, 1, 2);
    assert_int_equal(lines->count, 2);
    assert_int_equal(emits->count, 1);
    assert_string_equal(lines->path, "/events/shop/j1.jsonl");
    assert_string_equal(lines->sources[0].file->captures[0].text, "shop");
    assert_string_equal(lines->sources[0].file->captures[1].text, "j1");
    followed_free(lines);
    followed_free(emits);
    pack_test_place_free(&place);

    assert_true(pack_test_place_find(rules.set, "n.json", NULL, &place));
    assert_int_equal(place.wish, DOCUMENTS_CONTENT | DOCUMENTS_REMOVED);
    assert_true(place.is_document);
    assert_null(pack_test_place_follow(&place, false, 1, 2));
    pack_test_place_free(&place);
    end(&rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_pack_takes_a_file_by_its_first_source_that_fits),
        cmocka_unit_test(test_who_follows_what_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
