"""What the metrics of the pack `prodigy` must be, computed from the raw lines by plain Python.

It shares nothing with the exporter and does not read rules/prodigy.yaml: it says in another way
what docs/prodigy.md promises, so that a test of the pack can fail.
"""

import json
import os
import re
from collections import defaultdict
from datetime import datetime, timezone

LATENCY_BUCKETS = [2**i / 1000 for i in range(15)] + [32, 64, 128, 256, 512, 1024, 2048, 4096]
BUCKETS = {
    "prodigy_workflow_duration_seconds": [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14400],
    "prodigy_step_duration_seconds": [0.1, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600],
    "prodigy_mapreduce_job_duration_seconds": [30, 60, 120, 300, 600, 1800, 3600],
    "prodigy_agent_duration_seconds": [1, 10, 30, 60, 300, 600, 1200, 1800, 3600, 7200],
    "prodigy_mapreduce_agent_duration_seconds": [
        1, 5, 10, 30, 60, 120, 300, 1200, 1800, 3600, 7200,
    ],
    "prodigy_mapreduce_processing_latency_seconds": LATENCY_BUCKETS,
}
THROUGHPUT = "prodigy_mapreduce_throughput_items_per_second"
CHANGING_TOOLS = ("Edit", "Write", "NotebookEdit")

# Dollars per million tokens: input, output, cache; of the models that the samples use.
PRICES = {
    "claude-sonnet-4-5": (3, 15, 0.30),
    "claude-opus-4-5": (5, 25, 0.50),
    "claude-haiku-4-5": (1, 5, 0.10),
}
FAILURE_PHRASES = [
    ("Timeout", "timed out", "timeout"),
    ("WorktreeError", "worktree", "work tree"),
    ("MergeConflict", "merge conflict", "merge failed"),
    ("CommitValidationFailed", "commit validation", "commit required", "no commits"),
    ("GitError", "commit tracker", "execute git"),
    ("CommandFailed", "command failed", "exit code", "exit status", "exited with"),
]
CLAUDE_PHRASES = [
    ("rate_limit", "rate limit", "rate_limit", "rate-limit", "ratelimit"),
    ("overloaded", "overloaded"),
    ("authentication", "authenticat"),
    ("permission", "permission"),
    ("invalid_request", "invalid request", "invalid_request", "invalid-request"),
    ("too_large", "too large", "too_large", "too long"),
    ("timeout", "timed out", "timeout"),
    ("connection", "connect"),
    ("api_error", "api error", "api_error", "api-error", "apierror"),
]


def classify(text, phrases, otherwise):
    """The class of the phrase that comes first in the text."""
    found = []
    for kind, *words in phrases:
        found += [(text.lower().find(word), kind) for word in words if word in text.lower()]
    return min(found)[1] if found else otherwise


def classify_claude(text):
    """The class of the phrase that comes last: "API Error: 529 overloaded" is overloaded."""
    found = []
    for kind, *words in CLAUDE_PHRASES:
        found += [(text.lower().rfind(word), kind) for word in words if word in text.lower()]
    return max(found)[1] if found else "other"


def seconds(duration):
    if isinstance(duration, list):
        return duration[0] + duration[1] / 1e9
    if isinstance(duration, dict):
        return duration["secs"] + duration["nanos"] / 1e9
    return float(duration)


def nanoseconds(timestamp):
    """Of an RFC 3339 time with up to nine digits behind the point."""
    match = re.fullmatch(r"(.{19})(?:\.(\d+))?(?:Z|\+00:00)", timestamp)
    whole = datetime.fromisoformat(match.group(1)).replace(tzinfo=timezone.utc)
    return int(whole.timestamp()) * 10**9 + int((match.group(2) or "0").ljust(9, "0"))


def outcome(word):
    return "failed" if word in ("failed", "failure", "error") else (
        "cancelled" if word in ("cancelled", "canceled", "interrupted") else "success"
    )


