"""`infer`: a rule file for events of anybody's habit, which `check` accepts and `once` fills."""

import gzip
import json
import os
import pathlib
import re
import subprocess
import time

import pytest
import yaml

from event_habits import HABITS, SECRET, flat, random_habit
from program import BINARY, FULL, REPOSITORY, make_environment, run
from samples import Samples


def write_lines(path, records):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [r if isinstance(r, bytes) else json.dumps(r).encode() for r in records]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


class Proposal:
    """What `infer` says of some paths: read as YAML, checked by `check`, tried out by `once`."""

    def __init__(self, directory, *paths, status=0):
        self.file = pathlib.Path(directory) / "proposal.yaml"
        result = run("infer", *paths, "--output", self.file)
        assert result.returncode == status, result.stderr
        self.errors = result.stderr
        self.text = self.file.read_text()
        self.rules = yaml.safe_load(self.text)
        self.paths = paths

    @property
    def source(self):
        return self.rules["sources"]["events"]

    @property
    def metrics(self):
        return self.rules["metrics"]

    def check(self):
        result = run("check", self.file)
        assert (result.returncode, result.stdout, result.stderr) == (0, f"{self.file}: ok\n", "")
        return self

    def once(self):
        result = run("once", "--rules", self.file, *self.paths)
        assert result.returncode == 0, result.stderr
        return Samples(result.stdout)

    def check_once(self, records):
        """Every record counts, nothing is missed, every metric has a sample."""
        samples = self.once()
        assert samples.total("app_events_total") == records
        named = ["events_unmatched"] if "*" not in self.rules["rules"] else []
        for own in ["fields_missing", "rule_errors"] + named:
            assert samples.total(f"jsonl_exporter_{own}_total") == 0, own
        shown = {name for name, _ in samples.samples}
        for name, metric in self.metrics.items():
            assert name + ("_count" if metric["type"] == "histogram" else "") in shown, name
        return samples


# --- Habits -------------------------------------------------------------------------------------


@pytest.mark.parametrize("habit", HABITS)
def test_a_proposal_is_accepted_and_filled(habit, tmp_path):
    records = HABITS[habit]()
    proposal = Proposal(tmp_path, write_lines(tmp_path / "events" / "a.jsonl", records))
    proposal.check().check_once(len(records))


@pytest.mark.parametrize("habit", HABITS)
def test_a_directory_is_as_good_as_its_file(habit, tmp_path):
    records = HABITS[habit]()
    write_lines(tmp_path / "events" / "demo" / "job-1" / "a.jsonl", records)
    write_lines(tmp_path / "events" / "demo" / "job-2" / "b.jsonl", records)
    proposal = Proposal(tmp_path, tmp_path / "events").check()
    proposal.check_once(2 * len(records))
    assert proposal.source["files"] == "demo/{job_id}/*.jsonl"


@pytest.mark.parametrize("habit", HABITS)
def test_texts_are_never_shown(habit, tmp_path):
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", HABITS[habit]()))
    for word in SECRET.split():
        assert word not in proposal.text
    for value in ("ada", "web-1", "/orders", "job-1", "agent-1", "fast", "GET", "opened"):
        assert not re.search(rf"\b{re.escape(value)}\b", proposal.text), value


@pytest.mark.parametrize("seed", range(200 if FULL else 40))
def test_what_chance_writes_is_accepted_and_filled(seed, tmp_path):
    records = random_habit(seed)
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records)).check()
    samples = proposal.once()
    unnamed = samples.total("jsonl_exporter_events_unmatched_total")
    if "*" not in proposal.rules["rules"]:
        assert samples.total("app_events_total") + unnamed == len(records)
    assert samples.total("app_events_total") > 0
    assert samples.total("jsonl_exporter_rule_errors_total") == 0
    assert samples.total("jsonl_exporter_fields_missing_total") == 0
    for word in SECRET.split():
        assert word not in proposal.text


