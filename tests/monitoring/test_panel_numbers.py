"""What the panels show, against what the players say happened. The story has ended, and increase
over the whole of it is exact: every series was first shown as 0."""

import collections
import glob
import json
import math
import os

import pytest

import dashboards
from stack import Stack

DASHBOARDS = dashboards.shipped()
by, expected = Stack.by, Stack.expected
HIT, INPUT = ("cache", "cache_read"), ("input", "cache", "cache_read", "cache_creation")


def expression_of(place, number=0):
    """`place`: "dashboard file/panel"; `number`: of the query."""
    name, title = place.split("/", 1)
    return dashboards.panel(DASHBOARDS[name], title)["targets"][number]["expr"]


def shown(stack, place, number=0, **variables):
    """{values of labels: number} of a panel, over the whole story. No name is no label."""
    expression = expression_of(place, number).replace("$__rate_interval", "$__range")
    found = stack.run(expression.replace(" rate(", " increase(").replace("(rate(", "(increase("),
                      **variables)
    return {tuple(text for _, text in labels if text != "(no name)"): value
            for labels, value in found.items()}


def one(stack, place, number=0, **variables):
    found = shown(stack, place, number, **variables)
    assert list(found) == [()], f"{place}: {found}"
    return found[()]


def without_zeros(values):
    return {key: value for key, value in values.items() if value}


def same(found, wanted, rel=1e-6):
    """The same keys, zeros aside, and about the same numbers. Empty labels are no labels."""
    assert any(wanted.values())
    bare = {tuple(text for text in key if text): value for key, value in wanted.items()}
    assert without_zeros(found) == pytest.approx(without_zeros(bare), rel=rel)


def share(part, whole):
    return {key: part.get(key, 0) / value for key, value in whole.items() if value}


def quantile(q, buckets):
    """As Prometheus does it, from {bound: cumulative count}."""
    bounds = sorted(buckets, key=float)
    rank, below, low = q * buckets[bounds[-1]], 0, 0.0
    for bound in bounds:
        if buckets[bound] >= rank:
            if math.isinf(float(bound)):
                return low
            return low + (float(bound) - low) * (rank - below) / (buckets[bound] - below)
        below, low = buckets[bound], float(bound)


# --- Workflow Overview ----------------------------------------------------------------------------

RUNS = "prodigy_workflow_executions_total"
OVERVIEW = "workflow-overview"


def test_runs_and_how_they_ended(stack):
    fleet = stack.fleet
    runs, failed = expected(fleet, RUNS), expected(fleet, RUNS, status="failed")
    assert runs > 30 and failed > 0
    assert one(stack, f"{OVERVIEW}/Runs") == pytest.approx(runs)
    assert one(stack, f"{OVERVIEW}/Failed runs") == pytest.approx(failed)
    assert one(stack, f"{OVERVIEW}/Failure alert") == pytest.approx(failed / runs)
    assert one(stack, f"{OVERVIEW}/Failure rate") == pytest.approx(failed / runs)
    same(shown(stack, f"{OVERVIEW}/Success rate"), by(fleet, RUNS, "status"))
    same(shown(stack, f"{OVERVIEW}/Executions over time"), by(fleet, RUNS, "status"))
    success = expected(fleet, RUNS, status="success") / runs
    assert one(stack, f"{OVERVIEW}/Runs that succeeded") == pytest.approx(success)
    assert one(stack, f"{OVERVIEW}/Running now") == expected(fleet, "prodigy_workflow_active")
    steps = expected(fleet, "prodigy_workflow_steps_total")
    assert one(stack, f"{OVERVIEW}/Steps") == pytest.approx(steps)


def test_a_variable_selects_one_workflow(stack):
    counts = by(stack.fleet, RUNS, "workflow_name")
    for (workflow,), count in counts.items():
        if workflow:
            assert one(stack, f"{OVERVIEW}/Runs", workflow=workflow) == pytest.approx(count)


