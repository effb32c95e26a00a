"""Prodigy's write sequences W1 to W14, by a writer that makes the same system calls; live, and
with the exporter down while they happen."""

import os

import pytest

from events import append, event, events, padded_event, read
from meanwhile import DOWN, both, both_if_saved, both_slow, during
from prodigy_writer import Clean, ProdigyWriter, clean_events_storage, write_index

LIVE_OR_DOWN = during("live", *DOWN)


def lines_on_disk(directory):
    return sum(read(os.path.join(directory, name)).count(b"\n") for name in os.listdir(directory))


@both_slow
def test_w01_job_start(tree, exporter, meanwhile):
    exporter.sync()
    with meanwhile(exporter):
        writer = ProdigyWriter(tree.path("repo-2", "mapreduce-1", "events-20250101_000000.jsonl"))
        writer.write(events(1, 3))
    samples = exporter.expect(ok=3)
    assert samples.value("ok_total", job_id="mapreduce-1") == 3
    writer.write(event(4))
    writer.close()
    exporter.expect(ok=4)


@both
def test_w02_batches_cut_at_line_ends_and_long_lines_in_pieces(tree, exporter, meanwhile):
    writer = ProdigyWriter(tree.file)
    writer.write(events(1, 1000))
    with meanwhile(exporter, ok=1000):
        writer.write(events(1001, 1100) + padded_event(1101, 12000) + padded_event(1102, 60000)
                     + events(1103, 1200))
    writer.close()
    exporter.expect(ok=1200)


@during(*DOWN)
def test_w02_a_restart_between_the_pieces_of_one_line(tree, exporter, meanwhile):
    writer = ProdigyWriter(tree.file)
    writer.write(event(1))
    exporter.expect(ok=1)

    def restart():
        with meanwhile(exporter):
            pass
        exporter.sync()

    writer.write(padded_event(2, 60000), between=restart)
    writer.write(event(3))
    writer.close()
    exporter.expect(ok=3)


@both
def test_w03_rotation_at_the_start_of_a_write(tree, exporter, meanwhile):
    writer = ProdigyWriter(tree.file, rotation_size=3000)
    writer.write(events(1, 6))
    with meanwhile(exporter, ok=6):
        writer.write(events(7, 14))  # beyond the size, but only the next write looks
        writer.write(events(15, 20))
    assert os.path.exists(writer.rotated("20250101_000100"))
    exporter.expect(ok=20)
    writer.write(events(21, 22))
    writer.close()
    exporter.expect(ok=22)


@both_slow
def test_w03_the_new_file_is_not_opened_for_appending(tree, exporter, meanwhile):
    writer = ProdigyWriter(tree.file, rotation_size=1000)
    writer.write(events(1, 5))
    writer.write(events(6, 10))
    with meanwhile(exporter, ok=10):
        os.truncate(tree.file, 0)  # by somebody else: a hole follows
        writer.size = 0
        writer.write(events(11, 12))
    assert read(tree.file).startswith(b"\0")
    writer.close()
    exporter.expect(ok=12)


@both_slow
def test_w04_killed_at_the_second_rename(tree, exporter, meanwhile):
    writer = ProdigyWriter(tree.file)
    writer.write(events(1, 4))
    with meanwhile(exporter, ok=4):
        writer.write(events(5, 10))
        writer.rotate("20250101_000100", killed_at="second rename")
    exporter.expect(ok=10)
    # The next job has a new name; this one does not come back.
    ProdigyWriter(tree.job_file("repo", "job-1", "events-20250101_000900.jsonl")).write(event(11))
    exporter.expect(ok=11)


@both_slow
def test_w05_killed_after_the_second_rename(tree, exporter, meanwhile):
    writer = ProdigyWriter(tree.file)
    writer.write(events(1, 4))
    with meanwhile(exporter, ok=4):
        writer.write(events(5, 10))
        writer.rotate("20250101_000100", killed_at="new file")
        writer.write(events(11, 20))  # dropped without a word
    assert lines_on_disk(tree.job) == 10
    exporter.expect(ok=10)


def test_w06_two_rotations_in_one_second_seen_each(tree, exporter):
    writer = ProdigyWriter(tree.file, rotation_size=1000)
    for batch in range(8):
        writer.write(events(batch * 10 + 1, batch * 10 + 10), stamp="20250101_000100")
        exporter.expect(ok=batch * 10 + 10, still=0)
    writer.close()
    assert lines_on_disk(tree.job) == 20
    exporter.expect_lasting(ok=80)


@during(*DOWN)
def test_w06_two_rotations_in_one_second_while_it_is_down(tree, exporter, meanwhile):
    writer = ProdigyWriter(tree.file, rotation_size=1000)
    exporter.sync()
    with meanwhile(exporter):
        for batch in range(8):
            writer.write(events(batch * 10 + 1, batch * 10 + 10), stamp="20250101_000100")
        writer.close()
    exporter.expect(ok=20)


@LIVE_OR_DOWN
def test_w07_two_processes_in_one_file_that_rotate_under_each_other(tree, exporter, meanwhile):
    first = ProdigyWriter(tree.file, rotation_size=2000)
    second = ProdigyWriter(tree.file, rotation_size=2000)
    first.write(events(1, 10))
    second.write(events(11, 20))
    exporter.expect(ok=20)
    exporter.committed()
    with meanwhile(exporter):
        first.rotate("20250101_000101")
        first.write(events(21, 25))
        second.size = 0
        second.write(events(26, 30))  # into the rotated file
        if not meanwhile.is_down:
            exporter.expect(ok=30)
        second.rotate("20250101_000101")  # takes the first one's new file away
        second.write(events(31, 40))
        first.write(events(41, 45))
    first.close()
    second.close()
    # While it was down the second rotation replaced the rotated file, and 26 to 30 with it.
    exporter.expect(ok=40 if meanwhile.is_down else 45)
    exporter.expect_unchanged(ok=40 if meanwhile.is_down else 45)


