"""Pack claude-code: what session logs add up to, one hand-made tree for each way to count wrong."""

import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import time

import pytest

from events import append
from program import REPOSITORY, run, wait_until
from rule_case import assert_samples
from samples import Samples
from test_clock import clock  # noqa: F401  (a fixture)

DATA = os.path.join(REPOSITORY, "tests", "data", "claude-code")
FOLDER = os.path.join("projects", "-home-ada-shop")
OPUS = "claude-opus-4-5-20251101"
SONNET = "claude-sonnet-4-5-20250929"
HAIKU = "claude-haiku-4-5-20251001"


DAY = 86400


def tree(name, tmp_path):
    """A copy of the hand-made tree, its lines of 19 days ago: 400 days later none would count."""
    copy = tmp_path / name
    shutil.copytree(os.path.join(DATA, name), copy)
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 19 * DAY))
    for path in copy.rglob("*.jsonl"):
        path.write_text(path.read_text().replace("2026-11-02T", day + "T"))
    return copy


def once(config, *arguments, **environment):
    result = run("once", "--rules", "claude-code", *arguments,
                 env={"CLAUDE_CONFIG_DIR": str(config), **environment})
    assert result.returncode == 0, result.stderr
    return Samples(result.stdout)


def shown(samples):
    """What is not zero, without the common prefix and histograms' buckets."""
    return {key.replace("claude_code_", ""): value for key, value in samples.own().items()
            if value and "_bucket" not in key}


def expect(name, values, **labels):
    """Samples as `shown` has them: `values` by the values of one label, which is None in `labels`;
    zeros and None are not shown."""
    result = {}
    for value, count in values.items():
        inner = ",".join(f'{key}="{text or value}"' for key, text in sorted(labels.items()))
        if count:
            result[f"{name}{{{inner}}}"] = count
    return result


def tokens(model, input=0, output=0, read=0, write=0):
    counts = {"input": input, "output": output, "cacheRead": read, "cacheCreation": write}
    return expect("token_usage_tokens_total", counts, model=model, project="shop", type=None)


def cost(model, dollars):
    return expect("cost_usage_USD_total", {model: dollars}, model=None, project="shop")


def messages(user, assistant, sessions, active=0):
    counts = {"user": user, "assistant": assistant}
    return (expect("messages_total", counts, project="shop", role=None)
            | expect("session_count_total", {"shop": sessions}, project=None)
            | expect("active_time_seconds_total", {"shop": active}, project=None))


def call(tool, success=0, error=0, pending=0, seconds=None):
    ended = success + error if seconds is not None else None
    counts = {"success": success, "error": error, "pending": pending}
    return (expect("tool_calls_total", counts, result=None, tool_name=tool)
            | expect("tool_duration_seconds_sum", {tool: seconds}, tool_name=None)
            | expect("tool_duration_seconds_count", {tool: ended}, tool_name=None))


def turns(model, count, seconds):
    return (expect("turn_duration_seconds_count", {model: count}, model=None)
            | expect("turn_duration_seconds_sum", {model: seconds}, model=None))