def test_no_failure_is_a_hundred_percent_and_no_runs_are_no_share(stack):
    failed = by(stack.fleet, RUNS, "workflow_name", status="failed")
    flawless = [name for (name,), count in by(stack.fleet, RUNS, "workflow_name").items()
                if name and count and not failed.get((name,))]
    assert flawless, "another seed is needed"
    assert one(stack, f"{OVERVIEW}/Runs that succeeded", workflow=flawless[0]) == 1
    assert one(stack, f"{OVERVIEW}/Failure alert", workflow=flawless[0]) == 0
    assert one(stack, f"{OVERVIEW}/Failed runs", workflow="nobody") == 0
    assert shown(stack, f"{OVERVIEW}/Runs that succeeded", workflow="nobody") == {}


def average_durations(fleet):
    name = "prodigy_workflow_duration_seconds"
    return share(by(fleet, name + "_sum", "workflow_name"),
                 by(fleet, name + "_count", "workflow_name"))


def test_durations(stack):
    name = "prodigy_workflow_duration_seconds"
    average = expected(stack.fleet, name + "_sum") / expected(stack.fleet, name + "_count")
    assert one(stack, f"{OVERVIEW}/Average duration") == pytest.approx(average, rel=1e-6)
    averages = average_durations(stack.fleet)
    slowest = sorted(averages, key=averages.get)[-5:]
    counts = by(stack.fleet, name + "_count", "workflow_name")
    place = f"{OVERVIEW}/Top 5 slowest workflows"
    same(shown(stack, place), {key: averages[key] for key in slowest})
    same(shown(stack, place, 2), {key: counts[key] for key in slowest})


# --- MapReduce Performance ------------------------------------------------------------------------

MAPREDUCE = "mapreduce-performance"
ITEMS = "prodigy_mapreduce_items_total"


def test_items_and_dead_letters(stack):
    fleet = stack.fleet
    items = by(fleet, ITEMS, "status")
    assert min(items.values()) > 0
    assert one(stack, f"{MAPREDUCE}/Items done") == pytest.approx(items["success",])
    succeeded = items["success",] / (items["success",] + items["failed",])
    assert one(stack, f"{MAPREDUCE}/Items that succeeded") == pytest.approx(succeeded)
    same(shown(stack, f"{MAPREDUCE}/Items processed"), items)
    dead = "prodigy_mapreduce_dlq_items"
    assert one(stack, f"{MAPREDUCE}/Dead letters now") == expected(fleet, dead) > 0
    same(shown(stack, f"{MAPREDUCE}/Dead letter queue"), by(fleet, dead, "job_id"))
    same(shown(stack, f"{MAPREDUCE}/Jobs of the time shown"),
         by(fleet, ITEMS, "job_id", status="success"))


def test_agents_and_jobs(stack):
    fleet = stack.fleet
    active = expected(fleet, "prodigy_mapreduce_agents_active")
    assert one(stack, f"{MAPREDUCE}/Active agents") == active
    jobs = expected(fleet, "prodigy_mapreduce_jobs_active")
    assert one(stack, f"{MAPREDUCE}/Active jobs") == jobs
    same(shown(stack, f"{MAPREDUCE}/Agents by outcome"),
         by(fleet, "prodigy_mapreduce_agents_total", "status"))
    same(shown(stack, f"{MAPREDUCE}/Jobs over time"),
         by(fleet, "prodigy_mapreduce_jobs_total", "status"))
    same(shown(stack, f"{MAPREDUCE}/Errors"),
         by(fleet, "prodigy_mapreduce_errors_total", "error_type", "recoverable"))
    same(shown(stack, f"{MAPREDUCE}/Retries"), by(fleet, "prodigy_mapreduce_retries_total",
                                                  "reason"))


