"""Directories that come, go, move and hide: scenarios 46 to 51."""

import os
import shutil
import subprocess
import time

import pytest

from conftest import need_program
from events import Tree, append, event, events, open_append, write_all
from exporter import COUNT_EVERYTHING
from meanwhile import both, both_slow, during
from program import FULL, is_sanitizer_build, wait_until

RESCAN = 14  # seconds in which a rescan, due every 10, has surely happened


def make_and_fill(tree):
    """300 job directories in 7 repositories, each with a line, as fast as possible."""
    paths = []
    for number in range(300):
        path = tree.path(f"repo-{number % 7}", f"job-{number}", "events-1.jsonl")
        os.makedirs(os.path.dirname(path))
        append(path, event(number))
        paths.append(path)
    return paths


@both
@pytest.mark.parametrize("round_", range(40 if FULL else 1))
def test_s46_mkdir_and_write_at_once(tree, exporter, meanwhile, round_):
    exporter.sync()
    with meanwhile(exporter):
        paths = make_and_fill(tree)
    exporter.expect(ok=300)
    for number, path in enumerate(paths):
        append(path, event(1000 + number))
    # Sooner than any rescan: each directory has a watch of its own.
    exporter.expect(ok=600, timeout=4)


def test_a_deep_new_tree_with_files_on_every_level(tree, launch):
    rules = COUNT_EVERYTHING.replace(
        '"{repo}/{job_id}/events-*.jsonl*"', '"**/events-*.jsonl"'
    ).replace('{job_id: "{file.job_id}"}', "{job_id: all}")
    exporter = launch(tree.root, rules=rules)
    path = tree.root
    for level in range(40):
        path = os.path.join(path, f"level-{level}")
        os.mkdir(path)
        append(os.path.join(path, "events-1.jsonl"), event(level))
    exporter.expect(ok=40)
    append(os.path.join(path, "events-1.jsonl"), event(41))
    exporter.expect(ok=41, timeout=4)


@both_slow
def test_s48_directory_moved_in(tree, exporter, meanwhile, tmp_path):
    outside = Tree(tmp_path / "outside")
    append(outside.job_file("repo", "job-5"), events(1, 3))
    append(tree.file, event(1))
    with meanwhile(exporter, ok=1):
        os.rename(outside.path("repo", "job-5"), tree.path("repo", "job-5"))
    samples = exporter.expect(ok=4)
    assert samples.value("ok_total", job_id="job-5") == 3
    append(tree.job_file("repo", "job-5"), event(4))
    exporter.expect(ok=5)


@both
def test_s48_directory_renamed(tree, exporter, meanwhile):
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        os.rename(tree.job, tree.path("repo", "job-9"))
    if meanwhile.mode == "torn":
        return  # what the state did not have yet, is of the new name alone
    exporter.expect_unchanged(ok=3)
    append(tree.job_file("repo", "job-9"), event(4))
    samples = exporter.expect(ok=4)
    assert samples.value("ok_total", job_id="job-1") == 3
    assert samples.value("ok_total", job_id="job-9") == 1


@both_slow
def test_s48_directory_renamed_then_copied_back(tree, exporter, meanwhile, tmp_path):
    """The ids of the old directory belong to both, so that no copy counts again."""
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        os.rename(tree.job, tree.path("repo", "job-9"))
    exporter.expect_unchanged(ok=3)
    shutil.copytree(tree.path("repo", "job-9"), tree.job)
    exporter.expect_unchanged(ok=3)
    append(tree.path("repo", "job-9", "events-copy.jsonl"), events(1, 4))
    exporter.expect(ok=4)


@both_slow
def test_s48_repository_directory_renamed(tree, exporter, meanwhile):
    for number in range(5):
        append(tree.job_file("repo", f"job-{number}"), events(1, 2))
    with meanwhile(exporter, ok=10):
        os.rename(tree.path("repo"), tree.path("other"))
    exporter.expect_unchanged(ok=10)
    for number in range(5):
        append(tree.job_file("other", f"job-{number}"), event(3))
    exporter.expect(ok=15)


def test_s48_directory_moved_out_is_drained(tree, exporter, tmp_path):
    writer = open_append(tree.file)
    write_all(writer, events(1, 3))
    exporter.expect(ok=3)
    exporter.sigstop()
    write_all(writer, events(4, 6))
    os.rename(tree.job, tmp_path / "elsewhere")
    exporter.sigcont()
    exporter.expect(ok=6)
    os.close(writer)
    wait_until(lambda: exporter.value("jsonl_exporter_files_held") == 0, 30)
    append(tmp_path / "elsewhere" / os.path.basename(tree.file), event(7))
    exporter.expect_unchanged(ok=6, rest=2)


@both_slow
def test_s48_directory_moved_out_and_in_again(tree, exporter, meanwhile, tmp_path):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    os.rename(tree.job, tmp_path / "elsewhere")
    with meanwhile(exporter, ok=3):
        append(tmp_path / "elsewhere" / os.path.basename(tree.file), event(4))
    os.rename(tmp_path / "elsewhere", tree.job)
    exporter.expect(ok=4)


@both_slow
def test_s48_directory_renamed_and_another_put_in_its_place(tree, exporter, meanwhile):
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        os.rename(tree.job, tree.path("repo", "job-old"))
        os.makedirs(tree.job)
        append(tree.file, event(4))
    exporter.expect(ok=4)
    append(tree.file, event(5))
    append(tree.job_file("repo", "job-old"), event(6))
    samples = exporter.expect(ok=6)
    assert samples.value("ok_total", job_id="job-old") == 1
    assert samples.value("ok_total", job_id="job-1") == 5


