"""The pack `prodigy` on recorded trees and on simulated fleets: every metric against numbers that
plain Python computed from the raw lines (prodigy_model), and against the simulator's own count."""

import collections
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
import yaml

from program import REPOSITORY, patience, run, wait_until
from samples import Samples, same_number
from prodigy_model import THROUGHPUT, Model

RECORDED = os.path.join(REPOSITORY, "tests", "data")
SIMULATE = os.path.join(REPOSITORY, "samples", "simulate")
PACK = os.path.join(REPOSITORY, "rules", "prodigy.yaml")
VOCABULARY = os.path.join(REPOSITORY, "docs", "events", "prodigy.md")
REFERENCE = os.path.join(REPOSITORY, "docs", "prodigy.md")

TREES = {
    "prodigy-0.1.7/dlq": 2000,
    "prodigy-0.1.7/shell": 0,
    "prodigy-0.1.8/burst": 500,
    "prodigy-0.4.4/standard": 0,
    "prodigy-0.4.4/claude": 0,
    "prodigy-0.4.4/dlq": 0,
    "prodigy-0.4.4/dialect": 460,
}
# Metrics that no event of Prodigy feeds: those of the exporter's own samples (test_resources), and
# those of documents and logs (test_trees).
NO_EVENTS = {
    "prodigy_mapreduce_disk_bytes", "prodigy_mapreduce_cpu_percent",
    "prodigy_mapreduce_cpu_seconds_total", "prodigy_workflow_iterations_total",
    "prodigy_workflow_files_changed_total", "prodigy_claude_reported_cost_dollars_total",
}


def recorded_events(tree):
    return os.path.join(RECORDED, tree, ".prodigy", "events")


@pytest.fixture
def alone(tmp_path):
    """alone(directory): the same directory, with nothing beside it that is Prodigy's."""

    def link(directory):
        path = tmp_path / "alone" / "events"
        path.parent.mkdir()
        path.symlink_to(directory)
        return path

    return link


def once(root, *options):
    """The pack's own samples, and all of them, after one reading of a directory or file."""
    result = run("once", "--rules", "prodigy", *options, root)
    assert result.returncode == 0, result.stderr
    samples = Samples(result.stdout)
    own = {key: value for key, value in samples.own().items() if key.startswith("prodigy_")}
    return own, samples


def assert_same(shown, expected):
    """Where a sample is missing on one side, 0 on the other is the same."""
    problems = []
    for key in sorted(set(shown) | set(expected)):
        left, right = shown.get(key, 0), expected.get(key, 0)
        # The exporter tells a rate to a sixtieth of its window: a completion at its far edge may
        # be in or out.
        tolerance = 1 / 30 if key.startswith(THROUGHPUT) else 0
        if not same_number(left, right) and abs(left - right) > tolerance:
            problems.append(f"{key} is {left}, expected {right}")
    assert not problems, "\n".join(problems)


def simulate(root, *options):
    subprocess.run([SIMULATE, root, *map(str, options)], check=True, timeout=60 * patience())


def simulated_once(root, *options):
    """Plays a fleet at once; the metrics it says it made."""
    expected = os.path.join(os.path.dirname(root), "expected.json")
    simulate(root, "--once", "--expected", expected, *options)
    with open(expected, encoding="utf-8") as file:
        return json.load(file)


def unmatched(samples):
    """Event types that no rule names, by count; without zeros."""
    found = samples.matching("jsonl_exporter_events_unmatched_total")
    return {dict(labels)["event_type"]: value for labels, value in found.items() if value}


def pack_metrics():
    with open(PACK, encoding="utf-8") as file:
        return yaml.safe_load(file)["metrics"]


def family(sample_name, metrics):
    """The metric that a sample belongs to."""
    if sample_name in metrics:
        return sample_name
    return re.sub(r"_(bucket|sum|count)$", "", sample_name)


# --- Recorded --------------------------------------------------------------------------------


