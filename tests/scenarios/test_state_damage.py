"""A state that is damaged, of another program or of another time. Of scenario 58."""

import os
import random
import shutil
import sqlite3
import subprocess

import pytest

from events import append, event, events, read
from exporter import Exporter
from meanwhile import during
from prodigy_writer import Clean
from program import patience


def database(exporter, suffix=""):
    return os.path.join(exporter.state, "state.db" + suffix)


def overwrite(path, content, offset=0):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(content)


def flip_a_row(path):
    """Changes a byte of what was saved, and nothing that SQLite itself would notice."""
    connection = sqlite3.connect(path)
    kind, key, value = connection.execute(
        "SELECT kind, key, value FROM record ORDER BY length(value) DESC").fetchone()
    connection.close()
    content = read(path)
    place = content.find(bytes(value))
    while place >= 0:  # there may be old copies in pages that are free
        overwrite(path, bytes([value[2] ^ 0x55]), place + 2)
        connection = sqlite3.connect(path)
        now = connection.execute("SELECT value FROM record WHERE kind = ? AND key = ?",
                                 (kind, key)).fetchone()[0]
        connection.close()
        if now != value:
            return
        overwrite(path, bytes([value[2]]), place + 2)
        place = content.find(bytes(value), place + 1)
    raise AssertionError("the row was not found in the file")


