"""Copied, truncated and compressed files: scenarios 20 to 25."""

import errno
import gzip
import os
import time

import pytest

from events import append, event, events, open_append, read, write_all
from logrotate import logrotate
from meanwhile import both, both_if_saved, both_slow, during
from prodigy_writer import copytruncate
from program import wait_until


@both
def test_s20_copytruncate_appending_writer(tree, exporter, meanwhile, tmp_path):
    writer = open_append(tree.file)
    write_all(writer, events(1, 3))
    with meanwhile(exporter, ok=3):
        logrotate(tree.file, tmp_path, "copytruncate")
        write_all(writer, event(4))
    os.close(writer)
    assert read(tree.file + ".1") == events(1, 3) and read(tree.file) == event(4)
    exporter.expect_unchanged(ok=4)


@pytest.mark.parametrize("half", ["first", "second"])
@both_slow
def test_s20_copytruncate_slow_copier(tree, exporter, meanwhile, half):
    """With the exporter looking, or coming back, when half of the copy is there."""
    writer = open_append(tree.file)
    write_all(writer, events(1, 3))
    exporter.expect(ok=3)

    def middle():
        if half == "first":
            with meanwhile(exporter):
                pass
        exporter.sync()

    copytruncate(tree.file, tree.file + ".1", between=middle)
    if half == "second":
        with meanwhile(exporter):
            pass
    write_all(writer, event(4))
    os.close(writer)
    exporter.expect_unchanged(ok=4)
    if meanwhile.mode == "live":
        assert exporter.total("jsonl_exporter_truncations_total") == 1


@both_slow
def test_s20_copytruncate_again_and_again(tree, exporter, meanwhile):
    writer = open_append(tree.file)
    for cycle in range(4):
        write_all(writer, events(cycle * 5 + 1, cycle * 5 + 5))
        with meanwhile(exporter, ok=cycle * 5 + 5):
            for number in range(cycle, 0, -1):
                os.rename(f"{tree.file}.{number}", f"{tree.file}.{number + 1}")
            copytruncate(tree.file, tree.file + ".1")
    os.close(writer)
    exporter.expect_unchanged(ok=20)


@both_if_saved
def test_s22_copytruncate_writer_not_appending(tree, exporter, meanwhile):
    writer = os.open(tree.file, os.O_WRONLY | os.O_CREAT, 0o644)
    write_all(writer, events(1, 1000))
    with meanwhile(exporter, ok=1000):
        os.truncate(tree.file, 0)
        write_all(writer, event(1001))
    os.close(writer)
    assert read(tree.file).startswith(b"\0\0\0\0\0\0\0\0\0\0\0\0")
    samples = exporter.expect(ok=1001)
    assert "\0" not in samples.text and "\\u0000" not in samples.text


def write_behind_a_tebibyte(writer, content):
    try:
        os.lseek(writer, 1 << 40, os.SEEK_SET)
        write_all(writer, content)
    except OSError as error:
        if error.errno in (errno.EFBIG, errno.EINVAL):
            pytest.skip("this file system has no room for the hole")
        raise


@both_if_saved
def test_s22_a_hole_of_a_tebibyte(tree, exporter, meanwhile):
    writer = os.open(tree.file, os.O_WRONLY | os.O_CREAT, 0o644)
    write_all(writer, events(1, 10))
    with meanwhile(exporter, ok=10):
        os.truncate(tree.file, 0)
        write_behind_a_tebibyte(writer, event(11))
    exporter.expect(ok=11, timeout=3)
    write_all(writer, event(12))
    os.close(writer)
    exporter.expect(ok=12)


@both
def test_s24_compress(tree, exporter, meanwhile):
    append(tree.file, events(1, 5))
    with meanwhile(exporter, ok=5):
        os.rename(tree.file, tree.file + ".1")
        append(tree.file, events(6, 7))
        compress(tree.file + ".1")
    exporter.expect(ok=7)
    with meanwhile(exporter):
        os.rename(tree.file + ".1.gz", tree.file + ".2.gz")
        os.rename(tree.file, tree.file + ".1")
        append(tree.file, event(8))
    exporter.expect_unchanged(ok=8)


@both_slow
def test_s24_delaycompress(tree, exporter, meanwhile, tmp_path):
    options = "create 0644\n    compress\n    delaycompress"
    for cycle in range(3):
        append(tree.file, events(cycle * 3 + 1, cycle * 3 + 3))
        with meanwhile(exporter, ok=cycle * 3 + 3):
            logrotate(tree.file, tmp_path, options)
    assert {name[-5:] for name in os.listdir(tree.job)} == {"jsonl", "onl.1", ".2.gz", ".3.gz"}
    exporter.expect_unchanged(ok=9)


@both
def test_s24_compress_with_unread_lines(tree, exporter, meanwhile):
    append(tree.file, events(1, 5))
    with meanwhile(exporter, ok=5):
        append(tree.file, events(6, 8))
        os.rename(tree.file, tree.file + ".1")
        compress(tree.file + ".1")
        append(tree.file, event(9))
    exporter.expect(ok=9)


def compress(path):
    """As gzip(1): the new file first, under its own name, then the old one goes."""
    with gzip.open(path + ".gz", "wb") as output:
        output.write(read(path))
    os.unlink(path)


def test_s25_content_decides_what_is_gzip(tree, exporter):
    append(tree.job_file("repo", "job-1", "events-a.jsonl.gz"), event(1))
    append(tree.job_file("repo", "job-1", "events-b.jsonl"), gzip.compress(event(2)))
    exporter.expect_lasting(ok=2)


@during("live", "stopped", "killed", "torn")
def test_s25_a_gzip_file_that_grows_by_members(tree, exporter, meanwhile):
    path = tree.job_file("repo", "job-1", "events-two.jsonl.gz")
    append(path, gzip.compress(events(1, 500)))
    with meanwhile(exporter, ok=500):
        append(path, gzip.compress(events(501, 1000)))
    exporter.expect(ok=1000)


def test_s25_damaged_gzip_stops_nothing_else(tree, exporter):
    whole = gzip.compress(b"".join(os.urandom(40).hex().encode() + b"\n" + event(n)
                                   for n in range(500)))
    append(tree.job_file("repo", "job-1", "events-cut.jsonl.gz"), whole[: len(whole) // 2])
    append(tree.job_file("repo", "job-1", "events-bad.jsonl.gz"), b"\x1f\x8b" + os.urandom(5000))
    append(tree.file, event(3000))
    wait_until(lambda: exporter.scrape().total("ok_total") >= 100, 10)
    samples = exporter.sync()
    assert samples.ok < 500
    append(tree.file, event(3001))
    wait_until(lambda: exporter.scrape().total("ok_total") == samples.ok + 1, 10)
    exporter.restart()
    assert exporter.sync().ok == samples.ok + 1


def test_s25_a_truncated_gzip_file_is_completed_later(tree, exporter):
    path = tree.job_file("repo", "job-1", "events-slow.jsonl.gz")
    whole = gzip.compress(events(1, 300))
    append(path, whole[: len(whole) // 2])
    exporter.sync()
    time.sleep(1)
    append(path, whole[len(whole) // 2:])
    exporter.expect_lasting(ok=300)
