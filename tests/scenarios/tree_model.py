"""What the pack `prodigy` must show of a tree that Prodigy left (tests/data), computed from the raw
files by plain Python.

It shares nothing with the exporter and does not read rules/prodigy.yaml: it says in another way
what docs/prodigy.md promises. `expected(tree)` is what `HOME=TREE jsonl-exporter once` shows: the
tree at rest, nobody having watched. Who watched while it was made saw more of what is fed by the
lives of files: `is_life_fed` names these samples.

A sample is keyed (name, frozenset of (label, text)), labels without text left out.
"""

import collections
import glob
import json
import os
import re
import time

from prodigy_model import (
    BUCKETS, FAILURE_PHRASES, Model, classify, classify_claude, nanoseconds, seconds,
)

# Dollars per million tokens: input, output, cache write (5 min), cache read.
PRICES = {"claude-sonnet-4-5": (3, 15, 3.75, 0.30)}
DAY = 86400
STATUS = {"Completed": "success", "Failed": "failed", "Cancelled": "cancelled"}
CHANGING_TOOLS = ("Edit", "Write", "NotebookEdit")
# What documents say of a command that failed: "Claude command '/fix x' failed: ...".
DEATH_PHRASES = FAILURE_PHRASES + [("CommandFailed", "command '")]
AGENT_FILE = re.compile(r"mapreduce-agent-(mapreduce-\d{8}_\d{6})_agent_(\d+)\.json")

# Samples that depend on what was seen of files while they lived: name, and labels it must have.
LIFE_FED = (
    ("prodigy_mapreduce_jobs_total", {}),
    ("prodigy_mapreduce_jobs_started_total", {}),
    ("prodigy_mapreduce_job_duration_seconds", {}),
    ("prodigy_mapreduce_agents_total", {"status": "started"}),
    ("prodigy_mapreduce_agents_total", {"status": "success"}),
    ("prodigy_mapreduce_agents_started_total", {}),
    ("prodigy_mapreduce_agent_duration_seconds", {}),
    ("prodigy_agent_duration_seconds", {}),
    ("prodigy_mapreduce_items_total", {"status": "success"}),
    ("prodigy_mapreduce_throughput_items_per_second", {}),
)


def sample_key(name, **labels):
    return name, frozenset((label, text) for label, text in labels.items() if text)


def is_life_fed(key):
    """Is this sample fed by created, closed or removed?"""
    name, labels = key
    family = re.sub(r"_(bucket|sum|count)$", "", name)
    return any(family == fed and set(wanted.items()) <= labels for fed, wanted in LIFE_FED)


def is_job_of_old(job):
    """0.1.x names a job twice: its events by the second, its documents by the millisecond."""
    return re.fullmatch(r"mapreduce-\d{13}", job) is not None


class Tree:
    """The files of one home directory."""

    def __init__(self, home):
        self.home = str(home)
        self.prodigy = os.path.join(self.home, ".prodigy")

    def documents(self, pattern):
        """(path below .prodigy, content) of the JSON documents that fit."""
        for path in sorted(glob.glob(os.path.join(self.prodigy, pattern))):
            with open(path, encoding="utf-8") as file:
                yield os.path.relpath(path, self.prodigy), json.load(file)

    def logs(self, pattern):
        """(path, records) of files of JSON lines below the home."""
        for path in sorted(glob.glob(os.path.join(self.home, pattern))):
            with open(path, encoding="utf-8") as file:
                yield path, [json.loads(line) for line in file]

    def event_files(self):
        """(repo, job directory, path) of every event file."""
        for path in sorted(glob.glob(os.path.join(self.prodigy, "events/*/*/events-*.jsonl"))):
            yield path.split(os.sep)[-3], path.split(os.sep)[-2], path


class Samples:
    def __init__(self):
        self.values = collections.defaultdict(float)

    def add(self, name, amount=1, **labels):
        self.values[sample_key(name, **labels)] += amount

    def observe(self, name, amount, **labels):
        self.add(name + "_sum", amount, **labels)
        self.add(name + "_count", 1, **labels)
        self.add(name + "_bucket", 1, **labels, le="+Inf")
        for bound in BUCKETS[name]:
            self.add(name + "_bucket", amount <= bound, **labels, le=str(float(bound)))


def workflow_names(tree):
    """Of every session by its id; a MapReduce run has none."""
    return {content["id"]: content["workflow_data"]["workflow_name"]
            for _, content in tree.documents("sessions/*.json")}


