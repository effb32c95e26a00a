"""One round: an exporter, files, operations, and what must be counted whenever it comes to rest."""

import contextlib
import datetime
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time

from . import operations, rules
from .disk import Disk
from .follower import Follower, is_sanitizer_build
from .lines import Book
from .witness import Violation, Witness

LONGEST_LINE = 4096
REST_TIMEOUT = 25  # seconds; a rescan, due every 10, is among what may be needed
SHOWN_MISSING = 12


class Died(Exception):
    """It was killed by a fault, as was to be expected."""


def own_address():
    """Of this process alone: else a round that runs beside it might get the port of an exporter
    that has just ended."""
    number = os.getpid()
    return f"127.{1 + (number >> 16) % 250}.{number >> 8 & 255}.{number & 255}:0"


class Setting:
    """How a round is run. Drawn at random, if it is for a random round."""

    def __init__(self, with_ids=True, interval="0.1s"):
        self.with_ids = with_ids
        self.interval = interval
        self.zero_first = self.few_open = self.polling = self.few_ids = False

    def draw(self, rng):
        self.with_ids = rng.random() < 0.85
        self.interval = rng.choice(("0.1s", "0.1s", "0.2s", "0.5s", "1s", "5s"))
        self.zero_first = rng.random() < 0.1
        self.few_open = self.with_ids and rng.random() < 0.08
        self.polling = rng.random() < 0.04
        self.few_ids = rng.random() < 0.15
        return self

    def options(self, top):
        given = ["--events-dir", f"{top}/events", "--rules", f"{top}/rules.yaml",
                 "--state-dir", f"{top}/state", "--state-interval", self.interval,
                 "--max-line-bytes", str(LONGEST_LINE), "--web.listen-address", own_address(),
                 "--web.enable-lifecycle"]
        given += [] if self.zero_first else ["--no-zero-first"]
        given += ["--max-open-files", "3"] if self.few_open else []
        given += ["--no-inotify"] if self.polling else []
        given += ["--id-memory", "1MiB"] if self.few_ids else []
        return given

    def __str__(self):
        words = ["" if self.with_ids else "no ids", f"commits every {self.interval}",
                 "zero first" if self.zero_first else "", "few open" if self.few_open else "",
                 "polling" if self.polling else "", "few ids in memory" if self.few_ids else ""]
        return ", ".join(word for word in words if word)


