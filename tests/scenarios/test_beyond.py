"""What no catalogue lists, and what must hold all the same: the scheme, not the list, is tested."""

import os
import shutil
import subprocess

import pytest

from conftest import need_program
from events import append, bare, event, events, open_append, padded_event, read, write_all
from meanwhile import both, both_if_saved, both_slow, down
from program import wait_until

RESCAN = 14  # seconds in which a rescan, due every 10, has surely happened


@both_slow
@pytest.mark.parametrize("inside", [1, 2, 3])
def test_characters_cut_between_two_writes(tree, exporter, meanwhile, inside):
    line = event(1, text="\U0001f600")
    cut = line.index("\U0001f600".encode()) + inside
    writer = open_append(tree.file)
    write_all(writer, line[:cut])
    with meanwhile(exporter, ok=0):
        write_all(writer, line[cut:] + event(2))
    os.close(writer)
    exporter.expect(ok=2)


@pytest.mark.parametrize("length", [262144, 262145, 262143, 131072])
def test_lines_that_end_where_a_read_ends(tree, exporter, length):
    """Reads are of 256 KiB: an LF as last and as first byte of one, and a character in between."""
    append(tree.file, padded_event(1, length) + event(2, text="\u20ac" * 90000) + event(3))
    exporter.expect_lasting(ok=3)


@both_if_saved
def test_truncated_and_the_same_content_again(tree, exporter, meanwhile):
    append(tree.file, events(1, 5))
    with meanwhile(exporter, ok=5):
        os.truncate(tree.file, 0)
        append(tree.file, events(1, 5))
    exporter.expect_unchanged(ok=5)
    append(tree.file, event(6))
    exporter.expect(ok=6)


@both_if_saved
def test_a_file_moved_into_another_job(tree, exporter, meanwhile):
    append(tree.file, events(1, 5))
    other = tree.job_file("repo", "job-2", "events-moved.jsonl")
    with meanwhile(exporter, ok=5):
        os.rename(tree.file, other)
        append(other, event(6))
    samples = exporter.expect(ok=6)
    assert samples.value("ok_total", job_id="job-1") == 5
    assert samples.value("ok_total", job_id="job-2") == 1


@both_slow
def test_a_job_copied_to_another_counts_there(tree, exporter, meanwhile):
    append(tree.file, events(1, 5))
    with meanwhile(exporter, ok=5):
        shutil.copytree(tree.job, tree.path("repo", "job-2"))
    samples = exporter.expect(ok=10)
    assert samples.value("ok_total", job_id="job-2") == 5


@both
def test_a_file_copied_in_its_own_directory_counts_nothing(tree, exporter, meanwhile):
    append(tree.file, events(1, 5))
    with meanwhile(exporter, ok=5):
        shutil.copy(tree.file, tree.job_file("repo", "job-1", "events-copy.jsonl"))
        append(tree.file, event(6))
    exporter.expect(ok=6)


@both_if_saved
def test_two_files_swapped(tree, exporter, meanwhile):
    first, second = tree.job_file("repo", "job-1"), tree.job_file("repo", "job-2")
    append(first, events(1, 3))
    append(second, events(11, 15))
    with meanwhile(exporter, ok=8):
        os.rename(first, first + ".tmp")
        os.rename(second, first)
        os.rename(first + ".tmp", second)
    exporter.expect_unchanged(ok=8)
    append(first, event(16))
    append(second, event(4))
    exporter.expect(ok=10)


@both_slow
def test_a_job_directory_removed_and_made_again_and_again(tree, exporter, meanwhile):
    append(tree.file, event(1))
    exporter.expect(ok=1)
    with meanwhile(exporter):
        for _ in range(50):
            shutil.rmtree(tree.job)
            os.makedirs(tree.job)
        append(tree.file, event(2))
    exporter.expect(ok=2, timeout=4)
    append(tree.file, event(3))
    exporter.expect(ok=3, timeout=4)


@both_slow
def test_a_file_with_room_reserved_behind_its_end(tree, exporter, meanwhile):
    """Written into zeros that are already there: the size does not tell how much is written."""
    descriptor = os.open(tree.file, os.O_RDWR | os.O_CREAT, 0o644)
    os.ftruncate(descriptor, 1 << 20)
    os.pwrite(descriptor, events(1, 3), 0)
    with meanwhile(exporter, ok=3):
        os.pwrite(descriptor, events(4, 6), len(events(1, 3)))
    exporter.expect(ok=6, timeout=RESCAN)
    os.ftruncate(descriptor, len(events(1, 6)))  # as such writers do at the end
    os.close(descriptor)
    exporter.expect_unchanged(ok=6)


@down
@pytest.mark.parametrize("way", ["trailing slash", "dots", "symlink", "relative"])
def test_the_same_root_spelt_otherwise(tree, exporter, tmp_path, meanwhile, way):
    append(tree.file, events(1, 5))
    append(tree.job_file("repo", "job-1", "events-copy.jsonl"), events(4, 6))
    link = tmp_path / "link"
    os.symlink(tree.root, link)
    spelt = {"trailing slash": tree.root + "/", "dots": f"{tree.root}/repo/..",
             "symlink": str(link), "relative": os.path.relpath(tree.root)}[way]
    with meanwhile(exporter, ok=6):
        exporter.arguments[exporter.arguments.index(tree.root)] = spelt
        append(tree.file, event(7))
    exporter.expect(ok=7)
    append(tree.job_file("repo", "job-1", "events-copy-2.jsonl"), events(1, 8))
    exporter.expect(ok=8)


