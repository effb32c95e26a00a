"""Writers that make the system calls of Prodigy's own (event_writer.rs, retention.rs, cleanup.rs,
index.rs), as traced: the same flags, renames, and pieces of lines."""

import gzip
import json
import os
import shutil
import uuid

from events import append, open_append, read, write_all

BUFFER = 8 << 10   # BufWriter: flushed before a line that does not fit, a longer one passes it by
PIECE = 16 << 10   # of a line beyond the buffer, at a time (tokio 1.24)


def in_buffers(lines):
    """What one batch of lines is cut into by the writer's buffer: each at a line's end."""
    buffer = b""
    for line in lines.splitlines(keepends=True):
        if buffer and len(buffer) + len(line) > BUFFER:
            yield buffer
            buffer = b""
        if len(line) >= BUFFER:
            for begin in range(0, len(line), PIECE):
                yield line[begin:begin + PIECE]
        else:
            buffer += line
    if buffer:
        yield buffer


class ProdigyWriter:
    """Event writer (sequences W1 to W7): O_APPEND at first; rotates at the start of a write once
    the file has reached `rotation_size`, after which the new file is not O_APPEND."""

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

    def write(self, content, stamp="20250101_000100", between=None):
        """One batch. `between` is called between two pieces."""
        if self.size >= self.rotation_size:
            self.rotate(stamp)
        if self.descriptor is None:
            return  # after a failed rotation it drops events without a word
        for number, piece in enumerate(in_buffers(content)):
            if number and between:
                between()
            write_all(self.descriptor, piece)
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
    temporary file that replaces the old one by rename; removed lines go to an archive, which a
    second file of the same second overwrites."""

    def __init__(self, root, keep=lambda number: True, max_events=None, archive=True,
                 stamp="20250201_000000"):
        self.root = root
        self.keep = keep
        self.max_events = max_events
        self.archive = archive
        self.stamp = stamp

    @property
    def archive_path(self):
        return os.path.join(self.root, "archive", f"events_archive_{self.stamp}.jsonl.gz")

    def job(self, directory, crash_before_rename=False):
        """Each .jsonl of the job; what was rotated away is not touched."""
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
        content = read(path)
        try:
            content.decode()
        except UnicodeDecodeError:
            return  # read_line fails, and the file stays as it is
        kept, removed = self.split(content)
        if self.archive and removed:
            os.makedirs(os.path.dirname(self.archive_path), exist_ok=True)
            with gzip.open(self.archive_path, "wb") as output:
                output.write(removed)
        temporary = os.path.splitext(path)[0] + ".tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        for piece in in_buffers(kept):
            write_all(descriptor, piece)
        if between:
            between()
        if crash_before_rename:
            os.close(descriptor)
            return
        os.rename(temporary, path)
        os.close(descriptor)


def clean_events_storage(job):
    """`prodigy clean events` (W13): the whole directory of a job that looks old."""
    shutil.rmtree(job)


def write_index(job, events_counted):
    """`prodigy events index` (W14): index.json, written over in place."""
    path = os.path.join(job, "index.json")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    lines = [json.dumps({"event": {"event_type": "indexed"}, "number": number})
             for number in range(events_counted)]
    write_all(descriptor, ("[\n" + ",\n".join(lines) + "\n]\n").encode())
    os.close(descriptor)


def copytruncate(path, copy, between=None):
    """logrotate's: copies in two halves, then truncates."""
    content = read(path)
    half = len(content) // 2
    append(copy, content[:half])
    if between:
        between()
    append(copy, content[half:])
    os.truncate(path, 0)
