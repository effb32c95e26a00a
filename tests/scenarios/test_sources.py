"""Where records lie: sources of several packs, their roots, and how they come and go."""

import json
import os
import shutil
import time

import pytest

from events import append, bare, event, events
from exporter import COUNT_EVERYTHING
from program import run, wait_until

RESCAN = 14


def pack(sources, rules=None, metric="ok_total"):
    """A pack of line sources, each `name: settings`; events are counted by source and kind."""
    lines = ["sources:"]
    for name, settings in sources.items():
        lines.append(f"  {name}: {{{settings}}}")
    lines += ["metrics:", f"  {metric}: {{type: counter, help: h, labels: [from, user, kind]}}"]
    lines += ["rules:"]
    for name in rules or [f"{name}/*" for name in sources]:
        lines.append(f'  "{name}": [{{inc: {metric}, labels: {{from: "{name}"}}}}]')
    return "\n".join(lines) + "\n"


def line(kind="A", **fields):
    return bare({"type": kind, "kind": kind, "time": time.time(), **fields}) + b"\n"


def source(exporter, name, pack="rules"):
    found = [each for each in exporter.status()["sources"]
             if (each["name"], each["pack"]) == (name, pack)]
    assert len(found) == 1, exporter.status()["sources"]
    return found[0]


def roots(exporter, name, state="present"):
    return [root["path"] for root in source(exporter, name)["roots"] if root["state"] == state]


def sources_check(exporter):
    return exporter.get_json("/ready")["checks"]["sources"]


def complaints(exporter, text):
    return [each for each in exporter.log_lines()
            if each.get("level") in ("warn", "error") and text in str(each)]


@pytest.fixture
def place(tmp_path):
    """place(name): a path in the test's directory."""
    return lambda *names: str(tmp_path.joinpath(*names))


def make(path):
    os.makedirs(path, exist_ok=True)
    return path


def test_several_sources_of_a_pack_each_in_its_own_form(tree, launch, place):
    exporter = launch(tree.root, rules=f"""\
sources:
  events: {{files: "{{job}}/*.jsonl", type: event.event_type, body: event, time: timestamp, id: id}}
  claude: {{root: {make(place("claude"))}, files: "**/*.jsonl", type: type, time: at}}
  audit:
    root: {make(place("audit"))}
    files: "{{host}}-*.log"
    exclude: "old-*"
    type: [kind, a.b]
metrics: {{ok_total: {{type: counter, help: h, labels: [source, name]}}}}
rules:
  events/agent_progress: [{{inc: ok_total, labels: {{source: events, name: "{{file.job}}"}}}}]
  claude/user: [{{inc: ok_total, labels: {{source: claude, name: "{{x}}"}}}}]
  audit/login: [{{inc: ok_total, labels: {{source: audit, name: "{{file.host}}"}}}}]
""")
    append(tree.path("repo", "e.jsonl"), events(1, 3))
    os.makedirs(place("claude", "a", "b"))
    append(place("claude", "a", "b", "s.jsonl"),
           bare({"type": "user", "x": "u", "at": "2026-11-21T01:02:03Z"}) + b"\n")
    append(place("audit", "web-1.log"), bare({"kind": "login"}) + b"\n")
    append(place("audit", "web-2.log"), bare({"a": {"b": "Login"}}) + b"\n")
    append(place("audit", "old-1.log"), bare({"kind": "login"}) + b"\n")
    samples = exporter.expect(ok=6)
    assert samples.own() == {'ok_total{name="repo",source="events"}': 3,
                             'ok_total{name="u",source="claude"}': 1,
                             'ok_total{name="web",source="audit"}': 2}
    assert [source(exporter, name)["files"] for name in ("events", "claude", "audit")] == [1, 1, 2]
    newest = "jsonl_exporter_source_last_event_timestamp_seconds"
    assert samples.value(newest, source="claude") == 1795222923
    assert not samples.has(newest, source="audit"), "its records have no time"
    assert samples.value("jsonl_exporter_source_delay_seconds_count", source="events") == 3
    exporter.expect_lasting(ok=6)


def test_a_rule_may_name_the_source_of_an_event(tree, launch, place):
    sources = {name: f'root: {make(place(name))}, files: "*.jsonl", type: type'
               for name in ("a", "b")}
    rules = ["a/Event", "b/event", "Event", "a/*", "b/Other"]
    exporter = launch(tree.root, rules=pack(sources, rules))
    append(place("a", "1.jsonl"), line("Event"))
    append(place("b", "1.jsonl"), line("Event") + line("Other") + line("Third"))
    samples = exporter.expect(ok=6)
    shown = {name: samples.total("ok_total", **{"from": name}) for name in rules}
    assert shown == {"a/Event": 1, "b/event": 1, "Event": 2, "a/*": 1, "b/Other": 1}


