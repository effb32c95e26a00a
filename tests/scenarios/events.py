"""Events as Prodigy writes them, and writers that make the system calls of the real ones."""

import gzip
import json
import os
import uuid


def event_id(number):
    return str(uuid.UUID(int=(0x4000 << 64) | (0x8000 << 48) | number))


def record(number, /, kind="agent_progress", when="2026-11-21T03:04:05.678901234Z", **body):
    """One record with its envelope, as a dict."""
    return {
        "id": event_id(number),
        "timestamp": when,
        "correlation_id": "db1a8899-697b-45fb-a783-5a6a8a928aff",
        "event": {"event_type": kind, **body},
        "metadata": {"host": "localhost", "pid": 4711, "thread": "tokio-rt-worker"},
    }


def bare(content):
    """Any JSON value on one line, without its end."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def event(number, /, kind="agent_progress", end=b"\n", **body):
    """`ev N` of the scenarios: a valid line with the unique id N, and LF."""
    return bare(record(number, kind, job_id="job-1", agent_id="agent-0", **body)) + end


def events(first, last, **body):
    """Lines of ids first..last, both included."""
    return b"".join(event(number, **body) for number in range(first, last + 1))


def padded_event(number, length):
    """A valid line of exactly `length` bytes, its LF included."""
    missing = length - len(event(number, padding=""))
    assert missing >= 0
    return event(number, padding="x" * missing)


def append(path, content):
    """One write(2) at the end of `path`, which is created if missing; then close."""
    descriptor = open_append(path)
    write_all(descriptor, content)
    os.close(descriptor)


def open_append(path):
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def write_all(descriptor, content):
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view):]


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Tree:
    """R, J and F of the scenarios."""

    def __init__(self, root, create=False):
        self.root = os.fspath(root)
        self.job = os.path.join(self.root, "repo", "job-1")
        self.file = os.path.join(self.job, "events-20250101_000000.jsonl")
        if create:
            os.makedirs(self.job)

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def job_file(self, repo, job, name="events-20250101_000000.jsonl"):
        """The path of a job's event file; its directory is made."""
        directory = os.path.join(self.root, repo, job)
        os.makedirs(directory, exist_ok=True)
        return os.path.join(directory, name)


class ProdigyWriter:
    """Prodigy's event writer (sequences W1 to W7): O_APPEND at first; rotates at the start of a
    write once the file has reached `rotation_size`, after which the new file is not O_APPEND."""

    def __init__(self, path, rotation_size=100 << 20):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.path = path
        self.rotation_size = rotation_size
        self.descriptor = open_append(path)
        self.size = os.fstat(self.descriptor).st_size

    @property
    def backup(self):
        return self.path + ".bak"

    def rotated(self, stamp):
        return self.path.replace(".jsonl", f".{stamp}.jsonl.gz")

    def write(self, content, stamp="20250101_000100"):
        if self.size >= self.rotation_size:
            self.rotate(stamp)
        write_all(self.descriptor, content)
        self.size += len(content)

    def rotate(self, stamp, killed_at=None):
        """Two renames, then a new file. `killed_at`: the process dies before that step."""
        os.close(self.descriptor)
        self.descriptor = None
        os.rename(self.path, self.backup)
        if killed_at == "second rename":
            return
        os.rename(self.backup, self.rotated(stamp))
        if killed_at == "new file":
            return
        self.descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        self.size = 0

    def close(self):
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


class Clean:
    """`prodigy events clean` of one job's files (sequences W8 to W12): the kept lines go to a
    temporary file that replaces the old one by rename; removed lines go to an archive."""

    def __init__(self, root, keep=lambda number: True, max_events=None, archive=True,
                 stamp="20250201_000000"):
        self.root = root
        self.keep = keep
        self.max_events = max_events
        self.archive = archive
        self.stamp = stamp

    def job(self, directory, crash_before_rename=False):
        for name in sorted(os.listdir(directory)):
            if name.endswith(".jsonl"):
                self.file(os.path.join(directory, name), crash_before_rename)

    def split(self, content):
        """What stays and what goes. Broken and blank lines go nowhere."""
        kept, removed = [], []
        for line in content.split(b"\n"):
            line = line.rstrip(b"\r")
            try:
                number = uuid.UUID(json.loads(line)["id"]).int & 0xFFFFFFFFFFFF
            except (ValueError, KeyError, TypeError):
                continue
            stays = self.keep(number) and (
                self.max_events is None or len(kept) < self.max_events
            )
            (kept if stays else removed).append(line + b"\n")
        return b"".join(kept), b"".join(removed)

    def file(self, path, crash_before_rename=False, between=None):
        """`between` is called after the file was read, before its replacement is in place."""
        kept, removed = self.split(read(path))
        if self.archive and removed:
            directory = os.path.join(self.root, "archive")
            os.makedirs(directory, exist_ok=True)
            archive = os.path.join(directory, f"events_archive_{self.stamp}.jsonl.gz")
            with gzip.open(archive, "wb") as output:
                output.write(removed)
        temporary = os.path.splitext(path)[0] + ".tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        write_all(descriptor, kept)
        if between:
            between()
        if crash_before_rename:
            os.close(descriptor)
            return
        os.rename(temporary, path)
        os.close(descriptor)
