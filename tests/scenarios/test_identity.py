"""What a file is, not its name, not its inode number, not its first line: scenarios 39 to 45."""

import ctypes
import json
import os
import shutil
import time

import pytest

from events import append, event, events, open_append, read, record, write_all
from meanwhile import both, both_slow
from prodigy_writer import ProdigyWriter
from program import wait_until


def without_ids(count):
    lines = []
    for number in range(count):
        line = record(number, n=number)
        del line["id"]
        lines.append(json.dumps(line).encode() + b"\n")
    return b"".join(lines)


def make_with_inode(path, content, inode, directory):
    """A new file at `path` with this inode number of a deleted file of `directory`, if the file
    system gives it out again."""
    spares = []
    try:
        for number in range(300):
            spare = os.path.join(directory, f"spare-{number}.tmp")
            append(spare, content)
            if os.stat(spare).st_ino == inode:
                os.rename(spare, path)
                return
            spares.append(spare)
    finally:
        for spare in spares:
            os.unlink(spare)
    pytest.skip("this file system did not give the inode number out again")


@both_slow  # asleep it keeps the inode number in use
@pytest.mark.parametrize("lines", ["longer", "same length", "same first line"])
def test_s39_inode_reuse_same_name(tree, exporter, meanwhile, lines):
    content = {"longer": events(4, 9), "same length": events(4, 6),
               "same first line": event(1) + events(4, 5)}[lines]
    new = {"longer": 6, "same length": 3, "same first line": 2}[lines]
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        inode = os.stat(tree.file).st_ino
        os.unlink(tree.file)
        if meanwhile.mode == "live":
            wait_until(lambda: not exporter.held_deleted_files(), 15)
        make_with_inode(tree.file, content, inode, tree.job)
    exporter.expect(ok=3 + new)


@both_slow
def test_s39_inode_reuse_under_another_name(tree, exporter, meanwhile):
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        inode = os.stat(tree.file).st_ino
        os.unlink(tree.file)
        if meanwhile.mode == "live":
            wait_until(lambda: not exporter.held_deleted_files(), 15)
        # The same ids are other events there: ids belong to their directory.
        make_with_inode(tree.job_file("repo", "job-2"), events(1, 4), inode, tree.job)
    samples = exporter.expect(ok=7)
    assert samples.value("ok_total", job_id="job-2") == 4


@both
def test_s41_two_files_of_one_content_without_ids(tree, exporter, meanwhile):
    for name in ("events-a.jsonl", "events-b.jsonl"):
        append(tree.job_file("repo", "job-1", name), without_ids(20))
    with meanwhile(exporter, ok=40):
        pass
    exporter.expect_unchanged(ok=40)


@both
def test_s41_two_files_whose_first_lines_are_identical(tree, exporter, meanwhile):
    first = without_ids(1)
    names = ("events-a.jsonl", "events-b.jsonl")
    for name in names:
        append(tree.job_file("repo", "job-1", name), first)
    with meanwhile(exporter, ok=2):
        for number, name in enumerate(names):
            append(tree.job_file("repo", "job-1", name), event(number))
    exporter.expect(ok=4)
    for number, name in enumerate(names):
        append(tree.job_file("repo", "job-1", name), event(10 + number))
    exporter.expect(ok=6)


@both
def test_s42_hard_link_inside_the_root(tree, exporter, meanwhile):
    link = tree.job_file("repo", "job-1", "events-2.jsonl")
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        os.link(tree.file, link)
        append(tree.file, event(4))
    exporter.expect_unchanged(ok=4)
    append(link, event(5))
    exporter.expect_unchanged(ok=5)


@both_slow
def test_s42_hard_link_whose_first_name_goes(tree, exporter, meanwhile):
    link = tree.job_file("repo", "job-1", "events-2.jsonl")
    append(tree.file, events(1, 3))
    os.link(tree.file, link)
    with meanwhile(exporter, ok=3):
        os.unlink(tree.file)
        append(link, event(4))
    exporter.expect_unchanged(ok=4)


def test_s42_hard_link_from_outside_is_found_by_the_rescan(tree, exporter, tmp_path):
    append(tree.file, event(1))
    exporter.expect(ok=1)
    os.link(tree.file, tmp_path / "outside")
    append(tmp_path / "outside", event(2))
    exporter.expect(ok=2, timeout=14)


