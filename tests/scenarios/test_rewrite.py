"""Truncated and rewritten files, what was counted stays, what is new counts once: scenarios 27
to 38."""

import os

import pytest

from events import append, event, events, open_append, read, write_all
from meanwhile import both, both_if_saved, both_slow, down
from prodigy_writer import Clean


def identity(path):
    status = os.stat(path)
    return status.st_dev, status.st_ino


@both_if_saved
def test_s27_truncate_to_0_then_shorter(tree, exporter, meanwhile):
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        os.truncate(tree.file, 0)
        if meanwhile.mode == "live":
            exporter.sync()
        append(tree.file, event(4))
    samples = exporter.expect(ok=4)
    assert samples.total("jsonl_exporter_truncations_total") == 1


@both_if_saved
def test_s27_truncate_to_0_and_nothing_more(tree, exporter, meanwhile):
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        os.truncate(tree.file, 0)
    exporter.expect_unchanged(ok=3)
    append(tree.file, event(4))
    exporter.expect(ok=4)


@both_if_saved
def test_s29_truncate_and_refill_longer(tree, exporter, meanwhile):
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        os.truncate(tree.file, 0)
        append(tree.file, events(4, 13, padding="longer than before"))
    exporter.expect(ok=13)


@both_if_saved
def test_s29_truncate_and_refill_to_the_same_length(tree, exporter, meanwhile):
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        length = os.path.getsize(tree.file)
        os.truncate(tree.file, 0)
        append(tree.file, events(4, 6))
        assert os.path.getsize(tree.file) == length
    exporter.expect(ok=6)


@both_if_saved
def test_s29_truncate_and_refill_with_the_same_first_lines(tree, exporter, meanwhile):
    append(tree.file, events(1, 4))
    with meanwhile(exporter, ok=4):
        os.truncate(tree.file, 0)
        append(tree.file, events(1, 2) + events(5, 9))
    exporter.expect(ok=9)


@both_if_saved
def test_s29_truncate_in_the_middle_of_what_was_counted(tree, exporter, meanwhile):
    append(tree.file, events(1, 6))
    with meanwhile(exporter, ok=6):
        os.truncate(tree.file, len(events(1, 3)) + 40)  # inside a line
        append(tree.file, b"\n" + events(7, 8))
    exporter.expect(ok=8, bad=1)


def test_s29_truncated_with_unread_lines_loses_those_and_says_so(tree, exporter):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    exporter.sigstop()
    append(tree.file, events(4, 6))
    os.truncate(tree.file, 0)
    append(tree.file, event(7))
    exporter.sigcont()
    samples = exporter.expect_lasting(ok=4)
    assert samples.total("jsonl_exporter_truncations_total") == 1


@both
def test_s32_retention_nothing_removed(tree, exporter, meanwhile):
    append(tree.file, events(1, 100))
    with meanwhile(exporter, ok=100):
        before, content = identity(tree.file), read(tree.file)
        Clean(tree.root).job(tree.job)
        assert identity(tree.file) != before and read(tree.file) == content
    exporter.expect_unchanged(ok=100)
    append(tree.file, event(101))
    exporter.expect(ok=101)


@both_if_saved
def test_s32_retention_nothing_removed_without_ids(tree, exporter, meanwhile):
    line = b'{"event":{"event_type":"x","n":%d}}\n'
    append(tree.file, b"".join(line % n for n in range(50)))
    with meanwhile(exporter, ok=50):
        temporary = tree.file + ".tmp"
        append(temporary, read(tree.file) + line % 50)
        os.rename(temporary, tree.file)
    exporter.expect_unchanged(ok=51)


@both_if_saved
def test_s33_retention_old_prefix_removed(tree, exporter, meanwhile):
    append(tree.file, events(1, 10))
    with meanwhile(exporter, ok=10):
        clean = Clean(tree.root, keep=lambda number: number > 4)
        clean.job(tree.job)
    assert os.path.exists(clean.archive_path) and read(tree.file) == events(5, 10)
    exporter.expect_unchanged(ok=10)
    append(tree.file, event(11))
    exporter.expect(ok=11)


@both_if_saved
def test_s33_retention_old_prefix_removed_with_unread_lines(tree, exporter, meanwhile):
    append(tree.file, events(1, 2))
    with meanwhile(exporter, ok=2):
        append(tree.file, events(3, 10))
        Clean(tree.root, keep=lambda number: number > 4).job(tree.job)
    # While it was down, lines 3 and 4 went where only the archive has them.
    exporter.expect(ok=8 if meanwhile.is_down else 10)


@both_if_saved
def test_s34_retention_max_events_the_newest_removed(tree, exporter, meanwhile):
    append(tree.file, events(1, 10))
    with meanwhile(exporter, ok=10):
        Clean(tree.root, max_events=5).job(tree.job)
    assert read(tree.file) == events(1, 5)
    exporter.expect_unchanged(ok=10)
    append(tree.file, event(11))
    exporter.expect(ok=11)


@both_if_saved
def test_s34_retention_max_events_with_unread_lines(tree, exporter, meanwhile):
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        append(tree.file, events(4, 10))
        Clean(tree.root, max_events=5).job(tree.job)
    exporter.expect(ok=5 if meanwhile.is_down else 10)