SMALL = """\
# Proposed by `jsonl-exporter infer` from what files hold: to be read and changed.
# Give the metrics names that say whose they are, instead of app_.
# A total that grows from event to event wants `{increase: path, key: path}`.
#
# Read: 7 records in 1 file, 580 bytes
#   records without a name, which rules do not see: 1
#   lines that are no JSON: 1

sources:
  events:
    files: "*.jsonl"
    type: event  # 2 names
    time: ts

metrics:
  app_events_total:
    type: counter
    help: "Events, by name."
    labels:
      - event  # 2 values
      - result  # 2 values or none, of result

  app_build_duration_seconds:
    type: histogram
    help: "How long it took: build, duration_ms."
    labels:
      - result  # 2 values or none, of result
    buckets: [0.25, 0.5, 1, 2.5, 5]

  app_builds_active:
    type: gauge
    help: "How many were started and have not ended: build."

rules:
  build_finished:  # 3 records
    - inc: app_events_total
      labels: {event: build_finished}
    - observe: app_build_duration_seconds
      value: duration_ms
      scale: 0.001
      when: {duration_ms: {exists: true}}
    - leave: app_builds_active
      key: build
      for: 24h
    # Not used:
    #   log: free text

  build_started:  # 3 records
    - inc: app_events_total
      labels: {event: build_started}
    - enter: app_builds_active
      key: build
      for: 24h
    # Not used:
    #   user: may be private
"""


def test_a_whole_proposal(tmp_path):
    records = []
    for number, (result, took) in enumerate([("ok", 300), ("ok", 1800), ("bad", None)]):
        records.append({"event": "build_started", "ts": f"2026-01-01T00:0{number}:00Z",
                        "build": f"b{number}", "user": f"ada{number % 2}"})
        records.append({"event": "build_finished", "ts": f"2026-01-01T00:0{number}:30Z",
                        "build": f"b{number}", "result": result, "duration_ms": took,
                        "log": "all went well"})
    lines = [json.dumps(record).encode() for record in records] + [b'{"note": 1}', b"no JSON"]
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", lines))
    size = (tmp_path / "a.jsonl").stat().st_size
    assert proposal.text == SMALL.replace("580 bytes", f"{size} bytes")
    proposal.check()
    samples = proposal.once()
    assert samples.own() == {
        'app_builds_active': 0,
        'app_events_total{event="build_started"}': 3,
        'app_events_total{event="build_finished",result="ok"}': 2,
        'app_events_total{event="build_finished",result="bad"}': 1,
        'app_build_duration_seconds_count{result="ok"}': 2,
        'app_build_duration_seconds_sum{result="ok"}': 2.1,
        **{f'app_build_duration_seconds_bucket{{le="{le}",result="ok"}}': count
           for le, count in (("0.25", 0), ("0.5", 1), ("1.0", 1), ("2.5", 2), ("5.0", 2),
                             ("+Inf", 2))},
    }


# --- What fields are taken for ------------------------------------------------------------------


def test_spans_are_seconds_and_fit_their_buckets(tmp_path):
    records = flat()
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records))
    spans = [record["duration_ms"] for record in records if "duration_ms" in record]
    buckets = proposal.metrics["app_job_duration_seconds"]["buckets"]
    assert buckets == sorted(set(buckets)) and len(buckets) >= 5
    assert buckets[0] <= 2.5 * min(spans) / 1000 and buckets[-1] >= max(spans) / 1000
    samples = proposal.once()
    assert samples.total("app_job_duration_seconds_count") == len(spans)
    assert samples.total("app_job_duration_seconds_sum") == pytest.approx(sum(spans) / 1000)


def test_what_starts_and_ends_is_under_way(tmp_path):
    records = flat(200)
    for record in records:
        record["ts"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records))
    assert proposal.once().value("app_jobs_active") == 20
    assert {"enter": "app_jobs_active", "key": "job", "for": "24h"} in \
        proposal.rules["rules"]["job_started"]


def test_what_started_days_ago_is_not(tmp_path):
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", flat(200)))
    assert proposal.once().value("app_jobs_active") == 0


def test_without_a_span_the_time_between_is_taken(tmp_path):
    records = [{"type": kind, "time": f"2026-01-01T00:00:{10 * number + second:02}Z", "id": number}
               for number in range(5) for kind, second in (("run_begin", 0), ("run_end", 4))]
    samples = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records)).check().once()
    assert samples.value("app_run_seconds_sum") == 20
    assert samples.value("app_run_seconds_count") == 5


