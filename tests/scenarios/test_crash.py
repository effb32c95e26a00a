"""SIGKILL at any point: scenario 57. (tests/kill-at-write does it at every write of the state.)"""

import os
import random
import threading
import time

import pytest

from events import append, event, events
from prodigy_writer import Clean, ProdigyWriter
from program import FULL, is_sanitizer_build

ROUNDS = 500 if FULL else 12


class Job(threading.Thread):
    """Writes batches of random size into one job until told to end, rotating now and then."""

    def __init__(self, tree, name, seed):
        super().__init__()
        self.random = random.Random(seed)
        self.writer = ProdigyWriter(tree.job_file("repo", name), rotation_size=60000)
        self.lock = threading.Lock()
        self.end = threading.Event()
        self.written = 0

    def run(self):
        number = 0
        while not self.end.is_set():
            with self.lock:
                count = self.random.choice([1, 1, 2, 5, 40])
                stamp = f"2025{number:04}_000000"
                self.writer.write(events(self.written + 1, self.written + count), stamp=stamp)
                self.written += count
                number += 1
            self.end.wait(self.random.choice([0, 0.001, 0.01, 0.05]))
        self.writer.close()


@pytest.fixture
def jobs(tree):
    jobs = [Job(tree, f"job-{number}", number) for number in range(3)]
    for job in jobs:
        job.start()
    yield jobs
    end(jobs)


def end(jobs):
    for job in jobs:
        job.end.set()
    for job in jobs:
        job.join()


def test_s57_sigkill_at_any_point_writers_running(exporter, jobs):
    """No counter that a scraper saw is ever lower after (Exporter checks each scrape)."""
    chance = random.Random(57)
    for round_ in range(ROUNDS):
        time.sleep(chance.choice([0, 0.01, 0.05, 0.2, 0.4]))
        if chance.random() < 0.7:
            exporter.scrape()
        exporter.kill9()
        exporter.start()
        if chance.random() < 0.2:
            exporter.restart()
    end(jobs)
    samples = exporter.expect_lasting(ok=sum(job.written for job in jobs), timeout=30)
    for number, job in enumerate(jobs):
        assert samples.value("ok_total", job_id=f"job-{number}") == job.written


def test_s57_sigkill_at_any_point_clean_running(tree, exporter, jobs):
    """Retention removes only what is in the state, as it does when it keeps days of events."""
    chance = random.Random(58)
    for round_ in range(ROUNDS // 2):
        time.sleep(chance.choice([0, 0.02, 0.1]))
        exporter.kill9()
        exporter.start()
        with jobs[0].lock, jobs[1].lock, jobs[2].lock:  # nobody writes into a file that goes
            exporter.committed()
            for job in jobs:
                limit = job.written - 20
                Clean(tree.root, keep=lambda n, limit=limit: n > limit, archive=False).job(
                    os.path.dirname(job.writer.path))
                job.writer.close()
                job.writer = ProdigyWriter(job.writer.path, rotation_size=60000)
    end(jobs)
    samples = exporter.expect_lasting(ok=sum(job.written for job in jobs), timeout=30)
    for number, job in enumerate(jobs):
        assert samples.value("ok_total", job_id=f"job-{number}") == job.written


def test_s57_sigkill_during_the_first_catch_up(tree, launch):
    files, lines = 20, 4000
    for number in range(files):
        append(tree.job_file("repo", f"job-{number}"), events(1, lines))
    exporter = launch(tree.root)
    for delay in (0, 0.02, 0.05, 0.1, 0.2, 0.3):
        time.sleep(delay * (4 if is_sanitizer_build() else 1))
        exporter.kill9()
        exporter.start()
    samples = exporter.expect_lasting(ok=files * lines, timeout=60)
    assert samples.value("jsonl_exporter_read_lines_total") == files * lines


def test_s57_sigkill_while_it_stops(tree, exporter):
    number = 0
    for round_ in range(6):
        append(tree.file, events(number + 1, number + 200))
        number += 200
        exporter.scrape()
        exporter.process.terminate()
        time.sleep(0.002 * round_)
        exporter.kill()
        exporter.start()
    append(tree.file, event(number + 1))
    exporter.expect_lasting(ok=number + 1)