# Numbers by hand. Opus 4.5 costs 5, 25, 0.50 and 6.25 dollars per million tokens in, out, read
# from the cache and written to it.
EXPECTED = {
    # One answer in four lines, each with the whole usage. What it calls gets no result.
    "blocks": tokens(OPUS, 10, 200, 1000, 400) | cost(OPUS, 0.00805) | messages(1, 1, 1, 8)
    | call("Read", pending=2),
    # The first line is an early snapshot: output 2, then 90, then 41.
    "snapshot": tokens(OPUS, 10, 90, 1000, 400) | cost(OPUS, 0.0053) | messages(1, 1, 1, 7),
    # s2 begins with all of s1, under its own name and new uuids, and goes on: 3 messages, not 5.
    "resumed": tokens(OPUS, 22, 140, 4500, 500) | cost(OPUS, 0.008985)
    | messages(3, 3, 2, 5 + 20 + 5 + 10) | call("Bash", success=1, seconds=20)
    | turns(OPUS, 1, 30),
    # The subagent's file replays msg_a under another request; its own two answers are of Haiku.
    "sidechain": tokens(OPUS, 15, 110, 2500, 500) | cost(OPUS, 0.0072)
    | tokens(HAIKU, 700, 100) | cost(HAIKU, 0.0012)
    | messages(2 + 2, 2 + 2, 1, 5 + 55 + 5)
    | call("Task", success=1, seconds=55) | call("Grep", success=1, seconds=1),
    # One line nests msg_a again, another one a message that stands nowhere else.
    "progress": tokens(OPUS, 10, 90, 1000, 400) | cost(OPUS, 0.0053) | messages(1, 1, 1, 5),
    # Three are limits of use, two the other side's, and one of the rest stands there twice. The
    # answers of <synthetic>, one of which has usage, are none.
    "errors": expect("api_errors_total", {"rate_limit": 3, "overloaded": 2, "other": 2}, kind=None)
    | messages(1, 0, 1, 12),
    # Content as a text, as null and as an empty list; no requestId; usage without most of it.
    "plain": tokens(OPUS, 10, 90 + 3 + 4) | cost(OPUS, 10 * 5e-6 + 97 * 25e-6)
    | messages(2, 3, 1, 26) | turns(OPUS, 1, 6),
    # Cache reads before and after their price fell; writes for 5 minutes and an hour; a prompt of
    # 100,000 tokens and one of more; the longest prefix; a model that nobody knows.
    "prices": tokens("claude-sonnet-5-5-20260901", read=2_000_000)
    | cost("claude-sonnet-5-5-20260901", 0.20 + 0.10)
    | tokens(OPUS, 1_000_000, 100_000, write=1_000_000) | cost(OPUS, 5 + 2.5 + 3.75 + 4)
    | tokens("claude-haiku-5-5", 120_000, 200_000, 80_000, 20_000)
    | cost("claude-haiku-5-5", 0.006 + 0.05 + 0.0004 + 5 * (0.006 + 0.05 + 0.0004 + 0.004))
    | tokens("claude-opus-4-1-20250805", output=1_000_000) | cost("claude-opus-4-1-20250805", 75)
    | tokens("claude-verse-6", 11, 122, 33, 44)
    | expect("unpriced_tokens_total", {"claude-verse-6": 11 + 122 + 33 + 44}, model=None)
    | messages(0, 7, 1, 0.001 + 1 + 1 + 1 + 1 + 1),
    # Results twice, without is_error, of two calls in one line, of no call at all; none for one.
    "tools": tokens(OPUS, 3, 3) | cost(OPUS, 3 * 30e-6) | messages(1 + 5, 3, 1, 280)
    | call("Read", success=1, seconds=0.5) | call("Bash", error=1, pending=1, seconds=12)
    | call("Edit", success=1, error=1, seconds=480) | call("unknown", success=1),
    # A turn of 270 s, a command of the program itself, a turn that is interrupted after 4 s, and
    # one that no prompt ends. Between the first two: a pause that is no active time.
    "turns": tokens(OPUS, 3, 3) | cost(OPUS, 3 * 30e-6) | tokens(SONNET, 1, 1)
    | cost(SONNET, 18e-6) | messages(7, 4, 1, 270 + 100) | call("Bash", success=1, seconds=240)
    | turns(OPUS, 1, 270) | turns(SONNET, 1, 4),
    # Two, of which one is copied.
    "compaction": tokens(OPUS, 10, 20, 162_000, 1800) | cost(OPUS, 0.0928)
    | messages(2, 2, 2, 10 + 9.999) | turns(OPUS, 1, 10)
    | expect("compactions_total", {"shop": 2}, project=None),
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_log_counts_right(name, tmp_path):
    if name == "prices" and time.time() > 1_790_000_000 + 390 * DAY:
        pytest.skip("the day on which a price fell is too long ago to be counted")
    samples = once(tree(name, tmp_path))
    found = {key: value for key, value in shown(samples).items() if "context_tokens" not in key}
    assert_samples(found, EXPECTED[name])
    assert samples.total("jsonl_exporter_fields_missing_total") == 0
    assert samples.total("jsonl_exporter_events_unmatched_total") == 0
    reasons = {dict(labels)["reason"]
               for labels in samples.matching("jsonl_exporter_rule_errors_total")}
    assert reasons == ({"not_in_table"} if name == "prices" else set())


def test_every_tree_is_expected():
    assert set(os.listdir(DATA)) == set(EXPECTED) | {"bare"}


def test_lines_without_times_and_names_count_too():
    """As in a stream: no moments, the directory in the first line alone, the session nowhere."""
    samples = once(os.path.join(DATA, "bare"))
    assert samples.value("claude_code_session_count_total", project="shop") == 1
    counted = samples.matching("claude_code_token_usage_tokens_total", model=SONNET)
    assert sorted(counted.values()) == [123, 225, 363, 721]
    # All that was written to the cache costs, though its two kinds are said to be 0.
    assert abs(samples.value("claude_code_cost_usage_USD_total")
               - (225 * 3 + 721 * 15 + 123 * 0.3 + 363 * 3.75) / 1e6) < 1e-12
    assert samples.value("claude_code_messages_total", role="user") == 2
    assert samples.value("claude_code_tool_calls_total", result="success") == 1
    assert samples.total("claude_code_tool_duration_seconds_count") == 0
    assert samples.total("claude_code_active_time_seconds_total") == 0
    assert samples.total("jsonl_exporter_fields_missing_total") == 0


def test_the_context_is_that_of_the_latest_prompt():
    def context(name, model):
        return once(os.path.join(DATA, name)).value("claude_code_context_tokens", model=model)

    assert context("blocks", OPUS) == 1410
    assert context("compaction", OPUS) == 12805
    assert context("sidechain", OPUS) == 1605, "a subagent's, or a replay's"
    assert once(os.path.join(DATA, "sidechain")).total("claude_code_context_tokens",
                                                       model=HAIKU) == 0


def test_what_ended_long_ago_is_not_under_way(tmp_path):
    for name in EXPECTED:
        samples = once(tree(name, tmp_path))
        for gauge in ("sessions_active", "tool_calls_pending", "oldest_pending_tool_seconds"):
            assert samples.total("claude_code_" + gauge) == 0, (name, gauge)


def totals(samples):
    """What must not depend on the order in which files are read."""
    return {key: value for key, value in shown(samples).items() if "_total" in key}


@pytest.mark.parametrize("name", ["resumed", "compaction"])
def test_the_copy_may_be_read_first(name, tmp_path):
    config = tree(name, tmp_path)
    folder = config / FOLDER
    there = totals(once(config))
    os.rename(folder / "s2.jsonl", folder / "s0.jsonl")
    os.utime(folder / "s1.jsonl", (1, 1))
    before = totals(once(config))
    os.utime(folder / "s1.jsonl")
    os.utime(folder / "s0.jsonl", (1, 1))
    after = totals(once(config))
    assert before == pytest.approx(there)
    assert after == pytest.approx(there)


# --- Lines as they come -------------------------------------------------------------------------


def moment(offset=0.0):
    now = time.time() + offset
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"


class Session:
    """One session's log below a configuration directory, written as it goes."""

    def __init__(self, config, name="s1"):
        self.file = config / FOLDER / f"{name}.jsonl"
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.lines = 0

    def say(self, kind, offset=0.0, **fields):
        self.lines += 1
        record = {"type": kind, "sessionId": self.name, "cwd": "/home/ada/shop",
                  "timestamp": moment(offset), "uuid": f"{self.name}-{self.lines}", **fields}
        append(self.file, json.dumps(record).encode() + b"\n")

    def prompt(self, text="Go on", **more):
        self.say("user", message={"role": "user", "content": text}, **more)

    def answer(self, message, *content, output=10, **more):
        self.say("assistant", message={
            "id": message, "role": "assistant", "model": OPUS, "content": list(content),
            "usage": {"input_tokens": 5, "output_tokens": output}}, **more)

    def result(self, tool, **more):
        self.say("user", message={"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": tool, "content": "ok"}]}, **more)