def test_of_a_list_the_first_that_exists(tree, launch, place):
    texts = [place("none"), place("b"), place("c")]
    make(place("b")), make(place("c"))
    exporter = launch(tree.root, rules=pack(
        {"s": f'root: {json.dumps(texts)}, files: "*.jsonl", type: type'}))
    append(place("b", "1.jsonl"), line())
    append(place("c", "1.jsonl"), line() * 5)
    exporter.expect(ok=1)
    assert roots(exporter, "s") == [place("b")]
    assert sources_check(exporter)["status"] == "pass"
    append(os.path.join(make(place("none")), "1.jsonl"), line() * 7)
    exporter.expect_unchanged(ok=1, rest=2)  # the choice stays while the exporter runs


def test_a_list_of_which_none_exists_waits_for_any(tree, launch, place):
    texts = [place("a"), place("b")]
    exporter = launch(tree.root, rules=pack(
        {"s": f'root: {json.dumps(texts)}, files: "*.jsonl", type: type'}))
    assert roots(exporter, "s", "missing") == texts
    check = sources_check(exporter)
    assert check["status"] == "pass" and texts[0] in check["detail"] and texts[1] in check["detail"]
    append(os.path.join(make(place("b")), "1.jsonl"), line())
    exporter.expect(ok=1)
    assert roots(exporter, "s") == [place("b")] and not roots(exporter, "s", "missing")
    append(os.path.join(make(place("a")), "1.jsonl"), line() * 3)
    exporter.expect_unchanged(ok=1, rest=2)
    assert not complaints(exporter, place(""))


def test_a_missing_root_is_waited_for_quietly(tree, launch, place):
    exporter = launch(tree.root, rules=pack(
        {"s": f'root: {place("deep", "er", "s")}, files: "*.jsonl", type: type'}))
    samples = exporter.scrape()
    assert exporter.request("/ready").status == 200, "nobody has to have everything"
    assert place("deep", "er", "s") in sources_check(exporter)["detail"]
    assert roots(exporter, "s", "missing") == [place("deep", "er", "s")]
    state = {"pack": "rules", "source": "s"}
    assert samples.value("jsonl_exporter_source_roots", state="missing", **state) == 1
    assert samples.value("jsonl_exporter_roots_missing") == 1
    append(os.path.join(make(place("deep", "er", "s")), "1.jsonl"), line() * 2)
    samples = exporter.expect(ok=2)
    assert samples.value("jsonl_exporter_source_roots", state="missing", **state) == 0
    assert samples.value("jsonl_exporter_source_roots", state="present", **state) == 1
    assert sources_check(exporter)["detail"] == "all roots are there"
    assert not complaints(exporter, place(""))
    exporter.expect_lasting(ok=2)


@pytest.mark.parametrize("listed", [False, True], ids=["alone", "in a list"])
def test_a_root_that_is_a_file(tree, launch, place, listed):
    with open(place("s"), "w") as file:
        file.write("no directory\n")
    root = json.dumps([place("s"), place("t")]) if listed else place("s")
    exporter = launch(tree.root, rules=pack({"s": f'root: {root}, files: "*.jsonl", type: type'}))
    exporter.sync()
    time.sleep(2.5)
    assert len(complaints(exporter, place("s"))) == 1, "told once"
    check = sources_check(exporter)
    assert check["status"] == "warn" and "Not a directory" in check["detail"]
    assert exporter.own("source_roots", source="s", state="missing") == 1 + listed
    assert exporter.request("/ready").status == 200
    os.unlink(place("s"))
    append(os.path.join(make(place("s")), "1.jsonl"), line() * 2)
    exporter.expect(ok=2)
    assert sources_check(exporter)["status"] == "pass"


def test_a_root_that_is_removed_and_comes_back(tree, launch, place):
    exporter = launch(tree.root, rules=pack(
        {"s": f'root: {make(place("s"))}, files: "{{job}}/*.jsonl", type: type, id: n'}))
    append(os.path.join(make(place("s", "j")), "1.jsonl"), line(n=1) + line(n=2))
    exporter.expect(ok=2)
    shutil.rmtree(place("s"))
    wait_until(lambda: roots(exporter, "s", "missing") == [place("s")], 5)
    wait_until(lambda: exporter.own("files_followed") == 0, 10)
    append(os.path.join(make(place("s", "j")), "2.jsonl"), line(n=3))
    exporter.expect(ok=3)
    assert roots(exporter, "s") == [place("s")]
    os.rename(place("s"), place("away"))
    wait_until(lambda: roots(exporter, "s", "missing") == [place("s")], 5)
    append(place("away", "j", "2.jsonl"), line(n=4))
    os.rename(place("away"), place("s"))
    exporter.expect(ok=4)
    exporter.expect_lasting(ok=4)


