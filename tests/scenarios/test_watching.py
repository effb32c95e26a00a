"""Directories and files that come, go, move, hide, or change where inotify does not look."""

import ctypes
import errno
import mmap
import os
import shutil
import subprocess
import time

import pytest

from conftest import need_program
from events import Tree, append, event, events, open_append, write_all
from exporter import COUNT_EVERYTHING, FULL, wait_until

RESCAN = 14  # seconds in which a rescan, due every 10, has surely happened


@pytest.mark.parametrize("round_", range(40 if FULL else 2))
def test_directories_made_and_filled_at_once_are_all_found_and_watched(tree, exporter, round_):
    paths = []
    for number in range(300):
        path = tree.path(f"repo-{number % 7}", f"job-{number}", "events-1.jsonl")
        os.makedirs(os.path.dirname(path))
        append(path, event(number))
        paths.append(path)
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


def test_a_directory_moved_in_with_its_files(tree, exporter, tmp_path):
    outside = Tree(tmp_path / "outside")
    append(outside.job_file("repo", "job-5"), events(1, 3))
    os.rename(outside.path("repo", "job-5"), tree.path("repo", "job-5"))
    samples = exporter.expect(ok=3)
    assert samples.value("ok_total", job_id="job-5") == 3
    append(tree.job_file("repo", "job-5"), event(4))
    exporter.expect(ok=4)


def test_a_renamed_directory_is_not_counted_again_and_its_new_name_labels_what_follows(
    tree, exporter
):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    os.rename(tree.job, tree.path("repo", "job-9"))
    exporter.expect_unchanged(ok=3)
    append(tree.job_file("repo", "job-9"), event(4))
    samples = exporter.expect(ok=4)
    assert samples.value("ok_total", job_id="job-1") == 3
    assert samples.value("ok_total", job_id="job-9") == 1


def test_a_renamed_repository_directory_keeps_its_jobs(tree, exporter):
    for number in range(5):
        append(tree.job_file("repo", f"job-{number}"), events(1, 2))
    exporter.expect(ok=10)
    os.rename(tree.path("repo"), tree.path("other"))
    exporter.expect_unchanged(ok=10)
    for number in range(5):
        append(tree.job_file("other", f"job-{number}"), event(3))
    exporter.expect(ok=15)


def test_a_directory_moved_out_is_drained(tree, exporter, tmp_path):
    writer = open_append(tree.file)
    write_all(writer, events(1, 3))
    exporter.expect(ok=3)
    exporter.sleep_process()
    write_all(writer, events(4, 6))
    os.rename(tree.job, tmp_path / "elsewhere")
    exporter.wake_process()
    exporter.expect(ok=6)
    os.close(writer)
    wait_until(lambda: exporter.value("jsonl_exporter_files_held") == 0, 30)
    append(tmp_path / "elsewhere" / os.path.basename(tree.file), event(7))
    exporter.expect_unchanged(ok=6, rest=2)


def test_a_directory_moved_away_and_one_of_the_same_name_put_in_its_place(tree, exporter):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    os.rename(tree.job, tree.path("repo", "job-old"))
    os.makedirs(tree.job)
    append(tree.file, event(4))
    samples = exporter.expect(ok=4)
    append(tree.file, event(5))
    append(tree.job_file("repo", "job-old"), event(6))
    samples = exporter.expect(ok=6)
    assert samples.value("ok_total", job_id="job-old") == 1
    assert samples.value("ok_total", job_id="job-1") == 5


def test_the_root_is_waited_for_survives_removal_and_comes_back(tmp_path, launch):
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
    assert len(missing) <= 1, "the missing directory is logged once"


def test_the_root_replaced_by_a_symbolic_link_to_itself_elsewhere(tree, exporter, tmp_path):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    os.rename(tree.root, tmp_path / "moved")
    os.symlink(tmp_path / "moved", tree.root)
    append(tree.file, event(4))
    exporter.expect(ok=4, timeout=15)


def test_the_root_replaced_by_another_tree(tree, exporter, tmp_path):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    other = Tree(tmp_path / "other")
    append(other.job_file("repo", "job-2"), events(11, 14))
    os.rename(tree.root, tmp_path / "old")
    os.rename(other.root, tree.root)
    exporter.expect(ok=7, timeout=15)
    append(tree.job_file("repo", "job-2"), event(15))
    exporter.expect(ok=8)


@pytest.fixture
def without_privileges():
    """A command prefix under which file permissions hold even for root."""
    if os.geteuid() != 0:
        return []
    program = need_program("setpriv")
    drop = "-dac_override,-dac_read_search,-fowner,-sys_admin"
    prefix = [program, f"--bounding-set={drop}", "--inh-caps=-all"]
    if subprocess.run(prefix + ["true"]).returncode != 0:
        pytest.skip("capabilities cannot be dropped here")
    return prefix


