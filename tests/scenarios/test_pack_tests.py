"""`test FILE...`: the shipped packs' own tests pass and leave nothing out, and can fail; what a
failure says; what time, files and documents do in a test; and each mistake in a test file."""

import glob
import os
import shutil
import subprocess
import textwrap

import pytest
import yaml

from program import BINARY, REPOSITORY, make_environment, run

PACKS = sorted(os.path.basename(path)[:-5] for path in glob.glob(f"{REPOSITORY}/rules/*.yaml"))

# A small pack of everything that a test can be about.
PACK = """
sources:
  events:
    files: "{job}/{part}.jsonl"
    type: type
    time: time
    id: id
    emit:
      Opened: {created: true}
      Closed: {closed: true, reopen: true}
      Gone: {removed: true}
  sessions:
    root: ["${EVENTS_DIR}/../sessions"]
    files: ["{name}.json", "{job}/{name}.json"]
    format: document
    time: updated
    emit:
      Seen: {first: true}
      Done: {when: {status: done}}
      Lost: {removed: true}
metrics:
  items_total: {type: counter, help: Items., labels: [job, result]}
  agents: {type: gauge, help: Agents., labels: [job], ttl: 1h}
  seconds: {type: histogram, help: Durations., buckets: [1, 10]}
  speed: {type: gauge, help: Speed.}
  lives_total: {type: counter, help: Lives., labels: [what]}
  sessions_total: {type: counter, help: Sessions., labels: [name, what]}
  disk_bytes: {type: gauge, help: Disk.}
rules:
  item:
    - inc: items_total
    - observe: seconds
      value: seconds
      when: {seconds: {exists: true}}
    - rate: speed
      window: 60s
  agent_started:
    - {enter: agents, key: agent, for: 10m}
    - {start: run, key: agent}
  agent_ended:
    - {leave: agents, key: agent}
    - {observe: seconds, value: {elapsed: run}, key: agent}
  Opened: [{inc: lives_total, labels: {what: opened}}]
  Closed: [{inc: lives_total, labels: {what: closed}}]
  Gone: [{inc: lives_total, labels: {what: gone}}]
  Seen: [{inc: sessions_total, labels: {what: seen}}]
  Done: [{inc: sessions_total, labels: {what: done}}]
  Lost:
    - {inc: sessions_total, labels: {what: lost}}
    - {observe: seconds, value: {since: begun}}
  DiskSampled: [{set: disk_bytes, value: bytes}]
"""


@pytest.fixture
def check(tmp_path):
    """check(text): the exit status and the output of the test `t.yaml`, beside the pack."""
    (tmp_path / "pack.yaml").write_text(PACK)

    def start(text, *arguments):
        (tmp_path / "t.yaml").write_text(text)
        done = run("test", *arguments, "t.yaml", cwd=tmp_path)
        return done.returncode, done.stdout, done.stderr

    return start


def case(*steps):
    """A test of one case; each step a line or a block of lines."""
    text = "rules: [./pack.yaml]\ncases:\n  - name: c\n    steps:\n"
    for step in steps:
        lines = textwrap.dedent(step).strip("\n").split("\n")
        text += "      - " + "\n        ".join(lines) + "\n"
    return text


def items(*records, file="j/a.jsonl"):
    return f"lines: {{file: {file}, append: [{', '.join(records)}]}}"


# --- the shipped packs ---------------------------------------------------------------------------


def read_test(pack):
    with open(f"{REPOSITORY}/rules/tests/{pack}.yaml") as file:
        return yaml.safe_load(file)


