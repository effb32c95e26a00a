"""A state that cannot be written: counting and serving go on, and say so. Of scenario 58."""

import errno
import os
import shutil

import pytest

from events import append, event, events
from exporter import Exporter
from meanwhile import both
from program import patience, wait_until
from small_disk import SmallDisk


@pytest.fixture
def disk(tmp_path):
    disk = SmallDisk(tmp_path / "disk", "2m")
    yield disk
    disk.close()


@pytest.fixture
def cramped(tree, disk, launch):
    """An exporter whose state lies on a small disk."""
    return launch(tree.root, prefix=disk.prefix, state=os.path.join(disk.directory, "state"))


def wait_for_trouble(exporter, *reasons):
    """Until it is told everywhere that the state cannot be saved."""
    wait_until(lambda: exporter.own("state_failing") == 1, 15)
    state = exporter.status()["state"]
    assert state["failing"] and state["reason"] in reasons, state
    assert state["message"] and state["failures"] >= 1
    assert exporter.own("checkpoint_failures_total", reason=state["reason"]) >= 1
    check = exporter.get_json("/ready")["checks"]["state"]
    assert state["reason"] in str(check) or "fail" in str(check).lower(), check
    assert exporter.request("/metrics").status == 200
    complaints = [line for line in exporter.log_lines()
                  if line["level"] in ("error", "warn") and "state" in line["msg"]]
    assert len(complaints) == 1, complaints


def wait_for_relief(exporter):
    wait_until(lambda: exporter.own("state_failing") == 0, 15)
    assert not exporter.status()["state"]["failing"]
    exporter.committed()


def test_s58_disk_full_serves_on_and_resumes_without_double_count(tree, cramped, disk):
    append(tree.file, events(1, 5))
    cramped.expect(ok=5)
    cramped.committed()
    disk.fill()
    for number in range(40):  # enough for new pages
        append(tree.job_file("repo", f"job-{number + 2}"), events(1, 50))
    cramped.expect(ok=2005)
    wait_for_trouble(cramped, "full")
    append(tree.file, events(6, 8))
    cramped.expect(ok=2008)
    disk.free()
    wait_for_relief(cramped)
    cramped.expect(ok=2008)
    cramped.kill9()
    cramped.start()
    cramped.expect(ok=2008)
    assert cramped.sync().value("jsonl_exporter_read_lines_total") == 2008


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_s58_disk_full_over_a_restart(tree, cramped, disk, end):
    append(tree.file, events(1, 5))
    cramped.expect(ok=5)
    cramped.committed()
    disk.fill()
    for number in range(40):
        append(tree.job_file("repo", f"job-{number + 2}"), events(1, 50))
    cramped.expect(ok=2005)
    wait_for_trouble(cramped, "full")
    if end == "stopped":
        cramped.stop()
    else:
        cramped.kill9()
    cramped.start()
    cramped.expect(ok=2005)
    disk.free()
    append(tree.file, event(6))
    cramped.expect(ok=2006)
    wait_for_relief(cramped)
    cramped.restart()
    assert cramped.scrape_once().ok == 2006
    cramped.expect(ok=2006)


@pytest.mark.parametrize("error", ["EROFS", "EIO", "ENOSPC", "EDQUOT"])
def test_s58_no_write_succeeds_any_more(tree, launch, state_faults, error):
    """From some moment on every write to the state fails, until the next start."""
    exporter = launch(tree.root)
    append(tree.file, events(1, 5))
    exporter.expect(ok=5)
    exporter.stop()
    exporter.env = {**state_faults, "FAULT_DIRECTORY": exporter.state, "FAULT_FAIL_AT": "40",
                    "FAULT_FAIL_COUNT": "1000000", "FAULT_ERRNO": str(getattr(errno, error))}
    exporter.start()
    number = 5
    while exporter.own("state_failing") == 0:
        number += 1
        assert number < 500, "40 changes are made soon"
        append(tree.file, event(number))
        exporter.sync(rest=0.02)
    exporter.expect(ok=number)
    wait_for_trouble(exporter, "read_only", "io", "full")
    append(tree.file, event(number + 1))
    exporter.expect(ok=number + 1)
    exporter.stop()
    exporter.env = None
    exporter.start()
    exporter.expect_lasting(ok=number + 1)


def test_s58_read_only_at_the_start(tree, cramped, disk):
    append(tree.file, events(1, 5))
    before = cramped.expect(ok=5).lasting()
    cramped.stop()
    disk.remount("ro")
    cramped.start()
    assert cramped.scrape_once().lasting() == before, "what can be read is loaded"
    append(tree.file, events(6, 8))
    cramped.expect(ok=8)
    wait_until(lambda: cramped.own("state_failing") == 1, 15)
    assert cramped.status()["state"]["reason"] == "read_only"
    cramped.stop()
    disk.remount("rw")
    cramped.start()
    cramped.expect_lasting(ok=8)


def test_s58_vanished_while_it_runs(tree, exporter):
    append(tree.file, events(1, 5))
    exporter.expect(ok=5)
    exporter.committed()
    shutil.rmtree(exporter.state)
    append(tree.file, events(6, 9))
    exporter.expect(ok=9)
    wait_for_trouble(exporter, "vanished")
    append(tree.file, event(10))
    exporter.expect(ok=10)
    exporter.kill9()
    exporter.floor.clear()
    exporter.start()
    exporter.expect_lasting(ok=10)  # from the files


def test_s58_renamed_away_and_back_while_it_runs(tree, exporter):
    append(tree.file, events(1, 5))
    exporter.expect(ok=5)
    exporter.committed()
    os.rename(exporter.state, exporter.state + ".away")
    append(tree.file, events(6, 9))
    exporter.expect(ok=9)
    wait_for_trouble(exporter, "vanished")
    if os.path.exists(exporter.state):
        shutil.rmtree(exporter.state)
    os.rename(exporter.state + ".away", exporter.state)
    append(tree.file, event(10))
    exporter.expect(ok=10)
    wait_for_relief(exporter)
    exporter.expect_lasting(ok=10)


@pytest.mark.parametrize("place", ["a file", "below a file", "a full disk", "a read-only disk"])
def test_s58_a_state_that_cannot_be_made(tree, disk, tmp_path, launch, place):
    state, prefix = tmp_path / "file", []
    if "disk" in place:
        state, prefix = os.path.join(disk.directory, "state"), disk.prefix
        disk.fill() if "full" in place else disk.remount("ro")
    else:
        state.write_text("x")
        state = state / "state" if place == "below a file" else state
    append(tree.file, events(1, 5))
    exporter = launch(tree.root, state=state, prefix=prefix)
    exporter.expect(ok=5)
    assert exporter.own("state_failing") == 1
    assert exporter.status()["state"]["failing"] and exporter.status()["state"]["reason"]
    append(tree.file, event(6))
    exporter.expect(ok=6)


@both
def test_s58_second_instance_is_refused(tree, exporter, tmp_path, meanwhile):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    second = Exporter(tree.root, tmp_path, state=exporter.state).launch()
    assert second.process.wait(15 * patience()) == 1
    assert exporter.state in second.log() and str(exporter.process.pid) in second.log()
    second.check_log()
    second.process = None
    with meanwhile(exporter, ok=3):
        if meanwhile.is_down:  # the lock is given back, however it ended
            with second:
                second.expect(ok=3)
        append(tree.file, event(4))
    exporter.expect(ok=4)