class Scene:
    """What the operations work on. All that is asked for by choosing depends on the seed alone."""

    def __init__(self, top, setting, binary, faults=None):
        self.top = top
        self.setting = setting
        self.with_ids = setting.with_ids
        self.zero_first = setting.zero_first
        # A series is born with the commit that says so, or after a minute.
        self.can_fill = faults is not None and not setting.zero_first
        self.patience = float(os.environ.get("PATIENCE", "1"))
        self.patience *= 4 if is_sanitizer_build(binary) else 1
        self.lock = threading.RLock()
        begin = datetime.datetime.utcnow().replace(microsecond=0) - datetime.timedelta(hours=1)
        self.book = Book(begin, setting.with_ids, LONGEST_LINE)
        self.disk = Disk(top, self.book)
        self.follower = Follower(binary, top, setting.options(top), faults, self.patience)
        self.witness = Witness(self)
        self.state = "down"
        self.full = False
        self.extra = False
        self.numbers = {"job": 1, "outside": 1}
        # What the exporter must know
        self.clean = None  # its last stop was in order; None: that cannot be known
        self.begun_clean = None  # the one before the start of the process that runs
        self.launched = 0  # the step
        self.lay_there = {}  # at the launch: generation -> how many lines
        self.safe = set()  # lines that were counted and committed
        self.demanded = set()  # lines that were ever demanded
        self.restarts = 0
        self.armed = False  # the process that runs was started with faults
        self._write_rules(rules.rule_file(self.with_ids))

    def _write_rules(self, text):
        path = os.path.join(self.top, "rules.yaml")
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)

    # What must be counted

    def demanded_now(self):
        with self.lock:
            return self.disk.demanded() | self.safe

    def demanded_at_first_answer(self):
        """Of the process that runs: what was committed; what was seen before and lies untouched
        since the launch; after an unclean stop all that does."""
        demanded = set(self.safe)
        for generation, count in self.lay_there.items():
            if generation.disturbed > self.launched:
                continue
            lines = {line.index for line in generation.lines[:count] if line is not None}
            at_once = self.begun_clean is False and not self.zero_first
            demanded |= lines if at_once else lines & self.witness.ever
        self.demanded |= demanded
        return demanded

    def own_counters_continue(self, key):
        """Do they, across the last restart? What was counted, not committed, and then destroyed is
        unknown to the new process."""
        if self.follower.started_clean:
            return True
        # What was not committed counts anew where it lies now: its directory may be another one.
        if key.startswith("chaos_"):
            return not key.startswith("chaos_directory_")
        return self.disk.destroyed <= self.disk.settled

    def explain_missing(self, missing):
        lines = [f"  {self.book.lines[index].name}"
                 f"{', committed' if index in self.safe else ''}"
                 f"{', seen before' if index in self.witness.ever else ''}: {self.disk.where(index)}"
                 for index in sorted(missing)[:SHOWN_MISSING]]
        labels = {}
        for index in missing:
            line = self.book.lines[index]
            labels[line.job, line.kind] = labels.get((line.job, line.kind), 0) + 1
        lines += [f'  chaos_events_total{{job="{job}",type="{kind}"}}: {count} too few'
                  for (job, kind), count in sorted(labels.items())[:SHOWN_MISSING]]
        return f"{len(missing)} lines are not counted\n" + "\n".join(lines)

    def at_risk(self):
        """Lines that were written and never demanded; those of them that were counted."""
        risked = {line.index for line in self.book.lines if not line.never} - self.demanded
        return risked, risked & self.witness.ever

    # Operations of the exporter

    def check_alive(self):
        if not self.follower.is_alive():
            code = self.follower.process and self.follower.process.poll()
            if self.armed and code == -signal.SIGKILL:
                raise Died
            raise Violation(f"the exporter ended with {code}\n{self.follower.log()[-6000:]}")

    def wait_for(self, condition, explain, timeout=REST_TIMEOUT):
        if not self.witness.wait_for(condition, timeout * self.patience):
            self.check_alive()
            raise Violation(explain())

    def sync(self):
        """Waits until all that can be read is counted."""
        if self.state != "running":
            return False
        demanded = self.demanded_now()
        witness = self.witness

        def is_counted():
            return witness.answered and demanded <= witness.counted

        self.wait_for(is_counted, lambda: self.explain_missing(demanded - witness.counted)
                      if witness.answered else "no answer but 503 of /metrics")
        if self.zero_first:
            self._wait_for_born(demanded)
        with self.lock:
            self.demanded |= demanded
            if not self.setting.few_open:
                self.disk.exporter_rested(self.launched)
        return True

    def _wait_for_born(self, demanded):
        """New series show zero at first; then they have to fit like any other."""
        witness = self.witness

        def fit():
            with contextlib.suppress(Violation):
                witness.check_samples()
                return True
            return False

        if not witness.wait_for(fit, 10 * self.patience):
            self.check_alive()
            with self.lock:
                witness.check_samples()

    def commit(self):
        """Waits until all of it is committed, too, and all files are known under their names."""
        if self.full or not self.sync():
            return False
        self._wait_for_names()
        with self.lock:
            counted = set(self.witness.counted)
        rested = time.time()
        deadline = time.monotonic() + REST_TIMEOUT * self.patience
        # The moment that was saved, told in milliseconds.
        while (self._state()["last_commit"] or 0) <= rested + 0.002:
            if time.monotonic() > deadline:
                raise Violation(f"no commit is made: {self._state()}; {self.follower.threads()}")
            time.sleep(0.02)
        with self.lock:
            self.safe |= counted
            self.disk.exporter_committed()
        return True

    def _wait_for_names(self):
        """What was moved or rewritten may hold nothing that is new: counted is not yet known."""
        files = [{self.disk.path(name) for name in generation.names}
                 for generation in set(self.disk.names.values())
                 if generation.followed and generation.length > 0]
        deadline = time.monotonic() + REST_TIMEOUT * self.patience
        while True:
            streams = self._status(limit=100000)["streams"]
            followed = {stream["path"] for stream in streams if stream["state"] == "followed"}
            unknown = [sorted(names) for names in files if not names & followed]
            if not unknown:
                return
            if time.monotonic() > deadline:
                raise Violation(f"these files are not followed: {unknown[:5]}")
            time.sleep(0.05)

    def _status(self, limit=1):
        self.check_alive()
        try:
            return self.follower.status(limit)
        except (OSError, http.client.HTTPException):
            # Its sockets go before it does, which may take as long as the write it is in.
            self.follower.wait_for_end(5)
            self.check_alive()
            raise

    def _state(self):
        return self._status()["state"]

    def start(self, wait=True, faults=(), options=()):
        """`faults`, `options`: environment and options that this start has beside the usual."""
        if self.state != "down":
            return False
        with self.lock:
            self.launched = self.disk.step
            self.lay_there = {generation: len(generation.lines)
                              for generation in self.disk.names.values() if generation.followed}
            self.witness.new_process()
            self.begun_clean = self.clean
            self.follower.started_clean = self.clean is True and not options
            self.armed = bool(faults)
            self.follower.launch(faults, options)
        if not self.follower.wait_for_address():
            self.check_alive()
        self.state = "running"
        self.restarts += 1
        if wait:
            self.wait_for(lambda: self.witness.answered, lambda: "no answer but 503 of /metrics: "
                          + json.dumps(self.follower.status())[:2000])
            self._check_start(self.follower.started_clean)
        return True

    def _check_start(self, clean):
        started = self._state()["start"]
        if clean and started != "clean":
            raise Violation(f"it was stopped in order, and takes its state as {started}")
        if started == "set_aside":
            raise Violation(f"it takes its state as corrupt\n{self.follower.log()[-3000:]}")

    def false_start(self, milliseconds):
        """Killed soon after its start, wherever it is then."""
        if self.state != "down":
            return False
        self.follower.launch()
        time.sleep(milliseconds / 1000)
        self.check_alive()
        self.follower.kill()
        # It may not have come as far as to note that it runs.
        self._ended(False if self.clean is False else None)
        return True

    def kill(self):
        if self.state == "down":
            return False
        self.check_alive()
        self.follower.kill()
        self._ended(False)
        return True

    def stop(self):
        if self.state == "down":
            return False
        self.check_alive()
        code = self.follower.stop()
        if self.armed and code == -signal.SIGKILL:
            raise Died
        # Where its last commit failed it may say so.
        may_fail = self.full or self.armed
        if code != 0 and not (may_fail and code == 1):
            raise Violation(f"SIGTERM ended it with {code}\n{self.follower.log()[-3000:]}")
        # One that never answered 200 has not shown what it saved: that is no end in order.
        self._ended(True if self.witness.answered and not may_fail else None)
        return True

    def note_death(self):
        """A fault killed it, at some time before now."""
        self.follower.forget()
        self._ended(None)

    def _ended(self, clean):
        with self.lock:
            if clean and self.witness.answered:
                self.safe |= self.witness.counted
            self.disk.exporter_ended()
        self.clean = clean
        self.state = "down"

    def pause(self):
        if self.state != "running":
            return False
        self.follower.pause()
        self.state = "paused"
        return True

    def resume(self):
        if self.state != "paused":
            return False
        self.follower.resume()
        self.state = "running"
        return True

    def fill(self, full):
        if full == self.full or not self.can_fill:
            return False
        self.follower.set_full(full)
        self.full = full
        return True

    def reload(self, how, by):
        if self.state != "running":
            return False
        if how == "other":
            self.extra = not self.extra
        if how == "broken":
            self._write_rules(rules.BROKEN_FILE)
            self._ask_reload(by, good=False)
        self._write_rules(rules.rule_file(self.with_ids, self.extra))
        self._ask_reload(by, good=True)
        return True

    def _ask_reload(self, by, good):
        before = self._reloads()
        if by == "post":
            code, _, text = self.follower.request("/-/reload", method="POST")
            if code != (200 if good else 500):
                raise Violation(f"/-/reload answered {code}: {text[:500]}")
        else:
            self.follower.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 10 * self.patience
        while True:
            successful, when = self._reloads()
            if successful == good and (not good or when > before[1]):
                return
            if time.monotonic() > deadline:
                raise Violation(f"a reload of {'good' if good else 'broken'} rules shows "
                                f"successful={successful}, {before[1]} -> {when}")
            time.sleep(0.02)

    def _reloads(self):
        self.check_alive()
        _, _, text = self.follower.request("/metrics/self")
        values = dict(line.rsplit(" ", 1) for line in text.split("\n")
                      if line.startswith("jsonl_exporter_config_last_reload"))
        return (float(values["jsonl_exporter_config_last_reload_successful"]) == 1,
                float(values["jsonl_exporter_config_last_reload_success_timestamp_seconds"]))