@both_slow
def test_s35_retention_normalises(tree, exporter, meanwhile):
    append(
        tree.file,
        events(1, 3) + b"\n" + b'{"broken\n' + event(4, end=b"\r\n") + events(5, 8)
        + event(9, end=b""),
    )
    with meanwhile(exporter, ok=9, bad=1, timeout=20):
        Clean(tree.root).job(tree.job)
        assert read(tree.file) == events(1, 9)
    exporter.expect_unchanged(ok=9, bad=1)


@both_slow
def test_s36_retention_under_a_live_job(tree, exporter, meanwhile):
    writer = open_append(tree.file)
    for batch in range(3):
        write_all(writer, events(batch * 10 + 1, batch * 10 + 10))
    with meanwhile(exporter, ok=30):
        Clean(tree.root).job(tree.job)
        for batch in range(3, 6):
            write_all(writer, events(batch * 10 + 1, batch * 10 + 10))
    assert read(tree.file) == events(1, 30)
    # The unlinked file that the job goes on writing to cannot be opened again.
    exporter.expect(ok=30 if meanwhile.is_down else 60)
    os.close(writer)
    exporter.expect_unchanged(ok=30 if meanwhile.is_down else 60)


def test_s36_retention_under_a_live_job_then_a_follower_that_starts_late(tree, exporter, launch):
    writer = open_append(tree.file)
    write_all(writer, events(1, 30))
    exporter.expect(ok=30)
    Clean(tree.root).job(tree.job)
    write_all(writer, events(31, 60))
    exporter.expect(ok=60)
    os.close(writer)
    launch(tree.root).expect(ok=30)


@both
def test_s36_lines_appended_between_the_read_and_the_rename_of_a_clean(
    tree, exporter, meanwhile
):
    append(tree.file, events(1, 5))
    with meanwhile(exporter, ok=5):
        Clean(tree.root).file(tree.file, between=lambda: append(tree.file, events(6, 8)))
    exporter.expect(ok=5 if meanwhile.is_down else 8)


@both_slow
def test_s37_many_files_cleaned_in_one_second(tree, exporter, meanwhile):
    paths = [tree.job_file("repo", f"job-{n}") for n in range(50)]
    for number, path in enumerate(paths):
        append(path, events(1, number + 1))
    counted = sum(range(1, 51))
    with meanwhile(exporter, ok=counted):
        for path in paths:
            Clean(tree.root, keep=lambda number: number > 1).job(os.path.dirname(path))
    exporter.expect_unchanged(ok=counted)
    for path in paths:
        append(path, event(1000))
    samples = exporter.expect(ok=counted + 50)
    for number in range(50):
        assert samples.value("ok_total", job_id=f"job-{number}") == number + 2


@both_slow
def test_s38_crash_of_clean_before_its_rename(tree, exporter, meanwhile):
    append(tree.file, events(1, 10))
    clean = Clean(tree.root, keep=lambda number: number > 4)
    with meanwhile(exporter, ok=10):
        for _ in range(2):
            clean.job(tree.job, crash_before_rename=True)
    assert os.path.exists(tree.file.replace(".jsonl", ".tmp"))
    assert os.path.exists(clean.archive_path) and read(tree.file) == events(1, 10)
    exporter.expect_unchanged(ok=10)
    exporter.committed()
    clean.job(tree.job)
    exporter.expect_unchanged(ok=10)


def test_many_cleans_in_a_row_under_a_writer_that_reopens(tree, exporter):
    number = 0
    for round_ in range(15):
        append(tree.file, events(number + 1, number + 7))
        number += 7
        if round_ % 3 == 2 or round_ == 0:  # what goes before anybody opened it is lost
            exporter.expect(ok=number, still=0)
        Clean(tree.root, keep=lambda n, limit=number - 10: n > limit).job(tree.job)
    exporter.expect_lasting(ok=number)


@down
def test_a_clean_before_and_one_after_the_restart(tree, exporter, meanwhile):
    append(tree.file, events(1, 20))
    exporter.expect(ok=20)
    exporter.committed()
    Clean(tree.root, keep=lambda number: number > 5).job(tree.job)
    with meanwhile(exporter):
        append(tree.file, events(21, 22))
        Clean(tree.root, keep=lambda number: number > 10).job(tree.job)
    exporter.expect(ok=22)
    Clean(tree.root, keep=lambda number: number > 15).job(tree.job)
    append(tree.file, event(23))
    exporter.expect_lasting(ok=23)


@pytest.mark.parametrize("way", ["in place", "by rename"])
@both_if_saved
def test_a_line_edited_by_hand_counts_nothing_twice(tree, exporter, meanwhile, way):
    """An editor changes one letter in the middle and saves: every line has its id still."""
    append(tree.file, events(1, 9, note="red"))
    with meanwhile(exporter, ok=9):
        content = read(tree.file).replace(b"red", b"blue", 5)
        if way == "in place":
            with open(tree.file, "r+b") as file:
                file.write(content)
                file.truncate()
        else:
            append(tree.path("repo", "job-1", "4913~"), content)
            os.rename(tree.path("repo", "job-1", "4913~"), tree.file)
    exporter.expect_unchanged(ok=9)
    append(tree.file, event(10))
    exporter.expect(ok=10)