@pytest.mark.parametrize("tree", TREES)
def test_recorded_tree(tree, alone):
    """The events of a tree; what lies beside them is test_trees'."""
    root = alone(recorded_events(tree))
    model = Model().read_tree(root)
    assert model.values.get("prodigy_storage_events_written_total", 0) == TREES[tree]
    shown, samples = once(root)
    assert_same(shown, model.values)
    assert samples.total("jsonl_exporter_lines_skipped_total") == 0


def test_what_the_recorded_dead_letter_run_shows(alone):
    """Some of the numbers by hand, so that model and pack cannot be wrong together."""
    shown, _ = once(alone(recorded_events("prodigy-0.1.7/dlq")))
    job = 'job_id="mapreduce-20261121_014540"'
    by_hand = {
        'prodigy_mapreduce_jobs_total{status="started"}': 1,
        f"prodigy_mapreduce_jobs_active{{{job}}}": 1,
        f'prodigy_mapreduce_items_total{{{job},status="success"}}': 33,
        f'prodigy_mapreduce_items_total{{{job},status="failed"}}': 10,
        f'prodigy_mapreduce_items_total{{{job},status="dlq"}}': 10,
        f"prodigy_mapreduce_dlq_items{{{job}}}": 10,
        # 35 starts, 33 ends; three at once was the limit.
        f"prodigy_mapreduce_agents_active{{{job}}}": 2,
        # 60 items, of which 35 started and 10 died without a start.
        f"prodigy_mapreduce_agents_queued{{{job}}}": 15,
        f'prodigy_mapreduce_retries_total{{{job},reason="WorktreeError"}}': 30,
        "prodigy_storage_events_written_total": 2000,
    }
    for key, value in by_hand.items():
        assert shown[key] == value, key


def test_dead_agents_of_0_1_8_do_not_stay_active():
    """Its last failures name the slot, not the agent; no more than max_parallel 10 can be."""
    shown, _ = once(recorded_events("prodigy-0.1.8/burst"))
    assert 0 < shown['prodigy_mapreduce_agents_active{job_id="mapreduce-20261121_021822"}'] <= 10


def test_all_recorded_trees_side_by_side(tmp_path):
    root = tmp_path / "events"
    for number, tree in enumerate(TREES):
        for repo in os.listdir(recorded_events(tree)):
            is_archive = repo == "archive"
            shutil.copytree(os.path.join(recorded_events(tree), repo),
                            root / (repo if is_archive else f"{number}-{repo}"))
    shown, _ = once(root)
    assert shown["prodigy_storage_events_written_total"] == sum(TREES.values())
    assert_same(shown, Model().read_tree(root).values)


def test_a_recorded_file_alone(tmp_path):
    """A file goes to the source whose pattern fits the end of its path."""
    root = recorded_events("prodigy-0.4.4/dialect")
    path = next(os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names)
    shown, _ = once(path)
    assert_same(shown, Model().read_tree(root).values)


def test_clean_archives_are_not_counted():
    archive = os.path.join(recorded_events("prodigy-0.1.8/burst"), "archive")
    (name,) = os.listdir(archive)
    with gzip.open(os.path.join(archive, name)) as file:
        assert len(file.readlines()) == 500
    shown, _ = once(recorded_events("prodigy-0.1.8/burst"))
    assert shown["prodigy_storage_events_written_total"] == 500


# --- Simulated -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_simulated_fleet(tmp_path, seed):
    root = tmp_path / "events"
    expected = simulated_once(root, "--seed", seed, "--jobs", 8, "--speed", 2)
    model = Model().read_tree(root)
    assert not model.unknown
    shown, samples = once(root)
    assert_same(shown, model.values)
    assert_same(shown, expected)
    assert samples.total("jsonl_exporter_lines_skipped_total") == 0


def test_simulated_fleet_feeds_every_metric(tmp_path):
    """What the simulator does not play would be tested nowhere."""
    metrics = pack_metrics()
    fed = set()
    for name, options in (("whole", ()), ("cut", ("--duration", 15))):
        simulated_once(tmp_path / name / "events", "--jobs", 8, *options)
        shown, _ = once(tmp_path / name / "events")
        fed |= {family(key.split("{")[0], metrics) for key, value in shown.items() if value}
    assert set(metrics) - fed <= NO_EVENTS


