/* Keys: one or more operands whose texts together name a thing. See operand.h. */
#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/hash.h"
#include "base/tree.h"
#include "decode/value.h"
#include "rules/compiler.h"
#include "rules/operand.h"
#include "rules/schema.h"

struct key_building {
    const struct binding *binding;
    struct key *key;
    bool failed;
};

static void add_key_part(void *context, const struct tree *text)
{
    struct key_building *building = context;
    struct key *key = building->key;
    struct operand part;
    if (!operand_compile(building->binding, text, text->text, text->length, &part)) {
        building->failed = true;
        return;
    }
    key->parts = memory_resize(key->parts, key->count + 1, sizeof(*key->parts));
    key->parts[key->count++] = part;
}

bool key_compile(const struct binding *binding, const struct tree *node, const char *what,
                 struct key *ret_key)
{
    struct key key = {.parts = NULL};
    struct key_building building = {.binding = binding, .key = &key};
    struct diagnostics *diagnostics = binding->compiler->diagnostics;
    schema_some_texts(diagnostics, node, what, add_key_part, &building);
    if (key.count > KEY_PARTS)
        diagnostics_error(diagnostics, node, "%s may have %zu parts at most", what, KEY_PARTS);
    if (building.failed || key.count == 0 || key.count > KEY_PARTS) {
        key_free(&key);
        return false;
    }
    *ret_key = key;
    return true;
}

void key_free(struct key *key)
{
    for (size_t i = 0; i < key->count; i++)
        operand_free(&key->parts[i]);
    free(key->parts);
    *key = (struct key){.parts = NULL};
}

/* The beginning of a text too long for a key, and a hash that stands for the rest. */
static void shorten(struct scene *scene, const char **text, size_t *length)
{
    if (LIKELY(*length <= KEY_LONGEST))
        return;
    uint64_t hash = hash_stable(*text, *length);
    char *shorter = arena_copy(scene->arena, *text, KEY_LONGEST);
    memcpy(shorter + KEY_LONGEST - sizeof(hash), &hash, sizeof(hash));
    *text = shorter;
    *length = KEY_LONGEST;
}

bool key_text(struct scene *scene, const struct key *key, const char **ret_text, size_t *ret_length)
{
    const char *texts[KEY_PARTS];
    size_t lengths[KEY_PARTS];
    size_t total = 0;
    size_t count = key->count;
    for (size_t i = 0; i < count; i++) {
        struct value value;
        if (!operand_value(scene, &key->parts[i], &value))
            return false;
        if (!value_text(&value, &texts[i], &lengths[i])) {
            scene->missing = key->parts[i].text;
            return false;
        }
        total += lengths[i] + 1;
    }
    if (count == 1) {
        *ret_text = texts[0];
        *ret_length = lengths[0];
        shorten(scene, ret_text, ret_length);
        return true;
    }
    char *joined = arena_alloc(scene->arena, total);
    char *at = joined;
    for (size_t i = 0; i < count; i++) {
        memcpy(at, texts[i], lengths[i]);
        at += lengths[i];
        *at++ = '\x1f';
    }
    *ret_text = joined;
    *ret_length = total;
    shorten(scene, ret_text, ret_length);
    return true;
}
