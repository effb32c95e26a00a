"""What a restart keeps, and what is shown meanwhile: after a clean stop, and after none."""

import json
import os
import signal
import stat
import time

import pytest

from events import append, bare, event, events, open_append, write_all
from exporter import Exporter
from meanwhile import DOWN, down, during
from program import is_sanitizer_build, run, wait_until

EVERYTHING = """\
sources:
  events: {files: "{repo}/{job_id}/events-*.jsonl*", type: type, time: time, id: id}
defaults: {labels: {job_id: "{file.job_id}"}}
metrics:
  done_total: {type: counter, help: h, labels: [job_id, status], init: {status: [good, bad]}}
  first_total: {type: counter, help: Distinct items., labels: [job_id]}
  spent_total: {type: counter, help: h, labels: [model]}
  tokens_total: {type: counter, help: Grown beyond the largest seen.}
  level: {type: gauge, help: h}
  highest: {type: gauge, help: h}
  active: {type: gauge, help: h, labels: [job_id]}
  speed: {type: gauge, help: h}
  work_seconds: {type: histogram, help: h, labels: [job_id], buckets: [1, 10, 100]}
  answer_seconds: {type: summary, help: h, quantiles: [0.5]}
  version_info: {type: info, help: h, labels: [version]}
rules:
  Model:
    - {remember: model, value: model}
    - {set: version_info, value: 1, labels: {version: "{model}"}}
  Start: [{enter: active, key: k}, {start: clock, key: k}]
  Stop:
    - {leave: active, key: k}
    - {observe: work_seconds, value: {elapsed: clock}, key: k}
    - {inc: done_total}
    - {inc: first_total, once: item}
    - {add: spent_total, value: cost, labels: {model: "{model|default unknown}"}}
    - {add: tokens_total, value: {increase: tokens, key: k}}
    - {set: level, value: cost}
    - {max: highest, value: cost}
    - {observe: answer_seconds, value: cost}
    - {rate: speed, value: 1, window: 1h}
"""


def moment(second):
    return f"2026-03-01T00:{second // 60:02}:{second % 60:02}Z"


def put(tree, *records):
    append(tree.file, b"".join(bare(record) + b"\n" for record in records))


def test_a_clean_restart_serves_what_was_saved_at_once_and_reads_nothing_again(tree, exporter):
    for number in range(50):
        append(tree.job_file("repo", f"job-{number}"), events(1, 400))
    before = exporter.expect(ok=20000, timeout=20).lasting()
    exporter.restart()
    assert exporter.scrape_once().lasting() == before
    exporter.sync()
    assert exporter.scrape_once().lasting() == before
    assert exporter.status()["state"]["start"] == "clean"
    assert exporter.request("/ready").status == 200
    read = int(exporter.procfs("io").split("rchar: ")[1].split()[0])
    assert read < 2 << 20, f"{read} bytes read of {20000 * len(event(1))} that are counted"


def test_a_clean_restart_shows_saved_values_first_and_then_what_was_added(tree, exporter):
    append(tree.file, events(1, 10))
    exporter.expect(ok=10)
    exporter.stop()
    for number in range(40):
        append(tree.job_file("repo", f"job-{number + 2}"), events(1, 5000))
    exporter.start()
    first = exporter.scrape_once()
    assert first.value("ok_total", job_id="job-1") == 10
    exporter.expect(ok=200010, timeout=60)


def test_after_a_kill_nothing_is_shown_until_all_is_counted(tree, exporter):
    append(tree.file, events(1, 10))
    exporter.expect(ok=10)
    exporter.committed()
    exporter.kill9()
    for number in range(40):
        append(tree.job_file("repo", f"job-{number + 2}"), events(1, 10000))
    exporter.start()
    refused = 0
    while True:
        answer = exporter.request("/metrics")
        ready, progress = exporter.request("/ready"), exporter.status()["catch_up"]
        own = exporter.scrape_once("/metrics/self")
        if answer.status == 200:
            break
        refused += 1
        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
        assert progress["bytes_left"] <= progress["bytes_total"]
        if not progress["complete"]:
            assert ready.status == 503
            assert not own.has("ok_total") and own.total("jsonl_exporter_read_lines_total") >= 10
    assert refused > 0, "the backlog was too small to see it catching up"
    assert exporter.scrape_once().ok == 400010
    assert exporter.status()["state"]["start"] == "unclean"
    assert exporter.request("/ready").status == 200