def test_live_fleet(tmp_path, launch):
    """Followed while it plays: rotations, rewrites and bursts come as they come."""
    root = tmp_path / "events"
    root.mkdir()
    exporter = launch(root, rules=None, options=["--rules", "prodigy"])
    expected_path = tmp_path / "expected.json"
    simulate(root, "--seed", 5, "--speed", 25, "--duration", 8, "--jobs", 6,
             "--expected", expected_path)
    with open(expected_path, encoding="utf-8") as file:
        expected = json.load(file)
    assert any(name.endswith(".gz") for _, _, names in os.walk(root) for name in names)
    # That a file's writer is gone is found a moment later.
    ended = 'prodigy_mapreduce_jobs_total{status="ended"}'
    wait_until(lambda: exporter.sync().own().get(ended, 0) == expected.get(ended, 0), 20)
    samples = exporter.sync()
    # A rate falls with the wall clock; disk use is no event's.
    varying = (THROUGHPUT, "prodigy_mapreduce_disk_bytes", "jsonl_exporter_", "process_")
    shown = {key: value for key, value in samples.own().items() if not key.startswith(varying)}
    expected = {key: value for key, value in expected.items() if not key.startswith(varying)}
    # How long a job's file was open is seen from outside.
    lasted = "prodigy_mapreduce_job_duration_seconds_sum"
    assert abs(shown.pop(lasted) - expected.pop(lasted)) < 2 * patience()
    assert_same(shown, expected)