def use(tool, name="Bash"):
    return {"type": "tool_use", "id": tool, "name": name, "input": {}}


TEXT = {"type": "text", "text": "Done."}
THOUGHT = {"type": "thinking", "thinking": "Hm."}


@pytest.fixture
def follow(launch, tmp_path):
    """follow(): an exporter of the pack over tmp_path/claude."""
    config = tmp_path / "claude"
    (config / FOLDER).mkdir(parents=True)

    def start(**environment):
        return launch(None, rules=None, options=["--rules", "claude-code"],
                      env={"CLAUDE_CONFIG_DIR": str(config), **environment})

    start.config = config
    return start


def is_at(exporter, **states):
    states = {"working": 0, "tool_running": 0, "quiet": 0, **states}
    samples = exporter.scrape()
    return all(samples.total("claude_code_sessions_active", state=state) == count
               for state, count in states.items())


def test_a_session_is_at_what_its_latest_line_says(follow):
    exporter = follow()
    session, other = Session(follow.config), Session(follow.config, "s2")
    session.prompt()
    wait_until(lambda: is_at(exporter, working=1), 10)
    session.answer("m1", THOUGHT)
    session.answer("m1", TEXT)
    wait_until(lambda: is_at(exporter, quiet=1), 10)
    session.answer("m1", use("t1"))
    wait_until(lambda: is_at(exporter, tool_running=1), 10)
    other.prompt()
    wait_until(lambda: is_at(exporter, tool_running=1, working=1), 10)
    session.result("t1")
    wait_until(lambda: is_at(exporter, working=2), 10)
    session.answer("m2", TEXT)
    other.prompt([{"type": "text", "text": "[Request interrupted by user]"}])
    wait_until(lambda: is_at(exporter, quiet=2), 10)
    session.answer("m3", use("t9"), isSidechain=True)
    session.prompt("<command-name>/cost</command-name>")
    time.sleep(0.5)
    assert is_at(exporter, quiet=2), "a subagent, or a command of the program itself"


