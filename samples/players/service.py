"""A service that tells what it does: events go to its file, what they mean to the ledger."""

import json
import os


class Service:
    """One file, opened for appending; each event is one write of one whole line."""

    FILE = ""
    BUCKETS = {}

    def __init__(self, stage, ledger):
        self.stage = stage
        self.ledger = ledger
        self.rng = stage.random(self.FILE)
        path = os.path.join(stage.directory, self.FILE)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def tell(self, event, **fields):
        line = json.dumps({"time": self.stage.time(), "event": event, **fields})
        os.write(self.descriptor, (line + "\n").encode())
        self.ledger.events[event] = self.ledger.events.get(event, 0) + 1

    # What that means.

    def count(self, name, amount=1, **labels):
        self.ledger.add(name, amount, **labels)

    def put(self, name, amount, **labels):
        self.ledger.put(name, amount, **labels)

    def observe(self, name, amount, **labels):
        self.ledger.observe(name, self.BUCKETS[name], amount, **labels)

    # Chance.

    def pause(self, mean):
        """Seconds until the next piece of traffic, of which there is one every `mean` or so."""
        return self.rng.uniform(0.2, 1.8) * mean / self.stage.load

    def seconds(self, low, high):
        """A time that was measured, with a long tail, as short as it can be written."""
        tail = self.rng.paretovariate(1.6) - 1
        return round(min(low * (1 + tail), high), 4)

    def chance(self, probability):
        return self.rng.random() < probability

    def pick(self, weights):
        """One of the keys, by weight."""
        return self.rng.choices(list(weights), list(weights.values()))[0]
