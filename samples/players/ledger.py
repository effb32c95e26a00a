"""What a follower must show: metric values, counted as events are told, from what happened."""


def spell(bound):
    """A bucket's bound as expositions have it: 0.005, 10.0, 1e+06, +Inf."""
    text = f"{bound:g}".replace("inf", "+Inf")
    return text if set(text) & set(".eI") else text + ".0"


class Ledger:
    """Values by `name{label="value",...}`, labels by name."""

    def __init__(self):
        self.values = {}
        self.inside = {}  # of sets: where each key is
        self.events = {}  # how many of each were written

    @staticmethod
    def key(name, labels):
        inner = ",".join(f'{label}="{labels[label]}"' for label in sorted(labels))
        return f"{name}{{{inner}}}" if inner else name

    def add(self, name, amount=1, **labels):
        key = self.key(name, labels)
        self.values[key] = self.values.get(key, 0) + amount

    def put(self, name, amount, **labels):
        self.values[self.key(name, labels)] = amount

    def observe(self, name, bounds, amount, **labels):
        self.add(name + "_sum", amount, **labels)
        self.add(name + "_count", 1, **labels)
        for bound in [*bounds, float("inf")]:
            self.add(name + "_bucket", 1 if amount <= bound else 0, **labels, le=spell(bound))

    def enter(self, name, who, **labels):
        self.leave(name, who)
        self.inside[name, who] = labels
        self.add(name, 1, **labels)

    def leave(self, name, who):
        labels = self.inside.pop((name, who), None)
        if labels is not None:
            self.add(name, -1, **labels)

    def clear(self, name):
        for other, who in list(self.inside):
            if other == name:
                self.leave(name, who)