def oldest(exporter):
    return exporter.scrape().total("claude_code_oldest_pending_tool_seconds", project="shop")


def pending(exporter, tool):
    return exporter.scrape().total("claude_code_tool_calls_pending", tool_name=tool)


def ended(exporter, tool, result):
    return exporter.scrape().total("claude_code_tool_calls_total", tool_name=tool, result=result)


def test_the_oldest_pending_call_grows_old(follow):
    session = Session(follow.config)
    session.prompt(offset=-40)
    session.answer("m1", use("t1"), use("t2", "Read"), offset=-30)
    session.answer("m2", use("t3"), offset=-10)
    exporter = follow()
    wait_until(lambda: oldest(exporter) >= 30, 10)
    assert oldest(exporter) < 50
    assert pending(exporter, "Bash") == 2 and pending(exporter, "Read") == 1
    before = oldest(exporter)
    wait_until(lambda: oldest(exporter) >= before + 1, 10)
    exporter.restart()
    wait_until(lambda: oldest(exporter) >= before + 1, 10)
    session.result("t1")
    session.result("t2")
    wait_until(lambda: 10 <= oldest(exporter) < 30, 10)
    assert pending(exporter, "Bash") == 1 and pending(exporter, "Read") == 0
    other = Session(follow.config, "s2")
    other.answer("m9", use("t9", "Grep"))
    wait_until(lambda: pending(exporter, "Grep") == 1, 10)
    session.prompt("Never mind")  # what was called before gets no result any more
    wait_until(lambda: pending(exporter, "Bash") == 0, 10)
    wait_until(lambda: oldest(exporter) < 10, 10)
    assert pending(exporter, "Grep") == 1, "another session's call"
    assert ended(exporter, "Bash", "pending") == 1 and ended(exporter, "Bash", "success") == 1
    other.result("t9")
    wait_until(lambda: oldest(exporter) == 0, 10)
    exporter.restart()
    assert ended(exporter, "Bash", "pending") == 1 and ended(exporter, "Grep", "pending") == 0


def test_a_copied_call_does_not_wait(follow):
    session = Session(follow.config)
    session.answer("m1", use("t1"))
    exporter = follow()
    wait_until(lambda: pending(exporter, "Bash") == 1, 10)
    replay = Session(follow.config, "agent-1")
    replay.answer("m1", use("t1"), isSidechain=True)
    session.result("t1")
    wait_until(lambda: pending(exporter, "Bash") == 0, 10)
    exporter.sync()
    assert pending(exporter, "Bash") == 0
    assert exporter.scrape().value("claude_code_tool_calls_total", result="success") == 1


