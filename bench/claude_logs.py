#!/usr/bin/env python3
"""claude_logs.py OUT [--megabytes N] [--seed N]: session logs as Claude Code writes them, below
OUT/projects, and on standard output what they add up to, as JSON.

Each answer is some lines with the usage repeated, the first an early snapshot; results of tools are
mostly small, some of megabytes, and stand in their lines twice, as text and as an object.
"""
import argparse
import datetime
import json
import os
import random

MODELS = ["claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001"]
TOOLS = ["Bash", "Read", "Edit", "Grep", "Write", "Glob"]
LONGEST_RESULT = 2_300_000  # characters; twice in its line, and escaped
START = datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc)


def source_text():
    """Something that looks like what tools print: the code of Python's own library."""
    folder = os.path.dirname(os.__file__)
    texts = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py"):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
    return "".join(texts)


class Writer:
    """One session's file after another, until there are enough bytes."""

    def __init__(self, out, seed):
        self.out = out
        self.random = random.Random(seed)
        self.text = source_text()
        self.bytes = 0
        self.lines = 0
        self.longest = 0
        self.expected = {"input": 0, "output": 0, "cacheRead": 0, "cacheCreation": 0, "tools": 0}
        self.now = START

    def some_text(self, median, most):
        length = min(int(self.random.lognormvariate(0, 1.4) * median) + 1, most)
        start = self.random.randrange(len(self.text) - length)
        return self.text[start:start + length]

    def id(self, prefix):
        return f"{prefix}{self.random.getrandbits(96):024x}"

    def say(self, kind, **fields):
        self.now += datetime.timedelta(milliseconds=self.random.randrange(20, 20_000))
        record = {"parentUuid": self.id(""), "isSidechain": False, "userType": "external",
                  "cwd": self.cwd, "sessionId": self.session_id, "version": "2.0.14",
                  "gitBranch": "main", "type": kind, **fields, "uuid": self.id(""),
                  "timestamp": self.now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"}
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self.file.write(line)
        self.bytes += len(line)
        self.lines += 1
        self.longest = max(self.longest, len(line))

    def usage(self):
        return {"input_tokens": self.random.randrange(3, 30),
                "cache_creation_input_tokens": self.random.randrange(0, 5000),
                "cache_read_input_tokens": self.random.randrange(0, 100_000),
                "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
                "output_tokens": self.random.randrange(20, 2000), "service_tier": "standard"}

    def answer(self, model):
        """Thought, words, a call: three lines of one message. Returns the call's id."""
        tool = self.id("toolu_")
        usage = self.usage()
        usage["cache_creation"]["ephemeral_5m_input_tokens"] = usage["cache_creation_input_tokens"]
        message = {"model": model, "id": self.id("msg_"), "type": "message", "role": "assistant",
                   "stop_reason": None, "stop_sequence": None}
        request = self.id("req_")
        blocks = [{"type": "thinking", "thinking": self.some_text(300, 20_000),
                   "signature": self.id("sig") * 12},
                  {"type": "text", "text": self.some_text(200, 20_000)},
                  {"type": "tool_use", "id": tool, "name": self.random.choice(TOOLS),
                   "input": {"file_path": self.cwd + "/x.py",
                             "new_string": self.some_text(300, 50_000)}}]
        for number, block in enumerate(blocks):
            said = dict(usage, output_tokens=2) if number == 0 else usage
            self.say("assistant", requestId=request,
                     message=dict(message, content=[block], usage=said))
        for name, field in (("input", "input_tokens"), ("output", "output_tokens"),
                            ("cacheRead", "cache_read_input_tokens"),
                            ("cacheCreation", "cache_creation_input_tokens")):
            self.expected[name] += usage[field]
        return tool

    def result(self, tool):
        big = self.random.random() < 0.002
        text = self.some_text(LONGEST_RESULT // 2 if big else 1500, LONGEST_RESULT)
        self.expected["tools"] += 1
        self.say("user",
                 message={"role": "user", "content": [{"tool_use_id": tool, "type": "tool_result",
                                                       "content": text, "is_error": False}]},
                 toolUseResult={"stdout": text, "stderr": "", "interrupted": False,
                                "isImage": False})

    def session(self):
        project = f"project-{self.random.randrange(20)}"
        self.cwd = f"/home/user/{project}"
        self.session_id = self.id("session-")
        folder = os.path.join(self.out, "projects", f"-home-user-{project}")
        os.makedirs(folder, exist_ok=True)
        model = self.random.choice(MODELS)
        with open(os.path.join(folder, self.session_id + ".jsonl"), "wb") as self.file:
            for _ in range(self.random.randrange(2, 12)):
                self.say("user", message={"role": "user", "content": self.some_text(200, 5000)})
                for _ in range(self.random.randrange(2, 20)):
                    self.result(self.answer(model))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("out")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    writer = Writer(options.out, options.seed)
    while writer.bytes < options.megabytes * 1_000_000:
        writer.session()
    print(json.dumps({"bytes": writer.bytes, "lines": writer.lines, "longest": writer.longest,
                      **writer.expected}))


if __name__ == "__main__":
    main()
