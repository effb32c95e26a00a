"""The shipped rules keep to the conventions of monitoring mixins. The checks are made anew here,
after those of mixtool, and proven on rules that break each."""

import copy
import os
import re

import pytest

from promql import parse_errors
from shipped_rules import (
    ALERTS, ALERT_NAMES, RECORDING, RECORD_NAMES, REPOSITORY, RULES, RUNBOOK, load, metrics_in,
)

ALERT_NAME = re.compile(r"^([A-Z]+[a-z0-9]+)+$")
RECORD_NAME = re.compile(r"^[a-z0-9_]+:[a-zA-Z0-9_]+(:[a-z0-9_]+)?$")
SUMMARY = re.compile(r"^[A-Z].+\.$")
SEVERITIES = ("critical", "warning", "info")
NAME_LENGTH = 40
GROUP_RULES = 20
# Shows a counter's slope, not its height; these two tell of what is there now.
OF_COUNTERS = re.compile(r"\b(rate|increase)\s*\(\s*$")


def lint_alert(rule):
    name, labels = rule["alert"], rule.get("labels", {})
    notes = rule.get("annotations", {})
    if not ALERT_NAME.match(name):
        yield "name is not in camel case"
    if len(name) > NAME_LENGTH:
        yield "name is too long"
    if labels.get("severity") not in SEVERITIES:
        yield "no severity"
    summary, description = notes.get("summary", ""), notes.get("description", "")
    if not SUMMARY.match(summary) or "{{" in summary:
        yield "summary is no fixed sentence"
    if "{{" not in description:
        yield "description says nothing of the case"
    if notes.get("runbook_url") != RUNBOOK + name.lower():
        yield "runbook_url leads elsewhere"


def lint_expression(expression):
    """Counters and buckets are looked at by their slope; both sides of a ratio are sums."""
    for match in re.finditer(r"[a-zA-Z_:][\w:]*_(total|bucket|count)\b", expression):
        if ":" not in match.group() and not OF_COUNTERS.search(expression[:match.start()]):
            yield f"{match.group()} is not under rate or increase"
    for left, right in sides(expression):
        if not (left.startswith("sum by") and right.startswith(("sum by", "(sum by"))):
            yield "a side of a ratio is no sum"
        elif by(left) != by(right):
            yield "the sides of a ratio are summed by other labels"


def sides(expression):
    for match in re.finditer(r"(?<=\))\s*/\s*", re.sub(r"\s+", " ", expression)):
        flat = re.sub(r"\s+", " ", expression)
        yield flat[:match.start()].strip(), flat[match.end():].strip()


def by(side):
    return re.search(r"sum by \(([^)]*)\)", side).group(1)


def lint(content):
    """Complaints about a rule file."""
    seen = set()
    for group in content["groups"]:
        if len(group["name"]) > NAME_LENGTH:
            yield group["name"], "group's name is too long"
        if len(group["rules"]) > GROUP_RULES:
            yield group["name"], "group has too many rules"
        for rule in group["rules"]:
            name = rule.get("alert") or rule["record"]
            if name in seen:
                yield name, "is there twice"
            seen.add(name)
            complaints = list(lint_expression(rule["expr"]))
            if "alert" in rule:
                complaints += lint_alert(rule)
            elif not RECORD_NAME.match(name):
                complaints.append("name is not level:metric:operations")
            yield from ((name, complaint) for complaint in complaints)


@pytest.mark.parametrize("path", [RECORDING, ALERTS], ids=os.path.basename)
def test_shipped(path):
    assert list(lint(load(path))) == []