def test_s49_root_missing_removed_recreated(tmp_path, launch):
    tree = Tree(tmp_path / "home" / ".prodigy" / "events")
    exporter = launch(tree.root)
    assert exporter.value("jsonl_exporter_up") == 0
    missing = [line for line in exporter.log_lines() if tree.root in line.get("path", "")
               or tree.root in line.get("directory", "")]
    os.makedirs(tree.root)
    append(tree.job_file("repo", "job-1"), event(1))
    exporter.expect(ok=1)
    assert exporter.value("jsonl_exporter_up") == 1
    shutil.rmtree(tree.root)
    wait_until(lambda: exporter.value("jsonl_exporter_up") == 0, 15)
    os.makedirs(tree.root)
    append(tree.job_file("repo", "job-1"), event(2))
    exporter.expect(ok=2, timeout=15)
    assert exporter.value("jsonl_exporter_up") == 1
    exporter.expect_lasting(ok=2)
    assert len(missing) <= 1, "the missing directory is logged once"


@during("stopped", "killed")
def test_s49_root_missing_at_a_restart_comes_back(tree, exporter, meanwhile, tmp_path):
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        os.rename(tree.root, tmp_path / "unmounted")
    assert exporter.value("jsonl_exporter_up") == 0
    exporter.expect(ok=3)
    os.rename(tmp_path / "unmounted", tree.root)
    append(tree.file, event(4))
    exporter.expect(ok=4, timeout=15)


@both_slow
def test_s49_root_replaced_by_symlink(tree, exporter, meanwhile, tmp_path):
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        os.rename(tree.root, tmp_path / "moved")
        os.symlink(tmp_path / "moved", tree.root)
        append(tree.file, event(4))
    exporter.expect(ok=4, timeout=15)


@both_slow
def test_s49_root_replaced_by_another_tree(tree, exporter, meanwhile, tmp_path):
    append(tree.file, events(1, 3))
    other = Tree(tmp_path / "other")
    append(other.job_file("repo", "job-2"), events(11, 14))
    with meanwhile(exporter, ok=3):
        os.rename(tree.root, tmp_path / "old")
        os.rename(other.root, tree.root)
    exporter.expect(ok=7, timeout=15)
    append(tree.job_file("repo", "job-2"), event(15))
    exporter.expect(ok=8)


def test_s50_file_without_permission_then_granted(
    tree, launch, without_privileges
):
    append(tree.job_file("repo", "job-2"), event(1))
    append(tree.file, event(1))
    os.chmod(tree.file, 0)
    exporter = launch(tree.root, prefix=without_privileges)
    exporter.expect(ok=1)
    time.sleep(3)
    complaints = [line for line in exporter.log_lines() if tree.file in str(line)]
    assert len(complaints) == 1, complaints
    os.chmod(tree.file, 0o644)
    exporter.expect(ok=2, timeout=RESCAN)
    append(tree.file, event(2))
    exporter.expect(ok=3)


def test_s50_directory_without_permission_then_granted(
    tree, launch, without_privileges
):
    append(tree.job_file("repo", "job-2"), event(1))
    append(tree.file, event(1))
    os.chmod(tree.job, 0)
    try:
        exporter = launch(tree.root, prefix=without_privileges)
        exporter.expect(ok=1)
        time.sleep(3)
        complaints = [line for line in exporter.log_lines() if tree.job in str(line)]
        assert len(complaints) == 1, complaints
    finally:
        os.chmod(tree.job, 0o755)
    exporter.expect(ok=2, timeout=RESCAN)
    append(tree.file, event(2))
    exporter.expect(ok=3)


@both_slow
def test_s50_permission_taken_away_and_given_back(
    tree, launch, without_privileges, meanwhile
):
    append(tree.file, event(1))
    exporter = launch(tree.root, prefix=without_privileges)
    exporter.expect(ok=1)
    os.chmod(tree.job, 0)
    try:
        with meanwhile(exporter, ok=1):
            pass
        exporter.expect_unchanged(ok=1, rest=2)
    finally:
        os.chmod(tree.job, 0o755)
    append(tree.file, event(2))
    exporter.expect(ok=2, timeout=RESCAN)


def fill(tree, begin, end, files=5):
    for number in range(begin, end):
        directory = tree.path(f"repo-{number % 20}", f"job-{number}")
        os.makedirs(directory)
        for name in range(files):
            append(os.path.join(directory, f"events-{name}.jsonl"), event(name))


def test_s51_many_directories_before_and_after_the_start(tree, launch):
    directories, files = (10000 if FULL else 600), 5
    first = directories * 9 // 10
    fill(tree, 0, first)
    exporter = launch(tree.root)
    exporter.expect(ok=first * files, still=0, timeout=30)
    fill(tree, first, directories)
    exporter.expect(ok=directories * files, timeout=30)
    assert exporter.value("jsonl_exporter_watches") >= directories
    if not is_sanitizer_build():
        before = exporter.cpu_seconds()
        time.sleep(20 if FULL else 5)
        assert exporter.cpu_seconds() - before < (20 if FULL else 5) * 0.1
    read = exporter.own("read_bytes_total")
    exporter.restart()
    assert exporter.scrape_once().ok == directories * files
    exporter.expect(ok=directories * files)
    assert exporter.own("read_bytes_total") == read
