"""One exposition, parsed: what a scraper would know."""

import math

from prometheus_client.parser import text_string_to_metric_families

# Reasons that make a line bad in the sense of the scenarios; others have names of their own.
BAD_REASONS = ("malformed", "too_deep", "not_object", "no_type")


# Of the exporter's own metrics, those that go on across restarts as the rules' metrics do, and
# that depend on the files alone.
LASTING = tuple(
    f"jsonl_exporter_{name}_total"
    for name in (
        "read_bytes", "read_lines", "events", "events_unmatched", "lines_skipped", "rule_errors",
        "fields_missing", "truncations", "ambiguous_rewrites", "files_given_up",
    )
)


class Samples:
    """One parsed exposition."""

    def __init__(self, text):
        self.text = text
        self.types = {}
        self.samples = {}
        self.rising = set()  # what never falls, by key
        for family in text_string_to_metric_families(text):
            self.types[family.name] = family.type
            for sample in family.samples:
                key = (sample.name, frozenset(sample.labels.items()))
                assert key not in self.samples, f"sample shown twice: {sample}"
                self.samples[key] = sample.value
                if family.type == "counter" or sample.name.endswith(("_bucket", "_count")):
                    self.rising.add(key)

    def matching(self, name, **labels):
        wanted = set(labels.items())
        return {
            key[1]: value
            for key, value in self.samples.items()
            if key[0] == name and wanted <= key[1]
        }

    def total(self, name, **labels):
        """Sum over the samples of this name that carry these labels; 0 where there is none."""
        return sum(self.matching(name, **labels).values())

    def value(self, name, **labels):
        """The one sample of this name that carries these labels."""
        found = self.matching(name, **labels)
        assert len(found) == 1, f"{name}{labels}: {len(found)} samples\n{self.text}"
        return next(iter(found.values()))

    def has(self, name, **labels):
        return bool(self.matching(name, **labels))

    def own(self):
        """Samples of rules alone, keyed `name{a="1",b="2"}` with labels in order of name."""
        result = {}
        for (name, labels), value in self.samples.items():
            if name.startswith(("jsonl_exporter_", "process_")):
                continue
            inner = ",".join(f'{key}="{text}"' for key, text in sorted(labels))
            result[name + (f"{{{inner}}}" if inner else "")] = value
        return result

    def lasting(self):
        """What a restart must not change, by key: all of the rules, and the own totals."""
        return {
            key: value
            for key, value in self.samples.items()
            if key[0] in LASTING or not key[0].startswith(("jsonl_exporter_", "process_"))
        }

    def skipped(self, *reasons):
        return sum(
            self.total("jsonl_exporter_lines_skipped_total", reason=reason) for reason in reasons
        )

    @property
    def ok(self):
        return self.total("ok_total")

    @property
    def bad(self):
        return self.skipped(*BAD_REASONS)

    @property
    def lag(self):
        return self.total("jsonl_exporter_lag_bytes")

    def progress(self):
        """What moves when something is counted."""
        return (
            self.ok,
            self.total("jsonl_exporter_read_lines_total"),
            self.total("jsonl_exporter_read_bytes_total"),
            self.total("jsonl_exporter_lines_skipped_total"),
        )


def same_number(left, right):
    if math.isnan(left) or math.isnan(right):
        return math.isnan(left) and math.isnan(right)
    return left == right or math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12)