def test_amounts_are_added(tmp_path):
    records = flat()
    samples = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records)).once()
    for metric, field in (("app_job_read_bytes_total", "bytes_read"),
                          ("app_job_retries_total", "retries")):
        assert samples.total(metric) == sum(record.get(field, 0) for record in records)


def test_lists_are_counted(tmp_path):
    records = HABITS["nested"]()
    samples = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records)).once()
    assert samples.total("app_agent_commits_total") == \
        sum(len(record["event"].get("commits", [])) for record in records)


def test_pairs_of_seconds_and_nanoseconds_are_spans(tmp_path):
    records = HABITS["nested"]()
    samples = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records)).once()
    spans = [r["event"]["duration"] for r in records if "duration" in r["event"]]
    assert samples.total("app_agent_duration_seconds_sum") == \
        pytest.approx(sum(whole + part / 1e9 for whole, part in spans))


def test_many_values_are_no_label_and_say_how_many(tmp_path):
    records = [{"type": "login", "user_id": f"u{n}", "plan": ["free", "paid"][n % 2]}
               for n in range(12000)]
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records))
    assert "user_id" not in str(proposal.metrics)
    about = re.search(r"# +user_id: about ([\d,]+) values: too many for a label", proposal.text)
    assert 10800 <= int(about[1].replace(",", "")) <= 13200
    assert proposal.metrics["app_events_total"]["labels"] == ["event", "plan"]


def test_levels_of_loggers_get_their_names(tmp_path):
    samples = Proposal(tmp_path, write_lines(tmp_path / "a.log", HABITS["pino"]())).once()
    levels = {dict(labels)["level"] for labels in samples.matching("app_events_total")}
    assert levels == {"info", "warn", "error"}


@pytest.mark.parametrize("repeated,expected", [(False, "id"), (True, None)])
def test_an_id_is_one_only_if_no_two_records_share_it(repeated, expected, tmp_path):
    records = [{"type": "a", "id": f"i{number}"} for number in range(500)]
    if repeated:
        records.append({"type": "a", "id": "i7"})
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records))
    assert proposal.source.get("id") == expected
    proposal.check_once(len(records))


def test_an_id_of_what_a_record_is_about_is_not_its_own(tmp_path):
    """Such ids often begin anew with each process: events would be taken for copies."""
    records = [{"type": "a", "req": {"id": number}} for number in range(100)]
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records))
    assert "id" not in proposal.source
    records = [{"type": "a", "metadata": {"id": f"i{number}"}} for number in range(100)]
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records))
    assert proposal.source["id"] == "metadata.id"


@pytest.mark.parametrize("name", ["time_iso8601", "stageTimestamp", "ts_ms"])
def test_times_of_other_programs(name, tmp_path):
    records = [{"type": "a", name: 1.7e12 + number if name == "ts_ms" else
                f"2026-01-01T00:00:{number:02}Z"} for number in range(60)]
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records)).check()
    assert proposal.source["time"] == name


def test_labels_whose_names_yaml_means_something_by(tmp_path):
    records = [{"type": "a", name: {name: ["red", "blue"][number % 2]}} for number in range(60)
               for name in ["null", "yes"]]
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records)).check()
    labels = [label for metric in proposal.metrics.values() for label in metric.get("labels", [])]
    assert {"null", "yes"} <= set(labels), labels
    proposal.check_once(120)


def test_files_of_two_habits_in_one_directory(tmp_path):
    write_lines(tmp_path / "e" / "a.jsonl", HABITS["nested"](50))
    write_lines(tmp_path / "e" / "b.jsonl", flat(50))
    proposal = Proposal(tmp_path, tmp_path / "e").check()
    assert sorted(proposal.source["type"]) == ["event.event_type", "type"]
    proposal.check_once(len(HABITS["nested"](50)) + len(flat(50)))


def test_records_without_any_name_are_counted_all_the_same(tmp_path):
    records = [{"temperature": number / 10, "sensor": ["in", "out"][number % 2]}
               for number in range(100)]
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records)).check()
    samples = proposal.once()
    assert list(proposal.rules["rules"]) == ["*"]
    assert samples.total("app_events_total") == 100
    assert samples.value("app_temperature", sensor="out") == 9.9


