"""Renamed, replaced, copied and compressed files: every line once, under whatever name."""

import errno
import gzip
import os
import subprocess
import time

import pytest

from conftest import need_program
from events import ProdigyWriter, append, event, events, open_append, read, write_all
from exporter import FULL, wait_until


@pytest.fixture(params=["awake", "asleep"])
def meanwhile(request):
    """Whether the exporter sees each step of a change, or only its result."""

    class Meanwhile:
        def __init__(self, exporter):
            self.exporter = exporter

        def __enter__(self):
            if request.param == "asleep":
                self.exporter.sleep_process()

        def __exit__(self, *error):
            self.exporter.wake_process()

    return Meanwhile


def test_rename_and_create(tree, exporter, meanwhile):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    with meanwhile(exporter):
        os.rename(tree.file, tree.file + ".1")
        append(tree.file, events(4, 5))
    exporter.expect(ok=5)


def test_rename_and_create_with_unread_lines(tree, exporter):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    exporter.sleep_process()
    append(tree.file, events(4, 6))
    os.rename(tree.file, tree.file + ".1")
    append(tree.file, events(7, 8))
    exporter.wake_process()
    exporter.expect(ok=8)


def test_a_rotation_to_a_name_that_is_not_followed_loses_nothing(tree, exporter):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    exporter.sleep_process()
    append(tree.file, events(4, 6))
    os.rename(tree.file, tree.path("repo", "job-1", "other-name"))
    append(tree.file, events(7, 8))
    exporter.wake_process()
    exporter.expect(ok=8)


def test_the_writer_keeps_writing_to_the_renamed_file(tree, exporter):
    writer = open_append(tree.file)
    write_all(writer, event(1))
    os.rename(tree.file, tree.file + ".1")
    write_all(writer, event(2))
    append(tree.file, event(3))
    exporter.expect(ok=3)
    time.sleep(60 if FULL else 13)
    write_all(writer, event(4))
    exporter.expect(ok=4)
    os.close(writer)
    exporter.expect_unchanged(ok=4)


def test_prodigy_rotation(tree, exporter):
    writer = ProdigyWriter(tree.file, rotation_size=2000)
    for batch in range(4):
        lines = events(batch * 10 + 1, batch * 10 + 10)
        assert len(lines) > 2000
        writer.write(lines, stamp=f"20250101_00010{batch}")
        time.sleep(0.05)
    writer.close()
    assert len(os.listdir(tree.job)) == 4
    exporter.expect(ok=40)


def test_prodigy_rotation_while_the_exporter_sleeps(tree, exporter):
    writer = ProdigyWriter(tree.file, rotation_size=2000)
    writer.write(events(1, 10))
    exporter.expect(ok=10)
    exporter.sleep_process()
    for batch in range(1, 4):
        writer.write(
            events(batch * 10 + 1, batch * 10 + 10), stamp=f"20250101_00010{batch}"
        )
    writer.close()
    exporter.wake_process()
    exporter.expect(ok=40)


def test_prodigy_killed_inside_the_rotation_leaves_a_bak_that_is_followed(tree, exporter):
    writer = ProdigyWriter(tree.file)
    writer.write(events(1, 10))
    writer.rotate("20250101_000100", killed_at="second rename")
    assert os.listdir(tree.job) == [os.path.basename(writer.backup)]
    exporter.expect(ok=10)
    append(writer.backup, event(11))
    exporter.expect(ok=11)


def test_prodigy_killed_after_the_rotation_leaves_what_is_on_disk(tree, exporter):
    writer = ProdigyWriter(tree.file)
    writer.write(events(1, 10))
    writer.rotate("20250101_000100", killed_at="new file")
    exporter.expect(ok=10)


def test_two_prodigy_rotations_in_one_second_count_the_replaced_file_too(tree, exporter):
    writer = ProdigyWriter(tree.file, rotation_size=1000)
    for batch in range(8):
        writer.write(events(batch * 10 + 1, batch * 10 + 10), stamp="20250101_000100")
        exporter.expect(ok=batch * 10 + 10, still=0)
    writer.close()
    on_disk = sum(read(os.path.join(tree.job, name)).count(b"\n") for name in os.listdir(tree.job))
    assert on_disk == 20
    exporter.expect(ok=80)


