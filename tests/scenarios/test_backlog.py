"""Much at once: scenario 60. FULL=1 takes the size of the catalogue (10 GB)."""

import os
import resource
import shutil
import subprocess
import sys
import threading
import time

import pytest

from events import append, event, events, open_append, padded_event, write_all
from program import FULL, is_sanitizer_build, wait_until

MIB = 1 << 20
FILES, FILE_SIZE = (100, 100 * MIB) if FULL else (100, 2 * MIB)


@pytest.fixture
def backlog(tree):
    """100 files; one block of lines again and again, without ids, so that each line counts."""
    block = b"".join(b'{"event":{"event_type":"tick","n":%d,"text":"%s"}}\n' % (n, b"x" * 200)
                     for n in range(2000))
    copies = FILE_SIZE // len(block)
    for number in range(FILES):
        writer = open_append(tree.job_file("repo", f"job-{number}"))
        for _ in range(copies):
            write_all(writer, block)
        os.close(writer)
    yield FILES * copies * 2000
    shutil.rmtree(tree.root)  # pytest would keep it for a while


def test_s60_a_backlog_killed_at_half(tree, launch, backlog):
    total = sum(os.path.getsize(tree.job_file("repo", f"job-{n}")) for n in range(FILES))
    exporter = launch(tree.root)
    took, fresh, fresh_at = [], None, 0
    while exporter.own("read_bytes_total") < total / 2:
        began = time.monotonic()
        assert exporter.request("/metrics").status == 503
        took.append(time.monotonic() - began)
        if fresh is None and exporter.own("read_bytes_total") > total / 10:
            fresh = tree.job_file("repo", "job-fresh")
            append(fresh, event(1))
            fresh_at = time.monotonic()
    if not is_sanitizer_build():  # other tests may take the processor away for a moment
        took.sort()
        assert took[len(took) * 95 // 100] < 1 and took[-1] < 10, took[-5:]
    assert fresh and (time.monotonic() - fresh_at < 20 or is_counted(exporter, fresh)), "starved"
    read = exporter.own("read_bytes_total")
    exporter.kill9()
    exporter.start()
    left = exporter.status()["catch_up"]["bytes_total"]
    assert left < total - read * 0.5, "what was saved before the kill is read again"
    samples = exporter.expect(ok=backlog + 1, timeout=1200 if FULL else 60)
    assert samples.value("jsonl_exporter_read_bytes_total") == total + len(event(1))


def is_counted(exporter, path):
    return any(each["path"] == path and each["lines"] == 1
               for each in exporter.status(limit=100000)["streams"])


def test_s60_a_fresh_file_is_counted_during_a_backlog(tree, exporter):
    """After the first catch-up, when everything is served at any time."""
    exporter.sync()
    block = b"".join(event(n) for n in range(10000))
    done = threading.Event()

    def write():
        for number in range(30):
            append(tree.job_file("repo", f"job-{number}"), block)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    append(tree.job_file("repo", "job-fresh"), event(1))
    wait_until(lambda: exporter.scrape_once().total("ok_total", job_id="job-fresh") == 1, 20)
    thread.join()
    exporter.expect_lasting(ok=300001, timeout=60)


def test_s60_b_two_writers_whose_long_lines_interleave(tree, exporter):
    """64 KiB lines in pieces of 16 KiB, both with O_APPEND: whatever comes out, each LF ends a
    line, and each line is good or bad."""
    def write(first):
        descriptor = open_append(tree.file)
        for number in range(first, first + 30):
            line = padded_event(number, 65536)
            for begin in range(0, len(line), 16384):
                os.write(descriptor, line[begin:begin + 16384])
        os.close(descriptor)

    threads = [threading.Thread(target=write, args=(first,)) for first in (1, 1001)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(tree.file, "rb") as file:
        lines = file.read().count(b"\n")
    assert lines == 60
    samples = exporter.sync(timeout=20)
    assert samples.ok + samples.bad + samples.skipped("duplicate") == lines
    exporter.expect_lasting(ok=samples.ok, bad=samples.bad)


@pytest.mark.parametrize("restart", [False, True], ids=["live", "restarted"])
def test_s60_c_a_hole_that_is_filled_later(tree, exporter, restart):
    """A writer without O_APPEND leaves a hole, and fills it after what follows was counted."""
    first, second = event(1), event(2)
    descriptor = os.open(tree.file, os.O_WRONLY | os.O_CREAT, 0o644)
    os.pwrite(descriptor, second, len(first))
    exporter.sync()
    time.sleep(5 if FULL else 1.5)
    if restart:
        exporter.restart()
    os.pwrite(descriptor, first, 0)
    exporter.expect(ok=2, timeout=14)
    append(tree.file, event(3))
    os.close(descriptor)
    exporter.expect_lasting(ok=3)


WRITER = """
import os, resource, signal, sys
path, limit = sys.argv[1], int(sys.argv[2])
first, second = sys.argv[3].encode(), sys.argv[4].encode()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
written = os.write(descriptor, first)
assert written < len(first), "the disk was not full"
try:
    os.write(descriptor, first[written:])
    raise SystemExit("the disk was not full")
except OSError:
    pass
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
os.write(descriptor, second)
"""


def test_s60_d_a_writer_whose_disk_is_full_in_the_middle_of_a_line(tree, exporter):
    """The rest of the line is lost, and the next line stands behind the half one."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    append(tree.file, events(1, 5))
    size = os.path.getsize(tree.file)
    subprocess.run(
        [sys.executable, "-c", WRITER, tree.file, str(size + 100), event(6).decode(),
         event(7).decode() + event(8).decode()], check=True)
    exporter.expect_lasting(ok=6, bad=1)