def test_silence_ends_a_session_and_forgets_a_call(follow, clock):  # noqa: F811
    session = Session(follow.config)
    session.prompt()
    session.answer("m1", use("t1"))
    exporter = follow(**clock.env)
    wait_until(lambda: is_at(exporter, tool_running=1), 10)
    clock.set("+59m")
    time.sleep(1.5)
    assert is_at(exporter, tool_running=1) and oldest(exporter) > 3500
    clock.set("+61m")
    wait_until(lambda: is_at(exporter), 10)
    assert pending(exporter, "Bash") == 1 and ended(exporter, "Bash", "pending") == 0
    clock.set("+25h")
    wait_until(lambda: pending(exporter, "Bash") == 0 and oldest(exporter) == 0, 10)
    wait_until(lambda: ended(exporter, "Bash", "pending") == 1, 10)


def test_a_copy_of_30_days_later_counts_nothing(follow, clock):  # noqa: F811
    """The session is resumed a month later, by when the exporter has been restarted, and under a
    new name, with new uuids."""
    session = Session(follow.config)
    session.prompt()
    session.answer("m1", THOUGHT, output=2, offset=1)
    session.answer("m1", use("t1"), offset=2)
    session.result("t1", offset=5)
    session.answer("m2", TEXT, use("t2"), offset=6)  # a call without an end
    session.prompt("Never mind", offset=7)
    exporter = follow(**clock.env)
    wait_until(lambda: exporter.total("claude_code_messages_total", role="assistant") == 2, 10)
    wait_until(lambda: ended(exporter, "Bash", "pending") == 1, 10)
    before = totals(exporter.sync())
    exporter.stop()
    clock.set("+30d")
    exporter.start()
    exporter.sync()
    copy = Session(follow.config, "s2")
    for line in open(session.file):
        record = json.loads(line)
        changed = {"sessionId": "s2", "uuid": "new-" + record["uuid"]}
        copy.say(record.pop("type"), **{**record, **changed})
    wait_until(lambda: exporter.total("claude_code_session_count_total") == 2, 10)
    exporter.sync()
    exporter.restart()
    after = totals(exporter.sync())
    sessions = 'session_count_total{project="shop"}'
    assert after.pop(sessions) == before.pop(sessions) + 1
    assert after == before
    assert exporter.total("claude_code_tool_duration_seconds_count") == 1
    copy.answer("m3", TEXT, output=30)
    wait_until(lambda: exporter.total("claude_code_token_usage_tokens_total", type="output")
               == 10 + 10 + 30, 10)


# --- Which packs are used -----------------------------------------------------------------------


def make(directory):
    directory.mkdir(exist_ok=True)
    return directory


def shows_claude(text):
    return "claude_code_" in text


def test_auto_takes_the_pack_where_its_directory_is(tmp_path):
    home = tmp_path / "home"
    tree("blocks", tmp_path).rename(make(home) / ".claude")
    (home / ".prodigy" / "events").mkdir(parents=True)
    empty = tmp_path / "empty"
    empty.mkdir()

    def text(*arguments, home=home, **environment):
        result = run("once", *arguments, env={"HOME": str(home), **environment})
        assert result.returncode == 0, result.stderr
        return result.stdout

    assert shows_claude(text())
    assert shows_claude(text("--rules", "auto"))
    assert not shows_claude(text("--rules", "prodigy"))
    (empty / ".prodigy" / "events").mkdir(parents=True)
    assert not shows_claude(text(home=empty))
    # Elsewhere: by the program's own variable, in the other place, by a given source.
    assert shows_claude(text(home=empty, CLAUDE_CONFIG_DIR=str(home / ".claude")))
    shutil.copytree(home / ".claude", empty / ".config" / "claude")
    assert shows_claude(text(home=empty))
    # With a given events directory nothing is looked for in the home.
    events = str(home / ".prodigy" / "events")
    assert not shows_claude(text("--events-dir", events))
    assert shows_claude(text("--events-dir", events, "--source",
                             f"claude_projects={home / '.claude' / 'projects'}"))


