"""One run of anything: its file, its ids, and the style in which it writes events."""

import json
import os
import re
import uuid

from fleet.event_file import EventFile
from fleet.moments import SECOND, rfc3339


def serde_name(name):
    """DLQItemAdded -> d_l_q_item_added: every capital gets its own underscore."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def documented_name(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


class Style:
    def __init__(self, name, spell, duration, envelope=True):
        self.name = name
        self.spell = spell        # of event names
        self.duration = duration  # nanoseconds to JSON
        self.envelope = envelope


def pair(ns):
    return [ns // SECOND, ns % SECOND]


def document(ns):
    return {"secs": ns // SECOND, "nanos": ns % SECOND}


DOCUMENTED = Style("documented", documented_name, document)
DESIGN = Style("design", lambda name: name, lambda ns: ns / SECOND)
BARE = Style("bare", documented_name, document, envelope=False)
LEGACY = Style("0.1.x", serde_name, pair)


class Run:
    """One run: its file, its ids, its style. Logs events with the facts they stand for."""

    def __init__(self, world, style, directory, started, rng, **options):
        self.world = world
        self.style = style
        self.rng = rng
        self.path = os.path.join(directory, f"events-{started}.jsonl")
        self.file = EventFile(world, self.path, **options)
        self.correlation_id = self.new_id()
        self.pid = rng.randrange(2000, 60000)

    def new_id(self):
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def log(self, name, fields, *facts):
        when = self.world.wall_ns
        event = {"event_type": self.style.spell(name), **fields}
        if self.style.envelope:
            metadata = [("host", "localhost"), ("pid", self.pid), ("thread", "tokio-rt-worker")]
            self.rng.shuffle(metadata)
            event = {"id": self.new_id(), "timestamp": rfc3339(when),
                     "correlation_id": self.correlation_id, "event": event,
                     "metadata": dict(metadata)}
        else:
            event.setdefault("timestamp", rfc3339(when))
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        self.file.write(line, facts)

    def seconds(self, low, high):
        return self.rng.uniform(low, high)

    def chance(self, probability):
        return self.rng.random() < probability