def test_agent_durations(stack):
    """How long files lived is not told to the nanosecond; the counts are."""
    name = "prodigy_agent_duration_seconds"
    buckets = {le: count for (le,), count in by(stack.fleet, name + "_bucket", "le").items()}
    wanted = quantile(0.95, buckets)
    assert one(stack, f"{MAPREDUCE}/Agent p95") == pytest.approx(wanted, rel=0.05)
    heat = shown(stack, f"{MAPREDUCE}/Agent duration")
    assert heat[("+Inf",)] == pytest.approx(expected(stack.fleet, name + "_count"))


# --- Step-Level Analysis --------------------------------------------------------------------------

STEPS = "step-level-analysis"
STEP = "prodigy_step_executions_total"


def test_steps(stack):
    fleet = stack.fleet
    kinds, failed = by(fleet, STEP, "step_type"), by(fleet, STEP, "step_type", status="failed")
    same(shown(stack, f"{STEPS}/Steps by type"), kinds)
    assert one(stack, f"{STEPS}/Steps") == pytest.approx(sum(kinds.values()))
    same(shown(stack, f"{STEPS}/Failure hotspots"), failed)
    same(shown(stack, f"{STEPS}/Failure hotspots", 1),
         {key: failed[key] / kinds[key] for key in failed})
    same(shown(stack, f"{STEPS}/Failures by type"), share(failed, kinds))


def test_recoveries_and_validations(stack):
    fleet = stack.fleet
    recovered = expected(fleet, "prodigy_step_on_failure_recoveries_total")
    steps, failed = expected(fleet, STEP), expected(fleet, STEP, status="failed")
    assert recovered > 0
    assert one(stack, f"{STEPS}/Recovery rate") == pytest.approx(recovered / steps)
    assert one(stack, f"{STEPS}/Failures that were recovered") == \
        pytest.approx(recovered / (recovered + failed))
    name = "prodigy_step_validations_total"
    passed, all_of = by(fleet, name, "step_type", result="pass"), by(fleet, name, "step_type")
    assert one(stack, f"{STEPS}/Validation pass rate") == \
        pytest.approx(sum(passed.values()) / sum(all_of.values()))
    same(shown(stack, f"{STEPS}/Validation pass rate by type"), share(passed, all_of))


def test_step_durations(stack):
    name = "prodigy_step_duration_seconds_bucket"
    medians = {}
    for (kind,) in by(stack.fleet, name, "step_type"):
        buckets = by(stack.fleet, name, "le", step_type=kind)
        medians[kind,] = quantile(0.5, {le: count for (le,), count in buckets.items()})
    same(shown(stack, f"{STEPS}/Step duration distribution", 1), medians, rel=0.01)


# --- Claude Usage & Cost --------------------------------------------------------------------------

CLAUDE = "claude-usage-cost"
TOKENS, COST = "prodigy_claude_tokens_total", "prodigy_claude_cost_dollars_total"


def test_tokens_and_cost(stack):
    fleet = stack.fleet
    assert one(stack, f"{CLAUDE}/Tokens") == pytest.approx(expected(fleet, TOKENS))
    assert one(stack, f"{CLAUDE}/Cost") == pytest.approx(expected(fleet, COST))
    same(shown(stack, f"{CLAUDE}/Token usage over time"), by(fleet, TOKENS, "token_type"))
    same(shown(stack, f"{CLAUDE}/Cost by type of token"), by(fleet, COST, "token_type"))
    hourly = shown(stack, f"{CLAUDE}/Cost per hour")  # 3600 times the increase
    same({key: value / 3600 for key, value in hourly.items()}, by(fleet, COST, "model"))
    unpriced = expected(fleet, "prodigy_claude_unpriced_tokens_total")
    assert one(stack, f"{CLAUDE}/Tokens without a price") == pytest.approx(unpriced)
    started = expected(fleet, "prodigy_claude_sessions_started_total")
    assert one(stack, f"{CLAUDE}/Sessions") == pytest.approx(started)
    same(shown(stack, f"{CLAUDE}/Top tools"),
         by(fleet, "prodigy_claude_tool_invocations_total", "tool_name"))
    errors = expected(fleet, "prodigy_claude_errors_total")
    assert one(stack, f"{CLAUDE}/Errors") == pytest.approx(errors)


