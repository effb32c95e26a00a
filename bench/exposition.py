"""Samples of an exposition in the text format, and their comparison with expected totals."""
import re

SAMPLE = re.compile(rb"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$", re.M)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
EVENTS = re.compile(rb"^prodigy_events_total\{[^}]*\} (\S+)$", re.M)

SUM_TOLERANCE = 1e-9  # of a histogram's sum: doubles added up in another order


def events_counted(body):
    return int(sum(map(float, EVENTS.findall(body))))


def canonical(name, labels):
    """NAME{labels sorted by name}; a bound of "1.0" is "1"."""
    pairs = sorted((key, value.removesuffix(".0") if key == "le" else value)
                   for key, value in LABEL.findall(labels))
    inside = ",".join(f'{key}="{value}"' for key, value in pairs)
    return f"{name}{{{inside}}}" if inside else name


def parse(body):
    """{canonical name: value}."""
    return {canonical(name.decode(), labels.decode()): float(value)
            for name, labels, value in SAMPLE.findall(body)}


def differs(name, wanted, found):
    if found is None:
        return wanted != 0
    if name.endswith("_sum"):
        return abs(found - wanted) > SUM_TOLERANCE * abs(wanted)
    return found != wanted


def wrong_samples(body, expected):
    """[(name, wanted, found)] of the expected samples that the exposition does not have right."""
    found = parse(body)
    return [(name, wanted, found.get(name)) for name, wanted in expected["samples"].items()
            if differs(name, wanted, found.get(name))]