@both_slow
def test_s44_symlinks_are_not_followed(tree, exporter, meanwhile, tmp_path):
    append(tree.file, events(1, 2))
    outside = tmp_path / "outside"
    outside.mkdir()
    append(outside / "events-x.jsonl", events(100, 110))
    with meanwhile(exporter, ok=2):
        os.symlink(tree.file, tree.job_file("repo", "job-1", "events-link.jsonl"))
        os.symlink(outside, tree.path("repo", "linked-job"))
        os.symlink(outside / "events-x.jsonl", tree.path("repo", "job-1", "events-out.jsonl"))
        os.symlink(".", tree.path("repo", "job-1", "self"))
        os.symlink("..", tree.path("repo", "up"))
        os.symlink("nowhere", tree.path("repo", "job-1", "events-dangling.jsonl"))
        for swap in range(30):
            temporary = tree.path("repo", "swap.new")
            os.symlink(outside if swap % 2 else tree.job, temporary)
            os.rename(temporary, tree.path("repo", "swapped"))
        append(tree.file, event(3))
    exporter.expect_unchanged(ok=3)


@both_slow
def test_s44_the_root_may_be_a_symlink(tree, launch, meanwhile, tmp_path):
    link = tmp_path / "link"
    os.symlink(tree.root, link)
    exporter = launch(link)
    append(tree.file, event(1))
    with meanwhile(exporter, ok=1):
        append(tree.job_file("repo", "job-2"), event(2))
    exporter.expect(ok=2)


def test_s45_deleted_while_open_with_unread_data(tree, exporter):
    append(tree.file, event(1))
    exporter.expect(ok=1)
    exporter.sigstop()
    append(tree.file, events(2, 1000))
    os.unlink(tree.file)
    exporter.sigcont()
    exporter.expect(ok=1000)
    wait_until(lambda: not exporter.held_deleted_files(), 15)  # the space is released
    exporter.expect_lasting(ok=1000)


def test_s45_deleted_while_a_writer_has_it_open(tree, exporter):
    writer = open_append(tree.file)
    write_all(writer, event(1))
    exporter.expect(ok=1)
    os.unlink(tree.file)
    time.sleep(3)
    write_all(writer, event(2))
    samples = exporter.expect(ok=2)
    assert samples.value("jsonl_exporter_files_held") == 1
    assert exporter.held_deleted_files() == [tree.file + " (deleted)"]
    os.close(writer)
    wait_until(lambda: not exporter.held_deleted_files(), 15)
    wait_until(lambda: exporter.value("jsonl_exporter_files_held") == 0, 5)


def test_s45_no_deleted_file_stays_open_after_many_deletions(tree, exporter):
    paths = [tree.job_file("repo", f"job-{n}") for n in range(200)]
    for number, path in enumerate(paths):
        append(path, event(number))
    exporter.expect(ok=200)
    for path in paths:
        shutil.rmtree(os.path.dirname(path))
    wait_until(lambda: not exporter.held_deleted_files(), 20)
    exporter.expect(ok=200)
    wait_until(lambda: exporter.value("jsonl_exporter_files_followed") == 0, 15)


def test_a_job_directory_deleted_under_its_writer_keeps_what_was_written(tree, exporter):
    writer = ProdigyWriter(tree.file)
    writer.write(events(1, 5))
    exporter.expect(ok=5)
    shutil.rmtree(tree.job)
    writer.write(events(6, 8))
    exporter.expect(ok=8)
    writer.close()
    wait_until(lambda: not exporter.held_deleted_files(), 15)
    append(tree.job_file("repo", "job-1"), event(9))
    exporter.expect_lasting(ok=9)


def test_two_paths_swapped_in_one_step_are_not_counted_again(tree, exporter, tmp_path):
    """RENAME_EXCHANGE, by the system call, since Python has no name for it."""
    first, second = tree.job_file("repo", "job-1"), tree.job_file("repo", "job-2")
    append(first, events(1, 3))
    append(second, events(11, 15))
    exporter.expect(ok=8)
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        pytest.skip("this C library has no renameat2")
    if libc.renameat2(-100, first.encode(), -100, second.encode(), 2) != 0:
        pytest.skip("this file system cannot exchange names")
    assert read(first) == events(11, 15)
    exporter.expect_unchanged(ok=8)
    append(first, event(16))
    append(second, event(4))
    exporter.expect(ok=10)


def test_quiet_files_beyond_the_open_limit_go_on_where_they_were(tree, exporter):
    paths = [tree.job_file("repo", f"job-{n}") for n in range(700)]
    for number, path in enumerate(paths):
        append(path, events(1, 2))
    exporter.expect(ok=1400)
    assert len(exporter.open_files()) < 650
    for path in paths:
        append(path, events(3, 4))
    samples = exporter.expect(ok=2800)
    assert samples.skipped("duplicate") == 0
