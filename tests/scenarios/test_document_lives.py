"""Documents and files' lives at the moments at which something could be lost: between a close and a
removal, between new rules and a kill, between a first line and a document's next look."""

import json
import os
import time

import pytest

from program import is_sanitizer_build, wait_until

RULES = """\
sources:
  docs:
    root: "${{EVENTS_DIR}}/../files"
    files: "{{place}}/*.json"
    format: document
    emit:
      Began: {{first: true}}
      Ended: {{when: {{status: done}}}}
      Gone: {{removed: true}}{emit}
  logs:
    root: "${{EVENTS_DIR}}/../files"
    files: "{{place}}/*.jsonl"
    type: type
    emit:
      Opened: {{created: true}}
      Closed: {{closed: true}}
      Dropped: {{removed: true}}
metrics:
  seen_total: {{type: counter, help: h, labels: [event, of]}}
  inside: {{type: gauge, help: h}}
rules:
  Began: [{{inc: seen_total, labels: {{event: began}}}}, {{enter: inside, key: file.name}}]
  Ended: [{{inc: seen_total, labels: {{event: ended}}}}, {{leave: inside, key: file.name}}]
  Opened: [{{inc: seen_total, labels: {{event: opened}}}}, {{enter: inside, key: file.name}}]
  Closed: [{{inc: seen_total, labels: {{event: closed}}}}, {{leave: inside, key: file.name}}]
  Dropped: [{{inc: seen_total, labels: {{event: dropped}}}}]
  line: [{{inc: seen_total, labels: {{event: line}}}}]
{rules}"""
PLAIN = RULES.format(emit="", rules="  Gone: [{inc: seen_total, labels: {event: gone}}]\n")


@pytest.fixture
def path(tmp_path):
    """path(name): below a directory that is there."""
    os.makedirs(tmp_path / "files" / "d")
    return lambda name: str(tmp_path / "files" / "d" / name)


def write(path, **fields):
    with open(path, "w") as file:
        json.dump(fields, file)


def seen(exporter, **events):
    """Waits until each event was seen so often."""
    def shown():
        samples = exporter.scrape()
        return {event: samples.total("seen_total", event=event) for event in events}

    wait_until(lambda: shown() == events, 60)


def test_what_is_removed_soon_after_it_was_closed_was_closed(tree, launch, path):
    """At any moment of the search for its writers."""
    exporter = launch(tree.root, rules=PLAIN)
    names = [path(f"{number}.jsonl") for number in range(150)]
    files = [open(name, "w") for name in names]
    for file in files:
        file.write('{"type": "line"}\n')
        file.flush()
    seen(exporter, opened=150, line=150)
    for file in files:
        file.close()
    for name in names:
        time.sleep(0.01)
        os.unlink(name)
    seen(exporter, opened=150, line=150, dropped=150, closed=150)
    assert exporter.value("inside") == 0


def test_a_document_stays_in_its_directory_when_lines_come_there(tree, launch, path):
    exporter = launch(tree.root, rules=PLAIN)
    write(path("a.json"), status="run")
    seen(exporter, began=1)
    with open(path("x.jsonl"), "w") as file:
        file.write('{"type": "line"}\n')
        file.flush()
        seen(exporter, line=1)
        write(path("a.json"), status="done")
        write(path("b.json"), status="run")
        seen(exporter, began=2, ended=1)
        exporter.restart()
        os.unlink(path("x.jsonl"))
    write(path("b.json"), status="done")
    seen(exporter, ended=2)
    assert exporter.scrape().total("inside") <= 1  # the file of lines, until it is closed
    wait_until(lambda: exporter.value("inside") == 0, 20)


def test_rules_that_are_new_are_not_forgotten_when_it_is_killed(tree, launch, path):
    """They are saved before every document was looked at by them."""
    count = 400 if is_sanitizer_build() else 2000
    emit = "\n      Failed: {when: {status: failed}}"
    rules = "  Failed: [{inc: seen_total, labels: {event: failed}}]\n"
    long = list(range(8000))
    for number in range(count):
        write(path(f"{number}.json"), status="run", list=long)
    exporter = launch(tree.root, rules=PLAIN)
    seen(exporter, began=count)
    exporter.committed()
    exporter.write_rules(RULES.format(emit=emit, rules=rules))
    exporter.restart()
    time.sleep(0.2)
    exporter.kill9()
    exporter.start()
    exporter.sync(timeout=30)
    wait_until(lambda: exporter.own("documents_waiting") == 0, 30)
    seen(exporter, failed=0)
    for number in range(count):
        write(path(f"{number}.json"), status="failed")
    seen(exporter, failed=count, began=count)


