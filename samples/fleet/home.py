"""Files beside the events directory, written with the system calls that Prodigy makes."""

import json
import os


def pretty(document):
    """As serde_json::to_string_pretty: no LF at the end."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


class Home:
    """A home directory whose events directory is HOME/.prodigy/events.

    Where the events directory lies elsewhere there is no home, and nothing is written: a directory
    that somebody named for events alone gets no neighbours. Paths start at HOME."""

    def __init__(self, events_directory, writes=True):
        events = os.path.abspath(events_directory)
        self.root = os.path.dirname(os.path.dirname(events))
        self.exists = events == os.path.join(self.root, ".prodigy", "events")
        self.writes = writes and self.exists

    def write(self, path, content):
        """fs::write: truncated first, so that for a moment the file is empty."""
        self.put(path, content, os.O_TRUNC)

    def append(self, path, content):
        self.put(path, content, os.O_APPEND)

    def replace(self, path, temporary, content):
        """Atomically: a temporary file beside it, then rename."""
        self.write(temporary, content)
        if self.writes:
            os.rename(os.path.join(self.root, temporary), os.path.join(self.root, path))

    def remove(self, path):
        if self.writes:
            os.unlink(os.path.join(self.root, path))

    def put(self, path, content, flag):
        if not self.writes:
            return
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o644)
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view):]
        os.close(descriptor)
