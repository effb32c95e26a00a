"""Event files as Prodigy writes, rotates and cleans them."""

import gzip
import os

from fleet.moments import SECOND

ROTATION_SIZE = 150_000  # bytes; Prodigy's own is 100 MiB


class EventFile:
    """Prodigy's writer: appends whole lines; rotates by two renames once the file is large, after
    which the new file is not O_APPEND. Facts count when their line is on disk; `closing` gives
    those that the end of the writer stands for."""

    def __init__(self, world, path, burst=1, rotates=False, closing=list):
        self.world = world
        self.path = os.path.join(world.root, path)
        self.burst = burst
        self.rotates = rotates
        self.closing = closing
        self.rotated_ns = world.now_ns
        self.waiting = []
        self.size = 0
        self.told = 0  # lines on disk
        self.descriptor = None
        if world.writes:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            self.descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        world.files.add(self)

    def write(self, line, facts):
        self.waiting.append((line, facts))
        if len(self.waiting) >= self.burst:
            self.flush()

    def flush(self):
        if self.rotates and self.size >= ROTATION_SIZE:
            self.rotate()
        content = "".join(line + "\n" for line, _ in self.waiting).encode()
        self.size += len(content)
        if self.descriptor is not None:
            view = memoryview(content)
            while view:
                view = view[os.write(self.descriptor, view):]
        self.told += len(self.waiting)
        for _, facts in self.waiting:
            self.world.ledger.add("prodigy_storage_events_written_total", {}, 1)
            self.world.ledger.tell(*facts)
        self.waiting.clear()

    def rotate(self):
        if self.world.now_ns - self.rotated_ns < SECOND:
            return  # the next name is made of the second: it must not hide the last one
        self.rotated_ns = self.world.now_ns
        self.size = 0
        if self.descriptor is None:
            return
        os.close(self.descriptor)
        backup = self.path + ".bak"
        os.rename(self.path, backup)
        os.rename(backup, self.path.replace(".jsonl", f".{self.world.stamp()}.jsonl.gz"))
        self.descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)

    def close(self):
        """What waits is lost, as Prodigy loses it."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None
        self.world.files.discard(self)
        self.world.ledger.tell(*self.closing())
        self.closing = list


def clean(world, path, keep):
    """`prodigy events clean --archive` of one file: the oldest lines stay, the newest go."""
    path = os.path.join(world.root, path)
    with open(path, "rb") as file:
        lines = file.readlines()
    kept = lines[:int(len(lines) * keep)]
    removed = lines[len(kept):]
    if removed:
        archive = os.path.join(world.root, "archive", f"events_archive_{world.stamp()}.jsonl.gz")
        os.makedirs(os.path.dirname(archive), exist_ok=True)
        with gzip.open(archive, "wb") as file:
            file.writelines(removed)
    temporary = os.path.splitext(path)[0] + ".tmp"
    with open(temporary, "wb") as file:
        file.writelines(kept)
    os.rename(temporary, path)
