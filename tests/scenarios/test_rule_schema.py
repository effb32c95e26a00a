"""rules/schema.json, by which editors complete and check rule files: it takes what the program
takes, refuses what is of a wrong shape, and its words are those of the program."""

import json
import os
import re

import pytest

jsonschema = pytest.importorskip("jsonschema")

import code_block
import test_rules_errors
import test_rules_language
import test_rules_updates
from program import FULL, REPOSITORY, run
from rule_case import SOURCE, Case
from rule_schema import Schema, load, mutants, words_in_sources

SCHEMA = Schema("schema.json")
RULES = os.path.join(REPOSITORY, "rules")
PACKS = sorted(name for name in os.listdir(RULES) if name.endswith(".yaml"))
EXAMPLES = [(block.marks["example"], block.text) for block in code_block.blocks_of("docs/rules.md")
            if "example" in block.marks]
CASES = [case for module in (test_rules_language, test_rules_updates)
         for table in vars(module).values() if isinstance(table, list)
         for case in table if isinstance(case, Case)]


def test_it_is_a_schema():
    jsonschema.Draft7Validator.check_schema(SCHEMA.root)


@pytest.mark.parametrize("name", PACKS)
def test_every_pack_fits(name):
    with open(os.path.join(RULES, name)) as file:
        assert SCHEMA.complaints(load(file)) == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example[0])
def test_every_example_of_the_page_fits(example):
    assert SCHEMA.complaints(load(example[1])) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_the_language_tests_use_fits(case):
    for text in case.rules:
        assert SCHEMA.complaints(load(text)) == []


def test_every_example_of_the_schema_fits():
    """An example stands beside what describes it."""
    for part in SCHEMA.parts():
        for example in part.get("examples", []):
            assert SCHEMA.fits({"$ref": part["$ref"]} if "$ref" in part else part, example)


def test_every_word_is_described():
    bare = [word for properties in SCHEMA.objects() for word, part in properties.items()
            if not part.get("description", "").strip()]
    assert bare == []


# --- What is refused ---------------------------------------------------------------------------

# Mistakes that only show when names, paths, patterns and orders are understood.
OF_MEANING = {
    "an unknown metric", "an unknown filter", "a label the metric does not have",
    "an unclosed brace", "an empty path", "a bad regular expression", "an unknown table",
    "a timer nobody starts", "a memory nobody fills", "an element path without each",
    "a capture that the source has not", "a source that does not exist", "observe of a counter",
    "dec of a counter", "inc of a histogram", "buckets that do not rise",
    "the label le of a histogram", "init of no label", "a duplicate key",
}


@pytest.mark.parametrize("name", test_rules_errors.MISTAKES)
def test_a_mistake_of_shape_is_refused(name):
    text = test_rules_errors.OTHER_SOURCES.get(name, SOURCE) + test_rules_errors.MISTAKES[name][0]
    assert bool(SCHEMA.complaints(load(text))) == (name not in OF_MEANING)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example[0])
def test_nothing_is_refused_that_the_program_takes(example, tmp_path):
    """Hundreds of small changes of each of the page's examples, to both; most mistakes that this
    makes are of shape. A run over all of them takes long, so each third is tried but with FULL=1."""
    tried = {str(tmp_path / f"{number}.yaml"): mutant
             for number, mutant in enumerate(mutants(load(example[1])))
             if FULL or number % 3 == 0}
    for path, mutant in tried.items():
        with open(path, "w") as file:
            json.dump(mutant, file)
    verdicts = dict(re.findall(r"^(.*): (ok|failed)\b", run("check", *tried).stdout, re.M))
    assert len(verdicts) == len(tried) > 25
    refused = {path: SCHEMA.complaints(mutant) for path, mutant in tried.items()}
    assert [found[0] for path, found in refused.items() if found and verdicts[path] == "ok"] == []
    failed = [path for path, verdict in verdicts.items() if verdict == "failed"]
    both = [path for path in failed if refused[path]]
    assert len(both) > 0.8 * len(failed), (len(both), len(failed))


# --- Whose words are they ----------------------------------------------------------------------

def taken_words(tmp_path, template, message):
    """Of all candidates those about which the program does not say that they are unknown here."""
    all_words = sorted(words_in_sources("src/rules/*.[ch]") | SCHEMA.words())
    if message == "filter": # made of letters alone
        all_words = [word for word in all_words if word.isalpha()]
    path = tmp_path / "pack.yaml"
    unknown = set()
    for start in range(0, len(all_words), 40): # 40 sources at most
        path.write_text(template(all_words[start:start + 40]))
        output = run("docs", "--rules", path).stderr
        unknown.update(re.findall(rf"unknown {re.escape(message)} '(\w+)'", output))
    assert unknown, output[:3000]
    return set(all_words) - unknown


def keys(words):
    return "{" + ", ".join(f"{word}: x" for word in words) + "}"


def each(words, text):
    return ", ".join(text.replace("@", word) for word in words)


METRIC = "metrics: {m_total: {type: counter, help: h, labels: [a]}}\n"


def properties(*path):
    return set(SCHEMA.part(*path)["properties"])


def words_of(name):
    return properties("definitions", name)


def enumeration(name, word):
    return set(SCHEMA.part("definitions", name, "properties", word)["enum"])


FILTERS = set("default first last lower upper basename dirname match map".split())