@both_if_saved
def test_w08_clean_touches_the_jsonl_alone(tree, exporter, meanwhile):
    writer = ProdigyWriter(tree.file, rotation_size=1000)
    writer.write(events(1, 5))
    writer.write(events(6, 10))
    writer.close()
    append(tree.file + ".bak", events(11, 12))
    clean = Clean(tree.root, keep=lambda number: number > 8)
    with meanwhile(exporter, ok=12):
        before = read(writer.rotated("20250101_000100")), read(tree.file + ".bak")
        clean.job(tree.job)
        assert (read(writer.rotated("20250101_000100")), read(tree.file + ".bak")) == before
    assert read(tree.file) == events(9, 10)
    exporter.expect_unchanged(ok=12)
    append(tree.file, event(13))
    exporter.expect(ok=13)


@both_slow
@pytest.mark.parametrize("rule", ["max age", "max events"])
def test_w09_what_clean_keeps_changes_no_total(tree, exporter, meanwhile, rule):
    append(tree.file, events(1, 4) + b"\n{broken\n" + event(5, end=b"\r\n") + events(6, 9)
           + event(10, end=b""))
    limits = {"keep": lambda number: number > 3} if rule == "max age" else {"max_events": 6}
    with meanwhile(exporter, ok=10, bad=1, timeout=20):
        Clean(tree.root, **limits).job(tree.job)
        assert read(tree.file) == (events(4, 10) if rule == "max age" else events(1, 6))
    exporter.expect_unchanged(ok=10, bad=1)


@both_if_saved
def test_w09_invalid_utf8_leaves_the_file_alone(tree, exporter, meanwhile):
    content = events(1, 3) + event(4, text="@@").replace(b"@@", b"\xff\xfe") + events(5, 6)
    append(tree.file, content)
    with meanwhile(exporter, ok=5, bad=1):
        Clean(tree.root, keep=lambda number: False).job(tree.job)
    assert read(tree.file) == content
    exporter.expect_unchanged(ok=5, bad=1)


@both_if_saved
def test_w10_clean_while_a_job_writes(tree, exporter, meanwhile):
    writer = ProdigyWriter(tree.file)
    writer.write(events(1, 20))
    with meanwhile(exporter, ok=20):
        Clean(tree.root).file(tree.file, between=lambda: writer.write(events(21, 30)))
        writer.write(events(31, 60))  # into the file that has no name any more
    assert read(tree.file) == events(1, 20)
    exporter.expect(ok=20 if meanwhile.is_down else 60)
    writer.close()
    exporter.expect_unchanged(ok=20 if meanwhile.is_down else 60)


@both_slow
def test_w11_clean_killed_before_its_rename(tree, exporter, meanwhile):
    append(tree.file, events(1, 10))
    with meanwhile(exporter, ok=10):
        for stamp in ("20250201_000000", "20250201_000005"):
            Clean(tree.root, keep=lambda number: number > 4, stamp=stamp).job(
                tree.job, crash_before_rename=True)
    assert len(os.listdir(tree.path("archive"))) == 2 and read(tree.file) == events(1, 10)
    exporter.expect_unchanged(ok=10)


@both_if_saved
def test_w12_archives_are_not_counted_and_overwrite_each_other(tree, exporter, meanwhile):
    paths = [tree.job_file("repo", f"job-{n}") for n in range(3)]
    for number, path in enumerate(paths):
        append(path, events(number * 10 + 1, number * 10 + 10))
    clean = Clean(tree.root, keep=lambda number: number % 10 > 3)
    with meanwhile(exporter, ok=30):
        for path in paths:
            clean.job(os.path.dirname(path))
    assert os.listdir(tree.path("archive")) == [os.path.basename(clean.archive_path)]
    exporter.expect_unchanged(ok=30)


@both_if_saved
def test_w12_a_repository_may_be_called_archive(tree, exporter, meanwhile):
    append(tree.file, event(1))
    exporter.expect(ok=1)
    Clean(tree.root, keep=lambda number: False).job(tree.job)
    with meanwhile(exporter, ok=1):
        append(tree.job_file("archive", "job-7"), events(1, 3))
    samples = exporter.expect(ok=4)
    assert samples.value("ok_total", job_id="job-7") == 3


@both_if_saved
def test_w13_clean_events_removes_a_directory_that_is_written(tree, exporter, meanwhile):
    writer = ProdigyWriter(tree.file)
    writer.write(events(1, 5))
    with meanwhile(exporter, ok=5):
        if meanwhile.mode == "asleep":
            writer.write(events(6, 7))  # unread when the name goes
        clean_events_storage(tree.job)
        writer.write(events(8, 9))
    expected = {"live": 7, "asleep": 9}.get(meanwhile.mode, 5)  # else nobody can open it again
    exporter.expect(ok=expected)
    writer.close()
    os.makedirs(tree.job)
    ProdigyWriter(tree.file).write(events(11, 12))
    exporter.expect(ok=expected + 2)


@both_slow
def test_w14_index_json_is_ignored(tree, exporter, meanwhile):
    append(tree.file, events(1, 3))
    write_index(tree.job, 3)
    with meanwhile(exporter, ok=3):
        append(tree.file, event(4))
        write_index(tree.job, 4)
    exporter.expect_unchanged(ok=4)