def test_simulator_is_deterministic(tmp_path):
    def play(name, *options):
        root = tmp_path / name
        simulated_once(root / "events", "--start", "2026-03-01T10:00:00Z", *options)
        return {
            os.path.relpath(os.path.join(folder, file), root):
                open(os.path.join(folder, file), "rb").read()
            for folder, _, files in os.walk(root)
            for file in files
        }

    assert play("a", "--seed", 7) == play("b", "--seed", 7)
    assert play("c", "--seed", 8) != play("d", "--seed", 7)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_simulator_ends_cleanly(tmp_path, number):
    root = tmp_path / "events"
    expected = tmp_path / "expected.json"
    process = subprocess.Popen([SIMULATE, root, "--speed", "40", "--expected", expected])
    deadline = time.monotonic() + 10 * patience()
    while not any(name for _, _, names in os.walk(root) for name in names):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(number)
    assert process.wait(10 * patience()) == 0
    lines = 0
    for folder, _, names in os.walk(root):
        for name in names:
            if name.startswith("events-"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    content = file.read()
                assert content == "" or content.endswith("\n")
                lines += sum(1 for line in content.splitlines() if json.loads(line))
    with open(expected, encoding="utf-8") as file:
        counted = json.load(file)["prodigy_storage_events_written_total"]
    assert lines <= counted  # what was cleaned is in no file


# --- Names, shapes, documents ------------------------------------------------------------------


def spelled(name, how):
    """DLQItemAdded as it stands, as the documentation has it, and as serde writes it."""
    if how == "documents":
        return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    if how == "disk":
        return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return name


def pack_events():
    with open(PACK, encoding="utf-8") as file:
        keys = yaml.safe_load(file)["rules"]
    names = {name.strip() for key in keys for name in key.split(",")}
    return sorted(name.removeprefix("events/") for name in names if name.startswith("events/")
                  and name not in ("events/*", "events/JobOpened", "events/JobClosed"))


def rewrite(source, target, change):
    """A copy of a tree of events with every record changed, and the times of its files kept."""
    for folder, _, names in os.walk(source):
        for name in names:
            path = os.path.join(target, os.path.relpath(os.path.join(folder, name), source))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(os.path.join(folder, name), encoding="utf-8") as lines, open(
                path, "w", encoding="utf-8"
            ) as output:
                for line in lines:
                    output.write(json.dumps(change(json.loads(line)), ensure_ascii=False) + "\n")
            shutil.copystat(os.path.join(folder, name), path)


@pytest.mark.parametrize("how", ["design", "documents", "disk"])
def test_spellings_of_names(tmp_path, how):
    """The same fleet under each spelling gives the same metrics."""
    names = {re.sub("_", "", name).lower(): name for name in pack_events()}

    def respell(record):
        event = record.get("event", record)
        event["event_type"] = spelled(names[re.sub("_", "", event["event_type"]).lower()], how)
        return record

    simulate(tmp_path / "played", "--once", "--jobs", 4)
    rewrite(tmp_path / "played", tmp_path / "events", respell)
    shown, samples = once(tmp_path / "events")
    assert_same(shown, Model().read_tree(tmp_path / "played").values)
    assert not set(unmatched(samples)) & {spelled(name, how) for name in pack_events()}


def test_bare_records(tmp_path):
    """Without envelope, ids and correlation ids, the same numbers come out."""

    def unwrap(record):
        if "event" not in record:
            return record
        return {**record["event"], "timestamp": record["timestamp"]}

    simulate(tmp_path / "played", "--once", "--jobs", 4)
    rewrite(tmp_path / "played", tmp_path / "events", unwrap)
    shown, _ = once(tmp_path / "events")
    assert_same(shown, Model().read_tree(tmp_path / "played").values)


JOB = "mapreduce-20261121_014540"
SONNET = {"event_type": "ClaudeSessionStarted", "agent_id": "a", "model": "claude-sonnet-4-5-x"}
HAIKU = {**SONNET, "model": "claude-haiku-5-5"}


def usage(input_tokens, output_tokens, cache_tokens, agent_id="a"):
    return {"event_type": "ClaudeTokenUsage", "agent_id": agent_id, "input_tokens": input_tokens,
            "output_tokens": output_tokens, "cache_tokens": cache_tokens}


def started(agent_id, **fields):
    return {"event_type": "AgentStarted", "agent_id": agent_id, "item_id": "item-" + agent_id,
            **fields}


def failed(agent_id="a", **fields):
    return {"event_type": "AgentFailed", "agent_id": agent_id, "error": "?", **fields}


# By name: events, one a second, and samples that they must give; {job} stands for its label.
CASES = {
    "a workflow without an end is active": (
        [{"event_type": "WorkflowStarted", "workflow_name": "w"}] * 2
        + [{"event_type": "WorkflowStarted", "workflow_name": "v"}],
        {'prodigy_workflow_active{workflow_name="w"}': 1,
         'prodigy_workflow_active{workflow_name="v"}': 1},
    ),
    "a completed workflow may have failed or been cancelled": (
        [{"event_type": "WorkflowCompleted", "workflow_name": "w", "status": status, "duration": 1}
         for status in ("success", "Completed", "failed", "FAILURE", "cancelled")],
        {'prodigy_workflow_executions_total{status="success",workflow_name="w"}': 2,
         'prodigy_workflow_executions_total{status="failed",workflow_name="w"}': 2,
         'prodigy_workflow_executions_total{status="cancelled",workflow_name="w"}': 1,
         'prodigy_workflow_duration_seconds_count{workflow_name="w"}': 5},
    ),
    "a step's duration, told or taken from its start": (
        [{"event_type": "StepStarted", "step_index": 3, "step_type": "shell"},
         {"event_type": "StepCompleted", "step_index": 3, "step_type": "shell"},
         {"event_type": "StepCompleted", "step_type": "shell", "duration": [0, 500000000]},
         {"event_type": "StepFailed", "step_type": "shell", "duration": "1m30s"}],
        {'prodigy_step_duration_seconds_sum{step_type="shell"}': 91.5,
         'prodigy_step_executions_total{status="success",step_type="shell"}': 2,
         'prodigy_step_executions_total{status="failed",step_type="shell"}': 1,
         'prodigy_workflow_steps_total': 3},
    ),
    "recoveries": (
        [{"event_type": "StepRecovered", "step_type": "shell"},
         {"event_type": "StepCompleted", "step_type": "shell", "on_failure": True},
         {"event_type": "StepCompleted", "step_type": "shell", "on_failure": "recovered"},
         {"event_type": "StepCompleted", "step_type": "shell", "on_failure": False}],
        {'prodigy_step_on_failure_recoveries_total{step_type="shell"}': 3},
    ),
    "validations in three spellings": (
        [{"event_type": "ValidationCompleted", "step_type": "claude", **outcome}
         for outcome in ({"result": "pass"}, {"result": "fail"}, {"status": "passed"},
                         {"status": "failed"}, {"passed": True}, {"passed": False})],
        {'prodigy_step_validations_total{result="pass",step_type="claude"}': 3,
         'prodigy_step_validations_total{result="fail",step_type="claude"}': 3},
    ),
    "a job's workflow, told by its start": (
        [{"event_type": "JobStarted", "total_items": 2, "workflow": "w"},
         {"event_type": "JobFailed", "error": "exit code 3"}],
        {'prodigy_mapreduce_jobs_total{status="failed",workflow="w"}': 1,
         'prodigy_mapreduce_job_duration_seconds_sum{workflow="w"}': 1,
         'prodigy_mapreduce_errors_total{error_type="CommandFailed",{job},recoverable="false"}': 1},
    ),
    "failure reasons as word, object, text, and none that is known": (
        [failed(failure_reason="Timeout"), failed(failure_reason={"CommandFailed": {"exit_code": 1}}),
         failed(failure_reason="Sunspots"), failed(failure_reason={"Sunspots": {}}),
         failed(error="fatal: Merge conflict in a.c"), failed(failure_reason=None)],
        {'prodigy_mapreduce_errors_total{error_type="Timeout",{job},recoverable="false"}': 1,
         'prodigy_mapreduce_errors_total{error_type="CommandFailed",{job},recoverable="false"}': 1,
         'prodigy_mapreduce_errors_total{error_type="MergeConflict",{job},recoverable="false"}': 1,
         'prodigy_mapreduce_errors_total{error_type="Unknown",{job},recoverable="false"}': 3,
         'prodigy_mapreduce_items_total{{job},status="failed"}': 6},
    ),
    "a retry counts once, by the failure or else by its announcement": (
        [failed("a", retry_eligible=True, failure_reason="Timeout"),
         {"event_type": "AgentRetrying", "agent_id": "a"},
         {"event_type": "AgentRetrying", "agent_id": "b"}],
        {'prodigy_mapreduce_retries_total{{job},reason="Timeout"}': 1,
         'prodigy_mapreduce_retries_total{{job},reason="Unknown"}': 1,
         'prodigy_mapreduce_agents_total{{job},status="retried"}': 2,
         'prodigy_mapreduce_agents_total{{job},status="failed"}': 0},
    ),
    "a dead letter takes its agent with it": (
        [started("a"), started("b"), {"event_type": "DLQItemAdded", "item_id": "item-a"},
         {"event_type": "DLQItemAdded", "item_id": "item-a"}],
        {'prodigy_mapreduce_agents_active{{job}}': 1, 'prodigy_mapreduce_dlq_items{{job}}': 1,
         'prodigy_mapreduce_items_total{{job},status="dlq"}': 2},
    ),
    "a paused job has no agents": (
        [{"event_type": "JobStarted", "total_items": 9}, started("a"), started("b"),
         {"event_type": "JobPaused"}],
        {'prodigy_mapreduce_agents_active{{job}}': 0, 'prodigy_mapreduce_jobs_active{{job}}': 0,
         'prodigy_mapreduce_agents_queued{{job}}': 7},
    ),
    "who waits, without queue events, across a pause": (
        [{"event_type": "JobStarted", "total_items": 9}, started("a"), started("b"), started("a"),
         {"event_type": "JobResumed", "pending_items": 8, "checkpoint_version": 1}, started("a")],
        {'prodigy_mapreduce_agents_queued{{job}}': 7},
    ),
    "queue depth by priority": (
        [{"event_type": "QueueDepthChanged", "pending": 4},
         {"event_type": "QueueDepthChanged", "pending": 5, "priority": "high"}],
        {'prodigy_mapreduce_queue_depth{{job},priority="normal"}': 4,
         'prodigy_mapreduce_queue_depth{{job},priority="high"}': 5},
    ),
    "memory in bytes": (
        [{"event_type": "MemoryPressure", "used_mb": 3, "limit_mb": 4}],
        {'prodigy_mapreduce_memory_bytes{{job}}': 3 << 20,
         'prodigy_mapreduce_memory_limit_bytes{{job}}': 4 << 20},
    ),
    "tokens before any session": (
        [usage(1, 2, 3)],
        {'prodigy_claude_tokens_total{model="unknown",token_type="output"}': 2,
         'prodigy_claude_unpriced_tokens_total{model="unknown"}': 6},
    ),
    "each agent has its model": (
        [SONNET, {**HAIKU, "agent_id": "b"}, usage(1000, 0, 0), usage(1000, 0, 0, "b")],
        {'prodigy_claude_cost_dollars_total{model="claude-sonnet-4-5-x",token_type="input"}': 3e-3,
         'prodigy_claude_cost_dollars_total{model="claude-haiku-5-5",token_type="input"}': 1e-4},
    ),
    "long prompts of some models cost more": (
        [HAIKU, usage(50_000, 1000, 50_000), usage(50_001, 1000, 50_000), SONNET,
         usage(50_001, 0, 50_000)],
        {'prodigy_claude_cost_dollars_total{model="claude-haiku-5-5",token_type="input"}':
             0.1 * (50_000 + 5 * 50_001) / 1e6,
         'prodigy_claude_cost_dollars_total{model="claude-haiku-5-5",token_type="output"}':
             0.5 * 6000 / 1e6,
         'prodigy_claude_cost_dollars_total{model="claude-sonnet-4-5-x",token_type="input"}':
             3 * 50_001 / 1e6},
    ),
    "a price that changed with time": (
        [{**SONNET, "model": "claude-sonnet-5-5"}, usage(0, 0, 1_000_000)],
        {'prodigy_claude_cost_dollars_total{model="claude-sonnet-5-5",token_type="cache"}': 0.10},
    ),
    "ends of sessions": (
        [{"event_type": "ClaudeSessionCompleted"},
         {"event_type": "ClaudeSessionCompleted", "status": "interrupted"},
         {"event_type": "ClaudeSessionCancelled"},
         {"event_type": "ClaudeSessionFailed", "error": "429 rate-limit"}],
        {'prodigy_claude_sessions_total{status="success"}': 1,
         'prodigy_claude_sessions_total{status="cancelled"}': 2,
         'prodigy_claude_sessions_total{status="failed"}': 1,
         'prodigy_claude_errors_total{error_type="rate_limit"}': 1},
    ),
    "classes of Claude's errors": (
        [{"event_type": "ClaudeError", "error": text}
         for text in ("Overloaded", "authentication_error", "permission_error: no",
                      "invalid_request_error", "request_too_large", "prompt is too long: 9",
                      "Connection reset", "api_error", "Timeout", "sunspots")],
        {f'prodigy_claude_errors_total{{error_type="{kind}"}}': count
         for kind, count in (("overloaded", 1), ("authentication", 1), ("permission", 1),
                             ("invalid_request", 1), ("too_large", 2), ("connection", 1),
                             ("api_error", 1), ("timeout", 1), ("other", 1))},
    ),
    "changed files are those of jobs": (
        [{"event_type": "ClaudeToolInvoked", "tool_name": tool}
         for tool in ("Edit", "Write", "NotebookEdit", "Read", "MultiEdit")],
        {'prodigy_mapreduce_files_modified_total{{job}}': 3,
         'prodigy_claude_tool_invocations_total{tool_name="Edit"}': 1},
    ),
    "the pool": ([{"event_type": "WorktreePoolResized", "size": 3}], {"prodigy_worktree_pool_size": 3}),
}


def write_events(root, events, directory=JOB):
    path = root / "repo" / directory / "events-20261121_014540.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(
        json.dumps({**event, "timestamp": f"2026-11-21T01:46:{number:02}Z"}) + "\n"
        for number, event in enumerate(events)
    ))