def test_captures_in_a_root_find_every_directory_there_is(tree, launch, place):
    exporter = launch(tree.root, rules=pack(
        {"s": f'root: "{place("home")}/{{user}}/.claude", files: "**/*.jsonl", type: type'}))
    for user, count in (("ann", 1), ("bob", 2)):
        append(os.path.join(make(place("home", user, ".claude", "p")), "1.jsonl"), line() * count)
    make(place("home", "eve", "other"))
    samples = exporter.expect(ok=3)
    assert samples.total("ok_total", user="bob") == 2
    assert len(roots(exporter, "s")) == 2
    append(os.path.join(make(place("home", "eve", ".claude")), "1.jsonl"), line() * 4)
    assert exporter.expect(ok=7).total("ok_total", user="eve") == 4
    shutil.rmtree(place("home", "bob"))
    wait_until(lambda: len(roots(exporter, "s")) == 2, 5)
    wait_until(lambda: exporter.own("files_followed") == 2, 10)
    watches = exporter.own("watches")
    append(os.path.join(make(place("home", "bob", ".claude", "q")), "2.jsonl"), line())
    assert exporter.expect(ok=8).total("ok_total", user="bob") == 3
    assert exporter.own("watches") > watches
    assert not complaints(exporter, place("home"))


def test_captures_that_meet_what_may_not_be_read(tree, launch, place, without_privileges):
    make(place("home", "ann", "s")), make(place("home", "bob", "s"))
    append(place("home", "ann", "s", "1.jsonl"), line())
    os.chmod(place("home", "bob"), 0)
    try:
        exporter = launch(tree.root, prefix=without_privileges, rules=pack(
            {"s": f'root: "{place("home")}/{{user}}/s", files: "*.jsonl", type: type'}))
        exporter.expect(ok=1)
        assert source(exporter, "s")["unreadable"] == 1
        assert exporter.own("source_roots", source="s", state="unreadable") == 1
        assert sources_check(exporter)["status"] == "warn"
    finally:
        os.chmod(place("home", "bob"), 0o755)
    append(place("home", "bob", "s", "1.jsonl"), line())
    exporter.expect(ok=2)
    assert source(exporter, "s")["unreadable"] == 0


def test_a_root_below_another_one_that_comes_later(tree, launch, place):
    """What was walked with the eyes of one source is looked at again for the other."""
    exporter = launch(tree.root, rules=pack({
        "a": f'root: {make(place("top"))}, files: "{{dir}}/*.jsonl", type: type',
        "b": f'root: "{place("top")}/{{user}}/sub", files: "*.log", type: type',
        "c": f'root: {json.dumps([place("none"), place("top", "x", "sub")])}, '
             f'files: "**/*.txt", type: type',
    }))
    append(os.path.join(make(place("top", "x")), "1.jsonl"), line())
    exporter.expect(ok=1)
    make(place("stage", "deep"))
    append(place("stage", "1.log"), line())
    append(place("stage", "deep", "1.txt"), line())
    os.rename(place("stage"), place("top", "x", "sub"))
    samples = exporter.expect(ok=3)
    assert samples.total("ok_total", **{"from": "b/*"}) == 1
    assert samples.total("ok_total", **{"from": "c/*"}) == 1


