"""The queries of docs/questions.md, as they stand there, on a real Prometheus: their answers are
what the fleet counted itself while it played."""

import math
import os
import re

import pytest

from shipped_rules import REPOSITORY
from stack import Stack

# increase() is exact at the last scrape; what is left is how floats are added up.
EXACT = {"rel": 1e-6}
# The lives of 0.4.4's files are told within some milliseconds of what the fleet means.
OF_LIVES = {"rel": 0.02}
CACHE_READS = ("cache", "cache_read")


def page():
    """{heading: [queries]}"""
    with open(os.path.join(REPOSITORY, "docs", "questions.md"), encoding="utf-8") as file:
        parts = re.split(r"^## (.*)$", file.read(), flags=re.M)
    return {heading: re.findall(r"^```promql\n(.*?)^```", text, flags=re.M | re.S)
            for heading, text in zip(parts[1::2], parts[2::2])}


SUCCESS, SLOW, LETTERS, RECOVERED, AGENTS = page()


def query(stack, heading, number):
    return stack.query(page()[heading][number])


def only(answer):
    assert list(answer) == [()], answer
    return answer[()]


def by_workflow(stack, name, **labels):
    """{workflow: number} of what the fleet says."""
    return {workflow: value for (workflow,), value in
            Stack.by(stack.fleet, name, "workflow_name", **labels).items()}


def named(answer):
    """{workflow: number} of what Prometheus says."""
    return {dict(labels).get("workflow_name", ""): value for labels, value in answer.items()}


def ratios(upper, lower):
    return {name: upper.get(name, 0) / count for name, count in lower.items() if count}


def largest(values, count=5):
    return dict(sorted(values.items(), key=lambda item: -item[1])[:count])


def all_of(stack, name, **labels):
    return Stack.expected(stack.fleet, name, **labels)


def quantile(share, buckets):
    """Of {upper bound: count, cumulative}: spread evenly within a bucket."""
    rank = share * max(buckets.values())
    lower = below = 0
    for bound, count in sorted(buckets.items()):
        if count >= rank:
            return lower + (bound - lower) * (rank - below) / (count - below)
        lower, below = bound, count
    raise AssertionError("no bucket")


def test_the_page_asks_five_questions():
    assert [len(queries) for queries in page().values()] == [2, 3, 2, 1, 1]


def test_success_rate(stack):
    name = "prodigy_workflow_executions_total"
    wanted = all_of(stack, name, status="success") / all_of(stack, name)
    assert 0 < wanted < 1, "the fleet fails at times"
    assert only(query(stack, SUCCESS, 0)) == pytest.approx(wanted, **EXACT)
    found = named(query(stack, SUCCESS, 1))
    wanted = ratios(by_workflow(stack, name, status="success"), by_workflow(stack, name))
    assert len(set(wanted.values())) > 1
    known = {workflow: value for workflow, value in found.items() if not math.isnan(value)}
    assert known == pytest.approx(wanted, **EXACT)


def test_slowest_workflows(stack):
    name = "prodigy_workflow_duration_seconds"
    wanted = ratios(by_workflow(stack, name + "_sum"), by_workflow(stack, name + "_count"))
    assert len(wanted) > 2
    assert named(query(stack, SLOW, 0)) == pytest.approx(largest(wanted), **EXACT)


def test_hungriest_workflows(stack):
    name = "prodigy_claude_tokens_total"
    wanted = by_workflow(stack, name)
    for kind in CACHE_READS:
        for workflow, count in by_workflow(stack, name, token_type=kind).items():
            wanted[workflow] -= count
    assert len(wanted) > 2
    assert named(query(stack, SLOW, 1)) == pytest.approx(largest(wanted), **EXACT)
    dollars = by_workflow(stack, "prodigy_claude_cost_dollars_total")
    assert named(query(stack, SLOW, 2)) == pytest.approx(largest(dollars), **EXACT)


def test_dead_letters(stack):
    wanted = all_of(stack, "prodigy_mapreduce_dlq_items")
    assert wanted > 0
    assert wanted == sum(stack.truth["dlq"].values())
    assert only(query(stack, LETTERS, 0)) == wanted
    assert only(query(stack, LETTERS, 1)) == pytest.approx(
        all_of(stack, "prodigy_mapreduce_items_total", status="dlq"), **EXACT)


def test_recovered_steps(stack):
    recovered = all_of(stack, "prodigy_step_on_failure_recoveries_total")
    steps = all_of(stack, "prodigy_step_executions_total")
    assert 0 < recovered < steps
    assert only(query(stack, RECOVERED, 0)) == pytest.approx(recovered / steps, **EXACT)


def test_slowest_agents(stack):
    buckets = {float(le.replace("+Inf", "inf")): count for (le,), count in Stack.by(
        stack.fleet, "prodigy_agent_duration_seconds_bucket", "le").items()}
    assert buckets[math.inf] > 50
    assert only(query(stack, AGENTS, 0)) == pytest.approx(quantile(0.95, buckets), **OF_LIVES)