def test_records_of_mixed_kinds_are_counted_as_far_as_a_field_goes(tmp_path):
    """The field that most of them have a text or a number in; how many lack it is told."""
    values = ["x y", 1, True, {"deep": {"er": 5}}]
    records = [{"v": values[number % 4], "rare": "a"} if number % 2 else {"v": values[number % 4]}
               for number in range(100)]
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records)).check()
    assert proposal.source["type"] == "v"
    assert "records without a name, which rules do not see: 25\n" in proposal.text
    assert proposal.once().total("app_events_total") == 75


def test_numbered_names_have_no_empty_word(tmp_path):
    records = [{"d": {"secs": number, "ms": 5, "us": 7}} for number in range(50)]
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records)).check()
    assert not [name for name in proposal.metrics if "__" in name]


def test_a_type_that_is_a_text_is_not_taken_for_a_name(tmp_path):
    records = [{"type": f"{SECRET} {number % 5}", "kind": "beat"} for number in range(50)]
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records)).check()
    assert proposal.source["type"] == "kind"
    assert "hunter2" not in proposal.text


def test_messages_that_are_names_come_again_and_again(tmp_path):
    records = [{"msg": ["listening", "request_done", "closed"][number % 3], "n": number}
               for number in range(90)]
    secret = {"msg": "correcthorse"}
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records + [secret])).check()
    assert proposal.source["type"] == "msg"
    assert set(proposal.rules["rules"]) == {"listening", "request_done", "closed"}
    assert "correcthorse" not in proposal.text
    rare = [{"msg": f"word{chr(97 + number % 26)}", "n": number} for number in range(60)]
    proposal = Proposal(tmp_path, write_lines(tmp_path / "b.jsonl", rare)).check()
    assert list(proposal.rules["rules"]) == ["*"]


# --- Files --------------------------------------------------------------------------------------


def test_rotated_and_compressed_files_are_read(tmp_path):
    root = tmp_path / "e"
    records = flat(30)
    write_lines(root / "app.jsonl", records)
    write_lines(root / "app.jsonl.1", [{"type": "older"}] * 3)
    with gzip.open(root / "app.jsonl.2.gz", "wb") as file:
        file.write(b'{"type": "oldest"}\n' * 2)
    (root / "notes.txt").write_text('{"type": "no event"}\n')
    proposal = Proposal(tmp_path, root).check()
    assert proposal.source["files"] == "*.jsonl*"
    assert {"older", "oldest"} <= set(proposal.rules["rules"])
    proposal.check_once(len(records) + 5)


def test_levels_of_directories(tmp_path):
    for repository in ("shop", "bank"):
        for job in ("run-1", "run-2", "run-3"):
            write_lines(tmp_path / "e" / repository / job / "x.ndjson", [{"type": "a"}])
    proposal = Proposal(tmp_path, tmp_path / "e").check()
    assert proposal.source["files"] == "{project}/{job_id}/*.ndjson"
    assert "# {job_id}: 3 values, which look like ids" in proposal.text
    proposal.check_once(6)


def test_names_with_wildcards_in_them(tmp_path):
    path = write_lines(tmp_path / "e" / "we[i]rd*{x}.txt", [{"type": "a"}])
    Proposal(tmp_path, path).check().check_once(1)


def test_too_many_shapes_of_paths(tmp_path):
    for number in range(20):
        write_lines(tmp_path / "e" / f"{'d' * (number + 1)}" / f"{'x/' * (number % 5)}a.log",
                    [{"type": "a"}])
    write_lines(tmp_path / "e" / "/".join("abcdefghijkl") / "b.jsonl", [{"type": "a"}])
    proposal = Proposal(tmp_path, tmp_path / "e").check()
    assert proposal.source["files"] == "**/*"
    proposal.check_once(21)


def test_the_same_files_give_the_same_text(tmp_path):
    names = [f"{letter}/{number}.jsonl" for letter in "abc" for number in range(5)]
    for directory, order in (("one", names), ("two", names[::-1])):
        for name in order:
            write_lines(tmp_path / directory / name, flat(10 + len(name)))
    texts = [run("infer", tmp_path / directory).stdout for directory in ("one", "two", "one")]
    assert len(set(texts)) == 1 and "app_events_total" in texts[0]


