"""The shipped rules on a real Prometheus that watched all packs: none of them errs, what they ask
for is there, and what they record is what the players say."""

import os
import re

import pytest

from promql import selectors_of
from shipped_rules import ALERT_NAMES, RECORD_NAMES, REPOSITORY, RULES
from stack import Stack

# Not the exporter's, or only there once something has gone wrong.
ELSEWHERE = {"up": "Prometheus'"}
ONLY_IN_TROUBLE = {"jsonl_exporter_series_folded_total": "no metric of the story reaches its limit"}


def loaded(stack):
    """What Prometheus made of the shipped files: {name: rule}"""
    groups = stack.prometheus.get("/api/v1/rules")["data"]["groups"]
    return {rule["name"]: rule for group in groups for rule in group["rules"]}


def test_all_rules_are_loaded_and_healthy(stack):
    rules = loaded(stack)
    assert set(rules) == set(RULES)
    broken = {name: rule.get("lastError") for name, rule in rules.items()
              if rule["health"] != "ok"}
    assert broken == {}


@pytest.mark.parametrize("name", RULES)
def test_the_expression_can_be_asked(stack, name):
    answer = stack.query(RULES[name]["expr"])
    if name in RECORD_NAMES:
        assert answer, f"the story fills {name}"


def matched(selector):
    """A selector that finds what a rule looks for, and what it leaves out: each label is there."""
    inner = ",".join(f"{label}{re.sub('^!.', '=~', text)}"
                     for label, text in selector.matchers.items())
    return f"last_over_time({selector.name}{{{inner}}}[15m])"


@pytest.mark.parametrize("name", RULES)
def test_what_is_asked_for_is_exposed(stack, name):
    served = set(re.findall(r"^[a-zA-Z_:][\w:]*", stack.exposition(), flags=re.M))
    served |= set(RECORD_NAMES) | set(ELSEWHERE) | set(ONLY_IN_TROUBLE)
    for selector in selectors_of(RULES[name]["expr"]):
        assert selector.name in served, f"{name} asks for what nobody serves"
        if selector.name not in ONLY_IN_TROUBLE:
            assert stack.query(matched(selector)), f"{name}: no series is {selector}"


def test_what_only_trouble_shows_exists():
    with open(os.path.join(REPOSITORY, "docs", "metrics-reference.md"), encoding="utf-8") as file:
        page = file.read()
    for metric in ONLY_IN_TROUBLE:
        assert f"| `{metric}` |" in page


@pytest.mark.parametrize("name, upper, lower", [
    ("instance:prodigy_workflow_failures_per_execution:ratio_increase1h",
     ("fleet", "prodigy_workflow_executions_total", {"status": "failed"}),
     ("fleet", "prodigy_workflow_executions_total", {})),
])
def test_a_recorded_ratio_is_the_players(stack, name, upper, lower):
    def total(of):
        values, metric, labels = of
        return Stack.expected(getattr(stack, values), metric, **labels)

    assert stack.total(RULES[name]["expr"]) == pytest.approx(total(upper) / total(lower), rel=1e-6)


def test_the_recorded_cost_is_the_larger_of_what_two_packs_tell(stack):
    told = [sum(stack.query(f"sum(increase({metric}[1d]))").values()) for metric in
            ("prodigy_claude_cost_dollars_total", "claude_code_cost_usage_USD_total")]
    assert min(told) > 0
    cost = stack.total(RULES["instance:claude_cost_dollars:increase1d"]["expr"])
    assert cost == pytest.approx(max(told))
    assert told[0] == pytest.approx(
        Stack.expected(stack.fleet, "prodigy_claude_cost_dollars_total"), rel=1e-6)


def test_an_exporter_in_order_has_no_alert(stack):
    """Of those about itself: none has been pending for the story's whole length."""
    alerts = stack.prometheus.get("/api/v1/alerts")["data"]["alerts"]
    firing = {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}
    assert firing <= set(ALERT_NAMES)
    assert not [name for name in firing if name.startswith("JsonlExporter")]


def test_the_second_job_tells_only_whether_reading_is_done(stack):
    found = stack.prometheus.ask(
        'last_over_time({job="jsonl-exporter-start", __name__!~"up|scrape_.*"}[15m])')
    assert len(found) == 1, found
    assert stack.query('jsonl_exporter_catch_up_complete{job="jsonl-exporter-start"}') == {(): 1}