def add_workflows(tree, samples, now):
    interrupted = {
        content["worktree_name"]: nanoseconds(content["interrupted_at"])
        for _, content in tree.documents("worktrees/*/.metadata/*.json")
        if content["status"] == "interrupted"
    }
    for _, session in tree.documents("sessions/*.json"):
        data = session["workflow_data"]
        name = data["workflow_name"]
        if session["status"] in STATUS:
            samples.add("prodigy_workflow_executions_total", 1, workflow_name=name,
                        status=STATUS[session["status"]])
            lasted = nanoseconds(session["completed_at"]) - nanoseconds(session["started_at"])
            samples.observe("prodigy_workflow_duration_seconds", lasted / 1e9, workflow_name=name)
        elif session["status"] != "Paused":
            updated = nanoseconds(session["updated_at"])
            is_alive = updated > interrupted.get(session["id"], 0) and now - updated / 1e9 < DAY
            samples.add("prodigy_workflow_active", is_alive, workflow_name=name)
        if session["status"] == "Completed":
            samples.add("prodigy_workflow_iterations_total", data["iterations_completed"],
                        workflow_name=name)
            samples.add("prodigy_workflow_files_changed_total", data["files_changed"],
                        workflow_name=name)
        failed = re.search(r"(\w+) command|Step '(\w+):", session["error"] or "")
        if session["status"] == "Failed" and failed:
            kind = (failed.group(1) or failed.group(2)).lower()
            samples.add("prodigy_step_executions_total", 1, step_type=kind, status="failed")
            samples.add("prodigy_workflow_steps_total", 1, workflow_name=name)


def add_steps(tree, samples):
    names = workflow_names(tree)
    for path, checkpoint in tree.documents("state/*/checkpoints/*.checkpoint.json"):
        done = {(step["step_index"], step["completed_at"]): step
                for step in checkpoint["completed_steps"]}
        for step in done.values():
            kind = step["command"].split(":")[0]
            samples.add("prodigy_workflow_steps_total", 1,
                        workflow_name=names.get(path.split(os.sep)[1], ""))
            samples.add("prodigy_step_executions_total", 1, step_type=kind,
                        status="success" if step["success"] else "failed")
            samples.observe("prodigy_step_duration_seconds", seconds(step["duration"]),
                            step_type=kind)


def add_agents(tree, samples):
    """Agents that left their metadata behind: those that failed, and those that were killed."""
    for path, _ in tree.documents("worktrees/*/.metadata/mapreduce-agent-*.json"):
        job = AGENT_FILE.fullmatch(os.path.basename(path)).group(1)
        samples.add("prodigy_mapreduce_agents_total", 1, job_id=job, status="started")
        samples.add("prodigy_mapreduce_agents_started_total", 1, job_id=job)
        samples.add("prodigy_mapreduce_agents_active", 0, job_id=job)
        samples.add("prodigy_mapreduce_worktrees_active", 1, job_id=job)
    for _ in tree.documents("worktrees/*/.metadata/*.json"):
        samples.add("prodigy_worktree_pool_size", 1)


def add_dead_letters(tree, samples, dead_by_events, letters_by_events):
    """`dead_by_events`: (job, item) that events say are dead now; `letters_by_events`: (job, item,
    failures) of every event. Both tell what documents tell again; a fact counts once."""
    for path, item in tree.documents("dlq/*/*/mapreduce/dlq/*/items/*.json"):
        job = path.split(os.sep)[2]
        if (job, item["item_id"], item["failure_count"]) not in letters_by_events:
            samples.add("prodigy_mapreduce_items_total", 1, job_id=job, status="dlq")
        if is_job_of_old(job):
            continue
        samples.add("prodigy_mapreduce_items_total", 1, job_id=job, status="failed")
        samples.add("prodigy_mapreduce_agents_total", 1, job_id=job, status="failed")
        for failure in item["failure_history"]:
            kind = classify(failure["error_message"], DEATH_PHRASES, "Unknown")
            samples.add("prodigy_mapreduce_errors_total", 1, job_id=job, error_type=kind,
                        recoverable="true" if item["reprocess_eligible"] else "false")
    for path, index in tree.documents("dlq/*/*/mapreduce/dlq/*/index.json"):
        job = path.split(os.sep)[2]
        assert index["item_count"] == len(index["item_ids"])
        samples.add("prodigy_mapreduce_dlq_items", 0, job_id=job)
        for item in index["item_ids"]:
            if (job, item) not in dead_by_events:
                samples.add("prodigy_mapreduce_dlq_items", 1, job_id=job)


class Message:
    """The largest numbers that any line told of one message."""

    def __init__(self, model, workflow):
        self.model = model
        self.workflow = workflow
        self.input = self.output = self.written = self.written_1h = self.read = 0

    def see(self, usage):
        split = usage.get("cache_creation") or {}
        self.input = max(self.input, usage["input_tokens"])
        self.output = max(self.output, usage["output_tokens"])
        self.written = max(self.written, usage["cache_creation_input_tokens"])
        self.written_1h = max(self.written_1h, split.get("ephemeral_1h_input_tokens", 0))
        self.read = max(self.read, usage["cache_read_input_tokens"])

    def count(self, samples):
        prices = [price for prefix, price in PRICES.items() if self.model.startswith(prefix)]
        kinds = (("input", self.input), ("output", self.output),
                 ("cache_creation", self.written), ("cache_read", self.read))
        for i, (kind, tokens) in enumerate(kinds):
            labels = {"token_type": kind, "model": self.model, "workflow_name": self.workflow}
            samples.add("prodigy_claude_tokens_total", tokens, **labels)
            if not prices:
                samples.add("prodigy_claude_unpriced_tokens_total", tokens, model=self.model)
                continue
            dollars = tokens * prices[0][i] / 1e6
            if kind == "cache_creation":
                dollars += self.written_1h * 0.6 * prices[0][i] / 1e6
            samples.add("prodigy_claude_cost_dollars_total", dollars, **labels)


