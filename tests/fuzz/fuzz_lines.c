/* Bytes of an event file: cut into lines (in one piece and in two, which must be the same lines),
 * decoded, counted by the rules of the built-in pack, and shown.
 *
 * The first byte says where the two pieces part. Rules and registry live on from input to input,
 * within small bounds. */
#include <string.h>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"
#include "base/utf8.h"
#include "config/yaml.h"
#include "decode/decoder.h"
#include "encode/encode.h"
#include "fuzz.h"
#include "registry/registry.h"
#include "rules/builtin.h"
#include "rules/rule_set.h"
#include "tail/lines.h"

#define LONGEST_LINE 2000

static struct registry *registry;
static struct rule_set *rules;
static struct rule_source *source;
static struct rule_file *file;
static struct decoder *decoder;
static struct arena arena;
static int64_t now;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    static const struct rule_capture captures[] = {{"repo", "demo", 4}, {"job_id", "job-1", 5}};
    const struct rule_limits limits = {.max_memory_keys = 1000, .max_event_types = 50};
    const struct builtin_pack *builtin = builtin_pack_find("prodigy");
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    struct tree *tree = yaml_read_text(builtin->file, builtin->text, builtin->length, &diagnostics);
    MUST_HOLD(tree);
    const struct rule_pack pack = {.name = builtin->name, .tree = tree};
    registry = registry_new(500);
    rules = rule_set_new(&pack, 1, registry, &limits, &diagnostics);
    MUST_HOLD(rules);
    source = rule_set_source(rules, 0);
    file = rule_file_new(source, "/root/demo/job-1/events-1.jsonl", captures, 2, 1, 1);
    decoder = decoder_new(rule_source_plan(source));
    arena_init(&arena, 1 << 20);
    tree_free(tree);
    diagnostics_free(&diagnostics);
    return 0;
}

static void apply(const struct value *slots)
{
    const char *id;
    size_t length;
    (void)rule_source_id(source, slots, &id, &length);
    const struct rule_event event = {
        .slots = slots,
        .file = file,
        .arena = &arena,
        .now = now += NANOSECONDS_PER_SECOND,
        .guests = true,
    };
    rule_set_apply(rules, source, &event, NULL);
}

static void decode(const struct lines_cut *cut)
{
    struct value *slots;
    if (decoder_line(decoder, cut->bytes, cut->length, &arena, &slots) == DECODE_OK)
        apply(slots);
    else
        MUST_HOLD(strlen(decoder_error(decoder)) > 0);
    arena_reset(&arena);
}

/* Lines found in this piece; takes `cutter` to the bytes behind them. */
static size_t cut_piece(struct lines *cutter, bool use)
{
    struct lines_cut cut;
    enum lines_kind kind;
    size_t count = 0;
    while ((kind = lines_next(cutter, &cut)) != LINES_END) {
        MUST_HOLD(cutter->position <= cutter->length);
        if (kind != LINES_LINE)
            continue;
        MUST_HOLD(cut.length > 0 && cut.length <= LONGEST_LINE);
        count++;
        if (use)
            decode(&cut);
    }
    cutter->bytes += cutter->position;
    cutter->length -= cutter->position;
    cutter->offset += cutter->position;
    cutter->position = 0;
    return count;
}

static void check_exposition(void)
{
    struct text shown;
    text_init(&shown, TEXT_UNLIMITED);
    registry_tick(registry, now, true);
    rule_set_tick(rules, now, false);
    MUST_HOLD(encode_text(registry, &shown));
    MUST_HOLD(shown.length == 0 || shown.data[shown.length - 1] == '\n');
    MUST_HOLD(shown.length == 0 || utf8_valid_prefix(shown.data, shown.length) == shown.length);
    text_free(&shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t part = (size - 1) * data[0] / 255;
    const char *bytes = (const char *)data + 1;

    struct lines whole = {.bytes = bytes, .length = size - 1, .maximum = LONGEST_LINE};
    size_t lines = cut_piece(&whole, true);
    struct lines parted = {.bytes = bytes, .length = part, .maximum = LONGEST_LINE};
    size_t parted_lines = cut_piece(&parted, false);
    parted.length = size - 1 - (size_t)(parted.bytes - bytes);
    parted_lines += cut_piece(&parted, false);
    MUST_HOLD(lines == parted_lines);

    check_exposition();
    return 0;
}