def test_stdout_and_output_are_the_same(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", flat(20))
    assert run("infer", path).stdout == Proposal(tmp_path, path).text


# --- Bounds -------------------------------------------------------------------------------------


def infer_within(megabytes, *arguments):
    """One run in so much address space; a sanitizer needs all there is."""
    program = [BINARY, "infer", *map(str, arguments)]
    with open(BINARY, "rb") as binary:
        if b"__asan_init" not in binary.read():
            program = ["prlimit", f"--as={megabytes << 20}"] + program
    return subprocess.run(program, capture_output=True, text=True, timeout=120,
                          env=make_environment())


def test_a_hundred_thousand_names_of_fields(tmp_path):
    records = [{"type": "a", "ok": True, f"field_{n}": n, "data": {f"key{n}": f"value {n}"}}
               for n in range(100000)]
    path = write_lines(tmp_path / "a.jsonl", records)
    result = infer_within(100, path)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout) < 20000 and "values in more fields" not in result.stdout
    (tmp_path / "p.yaml").write_text(result.stdout)
    assert run("check", tmp_path / "p.yaml").returncode == 0


def test_more_names_of_events_than_are_proposed(tmp_path):
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = ["event_" + x + y for x in letters for y in letters][:150]
    records = [{"type": name, "n": {name: 1}} for name in names * 3] + [{"type": "often"}] * 50
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", records)).check()
    assert len(proposal.rules["rules"]) == 100 and "often" in proposal.rules["rules"]
    assert "# Not counted: 153 records with 51 other names" in proposal.text


def test_one_huge_line(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [{"type": "a", "blob": "x" * (20 << 20)},
                                               {"type": "b"}])
    proposal = Proposal(tmp_path, path)
    assert list(proposal.rules["rules"]) == ["b"]
    assert "lines that are longer than --max-line-bytes: 1" in proposal.text


@pytest.mark.parametrize("head", [b"", b'{"type": "b", "hal'])
def test_a_hole_of_nuls_takes_no_memory(head, tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [{"type": "a"}] * 3)
    with path.open("ab") as file:
        file.write(head)
        file.truncate(file.tell() + (300 << 20))
    result = infer_within(150, path)
    assert result.returncode == 0, result.stderr
    assert "# Read: 3 records" in result.stdout


def test_deep_nesting(tmp_path):
    deep = b'{"type": "a", "x": ' + b'{"x": ' * 80 + b"1" + b"}" * 81
    fitting = b'{"type": "a", "x": ' + b'{"x": ' * 40 + b"1" + b"}" * 41
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", [deep, fitting])).check()
    assert "lines that are nested too deep: 1" in proposal.text


# --- Bad input ----------------------------------------------------------------------------------


def refused(tmp_path, *paths):
    """What `infer` says when it finds nothing: one line. It leaves the output as it was."""
    output = tmp_path / "kept.yaml"
    output.write_text("as it was")
    result = run("infer", *paths, "--output", output)
    assert result.returncode == 1 and result.stdout == ""
    assert output.read_text() == "as it was"
    assert sorted(tmp_path.glob("kept*")) == [output]
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.mark.parametrize("content", [b"", b"\n\n \n", bytes(range(256)) * 300, b"\0" * 70000,
                                     b"plain text\nand more\n", b"[1, 2]\n3\n\"x\"\n",
                                     b'{"a": "\xff\xfe"}\n', b'{"cut": ', b"\x1f\x8b\x08\x00rest"],
                         ids=["empty", "blank", "binary", "zeros", "text", "no_object",
                              "bad_utf8", "half", "gzip_head"])
def test_files_without_any_record(content, tmp_path):
    (tmp_path / "a.jsonl").write_bytes(content)
    message = refused(tmp_path, tmp_path / "a.jsonl")
    assert "no line is a JSON object" in message or "broken gzip" in message


def test_a_directory_without_event_files(tmp_path):
    (tmp_path / "e" / "deeper").mkdir(parents=True)
    (tmp_path / "e" / "readme.md").write_text("{}")
    assert "there is no event file" in refused(tmp_path, tmp_path / "e")


def test_a_path_that_is_not_there(tmp_path):
    assert "No such file" in refused(tmp_path, tmp_path / "nowhere")


