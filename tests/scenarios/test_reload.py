"""Rules that change, while the exporter runs (SIGHUP, POST /-/reload) and between two runs."""

import os
import threading

import pytest

from events import append, event, events, open_append, write_all
from exporter import COUNT_EVERYTHING
from meanwhile import DOWN
from program import wait_until

LIFECYCLE = ["--web.enable-lifecycle"]

# `lengths` has two forms; a change from one to the other is a change of its definition.
WITH_LENGTHS = COUNT_EVERYTHING.replace("metrics:\n", """metrics:
  lengths: {type: histogram, help: h, labels: [job_id], buckets: [1, 10]}
""").replace('rules:\n  "*":\n', """rules:
  "*":
    - observe: lengths
      labels: {job_id: "{file.job_id}"}
      value: 5
""")
OTHER_BUCKETS = WITH_LENGTHS.replace("[1, 10]", "[1, 7, 10]")
OTHER_HELP = WITH_LENGTHS.replace("help: h", "help: Quite another text.").replace(
    "max_series: 20000", "max_series: 10000")
OTHER_LABELS = WITH_LENGTHS.replace("help: h, labels: [job_id]", "help: h, labels: [repo]").replace(
    'lengths\n      labels: {job_id: "{file.job_id}"}',
    'lengths\n      labels: {repo: "{file.repo}"}')
OTHER_TYPE = WITH_LENGTHS.replace("type: histogram, help: h", "type: summary, help: h").replace(
    "buckets: [1, 10]", "quantiles: [0.5]")
BROKEN = COUNT_EVERYTHING.replace("inc: ok_total", "inc: ok_totl")


class Change:
    """How new rules come into use."""

    def __init__(self, how):
        self.how = how

    def __call__(self, exporter, rules):
        exporter.sync()
        exporter.write_rules(rules)
        if self.how == "sighup":
            before = exporter.own("config_last_reload_success_timestamp_seconds")
            exporter.reload()
            wait_until(lambda: exporter.own("config_last_reload_success_timestamp_seconds")
                       > before, 10)
        elif self.how == "post":
            answer = exporter.request("/-/reload", method="POST")
            assert answer.status == 200, answer.body
        else:
            exporter.committed()
            exporter.stop() if self.how == "stopped" else exporter.kill9()
            exporter.start()
        assert exporter.own("config_last_reload_successful") == 1


@pytest.fixture(params=["sighup", "post", *DOWN[:2]])
def change(request):
    return Change(request.param)


@pytest.fixture
def exporter(tree, launch):
    return launch(tree.root, options=LIFECYCLE)


def test_values_go_on_and_a_new_metric_starts_with_its_next_event(tree, exporter, change):
    append(tree.file, events(1, 5))
    exporter.expect(ok=5)
    change(exporter, WITH_LENGTHS)
    samples = exporter.expect(ok=5)
    assert samples.total("lengths_count") == 0
    append(tree.file, events(6, 7))
    samples = exporter.expect_lasting(ok=7)
    assert samples.value("lengths_count", job_id="job-1") == 2


@pytest.mark.parametrize(
    "rules", [OTHER_BUCKETS, OTHER_LABELS, OTHER_TYPE], ids=["buckets", "labels", "type"]
)
def test_a_changed_metric_starts_anew_and_the_others_go_on(
    tree, launch, change, rules
):
    exporter = launch(tree.root, rules=WITH_LENGTHS, options=LIFECYCLE)
    append(tree.file, events(1, 5))
    assert exporter.expect(ok=5).total("lengths_count") == 5
    change(exporter, rules)
    exporter.floor.clear()
    assert exporter.expect(ok=5).total("lengths_count") == 0
    append(tree.file, events(6, 8))
    samples = exporter.expect(ok=8)
    assert samples.total("lengths_count") == 3
    if rules == OTHER_BUCKETS:
        assert samples.value("lengths_bucket", le="7.0") == 3
    exporter.expect_lasting(ok=8)


def test_help_and_limits_may_change(tree, launch, change):
    exporter = launch(tree.root, rules=WITH_LENGTHS, options=LIFECYCLE)
    append(tree.file, events(1, 5))
    exporter.expect(ok=5)
    change(exporter, OTHER_HELP)
    samples = exporter.expect(ok=5)
    assert samples.value("lengths_count", job_id="job-1") == 5
    assert "Quite another text." in samples.text
    append(tree.file, event(6))
    assert exporter.expect_lasting(ok=6).value("lengths_count", job_id="job-1") == 6


def test_a_metric_that_is_taken_out_is_gone_and_the_others_go_on(tree, launch, change):
    exporter = launch(tree.root, rules=WITH_LENGTHS, options=LIFECYCLE)
    append(tree.file, events(1, 5))
    exporter.expect(ok=5)
    change(exporter, COUNT_EVERYTHING)
    append(tree.file, events(6, 7))
    samples = exporter.expect(ok=7)
    assert not samples.has("lengths_count") and "lengths" not in samples.text


@pytest.mark.parametrize("how", ["sighup", "post"])
@pytest.mark.parametrize("content", [BROKEN, "metrics: [", "", None],
                         ids=["a misspelt name", "no yaml", "empty", "gone"])
