"""Rule files with mistakes: each error tells file, line, column, the text, and the nearest word."""

import re

import pytest

from program import run
from rule_case import SOURCE, check

GOOD = "metrics: {m_total: {type: counter, help: h, labels: [a]}}\n"

# Name: text after SOURCE (2 lines), the line of the error, fragments of its message.
MISTAKES = {
    "an unknown top-level key": ("rule: {}\n", 3, ["rule", "'rules'"]),
    "an unknown key of a metric": (
        "metrics: {m_total: {type: counter, halp: h}}\n", 3, ["halp", "'help'"]),
    "a help that is no text": (
        "metrics: {m_total: {type: counter, help: {text: h}}}\n", 3, ["'help'", "a map"]),
    "an unknown type": ("metrics: {m_total: {type: conter, help: h}}\n", 3,
                        ["conter", "'counter'"]),
    "a metric without a type": ("metrics: {m_total: {help: h}}\n", 3, ["m_total", "type"]),
    "an unknown verb": (GOOD + "rules: {A: [{icn: m_total}]}\n", 4, ["icn", "'inc'"]),
    "an unknown key of a row": (
        GOOD + "rules: {A: [{inc: m_total, wehn: {a: b}}]}\n", 4, ["wehn", "'when'"]),
    "two verbs in a row": (GOOD + "rules: {A: [{inc: m_total, add: m_total}]}\n", 4,
                           ["inc", "add"]),
    "no verb in a row": (GOOD + "rules: {A: [{value: 3}]}\n", 4, ["update"]),
    "an unknown metric": (GOOD + "rules: {A: [{inc: m_totel}]}\n", 4, ["m_totel", "'m_total'"]),
    "an unknown operator": (
        GOOD + "rules: {A: [{inc: m_total, when: {a: {gte: 3}}}]}\n", 4, ["gte", "'ge'"]),
    "an unknown amount": (
        GOOD + "rules: {A: [{add: m_total, value: {cuont: a}}]}\n", 4, ["cuont", "'count'"]),
    "an unknown filter": (
        GOOD + "rules: {A: [{inc: m_total, labels: {a: '{x|lowr}'}}]}\n", 4, ["lowr", "'lower'"]),
    "a label the metric does not have": (
        GOOD + "rules: {A: [{inc: m_total, labels: {aa: x}}]}\n", 4, ["aa", "'a'"]),
    "an unclosed brace": (
        GOOD + "rules: {A: [{inc: m_total, labels: {a: '{x'}}]}\n", 4, ["{x", "not closed"]),
    "an empty path": (GOOD + "rules: {A: [{add: m_total, value: a..b}]}\n", 4, ["a..b"]),
    "a bad regular expression": (
        GOOD + "rules: {A: [{inc: m_total, when: {a: {match: '('}}}]}\n", 4, ["("]),
    "an unknown scope": (
        GOOD + "rules: {A: [{inc: m_total, once: a, scope: directry}]}\n", 4,
        ["directry", "'directory'"]),
    "an unknown table": (
        GOOD + "tables: {price: {a: 1}}\n"
        "rules: {A: [{add: m_total, value: a, scale: {table: prise, key: a}}]}\n", 5,
        ["prise", "'price'"]),
    "a timer nobody starts": (
        GOOD + "rules: {A: [{add: m_total, value: {elapsed: work}}]}\n", 4, ["work"]),
    "a memory nobody fills": (
        GOOD + "rules: {A: [{inc: m_total, labels: {a: '{who[a]}'}}]}\n", 4, ["who"]),
    "an element path without each": (
        GOOD + "rules: {A: [{add: m_total, value: .x}]}\n", 4, [".x", "each"]),
    "a capture that the source has not": (
        GOOD + "rules: {A: [{inc: m_total, labels: {a: '{file.jib}'}}]}\n", 4,
        ["file.jib", "job"]),
    "a source that does not exist": (
        GOOD + "rules: {t/A: [{inc: m_total}]}\n", 4, ["unknown source", "'t'"]),
    "observe of a counter": (GOOD + "rules: {A: [{observe: m_total, value: a}]}\n", 4,
                             ["observe", "counter"]),
    "dec of a counter": (GOOD + "rules: {A: [{dec: m_total}]}\n", 4, ["dec", "counter"]),
    "inc of a histogram": (
        "metrics: {m: {type: histogram, help: h, buckets: [1]}}\nrules: {A: [{inc: m}]}\n", 4,
        ["inc", "histogram"]),
    "enter without a key": (
        "metrics: {m: {type: gauge, help: h}}\nrules: {A: [{enter: m}]}\n", 4, ["enter", "key"]),
    "buckets that do not rise": (
        "metrics: {m: {type: histogram, help: h, buckets: [1, 5, 3]}}\n", 3, ["3"]),
    "a bucket that is no number": (
        "metrics: {m: {type: histogram, help: h, buckets: [1, few]}}\n", 3, ["few"]),
    "buckets of a gauge": ("metrics: {m: {type: gauge, help: h, buckets: [1]}}\n", 3,
                           ["bucket"]),
    "a histogram without buckets": ("metrics: {m: {type: histogram, help: h}}\n", 3,
                                    ["buckets"]),
    "the label le of a histogram": (
        "metrics: {m: {type: histogram, help: h, labels: [le], buckets: [1]}}\n", 3, ["le"]),
    "a bad metric name": ("metrics: {m-total: {type: counter, help: h}}\n", 3, ["m-total"]),
    "a bad label name": ("metrics: {m_total: {type: counter, help: h, labels: [a-b]}}\n", 3,
                         ["a-b"]),
    "a label with two underscores": (
        "metrics: {m_total: {type: counter, help: h, labels: [__a]}}\n", 3, ["__a"]),
    "a label twice": ("metrics: {m_total: {type: counter, help: h, labels: [a, a]}}\n", 3,
                      ["'a'"]),
    "init of no label": (
        "metrics: {m_total: {type: counter, help: h, labels: [a], init: {b: [x]}}}\n", 3, ["b"]),
    "a bad duration": ("metrics: {m_total: {type: counter, help: h, ttl: soon}}\n", 3, ["soon"]),
    "a bad max_series": ("metrics: {m_total: {type: counter, help: h, max_series: lots}}\n", 3,
                         ["lots"]),
    "a bad quantile": ("metrics: {m: {type: summary, help: h, quantiles: [95]}}\n", 3, ["95"]),
    "the name of an own metric": ("metrics: {jsonl_exporter_up: {type: gauge, help: h}}\n", 3,
                                  ["jsonl_exporter_up"]),
    "increase without a key": (
        GOOD + "rules: {A: [{add: m_total, value: {increase: a}}]}\n", 4, ["increase", "key"]),
    "a list where a map belongs": ("metrics: [a]\n", 3, ["metrics", "map"]),
    "a map where a list belongs": (GOOD + "rules: {A: {inc: m_total}}\n", 4, ["list"]),
    "a duplicate key": (
        "metrics:\n  m_total: {type: counter, help: h}\n  m_total: {type: gauge, help: h}\n", 5,
        ["m_total"]),
    "an unknown cause of an emitted event": ("", 2, ["cretaed", "'created'"]),
    "a cause that lines cannot have": ("", 2, ["'first'", "format: document"]),
    "an unknown format": ("", 2, ["documant", "'document'"]),
    "the type of a document": ("", 2, ["'type'", "'emit'"]),
    "a document that emits nothing": ("", 2, ["'s'", "needs 'emit'"]),
}
OTHER_SOURCES = {
    "an unknown cause of an emitted event": SOURCE.replace(
        "id: id}", "id: id, emit: {Opened: {cretaed: true}}}"),
    "a cause that lines cannot have": SOURCE.replace(
        "id: id}", "id: id, emit: {Opened: {first: true}}}"),
    "an unknown format": SOURCE.replace("id: id}", "id: id, format: documant}"),
    "the type of a document": SOURCE.replace("id: id}", "id: id, format: document}"),
    "a document that emits nothing": SOURCE.replace("id: id}", "id: id, format: document}"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place(name, tmp_path):
    text, line, fragments = MISTAKES[name]
    code, output, path = check(tmp_path, OTHER_SOURCES.get(name, SOURCE) + text)
    assert code == 1, output
    told = [entry for entry in output.splitlines()
            if re.match(rf"{re.escape(path)}:{line}:\d+: error: ", entry)]
    assert told, output
    for fragment in fragments:
        assert any(fragment in entry for entry in told), output


CLASHES = {
    "two definitions of one metric": (
        "metrics: {m_total: {type: counter, help: h}}\n",
        "metrics: {m_total: {type: counter, help: other}}\n", ["m_total"]),
    "a histogram's count": (
        "metrics: {m: {type: histogram, help: h, buckets: [1]}}\n",
        "metrics: {m_count: {type: gauge, help: h}}\n", ["m_count", "'m'"]),
    "a histogram's buckets": (
        "metrics: {m_bucket: {type: gauge, help: h}}\n",
        "metrics: {m: {type: histogram, help: h, buckets: [1]}}\n", ["m_bucket"]),
    "a summary's sum": (
        "metrics: {m: {type: summary, help: h}}\n",
        "metrics: {m_sum: {type: gauge, help: h}}\n", ["m_sum"]),
    "a counter and a gauge of one family": (
        "metrics: {m_total: {type: counter, help: h}}\n",
        "metrics: {m: {type: gauge, help: h}}\n", ["m_total", "'m'"]),
    "a counter's created": (
        "metrics: {m_total: {type: counter, help: h}}\n",
        "metrics: {m_created: {type: gauge, help: h}}\n", ["m_created"]),
}


@pytest.mark.parametrize("name", CLASHES)
def test_names_that_clash_over_several_packs_are_errors(name, tmp_path):
    first, second, fragments = CLASHES[name]
    (tmp_path / "a.yaml").write_text(SOURCE + first)
    (tmp_path / "b.yaml").write_text(second)
    result = run("once", "--rules", tmp_path / "a.yaml", "--rules", tmp_path / "b.yaml",
                 tmp_path)
    assert result.returncode == 1
    assert re.search(r"[ab]\.yaml:\d+:\d+: error: ", result.stderr), result.stderr
    for fragment in fragments:
        assert fragment in result.stderr


WARNINGS = {
    "a counter without _total": ("things: {type: counter, help: h}", "_total"),
    "a gauge with _total": ("things_total: {type: gauge, help: h}", "_total"),
    "no help": ("things: {type: gauge}", "help"),
    "milliseconds": ("wait_milliseconds: {type: gauge, help: h}", "seconds"),
    "an abbreviated unit": ("wait_ms: {type: gauge, help: h}", "ms"),
    "a type in the name": ("things_gauge: {type: gauge, help: h}", "type"),
    "camelCase": ("someThings: {type: gauge, help: h}", "snake_case"),
    "a camelCase label": ("things: {type: gauge, help: h, labels: [someThing]}", "someThing"),
    "a colon": ("some:things: {type: gauge, help: h}", "colon"),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_what_promlint_would_say_is_a_warning(name, tmp_path):
    definition, fragment = WARNINGS[name]
    code, output, path = check(tmp_path, SOURCE + f"metrics:\n  {definition}\n")
    assert code == 0, output
    assert re.search(rf"{re.escape(path)}:4:\d+: warning: .*{re.escape(fragment)}", output), output


def test_a_clean_file_has_no_warnings(tmp_path):
    code, output, _ = check(tmp_path, SOURCE + GOOD + "rules: {A: [{inc: m_total}]}\n")
    assert code == 0
    assert "warning" not in output and "error" not in output


def test_all_mistakes_of_a_file_are_told_at_once_in_order(tmp_path):
    text = SOURCE + """\
metrics:
  a_total: {type: conter, help: h}
  b_total: {type: counter, halp: h}
rules:
  A:
    - icn: b_total
    - inc: b_total
      when: {x: {gte: 1}}
    - inc: c_total
"""
    code, output, path = check(tmp_path, text)
    assert code == 1
    lines = [int(match) for match in re.findall(rf"{re.escape(path)}:(\d+):\d+: error:", output)]
    assert lines == sorted(lines)
    assert {4, 5, 8, 10, 11} <= set(lines)


@pytest.mark.parametrize("text", [
    "metrics: {\n", "a: b: c\n", "\tmetrics: {}\n", "metrics: &a [*b]\n", "- - -\n", "\x00\x01",
    "%YAML 9.9\n---\n", "metrics: !!binary x\n", "{" * 5000, "a" * 1000000,
    "&a [&b [*a, *b], *a]\n", "",
], ids=range(12))
def test_what_is_no_rule_file_never_crashes(text, tmp_path):
    code, output, path = check(tmp_path, text)
    if code == 0:
        assert text == ""
    else:
        assert code == 1 and path in output


def test_yaml_bombs_end_soon(tmp_path):
    lines = ['a0: &a0 ["x","x","x","x","x","x","x","x","x","x"]']
    for n in range(1, 12):
        lines.append(f"a{n}: &a{n} [" + ",".join([f"*a{n - 1}"] * 10) + "]")
    code, output, _ = check(tmp_path, "\n".join(lines) + "\n")
    assert code == 1