def test_two_prodigy_processes_in_one_file_that_rotate_under_each_other(tree, exporter):
    first = ProdigyWriter(tree.file, rotation_size=2000)
    second = ProdigyWriter(tree.file, rotation_size=2000)
    first.write(events(1, 10))
    second.write(events(11, 20))
    exporter.expect(ok=20)
    first.rotate("20250101_000101")
    first.write(events(21, 25))
    second.size = 0
    second.write(events(26, 30))  # into the rotated file
    exporter.expect(ok=30)
    second.rotate("20250101_000101")  # takes the first one's new file away
    second.write(events(31, 40))
    first.write(events(41, 45))
    first.close()
    second.close()
    exporter.expect(ok=45)


def test_two_rotations_between_two_looks(tree, exporter):
    append(tree.file, b"")
    exporter.sync()
    exporter.sleep_process()
    append(tree.file, event(1))
    os.rename(tree.file, tree.file + ".1")
    append(tree.file, event(2))
    os.rename(tree.file + ".1", tree.file + ".2")
    os.rename(tree.file, tree.file + ".1")
    append(tree.file, event(3))
    exporter.wake_process()
    exporter.expect(ok=3)


def test_logrotate_shifts_the_numbers_and_nothing_is_counted_again(tree, exporter, meanwhile):
    for shift in range(1, 4):
        append(tree.file, event(shift))
        exporter.expect(ok=shift, still=0.1)
        with meanwhile(exporter):
            for number in range(shift - 1, 0, -1):
                os.rename(f"{tree.file}.{number}", f"{tree.file}.{number + 1}")
            os.rename(tree.file, tree.file + ".1")
            append(tree.file, b"")
    exporter.expect_unchanged(ok=3)
    append(tree.file, event(4))
    exporter.expect(ok=4)


LOGROTATE = """\
{pattern} {{
    rotate 5
    size 1
    {options}
}}
"""


def logrotate(tree, tmp_path, options):
    program = need_program("logrotate")
    configuration = tmp_path / "logrotate.conf"
    configuration.write_text(LOGROTATE.format(pattern=tree.file, options=options))
    os.chmod(configuration, 0o644)
    subprocess.run(
        [program, "-f", "-s", str(tmp_path / "logrotate.state"), str(configuration)], check=True
    )


@pytest.mark.parametrize(
    "options", ["create 0644", "nocreate", "copytruncate", "create 0644\n    compress",
                "create 0644\n    compress\n    delaycompress"]
)
def test_real_logrotate(tree, exporter, tmp_path, options):
    for cycle in range(4):
        append(tree.file, events(cycle * 3 + 1, cycle * 3 + 3))
        exporter.expect(ok=cycle * 3 + 3, still=0.1)
        logrotate(tree, tmp_path, options)
    exporter.expect_unchanged(ok=12)


def copytruncate(path, copy, between=None):
    """Copies in two halves, then truncates, as logrotate does."""
    content = read(path)
    half = len(content) // 2
    append(copy, content[:half])
    if between:
        between()
    append(copy, content[half:])
    os.truncate(path, 0)


def test_copytruncate_with_an_appending_writer(tree, exporter, meanwhile):
    writer = open_append(tree.file)
    write_all(writer, events(1, 3))
    exporter.expect(ok=3)
    with meanwhile(exporter):
        copytruncate(tree.file, tree.file + ".1")
        write_all(writer, event(4))
    os.close(writer)
    exporter.expect_unchanged(ok=4)


def test_copytruncate_by_a_slow_copier(tree, exporter):
    writer = open_append(tree.file)
    write_all(writer, events(1, 3))
    exporter.expect(ok=3)
    copytruncate(tree.file, tree.file + ".1", between=lambda: time.sleep(1))
    write_all(writer, event(4))
    os.close(writer)
    exporter.expect_unchanged(ok=4)
    assert exporter.total("jsonl_exporter_truncations_total") == 1