def test_a_pack_that_auto_takes_may_be_named_too(tmp_path):
    home = tmp_path / "home"
    tree("blocks", tmp_path).rename(make(home) / ".claude")
    result = run("once", "--rules", "auto", "--rules", "claude-code", env={"HOME": str(home)})
    assert result.returncode == 0, result.stderr
    samples = Samples(result.stdout)
    assert samples.value("claude_code_messages_total", role="assistant") == 1
    assert samples.total("claude_code_token_usage_tokens_total", type="output") == 200


def test_without_prodigy_nothing_is_missing(tmp_path):
    """Neither `once` nor `run` wants an events directory where there are sessions."""
    home = tmp_path / "home"
    tree("blocks", tmp_path).rename(make(home) / ".claude")
    result = run("once", env={"HOME": str(home)})
    assert result.returncode == 0 and shows_claude(result.stdout), result.stderr
    shutil.rmtree(home / ".claude")
    assert run("once", env={"HOME": str(home)}).returncode == 1


def test_both_packs_read_the_same_logs_under_their_own_names(tmp_path):
    home = tmp_path / "home"
    tree("resumed", tmp_path).rename(make(home) / ".claude")
    (home / ".prodigy" / "events").mkdir(parents=True)
    result = run("once", env={"HOME": str(home)})
    assert result.returncode == 0, result.stderr
    samples = Samples(result.stdout)
    assert samples.total("claude_code_token_usage_tokens_total", type="output") == 140
    names = {name for name, _ in samples.samples}
    assert all(name.startswith(("claude_code_", "prodigy_", "jsonl_exporter_", "process_"))
               for name in names)


def test_prices_are_those_of_pack_prodigy():
    yaml = pytest.importorskip("yaml")
    tables = []
    for name in ("claude-code", "prodigy"):
        with open(os.path.join(REPOSITORY, "rules", name + ".yaml")) as file:
            tables.append(yaml.safe_load(file)["tables"])
    shared = set(tables[0]) & set(tables[1])
    assert {"dollars_per_million_input", "dollars_per_million_output", "is_unpriced"} <= shared
    for name in shared:
        assert tables[0][name] == tables[1][name], name


def test_prices_of_ones_own_replace_the_packs(tmp_path):
    prices = tmp_path / "prices.yaml"
    prices.write_text("tables:\n"
                      "  dollars_per_million_output: {claude-verse: 100, claude: 1}\n"
                      "  is_unpriced: {claude: 0}\n")
    samples = once(tree("prices", tmp_path), "--rules", prices)
    assert samples.total("claude_code_unpriced_tokens_total") == 0
    assert abs(samples.value("claude_code_cost_usage_USD_total", model="claude-verse-6")
               - 122 * 100e-6) < 1e-9
    assert abs(samples.value("claude_code_cost_usage_USD_total", model="claude-opus-4-1-20250805")
               - 1) < 1e-9


def test_no_text_of_a_session_is_kept(follow):
    secret = "xyzzy-4711"
    session = Session(follow.config)
    session.prompt(f"the password is {secret}")
    session.answer("m1", {"type": "text", "text": f"I see {secret}"},
                   {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": secret}})
    session.say("user", message={"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "t1", "content": f"{secret}\n\"{secret}\""}]})
    session.answer("m2", {"type": "text", "text": f"API Error: {secret}"}, isApiErrorMessage=True)
    exporter = follow()
    wait_until(lambda: exporter.total("claude_code_api_errors_total") == 1, 10)
    exporter.committed()
    assert secret not in exporter.scrape().text
    assert secret not in exporter.request("/api/v1/status").body.decode()
    exporter.stop()
    assert secret not in exporter.log()
    for folder, _, names in os.walk(exporter.state):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                assert secret.encode() not in file.read(), name


USAGE = ("input_tokens", "output_tokens", "cache_read_input_tokens",
         "cache_creation_input_tokens")
DOLLARS = {OPUS: (5, 25, 0.5, 6.25), SONNET: (3, 15, 0.3, 3.75)}  # a million, in that order


