"""`coverage`: what files hold that the rules say nothing of, and what the rules say in vain."""

import json
import os
import pathlib
import re
import subprocess

import pytest

from program import BINARY, REPOSITORY, make_environment, run

RULES = """\
sources:
  jobs:
    files: "{job}/*.jsonl"
    type: type
    body: data
    time: time
    id: id
  sessions:
    files: "sessions/{session}.json"
    format: document
    emit:
      SessionSeen: {first: true}
  idle:
    files: "idle/*.jsonl"
    type: type
metrics:
  steps_total: {type: counter, help: Steps., labels: [job, kind], max_series: 2}
  step_seconds: {type: histogram, help: Spans., buckets: [1, 10]}
  tools_total: {type: counter, help: Tools., labels: [name]}
  sessions_total: {type: counter, help: Sessions., labels: [status]}
  unused: {type: gauge, help: Nothing.}
rules:
  step_done:
    - inc: steps_total
    - observe: step_seconds
      value: span
    - inc: tools_total
      each: tools
      labels: {name: "{.name}"}
    - inc: tools_total
      when: {kind: never}
      labels: {name: none}
  job_paused, job_resumed:
    - set: unused
      value: /depth
    - inc: steps_total
  SessionSeen:
    - inc: sessions_total
"""

RECORDS = [
    {"id": "1", "type": "step_done", "time": "2026-01-01T00:00:00Z", "host": "h",
     "data": {"kind": "a", "span": [1, 5], "tools": [{"name": "x", "size": 1}],
              "notes": ["n"], "deep": {"er": {"est": 1}}}},
    {"id": "2", "type": "StepDone", "data": {"kind": "b", "span": 3, "extra": None}},
    {"id": "3", "type": "step_done", "data": {"kind": "c", "span": 30, "tools": [], "mixed": 1}},
    {"id": "4", "type": "step_done", "data": {"kind": "d", "span": 4, "mixed": "text"}},
    {"id": "5", "type": "surprise", "data": {"what": 1}},
    {"id": "6", "type": "surprise"},
    {"id": "7", "type": "rarer\x1b[31m"},
    {"id": "8", "data": {"span": 1}},
]

EXPECTED = """\
source jobs of rules: 7 events
  events that no rule names:
           2  surprise
           1  rarer\\u001b[31m
  fields that no rule uses, of events that some rule names:
    step_done
           1  object                          data.deep
           1  null                            data.extra
           2  mixed     2 values              data.mixed
           1  list                            data.notes
           1  number    1 value               data.tools[].size
           1  text      1 value               host

source sessions of rules: 1 event
  every event is named by some rule
  fields that no rule uses, of events that some rule names:
    (the document)
           1  number    1 value               tokens

sources of which nothing was seen:
    idle of rules

lines skipped:
           1  malformed
           1  no_type
           1  duplicate

rules whose events did not come, and how many rows they have:
           2  rules:job_paused, job_resumed

rows that never applied though their events came, and why:
           4  condition     rules:step_done:LINE

metrics, as these files make them (folded: updates past the limit):
      series     samples  max_series      folded  metric
           1           1       1,000           0  sessions_total
           1           5       1,000           0  step_seconds
           3           3           2           2  steps_total
           1           1       1,000           0  tools_total

metrics without series:
    unused
"""


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "events"
    (root / "job-1").mkdir(parents=True)
    (root / "sessions").mkdir()
    lines = [json.dumps(record) for record in RECORDS] + ["no JSON"]
    (root / "job-1" / "a.jsonl").write_text("".join(line + "\n" for line in lines))
    (root / "job-1" / "b.jsonl").write_text(json.dumps(RECORDS[4]) + "\n")
    (root / "sessions" / "s1.json").write_text('{"status": "Completed", "tokens": 5}')
    (tmp_path / "rules.yaml").write_text(RULES)
    return root


def cover(tmp_path, *arguments):
    return run("coverage", "--rules", tmp_path / "rules.yaml", *arguments)


def test_the_whole_report(tree, tmp_path):
    result = cover(tmp_path, tree)
    assert result.returncode == 0, result.stderr
    line = RULES[:RULES.index("when: {kind: never}")].count("\n")
    assert result.stdout == EXPECTED.replace("LINE", str(line))


def test_it_is_always_the_same(tree, tmp_path):
    assert len({cover(tmp_path, tree).stdout for _ in range(3)}) == 1


def test_without_a_path_the_events_directory_is_read(tree, tmp_path):
    assert cover(tmp_path, "--events-dir", tree).stdout == cover(tmp_path, tree).stdout


def test_files_and_standard_input_by_themselves(tree, tmp_path):
    alone = cover(tmp_path, tree / "job-1" / "a.jsonl")
    assert alone.returncode == 0 and "source jobs of rules: " in alone.stdout
    content = (tree / "job-1" / "a.jsonl").read_bytes()
    result = run("coverage", "--rules", tmp_path / "rules.yaml", "-", input=content)
    assert "           2  surprise\n" in result.stdout


def test_output_goes_into_a_file_whole_or_not_at_all(tree, tmp_path):
    target = tmp_path / "report.txt"
    assert cover(tmp_path, tree, "--output", target).returncode == 0
    assert target.read_text() == cover(tmp_path, tree).stdout
    failed = cover(tmp_path, tree, "--output", tmp_path / "no" / "such" / "report.txt")
    assert failed.returncode == 1 and len(failed.stderr.splitlines()) >= 1
    assert not (tmp_path / "no").exists()


