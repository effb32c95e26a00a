"""Documents and line files whose lives are told, at random: written in place and in pieces,
replaced, removed, brought back, renamed with their directory, while the exporter is killed,
restarted and given other rules. Each count is held against document_model.py.

DOCUMENT_CHAOS_ROUNDS=N for more rounds, DOCUMENT_CHAOS_SEED=N for others."""

import json
import os
import random
import shutil
import time

import pytest

from document_model import ABSENT, JUNK, Log, Path, amount, text_of
from program import patience, wait_until

ROUNDS = int(os.environ.get("DOCUMENT_CHAOS_ROUNDS", "2"))
SEED = int(os.environ.get("DOCUMENT_CHAOS_SEED", "1"))
PHASES = 4 if ROUNDS <= 2 else 8
REST = 1.7  # longer than a file that nobody closed has to rest until it is read
DIRECTORIES = ("d0", "d1", "d2")
DOCUMENTS = ("a", "b")
STATUSES = ("run", "fail", "done")

RULES = """\
sources:
  docs:
    root: "${{EVENTS_DIR}}/../files"
    files: "{{place}}/*.json"
    format: document
    emit:
      Born: {{created: true}}
      Seen: {{first: true}}
      Ended: {{when: {{status: done}}}}
      Changed: {{changes: status}}
      Step: {{each: steps, key: n}}
      Shut: {{closed: true}}
      Gone: {{removed: true}}{emits}
  logs:
    root: "${{EVENTS_DIR}}/../files"
    files: "{{place}}/*.jsonl"
    type: type
    id: id
    emit:
      Opened: {{created: true}}
      Closed: {{closed: true}}
      Again: {{closed: true, reopen: true}}
      Dropped: {{removed: true}}
metrics:
  seen_total: {{type: counter, help: h, labels: [event, path]}}
  amount_total: {{type: counter, help: h, labels: [path]}}
  lines_total: {{type: counter, help: h}}
defaults: {{labels: {{path: "{{file.place}}/{{file.name}}"}}}}
rules:
  Born: [{{inc: seen_total, labels: {{event: born}}}}]
  Seen: [{{inc: seen_total, labels: {{event: seen}}}}]
  Ended: [{{inc: seen_total, labels: {{event: ended}}}}]
  Changed: [{{inc: seen_total, labels: {{event: changed}}}}]
  Shut: [{{inc: seen_total, labels: {{event: shut}}}}]
  docs/Step:
    - {{inc: seen_total, labels: {{event: step}}}}
    - {{add: amount_total, value: .amount}}
  Gone:
    - {{inc: seen_total, labels: {{event: gone}}}}
    - {{inc: seen_total, labels: {{event: "gone_{{status|default none}}"}}}}
  Opened: [{{inc: seen_total, labels: {{event: born}}}}]
  Closed: [{{inc: seen_total, labels: {{event: shut}}}}]
  Again: [{{inc: seen_total, labels: {{event: again}}}}]
  Dropped:
    - {{inc: seen_total, labels: {{event: gone}}}}
    - {{inc: seen_total, labels: {{event: gone_none}}}}
  line: [{{inc: lines_total}}]
{rules}"""
EMITS = """
      ExtraSeen: {first: true}
      ExtraRan: {when: {status: run}}"""
EXTRA_RULES = """\
  ExtraSeen: [{inc: seen_total, labels: {event: extra_seen}}]
  ExtraRan: [{inc: seen_total, labels: {event: extra_ran}}]
"""
BASIC = RULES.format(emits="", rules="")
EXTENDED = RULES.format(emits=EMITS, rules=EXTRA_RULES)


class Lines:
    """How many lines are counted at least, and at most."""

    def __init__(self):
        self.settled = 0
        self.fresh = {}  # by path, since all was settled
        self.maybe = 0   # of these, in files that went
        self.number = 0

    def add(self, path, count):
        self.fresh[path] = self.fresh.get(path, 0) + count

    def gone(self, path):
        self.maybe += self.fresh.pop(path, 0)

    def moved(self, path, to):
        if path in self.fresh:
            self.fresh[to] = self.fresh.pop(path)

    def fits(self, shown):
        least = self.settled + sum(self.fresh.values())
        return least <= shown <= least + self.maybe

    def observe(self, shown):
        self.settled, self.fresh, self.maybe = shown, {}, 0