def test_workflows_compared(stack):
    fleet, place = stack.fleet, f"{CLAUDE}/Workflows compared"
    tokens, cost = by(fleet, TOKENS, "workflow_name"), by(fleet, COST, "workflow_name")
    same(shown(stack, f"{CLAUDE}/Tokens per workflow"), tokens)
    same(shown(stack, place), cost)
    same(shown(stack, place, 1), tokens)
    runs = by(fleet, RUNS, "workflow_name")
    same(shown(stack, place, 3), {key: cost[key] / runs[key] for key in cost if runs.get(key)})


def test_cost_advice(stack):
    """The same conditions, said otherwise."""
    fleet = stack.fleet
    cost = by(fleet, COST, "model")
    whole = sum(cost.values())
    wanted = {}

    def advise(word, shares, holds):
        wanted.update({(word, *key): value for key, value in shares.items() if holds(value)})

    tokens = by(fleet, TOKENS, "workflow_name", "token_type")
    workflows = {name for name, _ in tokens}
    advise("cache", share({(name,): sum(tokens.get((name, kind), 0) for kind in HIT)
                           for name in workflows},
                          {(name,): sum(tokens.get((name, kind), 0) for kind in INPUT)
                           for name in workflows}), lambda value: value < 0.5)
    advise("model", {key: value / whole for key, value in cost.items()}, lambda value: value > 0.5)
    of_workflow = by(fleet, COST, "workflow_name")
    advise("workflow", {key: value / whole for key, value in of_workflow.items()},
           lambda value: value > 0.5)
    advise("Writing", share(by(fleet, COST, "model", token_type="cache_creation"), cost),
           lambda value: value > 0.33)
    advise("Output", share(by(fleet, COST, "workflow_name", token_type="output"), of_workflow),
           lambda value: value > 0.67)
    advise("tenth", share(by(fleet, RUNS, "workflow_name", status="failed"),
                          by(fleet, RUNS, "workflow_name")), lambda value: value > 0.1)
    advise("no cost", {key: value / expected(fleet, TOKENS) for key, value in
                       by(fleet, "prodigy_claude_unpriced_tokens_total", "model").items()},
           lambda value: value > 0)
    marks = {"Less than half": "cache", "This model": "model", "This workflow": "workflow",
             "Writing": "Writing", "Output": "Output", "More than a tenth": "tenth",
             "Tokens of this model": "no cost"}
    found = {}
    expression = expression_of(f"{CLAUDE}/Cost advice")
    for labels, value in stack.run(expression).items():
        labels = dict(labels)
        (word,) = [word for mark, word in marks.items() if labels["advice"].startswith(mark)]
        found[(word, labels["about"]) if "about" in labels else (word,)] = value
    assert {word for word, *_ in found} >= {"no cost", "tenth"}
    same(found, wanted, rel=1e-5)


def read_claude_logs(home):
    """{message id: the largest of each number}, and the session ids, of all logs."""
    usage, sessions = collections.defaultdict(collections.Counter), set()
    for path in glob.glob(os.path.join(home, ".claude", "projects", "*", "*.jsonl")):
        with open(path, encoding="utf-8") as file:
            for line in map(json.loads, file):
                if line["type"] in ("user", "assistant"):
                    sessions.add(line["sessionId"])
                if line["type"] == "assistant":
                    usage[line["message"]["id"]] |= collections.Counter(
                        {name: value for name, value in line["message"]["usage"].items()
                         if name.endswith("_tokens")})
    return usage, sessions


