"""The simulated fleet (samples/simulate) in each dialect: what a follower shows in the end is what
the fleet says that it did; and what it writes looks like what Prodigy has written."""

import glob
import json
import os
import re
import subprocess
import time

import pytest

from program import REPOSITORY, patience, run
from prodigy_model import THROUGHPUT
from samples import Samples, same_number

SIMULATE = os.path.join(REPOSITORY, "samples", "simulate")
DATA = os.path.join(REPOSITORY, "tests", "data")
SECRET = "sk-simulated-THIS-MUST-NEVER-BE-SHOWN"
# How many runs are followed of each, and how fast.
DIALECTS = {"documented": (10, 20), "0.1": (5, 25), "0.4.4": (10, 16),
            "documented,0.1,0.4.4": (12, 20)}
# They are there before any run: one that is missing is looked for once a second.
ROOTS = [".prodigy/events", ".prodigy/sessions", ".prodigy/state", ".prodigy/dlq",
         ".prodigy/worktrees", ".prodigy/logs/claude-streaming", ".claude/projects"]
# Samples that tell of this machine and its clock: not of the fleet.
VARYING = (THROUGHPUT, "prodigy_mapreduce_disk_bytes", "prodigy_mapreduce_memory_bytes",
           "prodigy_mapreduce_cpu_", "jsonl_exporter_", "process_")
# With events the pool is what they say, with documents what is there.
MIXED = ("prodigy_worktree_pool_size",)
# How long files lived is not told to the nanosecond: of these only the count is compared.
OF_LIVES = ("prodigy_mapreduce_job_duration_seconds", "prodigy_agent_duration_seconds",
            "prodigy_mapreduce_agent_duration_seconds")


def simulate(home, *options):
    """Plays a fleet; what must be shown, and what happened."""
    paths = [home / "expected.json", home / "truth.json"]
    subprocess.run([SIMULATE, home / ".prodigy" / "events", "--expected", paths[0], "--truth",
                    paths[1], *map(str, options)], check=True, timeout=60 * patience())
    return [json.loads(path.read_text()) for path in paths]


def is_compared(key):
    return not key.startswith(VARYING) and \
        not (key.startswith(OF_LIVES) and not re.search(r"_count\b", key))


def differences(shown, expected):
    keys = filter(is_compared, sorted(set(shown) | set(expected)))
    return [f"{key} is {shown.get(key, 0)}, expected {expected.get(key, 0)}" for key in keys
            if not same_number(shown.get(key, 0), expected.get(key, 0))]


def own(samples):
    """As the fleet writes keys: without empty labels."""
    return {re.sub(r'(?<=[{,])\w+="",?|,\w+=""|\{\}', "", key).replace(",}", "}").replace("{}", ""):
            value for key, value in samples.own().items()}


def follow(launch, home):
    for root in ROOTS:
        (home / root).mkdir(parents=True, exist_ok=True)
    return launch(None, rules=None, options=["--rules", "prodigy"], env={"HOME": os.fspath(home)})


