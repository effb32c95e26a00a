"""What Claude does within a run."""

from fleet.ledger import add
from fleet.moments import rfc3339


# Dollars per million tokens: input, output, cache read, cache written for 5 minutes and for 1 hour.
# None: no price is known.
MODELS = {
    "claude-sonnet-4-5-20250929": (3, 15, 0.30, 3.75, 6),
    "claude-opus-4-5-20251101": (5, 25, 0.50, 6.25, 10),
    "claude-haiku-4-5-20251001": (1, 5, 0.10, 1.25, 2),
    "local-coder-30b": None,
}
TOOLS = ["Read", "Bash", "Edit", "Grep", "Write", "Glob", "TodoWrite", "NotebookEdit"]
TOOL_WEIGHTS = [8, 6, 6, 4, 2, 2, 1, 1]
CLAUDE_FAILURES = [
    ("rate_limit", "rate_limit_error: this request would exceed your rate limit"),
    ("overloaded", "overloaded_error: Overloaded"),
    ("timeout", "Request timed out after 600000 ms"),
    ("connection", "Failed to connect to api.example.com"),
    ("other", "Something unforeseen"),
]


class Claude:
    """One session of an agent: messages, tools, tokens, now and then an error."""

    def __init__(self, run, agent_id, model, workflow_name, job_id=""):
        self.run = run
        self.agent_id = agent_id
        self.model = model
        self.workflow_name = workflow_name
        self.job_id = job_id

    def log(self, name, fields, *facts):
        self.run.log("Claude" + name, {"agent_id": self.agent_id, **fields}, *facts)

    def start(self):
        self.log("SessionStarted",
                 {"session_id": self.run.new_id(), "model": self.model, "tools": TOOLS[:6]},
                 add("prodigy_claude_sessions_total", status="started"),
                 add("prodigy_claude_sessions_started_total"))

    def turn(self):
        number = self.run.rng.randrange(1000)
        self.log("Message", {"content": f"Looking at step “{number}” — naïve ✓",
                             "message_type": "text", "json_log_location": None})
        self.use_tool()
        self.use_tokens()
        if self.run.chance(0.04):
            self.fail()

    def use_tool(self):
        tool = self.run.rng.choices(TOOLS, TOOL_WEIGHTS)[0]
        facts = [add("prodigy_claude_tool_invocations_total", tool_name=tool)]
        if tool in ("Edit", "Write", "NotebookEdit") and self.job_id:
            facts.append(add("prodigy_mapreduce_files_modified_total", job_id=self.job_id))
        self.log("ToolInvoked",
                 {"tool_name": tool, "tool_id": f"toolu_{self.run.rng.getrandbits(96):024x}",
                  "parameters": {"description": f"use {tool}"},
                  "timestamp": rfc3339(self.run.world.wall_ns)}, *facts)

    def use_tokens(self):
        rng = self.run.rng
        tokens = {"input": rng.randrange(5, 900), "output": rng.randrange(20, 1500),
                  "cache": rng.choice([0, rng.randrange(2000, 60000)])}
        prices = MODELS[self.model]
        facts = []
        for kind, price in zip(tokens, prices or (0, 0, 0)):
            labels = {"token_type": kind, "model": self.model, "workflow_name": self.workflow_name}
            facts.append(add("prodigy_claude_tokens_total", tokens[kind], **labels))
            if prices:
                facts.append(add("prodigy_claude_cost_dollars_total", tokens[kind] * price / 1e6,
                                 **labels))
        facts.append(add("prodigy_claude_unpriced_tokens_total",
                         0 if prices else sum(tokens.values()), model=self.model))
        self.log("TokenUsage", {kind + "_tokens": count for kind, count in tokens.items()}, *facts)

    def fail(self):
        kind, text = self.run.rng.choice(CLAUDE_FAILURES)
        fact = add("prodigy_claude_errors_total", error_type=kind)
        if self.run.chance(0.5):
            self.log("Error", {"error": text}, fact)
        else:
            self.log("Message", {"content": text, "message_type": "error",
                                 "json_log_location": None}, fact)

    def end(self, status):
        fact = add("prodigy_claude_sessions_total", status=status)
        if status == "failed":
            kind, text = self.run.rng.choice(CLAUDE_FAILURES)
            self.log("SessionFailed", {"error": text}, fact,
                     add("prodigy_claude_errors_total", error_type=kind))
        else:
            self.log("SessionCompleted", {"status": status}, fact)
