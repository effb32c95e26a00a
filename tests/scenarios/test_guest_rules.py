"""Rules of a pack without sources are guests of the packs that have some: of a line, or a file, that
several sources read, they see one event, whoever reads it first."""

import itertools

import pytest

from rule_case import Case

READERS = {name: f"""
sources:
  {name}: {{files: "{{job}}/*.jsonl", type: event}}
metrics: {{{name}_total: {{type: counter, help: h}}}}
rules: {{X: [inc: {name}_total]}}
""" for name in ("one", "two")}
GUEST = """
metrics: {guest_total: {type: counter, help: h}}
rules:
  KEY: [inc: guest_total]
"""
LINES = [{"event": "X"}, {"event": "Y"}, {"event": "Z"}, {"event": "Z"}]
READ = {"one_total": 1, "two_total": 1}
SEEN = {"Y": 1, "two/Y": 1, "Y, Z": 3, "Y, two/Z": 3, "two/Z, Y": 3, "one/Y, two/Y": 2, '"*"': 4}


@pytest.mark.parametrize("order", itertools.permutations(READERS))
@pytest.mark.parametrize("key", SEEN)
def test_a_guest_sees_a_line_once(tmp_path, key, order):
    rules = [*(READERS[name] for name in order), GUEST.replace("KEY", key)]
    Case(key, rules, LINES, {**READ, "guest_total": SEEN[key]},
         {"events_total": 4}).check(tmp_path)


EMITTERS = {name: f"""
sources:
  {name}: {{files: "{{job}}/*.jsonl", type: event, emit: {{{emit}}}}}
metrics: {{{name}_total: {{type: counter, help: h}}}}
rules: {{Born: [inc: {name}_total]}}
""" for name, emit in (("one", "Born: {created: true}"),
                       ("two", "Born: {created: true}, Made: {created: true}"))}


@pytest.mark.parametrize("order", itertools.permutations(EMITTERS))
@pytest.mark.parametrize("key,seen", [("Born", 2), ("Made", 2), ("Born, Made", 4), ("two/Born", 2)])
def test_a_guest_sees_what_is_emitted_once_whoever_emits_it(tmp_path, key, seen, order):
    """Of two files. Only the source `two` makes `Made`, wherever it stands."""
    rules = [*(EMITTERS[name] for name in order), GUEST.replace("KEY", key)]
    files = {"job-1/a.jsonl": [{"event": "X"}], "job-2/b.jsonl": [{"event": "X"}]}
    Case(key, rules, files, {"one_total": 2, "two_total": 2, "guest_total": seen}).check(tmp_path)


READER_OF_DOCUMENTS = """
sources:
  two:
    files: "{job}/*.jsonl"
    format: document
    emit: {Read: {first: true}}
"""


@pytest.mark.parametrize("order", itertools.permutations(range(2)))
def test_a_guest_sees_what_is_read_of_a_document_behind_a_source_of_lines(tmp_path, order):
    readers = EMITTERS["one"], READER_OF_DOCUMENTS
    rules = [*(readers[place] for place in order), GUEST.replace("KEY", "Read")]
    Case("Read", rules, [{"event": "X"}], {"one_total": 1, "guest_total": 1}).check(tmp_path)