def test_copytruncate_with_a_writer_that_does_not_append_leaves_a_hole(tree, exporter):
    writer = os.open(tree.file, os.O_WRONLY | os.O_CREAT, 0o644)
    write_all(writer, events(1, 1000))
    exporter.expect(ok=1000)
    os.truncate(tree.file, 0)
    write_all(writer, event(1001))
    os.close(writer)
    samples = exporter.expect(ok=1001)
    assert "\0" not in samples.text and "\\u0000" not in samples.text


def test_a_hole_of_a_tebibyte_is_stepped_over(tree, exporter):
    writer = os.open(tree.file, os.O_WRONLY | os.O_CREAT, 0o644)
    write_all(writer, events(1, 10))
    exporter.expect(ok=10)
    os.truncate(tree.file, 0)
    try:
        os.lseek(writer, 1 << 40, os.SEEK_SET)
        write_all(writer, event(11))
    except OSError as error:
        if error.errno in (errno.EFBIG, errno.EINVAL):
            pytest.skip("this file system has no room for the hole")
        raise
    finally:
        os.close(writer)
    exporter.expect(ok=11, timeout=3)


def test_a_gap_between_rename_and_the_new_file(tree, exporter):
    append(tree.file, event(1))
    exporter.expect(ok=1)
    os.rename(tree.file, tree.file + ".1")
    time.sleep(30 if FULL else 3)
    append(tree.file, event(2))
    exporter.expect(ok=2)


def test_a_rotated_file_that_is_compressed_is_not_counted_again(tree, exporter, meanwhile):
    append(tree.file, events(1, 5))
    exporter.expect(ok=5)
    with meanwhile(exporter):
        os.rename(tree.file, tree.file + ".1")
        append(tree.file, events(6, 7))
        with gzip.open(tree.file + ".1.gz", "wb") as output:
            output.write(read(tree.file + ".1"))
        os.unlink(tree.file + ".1")
    exporter.expect(ok=7)
    with meanwhile(exporter):
        os.rename(tree.file + ".1.gz", tree.file + ".2.gz")
        os.rename(tree.file, tree.file + ".1")
        append(tree.file, event(8))
    exporter.expect_unchanged(ok=8)


def test_content_decides_what_is_gzip_not_the_name(tree, exporter):
    append(tree.job_file("repo", "job-1", "events-a.jsonl.gz"), event(1))
    append(tree.job_file("repo", "job-1", "events-b.jsonl"), gzip.compress(event(2)))
    exporter.expect(ok=2)


def test_gzip_files_are_read_through_all_members_and_survive_damage(tree, exporter):
    members = gzip.compress(events(1, 500)) + gzip.compress(events(501, 1000))
    append(tree.job_file("repo", "job-1", "events-two.jsonl.gz"), members)
    exporter.expect(ok=1000)
    whole = gzip.compress(b"".join(os.urandom(40).hex().encode() + b"\n" + event(n)
                                   for n in range(2000, 2500)))
    append(tree.job_file("repo", "job-1", "events-cut.jsonl.gz"), whole[: len(whole) // 2])
    append(tree.job_file("repo", "job-1", "events-bad.jsonl.gz"), b"\x1f\x8b" + os.urandom(5000))
    append(tree.file, event(3000))
    wait_until(lambda: exporter.scrape().total("ok_total") >= 1100, 10)
    samples = exporter.sync()
    assert samples.ok < 1000 + 500
    append(tree.file, event(3001))
    wait_until(lambda: exporter.scrape().total("ok_total") == samples.ok + 1, 10)


def test_archives_and_temporary_files_are_never_counted(tree, exporter):
    os.makedirs(tree.path("archive"))
    append(tree.path("archive", "events_archive_20250101_000000.jsonl.gz"), events(1, 3))
    append(tree.job_file("repo", "job-1", "events-20250101_000000.tmp"), events(4, 6))
    append(tree.job_file("repo", "job-1", "events-1.jsonl.tmp"), events(7, 9))
    append(tree.job_file("repo", "job-1", "index.json"), b'{"event":{"event_type":"x"}}\n')
    append(tree.file, event(10))
    exporter.expect(ok=1)


def test_a_repository_may_be_called_archive(tree, exporter):
    append(tree.job_file("archive", "job-7"), events(1, 3))
    samples = exporter.expect(ok=3)
    assert samples.value("ok_total", job_id="job-7") == 3