GOOD = {
    "alert": "JobsFail",
    "expr": 'sum by (job) (rate(jobs_total{status="failed"}[5m])) / '
            "(sum by (job) (rate(jobs_total[5m])) > 0) > 0.1",
    "labels": {"severity": "warning"},
    "annotations": {"summary": "Jobs fail.", "description": "{{ $value }} fail.",
                    "runbook_url": RUNBOOK + "jobsfail"},
}
BAD = {
    "name is not in camel case": {"alert": "jobs_fail"},
    "name is too long": {"alert": "Jobs" * 11},
    "no severity": {"labels": {"severity": "page"}},
    "summary is no fixed sentence": {"annotations": {"summary": "{{ $value }} fail"}},
    "description says nothing of the case": {"annotations": {"description": "Fails."}},
    "runbook_url leads elsewhere": {"annotations": {"runbook_url": "https://example.org/"}},
    "jobs_total is not under rate or increase": {"expr": "jobs_total > 5"},
    "a side of a ratio is no sum": {
        "expr": 'rate(jobs_total{status="failed"}[5m]) / rate(jobs_total[5m]) > 0.1'},
    "the sides of a ratio are summed by other labels": {
        "expr": "sum by (job) (rate(a_total[5m])) / sum by (name) (rate(b_total[5m])) > 0.1"},
}


def complaints(rule, **group):
    return {text for _, text in lint({"groups": [{"name": "g", "rules": [rule], **group}]})}


def test_a_good_rule_is_good():
    assert complaints(GOOD) == set()


@pytest.mark.parametrize("complaint", BAD)
def test_a_bad_rule_is_found(complaint):
    rule = copy.deepcopy(GOOD)
    for key, value in BAD[complaint].items():
        rule[key] = {**rule[key], **value} if isinstance(value, dict) else value
    assert complaint in complaints(rule)


def test_bad_groups_and_records_are_found():
    record = {"record": "jobs_failed", "expr": "vector(1)"}
    assert complaints(record) == {"name is not level:metric:operations"}
    assert complaints(GOOD, rules=[GOOD, GOOD]) == {"is there twice"}
    assert complaints(GOOD, name="g" * 41) == {"group's name is too long"}
    many = [{**record, "record": f"a:b{n}:c"} for n in range(21)]
    assert complaints(GOOD, rules=many) == {"group has too many rules"}


def test_every_recorded_series_is_used():
    """By an alert; what nobody looks at is not worth its evaluation."""
    used = set().union(*(metrics_in(rule["expr"]) for rule in RULES.values()))
    assert set(RECORD_NAMES) <= used


# --- the runbook ----------------------------------------------------------------------------------

def runbook():
    """Its text by headings of the second and third degree."""
    with open(os.path.join(REPOSITORY, "docs", "alerts.md"), encoding="utf-8") as file:
        parts = re.split(r"^###? (.*)$", file.read(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def test_runbook_has_a_heading_for_each_alert_and_none_besides():
    headings = [title for title in runbook() if ALERT_NAME.match(title) and title != "Tuning"]
    assert [title for title in headings if title in ALERT_NAMES] == ALERT_NAMES
    assert not [title for title in headings if re.match(
        r"(JsonlExporter|Prodigy|Claude|StreamProcessor|Dag|LlmResearch)[A-Z]", title)
        and title not in ALERT_NAMES]


@pytest.mark.parametrize("name", ALERT_NAMES)
def test_runbook_says_what_it_means_why_and_what_to_do(name):
    text = runbook()[name]
    for part in ("Means:", "Likely:", "Do:", "Tune:"):
        assert f"**{part}**" in text, f"{name} lacks {part}"


def test_queries_of_the_runbook_can_be_asked():
    queries = [" ".join(query.split()) for text in runbook().values()
               for query in re.findall(r"`((?:sum|topk|rate|histogram_quantile)\b[^`]+)`", text)]
    assert len(queries) > 5
    assert parse_errors(queries) == {}
    with open(os.path.join(REPOSITORY, "docs", "metrics-reference.md"), encoding="utf-8") as file:
        reference = file.read()
    for query in queries:
        for name in metrics_in(query):
            assert re.sub("_(bucket|count|sum)$", "", name) in reference, query