DAMAGES = {
    "empty": lambda path: os.truncate(path, 0),
    "all NUL": lambda path: overwrite(path, bytes(os.path.getsize(path))),
    "cut to half": lambda path: os.truncate(path, os.path.getsize(path) // 2),
    "cut to one page": lambda path: os.truncate(path, 4096),
    "cut inside a page": lambda path: os.truncate(path, os.path.getsize(path) - 1000),
    "first bytes lost": lambda path: overwrite(path, b"\0" * 100),
    "a page of noise": lambda path: overwrite(path, random.Random(1).randbytes(4096), 4096),
    "noise all over": lambda path: overwrite(
        path, random.Random(2).randbytes(os.path.getsize(path) - 100), 100),
    "text": lambda path: overwrite(path, b"this is no database at all\n" * 4),
    "a flipped bit": flip_a_row,
}


def count_and_lose_some(tree, exporter):
    """10 events counted, of which 6 are still on disk."""
    append(tree.file, events(1, 10))
    append(tree.job_file("repo", "job-2"), events(1, 4))
    exporter.expect(ok=14)
    exporter.committed()
    Clean(tree.root, keep=lambda number: number > 4, archive=False).file(tree.file)
    exporter.expect(ok=14)


@pytest.mark.parametrize("damage", DAMAGES)
def test_s58_a_damaged_database_is_set_aside_and_no_value_steps_back(tree, exporter, damage):
    count_and_lose_some(tree, exporter)
    exporter.stop()
    size = os.path.getsize(database(exporter))
    DAMAGES[damage](database(exporter))
    append(tree.file, event(11))
    exporter.forget_own()
    exporter.start()
    samples = exporter.scrape()  # what earlier scrapes showed is checked, too
    state = exporter.status()["state"]
    if damage == "empty":  # nothing to set aside, but the totals are there
        assert state["start"] == "new", state
    else:
        assert state["start"] == "set_aside", state
        assert state["set_aside"] and state["set_aside"] in exporter.log()
        kept = os.path.join(exporter.state, os.path.basename(state["set_aside"]))
        assert os.path.exists(kept) and os.path.getsize(kept) <= size
    assert samples.value("ok_total", job_id="job-2") == 4, "still on disk: neither more nor less"
    assert samples.value("ok_total", job_id="job-1") in (10, 11)  # 7 on disk, 10 seen before
    append(tree.file, event(12))
    append(tree.job_file("repo", "job-2"), event(5))
    shown = exporter.sync()
    assert shown.value("ok_total", job_id="job-1") == samples.value("ok_total", job_id="job-1") + 1
    assert shown.value("ok_total", job_id="job-2") == 5
    exporter.expect_lasting(ok=shown.ok)


def test_s58_the_copy_of_the_totals_damaged_as_well(tree, exporter):
    count_and_lose_some(tree, exporter)
    exporter.stop()
    for name in ("state.db", "totals.db"):
        overwrite(os.path.join(exporter.state, name), bytes(8192))
    exporter.floor.clear()
    exporter.start()
    exporter.expect_lasting(ok=10)
    assert [name for name in os.listdir(exporter.state) if "corrupt" in name]


def test_s58_damaged_again_and_again(tree, exporter):
    append(tree.file, events(1, 5))
    exporter.expect(ok=5)
    for _ in range(3):
        exporter.stop()
        overwrite(database(exporter), b"x" * 4096)
        exporter.start()
        exporter.expect(ok=5)
    assert len([n for n in os.listdir(exporter.state) if "corrupt" in n and "db" in n]) >= 1
    exporter.expect_lasting(ok=5)


@pytest.mark.parametrize("lost", ["-wal", "-shm", "-wal and -shm"])
def test_s58_the_log_of_the_database_lost_after_a_kill(tree, exporter, lost):
    append(tree.file, events(1, 10))
    exporter.expect(ok=10)
    exporter.committed()
    exporter.kill9()
    for suffix in lost.split(" and "):
        if os.path.exists(database(exporter, suffix)):
            os.unlink(database(exporter, suffix))
    append(tree.file, event(11))
    exporter.start()
    exporter.expect_lasting(ok=11)


@pytest.mark.parametrize("cut", ["end", "half", "noise at the end"])
def test_s58_the_log_of_the_database_torn_by_a_power_loss(tree, exporter, cut):
    for number in range(1, 11):
        append(tree.file, event(number))
        exporter.expect(ok=number, still=0)
    exporter.committed()
    exporter.kill9()
    path = database(exporter, "-wal")
    size = os.path.getsize(path)
    if cut == "noise at the end":
        overwrite(path, b"\xa5" * 3000, size - 3000)
    else:
        os.truncate(path, size - 3000 if cut == "end" else size // 2)
    exporter.start()
    exporter.expect_lasting(ok=10)


def test_s58_a_database_of_a_newer_version_is_refused_and_not_touched(tree, exporter):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    exporter.stop()
    connection = sqlite3.connect(database(exporter))
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    assert version >= 1
    connection.execute(f"PRAGMA user_version = {version + 1}")
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    before = {name: read(os.path.join(exporter.state, name))
              for name in os.listdir(exporter.state) if name.startswith("state.db")}
    exporter.launch()
    assert exporter.process.wait(15 * patience()) == 1
    assert database(exporter) in exporter.log() or exporter.state in exporter.log()
    assert "newer" in exporter.log() and "--state-dir" in exporter.log()
    exporter.process = None
    after = {name: read(os.path.join(exporter.state, name))
             for name in os.listdir(exporter.state) if name.startswith("state.db")}
    assert after == before
    connection = sqlite3.connect(database(exporter))
    connection.execute(f"PRAGMA user_version = {version}")
    connection.commit()
    connection.close()
    exporter.start()
    exporter.expect_lasting(ok=3)


def test_s58_a_database_of_another_program_is_not_lost(tree, exporter):
    exporter.stop()
    shutil.rmtree(exporter.state)
    os.mkdir(exporter.state)
    connection = sqlite3.connect(database(exporter))
    connection.execute("CREATE TABLE precious(thing TEXT)")
    connection.execute("INSERT INTO precious VALUES('mine')")
    connection.commit()
    connection.close()
    append(tree.file, events(1, 3))
    exporter.launch()
    try:
        exporter.process.wait(2 * patience())
        exporter.process = None
    except subprocess.TimeoutExpired:
        exporter.kill9()
    things = []
    for name in os.listdir(exporter.state):
        if name.startswith("state.db") and not name.endswith(("-wal", "-shm")):
            connection = sqlite3.connect(os.path.join(exporter.state, name))
            tables = connection.execute("SELECT name FROM sqlite_schema").fetchall()
            if ("precious",) in tables:
                things += connection.execute("SELECT thing FROM precious").fetchall()
            connection.close()
    assert things == [("mine",)]


@during("stopped", "killed")
def test_s58_the_files_copied_to_another_machine_with_the_state(tree, exporter, meanwhile):
    """Other devices, inodes and times: the ids are what they were."""
    append(tree.file, events(1, 6))
    append(tree.job_file("repo", "job-2"), events(1, 4))
    with meanwhile(exporter, ok=10):
        shutil.copytree(tree.root, tree.root + ".copy", copy_function=shutil.copy)
        shutil.rmtree(tree.root)
        os.rename(tree.root + ".copy", tree.root)
        shutil.copytree(exporter.state, exporter.state + ".copy")
        shutil.rmtree(exporter.state)
        os.rename(exporter.state + ".copy", exporter.state)
        append(tree.file, event(7))
    exporter.expect_lasting(ok=11)


def test_s58_the_state_deleted_by_hand_counts_what_is_on_disk(tree, exporter):
    count_and_lose_some(tree, exporter)
    exporter.stop()
    shutil.rmtree(exporter.state)
    exporter.floor.clear()
    exporter.start()
    exporter.expect_lasting(ok=10)


def test_s58_an_old_state_put_back_counts_the_rest(tree, exporter):
    append(tree.file, events(1, 5))
    exporter.expect(ok=5)
    exporter.stop()
    shutil.copytree(exporter.state, exporter.state + ".backup")
    exporter.start()
    append(tree.file, events(6, 9))
    exporter.expect(ok=9)
    exporter.stop()
    shutil.rmtree(exporter.state)
    os.rename(exporter.state + ".backup", exporter.state)
    append(tree.file, event(10))
    exporter.floor.clear()
    exporter.start()
    exporter.expect_lasting(ok=10)


def test_s58_two_roots_may_share_nothing_of_one_state(tree, exporter, tmp_path):
    """Another events directory on the same state is counted from its beginning, and the values
    that belong to both go on."""
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    exporter.stop()
    other = tmp_path / "other" / "repo" / "job-1"
    other.mkdir(parents=True)
    append(other / "events-20250101_000000.jsonl", events(1, 4))
    second = Exporter(tmp_path / "other", tmp_path, state=exporter.state)
    with second:
        second.expect(ok=7)
    exporter.start()
    exporter.expect(ok=7)
