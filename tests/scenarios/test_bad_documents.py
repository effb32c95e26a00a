"""Documents that are none, or not yet, or no more: no crash, no hang, counted, logged once."""

import json
import os
import random
import secrets
import shutil
import socket
import threading
import time

import pytest

from program import FULL, is_sanitizer_build, run, wait_until

LARGEST = 64 << 20

RULES = """\
sources:
  docs:
    root: "${EVENTS_DIR}/../docs"
    files: "{doc}.json"
    format: document
    emit:
      Seen: {first: true}
      Ended: {when: {status: done}}
      Changed: {changes: status}
      Step: {each: steps, key: n}
      Gone: {removed: true}
metrics:
  seen_total: {type: counter, help: h, labels: [event, doc]}
rules:
  Seen: [{inc: seen_total, labels: {event: seen}}]
  Ended: [{inc: seen_total, labels: {event: ended}}]
  Changed: [{inc: seen_total, labels: {event: changed}}]
  Step: [{inc: seen_total, labels: {event: step}}]
  Gone: [{inc: seen_total, labels: {event: gone}}]
"""
GOOD = json.dumps({"status": "running", "steps": [{"n": 1}, {"n": 2}]}).encode()
DONE = json.dumps({"status": "done", "steps": [{"n": 1}, {"n": 2}, {"n": 3}]}).encode()


@pytest.fixture
def docs(tmp_path, tree):
    """docs(name): the path of a document."""
    os.makedirs(tmp_path / "docs")
    return lambda name="a": str(tmp_path / "docs" / f"{name}.json")


@pytest.fixture
def exporter(tree, launch, docs):
    return launch(tree.root, rules=RULES)


def write(path, content):
    """In place, as Prodigy writes its sessions: truncated, then written, then closed."""
    with open(path, "wb") as file:
        file.write(content)


def replace(path, content):
    write(path + ".tmp", content)
    os.rename(path + ".tmp", path)


def shown(exporter, name="a"):
    """What was seen of a document, by event."""
    samples = exporter.scrape()
    return {event: int(samples.total("seen_total", event=event, doc=name))
            for event in ("seen", "changed", "ended", "step", "gone")
            if samples.has("seen_total", event=event, doc=name)}


def expect(exporter, name="a", timeout=10, **events):
    deadline = time.monotonic() + timeout
    while shown(exporter, name) != events and time.monotonic() < deadline:
        time.sleep(0.05)
    assert shown(exporter, name) == events, exporter.log()[-3000:]
    exporter.assert_alive()


def skipped(exporter, reason):
    return exporter.own("documents_skipped_total", reason=reason)


def expect_skip(exporter, reason, name="a"):
    """Counted, told once, and nobody waits for it."""
    wait_until(lambda: skipped(exporter, reason) >= 1, 10)
    assert shown(exporter, name) == {}
    time.sleep(2.5)
    told = [line for line in exporter.log_lines() if line.get("reason") == reason]
    assert len(told) == 1, exporter.log()
    assert exporter.request("/ready").status == 200
    exporter.assert_alive()


