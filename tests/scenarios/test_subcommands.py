"""What the subcommands other than run do."""

import gzip
import json
import os
import re
import signal
import subprocess

import pytest

from events import Tree, append, bare, event, events, record
from exporter import COUNT_EVERYTHING
from program import BINARY, make_environment, run
from samples import Samples

SUBCOMMANDS = ["run", "once", "check", "explain", "version", "help"]


# once


def test_once_reads_files_directories_and_stdin(tree, rules):
    append(tree.file, events(1, 3) + b"{broken\n")
    other = tree.job_file("repo", "job-2")
    append(other, events(1, 2) + event(3, end=b""))
    result = run("once", "--rules", rules, tree.root)
    assert result.returncode == 0, result.stderr
    samples = Samples(result.stdout)
    assert samples.own() == {'ok_total{job_id="job-1"}': 3, 'ok_total{job_id="job-2"}': 3}
    assert samples.bad == 1
    result = run("once", "--rules", rules, other)
    assert Samples(result.stdout).own() == {'ok_total{job_id="job-2"}': 3}
    result = run("once", "--rules", rules, "-", input=events(1, 7))
    assert result.returncode == 0
    assert Samples(result.stdout).ok == 7


def test_once_reads_several_paths_and_gzip(tree, rules):
    first = tree.job_file("repo", "job-1", "events-1.jsonl.gz")
    append(first, gzip.compress(events(1, 3)))
    second = tree.job_file("repo", "job-2", "events-2.jsonl")
    append(second, events(1, 2))
    result = run("once", "--rules", rules, first, second)
    assert Samples(result.stdout).own() == {
        'ok_total{job_id="job-1"}': 3, 'ok_total{job_id="job-2"}': 2}


def test_once_without_a_path_reads_what_run_would_follow(tmp_path, rules):
    tree = Tree(tmp_path / "home" / "events", create=True)
    append(tree.file, events(1, 4))
    result = run("once", "--rules", rules, env={"PRODIGY_HOME": str(tmp_path / "home")})
    assert result.returncode == 0
    assert Samples(result.stdout).ok == 4


def test_once_counts_a_copy_in_the_same_directory_once(tree, rules):
    append(tree.file, events(1, 5))
    append(tree.file + ".bak", events(4, 8))
    samples = Samples(run("once", "--rules", rules, tree.root).stdout)
    assert samples.ok == 8
    assert samples.skipped("duplicate") == 2