def test_a_target_that_cannot_be_written(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", flat(5))
    result = run("infer", path, "--output", tmp_path / "no" / "such" / "p.yaml")
    assert result.returncode == 1 and len(result.stderr.splitlines()) == 1


def test_no_path_at_all():
    result = run("infer")
    assert result.returncode == 2 and "PATH" in result.stderr


def test_a_truncated_archive_gives_what_is_there(tmp_path):
    lines = b"".join(b'{"type": "a", "n_items": %d}\n' % n for n in range(50000))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines)[:-5000])
    proposal = Proposal(tmp_path, tmp_path / "a.jsonl.gz").check()
    assert proposal.source["files"] == "*.jsonl*" and "a" in proposal.rules["rules"]


def test_a_broken_archive_is_told_and_the_others_count(tmp_path):
    content = bytearray(gzip.compress(b'{"type": "a"}\n' * 1000))
    content[30:60] = bytes(30)
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / "a.jsonl.gz").write_bytes(content)
    write_lines(tmp_path / "e" / "b.jsonl", [{"type": "b"}] * 5)
    proposal = Proposal(tmp_path, tmp_path / "e", status=1)
    assert proposal.errors.count("broken gzip") == 1
    assert "b" in proposal.rules["rules"]


def test_a_file_that_may_not_be_read(tmp_path, without_privileges):
    root = tmp_path / "e"
    write_lines(root / "open.jsonl", [{"type": "a"}] * 5)
    write_lines(root / "shut.jsonl", [{"type": "b"}]).chmod(0)
    (root / "closed").mkdir(mode=0)
    result = subprocess.run(without_privileges + [BINARY, "infer", str(root)], timeout=60,
                            capture_output=True, text=True, env=make_environment())
    assert result.returncode == 1
    assert "shut.jsonl" in result.stderr and "closed" in result.stderr
    assert list(yaml.safe_load(result.stdout)["rules"]) == ["a"]


def test_bad_lines_between_good_ones_are_counted(tmp_path):
    lines = [b'{"type": "a"}'] * 5 + [b"\xff\xfe", b"{]", b"[1]", b'{"a":1} {"b":2}']
    proposal = Proposal(tmp_path, write_lines(tmp_path / "a.jsonl", lines))
    assert "lines that are no JSON: 3" in proposal.text
    assert "lines that are JSON, but no object: 1" in proposal.text
    assert proposal.once().total("app_events_total") == 5


# --- Real trees ---------------------------------------------------------------------------------


def trees():
    for top in ("tests/data", "samples"):
        for path in sorted(pathlib.Path(REPOSITORY, top).rglob("*")):
            if path.is_dir() and path.name in ("events", "projects", "claude-streaming"):
                yield path
    for pack in ("prodigy", "stream-processor", "dag-workflow", "llm-research"):
        if (path := pathlib.Path(REPOSITORY, "samples", pack)).is_dir():
            yield path


def records_of(tree):
    """How many lines of the tree's event files are JSON objects."""
    count = 0
    for path in tree.rglob("*"):
        if path.is_file() and re.search(r"\.(jsonl|ndjson|log)(\.\d+)?(\.gz)?$", path.name):
            content = path.read_bytes()
            content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
            count += sum(line.strip().startswith(b"{") for line in content.split(b"\n"))
    return count


@pytest.mark.parametrize("tree", trees(),
                         ids=lambda tree: os.path.relpath(tree, REPOSITORY).replace("/", "-"))
def test_recorded_trees(tree, tmp_path):
    expected = records_of(tree)
    if expected == 0:
        assert "nothing to infer" in refused(tmp_path, tree)
        return
    proposal = Proposal(tmp_path, tree).check()
    read = int(re.search(r"# Read: ([\d,]+) record", proposal.text)[1].replace(",", ""))
    assert read == expected
    samples = proposal.once()
    skipped = samples.total("jsonl_exporter_lines_skipped_total")
    unnamed = 0 if "*" in proposal.rules["rules"] else \
        samples.total("jsonl_exporter_events_unmatched_total")
    assert samples.total("app_events_total") == expected - skipped - unnamed
    assert samples.total("app_events_total") >= 0.9 * expected
    assert samples.total("jsonl_exporter_rule_errors_total") == 0
    assert samples.total("jsonl_exporter_fields_missing_total") == 0