def test_rows_that_ask_for_more_of_a_removed_document(tree, launch, path):
    write(path("a.json"), status="run", owner="alice")
    exporter = launch(tree.root, rules=PLAIN)
    seen(exporter, began=1)
    exporter.write_rules(RULES.format(
        emit="", rules='  Gone: [{inc: seen_total, labels: {event: gone, of: "{owner}"}}]\n'))
    exporter.restart()
    time.sleep(1)
    os.unlink(path("a.json"))
    seen(exporter, gone=1)
    assert exporter.scrape().total("seen_total", event="gone", of="alice") == 1


def test_a_root_that_was_away_at_the_start_goes_on_when_it_is_back(tree, launch, tmp_path):
    """Roots with captures are those that are there, so that nobody wished for its documents."""
    homes = tmp_path / "homes"
    for user in ("alice", "bob"):
        os.makedirs(homes / user / "docs" / "d")
        write(homes / user / "docs" / "d" / "a.json", status="run")
    exporter = launch(tree.root, rules=PLAIN.replace("../files", "../homes/{user}/docs"))
    seen(exporter, began=2)
    exporter.stop()
    os.rename(homes / "bob", tmp_path / "away")
    exporter.start()
    time.sleep(1)
    os.rename(tmp_path / "away", homes / "bob")
    time.sleep(2)
    seen(exporter, began=2, gone=0)
    write(homes / "bob" / "docs" / "d" / "a.json", status="done")
    seen(exporter, began=2, ended=1, gone=0)
    os.unlink(homes / "bob" / "docs" / "d" / "a.json")
    seen(exporter, began=2, ended=1, gone=1)


PACK = """\
sources:
  docs:
    root: "${EVENTS_DIR}/../files"
    files: "*/*.json"
    format: document
    emit: {Began: {first: true}, Changed: {changes: s}, Item: {each: l, key: n}, Gone: {removed: true}}
metrics: {NAME_total: {type: counter, help: h, labels: [event]}}
rules:
  Began: [{inc: NAME_total, labels: {event: began}}]
  Changed: [{inc: NAME_total, labels: {event: changed}}]
  Item: [{inc: NAME_total, labels: {event: item}}]
  Gone: [{inc: NAME_total, labels: {event: "gone {s}"}}]
"""


def test_each_pack_has_a_memo_of_its_own(tree, launch, tmp_path, path):
    """Of two that cover a document one is away for a while: what happens then is not its business,
    and the other misses nothing."""
    packs = {name: tmp_path / f"{name}.yaml" for name in ("one", "two")}
    for name, file in packs.items():
        file.write_text(PACK.replace("NAME", name))
    exporter = launch(tree.root, rules=None,
                      options=["--rules", packs["one"], "--rules", packs["two"]])

    def counts(name):
        shown = exporter.scrape().matching(f"{name}_total")
        return {dict(labels)["event"]: value for labels, value in shown.items() if value}

    def reload(text):
        packs["two"].write_text(text)
        before = exporter.log().count('msg="reloaded"')
        exporter.reload()
        wait_until(lambda: exporter.log().count('msg="reloaded"') > before, 10)
        wait_until(lambda: exporter.own("documents_waiting") == 0, 10)

    def put(state, items):
        write(path("a.json"), s=state, l=[{"n": number} for number in range(items)])

    put("a", 2)
    wait_until(lambda: counts("two") == {"began": 1, "changed": 1, "item": 2}, 10)
    reload(PACK.replace("NAME", "two").replace("../files", "../other"))
    put("b", 3)
    wait_until(lambda: counts("one") == {"began": 1, "changed": 2, "item": 3}, 10)
    reload(PACK.replace("NAME", "two"))
    put("c", 4)
    wait_until(lambda: counts("one") == {"began": 1, "changed": 3, "item": 4}, 10)
    wait_until(lambda: counts("two") == {"began": 1, "changed": 2, "item": 3}, 10)
    exporter.committed().kill9()
    exporter.start()
    os.unlink(path("a.json"))
    wait_until(lambda: counts("two") == {"began": 1, "changed": 2, "item": 3, "gone c": 1}, 10)
    assert counts("one") == {"began": 1, "changed": 3, "item": 4, "gone c": 1}