@down
def test_the_whole_tree_moved_elsewhere(tree, exporter, tmp_path, meanwhile):
    append(tree.file, events(1, 5))
    append(tree.job_file("other", "job-2"), events(1, 3))
    with meanwhile(exporter, ok=8):
        if meanwhile.mode == "torn":
            exporter.floor.clear()
        moved = str(tmp_path / "moved")
        os.rename(tree.root, moved)
        exporter.arguments[exporter.arguments.index(tree.root)] = moved
        append(os.path.join(moved, "repo", "job-1", "events-2.jsonl"), events(4, 6))
    exporter.expect(ok=9)


@pytest.mark.parametrize("interval", ["1h", "5s"])
@down
def test_whatever_the_interval_of_saving(tree, launch, meanwhile, interval):
    exporter = launch(tree.root, interval=interval)
    append(tree.file, events(1, 500))
    exporter.expect(ok=500)
    append(tree.job_file("repo", "job-2"), events(1, 5))
    exporter.expect(ok=505, still=0)
    exporter.stop() if meanwhile.mode == "stopped" else exporter.kill9()
    append(tree.file, events(501, 503))
    exporter.start()
    exporter.expect(ok=508)


def test_more_ids_than_memory_holds(tree, launch):
    """Those on disk are looked up: a copy of everything counts nothing."""
    exporter = launch(tree.root, options=["--id-memory=1MiB"])
    count = 200000
    lines = b"".join(bare({"id": f"{n:x}", "event": {"event_type": "t"}}) + b"\n"
                     for n in range(count))
    append(tree.file, lines)
    exporter.expect(ok=count, timeout=60)
    append(tree.job_file("repo", "job-1", "events-copy.jsonl"), lines + event(1))
    exporter.expect(ok=count + 1, duplicate=count, timeout=60)
    exporter.restart()
    append(tree.job_file("repo", "job-1", "events-third.jsonl"), lines[: len(lines) // 2])
    half = lines[: len(lines) // 2].count(b"\n")
    exporter.expect(ok=count + 1, duplicate=count + half, timeout=60)


def test_fewer_descriptors_than_files(tree, launch):
    prefix = [need_program("prlimit"), "--nofile=64:64"]
    paths = [tree.job_file("repo", f"job-{n}") for n in range(150)]
    for path in paths:
        append(path, events(1, 2))
    exporter = launch(tree.root, prefix=prefix)
    exporter.expect(ok=300, timeout=20)
    for path in paths:
        append(path, event(3))
    exporter.expect_lasting(ok=450, timeout=RESCAN)


@pytest.mark.parametrize("limit", ["max_inotify_instances", "max_inotify_watches"])
def test_no_inotify_to_be_had(tree, launch, limit):
    shell = f'echo 0 > /proc/sys/user/{limit} && exec "$@"'
    prefix = [need_program("unshare"), "-Ur", "sh", "-c", shell, "sh"]
    if subprocess.run(prefix + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("user namespaces are not available here")
    append(tree.file, event(1))
    exporter = launch(tree.root, prefix=prefix)
    exporter.expect(ok=1)
    append(tree.file, event(2))
    append(tree.job_file("repo", "job-2"), event(1))
    exporter.expect_lasting(ok=3, timeout=RESCAN)


def test_one_directory_under_two_names_by_a_bind_mount(tree, launch):
    second = tree.path("repo", "job-2")
    os.mkdir(second)
    prefix = [need_program("unshare"), "-Urm", "--propagation", "private", "sh", "-c",
              f'mount --bind "{tree.job}" "{second}" && exec "$@"', "sh"]
    if subprocess.run(prefix + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("mount namespaces are not available here")
    append(tree.file, events(1, 3))
    exporter = launch(tree.root, prefix=prefix)
    exporter.expect(ok=3)
    append(tree.file, event(4))
    exporter.expect_lasting(ok=4)


@both_if_saved
def test_lines_without_ids_in_files_that_rotate(tree, exporter, meanwhile):
    """Offsets alone have to do."""
    line = b'{"event":{"event_type":"x","n":%d}}\n'
    append(tree.file, b"".join(line % n for n in range(5)))
    with meanwhile(exporter, ok=5):
        os.rename(tree.file, tree.file + ".1")
        append(tree.file, line % 5)
        append(tree.file + ".1", line % 6)
    exporter.expect(ok=7)
    assert exporter.total("jsonl_exporter_ambiguous_rewrites_total") == 0


@both_if_saved
def test_a_line_appended_to_a_file_that_was_closed_for_the_limit(tree, launch, meanwhile):
    exporter = launch(tree.root, options=["--max-open-files=5"])
    paths = [tree.job_file("repo", f"job-{n}") for n in range(30)]
    for path in paths:
        append(path, events(1, 2))
    with meanwhile(exporter, ok=60):
        for path in paths:
            os.rename(path, path + ".1")
            append(path + ".1", event(3))
            append(path, event(4))
    exporter.expect(ok=120)
    assert len(read(paths[0])) > 0
    wait_until(lambda: len([p for p in exporter.open_files() if tree.root in p]) <= 6, 10)
