"""rules/test-schema.json, by which editors complete and check the tests of packs."""

import glob
import json
import os
import re

import pytest

jsonschema = pytest.importorskip("jsonschema")

from program import REPOSITORY, run
from rule_schema import Schema, load, mutants, words_in_sources

SCHEMA = Schema("test-schema.json")
SHIPPED = sorted(glob.glob(os.path.join(REPOSITORY, "rules", "tests", "*.yaml")))

PACK = """
sources:
  events:
    files: "{job}/*.jsonl"
    type: type
    emit: {Opened: {created: true}, Closed: {closed: true}, Gone: {removed: true}}
  papers: {files: "*.json", format: document, emit: {Seen: {first: true}, Lost: {removed: true}}}
metrics:
  m_total: {type: counter, help: h, labels: [job, what]}
  n_total: {type: counter, help: h}
  m_bytes: {type: gauge, help: h}
rules:
  A: [{inc: m_total, labels: {what: a}}]
  Seen, Lost: [{inc: n_total}]
  Opened, Closed, Gone: []
  DiskSampled: [{set: m_bytes, value: bytes}]
"""

EVERYTHING = """
rules: [pack.yaml]
complete: false
cases:
  - name: all words
    start: 2026-01-10T10:00:00Z
    steps:
      - created: j/a.jsonl
      - created: {file: k/a.jsonl, source: events}
      - lines: {file: j/a.jsonl, source: events, append: [{type: A}, '{"type": "A"}', "broken"]}
      - lines: {file: k/a.jsonl, append: {type: Other}}
      - lines: {file: l/a.jsonl, from: lines.jsonl}
      - document: {file: p.json, source: papers, content: {status: new}}
      - document: {file: q.json, content: '{"status": "new"}'}
      - document: {file: r.json, from: paper.json}
      - closed: {file: j/a.jsonl, source: events, late: true}
      - closed: k/a.jsonl
      - removed: {file: p.json, source: papers, late: false}
      - removed: q.json
      - sampled: {event_type: DiskSampled, path: /srv, bytes: 7}
      - after: 30s
      - expect: |
          m_total{job="j",what="a"} 2
          m_total{job="l",what="a"} 1
          m_bytes 7
        exact: [m_total]
        absent: ['m_total{job="k"}']
        skipped: {malformed: 1}
        unmatched: [Other]
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "pack.yaml").write_text(PACK)
    (tmp_path / "lines.jsonl").write_text('{"type": "A"}\n')
    (tmp_path / "paper.json").write_text('{"status": "old"}\n')
    return tmp_path


def complaining_files(paths):
    """Those of these tests that cannot be read, as the program says."""
    found = set()
    for start in range(0, len(paths), 200):
        output = run("test", *paths[start:start + 200]).stderr
        found.update(re.findall(r"^(.+?):\d+:\d+: error: ", output, re.M))
    return found


def test_it_is_a_schema():
    jsonschema.Draft7Validator.check_schema(SCHEMA.root)


@pytest.mark.parametrize("path", SHIPPED, ids=os.path.basename)
def test_the_tests_of_every_pack_fit(path):
    with open(path) as file:
        assert SCHEMA.complaints(load(file)) == []


def test_the_examples_of_the_page_fit():
    with open(os.path.join(REPOSITORY, "docs", "pack-tests.md")) as file:
        examples = re.findall(r"<!-- pack-test: \S+ -->\n```yaml\n(.*?)```", file.read(), re.S)
    assert examples
    for text in examples:
        assert SCHEMA.complaints(load(text)) == []


def test_every_word_is_described():
    bare = [word for properties in SCHEMA.objects() for word, part in properties.items()
            if not part.get("description", "").strip()]
    assert bare == []


def test_a_file_with_all_words_is_taken_by_both(place):
    path = place / "test.yaml"
    path.write_text(EVERYTHING)
    result = run("test", path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert SCHEMA.complaints(load(EVERYTHING)) == []
    assert SCHEMA.used_words(load(EVERYTHING)) == SCHEMA.all_words()


def test_nothing_is_refused_that_the_program_takes(place):
    """Hundreds of small changes, to both; and most mistakes are of shape."""
    files = {}
    for number, mutant in enumerate(mutants(load(EVERYTHING))):
        path = place / f"{number}.yaml"
        path.write_text(json.dumps(mutant))
        files[str(path)] = mutant
    failed = complaining_files(list(files))
    refused = {path: SCHEMA.complaints(mutant) for path, mutant in files.items()}
    problems = [f"{found[0]}: {json.dumps(files[path])}" for path, found in refused.items()
                if found and path not in failed]
    assert not problems, "\n".join(problems[:20])
    both = [path for path in failed if refused[path]]
    assert len(files) > 500 and len(both) > 0.8 * len(failed), (len(both), len(failed))


def step(word, inside):
    return f"cases: [{{name: a, steps: [{{{word}: {inside}}}]}}]"


PLACES = {
    "the file": (lambda words: words, lambda: set(SCHEMA.part()["properties"])),
    "cases": (lambda words: f"cases: [{words}]",
              lambda: set(SCHEMA.part("definitions", "case")["properties"])),
    "steps": (lambda words: f"cases: [{{name: a, steps: [{words}]}}]",
              lambda: set(SCHEMA.part("definitions", "step")["properties"])),
    "lines": (lambda words: step("lines", words),
              lambda: set(SCHEMA.part("definitions", "lines")["properties"])),
    "documents": (lambda words: step("document", words),
                  lambda: set(SCHEMA.part("definitions", "document")["properties"])),
    "created": (lambda words: step("created", words),
                lambda: set(SCHEMA.part("definitions", "creation", "oneOf", 1)["properties"])),
    "closed": (lambda words: step("closed", words),
               lambda: set(SCHEMA.part("definitions", "life", "oneOf", 1)["properties"])),
    "removed": (lambda words: step("removed", words),
                lambda: set(SCHEMA.part("definitions", "life", "oneOf", 1)["properties"])),
}


@pytest.mark.parametrize("name", PLACES)
def test_the_words_are_those_of_the_program(name, place):
    template, expected = PLACES[name]
    candidates = words_in_sources("src/packtest/pack_test*.c") | SCHEMA.words()
    path = place / "test.yaml"
    path.write_text(template("{" + ", ".join(f"{word}: x" for word in sorted(candidates)) + "}"))
    output = run("test", path).stderr
    unknown = set(re.findall(r"unknown word '(\w+)'", output))
    assert unknown, output[:3000]
    assert candidates - unknown == expected()


def test_every_part_with_words_is_compared():
    assert len(SCHEMA.objects()) == len(PLACES) - 1  # closed and removed are alike
