"""A recorded tree (tests/data), moved in time: as if its runs happened within the next seconds."""

import gzip
import os
import re
from datetime import datetime, timezone

SECOND = 1_000_000_000
TIME = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|\+00:00)")
STAMP = re.compile(r"(\d{8}_\d{6})")


def parse(text, fraction=b""):
    """Nanoseconds since 1970 of YYYY-MM-DDTHH:MM:SS and .fraction."""
    whole = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return int(whole.timestamp()) * SECOND + int((fraction or b".")[1:].ljust(9, b"0"))


def moment(text):
    """Of a time as documents have it."""
    match = TIME.fullmatch(text.encode())
    return parse(match[1].decode(), match[2])


def stamp_moment(name):
    """Of YYYYMMDD_HHMMSS somewhere in a name."""
    text = STAMP.search(name)[1]
    return int(datetime.strptime(text, "%Y%m%d_%H%M%S").replace(tzinfo=timezone.utc).timestamp()) \
        * SECOND


def spell(nanoseconds):
    whole = datetime.fromtimestamp(nanoseconds // SECOND, timezone.utc)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{nanoseconds % SECOND:09}".encode()


class RecordedTree:
    """The files of a tree by path, all times in them (not those in names) moved: its first time is
    `begin` (ns), its last one `length` seconds later. Archives of `events clean` are put back into
    the files that they were taken from, so that the tree is as it was before."""

    def __init__(self, directory, begin, length):
        self.files = {}
        for folder, _, names in os.walk(directory):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    self.files[os.path.relpath(path, directory)] = file.read()
        self.archives = [path for path in self.files if "/archive/events_archive_" in path]
        self.removed = b"".join(gzip.decompress(self.files.pop(path)) for path in self.archives)
        self.restore_removed()
        times = [parse(match[1].decode(), match[2])
                 for content in self.files.values() for match in TIME.finditer(content)]
        times += [stamp_moment(path) for path in self.archives]
        self.first, self.last = min(times), max(times)
        self.begin = begin
        self.scale = length * SECOND / (self.last - self.first)
        self.files = {path: TIME.sub(self.retime, content) for path, content in self.files.items()}

    def restore_removed(self):
        """What `clean` removed were the newest lines of the one file with events."""
        if self.removed:
            (path,) = (path for path, content in self.files.items()
                       if "/events/" in path and content)
            self.kept = self.files[path].count(b"\n")
            self.files[path] += self.removed

    def move(self, nanoseconds):
        """A recorded moment, as it is here; what is before the first is at it."""
        return self.begin + round(max(0, nanoseconds - self.first) * self.scale)

    def retime(self, match):
        moved = self.move(parse(match[1].decode(), match[2]))
        return spell(moved) + match[3]

    def stamped(self, path):
        """When a file was opened that has the second in its name."""
        return self.move(stamp_moment(os.path.basename(path)))

    @property
    def end(self):
        return self.move(self.last)

    def write(self, directory):
        """All files as they are in the end, at once."""
        for path, content in self.files.items():
            path = os.path.join(directory, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
        return directory