@pytest.mark.parametrize("name", CASES)
def test_rule(tmp_path, name):
    events, expected = CASES[name]
    write_events(tmp_path / "events", events)
    shown, _ = once(tmp_path / "events")
    for key, value in expected.items():
        key = key.replace("{job}", f'job_id="{JOB}"')
        assert key in shown, key
        assert same_number(shown[key], value), f"{key} is {shown[key]}"


def test_a_session_is_no_job(tmp_path):
    """Directories that are no job's give no series of a job."""
    events = [SONNET, {"event_type": "ClaudeToolInvoked", "tool_name": "Edit"}, usage(1, 1, 1)]
    write_events(tmp_path / "events", events, directory="session-71a8c364")
    shown, _ = once(tmp_path / "events")
    assert not [key for key in shown if "session-71a8c364" in key or "mapreduce" in key]


def vocabulary():
    """The example lines of docs/events/prodigy.md: of what stands in fences of JSON."""
    with open(VOCABULARY, encoding="utf-8") as file:
        fences = re.findall(r"^```json\n(.*?)^```", file.read(), re.MULTILINE | re.DOTALL)
    return [json.loads(line) for fence in fences for line in fence.splitlines() if line]


def test_vocabulary_has_an_example_of_every_event():
    shown = {re.sub("[_-]", "", line.get("event", line)["event_type"]).lower()
             for line in vocabulary()}
    assert {name.lower() for name in pack_events()} <= shown