def test_a_first_start_is_told_as_new(tree, exporter):
    append(tree.file, event(1))
    exporter.expect(ok=1)
    state = exporter.committed().status()["state"]
    assert state["start"] == "new" and state["enabled"] and not state["failing"]
    assert state["commits"] >= 1 and state["bytes"] > 0 and state["set_aside"] is None
    assert state["path"].startswith(exporter.state)
    assert exporter.own("state_failing") == 0
    assert abs(exporter.own("checkpoint_last_success_timestamp_seconds") - time.time()) < 30
    assert exporter.own("checkpoint_duration_seconds_count") >= 1
    assert exporter.own("checkpoint_bytes") > 0
    assert exporter.own("ids_on_disk") + exporter.own("ids_in_memory") >= 1


@during("live", *DOWN)
def test_everything_that_rules_keep_goes_on(tree, launch, meanwhile):
    exporter = launch(tree.root, rules=EVERYTHING)
    put(tree, {"type": "Model", "model": "m-1", "id": "1", "time": moment(0)},
        {"type": "Start", "k": "a", "id": "2", "time": moment(1)},
        {"type": "Start", "k": "b", "id": "3", "time": moment(2)},
        {"type": "Start", "k": "c", "id": "4", "time": moment(2)},
        {"type": "Stop", "k": "c", "id": "5", "time": moment(5), "item": "x", "cost": 7,
         "status": "good", "tokens": 100})
    wait_until(lambda: exporter.total("done_total", status="good") == 1, 10)
    before = exporter.sync().own()
    assert before['active{job_id="job-1"}'] == 2
    with meanwhile(exporter):
        pass
    assert exporter.sync().own() == before
    put(tree, {"type": "Stop", "k": "a", "id": "6", "time": moment(61), "item": "x", "cost": 5,
               "status": "bad", "tokens": 40},
        {"type": "Stop", "k": "c", "id": "7", "time": moment(62), "item": "y", "cost": 1,
         "status": "good", "tokens": 130},
        {"type": "Start", "k": "a", "id": "8", "time": moment(30)})  # not later than its leave
    wait_until(lambda: exporter.total("done_total", status="good") == 2, 10)
    shown = exporter.sync()
    assert shown.value("active", job_id="job-1") == 1
    assert shown.value("done_total", status="bad") == 1
    assert shown.value("first_total") == 2, "an item counted before the restart counted again"
    assert shown.value("spent_total", model="m-1") == 13, "what was remembered is gone"
    assert shown.value("tokens_total") == 170, "the largest seen of c is forgotten"
    assert shown.value("level") == 1 and shown.value("highest") == 7
    assert shown.value("work_seconds_count") == 3, "a timer is gone"
    assert shown.value("work_seconds_sum") == 3 + 60 + 60
    assert shown.value("work_seconds_bucket", le="10.0") == 1
    assert shown.value("answer_seconds_count") == 3
    assert shown.value("version_info", version="m-1") == 1
    assert shown.value("speed") == pytest.approx(3 / 3600)


@down
def test_own_counters_go_on(tree, exporter, meanwhile):
    line = b'{"event":{"event_type":"x","n":%d}}\n'
    append(tree.file, events(1, 3) + b"{broken\n" + b"[]\n" + b"{}\n" + line % 1)
    append(tree.job_file("repo", "job-1", "events-copy.jsonl"), events(2, 3))
    exporter.expect(ok=4, bad=3, duplicate=2)
    os.truncate(tree.job_file("repo", "job-1", "events-copy.jsonl"), 0)
    wait_until(lambda: exporter.own("truncations_total") == 1, 10)
    exporter.committed()
    before = exporter.scrape().lasting()
    with meanwhile(exporter):
        append(tree.file, b"{broken again\n" + event(4))
    samples = exporter.expect(ok=5, bad=4, duplicate=2)
    after = samples.lasting()
    assert all(after[key] >= value for key, value in before.items())
    assert samples.total("jsonl_exporter_truncations_total") == 1
    lines = samples.value("jsonl_exporter_read_lines_total")
    assert lines == 11, "each line once, whatever was restarted"


def test_many_restarts_of_all_kinds_in_a_row(tree, exporter):
    number = 0
    for round_ in range(9):
        append(tree.file, events(number + 1, number + 5))
        number += 5
        if round_ % 3 == 0:
            exporter.kill9()
            exporter.start()
        elif round_ % 3 == 1:
            exporter.restart()  # with lines that it may not have seen yet
        else:
            exporter.expect(ok=number, still=0)
    exporter.expect_lasting(ok=number)


