"""Events as Prodigy writes them, and the files they lie in."""

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