def test_all_sessions_of_claude_code(stack):
    usage, sessions = read_claude_logs(stack.home)
    assert len(sessions) > 5
    assert one(stack, f"{CLAUDE}/Sessions in all") == pytest.approx(len(sessions))
    totals = sum(usage.values(), collections.Counter())
    same(shown(stack, f"{CLAUDE}/Tokens of all sessions"), {
        ("input",): totals["input_tokens"], ("output",): totals["output_tokens"],
        ("cacheRead",): totals["cache_read_input_tokens"],
        ("cacheCreation",): totals["cache_creation_input_tokens"]})
    assert one(stack, f"{CLAUDE}/Compactions") == pytest.approx(1)
    assert one(stack, f"{CLAUDE}/Errors of the API") == pytest.approx(1)
    assert shown(stack, f"{CLAUDE}/Pending tools")[("Bash",)] >= 1


# --- Services -------------------------------------------------------------------------------------

SHARES = {
    "stream-processor/Events that succeeded":
        ("processor_events_processed_total", "result", ["success"]),
    "dag-workflows-overview/Workflows that succeeded":
        ("dag_workflow_executions_total", "status", ["success"]),
    "dag-nodes-and-resources/Nodes that succeeded":
        ("dag_node_executions_total", "status", ["success"]),
    "llm-research-api/Server errors":
        ("http_requests_total", "status", ["500", "502", "503", "504"]),
    "llm-research-api/Experiments that succeeded":
        ("experiments_completed_total", "status", ["success"]),
}


@pytest.mark.parametrize("place", SHARES)
def test_shares_of_services(stack, place):
    metric, label, good = SHARES[place]
    counts = by(stack.services, metric, label)
    part = sum(counts.get((value,), 0) for value in good)
    assert sum(counts.values()) > 0
    assert one(stack, place) == pytest.approx(part / sum(counts.values()))


TOTALS = {
    "stream-processor/Errors of the pipeline": ("processor_pipeline_errors_total", ["error_type"]),
    "stream-processor/Operations on the state":
        ("processor_state_operations_total", ["backend", "operation"]),
    "stream-processor/Messages": ("processor_kafka_messages_consumed_total", ["topic"]),
    "dag-workflows-overview/Executions over time": ("dag_workflow_executions_total", ["status"]),
    "dag-workflows-overview/Requests": ("dag_api_requests_total", ["status_code"]),
    "dag-nodes-and-resources/Retries by type": ("dag_node_retries_total", ["node_type"]),
    "dag-nodes-and-resources/Artifacts": ("dag_artifacts_generated_total", ["artifact_type"]),
    "llm-research-api/Requests by status": ("http_requests_total", ["status"]),
    "llm-research-api/Errors of the database":
        ("db_query_errors_total", ["error_type", "query_type"]),
    "llm-research-api/Runs of experiments": ("experiment_runs_total", ["status"]),
}


@pytest.mark.parametrize("place", TOTALS)
def test_totals_of_services(stack, place):
    metric, labels = TOTALS[place]
    same(shown(stack, place), by(stack.services, metric, *labels))


QUANTILES = {
    "stream-processor/Processing p95": "processor_event_processing_duration_seconds",
    "dag-workflows-overview/Duration p95": "dag_workflow_execution_duration_seconds",
    "dag-workflows-overview/API p95": "dag_api_request_duration_seconds",
    "llm-research-api/Duration p95": "http_request_duration_seconds",
}


@pytest.mark.parametrize("place", QUANTILES)
def test_quantiles_of_services(stack, place):
    buckets = by(stack.services, QUANTILES[place] + "_bucket", "le")
    wanted = quantile(0.95, {le: count for (le,), count in buckets.items()})
    assert one(stack, place) == pytest.approx(wanted, rel=1e-6)


# --- The Exporter Itself --------------------------------------------------------------------------


def test_the_exporter_about_itself(stack):
    for title, value in {"Following": 1, "Caught up": 1, "Rules in use": 1, "State saved": 0,
                         "Behind": 0, "Limits hit": 0}.items():
        assert one(stack, f"exporter/{title}") == value, title
    assert one(stack, "exporter/Skipped lines") == pytest.approx(1)  # of Trouble
    unmatched = shown(stack, "exporter/Events that no rule names")
    assert any("something_unheard_of" in key[0] for key in unmatched)