def add_claude(tree, samples):
    """Streaming logs and Claude's own, each message, call, session and result once over both."""
    names = workflow_names(tree)
    messages, tools, sessions, results = {}, {}, set(), {}
    both = [*tree.logs(".prodigy/logs/claude-streaming/*.jsonl"),
            *tree.logs(".claude/projects/*-prodigy-worktrees-*/*.jsonl")]
    for _, records in both:
        cwd = next(record["cwd"] for record in records if "cwd" in record)
        session = re.search(r"/((session|workflow)-[0-9a-f-]+)", cwd).group(1)
        model = next((record["model"] for record in records if "model" in record), "")
        agent = re.search(r"mapreduce-agent-(mapreduce-\d+_\d+)_agent_", cwd)
        for record in records:
            sessions.add(record["session_id"])
            if record["type"] == "assistant":
                message = record["message"]
                known = messages.setdefault(
                    message["id"], Message(message["model"], names.get(session, "")))
                known.see(message["usage"])
                for block in message["content"]:
                    if block["type"] == "tool_use":
                        tools[block["id"]] = (block["name"], agent and agent.group(1))
            elif record["type"] == "result":
                results[record["session_id"]] = (record, model)
    for message in messages.values():
        message.count(samples)
    for name, job in tools.values():
        samples.add("prodigy_claude_tool_invocations_total", 1, tool_name=name)
        if job and name in CHANGING_TOOLS:
            samples.add("prodigy_mapreduce_files_modified_total", 1, job_id=job)
    if sessions:
        samples.add("prodigy_claude_sessions_total", len(sessions), status="started")
        samples.add("prodigy_claude_sessions_started_total", len(sessions))
    for result, model in results.values():
        samples.add("prodigy_claude_sessions_total", 1,
                    status="failed" if result["is_error"] else "success")
        samples.add("prodigy_claude_reported_cost_dollars_total", result["total_cost_usd"],
                    model=model)
        if result["is_error"]:
            samples.add("prodigy_claude_errors_total", 1,
                        error_type=classify_claude(result["result"]))


def key_of_text(text):
    """The key of `name{a="b"}`."""
    name, _, inner = text.partition("{")
    return sample_key(name, **dict(re.findall(r'(\w+)="([^"]*)"', inner)))


def read_events(tree, samples):
    """Adds what the events tell, and that jobs begin and end with their event files where none
    does. Who is dead by them, under the job ids that the dead letters themselves name."""
    model = Model().read_tree(os.path.join(tree.prodigy, "events"))
    for text, value in model.values.items():
        samples.values[key_of_text(text)] += value
    dead, letters = set(), set()
    for _, _, path in tree.event_files():
        with open(path, encoding="utf-8") as file:
            events = [json.loads(line)["event"] for line in file]
        for event in events:
            if event["event_type"] == "d_l_q_item_added":
                dead.add((event["job_id"], event["item_id"]))
                letters.add((event["job_id"], event["item_id"], event["failure_count"]))
            elif event["event_type"] == "d_l_q_item_removed":
                dead.discard((event["job_id"], event["item_id"]))
    return dead, letters


def expected(home, now=None):
    """{(name, labels): value} of the tree at rest, samples of 0 left out."""
    tree, samples = Tree(home), Samples()
    dead, letters = read_events(tree, samples)
    add_workflows(tree, samples, time.time() if now is None else now)
    add_steps(tree, samples)
    add_agents(tree, samples)
    add_dead_letters(tree, samples, dead, letters)
    add_claude(tree, samples)
    return {key: value for key, value in samples.values.items() if value}


def job_names(home):
    """0.1.x only: the directory of a job's events by the id that its documents have."""
    found = {}
    for _, job, path in Tree(home).event_files():
        with open(path, encoding="utf-8") as file:
            for line in file:
                event = json.loads(line)["event"]
                if event["event_type"] in ("job_started", "d_l_q_item_added"):
                    found[event["job_id"]] = job
    return found


def of_one_name(values, names):
    """Samples of one job under two names, added up: which of the two names a dead letter has
    depends on who told of it first, in 0.1.x."""
    result = collections.defaultdict(float)
    for (name, labels), value in values.items():
        renamed = {label: names.get(text, text) if label == "job_id" else text
                   for label, text in labels}
        result[sample_key(name, **renamed)] += value
    return {key: value for key, value in result.items() if value}
