"""Plays a recorded tree again, file by file, with the system calls that Prodigy and Claude Code
made (seen in traces, and in their sources):

    events/.../events-T.jsonl          opened O_APPEND at the run's start, held, written in bursts
                                       of 1000 lines through a buffer, closed at the run's end
    sessions/*.json, dlq/**            truncated, then written
    checkpoints, worktree documents    a temporary file, then rename
    documents of agents that succeeded are in no recorded tree: made at their start, then unlinked
    logs/claude-streaming/*.jsonl      written whole when the command has ended; no LF at the end
    ~/.claude/projects/**              each line appended by itself

in the order of the times inside. Where a document had other contents before (steps fewer, an index
shorter), these are played too.
"""

import json
import os
import re
import time

from events import append, write_all
from prodigy_writer import Clean, ProdigyWriter
from recorded_tree import SECOND, moment, spell

BURST = 1000
AGENT = re.compile(r"mapreduce-agent-(mapreduce-\d{8}[_-]\d{6})[_-]agent[_-](\d+)")


def pretty(document):
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def lines_of(content):
    return content.splitlines(keepends=True)


class Expectations:
    """What the script makes happen that no file tells in the end; counts by job."""

    def __init__(self):
        self.opened = []
        self.closed = []
        self.started = {}
        self.succeeded = {}
        self.failed = {}

    @staticmethod
    def count(table, job):
        table[job] = table.get(job, 0) + 1