def test_broken_rules_change_nothing_and_say_so(tree, exporter, how, content):
    append(tree.file, events(1, 5))
    before = exporter.expect(ok=5).lasting()
    if content is None:
        os.unlink(exporter.rule_path)
    else:
        exporter.write_rules(content)
    loaded = exporter.own("config_last_reload_success_timestamp_seconds")
    if how == "sighup":
        exporter.reload()
    else:
        answer = exporter.request("/-/reload", method="POST")
        assert answer.status == 500
        assert os.path.basename(exporter.rule_path) in answer.body.decode()
        if content == BROKEN:
            text = answer.body.decode()
            assert f"{exporter.rule_path}:" in text and "ok_totl" in text and "ok_total" in text
    wait_until(lambda: exporter.own("config_last_reload_successful") == 0, 10)
    assert exporter.own("config_last_reload_success_timestamp_seconds") == loaded
    assert not exporter.status()["rules"]["last_reload_successful"]
    wait_until(lambda: any(line["level"] == "error" and "reload" in line["msg"]
                           for line in exporter.log_lines()), 5)
    assert exporter.scrape().lasting() == before
    append(tree.file, events(6, 7))
    exporter.expect(ok=7)
    exporter.write_rules(COUNT_EVERYTHING)
    exporter.reload()
    wait_until(lambda: exporter.own("config_last_reload_successful") == 1, 10)
    append(tree.file, event(8))
    exporter.expect_lasting(ok=8)


def test_reload_over_http_needs_to_be_enabled(tree, launch):
    exporter = launch(tree.root)
    exporter.sync()
    exporter.write_rules(BROKEN)
    answer = exporter.request("/-/reload", method="POST")
    assert answer.status == 403 and b"lifecycle" in answer.body
    assert exporter.own("config_last_reload_successful") == 1
    assert exporter.request("/-/reload").status in (403, 405)


def test_reload_over_http_is_a_post(exporter):
    answer = exporter.request("/-/reload")
    assert answer.status == 405 and "POST" in answer.headers["Allow"]


def test_a_source_that_is_new_is_followed_from_the_beginning(tree, exporter, change):
    append(tree.file, events(1, 3))
    append(tree.job_file("repo", "job-1", "notes-1.log"), events(11, 14))
    exporter.expect(ok=3)
    change(exporter, COUNT_EVERYTHING.replace(
        "metrics:\n", """  notes:
    files: "{repo}/{job_id}/notes-*.log"
    type: event.event_type
    id: id
metrics:
""", 1))
    exporter.expect(ok=7, timeout=15)
    append(tree.job_file("repo", "job-1", "notes-1.log"), event(15))
    append(tree.file, event(4))
    exporter.expect_lasting(ok=9)


def test_a_source_that_is_taken_out_counts_no_more(tree, exporter, change):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    change(exporter, COUNT_EVERYTHING.replace("events-*.jsonl*", "other-*.jsonl*"))
    append(tree.file, events(4, 5))
    append(tree.job_file("repo", "job-1", "other-1.jsonl"), events(6, 7))
    samples = exporter.expect(ok=5)
    assert samples.value("ok_total", job_id="job-1") == 5


def test_what_sets_and_timers_hold_goes_on(tree, launch, change):
    rules = """\
sources:
  s: {files: "{repo}/{job_id}/events-*.jsonl*", type: type, time: time, id: id}
metrics:
  active: {type: gauge, help: h}
  first_total: {type: counter, help: h}
  run_seconds: {type: histogram, help: h, buckets: [1, 10, 100]}
rules:
  In: [{enter: active, key: k}, {start: run, key: k}, {inc: first_total, once: item}]
  Out: [{leave: active, key: k}, {observe: run_seconds, value: {elapsed: run}, key: k}]
"""
    line = b'{"id":"%d","type":"%s","k":"%s","item":"i","time":"2026-03-01T00:00:%02dZ"}\n'
    exporter = launch(tree.root, rules=rules, options=LIFECYCLE)
    append(tree.file, line % (1, b"In", b"a", 0) + line % (2, b"In", b"b", 0))
    wait_until(lambda: exporter.total("active") == 2, 10)
    change(exporter, rules.replace("Out: [", "Out: [{inc: new_total}, ").replace(
        "metrics:\n", "metrics:\n  new_total: {type: counter, help: n}\n"))
    assert exporter.value("active") == 2
    append(tree.file, line % (3, b"Out", b"a", 40) + line % (4, b"In", b"c", 41))
    wait_until(lambda: exporter.total("new_total") == 1, 10)
    samples = exporter.sync()
    assert samples.value("active") == 2 and samples.value("first_total") == 1
    assert samples.value("run_seconds_sum") == 40


def test_many_reloads_under_a_writer_lose_nothing(tree, exporter):
    stop = threading.Event()
    written = [0]

    def write():
        writer = open_append(tree.file)
        while not stop.is_set():
            write_all(writer, events(written[0] + 1, written[0] + 50))
            written[0] += 50
            stop.wait(0.005)
        os.close(writer)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(12):
            exporter.write_rules((WITH_LENGTHS, OTHER_HELP)[number % 2])
            assert exporter.request("/-/reload", method="POST").status == 200
            exporter.scrape()
    finally:
        stop.set()
        thread.join()
    exporter.expect_lasting(ok=written[0], timeout=20)


def test_the_settings_of_the_config_file_are_read_anew(tree, tmp_path, launch):
    config = tmp_path / "config.yaml"
    config.write_text("log: {level: info}\n")
    exporter = launch(tree.root, options=["--config.file", config, *LIFECYCLE])
    append(tree.file, event(1))
    exporter.expect(ok=1)
    config.write_text("log: {level: loud}\n")
    answer = exporter.request("/-/reload", method="POST")
    assert answer.status == 500 and b"loud" in answer.body
    exporter.expect(ok=1)
    config.write_text("log: {level: debug}\n")
    assert exporter.request("/-/reload", method="POST").status == 200
    append(tree.file, event(2))
    exporter.expect_lasting(ok=2)