def test_a_file_without_read_permission_is_counted_once_it_is_granted(
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


def test_a_directory_without_permission_is_counted_once_it_is_granted(
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


def test_permission_that_is_taken_away_later_recounts_nothing(
    tree, launch, without_privileges
):
    append(tree.file, event(1))
    exporter = launch(tree.root, prefix=without_privileges)
    exporter.expect(ok=1)
    os.chmod(tree.job, 0)
    try:
        exporter.expect_unchanged(ok=1, rest=2)
    finally:
        os.chmod(tree.job, 0o755)
    append(tree.file, event(2))
    exporter.expect(ok=2, timeout=RESCAN)


def test_many_directories_before_and_after_the_start(tree, launch, request):
    directories, files = (10000 if FULL else 600), 5
    first = directories * 9 // 10

    def fill(begin, end):
        for number in range(begin, end):
            directory = tree.path(f"repo-{number % 20}", f"job-{number}")
            os.makedirs(directory)
            for name in range(files):
                append(os.path.join(directory, f"events-{name}.jsonl"), event(name))

    fill(0, first)
    began = time.monotonic()
    exporter = launch(tree.root)
    exporter.expect(ok=first * files, still=0)
    assert time.monotonic() - began < 5 * (1 if not FULL else 3)
    fill(first, directories)
    exporter.expect(ok=directories * files, timeout=30)
    assert exporter.value("jsonl_exporter_watches") >= directories
    try:
        request.getfixturevalue("without_sanitizer")
    except pytest.skip.Exception:
        return
    before = exporter.cpu_seconds()
    time.sleep(20 if FULL else 5)
    assert exporter.cpu_seconds() - before < (20 if FULL else 5) * 0.02


def test_an_overflow_of_the_event_queue_loses_nothing(tree, exporter):
    with open("/proc/sys/fs/inotify/max_queued_events") as file:
        limit = int(file.read())
    # Each file gives CREATE, MODIFY and CLOSE_WRITE.
    count = max(20000, limit + 1000) if FULL else limit // 2
    exporter.sync()
    exporter.sleep_process()
    for number in range(count):
        append(tree.path("repo", "job-1", f"events-{number}.jsonl"), event(number))
    exporter.wake_process()
    samples = exporter.expect(ok=count, timeout=60)
    assert samples.value("jsonl_exporter_watch_overflows_total") >= 1
    append(tree.job_file("repo", "job-2"), event(1))
    exporter.expect(ok=count + 1)


def test_directories_over_the_watch_limit_are_rescanned(tree, launch):
    limit = "/proc/sys/user/max_inotify_watches"
    shell = f'echo 10 > {limit} && exec "$@"'
    prefix = [need_program("unshare"), "-Ur", "sh", "-c", shell, "sh"]
    if subprocess.run(prefix + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("user namespaces are not available here")
    paths = [tree.job_file("repo", f"job-{n}") for n in range(1, 20)]
    for number, path in enumerate(paths):
        append(path, event(number))
    exporter = launch(tree.root, prefix=prefix)
    samples = exporter.expect(ok=19)
    assert samples.value("jsonl_exporter_watches") == 10
    assert samples.value("jsonl_exporter_unwatched_directories") == 11
    for number, path in enumerate(paths):
        append(path, event(1000 + number))
    exporter.expect(ok=38, timeout=RESCAN)


def test_writes_through_a_mapping_are_found_by_the_rescan(tree, exporter):
    append(tree.file, event(1))
    exporter.expect(ok=1)
    line = event(2)
    size = os.path.getsize(tree.file)
    descriptor = os.open(tree.file, os.O_RDWR)
    os.ftruncate(descriptor, size + len(line))
    exporter.sync()
    with mmap.mmap(descriptor, size + len(line)) as mapping:
        mapping[size:] = line
        mapping.flush()
    os.close(descriptor)
    exporter.expect(ok=2, timeout=RESCAN)


def test_a_mount_placed_over_a_directory_is_found_by_the_rescan(tree, launch):
    unshare, nsenter = need_program("unshare"), need_program("nsenter")
    prefix = [unshare, "-Urm", "--propagation", "private"]
    if subprocess.run(prefix + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("mount namespaces are not available here")
    append(tree.file, event(1))
    exporter = launch(tree.root, prefix=prefix)
    exporter.expect(ok=1)
    enter = [nsenter, "-t", str(exporter.process.pid), "-U", "-m", "--preserve-credentials"]
    mount = subprocess.run(enter + ["mount", "-t", "tmpfs", "none", tree.job],
                           stderr=subprocess.PIPE)
    if mount.returncode != 0:
        pytest.skip(f"cannot mount: {mount.stderr.decode()}")
    # The file lies in the mount, which only the exporter's namespace sees.
    inside = f"/proc/{exporter.process.pid}/root{tree.file}"
    append(inside, events(2, 4))
    exporter.expect(ok=4, timeout=RESCAN)


def test_without_inotify_everything_is_polled(tree, launch):
    append(tree.file, event(1))
    exporter = launch(tree.root, options=["--no-inotify"])
    samples = exporter.expect(ok=1)
    assert samples.value("jsonl_exporter_watches") == 0
    append(tree.file, event(2))
    exporter.expect(ok=2, timeout=4)
    append(tree.job_file("repo", "job-2"), event(1))
    exporter.expect(ok=3, timeout=RESCAN)
    os.rename(tree.file, tree.file + ".1")
    append(tree.file, event(3))
    exporter.expect(ok=4, timeout=RESCAN)
    assert "poll" in str(exporter.get_json("/ready")).lower()


HOSTILE = {
    "line feed": b"job\nwith\nlines",
    "255 bytes": b"j" * 255,
    "not utf-8": b"job-\xff\xfe\x80",
    "quotes and backslashes": b'job"\\{}=,',
    "braces": b"{job_id}",
    "a leading dash": b"-rf",
    "escape sequences": b"job\x1b[31m\x07\x7f",
    "blanks": b"  job  ",
    "two dots": b"..job",
    "emoji": "\U0001f600".encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_followed_and_labelled(tree, exporter, name):
    directory = os.fsencode(tree.path("repo")) + b"/" + HOSTILE[name]
    os.makedirs(directory)
    append(directory + b"/events-" + HOSTILE[name][:200] + b".jsonl", event(1) + b"{broken\n")
    samples = exporter.expect(ok=1, bad=1)
    expected = HOSTILE[name].decode("utf-8", "replace")
    assert samples.value("ok_total", job_id=expected) == 1
    for line in exporter.log().splitlines():
        assert line.startswith(("ts=", "time=")), f"a forged log line: {line!r}"
        assert line.isprintable() or "\U0001f600" in line, f"a raw control byte: {line!r}"


def make_too_deep(root, name=b"d" * 250):
    """A chain of directories whose path passes PATH_MAX; returns the depth reached."""
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    depth = 0
    for depth in range(20):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here = below
    file = os.open(b"events-deep.jsonl", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=here)
    write_all(file, event(1))
    os.close(file)
    os.close(here)
    return depth


def test_a_subtree_deeper_than_a_path_can_be_is_left_out_and_nothing_else(tree, launch):
    rules = COUNT_EVERYTHING.replace(
        '"{repo}/{job_id}/events-*.jsonl*"', '"**/events-*.jsonl"'
    ).replace('{job_id: "{file.job_id}"}', "{job_id: all}")
    make_too_deep(tree.root)
    append(tree.file, event(1))
    exporter = launch(tree.root, rules=rules)
    exporter.expect(ok=1)
    append(tree.file, event(2))
    append(tree.job_file("repo", "job-2"), event(3))
    exporter.expect(ok=3)
    assert [line for line in exporter.log_lines() if "dddd" in str(line)]


def test_a_git_checkout_beside_the_followed_directories_adds_no_watch(tree, exporter):
    exporter.sync()
    before = exporter.value("jsonl_exporter_watches")
    for number in range(300):
        os.makedirs(tree.path("repo", "job-1", ".git", "objects", f"{number:03x}", "x"))
    append(tree.file, event(1))
    exporter.expect_unchanged(ok=1)
    assert exporter.value("jsonl_exporter_watches") == before


def test_directories_that_come_and_go_leave_nothing_behind(tree, exporter):
    exporter.sync()
    watches = exporter.value("jsonl_exporter_watches")
    for number in range(2000):
        path = tree.job_file("repo", f"short-{number}")
        if number % 100 == 0:
            append(path, event(number))
        shutil.rmtree(os.path.dirname(path))
    append(tree.file, event(5000))
    wait_until(lambda: exporter.total("ok_total", job_id="job-1") == 1, 15)
    wait_until(lambda: exporter.value("jsonl_exporter_watches") == watches, RESCAN)
    wait_until(lambda: not exporter.held_deleted_files(), 15)


def test_a_file_that_becomes_a_directory_and_back(tree, exporter):
    append(tree.file, event(1))
    exporter.expect(ok=1)
    os.unlink(tree.file)
    os.mkdir(tree.file)
    exporter.sync()
    os.rmdir(tree.file)
    append(tree.file, event(2))
    exporter.expect(ok=2)


def test_fifos_sockets_and_devices_of_a_followed_name_do_not_block(tree, exporter):
    os.mkfifo(tree.job_file("repo", "job-1", "events-fifo.jsonl"))
    if os.geteuid() == 0:
        try:
            os.mknod(tree.job_file("repo", "job-1", "events-zero.jsonl"), 0o020666,
                     os.makedev(1, 5))
        except OSError as error:
            assert error.errno == errno.EPERM
    append(tree.file, event(1))
    exporter.expect(ok=1)


def test_a_file_made_without_a_name_and_linked_in_later(tree, exporter):
    """O_TMPFILE and linkat: the name appears with the whole content behind it."""
    try:
        descriptor = os.open(tree.job, os.O_TMPFILE | os.O_WRONLY, 0o644)
    except OSError:
        pytest.skip("this file system has no O_TMPFILE")
    write_all(descriptor, events(1, 3))
    libc = ctypes.CDLL(None, use_errno=True)
    source = f"/proc/self/fd/{descriptor}".encode()
    assert libc.linkat(-100, source, -100, os.fsencode(tree.file), 0x400) == 0
    exporter.expect(ok=3)
    os.close(descriptor)
    exporter.expect_unchanged(ok=3)
