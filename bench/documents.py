"""A home as Prodigy leaves it after many runs: session documents, event files that stayed empty."""
import json
import os
import tempfile
import threading
import time
import uuid

import exposition
import program

WORKFLOWS = 20
DAYS_AGO = 2  # the runs were
REWRITES_PER_SECOND = 1000


def session(number):
    """One that is over, as Prodigy 0.4.4 writes it: about 1.5 KB."""
    name = f"session-{uuid.UUID(int=(0x4000 << 64) | (0x8000 << 48) | number)}"
    return name, {
        "id": name, "session_type": "Workflow", "status": "Completed",
        "started_at": "2026-11-20T10:59:48.158882168Z",
        "updated_at": "2026-11-20T10:59:50.693610913Z",
        "completed_at": "2026-11-20T10:59:50.693610983Z",
        "metadata": {"total_steps": 5, "files_changed_delta": 1, "current_step": 0,
                     "execution_start_time": "2026-11-20T10:59:48.158855598+00:00",
                     "workflow_type": "standard", "increment_iteration": True},
        "checkpoints": [],
        "timings": {f"claude: /fix item-{step}": {"secs": step, "nanos": 387513544}
                    for step in range(5)},
        "error": None,
        "workflow_data": {"workflow_id": name, "workflow_name": f"workflow-{number % WORKFLOWS}",
                          "current_step": 0, "total_steps": 0, "completed_steps": [],
                          "variables": {}, "iterations_completed": 1, "files_changed": 5,
                          "worktree_name": None},
        "mapreduce_data": None}


def make_home(top, count):
    """The events directory of a home with `count` runs that are over."""
    events, sessions = os.path.join(top, "events"), os.path.join(top, "sessions")
    os.makedirs(sessions)
    for number in range(count):
        name, document = session(number)
        folder = os.path.join(events, f"repo-{number % WORKFLOWS}", name)
        os.makedirs(folder)
        make_old(os.path.join(sessions, name + ".json"), json.dumps(document, indent=2))
        make_old(os.path.join(folder, "events-20261120_105948.jsonl"), "")
    return events


def make_old(path, content):
    with open(path, "w", encoding="ascii") as file:
        file.write(content)
    moment = time.time() - DAYS_AGO * 86400
    os.utime(path, (moment, moment))


def runs_counted(body):
    return sum(value for name, value in exposition.parse(body).items()
               if name.startswith("prodigy_workflow_executions_total{")
               and 'status="success"' in name)


def check(running, count):
    """What is shown once it stands still."""
    for _ in range(100):
        body = running.scrape()
        if body and runs_counted(body) == count:
            return {"samples": len(exposition.parse(body))}
        time.sleep(0.05)
    raise program.Failed(f"documents: {runs_counted(body)} runs counted, not {count}")


def idle_share(running, seconds):
    """Of one processor."""
    cpu, begin = running.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    return (running.cpu_seconds() - cpu) / (time.monotonic() - begin)


def at_rest(running, scale):
    """Nothing is left to find out: who has files open is asked ten seconds after the start."""
    time.sleep(scale.settle * 10)
    return {"cpu_percent": idle_share(running, scale.idle_seconds) * 100,
            "rss_mb": running.rss() / 1e6, "peak_rss_mb": running.peak_rss() / 1e6}


def many_documents(bench):
    """At the first start, and at the next one."""
    count = bench.scale.documents
    title = f"{count:,} sessions, {count:,} empty event files"
    rows = []
    # Its path is as long as that of a home: paths are much of the memory.
    with bench.scratch() as (folder, _), tempfile.TemporaryDirectory(prefix="prodigy-") as home:
        events = make_home(home, count)
        for start in ("first start", "restart"):
            with program.exporter(bench.tools.exporter, "prodigy", events, folder) as running:
                ready = running.wait_until_ready() - running.started
                checked = check(running, count)
                rows.append({"what": f"{title}, {start}", "wall_s": ready, **checked,
                             **at_rest(running, bench.scale)})
    return rows


class Rewriter:
    """One document, rewritten in place all the time, as often as can be up to a rate."""

    def __init__(self, path, document):
        self.path, self.document, self.count = path, document, 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def write(self, **changes):
        self.document.update(changes)
        content = json.dumps(self.document)
        with open(self.path, "w", encoding="ascii") as file:
            file.write(content)
        self.count += 1

    def run(self):
        begin = time.monotonic()
        while not self.over.is_set():
            self.write(number=self.count)
            time.sleep(max(0, begin + self.count / REWRITES_PER_SECOND - time.monotonic()))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def rewritten_document(bench):
    """What it costs while one document is rewritten 1,000 times a second."""
    with bench.scratch() as (folder, _):
        events = make_home(os.path.join(folder, "home"), 1)
        _, document = session(1)
        path = os.path.join(folder, "home", "sessions", "rewritten.json")
        with program.exporter(bench.tools.exporter, "prodigy", events, folder) as running:
            running.wait_until_ready()
            time.sleep(bench.scale.settle)
            with Rewriter(path, dict(document, status="Running", completed_at=None)) as rewriter:
                time.sleep(1)
                count, begin = rewriter.count, time.monotonic()
                share = idle_share(running, bench.scale.idle_seconds / 4)
                rate = (rewriter.count - count) / (time.monotonic() - begin)
            rewriter.write(status="Completed", completed_at=document["completed_at"])
            return [{"what": f"one document rewritten {rate:,.0f} times a second",
                     "cpu_percent": share * 100, **check(running, 2)}]