class Player:
    """Has a script: moves of (time in ns, what, generator function), in the order of time. A move
    yields between any two system calls, so that anything can happen there."""

    def __init__(self, tree, home):
        self.tree = tree
        self.home = os.fspath(home)
        self.expectations = Expectations()
        self.writers = {}
        self.agents_made = 0  # so far
        self.script = []
        self.left = dict(tree.files)
        self.sessions = {}
        self.letters = {}
        self.read_sessions()
        self.read_letters()
        self.write_sessions()
        self.write_checkpoints()
        self.write_letters()
        self.write_worktrees()
        self.write_events()
        self.write_agents()
        self.write_claude_logs()
        for path in sorted(self.left):  # nobody follows these, but they are written all the same
            self.at(self.tree.end, path, self.overwrite, path, self.left[path])
        self.script.sort(key=lambda move: move[0])

    # --- Playing

    def play(self):
        """Yields after each system call; waits for the time of the next move itself."""
        for when, what, act, arguments in self.script:
            while (rest := when - time.time_ns()) > 0:
                time.sleep(min(rest / SECOND, 0.05))
                yield "wait"
            yield what
            yield from act(*arguments)
        for path in list(self.writers):
            yield from self.close(path)

    def at(self, when, what, act, *arguments):
        self.script.append((when, what, act, arguments))

    def take(self, pattern):
        """Paths that match and that no part of the script has yet."""
        found = sorted(path for path in self.left if re.fullmatch(pattern, path))
        return [(path, self.left.pop(path)) for path in found]

    def where(self, path):
        path = os.path.join(self.home, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    # --- System calls

    @staticmethod
    def tell(what):
        yield what

    def overwrite(self, path, content):
        """fs::write: empty for a moment; and a disk may be slow, so half of it for another."""
        descriptor = os.open(self.where(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        yield "truncated"
        half = len(content) // 2
        write_all(descriptor, content[:half])
        yield "half written"
        write_all(descriptor, content[half:])
        yield "written"
        os.close(descriptor)

    def replace(self, path, temporary, content):
        yield from self.overwrite(temporary, content)
        yield "to be renamed"
        if "/mapreduce-agent-" in path and not os.path.exists(self.where(path)):
            self.agents_made += 1
        os.rename(self.where(temporary), self.where(path))

    def append(self, path, line):
        append(self.where(path), line)
        yield "appended"

    def remove(self, path):
        yield "to be removed"
        os.unlink(self.where(path))
        yield "removed"

    def open(self, path):
        self.writers[path] = ProdigyWriter(self.where(path))
        yield "opened"

    def burst(self, path, content):
        self.writers[path].write(content)
        yield "burst"

    def close(self, path):
        self.writers.pop(path).close()
        yield "closed"

    def clean(self, path, archive):
        root = os.path.join(self.home, ".prodigy", "events")
        stamp = re.search(r"\d{8}_\d{6}", os.path.basename(archive))[0]
        Clean(root, max_events=self.tree.kept, stamp=stamp).file(self.where(path))
        yield "cleaned"

    # --- The script, by kind of file

    def read_sessions(self):
        for path, content in self.tree.files.items():
            match = re.fullmatch(r"\.prodigy/sessions/(.+)\.json", path)
            if match:
                self.sessions[match[1]] = json.loads(content)

    def steps_of(self, session_id):
        """Of a session's checkpoint: (time, entry)."""
        for path, content in self.tree.files.items():
            if path.startswith(f".prodigy/state/{session_id}/checkpoints/"):
                for step in json.loads(content)["completed_steps"]:
                    yield moment(step["completed_at"]), step

    def write_sessions(self):
        for path, content in self.take(r"\.prodigy/sessions/.+\.json"):
            final = json.loads(content)
            data = {**final["workflow_data"], "iterations_completed": 0, "files_changed": 0}
            earlier = {**final, "completed_at": None, "error": None, "checkpoints": [],
                       "timings": {}, "workflow_data": data}
            versions = [(moment(final["started_at"]), {"status": "Initializing", "metadata": {}}),
                        (moment(final["started_at"]), {"status": "Running"})]
            timings = {}
            for when, step in self.steps_of(final["id"]):
                timings[step["command"]] = step["duration"]
                versions.append((when, {"status": "Running", "timings": dict(timings)}))
            if final["error"]:  # which comes a write later than the status
                versions.append((moment(final["completed_at"]), {
                    "completed_at": final["completed_at"], "timings": final["timings"],
                    "workflow_data": final["workflow_data"]}))
            for when, change in versions:
                document = {**earlier, **change, "updated_at": spell(when).decode() + "Z"}
                self.at(when, path, self.overwrite, path, pretty(document))
            self.at(moment(final["started_at"]), path, self.tell, "session began")
            self.at(moment(final["updated_at"]), path, self.overwrite, path, content)

    def write_checkpoints(self):
        for path, content in self.take(r"\.prodigy/state/.+\.checkpoint\.json"):
            final = json.loads(content)
            temporary = path[:-len("json")] + "tmp"
            for number, step in enumerate(final["completed_steps"], 1):
                document = {**final, "completed_steps": final["completed_steps"][:number]}
                document["execution_state"] = {**final["execution_state"], "status": "Running",
                                               "current_step_index": step["step_index"]}
                self.at(moment(step["completed_at"]), path, self.replace, path, temporary,
                        pretty(document))
            self.at(moment(final["timestamp"]), path, self.replace, path, temporary, content)
        self.write_legacy_checkpoints()

    def write_legacy_checkpoints(self):
        """0.1.x: version after version at the end of the map phase; older ones are unlinked."""
        for path, content in self.take(r"\.prodigy/state/.+/checkpoint-v\d+\.json"):
            final = json.loads(content)
            version = final["checkpoint_version"]
            when = moment(final["updated_at"])
            self.at(when, path, self.replace, path, path[:-len("json")] + "tmp", content)
            older = re.sub(r"v\d+\.json", f"v{version - 3}.json", path)
            if older not in self.tree.files:
                self.at(when - 1, older, self.replace, older, older[:-len("json")] + "tmp",
                        pretty({**final, "checkpoint_version": version - 3, "is_complete": False}))
                self.at(when, older, self.remove, older)
        for path, content in self.take(r"\.prodigy/state/.+/metadata\.json"):
            when = moment(json.loads(content)["created_at"])
            self.at(when, path, self.replace, path, path[:-len("json")] + "tmp", content)

    def read_letters(self):
        """Items by folder: (time, id)."""
        for path, content in self.tree.files.items():
            match = re.fullmatch(r"(\.prodigy/dlq/.+)/items/(.+)\.json", path)
            if match:
                when = moment(json.loads(content)["last_attempt"])
                self.letters.setdefault(match[1], []).append((when, match[2]))

    def write_letters(self):
        for folder, items in self.letters.items():
            items.sort()
            index = json.loads(self.tree.files[folder + "/index.json"])
            for number, (when, item) in enumerate(items, 1):
                path = f"{folder}/items/{item}.json"
                self.at(when, path, self.overwrite, path, self.left.pop(path))
                shorter = {**index, "item_count": number,
                           "item_ids": [name for _, name in items[:number]],
                           "updated_at": spell(when).decode() + "Z"}
                self.at(when, folder, self.overwrite, folder + "/index.json", pretty(shorter))
        for path, content in self.take(r"\.prodigy/dlq/.+/index\.json"):
            when = moment(json.loads(content)["updated_at"])
            self.at(when, path, self.overwrite, path, content)

    def write_worktrees(self):
        for path, content in self.take(r"\.prodigy/worktrees/.+/\.metadata/.+\.json"):
            final = json.loads(content)
            if final["status"] != "in_progress":
                created = {**final, "status": "in_progress", "updated_at": final["created_at"],
                           "interrupted_at": None, "interruption_type": None, "resumable": False}
                self.at(moment(final["created_at"]), path, self.replace, path, path + ".tmp",
                        pretty(created))
            self.at(moment(final["updated_at"]), path, self.replace, path, path + ".tmp", content)
        for path, content in self.take(r"\.prodigy/worktrees/.+/cleanup\.log"):
            self.at(self.tree.end, path, self.append, path, content)
            for name in re.findall(r"worktree session: (\S+) ", content.decode()):
                self.write_cleaned_worktree(os.path.join(os.path.dirname(path), name + ".json"))

    def write_cleaned_worktree(self, path):
        """The document of a run that was merged: it lived as long as the run."""
        name = os.path.basename(path)[:-len(".json")]
        session = self.sessions[name]
        document = {"session_id": name, "worktree_name": name, "status": "in_progress",
                    "created_at": session["started_at"], "updated_at": session["started_at"],
                    "merged": False, "interrupted_at": None}
        self.at(moment(session["started_at"]), path, self.replace, path, path + ".tmp",
                pretty(document))
        self.at(moment(session["completed_at"]) + 1, path, self.remove, path)

    def run_end(self, path):
        """When the run that wrote this event file ended."""
        owner = path.split("/")[2]
        if owner in self.sessions:
            return moment(self.sessions[owner]["completed_at"])
        opened = self.tree.stamped(path)
        later = [(moment(session["started_at"]), name) for name, session in self.sessions.items()
                 if moment(session["started_at"]) >= opened]
        if not later:
            return self.tree.end
        _, name = min(later)
        worktree = f".prodigy/worktrees/{owner}/.metadata/{name}.json"
        document = json.loads(self.tree.files.get(worktree, "{}"))
        return moment(document.get("interrupted_at") or self.sessions[name]["completed_at"])

    def write_events(self):
        for path, content in self.take(r"\.prodigy/events/.+/events-.+\.jsonl"):
            self.at(self.tree.stamped(path), path, self.open, path)
            lines = lines_of(content)
            for begin in range(0, len(lines), BURST):
                part = lines[begin:begin + BURST]
                when = max(moment(json.loads(line)["timestamp"]) for line in part)
                self.at(max(when, self.tree.stamped(path)), path, self.burst, path, b"".join(part))
            end = max(self.run_end(path), self.tree.stamped(path)) + 2
            self.at(end, path, self.close, path)
            job = path.split("/")[3]
            if job.startswith("mapreduce-"):
                self.expectations.opened.append(job)
                self.expectations.closed.append(job)
            if lines:
                for archive in self.tree.archives:
                    self.at(end + SECOND // 2, archive, self.clean, path, archive)

    def agents(self):
        """Of each agent that Claude worked for: (job, number, its session, its folder of logs)."""
        folders = {path.split("/")[2] for path in self.tree.files if path.startswith(".claude/")}
        for folder in sorted(folders):
            match = AGENT.search(folder)
            if match:
                job = re.sub(r"(\d{8})-", r"\1_", match[1])
                session = re.search(r"session-[0-9a-f-]{36}", folder)[0]
                yield job, int(match[2]), session, folder

    def write_agents(self):
        """Who failed has left a document and a dead letter; of the others both ends are made up,
        one after the other in the time of the map phase."""
        for job, number, session, _ in self.agents():
            self.expectations.count(self.expectations.started, job)
            name = f"mapreduce-agent-{job}_agent_{number}.json"
            path = f".prodigy/worktrees/{session}/.metadata/{name}"
            if path in self.tree.files:
                self.expectations.count(self.expectations.failed, job)
                continue
            self.expectations.count(self.expectations.succeeded, job)
            begin, end = self.agent_span(job, number)
            document = {"session_id": name, "worktree_name": name, "status": "in_progress",
                        "created_at": self.sessions[session]["started_at"], "merged": False}
            self.at(begin, path, self.replace, path, path + ".tmp", pretty(document))
            self.at(end, f"end of {name}", self.remove, path)

    def agent_span(self, job, number):
        """Of an agent that has left nothing."""
        (events,) = (path for path in self.tree.files if f"/{job}/events-" in path)
        begin, end = self.tree.stamped(events), self.run_end(events)
        share = (end - begin) // (2 * sum(agent[0] == job for agent in self.agents()))
        return begin + (number + 1) * share, begin + (number + 4) * share

    def write_claude_logs(self):
        """A log of what Claude printed has the second of its start in its name, and Claude's own
        log has the same session id. Both end where the step ended that was next."""
        spans = {}
        ends = sorted(when for session in self.sessions for when, step in self.steps_of(session)
                      if step["command"].startswith(("claude", "test")))
        for path, content in self.take(r"\.prodigy/logs/claude-streaming/.+\.jsonl"):
            start = json.loads(content.splitlines()[0])
            run = self.sessions[os.path.basename(start["cwd"])]  # it began before Claude did
            begin = max(self.tree.stamped(path), moment(run["started_at"]) + SECOND // 5)
            end = min((when for when in ends if when >= begin), default=self.tree.end) - 1
            spans[start["session_id"]] = begin, max(begin, end)
            self.at(max(begin, end), path, self.overwrite, path, content)
        spans_of_agents = {folder: self.agent_span(job, number)
                           for job, number, _, folder in self.agents()}
        for path, content in self.take(r"\.claude/projects/.+\.jsonl"):
            session = os.path.basename(path)[:-len(".jsonl")]
            folder = path.split("/")[2]
            begin, end = spans.get(session) or spans_of_agents.get(folder) or \
                (self.tree.end - SECOND // 10, self.tree.end)
            lines = lines_of(content)
            for number, line in enumerate(lines):
                when = begin + (end - begin) * (number + 1) // (len(lines) + 1)
                self.at(when, path, self.append, path, line)