@pytest.mark.parametrize("pack", PACKS)
def test_a_shipped_pack_passes_its_tests(pack):
    done = run("test", f"rules/tests/{pack}.yaml", cwd=REPOSITORY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == f"rules/tests/{pack}.yaml: {len(read_test(pack)['cases'])} cases passed\n"
    assert done.stderr == ""


@pytest.mark.parametrize("pack", PACKS)
def test_a_shipped_packs_tests_leave_nothing_out(pack):
    """Of the pack itself, so that all its rows must fire, and all its metrics be expected."""
    test = read_test(pack)
    assert test["rules"] == [f"../{pack}.yaml"]
    assert test["complete"] is True


@pytest.fixture
def copied_packs(tmp_path):
    """Where rules and samples are that may be broken."""
    shutil.copytree(f"{REPOSITORY}/rules", tmp_path / "rules")
    os.symlink(f"{REPOSITORY}/samples", tmp_path / "samples")
    return tmp_path


@pytest.mark.parametrize("pack, old, new, told", [
    ("prodigy", "value: {count: commits}", "value: 1", "prodigy_mapreduce_commits_total"),
    ("prodigy", "window: 60s", "window: 30s", "prodigy_mapreduce_throughput_items_per_second"),
    ("prodigy", "claude-sonnet-4: 15", "claude-sonnet-4: 16", "prodigy_claude_cost_dollars_total"),
    ("prodigy", "ttl: 24h", "ttl: 48h", "expected absent"),
    ("claude-code", "most: 5m", "most: 15m", "claude_code_active_time_seconds_total"),
    ("claude-code", "init: {kind: [rate_limit, overloaded, other]}", "init: {}",
     'claude_code_api_errors_total{kind="other"}: expected 0, got nothing'),
    ("stream-processor", "type: gauge", "type: counter", "unusable"),
])
def test_a_broken_pack_fails(copied_packs, pack, old, new, told):
    path = copied_packs / "rules" / f"{pack}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    done = run("test", f"rules/tests/{pack}.yaml", cwd=copied_packs)
    assert done.returncode == 1
    assert told in done.stdout, done.stdout


def test_a_new_row_needs_a_case(copied_packs):
    with open(copied_packs / "rules" / "claude-code.yaml", "a") as file:
        file.write("\n  brand-new:\n    - inc: claude_code_compactions_total\n")
    done = run("test", "rules/tests/claude-code.yaml", cwd=copied_packs)
    assert done.returncode == 1
    assert "row claude-code:brand-new:" in done.stdout
    assert done.stdout.endswith("cases passed, but not complete: 1 missing\n")


# --- what a failure says -------------------------------------------------------------------------


def test_a_wrong_value_names_place_case_and_both_values(check):
    assert check(case(items("{type: item, result: ok}"), """
        expect: |
          # A remark.
          items_total{result="ok", job="j"} 2
        """)) == (1, "t.yaml:8:11: case 'c': items_total{job=\"j\",result=\"ok\"}: expected 2, got 1\n"
                  "t.yaml: 1 of 1 case failed\n", "")


def test_a_missing_sample_shows_the_near_ones(check):
    status, out, _ = check(case(items("{type: item, result: ok}", "{type: item, result: bad}"),
                                'expect: items_total{job="j",result="of"} 1'))
    assert status == 1
    assert out == (
        "t.yaml:6:17: case 'c': items_total{job=\"j\",result=\"of\"}: expected 1, got nothing\n"
        '    there is items_total{job="j",result="ok"} 1\n'
        '    there is items_total{job="j",result="bad"} 1\n'
        "t.yaml: 1 of 1 case failed\n")


def test_what_is_too_much_is_told_by_exact_and_absent(check):
    status, out, _ = check(case(items("{type: item, result: ok, seconds: 2.5}"), """
        expect: lives_total{what="opened"} 1
        exact: [items_total]
        absent: [seconds, 'speed', 'lives_total{what="closed"}']
        """))
    assert status == 1
    assert "t.yaml:7:17: case 'c': items_total{job=\"j\",result=\"ok\"}: not expected, got 1\n" in out
    assert out.count("expected absent") == 6  # 3 buckets, sum and count of seconds; speed
    assert "seconds_bucket{le=\"10.0\"}: expected absent, got 1\n" in out


def test_skipped_lines_must_be_expected(check):
    steps = [items("no JSON", "'[1]'", "{a: 1}", "{id: x, type: item}", "{id: x, type: item}"),
             'expect: items_total{job="j"} 1']
    status, out, err = check(case(*steps))
    assert status == 1
    for reason in ("malformed", "not_object", "no_type", "duplicate"):
        assert f"t.yaml:3:5: case 'c': 1 skipped as {reason}, which no 'skipped' tells\n" in out
    assert err == ""  # the log stays quiet: the cases tell
    told = "skipped: {malformed: 1, not_object: 1, no_type: 1, duplicate: 1}"
    assert check(case(*steps, told))[0] == 0
    status, out, _ = check(case(*steps, told.replace("malformed: 1", "malformed: 3")))
    assert status == 1
    assert "skipped as malformed: expected 3, got 1\n" in out


def test_events_that_no_rule_names(check):
    steps = [items("{type: item}", "{type: stranger}")]
    assert check(case(*steps, "unmatched: [stranger]"))[0] == 0
    status, out, _ = check(case(*steps, "unmatched: [item]"))
    assert status == 1
    assert "event item: expected that no rule names it\n" in out
    assert "event stranger: no rule names it\n" in out


def test_values_agree_to_a_billionth_and_whole_ones_exactly(check):
    steps = [items("{type: item, seconds: 0.1}", "{type: item, seconds: 0.2}")]
    for value, status in (("0.3", 0), ("0.30000000001", 0), ("0.300000001", 1), ("0.31", 1)):
        assert check(case(*steps, f"expect: seconds_sum {value}"))[0] == status, value
    huge = [items(*["{type: item, seconds: 30000000001}"] * 2)]
    assert check(case(*huge, "expect: seconds_sum 60000000002"))[0] == 0
    assert check(case(*huge, "expect: seconds_sum 60000000001"))[0] == 1


def test_every_failure_of_every_case_is_told_and_cases_share_nothing(check):
    text = case(items("{type: item}"), 'expect: items_total{job="j"} 5',
                'expect: items_total{job="j"} 6')
    text += text[text.index("  - name: c"):].replace("name: c", "name: d")
    text += ('  - name: e\n    steps: [{lines: {file: j/a.jsonl, append: {type: item}}}, '
             '{expect: "items_total{job=\'j\'} 1"}]\n').replace("'", '\\"')
    status, out, _ = check(text)
    assert status == 1
    assert out.count("expected 5, got 1") == out.count("expected 6, got 1") == 2
    assert out.endswith("t.yaml: 2 of 3 cases failed\n")


def test_failures_show_no_control_characters(check):
    text = case(items("{type: item, result: \"\\e[31m\"}"), 'expect: items_total{job="k"} 1')
    status, out, _ = check(text.replace("name: c", 'name: "c\\e[2J"'))
    assert status == 1
    assert "expected 1, got nothing" in out and "there is items_total" in out
    assert "\x1b" not in out


def test_complete_names_rows_that_never_fire_and_metrics_never_expected(check):
    text = "complete: true\n" + case(items("{type: item}"), 'expect: items_total{job="j"} 1')
    status, out, _ = check(text)
    assert status == 1
    assert "t.yaml:1:11: row pack:agent_started:" in out
    assert "t.yaml:1:11: metric disk_bytes is expected in no case\n" in out
    assert "row pack:item:47 fires" not in out  # inc items_total did
    assert "metric items_total" not in out
    assert ": 1 case passed, but not complete: " in out.splitlines()[-1]


# --- what happens in a test ----------------------------------------------------------------------


def test_time_goes_on_with_after_and_with_events(check):
    status, out, _ = check(case(
        items("{type: agent_started, agent: a, time: 2026-05-01T10:00:00Z}",
              "{type: agent_started, agent: b, time: 2026-05-01T10:00:00Z}",
              "{type: agent_ended, agent: a, time: 2026-05-01T10:00:07Z}"),
        'expect: |\n  agents{job="j"} 1\n  seconds_sum 7',
        "after: 9m50s", 'expect: agents{job="j"} 1',
        "after: 4s", 'expect: agents{job="j"} 0',  # for: 10m
        # The clock goes to this event's time, and an hour hides the gauge.
        items("{type: item, time: 2026-05-01T10:40:00Z}"),
        'expect: agents{job="j"} 0',
        "after: 30m", "absent: agents"))
    assert status == 0, out


def test_rates_fall_after_their_window(check):
    status, out, _ = check(case(
        items(*[f"{{type: item, time: '2026-05-01T10:00:0{i}Z'}}" for i in range(6)]),
        "expect: speed 0.1", "after: 59s", "expect: speed 0.1", "after: 2s", "expect: speed 0"))
    assert status == 0, out


def test_start_sets_the_clock(check):
    text = case(items("{type: agent_started, agent: a}"), "after: 10s",
                items("{type: agent_ended, agent: a, time: 2026-03-01T00:00:30Z}"),
                "expect: seconds_sum 30")
    assert check(text.replace("    steps", "    start: 2026-03-01T00:00:00Z\n    steps"))[0] == 0
    assert check(text)[0] == 1  # else it is January


def test_centuries_may_pass(check):
    text = case(items("{type: item, time: 2261-12-31T23:59:59Z}"), "after: 800000h",
                'expect: items_total{job="j"} 1')
    text = text.replace("    steps", "    start: 1678-01-01T00:00:00Z\n    steps")
    assert check(text)[0] == 0


def test_the_life_of_a_file_of_lines(check):
    status, out, _ = check(case(
        "created: j/a.jsonl", "created: j/a.jsonl", 'expect: lives_total{what="opened"} 1',
        items("{type: item}"), 'expect: lives_total{what="opened"} 1',
        "closed: j/a.jsonl", "closed: j/a.jsonl", 'expect: lives_total{what="closed"} 1',
        items("{type: item}"), "closed: j/a.jsonl", 'expect: lives_total{what="closed"} 2',
        "removed: {file: j/a.jsonl, source: events}", items("{type: item}"), """
        expect: |
          lives_total{what="opened"} 2
          lives_total{what="closed"} 2
          lives_total{what="gone"} 1
          items_total{job="j"} 3
        """))
    assert status == 0, out


def test_documents_are_told_once_and_lost_with_what_they_said(check):
    status, out, _ = check(case(
        "document: {file: s.json, content: {begun: 2026-01-01T00:00:00Z, status: new}}",
        "document: {file: s.json, content: '{half'}",
        "document: {file: s.json, content: ''}",
        "document: {file: s.json, content: {begun: 2026-01-01T00:00:00Z, status: done}}",
        "document: {file: s.json, content: {begun: 2026-01-01T00:00:00Z, status: done, n: 1}}",
        "after: 50s", "removed: s.json", """
        expect: |
          sessions_total{name="s",what="seen"} 1
          sessions_total{name="s",what="done"} 1
          sessions_total{name="s",what="lost"} 1
          seconds_sum 50
        skipped: {malformed: 1, empty: 1}
        """))
    assert status == 0, out


def test_what_happened_unseen_is_late(check):
    status, out, _ = check(case(
        "document: {file: s.json, content: {begun: 2026-01-01T00:00:00Z}}",
        "after: 50s", "removed: {file: s.json, late: true}",
        'expect: sessions_total{name="s",what="lost"} 1\nabsent: seconds'))
    assert status == 0, out


def test_events_of_the_exporter_itself(check):
    status, out, _ = check(case(
        "sampled: [{event_type: DiskSampled, bytes: 3}, {event_type: DiskSampled, bytes: 4}]",
        "expect: disk_bytes 4"))
    assert status == 0, out


def test_values_of_yaml_are_those_of_json(check):
    status, out, _ = check(case(
        items('{type: item, result: 12}', '{type: item, result: "12"}', "{type: item, result: true}",
              "{type: item, result: ~}", '{type: item, result: "a\\"b\\\\c"}', "{type: item, result: 007}"), """
        expect: |
          items_total{job="j",result="12"} 2
          items_total{job="j",result="true"} 1
          items_total{job="j"} 1
          items_total{job="j",result="a\\"b\\\\c"} 1
          items_total{job="j",result="007"} 1
        exact: [items_total]
        """))
    assert status == 0, out


def test_lines_and_documents_from_files(check, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.jsonl").write_bytes(b'\xef\xbb\xbf{"type":"item"}\r\n\n{"type":"item"}')
    (tmp_path / "more" / "s.json").write_text('{\n  "status": "done"\n}\n')
    status, out, _ = check(case(
        "lines: {file: j/a.jsonl, from: more/a.jsonl}",
        "lines: {file: j/a.jsonl, append: |-\n  {\"type\": \"item\"}\n  {\"type\": \"item\"}}".replace(
            "{file: j/a.jsonl, append: |-\n  ", "\n  file: j/a.jsonl\n  append: |\n    ").replace(
            "}\n  {", "}\n    {")[:-1],
        "document: {file: s.json, from: more/s.json}", """
        expect: |
          items_total{job="j"} 4
          sessions_total{name="s",what="done"} 1
        """))
    assert status == 0, out


def test_rules_come_from_the_file_then_from_the_option_then_from_prodigy(check, tmp_path):
    text = case(items("{type: item}"), 'expect: items_total{job="j"} 1')
    without = text.replace("rules: [./pack.yaml]\n", "")
    assert check(without, "--rules", "./pack.yaml")[0] == 0
    assert check(text, "--rules", "prodigy")[0] == 0
    status, _, err = check(without)
    assert status == 1
    assert "the rules have no metric 'items_total'" in err


def test_nothing_of_the_machine_matters(check, tmp_path):
    """Neither a config file's sources, nor what lies in the home."""
    (tmp_path / "config.yaml").write_text("metrics: {more_total: {type: counter, help: h}}\n"
                                          "rules: {item: [{inc: more_total}]}\n")
    text = "complete: true\n" + case(items("{type: item}"), 'expect: items_total{job="j"} 1')
    status, out, _ = check(text, "--config.file", "config.yaml")
    assert status == 1
    assert "more_total" not in out


def test_several_files_each_have_a_verdict(check, tmp_path):
    good = case(items("{type: item}"), 'expect: items_total{job="j"} 1')
    check(good)
    (tmp_path / "bad.yaml").write_text(good.replace("} 1", "} 2"))
    (tmp_path / "worse.yaml").write_text("cases: []\n")
    done = run("test", "t.yaml", "bad.yaml", "worse.yaml", "t.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if "case '" not in line] == [
        "t.yaml: 1 case passed", "bad.yaml: 1 of 1 case failed", "worse.yaml: unusable, 1 error",
        "t.yaml: 1 case passed"]
    with open("/dev/full", "w") as full:
        done = subprocess.run([BINARY, "test", "t.yaml"], cwd=tmp_path, stdout=full,
                              stderr=subprocess.PIPE, env=make_environment())
    assert done.returncode == 1


# --- mistakes ------------------------------------------------------------------------------------

GOOD_EXPECT = "{expect: speed 1}"

# Name: the file, then where the error stands, and a part of its message.
MISTAKES = {
    "an empty file": ("", "1:1", "a test is a map with 'rules' and 'cases'"),
    "a list": ("- a\n", "1:1", "a test is a map"),
    "no cases": ("rules: [./pack.yaml]\n", "1:1", "'cases', a list of at least one"),
    "empty cases": ("rules: [./pack.yaml]\ncases: []\n", "2:8", "'cases', a list of at least one"),
    "an unknown word": ("rule: [./pack.yaml]\ncases: [{name: c, steps: [{expect: x 1}]}]\n", "1:1",
                        "unknown word 'rule' (did you mean 'rules'?)"),
    "an unknown pack": ("rules: [prodgy]\ncases: [{name: c, steps: [{expect: x 1}]}]\n", "1:9",
                        "no built-in pack 'prodgy' (did you mean 'prodigy'?)"),
    "rules that are none": ("rules: {}\n", "1:8", "'rules' is a list of names"),
    "complete that is no boolean": ("complete: 3\n", "1:11", "'complete' is true or false"),
    "broken YAML": ("rules: [\n", "2:1", ""),
    "a case without a name": ("cases: [{steps: [{expect: x 1}]}]\n", "1:9", "a case has a 'name'"),
    "a case that is a text": ("cases: [c]\n", "1:9", "a case is a map"),
    "a case without steps": ("cases: [{name: c}]\n", "1:9", "a case has 'steps'"),
    "two cases of one name": (
        "rules: [./pack.yaml]\ncases:\n- {name: c, steps: [{expect: speed 1}]}\n"
        "- {name: c, steps: [{expect: speed 1}]}\n", "4:3", "another case 'c', in line 3"),
    "a start that is no time": ("cases: [{name: c, start: noon, steps: [{expect: x 1}]}]\n", "1:26",
                                "'start' is a time"),
}

# The same of one step; its place is counted from the step's first line, from column 9.
STEP_MISTAKES = {
    "a step that does nothing": ("{}", "5:9", "this one does nothing"),
    "a step that is a text": ("wait", "5:9", "a step is a map"),
    "an unknown step": ("line: {file: j/a.jsonl, append: {type: item}}", "5:9",
                        "unknown word 'line' (did you mean 'lines'?)"),
    "two things at once": ("after: 3s\nexpect: speed 1", "5:9", "make it two"),
    "lines without any": ("lines: {file: j/a.jsonl}", "5:16", "'append' or 'from' is missing"),
    "lines from both": ("lines: {file: j/a.jsonl, append: x, from: y}", "5:16",
                        "either 'append' or 'from', not both"),
    "lines that are none": ("lines: {file: j/a.jsonl, append: []}", "5:42", "does nothing"),
    "a line that is null": ("lines: {file: j/a.jsonl, append: [~]}", "5:43", "a line is a map"),
    "lines without a file": ("lines: {append: x}", "5:16", "'file' is missing"),
    "lines that are a text": ("lines: x", "5:16", "'lines' has 'file'"),
    "an unknown word of lines": ("lines: {file: j/a.jsonl, apend: x}", "5:34",
                                 "unknown word 'apend' (did you mean 'append'?)"),
    "a file of no source": ("lines: {file: a.jsonl, append: x}", "5:23",
                            "no source's pattern fits 'a.jsonl'"),
    "a source that nobody has": ("lines: {file: j/a.jsonl, source: event, append: x}", "5:42",
                                 "no pack has a source 'event' (did you mean 'events'?)"),
    "a source that has not such files": ("lines: {file: j/a.jsonl, source: sessions, append: x}",
                                         "5:23", "no source's pattern fits"),
    "lines of a document": ("lines: {file: s.json, append: x}", "5:23", "'document' writes it"),
    "a document of lines": ("document: {file: j/a.jsonl, content: x}", "5:26",
                            "'lines' appends some"),
    "a document without content": ("document: {file: s.json}", "5:19",
                                   "'content' or 'from' is missing"),
    "a document that is a text": ("document: x", "5:19", "'document' has 'file'"),
    "from a file that is not there": ("lines: {file: j/a.jsonl, from: no.jsonl}", "5:40",
                                      "'no.jsonl' cannot be read: No such file"),
    "from a directory": ("lines: {file: j/a.jsonl, from: ./}", "5:40", "cannot be read: Is a dir"),
    "from an endless file": ("lines: {file: j/a.jsonl, from: /dev/zero}", "5:40", "too large"),
    "from an empty file": ("lines: {file: j/a.jsonl, from: /dev/null}", "5:40", "is empty"),
    "a life of nothing": ("closed: ~", "5:17", "no source's pattern fits"),
    "an unknown word of a life": ("removed: {file: j/a.jsonl, lat: true}", "5:36",
                                  "unknown word 'lat' (did you mean 'late'?)"),
    "a creation that is late": ("created: {file: j/a.jsonl, late: true}", "5:36",
                                "unknown word 'late'"),
    "late that is no boolean": ("removed: {file: j/a.jsonl, late: 3}", "5:42", "true or false"),
    "samples that are none": ("sampled: []", "5:18", "does nothing"),
    "no time that passes": ("after: 0s", "5:16", "like 30s or 1h30m"),
    "a time that is none": ("after: soon", "5:16", "like 30s or 1h30m"),
    "time that goes back": ("after: -5s", "5:16", "like 30s or 1h30m"),
    "an empty expect": ("expect: ''", "5:17", "'expect' is empty: it cannot fail"),
    "an expect of remarks": ("expect: '# nothing'", "5:17", "'expect' is empty"),
    "an expect that is a list": ("expect: [speed 1]", "5:17", "a text with one sample a line"),
    "an unknown metric": ("expect: sped 1", "5:17", "no metric 'sped' (did you mean 'speed'?)"),
    "a sample twice": ("expect: |\n  speed 1\n  speed 2", "7:11", "speed is expected twice"),
    "a sample without a value": ("expect: speed", "5:17", "the value is missing"),
    "a value that is none": ("expect: speed fast", "5:17", "the value is no number"),
    "something behind the value": ("expect: speed 1 2", "5:17", "behind the value"),
    "labels that are none": ("expect: 'items_total{job} 1'", "5:17", 'name="value"'),
    "labels without an end": ("expect: 'items_total{job=\"j\" 1'", "5:17", "end with '}'"),
    "a label twice": ("expect: 'items_total{job=\"j\",job=\"k\"} 1'", "5:17", "one name"),
    "a sample without a name": ("expect: '{job=\"j\"} 1'", "5:17", "the name of its metric"),
    "exact of an unknown metric": ("exact: [sped]", "5:17", "did you mean 'speed'"),
    "exact of nothing": ("exact: []", "5:16", "it cannot fail"),
    "absent of an unknown metric": ("absent: [sped]", "5:18", "did you mean 'speed'"),
    "absent of nothing": ("absent: []", "5:17", "it cannot fail"),
    "absent that is no sample": ("absent: 'speed 1'", "5:17", "behind the name"),
    "an unknown reason": ("skipped: {malformd: 1}", "5:19", "did you mean 'malformed'"),
    "a count that is none": ("skipped: {malformed: some}", "5:30", "not a count"),
    "skipped nothing": ("skipped: {}", "5:18", "a map of reasons"),
    "unmatched that is no list": ("unmatched: stranger", "5:20", "a list of names"),
}


def assert_mistake(result, place, message):
    status, out, err = result
    assert status == 1
    assert f"t.yaml:{place}: error: " in err, err
    line = next(line for line in err.splitlines() if line.startswith(f"t.yaml:{place}: "))
    assert any(message in line for line in err.splitlines()
               if line.startswith(f"t.yaml:{place}: ")), line
    assert out.startswith("t.yaml: unusable, ")


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_file(check, name):
    text, place, message = MISTAKES[name]
    assert_mistake(check(text), place, message)


@pytest.mark.parametrize("name", STEP_MISTAKES)
def test_a_mistake_in_a_step(check, name):
    step, place, message = STEP_MISTAKES[name]
    assert_mistake(check(case(step, GOOD_EXPECT)), place, message)


def test_a_case_that_expects_nothing_at_its_end_is_a_mistake(check):
    assert_mistake(check(case("expect: speed 1", "after: 3s")), "5:7", "ends with what is expected")


def test_a_case_in_which_nothing_happens_is_a_mistake(check):
    assert_mistake(check(case("absent: speed")), "5:7", "nothing happens in this case")


def test_all_mistakes_are_told_at_once_in_the_order_of_lines(check):
    status, out, err = check(case("{}", "after: soon", "lines: {file: x, append: []}", "expect: ''"))
    assert status == 1
    places = [tuple(map(int, line.split(":")[1:3])) for line in err.splitlines()]
    assert len(places) == 5
    assert places == sorted(places)
    assert out == "t.yaml: unusable, 5 errors\n"


def test_mistakes_of_the_pack_are_told_as_those_of_the_test(check, tmp_path):
    text = case("after: soon", GOOD_EXPECT).replace("./pack.yaml", "./broken.yaml")
    (tmp_path / "broken.yaml").write_text(PACK.replace("inc: items_total", "icn: items_total"))
    status, out, err = check(text)
    assert status == 1
    assert "unknown word 'icn'" in err or "icn" in err
    assert "./broken.yaml:" in err
    assert "t.yaml:5:16: error: " in err
    status, _, err = check(text.replace("./broken.yaml", "./gone.yaml"))
    assert status == 1
    assert "./gone.yaml: error: cannot be read: No such file or directory" in err


@pytest.mark.parametrize("content, told", [
    (b"\x7fELF\x02\x01\x01" + bytes(200), "t.yaml:1:1: error: "),
    (b"cases: \xff\n", "t.yaml:1:8: error: not UTF-8"),
    (b"x" * (5 << 20), "t.yaml: error: "),
], ids=["binary", "not UTF-8", "too large"])
def test_a_file_that_is_no_test(tmp_path, content, told):
    (tmp_path / "t.yaml").write_bytes(content)
    done = run("test", "t.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(told), done.stderr
    assert done.stdout == "t.yaml: unusable, 1 error\n"


@pytest.mark.parametrize("path, cause", [("gone.yaml", "No such file or directory"),
                                         (".", "Is a directory")])
def test_a_file_that_cannot_be_read(tmp_path, path, cause):
    done = run("test", path, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"{path}: error: cannot be read: {cause}\n"


def test_no_file_is_wrong_usage(tmp_path):
    assert run("test", cwd=tmp_path).returncode == 2
