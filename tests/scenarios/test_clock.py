"""Clocks that jump, and files that look old: scenario 59."""

import glob
import os
import time

import pytest

from events import append, event, events
from exporter import COUNT_EVERYTHING
from meanwhile import both_slow, during
from program import is_sanitizer_build

LIBRARIES = "/usr/lib/*/faketime/libfaketime.so.1"


@pytest.fixture
def clock(tmp_path):
    """A wall clock that can be set while the exporter runs: clock.env, clock.set("+1y")."""
    found = glob.glob(LIBRARIES)
    if not found:
        pytest.skip("libfaketime is not installed")
    if is_sanitizer_build():
        pytest.skip("a sanitizer wants to be loaded first")

    class Clock:
        file = tmp_path / "clock"
        env = {"LD_PRELOAD": found[0], "FAKETIME_TIMESTAMP_FILE": str(file),
               "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
               "FAKETIME_DONT_RESET": "1"}

        def set(self, offset):
            self.file.write_text(offset + "\n")

    clock = Clock()
    clock.set("+0")
    return clock


@pytest.mark.parametrize("offset", ["+1y", "-1y"])
@both_slow
def test_s59_clock_jumps_by_a_year(tree, launch, clock, meanwhile, offset):
    exporter = launch(tree.root, env=clock.env)
    append(tree.file, events(1, 3))
    append(tree.job_file("repo", "job-1", "events-copy.jsonl"), events(2, 4))
    with meanwhile(exporter, ok=4, duplicate=2):
        clock.set(offset)
    append(tree.file, event(5))
    append(tree.job_file("repo", "job-2"), event(1))
    exporter.expect(ok=6, duplicate=2)
    now = exporter.status()
    assert now["uptime_seconds"] < 300, "timers follow the clock of the wall"
    os.rename(tree.file, tree.file + ".1")
    append(tree.file, event(6))
    exporter.expect(ok=7, duplicate=2)
    assert not exporter.status()["state"]["failing"]
    clock.set("+0")
    append(tree.file, event(7))
    exporter.expect(ok=8, duplicate=2)
    exporter.restart()
    exporter.expect(ok=8, duplicate=2)


def test_s59_clock_jumps_and_the_ids_are_kept(tree, launch, clock):
    """A jump beyond every retention forgets nothing that is there."""
    exporter = launch(tree.root, env=clock.env, options=["--state-retention=1h"])
    append(tree.file, events(1, 5))
    exporter.expect(ok=5)
    exporter.stop()
    clock.set("+1y")
    exporter.start()
    append(tree.job_file("repo", "job-1", "events-copy.jsonl"), events(1, 6))
    exporter.expect(ok=6, duplicate=5)
    clock.set("+3y")
    time.sleep(1.5)
    append(tree.job_file("repo", "job-1", "events-copy-2.jsonl"), events(1, 7))
    exporter.expect(ok=7, duplicate=11)


def test_s59_clock_set_back_shows_a_series_again(tree, launch, clock):
    rules = COUNT_EVERYTHING.replace("max_series: 20000", "max_series: 20000\n    ttl: 1h")
    exporter = launch(tree.root, env=clock.env, rules=rules)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    append(tree.file, event(1).replace(b"2026-11-21T03:04:05.678901234Z", now.encode()))
    exporter.expect(ok=1)
    clock.set("+2h")
    deadline = time.monotonic() + 10
    while exporter.scrape().has("ok_total"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    clock.set("+0")
    exporter.expect(ok=1)


@pytest.mark.parametrize("when", [0, 86400 * 365 * 100, -1000])
@both_slow
def test_s59_old_mtimes_during_appends(tree, exporter, meanwhile, when):
    append(tree.file, events(1, 3))
    os.utime(tree.file, (when, when))
    with meanwhile(exporter, ok=3):
        append(tree.file, events(4, 5))
        os.utime(tree.file, (when, when))
    exporter.expect(ok=5)
    os.utime(tree.file, (when, when))
    exporter.expect_unchanged(ok=5)


def test_s59_files_older_than_any_age_are_read(tree, launch):
    for number in range(5):
        path = tree.job_file("repo", f"job-{number}")
        append(path, events(1, 3))
        os.utime(path, (number, number))
    exporter = launch(tree.root)
    exporter.expect_lasting(ok=15)


@during("stopped", "killed")
def test_s59_same_size_and_mtime_but_other_content(tree, exporter, meanwhile):
    """What a restart believes without looking must be more than size and time."""
    append(tree.file, events(1, 3))
    os.utime(tree.file, ns=(10**18, 10**18))
    with meanwhile(exporter, ok=3):
        content = events(4, 6)
        assert len(content) == os.path.getsize(tree.file)
        with open(tree.file, "r+b") as file:
            file.write(content)
        os.utime(tree.file, ns=(10**18, 10**18))
    append(tree.file, event(7))
    exporter.expect(ok=7)
