/* wiped_memory.c, decoder_wipe: of a document with secrets nothing decoded stays in the process.
 *
 * The test looks for the secret in all of its own writable memory, where it must not stand itself:
 * it is only ever spelt out by secret_byte, or in a line that is overwritten before the search. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "decode/decoder.h"
#include "decode/plan.h"
#include "decode/value.h"

#define SECRET_LENGTH 24
/* Before it in its text: what is freed loses its first bytes to the allocator. */
#define BEFORE "\\n\\n0123456789012345678901234567890123456789"

/* An odd text, like nothing else in memory. */
static unsigned char secret_byte(size_t index)
{
    return (unsigned char)('A' + (index * 7 + index * index * 3 + 11) % 26);
}

static size_t count_in(const unsigned char *start, const unsigned char *end)
{
    size_t found = 0;
    for (const unsigned char *at = start; at + SECRET_LENGTH <= end; at++) {
        size_t same = 0;
        while (same < SECRET_LENGTH && at[same] == secret_byte(same))
            same++;
        found += same == SECRET_LENGTH;
    }
    return found;
}

/* How often the secret stands in memory that this process may write. */
static size_t secrets_in_memory(void)
{
    size_t found = 0;
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "re");
    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps)) {
        unsigned long start;
        unsigned long end;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, rights) == 3 && rights[0] == 'r' &&
            rights[1] == 'w' && !strstr(line, "[v"))
            found += count_in((const unsigned char *)start, (const unsigned char *)end);
    }
    fclose(maps);
    return found;
}

static void append_secret(struct text *line, bool escaped)
{
    for (size_t i = 0; i < SECRET_LENGTH; i++) {
        if (escaped)
            text_printf(line, "\\u%04x", secret_byte(i));
        else
            text_append_char(line, (char)secret_byte(i));
    }
}

static void overwrite(struct text *line)
{
    explicit_bzero(line->data, line->capacity);
    text_free(line);
}

struct scene {
    struct decode_plan *plan;
    struct decoder *decoder;
    struct arena arena;
    uint32_t wanted;
};

static void open_scene(struct scene *scene)
{
    static const char *const wanted[] = {"wanted"};
    scene->plan = decode_plan_new();
    scene->wanted = decode_plan_want(scene->plan, wanted, 1);
    scene->decoder = decoder_new(scene->plan);
    arena_init(&scene->arena, 4096);
}

static void close_scene(struct scene *scene)
{
    decoder_free(scene->decoder);
    decode_plan_free(scene->plan);
    arena_free(&scene->arena);
}

/* A document whose secret stands in a name or in a text that nobody wants. */
struct document {
    bool in_name; /* names are always unescaped */
    bool is_escaped;
    bool is_half; /* ends within the secret's text */
    size_t more;  /* escaped bytes behind the secret */
};

/* Its line is gone when this returns. */
static enum decode_result decode_document(struct scene *scene, const struct document *document)
{
    struct text line;
    struct value *slots;
    text_init(&line, TEXT_UNLIMITED);
    assert_non_null(
        text_reserve(&line, 64 + 32 * SECRET_LENGTH + 2 * document->more)); /* never moved */
    text_append_string(&line, "{\"wanted\":\"a\\u0062c\",\"env\":{\"");
    if (!document->in_name)
        text_append_string(&line, "KEY\":\"");
    text_append_string(&line, BEFORE);
    append_secret(&line, document->is_escaped);
    for (size_t i = 0; i < document->more; i++)
        text_append_string(&line, "\\n");
    if (!document->is_half)
        text_append_string(&line, document->in_name ? "\":1},\"n\":1}" : "\"},\"n\":1}");
    enum decode_result result =
        decoder_line(scene->decoder, line.data, line.length, &scene->arena, &slots);
    if (result == DECODE_OK)
        assert_memory_equal(slots[scene->wanted].text, "abc", 3);
    overwrite(&line);
    return result;
}

static void test_the_search_finds_what_is_not_wiped(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    assert_int_equal(secrets_in_memory(), 0);
    decode_document(&scene, &(struct document){.in_name = true, .is_escaped = true});
    assert_int_equal(secrets_in_memory(), 1); /* in yajl's buffer */
    decoder_wipe(scene.decoder);
    assert_int_equal(secrets_in_memory(), 0);
    close_scene(&scene);
}

static void test_nothing_stays_of_what_nobody_wants(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    for (unsigned i = 0; i < 16; i++) {
        /* Buffers that grow are given back many times on the way. */
        const struct document document = {(i & 1) != 0, (i & 2) != 0, (i & 4) != 0,
                                          (i & 8) != 0 ? 6000 : 3};
        assert_int_equal(decode_document(&scene, &document),
                         document.is_half ? DECODE_MALFORMED : DECODE_OK);
        decoder_wipe(scene.decoder);
        assert_int_equal(secrets_in_memory(), 0);
    }
    close_scene(&scene);
}

static void test_nothing_stays_of_a_freed_decoder(void **state)
{
    (void)state;
    struct scene scene;
    const struct document document = {.in_name = true, .is_escaped = true, .more = 500};
    open_scene(&scene);
    assert_int_equal(decode_document(&scene, &document), DECODE_OK);
    close_scene(&scene);
    assert_int_equal(secrets_in_memory(), 0);
}

int main(void)
{
#ifdef __SANITIZE_ADDRESS__
    return 77; /* whose shadow is terabytes to search: skipped */
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_search_finds_what_is_not_wiped),
        cmocka_unit_test(test_nothing_stays_of_what_nobody_wants),
        cmocka_unit_test(test_nothing_stays_of_a_freed_decoder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
