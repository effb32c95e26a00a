"""Truncated and rewritten files: what was counted stays counted, what is new is counted once."""

import os

import pytest

from events import Clean, append, event, events, open_append, read, write_all


def identity(path):
    status = os.stat(path)
    return status.st_dev, status.st_ino


@pytest.mark.parametrize("awake", [True, False], ids=["awake", "asleep"])
def test_truncated_to_nothing_then_shorter(tree, exporter, awake):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    if not awake:
        exporter.sleep_process()
    os.truncate(tree.file, 0)
    if awake:
        exporter.sync()
    append(tree.file, event(4))
    exporter.wake_process()
    samples = exporter.expect(ok=4)
    assert samples.total("jsonl_exporter_truncations_total") == 1


@pytest.mark.parametrize("awake", [True, False], ids=["awake", "asleep"])
def test_truncated_and_refilled_longer_than_before(tree, exporter, awake):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    if not awake:
        exporter.sleep_process()
    os.truncate(tree.file, 0)
    append(tree.file, events(4, 13, padding="longer than before"))
    exporter.wake_process()
    exporter.expect(ok=13)


def test_truncated_and_refilled_to_exactly_the_same_length(tree, exporter):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    exporter.sleep_process()
    length = os.path.getsize(tree.file)
    os.truncate(tree.file, 0)
    append(tree.file, events(4, 6))
    assert os.path.getsize(tree.file) == length
    exporter.wake_process()
    exporter.expect(ok=6)


def test_truncated_with_unread_lines_loses_those_and_counts_the_rest(tree, exporter):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    exporter.sleep_process()
    append(tree.file, events(4, 6))
    os.truncate(tree.file, 0)
    append(tree.file, event(7))
    exporter.wake_process()
    samples = exporter.expect(ok=4)
    assert samples.total("jsonl_exporter_truncations_total") == 1


def test_retention_that_removes_nothing(tree, exporter):
    append(tree.file, events(1, 100))
    exporter.expect(ok=100)
    before, content = identity(tree.file), read(tree.file)
    Clean(tree.root).job(tree.job)
    assert identity(tree.file) != before and read(tree.file) == content
    exporter.expect_unchanged(ok=100)
    append(tree.file, event(101))
    exporter.expect(ok=101)


def test_retention_that_removes_nothing_from_lines_without_ids(tree, exporter):
    line = b'{"event":{"event_type":"x","n":%d}}\n'
    append(tree.file, b"".join(line % n for n in range(50)))
    exporter.expect(ok=50)
    temporary = tree.file + ".tmp"
    append(temporary, read(tree.file) + line % 50)
    os.rename(temporary, tree.file)
    exporter.expect_unchanged(ok=51)


def test_retention_that_removes_an_old_prefix(tree, exporter):
    append(tree.file, events(1, 10))
    exporter.expect(ok=10)
    Clean(tree.root, keep=lambda number: number > 4).job(tree.job)
    assert os.path.exists(tree.path("archive", "events_archive_20250201_000000.jsonl.gz"))
    exporter.expect_unchanged(ok=10)
    append(tree.file, event(11))
    exporter.expect(ok=11)


@pytest.mark.parametrize(
    "clean", [{"keep": lambda number: number > 4}, {"max_events": 5}], ids=["prefix", "newest"]
)
def test_retention_of_unread_lines_loses_none_that_were_in_the_open_file(tree, exporter, clean):
    append(tree.file, events(1, 2))
    exporter.expect(ok=2)
    exporter.sleep_process()
    append(tree.file, events(3, 10))
    Clean(tree.root, **clean).job(tree.job)
    exporter.wake_process()
    exporter.expect(ok=10)


def test_retention_by_number_removes_the_newest(tree, exporter):
    append(tree.file, events(1, 10))
    exporter.expect(ok=10)
    Clean(tree.root, max_events=5).job(tree.job)
    assert read(tree.file) == events(1, 5)
    exporter.expect_unchanged(ok=10)


def test_retention_normalises_lines_and_nothing_is_counted_again(tree, exporter):
    append(
        tree.file,
        events(1, 3) + b"\n" + b'{"broken\n' + event(4, end=b"\r\n") + events(5, 8)
        + event(9, end=b""),
    )
    exporter.expect(ok=9, bad=1)
    Clean(tree.root).job(tree.job)
    assert read(tree.file) == events(1, 9)
    exporter.expect_unchanged(ok=9, bad=1)


def test_retention_under_a_live_job(tree, exporter, launch):
    writer = open_append(tree.file)
    for batch in range(3):
        write_all(writer, events(batch * 10 + 1, batch * 10 + 10))
    exporter.expect(ok=30)
    Clean(tree.root).job(tree.job)
    for batch in range(3, 6):
        write_all(writer, events(batch * 10 + 1, batch * 10 + 10))
    exporter.expect(ok=60)
    assert read(tree.file) == events(1, 30)
    os.close(writer)
    exporter.expect_unchanged(ok=60)
    late = launch(tree.root)
    late.expect(ok=30)


def test_lines_appended_between_the_read_and_the_rename_of_a_clean_count(tree, exporter):
    append(tree.file, events(1, 5))
    exporter.expect(ok=5)
    exporter.sleep_process()
    Clean(tree.root).file(tree.file, between=lambda: append(tree.file, events(6, 8)))
    exporter.wake_process()
    exporter.expect(ok=8)


def test_many_files_cleaned_in_one_second_stay_with_their_jobs(tree, exporter):
    paths = [tree.job_file("repo", f"job-{n}") for n in range(50)]
    for number, path in enumerate(paths):
        append(path, events(1, number + 1))
    counted = sum(range(1, 51))
    exporter.expect(ok=counted)
    for path in paths:
        Clean(tree.root, keep=lambda number: number > 1).job(os.path.dirname(path))
    exporter.expect_unchanged(ok=counted)
    for path in paths:
        append(path, event(1000))
    samples = exporter.expect(ok=counted + 50)
    for number in range(50):
        assert samples.value("ok_total", job_id=f"job-{number}") == number + 2


def test_a_clean_that_crashes_before_its_rename_changes_nothing(tree, exporter):
    append(tree.file, events(1, 10))
    exporter.expect(ok=10)
    for _ in range(2):
        clean = Clean(tree.root, keep=lambda number: number > 4)
        clean.job(tree.job, crash_before_rename=True)
    assert os.path.exists(tree.file.replace(".jsonl", ".tmp"))
    exporter.expect_unchanged(ok=10)
    Clean(tree.root, keep=lambda number: number > 4).job(tree.job)
    exporter.expect_unchanged(ok=10)


def test_many_cleans_in_a_row_under_a_writer_that_reopens(tree, exporter):
    number = 0
    for round_ in range(15):
        append(tree.file, events(number + 1, number + 7))
        number += 7
        if round_ % 3 == 2 or round_ == 0:  # what goes before anybody opened it is lost
            exporter.expect(ok=number, still=0)
        Clean(tree.root, keep=lambda n, limit=number - 10: n > limit).job(tree.job)
    exporter.expect(ok=number)
