"""What increase() of a real Prometheus makes of series that begin, come back, or go on over a
restart: the truth. The interval is a second; FULL=1 takes 15, and all times grow with it."""

import threading
import time

import pytest

from events import append, bare, event, events, record
from exporter import COUNT_EVERYTHING
from meanwhile import both_slow, during
from program import FULL, wait_until
from prometheus import Prometheus, free_port

INTERVAL = 15 if FULL else 1
TTL = 4 * INTERVAL

WITH_HISTOGRAM = COUNT_EVERYTHING.replace("metrics:\n", """metrics:
  sizes: {type: histogram, help: h, labels: [job_id], buckets: [1, 10]}
""").replace('rules:\n  "*":\n', """rules:
  "*":
    - observe: sizes
      labels: {job_id: "{file.job_id}"}
      value: 5
""")


@pytest.fixture
def scraped(tree, launch, tmp_path):
    """scraped(rules): an exporter and the Prometheus that scrapes it, whatever becomes of it."""
    started = []

    def start(rules=WITH_HISTOGRAM, **options):
        port = free_port()
        exporter = launch(tree.root, rules=rules, zero_first=True, address=f"127.0.0.1:{port}",
                          **options)
        server = Prometheus(tmp_path, f"127.0.0.1:{port}", INTERVAL)
        started.append(server)
        server.wait_until_up()
        return exporter, server

    yield start
    for server in started:
        server.stop()


def wait_for(server, **wanted):
    """Until Prometheus has these values of ok_total, by job, and one scrape more."""
    def is_there():
        shown = server.query("ok_total")
        return all(shown.get((("job_id", job.replace("_", "-")),)) == value
                   for job, value in wanted.items())

    wait_until(is_there, 20 * INTERVAL, 0.1)
    time.sleep(INTERVAL * 1.2)


def check_increase(server, job, truth):
    selector = f'ok_total{{job_id="{job}"}}'
    assert server.increase(selector) == pytest.approx(truth, rel=1e-6), server.samples(selector)
    values = [value for _, value in server.samples(selector)]
    assert values == sorted(values), "a reset where there was none"


def test_a_first_job_that_is_shorter_than_an_interval(tree, scraped):
    exporter, server = scraped()
    for number in range(1, 36):  # 7 of 15 seconds
        append(tree.file, event(number))
        time.sleep(INTERVAL * 7 / 15 / 35)
    wait_for(server, job_1=35)
    check_increase(server, "job-1", 35)
    assert server.increase('sizes_count{job_id="job-1"}') == pytest.approx(35)
    assert server.increase('sizes_bucket{job_id="job-1",le="10.0"}') == pytest.approx(35)
    assert server.increase('sizes_sum{job_id="job-1"}') == pytest.approx(35 * 5)


def test_a_burst_of_a_thousand_lines_of_a_new_job(tree, scraped):
    exporter, server = scraped()
    append(tree.file, events(1, 1000))
    append(tree.job_file("repo", "job-2"), event(1))
    wait_for(server, job_1=1000, job_2=1)
    check_increase(server, "job-1", 1000)
    check_increase(server, "job-2", 1)
    append(tree.file, events(1001, 1200))
    wait_for(server, job_1=1200)
    check_increase(server, "job-1", 1200)


@during("stopped", "killed", "torn")
def test_jobs_that_ran_while_the_exporter_was_down(tree, scraped, meanwhile):
    exporter, server = scraped()
    append(tree.file, events(1, 20))
    wait_for(server, job_1=20)
    with meanwhile(exporter):
        append(tree.file, events(21, 70))
        append(tree.job_file("repo", "job-2"), events(1, 300))
        time.sleep(2 * INTERVAL)
    wait_for(server, job_1=70, job_2=300)
    check_increase(server, "job-1", 70)
    check_increase(server, "job-2", 300)
    assert server.increase('sizes_count{job_id="job-2"}') == pytest.approx(300)


def put_now(tree, first, last, job="job-1"):
    """Events of this moment, since a ttl counts from an event's own time."""
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    append(tree.job_file("repo", job), b"".join(
        bare(record(number, when=when)) + b"\n" for number in range(first, last + 1)))


@both_slow
def test_a_series_that_returns_after_its_ttl(tree, scraped, meanwhile):
    rules = COUNT_EVERYTHING.replace("max_series: 20000", f"max_series: 20000\n    ttl: {TTL}s")
    exporter, server = scraped(rules)
    put_now(tree, 1, 40)
    wait_for(server, job_1=40)
    wait_until(lambda: not server.query("ok_total"), 5 * TTL, 0.2)  # it is told to be gone
    with meanwhile(exporter):
        time.sleep(INTERVAL)
    exporter.sync()
    put_now(tree, 41, 47)
    wait_for(server, job_1=47)
    check_increase(server, "job-1", 47)


@both_slow
def test_a_series_that_returns_after_it_made_room_for_others(tree, scraped, meanwhile):
    """Out of memory, not out of mind: the state has its total."""
    rules = COUNT_EVERYTHING.replace("max_series: 20000", f"max_series: 10\n    ttl: {TTL}s")
    exporter, server = scraped(rules)
    put_now(tree, 1, 40)
    wait_for(server, job_1=40)
    wait_until(lambda: not server.query("ok_total"), 5 * TTL, 0.2)
    for number in range(2, 12):
        put_now(tree, 1, 3, f"job-{number}")
    wait_until(lambda: exporter.total("ok_total", job_id="job-11") == 3, 20 * INTERVAL, 0.1)
    assert not exporter.scrape().has("ok_total", job_id="_other"), "hidden series go first"
    with meanwhile(exporter):
        pass
    wait_until(lambda: not exporter.scrape().has("ok_total"), 5 * TTL, 0.2)
    put_now(tree, 41, 47)
    wait_for(server, job_1=47)
    check_increase(server, "job-1", 47)


def test_kills_and_restarts_under_a_writer_are_no_resets(tree, scraped):
    exporter, server = scraped()
    end = threading.Event()
    written = [0]

    def write():
        while not end.is_set():
            append(tree.file, events(written[0] + 1, written[0] + 10))
            written[0] += 10
            end.wait(INTERVAL / 20)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for round_ in range(4):
            time.sleep(1.5 * INTERVAL)
            if round_ % 2:
                exporter.restart()
            else:
                exporter.kill9()
                exporter.start()
    finally:
        end.set()
        writer.join()
    wait_for(server, job_1=written[0])
    check_increase(server, "job-1", written[0])
    assert list(server.query('resets(ok_total{job_id="job-1"}[1h])').values()) == [0]
