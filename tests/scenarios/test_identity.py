"""What a file is: not its name, not its inode number, not its first line."""

import ctypes
import json
import os
import shutil
import time

import pytest

from events import ProdigyWriter, append, event, events, open_append, read, record, write_all
from exporter import wait_until


def without_ids(count):
    lines = []
    for number in range(count):
        line = record(number, n=number)
        del line["id"]
        lines.append(json.dumps(line).encode() + b"\n")
    return b"".join(lines)


def test_a_new_file_with_the_inode_number_of_the_old_one(tree, exporter):
    inodes = set()
    repeated = False
    append(tree.file, events(1, 3))
    exporter.expect(ok=3, still=0)
    for number in range(4, 24):
        inodes.add(os.stat(tree.file).st_ino)
        os.unlink(tree.file)
        wait_until(lambda: not exporter.held_deleted_files(), 15)
        append(tree.file, event(number))
        exporter.expect(ok=number, still=0)
        if os.stat(tree.file).st_ino in inodes:
            repeated = True
            break
    exporter.expect(ok=number)
    if not repeated:
        pytest.skip("this file system did not reuse an inode number; the counts were right")


def test_two_files_of_one_content_without_ids_are_two_files(tree, exporter):
    for name in ("events-a.jsonl", "events-b.jsonl"):
        append(tree.job_file("repo", "job-1", name), without_ids(20))
    exporter.expect(ok=40)


def test_two_files_whose_first_lines_are_equal_are_two_files(tree, exporter):
    first = without_ids(1)
    for number, name in enumerate(("events-a.jsonl", "events-b.jsonl")):
        append(tree.job_file("repo", "job-1", name), first)
    exporter.expect(ok=2)
    for number, name in enumerate(("events-a.jsonl", "events-b.jsonl")):
        append(tree.job_file("repo", "job-1", name), event(number))
    exporter.expect(ok=4)


def test_a_hard_link_inside_the_tree_counts_each_line_once(tree, exporter):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    os.link(tree.file, tree.job_file("repo", "job-1", "events-2.jsonl"))
    append(tree.file, event(4))
    exporter.expect_unchanged(ok=4)
    append(tree.job_file("repo", "job-1", "events-2.jsonl"), event(5))
    exporter.expect_unchanged(ok=5)


def test_an_append_through_a_hard_link_outside_the_tree_is_found_by_the_rescan(
    tree, exporter, tmp_path
):
    append(tree.file, event(1))
    exporter.expect(ok=1)
    os.link(tree.file, tmp_path / "outside")
    append(tmp_path / "outside", event(2))
    exporter.expect(ok=2, timeout=14)


def test_symbolic_links_are_not_followed(tree, exporter, tmp_path):
    append(tree.file, events(1, 2))
    outside = tmp_path / "outside"
    outside.mkdir()
    append(outside / "events-x.jsonl", events(100, 110))
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


def test_the_root_may_be_a_symbolic_link(tree, launch, tmp_path):
    link = tmp_path / "link"
    os.symlink(tree.root, link)
    exporter = launch(link)
    append(tree.file, event(1))
    exporter.expect(ok=1)
    append(tree.job_file("repo", "job-2"), event(2))
    exporter.expect(ok=2)


def test_a_deleted_file_with_unread_lines_is_read_to_its_end_and_let_go(tree, exporter):
    append(tree.file, event(1))
    exporter.expect(ok=1)
    exporter.sleep_process()
    append(tree.file, events(2, 1000))
    os.unlink(tree.file)
    exporter.wake_process()
    exporter.expect(ok=1000)
    wait_until(lambda: not exporter.held_deleted_files(), 15)


def test_a_deleted_file_is_held_as_long_as_it_has_a_writer(tree, exporter):
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


def test_lsof_sees_no_deleted_file_after_many_deletions(tree, exporter):
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
    exporter.expect(ok=9)


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
