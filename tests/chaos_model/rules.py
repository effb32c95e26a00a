"""The rules under which lines are counted, and what they must show for any set of lines."""

BUCKETS = (10.0, 100.0, 500.0)

SOURCE = """\
sources:
  events:
    files: "{repo}/{job_id}/events-*.jsonl*"
    exclude: ["archive/events_archive_*", "*.tmp"]
    type: event.event_type
    body: event
    time: timestamp
"""

METRICS = """\
defaults:
  max_series: 1000000
metrics:
  chaos_lines_total: {type: counter, help: Lines., labels: [batch]}
  chaos_bits_total: {type: counter, help: Bits of lines., labels: [batch]}
  chaos_events_total: {type: counter, help: Events., labels: [job, type]}
  chaos_values_total: {type: counter, help: Sum of values., labels: [job]}
  chaos_size: {type: histogram, help: Values., labels: [job], buckets: [10, 100, 500]}
  chaos_active: {type: gauge, help: Agents that entered and did not leave., labels: [job]}
  chaos_tools_total: {type: counter, help: Distinct tools., labels: [job]}
  chaos_grown_total: {type: counter, help: What running totals grew by., labels: [job]}
  chaos_directory_total: {type: counter, help: Events by directory., labels: [directory]}
"""

RULES = """\
rules:
  "*":
    - inc: chaos_lines_total
    - {add: chaos_bits_total, value: bit}
    - {inc: chaos_events_total, labels: {type: "{event_type}"}}
    - {add: chaos_values_total, value: value}
    - {observe: chaos_size, value: value}
    - {inc: chaos_directory_total, labels: {directory: "{file.job_id}"}}
  enter:
    - {enter: chaos_active, key: key, scope: source}
  leave:
    - {leave: chaos_active, key: key, scope: source}
  tool:
    - {inc: chaos_tools_total, once: key}
  meter:
    - {add: chaos_grown_total, value: {increase: value, key: key}}
"""

# What a reload may bring, and take away again.
EXTRA_METRICS = """\
  extra_total: {type: counter, help: Of a metric that comes and goes., labels: [job]}
"""
EXTRA_RULES = """\
  work, extra:
    - inc: extra_total
"""


def rule_file(with_ids=True, extra=False):
    return (SOURCE + ("    id: id\n" if with_ids else "")
            + METRICS + (EXTRA_METRICS if extra else "")
            + RULES + (EXTRA_RULES if extra else ""))


BROKEN_FILE = "sources:\n  events: {files: 17\nrules: [\n"


class Expectation:
    """What the metrics show for the lines counted so far. None of it depends on their order."""

    def __init__(self):
        self.samples = {}  # name{labels} -> value, as a scrape shows it
        self.counted = 0
        self.entered, self.left = set(), set()
        self.tools = set()
        self.meters = {}

    def add(self, lines):
        for line in lines:
            self._add_line(line)

    def _increase(self, key, amount):
        self.samples[key] = self.samples.get(key, 0) + amount

    def _add_line(self, line):
        self.counted += 1
        job = f'job="{line.job}"'
        self._increase(f'chaos_events_total{{{job},type="{line.kind}"}}', 1)
        self._increase(f"chaos_values_total{{{job}}}", line.value)
        for bound in BUCKETS:
            self._increase(f'chaos_size_bucket{{{job},le="{bound}"}}', line.value <= bound)
        self._increase(f'chaos_size_bucket{{{job},le="+Inf"}}', 1)
        self._increase(f"chaos_size_count{{{job}}}", 1)
        self._increase(f"chaos_size_sum{{{job}}}", line.value)
        getattr(self, "_add_" + line.kind, lambda *_: None)(line, job)

    def _add_enter(self, line, job):
        self.entered.add(line.key)
        self._increase(f"chaos_active{{{job}}}", line.key not in self.left)

    def _add_leave(self, line, job):
        self.left.add(line.key)
        if line.key in self.entered:
            self._increase(f"chaos_active{{{job}}}", -1)

    def _add_tool(self, line, job):
        self._increase(f"chaos_tools_total{{{job}}}", line.key not in self.tools)
        self.tools.add(line.key)

    def _add_meter(self, line, job):
        largest = self.meters.get(line.key, 0)
        self._increase(f"chaos_grown_total{{{job}}}", max(0, line.value - largest))
        self.meters[line.key] = max(largest, line.value)

    def differences(self, shown):
        """Lines of text, one for each sample of ours that is not what it must be."""
        found = []
        directories = 0
        for key in sorted(set(self.samples) | set(shown)):
            if key.startswith("chaos_directory_total"):
                directories += shown[key]
            elif key.startswith(("chaos_lines_total", "chaos_bits_total", "extra_total")):
                continue
            # A series may be there at 0, or not yet.
            elif self.samples.get(key, 0) != shown.get(key, 0):
                found.append(f"{key}: shown {shown.get(key)}, "
                             f"of the lines counted follows {self.samples.get(key, 0)}")
        if directories != self.counted:
            found.append(f"chaos_directory_total: shown {directories} in sum, "
                         f"lines counted {self.counted}")
        return found