def expect(problems, exporter, timeout=30):
    deadline = time.monotonic() + timeout * patience()
    while (found := problems()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not found, "\n".join(found[:40]) + "\n" + exporter.log()[-3000:]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_followed(tmp_path, launch, dialect):
    exporter = follow(launch, tmp_path)
    runs, speed = DIALECTS[dialect]
    expected, truth = simulate(tmp_path, "--dialect", dialect, "--seed", 3, "--speed", speed,
                               "--jobs", 5, "--runs", runs)
    assert truth["agents"]["success"] > 20
    unsure = MIXED if "," in dialect else ()

    def problems():
        return [text for text in differences(own(exporter.scrape()), expected)
                if not text.startswith(unsure)]

    expect(problems, exporter)
    exporter.restart()
    time.sleep(0.5)
    found = problems()
    assert not found, "\n".join(found[:40])


def test_stopped_in_the_middle(tmp_path, launch):
    """As if all of Prodigy died at once: jobs end, runs stay as their documents left them."""
    exporter = follow(launch, tmp_path)
    expected, truth = simulate(tmp_path, "--dialect", "0.4.4", "--seed", 31, "--speed", 16,
                               "--jobs", 6, "--duration", 3)
    assert truth["runs_active"] and truth["jobs"]["ended"] == truth["jobs"]["started"]
    expect(lambda: differences(own(exporter.scrape()), expected), exporter)


def test_what_happened_is_what_is_shown(tmp_path, launch):
    """The summary in words, against sums of metrics."""
    exporter = follow(launch, tmp_path)
    _, truth = simulate(tmp_path, "--dialect", "0.4.4", "--seed", 8, "--speed", 12, "--jobs", 4,
                        "--runs", 9)
    assert truth["other"]["interrupted"] and truth["dlq"] and truth["steps"]["claude"]["success"]

    def problems():
        samples = exporter.scrape()

        def compare(wanted, name, **labels):
            seen = samples.total(name, **labels)
            return [] if same_number(seen, wanted) else [f"{name}{labels}: {seen}, not {wanted}"]

        found = []
        for status, count in truth["runs"].items():
            found += compare(count, "prodigy_workflow_executions_total", status=status)
        for kind, counts in truth["steps"].items():
            for status, count in counts.items():
                found += compare(count, "prodigy_step_executions_total", step_type=kind,
                                 status=status)
        for status, count in truth["agents"].items():
            found += compare(count, "prodigy_mapreduce_agents_total", status=status)
        for job, depth in truth["dlq"].items():
            found += compare(depth, "prodigy_mapreduce_dlq_items", job_id=job)
        for model, kinds in truth["tokens"].items():
            for kind, count in kinds.items():
                found += compare(count, "prodigy_claude_tokens_total", model=model,
                                 token_type=kind)
        found += compare(0, "prodigy_workflow_active")
        found += compare(0, "prodigy_mapreduce_jobs_active")
        return found

    expect(problems, exporter)


def test_the_environment_is_nowhere(tmp_path, launch):
    """Checkpoints hold the user's environment, in clear; what the exporter keeps and shows not."""
    exporter = follow(launch, tmp_path)
    simulate(tmp_path, "--dialect", "0.4.4", "--once", "--jobs", 1)
    checkpoints = glob.glob(f"{tmp_path}/.prodigy/state/*/checkpoints/*.json")
    assert checkpoints
    for path in checkpoints:
        with open(path, encoding="utf-8") as file:
            assert SECRET in file.read()
    exporter.committed()
    kept = [exporter.log().encode()]
    kept += [exporter.request(path).body for path in ("/metrics", "/api/v1/status", "/ready", "/")]
    for folder, _, names in os.walk(exporter.state):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                kept.append(file.read())
    assert not any(SECRET.encode() in content for content in kept)


# --- The simulator itself ----------------------------------------------------------------------


# Where documents hold tables of the run's own names, and numbers that are there or not.
FREE = re.compile(r"timings|metadata$|variable_state|global_variables|environment_snapshot|"
                  r"checkpoints$|item_data|agent_results|failed_agents|config")


def outline(value, name=""):
    """Names and their order, at all depths; of a list that of its first entry."""
    if FREE.search(name):
        return None
    if isinstance(value, dict):
        return tuple((key, outline(inner, key)) for key, inner in value.items())
    if isinstance(value, list):
        return (outline(value[0]),) if value else ()
    return None


def fits(played, real):
    """An empty list fits any."""
    if not played or not real:
        return played in (None, ()) or played == real
    return len(played) == len(real) and all(
        one == other or isinstance(one, tuple) and isinstance(other, tuple) and fits(one, other)
        for one, other in zip(played, real))


def outlines(root, pattern):
    found = set()
    for path in glob.glob(os.path.join(root, pattern)):
        with open(path, encoding="utf-8") as file:
            found.add(outline(json.load(file)))
    return found


SHAPES = {
    "session": ("0.4.4", "sessions/*.json"),
    "checkpoint": ("0.4.4", "state/*/checkpoints/*.json"),
    "worktree": ("0.4.4", "worktrees/*/.metadata/*.json"),
    "dead letter": ("0.4.4", "dlq/*/*/mapreduce/dlq/*/items/*.json"),
    "index of dead letters": ("0.4.4", "dlq/*/*/mapreduce/dlq/*/index.json"),
    "metadata of a job's state": ("0.1", "state/*/mapreduce/jobs/*/metadata.json"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_documents_are_shaped_like_real_ones(tmp_path, name):
    dialect, pattern = SHAPES[name]
    simulate(tmp_path, "--dialect", dialect, "--once", "--jobs", 6)
    version = {"0.4.4": "0.4.4", "0.1": "0.1.7"}[dialect]
    real = outlines(DATA, f"prodigy-{version}/*/.prodigy/{pattern}")
    played = outlines(tmp_path, f".prodigy/{pattern}")
    assert played
    for one in played:
        assert any(fits(one, other) for other in real), one


def test_streaming_logs_are_shaped_like_real_ones(tmp_path):
    """Their lines' kinds and fields; and no LF at the end."""
    simulate(tmp_path, "--dialect", "0.4.4", "--once", "--jobs", 2)

    def kinds(pattern):
        found = set()
        for path in glob.glob(pattern):
            with open(path, encoding="utf-8") as file:
                content = file.read()
            assert content and not content.endswith("\n")
            for line in map(json.loads, content.split("\n")):
                message = line.get("message", {})
                blocks = message.get("content") or [{}]
                found.add((line["type"], tuple(line), tuple(message), blocks[0].get("type")))
        return found

    logs = ".prodigy/logs/claude-streaming/*.jsonl"
    real = {kind for kind in kinds(f"{DATA}/prodigy-0.4.4/*/{logs}")}
    # A tool's result is told in full by some.
    real |= {(name, tuple(field for field in fields if field != "tool_use_result"), *rest)
             for name, fields, *rest in real}
    played = kinds(f"{tmp_path}/{logs}")
    assert {kind[0] for kind in played} == {"system", "assistant", "user", "result"}
    assert played <= real


def test_both_logs_of_claude_have_the_same_messages(tmp_path):
    simulate(tmp_path, "--dialect", "0.4.4", "--once", "--jobs", 2)

    def messages(pattern):
        return {json.loads(line)["message"]["id"]
                for path in glob.glob(f"{tmp_path}/{pattern}") for line in open(path)
                if json.loads(line)["type"] == "assistant"}

    streamed = messages(".prodigy/logs/claude-streaming/*.jsonl")
    assert streamed and streamed < messages(".claude/projects/*/*.jsonl")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_seed_is_a_story(tmp_path, dialect):
    def play(name, seed):
        home = tmp_path / name
        home.mkdir()
        simulate(home, "--dialect", dialect, "--once", "--jobs", 3, "--seed", seed, "--start",
                 "2026-03-01T10:00:00Z")
        return {
            os.path.relpath(os.path.join(folder, file), home):
                open(os.path.join(folder, file), "rb").read()
            for folder, _, files in os.walk(home) for file in files
        }

    assert play("a", 7) == play("b", 7)
    assert play("c", 8) != play("d", 7)


def test_events_alone_have_no_neighbours(tmp_path):
    """A directory that is no HOME/.prodigy/events gets events alone, and 0.4.4 asks for one."""
    root = tmp_path / "lone" / "events"
    subprocess.run([SIMULATE, root, "--once", "--jobs", "1"], check=True)
    assert os.listdir(tmp_path / "lone") == ["events"]
    result = subprocess.run([SIMULATE, root, "--dialect", "0.4.4"], capture_output=True, text=True)
    assert result.returncode == 2 and "HOME/.prodigy/events" in result.stderr


def test_read_at_once(tmp_path):
    """A finished fleet, of which nobody saw the life: what files tell in the end is the same."""
    expected, _ = simulate(tmp_path, "--dialect", "0.4.4", "--once", "--jobs", 4, "--seed", 2)
    result = run("once", "--rules", "prodigy", env={"HOME": os.fspath(tmp_path)})
    assert result.returncode == 0, result.stderr
    shown = own(Samples(result.stdout))
    lasting = ("prodigy_workflow_executions_total", "prodigy_workflow_duration_seconds",
               "prodigy_step_", "prodigy_workflow_steps_total", "prodigy_claude_tokens_total",
               "prodigy_claude_cost_dollars_total", "prodigy_claude_tool_invocations_total",
               "prodigy_mapreduce_dlq_items")
    found = differences({key: value for key, value in shown.items() if key.startswith(lasting)},
                        {key: value for key, value in expected.items() if key.startswith(lasting)})
    assert not found, "\n".join(found[:40])
