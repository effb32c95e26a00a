"""/api/v1/status says which metrics are not there, and why."""

import os

from events import append
from program import wait_until

RULES = """
sources:
  here: {root: "${EVENTS_DIR}", files: "{job}.jsonl", type: type, time: time}
  there: {root: "${EVENTS_DIR}/../missing", files: "{job}.jsonl", type: type}
metrics:
  fed_total: {type: counter, help: h}
  waiting_total: {type: counter, help: h}
  nowhere_total: {type: counter, help: h}
  short_total: {type: counter, help: h, ttl: 1m}
  off_total: {type: counter, help: h}
rules:
  here/A: [{inc: fed_total}, {inc: off_total}]
  here/B, there/B: [inc: waiting_total]
  there/C: [inc: nowhere_total]
  here/D: [inc: short_total]
overrides:
  off_total: {disabled: true}
"""


def absent(exporter):
    return {entry["metric"]: (entry["reason"], entry["sources"])
            for entry in exporter.status()["absent_metrics"]}


def test_each_has_its_reason(tree, launch):
    exporter = launch(tree.root, rules=RULES)
    assert absent(exporter)["fed_total"] == ("no_event", ["here"])
    append(tree.path("job.jsonl"), b'{"type": "A"}\n')
    append(tree.path("job.jsonl"), b'{"type": "D", "time": "2026-01-01T00:00:00Z"}\n')
    exporter.sync()
    assert exporter.scrape().total("fed_total") == 1
    assert absent(exporter) == {
        "waiting_total": ("no_event", ["here", "there"]),
        "nowhere_total": ("no_source", ["there"]),
        "short_total": ("expired", ["here"]),
        "off_total": ("disabled", ["here"]),
    }
    os.mkdir(os.path.join(tree.root, "..", "missing"))
    append(os.path.join(tree.root, "..", "missing", "job.jsonl"), b'{"type": "C"}\n')
    exporter.reload()
    wait_until(lambda: "nowhere_total" not in absent(exporter), 10)


def test_a_source_without_a_directory_is_named(tree, launch):
    """With --events-dir a root below the home is off, which nobody would notice otherwise."""
    exporter = launch(tree.root, rules=RULES.replace(
        'root: "${EVENTS_DIR}/../missing"', 'root: "~/missing"'))
    detail = exporter.get_json("/ready")["checks"]["sources"]["detail"]
    assert "no directory for rules/there (--source NAME=DIR names one)" in detail, detail
    assert absent(exporter)["nowhere_total"] == ("no_source", ["there"])