def test_two_packs_share_a_file_its_stream_and_its_ids(tree, launch, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(COUNT_EVERYTHING.replace("ok_total", "more_total").replace(
        '"{repo}/{job_id}/events-*.jsonl*"', '"**/{job_id}/*.jsonl*"'))
    exporter = launch(tree.root, options=["--rules", other])
    append(tree.file, events(1, 5))
    append(tree.file + ".1", events(4, 7))
    samples = exporter.expect(ok=7, duplicate=2)
    assert samples.total("more_total") == 7
    assert samples.value("jsonl_exporter_files_followed") == 2
    assert samples.value("jsonl_exporter_read_lines_total") == 9, "read once for both"
    assert exporter.stream(tree.file)["sources"] == ["rules/events", "other/events"]
    assert [source(exporter, "events", each)["files"] for each in ("rules", "other")] == [2, 2]
    samples = exporter.expect_lasting(ok=7, duplicate=2)
    assert samples.total("more_total") == 7


def test_within_a_pack_the_first_source_that_fits_has_the_file(tree, launch, place):
    sources = {"a": f'root: {make(place("s"))}, files: "x-*.jsonl", type: type',
               "b": f'root: {place("s")}, files: "*.jsonl", type: type'}
    exporter = launch(tree.root, rules=pack(sources))
    append(place("s", "x-1.jsonl"), line())
    append(place("s", "y-1.jsonl"), line() * 2)
    samples = exporter.expect(ok=3)
    assert samples.total("ok_total", **{"from": "a/*"}) == 1


def home_pack(variable="NOWHERE"):
    return pack({"s": f'root: "${{{variable}:-~/s}}", files: "*.jsonl", type: type'})


def test_roots_in_the_home_are_off_beside_a_given_events_directory(tree, launch, place):
    append(os.path.join(make(place("home", "s")), "1.jsonl"), line())
    exporter = launch(tree.root, rules=home_pack(), env={"HOME": place("home")})
    exporter.expect_unchanged(ok=0)
    assert source(exporter, "s")["roots"] == []
    exporter.stop()
    exporter = launch(tree.root, rules=home_pack(), env={"HOME": place("home")},
                      options=["--source", "s=~/s"])
    exporter.expect(ok=1)


def test_the_home_is_followed_by_default(launch, place):
    append(os.path.join(make(place("home", "s")), "1.jsonl"), line())
    exporter = launch(None, rules=home_pack(), env={"HOME": place("home")})
    exporter.expect(ok=1)
    exporter.stop()
    append(os.path.join(make(place("elsewhere")), "1.jsonl"), line() * 3)
    exporter = launch(None, rules=home_pack("MY_PLACE"),
                      env={"HOME": place("home"), "MY_PLACE": place("elsewhere")})
    exporter.expect(ok=3)


def test_a_source_is_put_elsewhere(tree, launch, place):
    sources = {name: f'root: {make(place(name))}, files: "*.jsonl", type: type'
               for name in ("a", "b")}
    append(place("a", "1.jsonl"), line())
    append(place("b", "1.jsonl"), line() * 2)
    append(os.path.join(make(place("x [1]")), "1.jsonl"), line() * 4)
    exporter = launch(tree.root, rules=pack(sources), options=["--source", f"a={place('x [1]')}"])
    exporter.expect(ok=6)
    assert roots(exporter, "a") == [place("x [1]")]


def test_a_source_that_no_pack_has_is_a_mistake(tree, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(COUNT_EVERYTHING)
    for command in (["run", "--no-state", "--events-dir", tree.root], ["once"]):
        result = run(*command, "--rules", path, "--source", f"evnets={tmp_path}")
        assert result.returncode != 0
        assert "evnets" in result.stderr and "'events'" in result.stderr, result.stderr


def test_a_reload_takes_a_source_out_and_puts_another_in(tree, launch, place):
    texts = {name: f'root: {make(place(name))}, files: "{{job}}/*.jsonl", type: type'
             for name in ("a", "b")}
    rules = ["*"]
    exporter = launch(tree.root, rules=pack({"a": texts["a"]}, rules))
    for name in ("a", "b"):
        append(os.path.join(make(place(name, "j")), "1.jsonl"), line())
    exporter.expect(ok=1)

    def change(*names):
        exporter.write_rules(pack({name: texts[name] for name in names}, rules))
        before = exporter.own("config_last_reload_success_timestamp_seconds")
        exporter.reload()
        wait_until(lambda: exporter.own("config_last_reload_success_timestamp_seconds") > before, 5)

    change("b")
    exporter.expect(ok=2)
    assert [each["name"] for each in exporter.status()["sources"]] == ["b"]
    assert exporter.own("source_roots", source="a") == 0
    append(place("a", "j", "1.jsonl"), line())
    exporter.expect_unchanged(ok=2)
    assert exporter.own("source_roots", state="present") == 1
    change("a", "b")
    append(place("a", "j", "1.jsonl"), line())
    append(place("b", "j", "1.jsonl"), line())
    samples = exporter.expect(ok=5)  # nobody looked at what came meanwhile: it counts now
    assert samples.value("jsonl_exporter_files_followed") == 2


def test_sources_together_are_fair(tree, launch, place):
    """A long file of one source does not hold up a line of another."""
    exporter = launch(tree.root, rules=pack({
        name: f'root: {make(place(name))}, files: "*.jsonl", type: type' for name in ("a", "b")}))
    exporter.sync()
    exporter.sigstop()
    append(place("a", "big.jsonl"), line(text="x" * 100) * 200_000)
    append(place("b", "small.jsonl"), line())
    exporter.sigcont()
    wait_until(lambda: exporter.total("ok_total", **{"from": "b/*"}) == 1, 10, 0.005)
    early = exporter.total("ok_total", **{"from": "a/*"})
    exporter.expect(ok=200_001, timeout=30)
    assert early <= 200_000