def test_once_shows_values_at_once_and_hides_nothing_old(tree, tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text(COUNT_EVERYTHING.replace("max_series: 20000", "ttl: 1h"))
    append(tree.file, b"".join(
        bare(record(n, when="2001-01-01T00:00:00Z")) + b"\n" for n in range(3)))
    assert Samples(run("once", "--rules", rules, tree.root).stdout).ok == 3


def test_once_exits_1_when_a_file_cannot_be_read_and_prints_the_rest(tree, rules):
    append(tree.file, events(1, 3))
    missing = tree.path("repo", "job-1", "events-missing.jsonl")
    result = run("once", "--rules", rules, tree.file, missing)
    assert result.returncode == 1
    assert missing in result.stderr and "No such file" in result.stderr
    assert Samples(result.stdout).ok == 3


def test_once_of_an_empty_directory_and_an_empty_file(tree, rules):
    result = run("once", "--rules", rules, tree.root)
    assert result.returncode == 0
    assert Samples(result.stdout).own() == {}
    append(tree.file, b"")
    assert run("once", "--rules", rules, tree.file).returncode == 0


def test_once_with_a_file_of_no_source_says_so(tmp_path, rules):
    stray = tmp_path / "notes.txt"
    stray.write_bytes(event(1))
    result = run("once", "--rules", rules, stray)
    assert str(stray) in result.stderr
    assert result.returncode == 1


def test_once_with_the_built_in_pack_on_a_real_sample():
    """Checked against numbers counted here, over the raw lines."""
    events_directory = os.path.join(os.path.dirname(__file__), "../data", "prodigy-0.1.7", "dlq",
                                    ".prodigy", "events")
    kinds, agents = {}, set()
    for directory, _, names in os.walk(events_directory):
        for name in names:
            if not name.startswith("events-"):
                continue
            with open(os.path.join(directory, name)) as file:
                for line in file:
                    content = json.loads(line)["event"]
                    kind = content["event_type"]
                    kinds[kind] = kinds.get(kind, 0) + 1
                    if kind == "agent_started":
                        agents.add(content["agent_id"])
    result = run("once", events_directory)
    assert result.returncode == 0, result.stderr
    shown = Samples(result.stdout)
    assert shown.total("prodigy_storage_events_written_total") == sum(kinds.values())
    for kind, count in kinds.items():
        name = kind.replace("d_l_q", "dlq").replace("_", "")
        assert sum(value for labels, value in shown.matching("jsonl_exporter_events_total").items()
                   if dict(labels)["event_type"].lower() == name) == count
    assert shown.total("prodigy_mapreduce_agents_total", status="started") == kinds[
        "agent_started"]
    assert shown.total("prodigy_mapreduce_agents_total", status="success") == kinds[
        "agent_completed"]


def test_once_output_may_be_cut_off_by_its_reader(tree, rules):
    for number in range(3000):
        append(tree.job_file("repo", f"job-{number}"), event(1))
    process = subprocess.Popen([BINARY, "once", "--rules", str(rules), tree.root],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=make_environment())
    process.stdout.read(10)
    process.stdout.close()
    error = process.stderr.read().decode()
    assert process.wait(30) in (0, 1, -signal.SIGPIPE)
    assert "Sanitizer" not in error


# check


def test_check_accepts_a_good_file_quietly(rules):
    result = run("check", rules)
    assert result.returncode == 0, result.stderr
    assert "error" not in (result.stdout + result.stderr).lower()


def test_check_reports_all_errors_of_all_files(tmp_path, rules):
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("metrics:\n  x_total: {type: counter, help: X., labls: [a]}\n")
    second.write_text("metrics: [\n")
    result = run("check", rules, first, second)
    assert result.returncode == 1
    output = result.stdout + result.stderr
    assert f"{first}:2:" in output and "labls" in output and "'labels'" in output
    assert f"{second}:" in output


def test_check_warns_of_what_promlint_would_say_and_succeeds(tmp_path):
    path = tmp_path / "lint.yaml"
    path.write_text("""\
sources: {s: {files: "*.jsonl", type: type}}
metrics:
  things: {type: counter, help: A counter without _total.}
  wait_milliseconds: {type: gauge, help: Not a base unit.}
rules:
  A: [{inc: things}, {set: wait_milliseconds, value: x}]
""")
    result = run("check", path)
    assert result.returncode == 0
    output = result.stdout + result.stderr
    assert f"{path}:3:" in output and f"{path}:4:" in output
    assert output.count("warning") >= 2


def test_check_accepts_a_config_file(tmp_path, tree):
    config = tmp_path / "config.yaml"
    config.write_text(f"events_dir: {tree.root}\nlog.level: debug\n")
    assert run("check", config).returncode == 0
    config.write_text(f"events_dir: {tree.root}\nlog.level: loud\n")
    result = run("check", config)
    assert result.returncode == 1
    assert f"{config}:2:" in result.stdout + result.stderr


def test_check_exits_1_for_a_file_that_is_not_there(tmp_path):
    result = run("check", tmp_path / "none.yaml")
    assert result.returncode == 1
    assert "none.yaml" in result.stderr


# explain


def test_explain_tells_which_rows_fired_and_which_did_not(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("""\
sources: {events: {files: "*.jsonl", type: event.event_type, body: event}}
metrics:
  done_total: {type: counter, help: Done., labels: [status]}
  took_seconds: {type: histogram, help: Took., buckets: [1]}
rules:
  WorkDone:
    - inc: done_total
      labels: {status: fine}
      when: {result: good}
    - observe: took_seconds
      value: duration
""")
    lines = (bare(record(1, "work_done", result="good", duration=2.5)) + b"\n"
             + bare(record(2, "work_done", result="bad")) + b"\n"
             + bare(record(3, "strange")) + b"\n" + b"{broken\n")
    result = run("explain", "--rules", path, "-", input=lines)
    assert result.returncode == 0, result.stderr
    output = result.stdout
    for fragment in ("WorkDone", "done_total", 'status="fine"', "took_seconds", "2.5", "result",
                     "duration", "strange"):
        assert fragment in output, fragment
    file = tmp_path / "events.jsonl"
    file.write_bytes(lines)
    assert "done_total" in run("explain", "--rules", path, file).stdout


# version, help


def test_version_is_told_in_five_lines(tmp_path):
    for arguments in (["version"], ["--version"]):
        result = run(*arguments)
        assert result.returncode == 0
        assert re.match(r"jsonl-exporter, version \d+\.\d+\.\d+", result.stdout)
        assert "\n  " in result.stdout


def test_help_lists_subcommands_and_options():
    for arguments in (["help"], ["--help"], ["-h"]):
        result = run(*arguments)
        assert result.returncode == 0
        for word in ("once", "check", "explain", "--events-dir", "--rules"):
            assert word in result.stdout
        assert max(map(len, result.stdout.splitlines())) <= 100


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_help_of_every_subcommand(name):
    first, second = run("help", name), run(name, "--help")
    assert first.returncode == second.returncode == 0
    assert first.stdout == second.stdout
    assert f"jsonl-exporter {name}" in first.stdout


def test_help_of_run_has_every_setting_with_environment_and_default():
    text = run("help", "run").stdout
    for word in ("--events-dir", "PRODIGY_HOME", "--metrics-port", "PRODIGY_METRICS_PORT",
                 "--web.listen-address", "--web.telemetry-path", "--config.file", "--log.level",
                 "--log.format", "--no-metrics", "--max-line-bytes", "--no-inotify",
                 "--no-zero-first", "--rules"):
        assert word in text, word