def random_sessions(random):
    """Lines by file: sessions with snapshots, copied beginnings, and subagents that replay."""
    files = {}
    clock = itertools.count(int(time.time()) - 40 * DAY)
    for number in range(30):
        name = f"s{number}"
        lines = []
        if files and random.random() < 0.5:
            begin = random.choice(sorted(files))
            lines = [{**line, "sessionId": name, "uuid": f"{name}-{line['uuid']}"}
                     for line in files[begin][:random.randrange(8)]]
        for turn in range(random.randrange(6)):
            record = {"sessionId": name, "cwd": "/home/ada/shop", "uuid": f"u{next(clock)}"}
            model = random.choice([OPUS, SONNET])
            usage = [random.randrange(1000) for _ in USAGE]
            for block in range(random.randrange(1, 5)):
                seconds = next(clock)
                shown_usage = [random.randrange(count + 1) for count in usage] \
                    if random.random() < 0.4 else usage
                content = [use(f"t-{name}-{turn}-{block}", random.choice(["Bash", "Read"]))]
                lines.append({**record, "type": "assistant", "timestamp": iso(seconds), "message": {
                    "id": f"m-{name}-{turn}", "role": "assistant", "model": model,
                    "content": content, "usage": dict(zip(USAGE, shown_usage))}})
                if random.random() < 0.7:
                    lines.append({**record, "type": "user", "timestamp": iso(next(clock)),
                                  "message": {"role": "user", "content": [
                                      {"type": "tool_result", "tool_use_id": content[0]["id"],
                                       "is_error": random.random() < 0.3, "content": "x"}]}})
        files[name] = lines
        if random.random() < 0.3:
            files[f"{name}/subagents/agent-{number}"] = [
                {**line, "isSidechain": True} for line in lines[random.randrange(3):]
                if line["type"] == "assistant"]
    return files


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def model_of(files):
    """What counts, told again: the largest of each number by message, each call and result once."""
    usage, models, results, names = {}, {}, {}, {}
    for lines in files.values():
        for line in lines:
            message = line["message"]
            if line["type"] == "assistant":
                counts = [message["usage"][name] for name in USAGE]
                usage[message["id"]] = list(map(max, usage.get(message["id"], counts), counts))
                models[message["id"]] = message["model"]
                names[message["content"][0]["id"]] = message["content"][0]["name"]
            else:
                result = message["content"][0]
                results[result["tool_use_id"]] = "error" if result["is_error"] else "success"
    return usage, models, results, names


@pytest.mark.parametrize("seed", range(4))
def test_random_sessions_count_like_a_model(seed, tmp_path):
    files = random_sessions(random.Random(seed))
    usage, models, results, names = model_of(files)
    for name, lines in files.items():
        path = tmp_path / FOLDER / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    samples = once(tmp_path)
    for place, kind in enumerate(("input", "output", "cacheRead", "cacheCreation")):
        for model in DOLLARS:
            expected = sum(counts[place] for id, counts in usage.items() if models[id] == model)
            assert samples.total("claude_code_token_usage_tokens_total", type=kind,
                                 model=model) == expected
    for model, prices in DOLLARS.items():
        expected = sum(count * price for id, counts in usage.items() if models[id] == model
                       for count, price in zip(counts, prices)) / 1e6
        assert samples.total("claude_code_cost_usage_USD_total", model=model) == pytest.approx(
            expected)
    assert samples.value("claude_code_messages_total", role="assistant") == len(usage)
    for tool in ("Bash", "Read"):
        for result in ("success", "error"):
            expected = sum(names.get(id) == tool and each == result
                           for id, each in results.items())
            assert samples.total("claude_code_tool_calls_total", tool_name=tool,
                                 result=result) == expected


def test_many_generated_sessions_add_up(tmp_path):
    made = subprocess.run(
        [sys.executable, os.path.join(REPOSITORY, "bench", "claude_logs.py"), str(tmp_path),
         "--megabytes", "8"], check=True, stdout=subprocess.PIPE)
    expected = json.loads(made.stdout)
    samples = once(tmp_path)
    for kind in ("input", "output", "cacheRead", "cacheCreation"):
        assert samples.total("claude_code_token_usage_tokens_total", type=kind) == expected[kind]
    assert samples.total("claude_code_tool_calls_total") == expected["tools"]
    assert samples.total("jsonl_exporter_read_lines_total") == expected["lines"]