class Result:
    def __init__(self, number):
        self.number = number
        self.done = []  # operations, each [name, arguments, milliseconds to wait after it]
        self.violation = None
        self.top = None
        self.summary = ""
        self.lines = self.risked = self.risked_counted = self.lost = self.scrapes = 0


def run(top, seed, number, steps, binary, faults=None, planned=None, rest=True):
    """Runs a round in the new directory `top`: `steps` operations of its own choice, or those
    planned."""
    rng = random.Random(f"{seed}/{number}")
    setting = Setting().draw(rng)
    os.makedirs(top)
    result = Result(number)
    result.top = top
    began = time.monotonic()
    scene = Scene(top, setting, binary, faults)
    scene.witness.start()
    try:
        if planned is None:
            play(scene, result, chosen(rng, scene, steps))
        else:
            play(scene, result, planned)
        if rest:
            finish(scene)
    except Violation as violation:
        result.violation = str(violation)
    finally:
        scene.witness.end()
        scene.follower.end()
        scene.disk.close()
        write_record(top, scene, result, seed, number)
    risked, counted = scene.at_risk()
    result.lines = len(scene.demanded)
    result.risked, result.risked_counted = len(risked), len(counted)
    result.lost = scene.witness.lost
    result.scrapes = scene.witness.scrapes
    result.summary = (
        f"{len(result.done)} steps, {scene.restarts} starts, {result.scrapes} scrapes, "
        f"{result.lines} lines demanded, {result.risked} at risk ({result.risked_counted} counted), "
        f"{time.monotonic() - began:.1f} s ({setting})")
    return result