BAD = {
    "empty": ("empty", b""),
    "blanks": ("malformed", b" \n\n "),
    "half written": ("malformed", GOOD[:-10]),
    "cut within a text": ("malformed", b'{"status": "runn'),
    "no JSON": ("malformed", b"status: running\n"),
    "binary": ("malformed", bytes(range(256)) * 100),
    "NULs": ("malformed", b"\0" * 5000),
    "two documents": ("malformed", GOOD + b"\n" + GOOD),
    "no UTF-8": ("malformed", b'{"status": "\xff\xfe"}'),
    "a list": ("not_object", b"[" + GOOD + b"]"),
    "a number": ("not_object", b"17"),
    "null": ("not_object", b"null"),
    "deep lists": ("too_deep", b'{"x":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"),
    "deep objects": ("too_deep", b'{"x":' * 65 + b"1" + b"}" * 65),
    "too long": ("too_long", None),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_document_that_is_none_yet(exporter, docs, kind):
    reason, content = BAD[kind]
    if content is None:
        write(docs(), b"")
        os.truncate(docs(), LARGEST + 1)
    else:
        write(docs(), content)
    expect_skip(exporter, reason)
    write(docs(), GOOD)
    expect(exporter, seen=1, changed=1, step=2)
    replace(docs(), DONE)
    expect(exporter, seen=1, changed=2, ended=1, step=3)


@pytest.mark.parametrize("kind", ["empty", "half written", "no JSON", "too long"])
def test_what_was_seen_stays_when_a_document_goes_bad(exporter, docs, kind):
    reason, content = BAD[kind]
    write(docs(), GOOD)
    expect(exporter, seen=1, changed=1, step=2)
    before = skipped(exporter, reason)
    write(docs(), content or b"")
    if content is None:
        os.truncate(docs(), LARGEST + 1)
    wait_until(lambda: skipped(exporter, reason) > before, 10)
    expect(exporter, seen=1, changed=1, step=2)
    write(docs(), DONE)
    expect(exporter, seen=1, changed=2, ended=1, step=3)
    exporter.restart()
    expect(exporter, seen=1, changed=2, ended=1, step=3)


def test_nesting_of_64_is_read(exporter, docs):
    write(docs(), b'{"status":"x","y":' + b"[" * 63 + b"]" * 63 + b"}")
    expect(exporter, seen=1, changed=1)


def test_a_document_as_large_as_is_allowed(exporter, docs):
    frame = b'{"status":"running","text":"%s"}'
    write(docs(), frame % (b"x" * (LARGEST - len(frame) + 2)))
    assert os.path.getsize(docs()) == LARGEST
    expect(exporter, seen=1, changed=1, timeout=20)
    write(docs("b"), GOOD)
    expect(exporter, "b", seen=1, changed=1, step=2)
    if not is_sanitizer_build():
        wait_until(lambda: exporter.memory() < 40 << 20, 5)  # it does not keep such a buffer


def test_a_limit_of_ones_own(tree, launch, docs):
    exporter = launch(tree.root, rules=RULES, options=["--max-document-bytes", "2KiB"])
    write(docs(), GOOD + b" " * 3000)
    expect_skip(exporter, "too_long")
    write(docs(), GOOD + b" " * 1000)
    expect(exporter, seen=1, changed=1, step=2)


def test_a_writer_that_takes_its_time(exporter, docs):
    with open(docs(), "wb") as file:
        for at in range(0, len(DONE), 10):
            file.write(DONE[at:at + 10])
            file.flush()
            time.sleep(0.3)
            assert shown(exporter) == {}
    expect(exporter, seen=1, changed=1, ended=1, step=3)


# What may stand where a document was

def put_directory(path):
    os.mkdir(path)
    write(os.path.join(path, "b.json"), DONE)


def put_fifo(path):
    os.mkfifo(path)


def put_socket(path):
    directory, name = os.path.split(path)
    here = os.open(".", os.O_RDONLY)
    os.chdir(directory)  # the path of a socket may not be long
    try:
        socket.socket(socket.AF_UNIX).bind(name)
    finally:
        os.fchdir(here)
        os.close(here)


def put_link(target):
    def put(path):
        if target.endswith(".json"):
            write(os.path.join(os.path.dirname(path), target), DONE)
        os.symlink(target, path)
    return put


OTHERS = {
    "directory": put_directory,
    "fifo": put_fifo,
    "socket": put_socket,
    "link to nothing": put_link("nowhere"),
    "link to itself": put_link("a.json"),
    "link to a document": put_link("../other.json"),
    "endless device": put_link("/dev/zero"),
    "waiting device": put_link("/dev/tty"),
    "directory link": put_link("."),
}


def put(kind, path):
    if kind == "link to itself":
        os.symlink("a.json", path)
    else:
        OTHERS[kind](path)


def take_away(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


@pytest.mark.parametrize("kind", OTHERS)
def test_a_document_is_replaced_by_something_else(exporter, docs, kind):
    write(docs(), GOOD)
    expect(exporter, seen=1, changed=1, step=2)
    os.unlink(docs())
    put(kind, docs())
    expect(exporter, seen=1, changed=1, step=2, gone=1, timeout=15)
    time.sleep(1)
    assert exporter.request("/ready").status == 200
    take_away(docs())
    write(docs(), DONE)  # another life
    expect(exporter, seen=2, changed=2, ended=1, step=5, gone=1, timeout=15)


@pytest.mark.parametrize("kind", OTHERS)
def test_something_else_is_there_at_the_start(tree, launch, docs, kind):
    put(kind, docs())
    write(docs("b"), GOOD)
    exporter = launch(tree.root, rules=RULES)
    expect(exporter, "b", seen=1, changed=1, step=2)
    assert shown(exporter) == {}
    take_away(docs())
    write(docs(), GOOD)
    expect(exporter, seen=1, changed=1, step=2, timeout=15)


def test_a_document_that_may_not_be_read(tree, launch, docs, without_privileges):
    write(docs(), GOOD)
    os.chmod(docs(), 0)
    exporter = launch(tree.root, rules=RULES, prefix=without_privileges)
    expect_skip(exporter, "unreadable")
    os.chmod(docs(), 0o644)
    expect(exporter, seen=1, changed=1, step=2, timeout=15)
    os.chmod(docs(), 0)
    time.sleep(0.5)
    os.chmod(docs(), 0o644)
    write(docs(), DONE)
    expect(exporter, seen=1, changed=2, ended=1, step=3)


def test_a_root_that_is_a_file(tree, launch, tmp_path):
    (tmp_path / "docs").write_text("no directory")
    exporter = launch(tree.root, rules=RULES)
    exporter.sync()
    time.sleep(2.5)
    told = [line for line in exporter.log_lines() if line.get("path") == str(tmp_path / "docs")]
    assert len(told) == 1, told
    assert exporter.own("source_roots", source="docs", state="missing") == 1
    os.unlink(tmp_path / "docs")
    os.mkdir(tmp_path / "docs")
    write(tmp_path / "docs" / "a.json", GOOD)
    expect(exporter, seen=1, changed=1, step=2)


@pytest.mark.parametrize("how", ["while it runs", "while it is stopped", "after a kill"])
def test_a_root_that_is_missing_for_a_while_ends_no_life(exporter, docs, tmp_path, how):
    """Documents that cannot be looked at are not taken for removed."""
    write(docs("stays"), GOOD)
    write(docs("goes"), GOOD)
    for name in ("stays", "goes"):
        expect(exporter, name, seen=1, changed=1, step=2)
    exporter.committed()
    if how == "while it is stopped":
        exporter.stop()
    elif how == "after a kill":
        exporter.kill9()
    os.rename(tmp_path / "docs", tmp_path / "away")
    if how != "while it runs":
        exporter.start()
    wait_until(lambda: exporter.own("source_roots", source="docs", state="missing") == 1, 10)
    time.sleep(2)
    for name in ("stays", "goes"):
        assert shown(exporter, name) == {"seen": 1, "changed": 1, "step": 2}
    os.unlink(tmp_path / "away" / "goes.json")
    write(tmp_path / "away" / "stays.json", DONE)
    os.rename(tmp_path / "away", tmp_path / "docs")
    expect(exporter, "stays", seen=1, changed=2, ended=1, step=3, timeout=20)
    if FULL:  # what could not be looked at is tried again after a minute
        expect(exporter, "goes", seen=1, changed=1, step=2, gone=1, timeout=80)


def test_too_many_documents(tree, launch, docs):
    for number in range(10):
        write(docs(f"d{number}"), GOOD)
    exporter = launch(tree.root, rules=RULES, options=["--max-documents", "6"])
    wait_until(lambda: exporter.total("seen_total", event="seen") == 6, 10)
    assert skipped(exporter, "too_many") == 4
    time.sleep(1.5)
    assert exporter.total("seen_total", event="seen") == 6
    assert len([line for line in exporter.log_lines() if line.get("reason") == "too_many"]) == 1


def test_a_thousand_bad_ones_are_told_once_a_kind(exporter, docs):
    for number in range(1000):
        write(docs(f"d{number}"), (b"", b"{", b"[]")[number % 3])
    wait_until(lambda: skipped(exporter, "not_object") == 333, 20)
    wait_until(lambda: skipped(exporter, "empty") == 334, 20)
    wait_until(lambda: skipped(exporter, "malformed") == 333, 20)
    assert len([line for line in exporter.log_lines() if "reason" in line]) == 3
    write(docs(), GOOD)
    expect(exporter, seen=1, changed=1, step=2)


def test_all_of_it_at_random(exporter, docs):
    """Twelve names that are all of the above in turn, faster than anybody looks."""
    dice = random.Random(5)
    contents = [content for _, content in BAD.values() if content is not None] + [GOOD, DONE]
    names = [docs(f"r{number}") for number in range(12)]
    end = time.monotonic() + 5
    while time.monotonic() < end:
        path = dice.choice(names)
        if os.path.lexists(path) and (not os.path.isfile(path) or os.path.islink(path)
                                      or dice.random() < 0.3):
            take_away(path)
        if dice.random() < 0.4 and not os.path.lexists(path):
            try:
                put(dice.choice(list(OTHERS)), path)
            except FileExistsError:
                pass
        elif not os.path.lexists(path) or os.path.isfile(path):
            dice.choice([write, replace])(path, dice.choice(contents))
        time.sleep(dice.random() * 0.01)
    for path in names:
        if os.path.lexists(path):
            take_away(path)
    write(docs("last"), DONE)
    expect(exporter, "last", seen=1, changed=1, ended=1, step=3, timeout=15)
    wait_until(lambda: exporter.own("documents") == 1, 20)
    samples = exporter.scrape()
    for number in range(12):
        seen = samples.total("seen_total", doc=f"r{number}", event="seen")
        assert samples.total("seen_total", doc=f"r{number}", event="gone") >= seen


# What nobody asked for

CHECKPOINTS = """\
sources:
  checkpoints:
    root: "${EVENTS_DIR}/../docs"
    files: "{name}.json"
    format: document
    emit:
      Step: {each: completed_steps, key: [step_index, completed_at]}
      Changed: {changes: execution_state.status}
      Gone: {removed: true}
metrics:
  steps_total: {type: counter, help: h, labels: [step, status]}
rules:
  Step: [{inc: steps_total, labels: {step: "{command|match /visible-.*/}"}}]
  Changed: [{inc: steps_total, labels: {step: changed, status: "{execution_state.status}"}}]
"""


def checkpoint(secret, steps, status="InProgress"):
    """As Prodigy's, with the secret in every form a text can have."""
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in secret[:4]) + secret[4:]
    return json.dumps({
        "workflow_id": "w", "output": secret * 3, secret: 1,
        "execution_state": {"status": status, "note": secret},
        "completed_steps": [{"step_index": number, "command": f"claude: visible-{number}",
                             "completed_at": "2026-11-21T01:02:03Z", "output": f"/{secret}/",
                             "captured_variables": {secret: secret}} for number in range(steps)],
        "variable_checkpoint_state": {"environment_snapshot": {"variables": {
            "TOKEN": secret, secret: "x", "LONG": secret * 2000, "PATH": "@@ESCAPED@@"}}},
    }, indent=2).replace("@@ESCAPED@@", escaped + "\\n").encode()


def writable_memory(exporter):
    """Every byte that the process could have changed."""
    try:
        memory = open(f"/proc/{exporter.process.pid}/mem", "rb")
    except PermissionError:
        pytest.skip("the memory of another process may not be read here")
    parts = []
    with memory:
        for line in exporter.procfs("maps").splitlines():
            place, rights, *_ = line.split()
            if "w" not in rights or "r" not in rights:
                continue
            begin, end = (int(text, 16) for text in place.split("-"))
            memory.seek(begin)
            parts.append(memory.read(end - begin))
    return b"\n".join(parts)


def everything_shown(exporter):
    """All that it writes and serves, as one text of bytes."""
    parts = [exporter.log().encode()]
    for path in ("/metrics", "/metrics/json", "/metrics/self", "/", "/ready", "/health",
                 "/api/v1/status"):
        parts.append(exporter.request(path).body)
    for directory, _, names in os.walk(exporter.state):
        for name in names:
            with open(os.path.join(directory, name), "rb") as file:
                parts.append(file.read())
    return b"\n".join(parts)


def test_a_secret_in_a_document_goes_nowhere(tree, launch, docs, without_sanitizer):
    secret = secrets.token_hex(20)
    exporter = launch(tree.root, rules=CHECKPOINTS)
    forms = [checkpoint(secret, 1), checkpoint(secret, 2)[:-40], checkpoint(secret, 2) + b"}",
             b"[" + checkpoint(secret, 1) + b"]", checkpoint(secret, 3),
             checkpoint(secret, 4, "Completed")]
    for number, content in enumerate(forms):
        replace(docs("visible-name"), content)
        write(docs(f"other-{number}"), content)
        time.sleep(0.4)
    wait_until(lambda: exporter.total("steps_total", step="visible-3") == 2, 10)
    wait_until(lambda: exporter.own("documents_waiting") == 0 or
               skipped(exporter, "malformed") >= 2, 10)
    exporter.committed()
    memory = writable_memory(exporter)
    assert b"visible-3" in memory and b"visible-name" in memory, "the search sees what is there"
    marks = [secret.encode(), secret[4:].encode(), "".join(
        f"\\u{ord(letter):04x}" for letter in secret[:4]).encode()]
    assert not [mark for mark in marks if mark in memory], "the memory holds it"
    said = everything_shown(exporter)
    assert b"visible-3" in said
    assert not [mark for mark in marks if mark in said], "somebody may see it"
    exporter.restart()
    os.unlink(docs("visible-name"))
    exporter.sync()
    exporter.committed()
    exporter.stop()
    exporter.start()
    assert not [mark for mark in marks if mark in everything_shown(exporter)]
    assert not [mark for mark in marks if mark in writable_memory(exporter)]


def test_the_pack_prodigy_keeps_no_secret_of_a_checkpoint(tree, launch, tmp_path, without_sanitizer):
    secret = secrets.token_hex(20)
    path = tmp_path / "state" / "visible-run" / "checkpoints" / "w.checkpoint.json"
    os.makedirs(path.parent)
    replace(str(path), checkpoint(secret, 2))
    exporter = launch(tree.root, rules=None, options=["--rules", "prodigy"])
    name = "prodigy_step_executions_total"
    wait_until(lambda: exporter.total(name, step_type="claude") == 2, 10)
    replace(str(path), checkpoint(secret, 3, "Failed"))
    wait_until(lambda: exporter.total(name, step_type="claude") == 3, 10)
    exporter.committed()
    memory, said = writable_memory(exporter), everything_shown(exporter)
    assert b"visible-run" in memory and b"visible-run" in said
    assert not [mark for mark in (secret.encode(), secret[4:].encode())
                if mark in memory or mark in said]
    for command in ("once", "explain"):
        result = run(command, "--rules", "prodigy", path)
        assert result.returncode == 0, result.stderr
        assert secret[4:] not in result.stdout + result.stderr


# How often is often enough

def test_a_document_that_is_rewritten_all_the_time(tree, launch, docs, without_sanitizer):
    """1,000 times a second. What it costs is told by bench/run; here only that it is bounded."""
    exporter = launch(tree.root, rules=RULES)
    write(docs(), GOOD)
    expect(exporter, seen=1, changed=1, step=2)
    over = threading.Event()
    written = [0]

    def rewrite():
        began = time.monotonic()
        while not over.is_set():
            document = {"status": "running", "number": written[0],
                        "steps": [{"n": number} for number in (1, 2)], "text": "x" * 5000}
            write(docs(), json.dumps(document).encode())
            written[0] += 1
            time.sleep(max(0, began + written[0] / 1000 - time.monotonic()))

    writer = threading.Thread(target=rewrite)
    readings = exporter.own("documents_read_total")
    began, spent = time.monotonic(), exporter.cpu_seconds()
    writer.start()
    time.sleep(4)
    over.set()
    writer.join()
    share = (exporter.cpu_seconds() - spent) / (time.monotonic() - began)
    assert written[0] > 500
    assert exporter.own("documents_read_total") - readings <= 4 * 5 + 5
    assert share < 0.25, f"{share:.0%} of a core"
    write(docs(), DONE)
    expect(exporter, seen=1, changed=2, ended=1, step=3)
