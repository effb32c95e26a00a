"""Debian's Prometheus scrapes the exporter; its query API then tells the truth about the files."""

import socket
import time

import pytest

from events import append, event, events
from program import patience, wait_until
from prometheus import Prometheus

INTERVAL = 0.5  # seconds between scrapes

RULES = """\
sources:
  events: {files: "{repo}/{job_id}/events-*.jsonl*", type: event.event_type, body: event,
           time: timestamp, id: id}
metrics:
  ok_total: {type: counter, help: Every event., labels: [job_id]}
  work_seconds: {type: histogram, help: Durations., labels: [job_id], buckets: [0.1, 1, 10]}
  queue_depth: {type: gauge, help: Items waiting., labels: [job_id]}
  response_seconds: {type: summary, help: Quantiles., quantiles: [0.5]}
defaults:
  labels: {job_id: "{file.job_id}"}
rules:
  "*":
    - inc: ok_total
  WorkDone:
    - observe: work_seconds
      value: duration
    - observe: response_seconds
      value: duration
  QueueDepthChanged:
    - set: queue_depth
      value: pending
"""


@pytest.fixture
def prometheus(tmp_path):
    started = []

    def start(exporter):
        server = Prometheus(tmp_path, f"{exporter.host}:{exporter.port}", INTERVAL)
        started.append(server)
        wait_until(server.is_up, 40, interval=0.2)
        return server

    yield start
    for server in started:
        server.stop()


def scrapes_later(count=3):
    time.sleep(INTERVAL * count * patience())


def test_prometheus_reads_counters_gauges_histograms_and_summaries(tree, launch, prometheus):
    exporter = launch(tree.root, rules=RULES)
    server = prometheus(exporter)
    append(tree.file, b"".join(
        event(n, "work_done", duration=value)
        for n, value in enumerate([0.05, 0.1, 0.5, 5, 50])))
    append(tree.file, b"".join(
        event(100 + n, "queue_depth_changed", pending=value) for n, value in enumerate([7, 3])))
    append(tree.job_file("repo", 'job "2"\n'), events(1, 4))
    exporter.expect(ok=11)
    scrapes_later(6)
    one, two = (("job_id", "job-1"),), (("job_id", 'job "2"\n'),)
    assert server.query("ok_total") == {one: 7, two: 4}
    assert server.query("queue_depth") == {one: 3}
    buckets = server.query("work_seconds_bucket")
    assert {dict(labels)["le"]: value for labels, value in buckets.items()} == {
        "0.1": 2, "1.0": 3, "10.0": 4, "+Inf": 5}
    assert server.query("work_seconds_count") == {one: 5}
    assert server.query("work_seconds_sum")[one] == pytest.approx(55.65)
    assert server.query("response_seconds_count") == {(): 5}
    assert server.query("response_seconds")[(("quantile", "0.5"),)] == pytest.approx(0.5, rel=.02)
    median = server.query("histogram_quantile(0.5, work_seconds_bucket)")[one]
    assert 0.1 < median <= 1
    assert server.query("jsonl_exporter_up") == {(): 1}
    metadata = server.get("/api/v1/metadata")["data"]
    assert metadata["ok_total"][0]["type"] == "counter"
    assert metadata["work_seconds"][0]["type"] == "histogram"


def test_the_increase_of_a_job_born_after_the_start_is_the_truth(tree, launch, prometheus):
    exporter = launch(tree.root, rules=RULES, zero_first=True)
    server = prometheus(exporter)
    scrapes_later(4)
    began = time.monotonic()
    append(tree.file, events(1, 1000))
    wait_until(lambda: server.query("ok_total") == {(("job_id", "job-1"),): 1000}, 20, 0.2)
    append(tree.file, events(1001, 1500))
    append(tree.job_file("repo", "job-2"), b"".join(
        event(n, "work_done", duration=0.5) for n in range(40)))
    wait_until(lambda: sum(server.query("ok_total").values()) == 1540, 20, 0.2)
    scrapes_later(4)
    span = int(time.monotonic() - began) + 10
    # increase() extrapolates; the difference of the last and the first sample does not.
    first = server.query(f"min_over_time(ok_total[{span}s])")
    last = server.query(f"max_over_time(ok_total[{span}s])")
    assert {key: last[key] - first[key] for key in last} == {
        (("job_id", "job-1"),): 1500, (("job_id", "job-2"),): 40}
    assert set(server.query(f"resets(ok_total[{span}s])").values()) == {0}
    increase = server.query(f"increase(ok_total[{span}s])")
    assert increase[(("job_id", "job-1"),)] == pytest.approx(1500, rel=0.35)
    counts = server.query(f"min_over_time(work_seconds_bucket{{le='1.0'}}[{span}s])")
    assert list(counts.values()) == [0]


def test_the_scrape_of_a_stopped_exporter_fails_and_a_new_one_is_found(tree, launch, prometheus):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    append(tree.file, events(1, 5))
    exporter = launch(tree.root, rules=RULES, address=address)
    server = prometheus(exporter)
    wait_until(lambda: sum(server.query("ok_total").values()) == 5, 20, 0.2)
    exporter.stop()
    wait_until(lambda: list(server.query("up").values()) == [0], 20, 0.2)
    launch(tree.root, rules=RULES, address=address)
    wait_until(server.is_up, 20, 0.2)
