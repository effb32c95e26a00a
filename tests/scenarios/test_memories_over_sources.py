"""Memories of once and increase, remembered texts, timers and sets: over sources of lines and of
documents, over files, restarts and reloads; their scopes, how long they keep, how many they are."""

import itertools
import json
import os
import time

import pytest

from events import append, bare
from program import wait_until

# Two sources of lines and one of documents, each in a directory of its own.
SOURCES = """\
sources:
  a: {root: "${EVENTS_DIR}/../a", files: "{dir}/{part}.jsonl", type: type, time: time}
  b: {root: "${EVENTS_DIR}/../b", files: "{dir}/{part}.jsonl", type: type, time: time}
  c:
    root: "${EVENTS_DIR}/../c"
    files: "{dir}/{part}.json"
    format: document
    time: time
    emit:
      Hit: {changes: turn}
      Entry: {each: entries, key: n}
      Told: {removed: true}
"""
BETWEEN = ["nothing", "restart", "kill", "reload"]


class World:
    """The sources' files, and the exporter that follows them."""

    def __init__(self, top, exporter):
        self.top, self.exporter = top, exporter
        self.turn = itertools.count(1)
        self.told = 0

    def path(self, place):
        """a/d1/x is line file x of source a; c/d1/x a document."""
        path = os.path.join(self.top, place + (".json" if place.startswith("c/") else ".jsonl"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def tell(self, place, kind="Hit", **fields):
        """One more event of this file."""
        self.told += 1
        record = {"time": time.time(), **fields}
        if place.startswith("c/"):
            with open(self.path(place), "w", encoding="utf-8") as file:
                json.dump({"turn": next(self.turn), **record}, file)
        else:
            append(self.path(place), bare({"type": kind, **record}) + b"\n")

    def between(self, how):
        exporter = self.exporter
        if how in ("nothing", "reload"):  # what comes next comes after what was told
            wait_until(lambda: exporter.scrape().total("jsonl_exporter_events_total")
                       >= self.told, 10)
        if how == "reload":
            before = exporter.own("config_last_reload_success_timestamp_seconds")
            exporter.reload()
            wait_until(lambda: exporter.own("config_last_reload_success_timestamp_seconds")
                       > before, 10)
        elif how != "nothing":
            exporter.committed()
            exporter.stop() if how == "restart" else exporter.kill9()
            exporter.start()

    def expect(self, still=0.4, **totals):
        def shown():
            samples = self.exporter.scrape()
            return {name: samples.total(name) for name in totals}
        deadline = time.monotonic() + 10
        while shown() != totals and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(still)
        assert shown() == totals, self.exporter.log()[-2000:]


@pytest.fixture
def world(tree, launch, tmp_path):
    """world(rules): running, with its directories empty."""
    def make(rules, *options):
        for name in "abc":
            os.makedirs(tmp_path / name / "d1", exist_ok=True)
        return World(tmp_path, launch(tree.root, rules=SOURCES + rules, options=options))
    return make


SCOPES = ("file", "directory", "source", "pack")

# `hits_total` is how many events there were, the others what a memory of each scope lets through.
ONCE = "metrics:\n  hits_total: {type: counter, help: h}\n" + "".join(
    f"  {scope}_total: {{type: counter, help: h}}\n" for scope in SCOPES
) + "rules:\n  Hit:\n    - inc: hits_total\n" + "".join(
    f"    - {{inc: {scope}_total, once: k, scope: {scope}}}\n" for scope in SCOPES)

PLACES = ["a/d1/x", "a/d1/y", "a/d2/x", "b/d1/x", "b/d1/y", "c/d1/x", "c/d1/y", "c/d2/x"]
LETS_THROUGH = {"file_total": 8, "directory_total": 5, "source_total": 3, "pack_total": 1}


@pytest.mark.parametrize("how", BETWEEN)
def test_scopes_of_once(world, how):
    now = world(ONCE)
    for place in PLACES:
        now.tell(place, k="one")
    now.expect(hits_total=8, **LETS_THROUGH)
    now.between(how)
    for place in PLACES:
        now.tell(place, k="one")
    now.expect(hits_total=16, **LETS_THROUGH)
    now.between(how)
    for place in PLACES:
        now.tell(place, k="two")
    now.expect(hits_total=24, **{name: 2 * count for name, count in LETS_THROUGH.items()})


@pytest.mark.parametrize("how", BETWEEN)
def test_scopes_of_increase(world, how):
    now = world("metrics:\n" + "".join(
        f"  {scope}_total: {{type: counter, help: h}}\n" for scope in SCOPES
    ) + "rules:\n  Hit:\n" + "".join(
        f"    - {{add: {scope}_total, value: {{increase: n, key: k, scope: {scope}}}}}\n"
        for scope in SCOPES))
    for place in PLACES:
        now.tell(place, k="one", n=10)
    now.expect(**{name: 10 * count for name, count in LETS_THROUGH.items()})
    now.between(how)
    for number, place in enumerate(PLACES):  # 17 is the largest of all, in the last file
        now.tell(place, k="one", n=10 + number)
    now.expect(file_total=80 + sum(range(8)), directory_total=50 + 1 + 2 + 4 + 6 + 7,
               source_total=30 + 2 + 4 + 7, pack_total=17)
    now.between(how)
    for place in PLACES:
        now.tell(place, k="one", n=3)
    now.expect(file_total=108, directory_total=70, source_total=43, pack_total=17)


# One message, told by three sources: what it used is the largest that any has told.
SHARED = """\
metrics: {tokens_total: {type: counter, help: h}, messages_total: {type: counter, help: h}}
rules:
  a/Hit, b/Hit:
    - {add: tokens_total, value: {increase: n, key: k, memory: usage, scope: pack}}
    - {inc: messages_total, once: k, memory: messages, scope: pack}
  c/Hit:
    - {add: tokens_total, value: {increase: deep.n, key: deep.k, memory: usage, scope: pack}}
    - {inc: messages_total, once: deep.k, memory: messages, scope: pack}
"""


@pytest.mark.parametrize("order", list(itertools.permutations("abc")), ids="".join)
def test_a_memory_that_several_sources_share(world, order):
    now = world(SHARED)
    largest = 0
    for number, source in enumerate(order):
        n = {"a": 5, "b": 12, "c": 9}[source]
        largest = max(largest, n)
        now.tell(f"{source}/d1/x", **({"deep": {"k": "m", "n": n}} if source == "c" else
                                      {"k": "m", "n": n}))
        now.expect(tokens_total=largest, messages_total=1, still=0.1)
        now.between(BETWEEN[1 + number % 3])
    now.tell("a/d2/y", k="m", n=12)
    now.tell("b/d2/y", k="other", n=1)
    now.expect(tokens_total=13, messages_total=2)


def test_two_packs_do_not_share(world, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text("metrics: {others_total: {type: counter, help: h}}\nrules:\n  Hit:\n"
                     "    - {inc: others_total, once: k, memory: messages, scope: pack}\n")
    now = world(SHARED, "--rules", other)
    now.tell("a/d1/x", k="m", n=1)
    now.tell("b/d1/x", k="m", n=1)
    now.expect(messages_total=1, others_total=1)
    now.between("kill")
    now.tell("a/d2/y", k="m", n=1)
    now.expect(messages_total=1, others_total=1)


REMEMBER = """\
metrics: {joined_total: {type: counter, help: h, labels: [workflow, here]}}
rules:
  c/Hit:
    - {remember: workflow_of, key: folder, value: name, scope: pack}
  a/Session:
    - {remember: here, value: model}
  a/Hit, b/Hit:
    - inc: joined_total
      labels: {workflow: "{workflow_of[cwd]|default none}", here: "{here|default none}"}
"""


@pytest.mark.parametrize("how", BETWEEN)
def test_what_a_document_says_is_known_to_lines(world, how):
    now = world(REMEMBER)
    now.tell("c/d1/x", folder="/w/1", name="fix-all")
    now.tell("c/d1/y", folder="/w/2", name="lint")
    now.tell("a/d1/x", "Session", model="opus")
    wait_until(lambda: now.exporter.own("memory_keys") == 3, 10)
    now.between(how)
    now.tell("a/d1/y", cwd="/w/1")  # the directory is that of the session
    now.tell("a/d2/y", cwd="/w/2")  # this one is not
    now.tell("b/d1/x", cwd="/w/1")  # the same name below another root
    now.tell("b/d1/x", cwd="/w/3")
    now.expect(joined_total=4)
    samples = now.exporter.scrape()
    for workflow, here in (("fix-all", "opus"), ("lint", "none"), ("fix-all", "none"),
                           ("none", "none")):
        assert samples.value("joined_total", workflow=workflow, here=here) == 1
    now.tell("c/d1/x", folder="/w/1", name="renamed")
    now.between(how)
    wait_until(lambda: now.exporter.own("documents_waiting") == 0, 10)
    time.sleep(0.3)
    now.tell("b/d1/x", cwd="/w/1")
    now.expect(joined_total=5)
    assert now.exporter.scrape().value("joined_total", workflow="renamed") == 1


TIMERS = """\
metrics: {took: {type: histogram, help: h, labels: [by], buckets: [50, 200]}}
rules:
  a/Begin:
    - {start: run, key: k, scope: pack}
    - {start: near, key: k}
  b/End:
    - {observe: took, value: {elapsed: run}, key: k, labels: {by: lines}}
    - {stop: run, key: k, scope: pack}
  c/Hit:
    - {observe: took, value: {elapsed: run}, key: k, labels: {by: document}}
  a/End:
    - {observe: took, value: {elapsed: near}, key: k, labels: {by: near}}
"""


@pytest.mark.parametrize("how", BETWEEN)
def test_timers_begin_in_one_source_and_end_in_another(world, how):
    now = world(TIMERS)
    began = time.time() - 1000
    now.tell("a/d1/x", "Begin", k="j", time=began)
    now.between(how)
    now.tell("c/d1/x", k="j", time=began + 100)
    now.expect(took_count=1)
    now.between(how)
    now.tell("b/d1/x", "End", k="j", time=began + 10)
    now.tell("a/d1/y", "End", k="j", time=began + 300)
    now.tell("a/d2/y", "End", k="j", time=began + 300)  # not of this directory: a field missing
    now.expect(took_count=3, took_sum=410)
    samples = now.exporter.scrape()
    assert samples.value("took_sum", by="document") == 100
    assert samples.value("took_sum", by="lines") == 10
    assert samples.value("took_sum", by="near") == 300
    now.between(how)
    now.tell("b/d1/y", "End", k="j", time=began + 20)  # it was stopped
    now.expect(took_count=3)


SETS = """\
metrics:
  inside: {type: gauge, help: h, labels: [where]}
  near: {type: gauge, help: h}
rules:
  a/In: [{enter: inside, key: k, scope: pack, labels: {where: "{where}"}}, {enter: near, key: k}]
  b/In: [{enter: inside, key: k, scope: pack, labels: {where: "{where}"}}]
  c/Entry: [{enter: inside, key: n, scope: pack, labels: {where: document}}]
  a/Out, b/Out: [{leave: inside, key: k, scope: pack}, {leave: near, key: k}]
  c/Told: [{leave: inside, key: "b", scope: pack, when: {gone: b}}]
  b/Over: [{clear: inside, labels: {where: document}}]
"""


def inside(now, **by):
    samples = now.exporter.scrape()
    return {name: int(samples.total("inside", where=name)) for name in by}


def expect_inside(now, **by):
    wait_until(lambda: inside(now, **by) == by, 10)
    time.sleep(0.3)
    assert inside(now, **by) == by


@pytest.mark.parametrize("how", BETWEEN)
def test_sets_are_entered_and_left_from_several_sources(world, how):
    now = world(SETS)
    now.tell("a/d1/x", "In", k="1", where="u")
    now.tell("a/d1/y", "In", k="2", where="u")
    expect_inside(now, u=2)
    now.tell("b/d1/x", "In", k="2", where="v")  # moves it
    now.tell("c/d1/x", entries=[{"n": "3"}, {"n": "4"}])
    expect_inside(now, u=1, v=1, document=2)
    assert now.exporter.total("near") == 2
    now.between(how)
    expect_inside(now, u=1, v=1, document=2)
    now.tell("b/d2/y", "Out", k="3")  # what the document let in
    now.tell("b/d2/y", "Out", k="1")  # what a let in; but near is of a's directory
    now.tell("c/d1/x", entries=[{"n": "3"}, {"n": "4"}, {"n": "5"}])  # only 5 is new
    expect_inside(now, u=0, v=1, document=2)
    assert now.exporter.total("near") == 2
    now.between(how)
    now.tell("a/d1/z", "Out", k="2")
    expect_inside(now, u=0, v=0, document=2)
    assert now.exporter.total("near") == 1
    now.tell("b/d1/x", "Over")
    expect_inside(now, u=0, v=0, document=0)


KEEP = """\
metrics: {counted_total: {type: counter, help: h}, hits_total: {type: counter, help: h}}
rules:
  Hit: [{inc: hits_total}, {inc: counted_total, once: k, scope: pack, keep: 4s}]
"""


@pytest.mark.parametrize("how", ["nothing", "kill"])
def test_a_key_is_kept_for_so_long_after_anybody_touched_it(world, how):
    now = world(KEEP)
    now.tell("a/d1/x", k="touched")
    now.tell("a/d1/x", k="left")
    now.expect(counted_total=2, hits_total=2, still=0)
    for number in range(3):  # 6 s, each by another source
        time.sleep(2)
        now.tell(f"{'bca'[number]}/d1/y", k="touched")
        if number == 1:
            now.between(how)
    now.expect(counted_total=2, hits_total=5, still=0)
    wait_until(lambda: now.exporter.own("memory_keys") == 1, 10)
    now.tell("b/d2/x", k="left")  # forgotten by now
    now.tell("b/d2/x", k="touched")
    now.expect(counted_total=3, hits_total=7)


@pytest.mark.parametrize("how", ["nothing", "restart", "kill"])
def test_keys_are_bounded_and_those_used_last_stay(world, how):
    now = world("""\
metrics: {counted_total: {type: counter, help: h}, hits_total: {type: counter, help: h}}
rules:
  Hit: [{inc: hits_total}, {inc: counted_total, once: k, scope: pack}]
""", "--max-memory-keys", "100")
    for number in range(60):
        now.tell("a/d1/x", k=f"a{number}")
    now.expect(hits_total=60, still=0)
    now.between(how)
    for number in range(60):
        now.tell("b/d1/x", k=f"b{number}")
    now.expect(counted_total=120, hits_total=120)
    wait_until(lambda: now.exporter.own("memory_keys") <= 100, 5)
    evicted = 120 - now.exporter.own("memory_keys")
    assert now.exporter.own("memory_evictions_total") == evicted
    for number in range(60):  # all of b's were used later than any of a's
        now.tell("b/d2/y", k=f"b{number}")
    now.expect(counted_total=120, hits_total=180)
    for number in range(20):
        now.tell("c/d1/x", k=f"a{number}")
        now.expect(hits_total=181 + number, still=0)
    counted = now.exporter.total("counted_total")
    if how == "nothing":
        assert counted == 140, "the oldest were forgotten, and so counted again"
    else:
        assert 120 < counted <= 140, "after a restart, who was used when is known less exactly"