def test_what_all_rules_cover(tmp_path):
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / "a.jsonl").write_text('{"type": "a", "n": 1}\n' * 3)
    (tmp_path / "rules.yaml").write_text(
        "sources: {s: {files: '*.jsonl', type: type}}\n"
        "metrics: {a_total: {type: counter, help: A.}}\n"
        "rules: {a: [{add: a_total, value: n}]}\n")
    assert cover(tmp_path, tmp_path / "e").stdout == """\
source s of rules: 3 events
  every event is named by some rule
  every field of them is used by some rule

no line was skipped

the events of all rules came

every row applied whose event came

metrics, as these files make them (folded: updates past the limit):
      series     samples  max_series      folded  metric
           1           1       1,000           0  a_total
"""


def test_two_packs_on_one_file_are_told_apart(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"type": "x", "n": 1, "m": 2}\n')
    for pack, event, field in (("one", "x", "n"), ("two", "y", "m")):
        (tmp_path / f"{pack}.yaml").write_text(
            f"sources: {{s: {{files: '*.jsonl', type: type}}}}\n"
            f"metrics: {{{pack}_total: {{type: counter, help: A.}}}}\n"
            f"rules: {{{event}: [{{add: {pack}_total, value: {field}}}]}}\n")
    result = run("coverage", "--rules", tmp_path / "one.yaml", "--rules", tmp_path / "two.yaml",
                 tmp_path)
    one, two = result.stdout.split("source s of ")[1:]
    assert one.startswith("one: 1 event\n  every event is named") and "  m\n" in one
    assert two.startswith("two: 1 event\n  events that no rule names:\n           1  x\n")


def test_values_are_never_shown(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"type": "x", "text": "hunter2", "n": 424242}\n')
    (tmp_path / "rules.yaml").write_text(
        "sources: {s: {files: '*.jsonl', type: type}}\n"
        "metrics: {a_total: {type: counter, help: A.}}\nrules: {x: [{inc: a_total}]}\n")
    shown = cover(tmp_path, tmp_path).stdout
    assert "  text\n" in shown and "hunter2" not in shown and "424" not in shown


def test_a_hundred_thousand_names_of_fields_and_events(tmp_path):
    lines = [json.dumps({"type": f"t{n}", "x": {f"k{n}": n}, f"f{n}": n}) for n in range(100000)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines) + "\n" + '{"type": "known", "n": 1}\n')
    (tmp_path / "rules.yaml").write_text(
        "sources: {s: {files: '*.jsonl', type: type}}\n"
        "metrics: {a_total: {type: counter, help: A.}}\nrules: {known: [{inc: a_total}]}\n")
    result = cover(tmp_path, tmp_path)
    assert result.returncode == 0 and "100,001 events" in result.stdout
    assert len(result.stdout) < 100000


def test_files_that_cannot_be_read(tree, tmp_path, without_privileges):
    (tree / "job-1" / "shut.jsonl").write_text("{}\n")
    (tree / "job-1" / "shut.jsonl").chmod(0)
    result = subprocess.run(
        without_privileges + [BINARY, "coverage", "--rules", str(tmp_path / "rules.yaml"),
                              str(tree)],
        capture_output=True, text=True, timeout=60, env=make_environment())
    assert result.returncode == 1 and "shut.jsonl" in result.stderr
    assert "surprise" in result.stdout


@pytest.mark.parametrize("arguments", [["--rules", "nowhere.yaml"], ["/nowhere/at/all"]])
def test_what_is_not_there(arguments, tmp_path):
    result = run("coverage", *arguments, cwd=tmp_path)
    assert result.returncode == 1
    assert "No such file" in result.stderr


def trees():
    data = pathlib.Path(REPOSITORY, "tests/data")
    return sorted(path for path in data.rglob("*")
                  if path.is_dir() and path.name in ("events", "projects"))


@pytest.mark.parametrize("tree", trees(), ids=lambda tree: os.path.relpath(tree, REPOSITORY))
def test_recorded_trees_agree_with_once(tree):
    """Skipped lines, series and silent rows are those of `once`'s own metrics."""
    pack = "claude-code" if tree.name == "projects" else "prodigy"
    where = ["--source", f"projects={tree}"] if pack == "claude-code" else []
    report = run("coverage", "--rules", pack, *where, tree).stdout
    shown = run("once", "--rules", pack, *where, tree).stdout
    skipped = dict(re.findall(r"^ +([\d,]+)  (\w+)$",
                              report.partition("lines skipped:\n")[2].partition("\n\n")[0], re.M))
    for reason, count in re.findall(
            r'^jsonl_exporter_lines_skipped_total\{reason="(\w+)"\} (\d+)$', shown, re.M):
        assert next((int(n.replace(",", "")) for n, r in skipped.items() if r == reason), 0) == \
            int(count), reason
    for series, metric in re.findall(
            r"^ +([\d,]+) +[\d,]+ +[\d,]+ +[\d,]+  (\w+)$", report, re.M):
        expected = len(re.findall(rf"^{metric}(?:_count)?(?:\{{| )", shown, re.M))
        assert int(series.replace(",", "")) == expected, metric
