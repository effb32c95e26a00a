"""The shipped recording rules, alerts and their promtool tests, as Prometheus reads them."""

import functools
import glob
import os
import shutil
import subprocess

import pytest
import yaml

from promql import selectors_of

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(REPOSITORY, "dashboards", "prometheus")
RECORDING = os.path.join(FOLDER, "recording.yml")
ALERTS = os.path.join(FOLDER, "alerts.yml")
TESTS = sorted(glob.glob(os.path.join(FOLDER, "tests", "*.yml")))
RUNBOOK = "https://github.com/jsonl-exporter/jsonl-exporter/blob/main/docs/alerts.md#"


@functools.cache
def load(path):
    """Once: nobody changes what it returns."""
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Loader=yaml.CSafeLoader)


def rules_of(path):
    """Of one file, in its order."""
    return [rule for group in load(path)["groups"] for rule in group["rules"]]


def name_of(rule):
    return rule.get("alert") or rule["record"]


RULES = {name_of(rule): rule for path in (RECORDING, ALERTS) for rule in rules_of(path)}
ALERT_NAMES = [name for name, rule in RULES.items() if "alert" in rule]
RECORD_NAMES = [name for name, rule in RULES.items() if "record" in rule]


def names_in(expression):
    """The recorded series that an expression asks for."""
    return [name for name in metrics_in(expression) if name in RECORD_NAMES]


def metrics_in(expression):
    """The metrics that an expression asks for."""
    return {selector.name for selector in selectors_of(expression) if selector.name}


def promtool(*arguments):
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed")
    return subprocess.run([program, *map(os.fspath, arguments)], text=True, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