def test_sigint_stops_as_cleanly_as_sigterm(tree, exporter):
    append(tree.file, events(1, 3))
    before = exporter.expect(ok=3).lasting()
    exporter.process.send_signal(signal.SIGINT)
    assert exporter.process.wait(15) == 0
    exporter.process = None
    exporter.start()
    assert exporter.scrape_once().lasting() == before
    assert exporter.status()["state"]["start"] == "clean"


@pytest.mark.parametrize("variable", ["XDG_STATE_HOME", "HOME"])
def test_the_state_lies_where_the_user_keeps_states(tree, tmp_path, variable):
    home = tmp_path / "home"
    env = {"HOME": str(home), "XDG_STATE_HOME": ""}
    expected = home / ".local" / "state" / "jsonl-exporter"
    if variable == "XDG_STATE_HOME":
        env["XDG_STATE_HOME"] = str(tmp_path / "states")
        expected = tmp_path / "states" / "jsonl-exporter"
    append(tree.file, events(1, 3))
    exporter = Exporter(tree.root, tmp_path, env=env, state=None, options=["--state-interval=1s"])
    exporter.arguments.remove("--no-state")
    with exporter:
        exporter.expect(ok=3)
        assert exporter.status()["state"]["path"].startswith(str(expected))
    assert stat.S_IMODE(expected.stat().st_mode) == 0o700
    assert (expected / "state.db").exists()
    for file in expected.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_without_a_state_nothing_is_written_and_all_is_counted_anew(tree, tmp_path, launch):
    home = tmp_path / "home"
    exporter = launch(tree.root, state=None, env={"HOME": str(home), "XDG_STATE_HOME": ""})
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    assert exporter.status()["state"] == {"enabled": False}
    exporter.restart()
    assert exporter.request("/metrics").status in (200, 503)
    exporter.expect(ok=3)
    assert not home.exists()
    assert not list(tmp_path.glob("**/state.db"))


def test_a_program_that_reads_the_files_once_leaves_the_state_alone(tree, exporter):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    exporter.committed()
    result = run("once", "--rules", exporter.rule_path, "--events-dir", tree.root)
    assert result.returncode == 0 and 'ok_total{job_id="job-1"} 3' in result.stdout
    exporter.expect(ok=3)


def test_a_thousand_job_directories_are_soon_ready(tree, launch):
    if is_sanitizer_build():
        pytest.skip("time means nothing in a sanitizer build")
    for number in range(1000):
        append(tree.job_file(f"repo-{number % 7}", f"job-{number}"), events(1, 40))
    exporter = launch(tree.root)
    before = exporter.expect(ok=40000, timeout=30).lasting()
    exporter.stop()
    began = time.monotonic()
    exporter.start()
    wait_until(lambda: exporter.request("/ready").status == 200, 10)
    assert time.monotonic() - began < 10, "bench/run measures it; cores may be busy here"
    assert exporter.scrape_once().lasting() == before


@down
def test_a_writer_that_goes_on_during_the_restart_loses_nothing(tree, exporter, meanwhile):
    writer = open_append(tree.file)
    write_all(writer, events(1, 100))
    with meanwhile(exporter):
        write_all(writer, events(101, 200))
    write_all(writer, events(201, 300))
    os.close(writer)
    exporter.expect(ok=300)


def test_the_status_tells_of_each_stream(tree, exporter):
    append(tree.file, events(1, 3))
    append(tree.job_file("repo", "job-1", "events-copy.jsonl"), events(2, 4))
    exporter.expect(ok=4, duplicate=2)
    stream = exporter.stream(tree.file)
    status = os.stat(tree.file)
    assert stream["sources"] == ["rules/events"] and stream["state"] == "followed"
    assert stream["offset"] == stream["size"] == status.st_size and stream["bytes_behind"] == 0
    assert (stream["device"], stream["inode"]) == (status.st_dev, status.st_ino)
    assert stream["lines"] == 3 and not stream["unlinked"] and not stream["failed"]
    assert stream["ids_checked"], "two streams in one directory"
    skipped = [each["duplicates_skipped"] for each in exporter.status()["streams"]]
    assert sum(skipped) == 2
    assert len(exporter.status(limit=1)["streams"]) == 1
    assert exporter.status(limit=1)["streams_total"] == 2
    assert json.dumps(exporter.status()["rules"]["packs"]) == '["rules"]'
