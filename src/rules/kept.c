/* See kept.h. */
#include "rules/kept.h"

#include <string.h>

#include "base/fields.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "decode/value.h"
#include "rules/path.h"
#include "rules/source.h"

static void append_names(struct text *text, const char *const *segments, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_append_string(text, segments[i]);
        text_append_char(text, '\x1f');
    }
}

static void add_field(struct rule_source *source, uint64_t name, uint32_t slot)
{
    for (size_t i = 0; i < source->kept_count; i++)
        if (source->kept[i].slot == slot)
            return;
    source->kept = memory_resize(source->kept, source->kept_count + 1, sizeof(*source->kept));
    source->kept[source->kept_count++] = (struct kept_field){.name = name, .slot = slot};
}

void kept_add(struct rule_source *source, const char *const *segments, size_t count, bool in_body,
              uint32_t slot)
{
    struct text name;
    text_init(&name, TEXT_UNLIMITED);
    if (source->body) { /* whether there is a body says where paths start */
        append_names(&name, (const char *const *)source->body->segments, source->body->count);
        add_field(source, hash_stable(name.data, name.length), source->body_slot);
    }
    if (!in_body)
        text_clear(&name);
    append_names(&name, segments, count);
    add_field(source, hash_stable(name.length ? name.data : "", name.length), slot);
    text_free(&name);
}

static size_t kept_length(const struct value *value)
{
    return value->type == VALUE_STRING || value->type == VALUE_NUMBER ? value->length : 0;
}

static void write_field(const struct kept_field *field, const struct value *value, struct text *out)
{
    fields_put_64(out, field->name);
    fields_put_8(out, value->type);
    if (value->type == VALUE_STRING || value->type == VALUE_NUMBER)
        fields_put_bytes(out, value->text, value->length);
    else
        fields_put_32(out, value->length);
}

void kept_write(const struct rule_source *source, const struct value *slots, struct text *out)
{
    size_t total = 0;
    for (size_t i = 0; i < source->kept_count; i++) {
        const struct value *value = &slots[source->kept[i].slot];
        size_t length = kept_length(value);
        if (value->type == VALUE_ABSENT || length > KEPT_TEXT || total + length > KEPT_MOST)
            continue;
        total += length;
        write_field(&source->kept[i], value, out);
    }
}

static struct value read_value(struct fields *fields)
{
    struct value value = {.type = fields_8(fields)};
    if (value.type == VALUE_STRING || value.type == VALUE_NUMBER) {
        struct bytes text = fields_bytes(fields);
        value.text = text.data;
        value.length = (uint32_t)text.length;
    } else {
        value.length = fields_32(fields);
    }
    return value;
}

void kept_read(const struct rule_source *source, struct bytes kept, struct value *slots)
{
    struct fields fields = fields_of(kept);
    while (fields_left(&fields)) {
        uint64_t name = fields_64(&fields);
        struct value value = read_value(&fields);
        if (fields.failed)
            return;
        for (size_t i = 0; i < source->kept_count; i++)
            if (source->kept[i].name == name)
                slots[source->kept[i].slot] = value;
    }
}
