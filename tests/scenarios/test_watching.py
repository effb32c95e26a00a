"""Where inotify tells nothing, or too little: scenarios 53 to 56, and names that bite."""

import ctypes
import errno
import mmap
import os
import shutil
import subprocess

import pytest

from conftest import need_program
from events import append, event, events, write_all
from exporter import COUNT_EVERYTHING
from meanwhile import during
from program import FULL, wait_until

RESCAN = 14  # seconds in which a rescan, due every 10, has surely happened


def test_s53_queue_overflow(tree, exporter):
    with open("/proc/sys/fs/inotify/max_queued_events") as file:
        limit = int(file.read())
    # Each file gives CREATE, MODIFY and CLOSE_WRITE.
    count = max(20000, limit + 1000) if FULL else limit // 2
    exporter.sync()
    exporter.sigstop()
    for number in range(count):
        append(tree.path("repo", "job-1", f"events-{number}.jsonl"), event(number))
    exporter.sigcont()
    samples = exporter.expect(ok=count, timeout=60)
    assert samples.value("jsonl_exporter_watch_overflows_total") >= 1
    append(tree.job_file("repo", "job-2"), event(1))
    exporter.expect_lasting(ok=count + 1)


def test_s54_max_user_watches_reached(tree, launch):
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
    exporter.expect_lasting(ok=38, timeout=RESCAN)


def test_s56_writes_through_a_mapping(tree, exporter):
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
    exporter.expect_lasting(ok=2, timeout=RESCAN)


def test_s56_a_mount_placed_over_a_directory(tree, launch):
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


def test_s56_without_inotify_everything_is_polled(tree, launch):
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
    exporter.expect_lasting(ok=4)


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
def test_s56_hostile_names(tree, exporter, name):
    directory = os.fsencode(tree.path("repo")) + b"/" + HOSTILE[name]
    os.makedirs(directory)
    append(directory + b"/events-" + HOSTILE[name][:200] + b".jsonl", event(1) + b"{broken\n")
    samples = exporter.expect(ok=1, bad=1)
    expected = HOSTILE[name].decode("utf-8", "replace")
    assert samples.value("ok_total", job_id=expected) == 1
    for line in exporter.log().splitlines():
        assert line.startswith(("ts=", "time=")), f"a forged log line: {line!r}"
        assert line.isprintable() or "\U0001f600" in line, f"a raw control byte: {line!r}"
    if name in ("line feed", "255 bytes", "not utf-8"):
        exporter.expect_lasting(ok=1, bad=1)


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


def test_s56_a_subtree_deeper_than_a_path_can_be(tree, launch):
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
    exporter.expect_lasting(ok=3)


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


@during("live", "asleep", "stopped", "killed")
def test_a_file_that_becomes_a_directory_and_back(tree, exporter, meanwhile):
    append(tree.file, event(1))
    with meanwhile(exporter, ok=1):
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