class Directory:
    """What is known of one job directory while its lines are read."""

    def __init__(self, job_id):
        self.job_id = job_id
        self.workflow = ""
        self.workflow_began = {}
        self.step_began = {}
        self.workflows = set()
        self.job_began = None
        self.map_began = None
        self.is_active = False
        self.active = {}        # agent -> the time of its start
        self.running = set()    # agents
        self.agent_of_item = {}
        self.waiting = None     # number of items; None: no one told
        self.taken = set()
        self.queue_told = False
        self.dead = set()
        self.worktrees = set()
        self.told_retry = set()
        self.models = {}
        self.completions = []
        self.is_job_told = False  # by an event of the job itself


class Model:
    def __init__(self):
        self.values = defaultdict(float)
        self.put_at = {}
        self.unknown = defaultdict(int)
        self.directories = {}
        self.seen = set()

    # Reading

    def read_tree(self, root):
        """All event files under an events directory, those of one directory in order of time."""
        paths = []
        for folder, _, names in os.walk(root):
            parts = os.path.relpath(folder, root).split(os.sep)
            for name in names:
                is_archive = parts == ["archive"] and name.startswith("events_archive_")
                if len(parts) == 2 and not is_archive and re.fullmatch(
                    r"events-.*\.jsonl.*", name
                ) and not name.endswith(".tmp"):
                    paths.append((folder, self.generation(name), name))
        for folder, _, name in sorted(paths):
            self.directories.setdefault(folder, Directory(os.path.basename(folder)))
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                for line in file:
                    self.read_line(folder, json.loads(line))
        for directory in self.directories.values():
            self.settle(directory)
        return self

    @staticmethod
    def generation(name):
        """Rotated files by the time of their rotation, the file itself last."""
        return "~" if name.endswith(".jsonl") else name

    def read_line(self, folder, record):
        if "id" in record:
            if (folder, record["id"]) in self.seen:
                return
            self.seen.add((folder, record["id"]))
        directory = self.directories.setdefault(folder, Directory(os.path.basename(folder)))
        event = record.get("event", record)
        self.add("prodigy_storage_events_written_total")
        name = re.sub("[_-]", "", event["event_type"]).lower()
        handler = getattr(self, "on_" + name, None)
        if handler is None:
            self.unknown[event["event_type"]] += 1
            return
        self.time = nanoseconds(record["timestamp"])
        self.run = record.get("correlation_id", "")
        directory.is_job_told |= name in (
            "jobstarted", "jobpaused", "jobresumed", "jobcompleted", "jobfailed")
        handler(directory, event)

    def settle(self, directory):
        """Gauges that are what is inside at the end; and jobs of which only the file tells."""
        job = directory.job_id
        if job.startswith("mapreduce-") and not directory.is_job_told:
            self.add("prodigy_mapreduce_jobs_total", status="started")
            self.add("prodigy_mapreduce_jobs_total", status="ended")
            self.add("prodigy_mapreduce_jobs_started_total")
        for name in directory.workflows:
            self.add("prodigy_workflow_active", 1, workflow_name=name[1])
        if directory.is_active:
            self.add("prodigy_mapreduce_jobs_active", 1, job_id=job, workflow=directory.workflow)
        self.add("prodigy_mapreduce_agents_active", len(directory.running), job_id=job)
        self.add("prodigy_mapreduce_dlq_items", len(directory.dead), job_id=job)
        self.add("prodigy_mapreduce_worktrees_active", len(directory.worktrees), job_id=job)
        if directory.waiting is not None:
            self.add("prodigy_mapreduce_agents_queued", directory.waiting, job_id=job)
        if directory.completions:
            last = max(directory.completions)
            near = [t for t in directory.completions if t > last - 60 * 10**9]
            self.add(THROUGHPUT, len(near) / 60, job_id=job)

    # Samples

    @staticmethod
    def key(name, labels):
        inner = ",".join(f'{label}="{text}"' for label, text in sorted(labels.items()) if text)
        return f"{name}{{{inner}}}" if inner else name

    def add(self, name, amount=1, **labels):
        self.values[self.key(name, labels)] += amount

    def put(self, name, amount, **labels):
        """A gauge's newest value by event time: directories are read one after the other."""
        key = self.key(name, labels)
        if self.time >= self.put_at.get(key, 0):
            self.put_at[key] = self.time
            self.values[key] = amount

    def observe(self, name, amount, **labels):
        self.add(name + "_sum", amount, **labels)
        self.add(name + "_count", 1, **labels)
        self.add(name + "_bucket", 1, **labels, le="+Inf")
        for bound in BUCKETS[name]:
            self.add(name + "_bucket", amount <= bound, **labels, le=str(float(bound)))

    # Workflows and steps

    def on_workflowstarted(self, directory, event):
        directory.workflow = event["workflow_name"]
        run = (self.run, directory.workflow)
        directory.workflows.add(run)
        directory.workflow_began[run] = self.time

    def end_workflow(self, directory, event, status):
        name = event.get("workflow_name", directory.workflow)
        directory.workflows.discard((self.run, name))
        self.add("prodigy_workflow_executions_total", workflow_name=name, status=status)
        began = directory.workflow_began.get((self.run, name))
        duration = (
            seconds(event["duration"]) if "duration" in event else (self.time - began) / 1e9
        )
        self.observe("prodigy_workflow_duration_seconds", duration, workflow_name=name)

    def on_workflowcompleted(self, directory, event):
        self.end_workflow(directory, event, outcome(event.get("status", "success")))

    def on_workflowfailed(self, directory, event):
        self.end_workflow(directory, event, "failed")

    def on_workflowcancelled(self, directory, event):
        self.end_workflow(directory, event, "cancelled")

    def on_stepstarted(self, directory, event):
        directory.step_began[event["step_index"]] = self.time

    def end_step(self, directory, event, status):
        kind = event["step_type"]
        self.add("prodigy_workflow_steps_total", workflow_name=directory.workflow)
        self.add("prodigy_step_executions_total", step_type=kind, status=status)
        if "duration" in event:
            duration = seconds(event["duration"])
        else:
            duration = (self.time - directory.step_began[event["step_index"]]) / 1e9
        self.observe("prodigy_step_duration_seconds", duration, step_type=kind)

    def on_stepcompleted(self, directory, event):
        self.end_step(directory, event, outcome(event.get("status", "success")))
        if event.get("on_failure") in (True, "recovered"):
            self.on_steprecovered(directory, event)

    def on_stepfailed(self, directory, event):
        self.end_step(directory, event, "failed")

    def on_steprecovered(self, directory, event):
        self.add("prodigy_step_on_failure_recoveries_total", step_type=event["step_type"])

    def on_validationcompleted(self, directory, event):
        word = event.get("result", event.get("status", event.get("passed")))
        passed = word is True or word in ("pass", "passed", "success")
        self.add("prodigy_step_validations_total", step_type=event["step_type"],
                 result="pass" if passed else "fail")

    def on_worktreepoolresized(self, directory, event):
        self.put("prodigy_worktree_pool_size", event["size"])

    # Jobs

    def count_job(self, directory, status):
        self.add("prodigy_mapreduce_jobs_total", status=status, workflow=directory.workflow)

    def on_jobstarted(self, directory, event):
        directory.workflow = event.get("workflow", directory.workflow)
        self.count_job(directory, "started")
        self.add("prodigy_mapreduce_jobs_started_total", workflow=directory.workflow)
        directory.is_active = True
        directory.job_began = directory.map_began = self.time
        directory.waiting = event["total_items"]

    def on_mapphasestarted(self, directory, event):
        directory.map_began = self.time
        directory.is_active = True

    def on_jobpaused(self, directory, event):
        self.count_job(directory, "paused")
        directory.is_active = False
        directory.running.clear()

    def on_jobresumed(self, directory, event):
        self.count_job(directory, "resumed")
        directory.is_active = True
        directory.waiting = event["pending_items"]
        directory.taken.clear()

    def end_job(self, directory, event, status):
        self.count_job(directory, status)
        directory.is_active = False
        directory.running.clear()
        directory.waiting = 0
        if directory.queue_told:
            self.put("prodigy_mapreduce_queue_depth", 0, job_id=directory.job_id, priority="normal")
        duration = (
            seconds(event["duration"])
            if "duration" in event
            else (self.time - directory.job_began) / 1e9
        )
        self.observe("prodigy_mapreduce_job_duration_seconds", duration,
                     workflow=directory.workflow)

    def on_jobcompleted(self, directory, event):
        self.end_job(directory, event, "success")

    def on_jobfailed(self, directory, event):
        self.end_job(directory, event, "failed")
        self.add("prodigy_mapreduce_errors_total", job_id=directory.job_id, recoverable="false",
                 error_type=classify(event["error"], FAILURE_PHRASES, "Unknown"))

    def on_queuedepthchanged(self, directory, event):
        directory.queue_told = True
        directory.waiting = event["pending"]
        self.put("prodigy_mapreduce_queue_depth", event["pending"], job_id=directory.job_id,
                 priority=event.get("priority", "normal"))

    # Agents

    def count_agent(self, directory, status):
        self.add("prodigy_mapreduce_agents_total", job_id=directory.job_id, status=status)

    def count_item(self, directory, status):
        self.add("prodigy_mapreduce_items_total", job_id=directory.job_id, status=status)

    def take(self, directory, item):
        if not directory.queue_told and directory.waiting is not None:
            if item not in directory.taken:
                directory.taken.add(item)
                directory.waiting -= 1

    def on_agentstarted(self, directory, event):
        self.count_agent(directory, "started")
        self.add("prodigy_mapreduce_agents_started_total", job_id=directory.job_id)
        directory.running.add(event["agent_id"])
        directory.active[event["agent_id"]] = self.time
        directory.agent_of_item[event["item_id"]] = event["agent_id"]
        self.observe("prodigy_mapreduce_processing_latency_seconds",
                     (self.time - directory.map_began) / 1e9, job_id=directory.job_id)
        self.take(directory, event["item_id"])

    def on_agentcompleted(self, directory, event):
        job = directory.job_id
        directory.running.discard(event["agent_id"])
        directory.active.pop(event["agent_id"], None)
        directory.completions.append(self.time)
        self.count_agent(directory, "success")
        self.count_item(directory, "success")
        duration = seconds(event["duration"])
        self.observe("prodigy_agent_duration_seconds", duration, job_id=job)
        self.observe("prodigy_mapreduce_agent_duration_seconds", duration, job_id=job,
                     status="success")
        self.add("prodigy_mapreduce_commits_total", len(event["commits"]), job_id=job)

    def on_agentfailed(self, directory, event):
        job = directory.job_id
        agent = event["agent_id"]
        retry = event.get("retry_eligible", False)
        directory.running.discard(agent)
        if agent in directory.active:
            ran = (self.time - directory.active.pop(agent)) / 1e9
            self.observe("prodigy_mapreduce_agent_duration_seconds", ran, job_id=job,
                         status="failed")
        reason = event.get("failure_reason")
        if isinstance(reason, dict):
            reason = next(iter(reason))
        kind = reason or classify(event["error"], FAILURE_PHRASES, "Unknown")
        self.add("prodigy_mapreduce_errors_total", job_id=job, error_type=kind,
                 recoverable="true" if retry else "false")
        if retry:
            directory.told_retry.add(agent)
            self.count_agent(directory, "retried")
            self.add("prodigy_mapreduce_retries_total", job_id=job, reason=kind)
        else:
            self.count_agent(directory, "failed")
            self.count_item(directory, "failed")

    def on_agentretrying(self, directory, event):
        if event["agent_id"] not in directory.told_retry:
            self.count_agent(directory, "retried")
            self.add("prodigy_mapreduce_retries_total", job_id=directory.job_id, reason="Unknown")

    # Dead letters, worktrees, checkpoints, memory

    def on_dlqitemadded(self, directory, event):
        self.count_item(directory, "dlq")
        directory.dead.add(event["item_id"])
        directory.running.discard(directory.agent_of_item.get(event["item_id"]))
        self.take(directory, event["item_id"])

    def on_dlqitemremoved(self, directory, event):
        directory.dead.discard(event["item_id"])

    def on_worktreecreated(self, directory, event):
        directory.worktrees.add(event["worktree_name"])

    def on_worktreecleaned(self, directory, event):
        directory.worktrees.discard(event["worktree_name"])

    def on_checkpointcreated(self, directory, event):
        self.add("prodigy_checkpoints_created_total")

    def on_checkpointfailed(self, directory, event):
        self.add("prodigy_mapreduce_errors_total", job_id=directory.job_id, recoverable="true",
                 error_type="CheckpointFailed")

    def on_memorypressure(self, directory, event):
        for metric, field in (("memory", "used_mb"), ("memory_limit", "limit_mb")):
            self.put(f"prodigy_mapreduce_{metric}_bytes", event[field] * 1024 * 1024,
                     job_id=directory.job_id)

    # Claude

    def count_session(self, status):
        self.add("prodigy_claude_sessions_total", status=status)

    def on_claudesessionstarted(self, directory, event):
        directory.models[event["agent_id"]] = event["model"]
        self.count_session("started")
        self.add("prodigy_claude_sessions_started_total")

    def on_claudesessioncompleted(self, directory, event):
        self.count_session(outcome(event.get("status", "success")))

    def on_claudesessionfailed(self, directory, event):
        self.count_session("failed")
        self.on_claudeerror(directory, event)

    def on_claudesessioncancelled(self, directory, event):
        self.count_session("cancelled")

    def count_error(self, text):
        self.add("prodigy_claude_errors_total", error_type=classify_claude(text))

    def on_claudeerror(self, directory, event):
        self.count_error(event["error"])

    def on_claudemessage(self, directory, event):
        if event["message_type"] == "error":
            self.count_error(event["content"])

    def on_claudetoolinvoked(self, directory, event):
        self.add("prodigy_claude_tool_invocations_total", tool_name=event["tool_name"])
        if event["tool_name"] in CHANGING_TOOLS and directory.job_id.startswith("mapreduce-"):
            self.add("prodigy_mapreduce_files_modified_total", job_id=directory.job_id)

    def on_claudetokenusage(self, directory, event):
        model = directory.models.get(event["agent_id"], "unknown")
        prices = [price for prefix, price in PRICES.items() if model.startswith(prefix)]
        kinds = ("input", "output", "cache")
        for i, kind in enumerate(kinds):
            labels = {"token_type": kind, "model": model, "workflow_name": directory.workflow}
            tokens = event[kind + "_tokens"]
            self.add("prodigy_claude_tokens_total", tokens, **labels)
            if prices:
                self.add("prodigy_claude_cost_dollars_total", tokens * prices[0][i] / 1e6, **labels)
            else:
                self.add("prodigy_claude_unpriced_tokens_total", tokens, model=model)

    # Known, and without a metric

    def ignore(self, directory, event):
        pass

    on_agentprogress = ignore
    on_mapphasecompleted = on_reducephasestarted = on_reducephasecompleted = ignore
    on_checkpointloaded = on_worktreemerged = ignore
    on_dlqitemsreprocessed = on_dlqitemsevicted = on_dlqanalysisgenerated = ignore
