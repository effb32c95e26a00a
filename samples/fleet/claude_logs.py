"""What Claude Code leaves of a session, started by Prodigy 0.4.4: two logs of the same messages."""

import json
import re

from fleet.claude import CLAUDE_FAILURES, MODELS, TOOL_WEIGHTS, TOOLS
from fleet.ledger import add
from fleet.moments import SECOND, stamp

VERSION = "2.0.14"


def compact(record):
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


class ClaudeLogs:
    """One command that Prodigy gives to Claude Code.

    ~/.claude/projects/{cwd}/{session}.jsonl  Claude's own log, each line appended as it happens
    ~/.prodigy/logs/claude-streaming/*.jsonl  what it printed (`streams`): written whole when the
                                              command has ended, without an LF after the last line;
                                              a killed command leaves none

    A message is written as several lines, one for each block of content; the first has an early
    snapshot of the numbers, and each repeats all of them."""

    def __init__(self, world, rng, cwd, branch, command, workflow_name="", job_id="", streams=True):
        self.world = world
        self.rng = rng
        self.cwd = cwd
        self.branch = branch
        self.command = command
        self.workflow_name = workflow_name
        self.job_id = job_id
        self.streams = streams
        self.model = rng.choice(list(MODELS))
        self.session_id = world.new_id(rng)
        self.started = stamp(world.wall_ns // SECOND)
        self.began_ns = world.wall_ns
        self.project = ".claude/projects/" + re.sub("[^A-Za-z0-9]", "-", cwd) + \
            f"/{self.session_id}.jsonl"
        self.parent = None
        self.turns = 0
        self.usage = dict.fromkeys(("input_tokens", "cache_creation_input_tokens",
                                    "cache_read_input_tokens", "output_tokens"), 0)
        self.stream = []
        self.say({"type": "system", "subtype": "init", "cwd": cwd, "session_id": self.session_id,
                  "tools": TOOLS, "mcp_servers": [], "model": self.model,
                  "permissionMode": "bypassPermissions", "slash_commands": ["compact", "review"],
                  "apiKeySource": "none", "claude_code_version": VERSION,
                  "output_style": "default", "agents": ["general-purpose"]})
        self.write({"type": "user", "message": {"role": "user", "content": command}},
                   add("prodigy_claude_sessions_total", status="started"),
                   add("prodigy_claude_sessions_started_total"))

    def say(self, record):
        """A line of the stream."""
        if record["type"] in ("assistant", "user"):
            record = {**record, "parent_tool_use_id": None, "session_id": self.session_id}
        self.stream.append(compact({**record, "uuid": self.world.new_id(self.rng)}))

    def write(self, record, *facts):
        """A line of the project's log."""
        uuid = self.world.new_id(self.rng)
        self.world.home.append(self.project, (compact({
            "parentUuid": self.parent, "isSidechain": False, "userType": "external",
            "cwd": self.cwd, "sessionId": self.session_id, "version": VERSION,
            "gitBranch": self.branch, **record, "uuid": uuid,
            "timestamp": self.world.milliseconds(),
        }) + "\n").encode())
        self.parent = uuid
        self.world.ledger.tell(*facts)

    def turn(self):
        """One message of two blocks, and the tool's result."""
        rng = self.rng
        usage = {
            "input_tokens": rng.randrange(3, 900),
            "cache_creation_input_tokens": rng.randrange(0, 5000),
            "cache_read_input_tokens": rng.randrange(0, 20000),
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            "output_tokens": rng.randrange(20, 800),
            "service_tier": "standard",
        }
        written = usage["cache_creation_input_tokens"]
        usage["cache_creation"]["ephemeral_5m_input_tokens"] = written
        message_id = f"msg_{rng.getrandbits(96):024x}"
        tool_id = f"toolu_{rng.getrandbits(96):024x}"
        tool = rng.choices(TOOLS, TOOL_WEIGHTS)[0]
        snapshot = {**usage, "output_tokens": 2}
        text = {"type": "text", "text": f"Working on {self.command}, step {self.turns} — “naïve” ✓"}
        call = {"type": "tool_use", "id": tool_id, "name": tool,
                "input": {"description": f"step {self.turns}"}}
        self.block(message_id, text, snapshot, *self.token_facts(snapshot))
        facts = [add("prodigy_claude_tool_invocations_total", tool_name=tool)]
        if tool in ("Edit", "Write", "NotebookEdit") and self.job_id:
            facts.append(add("prodigy_mapreduce_files_modified_total", job_id=self.job_id))
        more = {"output_tokens": usage["output_tokens"] - 2}
        self.block(message_id, call, usage, *facts, *self.token_facts(more))
        result = {"tool_use_id": tool_id, "type": "tool_result", "content": "ok", "is_error": False}
        answer = {"type": "user", "message": {"role": "user", "content": [result]}}
        self.say(answer)
        self.write({**answer, "toolUseResult": {"stdout": "ok", "stderr": ""}})
        self.turns += 1
        for name in self.usage:
            self.usage[name] += usage[name]

    def block(self, message_id, content, usage, *facts):
        message = {"model": self.model, "id": message_id, "type": "message", "role": "assistant",
                   "content": [content], "stop_reason": None, "stop_sequence": None, "usage": usage}
        self.say({"type": "assistant", "message": message})
        self.write({"message": message, "requestId": "req_" + message_id[4:], "type": "assistant"},
                   *facts)

    def token_facts(self, usage):
        facts = []
        prices = MODELS[self.model]
        names = ("input_tokens", "output_tokens", "cache_read_input_tokens",
                 "cache_creation_input_tokens")
        for number, name in enumerate(names):
            labels = {"token_type": name.replace("_input", "").replace("_tokens", ""),
                      "model": self.model, "workflow_name": self.workflow_name}
            if name == "input_tokens":
                labels["token_type"] = "input"
            count = usage.get(name, 0)
            facts.append(add("prodigy_claude_tokens_total", count, **labels))
            if prices:
                facts.append(add("prodigy_claude_cost_dollars_total", count * prices[number] / 1e6,
                                 **labels))
            else:
                facts.append(add("prodigy_claude_unpriced_tokens_total", count, model=self.model))
        return facts

    def end(self, error=None):
        """The command has ended by itself. Returns what it printed on failure, or None."""
        duration = (self.world.wall_ns - self.began_ns) // 1_000_000
        cost = round(sum(self.usage.values()) * 3e-6, 6)
        self.say({
            "type": "result", "subtype": "error_during_execution" if error else "success",
            "is_error": bool(error), "duration_ms": duration, "duration_api_ms": duration * 9 // 10,
            "num_turns": self.turns, "result": error or f"Done with {self.command}",
            "session_id": self.session_id, "total_cost_usd": cost,
            "usage": {**self.usage, "server_tool_use": {"web_search_requests": 0},
                      "service_tier": "standard"},
            "modelUsage": {self.model: {
                "inputTokens": self.usage["input_tokens"],
                "outputTokens": self.usage["output_tokens"],
                "cacheReadInputTokens": self.usage["cache_read_input_tokens"],
                "cacheCreationInputTokens": self.usage["cache_creation_input_tokens"],
                "webSearchRequests": 0, "costUSD": cost, "contextWindow": 200000}},
            "permission_denials": []})
        if not self.streams:
            return
        name = f".prodigy/logs/claude-streaming/{self.started}-{self.world.new_id(self.rng)}.jsonl"
        self.world.home.write(name, "\n".join(self.stream).encode())
        facts = [add("prodigy_claude_sessions_total", status="failed" if error else "success"),
                 add("prodigy_claude_reported_cost_dollars_total", cost, model=self.model)]
        if error:
            kind = next(kind for kind, text in CLAUDE_FAILURES if text == error)
            facts.append(add("prodigy_claude_errors_total", error_type=kind))
        self.world.ledger.tell(*facts)