def test_vocabulary_is_understood(tmp_path):
    """Every example is named by a rule, and no rule finds it ill-formed."""
    root = tmp_path / "events"
    path = root / "repo" / "mapreduce-20261121_014540" / "events-20261121_014540.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in vocabulary()))
    shown, samples = once(root)
    assert shown["prodigy_storage_events_written_total"] == len(vocabulary())
    assert not unmatched(samples)
    bad = collections.Counter()
    for labels, value in samples.matching("jsonl_exporter_rule_errors_total").items():
        bad[tuple(sorted(labels))] += value
    assert not +bad


def test_reference_names_every_metric():
    with open(REFERENCE, encoding="utf-8") as file:
        rows = set(re.findall(r"^\| `(prodigy_\w+)`", file.read(), re.MULTILINE))
    assert rows == set(pack_metrics())


def test_pack_has_no_error_and_no_warning():
    result = run("check", PACK)
    assert result.returncode == 0, result.stderr
    assert "warning" not in result.stdout + result.stderr


def test_zeros_come_with_a_job(tmp_path):
    """A job's outcomes are there at 0 with its first event, so that increases are seen."""
    path = tmp_path / "events" / "repo" / "mapreduce-1" / "events-1.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text('{"event_type":"job_started","total_items":3,'
                    '"timestamp":"2026-11-21T01:45:40Z"}\n')
    shown, _ = once(tmp_path / "events")
    for status in ("success", "failed", "dlq"):
        assert shown[f'prodigy_mapreduce_items_total{{job_id="mapreduce-1",status="{status}"}}'] == 0
    assert shown['prodigy_mapreduce_dlq_items{job_id="mapreduce-1"}'] == 0
    assert shown['prodigy_mapreduce_jobs_total{status="failed"}'] == 0
    assert shown['prodigy_mapreduce_agents_queued{job_id="mapreduce-1"}'] == 3


def test_a_pack_of_ones_own_changes_prices(tmp_path):
    pack = tmp_path / "prices.yaml"
    pack.write_text("tables:\n  dollars_per_million_output: {claude-sonnet-4-5: 100}\n")
    shown, _ = once(recorded_events("prodigy-0.4.4/dialect"), "--rules", pack)
    (cost,) = [value for key, value in shown.items()
               if key.startswith("prodigy_claude_cost_dollars_total") and '"output"' in key]
    assert same_number(cost, 62572 * 100 / 1e6)