PLACES = {
    "sections": ("section", lambda words: keys(words), lambda: properties()),
    "defaults": ("key of 'defaults'", lambda words: f"{SOURCE}defaults: {keys(words)}",
                 lambda: properties("properties", "defaults")),
    "sources": ("key of a source", lambda words: f"sources: {{s: {keys(words)}}}",
                lambda: words_of("source")),
    "emitted events": (
        "word of an emitted event",
        lambda words: f"sources: {{s: {{files: a, type: b, emit: {{E: {keys(words)}}}}}}}",
        lambda: words_of("emitted")),
    "metrics": ("key of a metric", lambda words: f"{SOURCE}metrics: {{m: {keys(words)}}}",
                lambda: words_of("metric")),
    "lapsed": (
        "key of 'lapsed'",
        lambda words: f"{SOURCE}metrics: {{m: {{type: gauge, lapsed: {keys(words)}}}}}",
        lambda: properties("definitions", "metric", "properties", "lapsed")),
    "buckets": (
        "kind of buckets",
        lambda words: f"{SOURCE}metrics: {{m: {{type: histogram, buckets: {keys(words)}}}}}",
        lambda: properties("definitions", "buckets", "oneOf", 1)),
    "exponential buckets": (
        "key of buckets",
        lambda words: f"{SOURCE}metrics: {{m: {{type: histogram, exponential: {keys(words)}}}}}",
        lambda: words_of("exponential")),
    "linear buckets": (
        "key of buckets",
        lambda words: f"{SOURCE}metrics: {{m: {{type: histogram, linear: {keys(words)}}}}}",
        lambda: words_of("linear")),
    "steps of tables": (
        "key of a table's step", lambda words: f"{SOURCE}tables: {{t: {{a: [{keys(words)}]}}}}",
        lambda: properties("definitions", "tableValue", "oneOf", 1, "items")),
    "rows": ("word of a row", lambda words: f"{SOURCE}{METRIC}rules: {{E: [{keys(words)}]}}",
             lambda: words_of("row")),
    "amounts": (
        "amount",
        lambda words: f"{SOURCE}{METRIC}rules: {{E: [{{add: m_total, value: {keys(words)}}}]}}",
        lambda: words_of("amount")),
    "scales": (
        "key of 'scale'",
        lambda words: f"{SOURCE}{METRIC}rules: {{E: [{{inc: m_total, scale: {keys(words)}}}]}}",
        lambda: properties("definitions", "scale", "oneOf", 1)),
    "operators": (
        "operator",
        lambda words: f"{SOURCE}{METRIC}rules: {{E: [{{inc: m_total, when: {{a: {keys(words)}}}}}]}}",
        lambda: words_of("operators")),
    "overrides": (
        "word of an override",
        lambda words: f"{SOURCE}{METRIC}overrides: {{m_total: {keys(words)}}}",
        lambda: words_of("override")),
    "types of metrics": (
        "metric type",
        lambda words: f"{SOURCE}metrics: {{{each(words, 'm_@: {type: @}')}}}",
        lambda: enumeration("metric", "type")),
    "formats": (
        "format", lambda words: f"sources: {{{each(words, 's_@: {files: a, type: b, format: @}')}}}",
        lambda: enumeration("source", "format")),
    "what a set shows": (
        "'shows'", lambda words: f"{SOURCE}metrics: {{{each(words, 'm_@: {type: gauge, shows: @}')}}}",
        lambda: enumeration("metric", "shows")),
    "scopes": (
        "scope",
        lambda words:
            f"{SOURCE}{METRIC}rules: {{E: [{each(words, '{inc: m_total, once: a, scope: @}')}]}}",
        lambda: enumeration("row", "scope")),
    "filters": (
        "filter",
        lambda words: f"{SOURCE}{METRIC}rules: "
                      f"{{E: [{each(words, '''{inc: m_total, labels: {a: '{x|@}'}}''')}]}}",
        lambda: FILTERS),
}


@pytest.mark.parametrize("place", PLACES)
def test_the_words_are_those_of_the_program(place, tmp_path):
    message, template, expected = PLACES[place]
    assert taken_words(tmp_path, template, message) == expected()


def test_every_part_with_words_is_compared():
    """A part of the schema that is new must be a place above, too."""
    compared = set().union(*(expected() for _, _, expected in PLACES.values()))
    assert SCHEMA.words() - {"else"} <= compared
    # `sources`, `rules` ... of the file; 14 kinds of maps; a table, whose one own word is `else`.
    assert len(SCHEMA.objects()) == len(PLACES) - len(
        ["types of metrics", "formats", "what a set shows", "scopes", "filters"]) + len(["table"])


def test_filters_are_described():
    text = SCHEMA.part("definitions", "labelText")["description"]
    assert all(re.search(rf"\b{word}\b", text) for word in FILTERS)


# --- The page ----------------------------------------------------------------------------------

def read_page():
    with open(os.path.join(REPOSITORY, "docs", "rules.md")) as file:
        return file.read()


def test_every_word_stands_in_an_executed_example():
    """docs/rules.md shows each word where it may stand; its examples are run, too."""
    used = set().union(*(SCHEMA.used_words(load(text)) for _, text in EXAMPLES))
    missing = SCHEMA.all_words() - used
    assert not missing, sorted((word, part[:3]) for part, word in missing)
    assert used <= SCHEMA.all_words()
    packs = "\n".join(text for _, text in EXAMPLES)
    assert [word for word in FILTERS if not re.search(rf"\|{word}\b", packs)] == []


def test_every_word_stands_in_the_text_of_the_page():
    page = read_page()
    prose = re.sub(r"^```.*?^```", "", page, flags=re.M | re.S)
    spans = " ".join(re.findall(r"`[^`]+`", prose)) + " ".join(re.findall(r"^#+ .*$", prose, re.M))
    missing = [word for _, word in SCHEMA.all_words() if not re.search(rf"\b{word}\b", spans)]
    assert missing == []


def test_the_page_tells_editors_where_the_schema_is():
    page = read_page()
    assert f"# yaml-language-server: $schema={SCHEMA.root['$id']}\n" in page
