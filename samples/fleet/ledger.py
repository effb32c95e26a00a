"""What a follower of the fleet must show: metric values, and the facts that change them.

A fact stands with the line that tells it, and counts when that line is on disk."""

from fleet.moments import SECOND

BUCKETS = {
    "prodigy_workflow_duration_seconds": [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14400],
    "prodigy_step_duration_seconds": [0.1, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600],
    "prodigy_mapreduce_job_duration_seconds": [30, 60, 120, 300, 600, 1800, 3600],
    "prodigy_agent_duration_seconds": [1, 10, 30, 60, 300, 600, 1200, 1800, 3600, 7200],
    "prodigy_mapreduce_agent_duration_seconds":
        [1, 5, 10, 30, 60, 120, 300, 1200, 1800, 3600, 7200],
    "prodigy_mapreduce_processing_latency_seconds":
        [2**i / 1000 for i in range(15)] + [2**i for i in range(5, 13)],
}


class Ledger:
    """Metric values by `name{label="value",...}`, labels by name, without empty ones."""

    def __init__(self):
        self.values = {}
        self.completions = {}
        self.notes = {}  # what happened, but no metric tells

    def tell(self, *facts):
        """What these facts say is on disk now."""
        for verb, name, labels, amount in facts:
            getattr(self, verb)(name, labels, amount)

    @staticmethod
    def key(name, labels):
        inner = ",".join(f'{label}="{labels[label]}"' for label in sorted(labels) if labels[label])
        return f"{name}{{{inner}}}" if inner else name

    def add(self, name, labels, amount):
        key = self.key(name, labels)
        self.values[key] = self.values.get(key, 0) + amount

    def put(self, name, labels, amount):
        self.values[self.key(name, labels)] = amount

    def observe(self, name, labels, amount):
        self.add(name + "_sum", labels, amount)
        self.add(name + "_count", labels, 1)
        for bound in BUCKETS[name] + [float("inf")]:
            le = "+Inf" if bound == float("inf") else str(float(bound))
            self.add(name + "_bucket", {**labels, "le": le}, 1 if amount <= bound else 0)

    def note(self, name, labels, amount):
        key = self.key(name, labels)
        self.notes[key] = self.notes.get(key, 0) + amount

    def complete(self, name, labels, nanoseconds):
        """One completion; the rate is that of the 60 whole seconds that end with the last."""
        seconds = self.completions.setdefault(self.key(name, labels), [])
        seconds.append(nanoseconds // SECOND)
        last = max(seconds)
        self.put(name, labels, sum(second > last - 60 for second in seconds) / 60)


def add(name, amount=1, **labels):
    return ("add", name, labels, amount)


def put(name, amount, **labels):
    return ("put", name, labels, amount)


def observe(name, amount, **labels):
    return ("observe", name, labels, amount)


def complete(name, nanoseconds, **labels):
    return ("complete", name, labels, nanoseconds)


def note(name, amount=1, **labels):
    return ("note", name, labels, amount)
