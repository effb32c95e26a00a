/* The text of a rule file: read, compiled, or refused with a message. */
#include "base/diagnostics.h"
#include "base/tree.h"
#include "config/yaml.h"
#include "fuzz.h"
#include "registry/registry.h"
#include "rules/rule_set.h"

static void compile(const struct tree *tree, struct diagnostics *diagnostics)
{
    struct rule_pack pack = {.name = "fuzz", .tree = tree};
    struct rule_limits limits = {0};
    struct registry *registry = registry_new(10000);
    struct rule_set *set = rule_set_new(&pack, 1, registry, &limits, diagnostics);
    MUST_HOLD((set == NULL) == (diagnostics->errors > 0));
    rule_set_free(set);
    registry_free(registry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    struct tree *tree = yaml_read_text("fuzz.yaml", (const char *)data, size, &diagnostics);
    MUST_HOLD((tree == NULL) == (diagnostics.errors > 0));
    if (tree)
        compile(tree, &diagnostics);

    struct text shown;
    text_init(&shown, TEXT_UNLIMITED);
    diagnostics_print(&diagnostics, &shown);
    text_free(&shown);
    tree_free(tree);
    diagnostics_free(&diagnostics);
    return 0;
}