class Story:
    """Files, an exporter that may be down, and the model of what it must have counted."""

    def __init__(self, root, launch, base, seed):
        self.dice = random.Random(seed)
        self.base = base
        self.paths = {}
        self.lines = Lines()
        self.open = {}  # half written: path -> the file, and the rest of it
        self.told = []
        self.has_extra = False
        self.is_up = True
        self.scrapes = True
        os.makedirs(base)
        self.exporter = launch(root, rules=BASIC, zero_first=True)

    # The files, and the model beside them

    def path(self, name):
        return os.path.join(self.base, name)

    def note(self, name, content):
        self.told.append(f"{name} {content if isinstance(content, str) else text_of(content)}")
        kind = Log if name.endswith(".jsonl") else Path
        self.paths.setdefault(name, kind()).put(content, self.is_up, self.has_extra)

    def content(self, name):
        return self.paths[name].content if name in self.paths else ABSENT

    def document(self):
        steps = [{"n": n, "amount": amount(n)} for n in range(8) if self.dice.random() < 0.5]
        return {"status": self.dice.choice(STATUSES), "steps": steps, "pad": "x" * 200}

    def pause(self, longest=0.3):
        if self.dice.random() < 0.6:
            time.sleep(self.dice.random() * longest)
        if self.is_up and self.scrapes and self.dice.random() < 0.3:
            self.exporter.scrape()  # which sees nothing fall

    def make_directory(self, name):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)

    def give_up(self, name):
        """A half written file is left as it is."""
        if name in self.open:
            self.open.pop(name)[0].close()

    # What can happen to a document

    def write(self, name):
        self.give_up(name)
        self.make_directory(name)
        document = self.document()
        with open(self.path(name), "wb") as file:
            self.note(name, JUNK)
            file.write(text_of(document))
        self.note(name, document)

    def write_in_pieces(self, name):
        self.give_up(name)
        self.make_directory(name)
        document = self.document()
        text = text_of(document)
        with open(self.path(name), "wb", buffering=0) as file:
            self.note(name, JUNK)
            for at in range(0, len(text), 90):
                file.write(text[at:at + 90])
                self.pause()
        self.note(name, document)

    def write_slowly(self, name):
        """Half of it now, the other half in some later phase."""
        if name in self.open:
            file, rest, document = self.open.pop(name)
            file.write(rest)
            file.close()
            if os.path.exists(self.path(name)) and self.content(name) == JUNK:
                self.note(name, document)
            return
        self.make_directory(name)
        document = self.document()
        text = text_of(document)
        file = open(self.path(name), "wb", buffering=0)
        self.note(name, JUNK)
        file.write(text[:len(text) // 2])
        self.open[name] = file, text[len(text) // 2:], document

    def replace(self, name):
        self.give_up(name)
        self.make_directory(name)
        document = self.document()
        with open(self.path(name) + ".tmp", "wb") as file:
            file.write(text_of(document))
        os.rename(self.path(name) + ".tmp", self.path(name))
        self.note(name, document)

    def empty(self, name):
        self.give_up(name)
        self.make_directory(name)
        open(self.path(name), "wb").close()
        self.note(name, JUNK)

    def remove(self, name):
        self.give_up(name)
        if self.content(name) == ABSENT:
            return self.write(name)
        os.unlink(self.path(name))
        self.lines.gone(name)
        self.note(name, ABSENT)

    def remove_and_write(self, name):
        self.remove(name)
        self.pause(0.02)
        self.write(name)

    def move(self, name):
        """To the other name in its directory, whatever is there."""
        if self.content(name) == ABSENT:
            return
        to = name.replace("/a.", "/b.") if "/a." in name else name.replace("/b.", "/a.")
        content = self.content(name)
        self.give_up(name)
        self.give_up(to)
        os.rename(self.path(name), self.path(to))
        self.note(name, ABSENT)
        self.note(to, content)

    def burst(self, name):
        for _ in range(6):
            self.dice.choice((self.write, self.write, self.replace, self.remove))(name)

    # What can happen to lines

    def append(self, name):
        self.make_directory(name)
        count = self.dice.randrange(1, 5)
        with open(self.path(name), "a") as file:
            for _ in range(count):
                self.lines.number += 1
                file.write(json.dumps({"type": "line", "id": str(self.lines.number)}) + "\n")
        self.lines.add(name, count)
        self.note(name, JUNK)

    # What can happen to a directory

    def members(self, directory):
        return [name for name, path in self.paths.items()
                if name.startswith(directory + "/") and path.content != ABSENT]

    def remove_directory(self, directory):
        for name in self.members(directory):
            self.remove(name)
        shutil.rmtree(self.path(directory), ignore_errors=True)

    def rename_directory(self, directory):
        free = [name for name in DIRECTORIES + ("d3",) if not os.path.exists(self.path(name))]
        if not free or not os.path.exists(self.path(directory)):
            return
        to = self.dice.choice(free)
        moved = {name: self.paths[name].content for name in self.members(directory)}
        for name in moved:
            self.give_up(name)
        os.rename(self.path(directory), self.path(to))
        for name, content in moved.items():
            self.lines.moved(name, to + name[len(directory):])
            self.note(name, ABSENT)
            self.note(to + name[len(directory):], content)

    # What can happen to the exporter

    def kill(self):
        if self.is_up:
            self.told.append("kill")
            self.exporter.kill9()
            self.is_up = False

    def stop(self):
        if self.is_up:
            self.told.append("stop")
            self.exporter.stop()
            self.is_up = False

    def start(self):
        if self.is_up:
            return
        self.told.append("start")
        self.exporter.start()
        self.is_up = True
        for path in self.paths.values():
            path.may_look(self.has_extra)

    def reload(self):
        """The rules change as soon as they are written, for one that starts; both may be seen."""
        if not self.is_up:
            return
        self.settle()
        self.has_extra = self.dice.random() < 0.5
        self.told.append(f"reload extra={self.has_extra}")
        self.exporter.write_rules(EXTENDED if self.has_extra else BASIC)
        before = self.exporter.log().count('msg="reloaded"')
        self.exporter.reload()
        wait_until(lambda: self.exporter.log().count('msg="reloaded"') > before, 10)
        for path in self.paths.values():
            path.may_look(self.has_extra)

    def phase(self):
        self.scrapes = self.dice.random() < 0.5
        for _ in range(self.dice.randrange(2, 9)):
            directory = self.dice.choice(DIRECTORIES)
            name = f"{directory}/{self.dice.choice(DOCUMENTS)}.json"
            log = f"{directory}/{self.dice.choice(DOCUMENTS)}.jsonl"
            what = self.dice.choice((
                [self.write, name], [self.write, name], [self.write_in_pieces, name],
                [self.write_slowly, name], [self.replace, name], [self.empty, name],
                [self.remove, name], [self.remove_and_write, name], [self.burst, name],
                [self.move, name],
                [self.append, log], [self.append, log], [self.append, log], [self.remove_log, log],
                [self.remove_directory, directory], [self.rename_directory, directory],
            ))
            what[0](*what[1:])
            self.pause()
            if not self.scrapes and self.dice.random() < 0.15:
                self.dice.choice((self.kill, self.stop, self.start))()
        self.start()
        self.settle()

    def remove_log(self, name):
        if self.content(name) != ABSENT:
            self.remove(name)

    # What must have been counted

    def shown(self):
        samples = self.exporter.scrape()
        shown = {name: {} for name in self.paths}
        for labels, value in samples.matching("seen_total").items():
            labels = dict(labels)
            shown.setdefault(labels["path"], {})[labels["event"]] = int(value)
        for labels, value in samples.matching("amount_total").items():
            shown.setdefault(dict(labels)["path"], {})["amount"] = int(value)
        for events in shown.values():
            for event in [event for event, number in events.items() if number == 0]:
                del events[event]
        return shown, int(samples.total("lines_total"))

    def wrong(self):
        """What is not as it must be, or None."""
        shown, lines = self.shown()
        for name, events in shown.items():
            closings = {event: events.pop(event, 0) for event in ("shut", "again")}
            path = self.paths.get(name, Path())
            if not path.fits(events):
                return f"{name}: {events}, not one of {path.allowed()}"
            if closings["shut"] > events.get("born", 0):
                return f"{name}: closed more often than it lived: {closings} {events}"
            if closings["again"] < closings["shut"] and name.endswith(".jsonl"):
                return f"{name}: {closings}"
        if not self.lines.fits(lines):
            return f"{lines} lines, not {vars(self.lines)}"
        return None

    def settle(self):
        time.sleep(REST * patience())
        for path in self.paths.values():
            path.must_look(self.has_extra)
        # What is told of a removed file waits until nobody writes it, which is not asked all the time.
        deadline = time.monotonic() + 60 * patience()
        while (wrong := self.wrong()) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not wrong, wrong + "\n" + "\n".join(self.told[-60:])
        self.exporter.committed()
        assert not self.wrong(), self.wrong()
        shown, lines = self.shown()
        for name, events in shown.items():
            events.pop("shut", None), events.pop("again", None)
            if name in self.paths:
                self.paths[name].observe(events)
        self.lines.observe(lines)
        self.told.append("settled")

    def all_closed(self):
        """Of each that is there, the last life is told as closed."""
        shown, _ = self.shown()
        return all(shown[name].get("shut", 0) >= 1 for name, path in self.paths.items()
                   if path.content != ABSENT)

    def finish(self):
        for name in list(self.open):
            self.write_slowly(name)
        self.settle()
        wait_until(self.all_closed, 30)
        self.exporter.restart()
        self.settle()
        self.exporter.kill9()
        self.exporter.start()
        self.settle()
        for name in [name for name, path in self.paths.items() if path.content != ABSENT]:
            self.remove(name)
        self.settle()
        assert self.exporter.own("documents") == 0


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_whatever_happens_to_documents(tree, launch, tmp_path, round_number):
    story = Story(tree.root, launch, str(tmp_path / "files"), SEED * 1000 + round_number)
    for number in range(PHASES):
        story.phase()
        if number % 3 == 1:
            story.reload()
    story.finish()