def chosen(rng, scene, steps):
    """Steps one by one: what comes next depends on what is there then."""
    yield ["start", {"wait": True}, 0]
    made = 1
    while made < steps:
        for name, arguments in operations.choose(rng, scene):
            made += 1
            yield [name, arguments, rng.choice((0, 0, 0, 0, 5, 30, 100))]


def play(scene, result, planned):
    for name, arguments, pause in planned:
        scene.disk.step += 1
        result.done.append([name, arguments, pause])
        make = operations.OPERATIONS[name].make
        if name in operations.WITHOUT_LOCK:
            make(scene, **arguments)
        else:
            with scene.lock:
                make(scene, **arguments)
        scene.witness.raise_violation()
        if scene.state != "down":
            scene.check_alive()
        time.sleep(pause / 1000)
    scene.disk.step += 1


def finish(scene):
    """Everything is counted in the end, and after one more restart still is."""
    if scene.full:
        scene.fill(False)
    scene.resume()
    scene.start()
    scene.sync()
    time.sleep(0.3)
    scene.sync()
    scene.disk.close()
    scene.sync()
    check_with_promtool(scene.witness.last_text)
    scene.stop()
    scene.disk.step += 1
    scene.start()
    scene.sync()
    scene.stop()


def check_with_promtool(text):
    promtool = shutil.which("promtool")
    if promtool is None:
        return
    result = subprocess.run([promtool, "check", "metrics"], input=text, text=True,
                            errors="surrogateescape", capture_output=True, check=False)
    # 3: it would name or word something otherwise.
    if result.returncode not in (0, 3):
        raise Violation(f"promtool cannot parse /metrics: {result.stderr[:1000]}")


def write_record(top, scene, result, seed, number):
    """What happened, beside the files: for a look at it, and for --replay."""
    with open(os.path.join(top, "operations.json"), "w", encoding="utf-8") as file:
        json.dump({"seed": seed, "round": number, "operations": result.done}, file, indent=0)
    with open(os.path.join(top, "metrics.txt"), "w", errors="surrogateescape") as file:
        file.write(scene.witness.last_text)
