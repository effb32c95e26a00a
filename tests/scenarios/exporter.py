"""The program under test, as a user has it: one process, its log, its HTTP address.

    with Exporter(root, directory) as exporter:
        append(file, event(1))
        exporter.expect(ok=1)

Everything is observed from outside: what it logs, what it serves, what procfs says of it.
"""

import http.client
import itertools
import json
import os
import re
import shlex
import signal
import subprocess
import time

from program import (
    BINARY,
    SANITIZER_REPORT,
    make_environment,
    parse_log_line,
    patience,
    wait_until,
)
from samples import LASTING, Samples
from watched import Watched

# Counts every event once, by the directory it lies in. What most scenarios run with.
COUNT_EVERYTHING = """\
sources:
  events:
    files: "{repo}/{job_id}/events-*.jsonl*"
    exclude: ["archive/events_archive_*", "*.tmp"]
    type: event.event_type
    body: event
    time: timestamp
    id: id
metrics:
  ok_total:
    type: counter
    help: Events counted, by job directory.
    labels: [job_id]
    max_series: 20000
rules:
  "*":
    - inc: ok_total
      labels: {job_id: "{file.job_id}"}
"""

class Refused(Exception):
    """The exporter answered a scrape with another status than 200."""


class Exporter(Watched):
    """A running exporter. `directory` receives its rule file, its log and its state.

    `state`: a directory; by default a new one, and None for --no-state. One object may be started
    again and again on the same state; whatever a scrape showed must then never be lower."""

    def __init__(self, root, directory, rules=COUNT_EVERYTHING, options=(), env=None,
                 zero_first=False, prefix=(), address="127.0.0.1:0", cwd=None, state="new",
                 interval="100ms", resource_interval="0"):
        self.root = os.fspath(root) if root is not None else None
        self.directory = os.fspath(directory)
        self.prefix = list(prefix)
        self.env = env
        self.cwd = cwd
        self.process = None
        self.log_path = None
        self.floor = {}
        self.state = self.new_state_directory() if state == "new" else state and os.fspath(state)
        self.rule_path = os.path.join(self.directory, "rules.yaml") if rules is not None else None
        self.arguments = ["run"]
        if self.root is not None:
            self.arguments += ["--events-dir", self.root]
        if rules is not None:
            self.write_rules(rules)
            self.arguments += ["--rules", self.rule_path]
        if address is not None:
            self.arguments += ["--web.listen-address", address]
        if not zero_first:
            self.arguments.append("--no-zero-first")
        if resource_interval is not None:  # most writers are the test itself
            self.arguments += ["--resource-interval", resource_interval]
        if self.state:
            self.arguments += ["--state-dir", self.state, "--state-interval", interval]
        else:
            self.arguments.append("--no-state")
        self.arguments += [os.fspath(option) for option in options]

    def new_state_directory(self):
        for number in itertools.count(1):
            path = os.path.join(self.directory, "state" if number == 1 else f"state-{number}")
            try:
                os.mkdir(path)
                return path
            except FileExistsError:
                continue

    def write_rules(self, rules):
        with open(self.rule_path, "w") as file:
            file.write(rules)

    # Its life

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.stop()
        else:
            self.kill()
            print(self.log()[-20000:])

    def launch(self, *options):
        """Starts the process without waiting for anything. `options`: for this run alone."""
        assert self.process is None, "it runs already"
        self.log_path = os.path.join(self.directory, f"exporter-{time.monotonic_ns()}.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.prefix + [BINARY] + self.arguments + [os.fspath(o) for o in options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=make_environment(self.env),
                cwd=self.cwd,
            )
        return self

    def start(self, *options):
        """Starts the process and waits until it has told where it serves."""
        self.launch(*options)
        try:
            wait_until(lambda: self.find_start() or self.process.poll() is not None, 30)
            assert self.process.poll() is None, (
                f"exit {self.process.returncode}: {shlex.join(self.arguments)}\n{self.log()}"
            )
            self.started = self.find_start()
            serving = self.started.get("serving", "")
            self.urls = [url for url in serving.split(",") if url.startswith("http")]
            if self.urls:
                match = re.match(r"http://(.+):(\d+)(/.*)$", self.urls[0])
                assert match, f"no address in: {self.started}"
                self.host, self.port = match.group(1).strip("[]"), int(match.group(2))
                self.path = match.group(3)
        except BaseException:
            self.kill()
            raise
        return self

    def find_start(self):
        """The log line that tells the start, or None while it is not there."""
        for line in self.log().split("\n")[:-1]:
            fields = parse_log_line(line)
            if fields and fields.get("msg") == "jsonl-exporter started":
                return fields
        return None

    def stop(self):
        """SIGTERM; it has to end by itself, with success, and without any complaint."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(15 * patience())
        except subprocess.TimeoutExpired:
            waiting = self.threads()
            self.kill()
            raise AssertionError(f"did not stop on SIGTERM: {waiting}\n{self.log()[-8000:]}")
        self.process = None
        self.check_log()
        assert code == 0, f"exit {code}\n{self.log()[-8000:]}"

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill9(self):
        """SIGKILL, of a process that must have been alive until then."""
        self.assert_alive()
        self.kill()
        self.check_log()

    def restart(self, *options):
        self.stop()
        return self.start(*options)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def check_log(self):
        log = self.log()
        report = SANITIZER_REPORT.search(log)
        assert not report, log[max(0, report.start() - 500):report.start() + 8000]

    # What it says

    def log(self):
        with open(self.log_path, "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")

    def log_lines(self):
        return [line for line in map(parse_log_line, self.log().splitlines()) if line]

    def request(self, path, method="GET", headers=None, timeout=15, body=None):
        """One request on a connection of its own; the response has .status, .headers, .body."""
        connection = http.client.HTTPConnection(
            self.host, self.port, timeout=timeout * patience()
        )
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            response.body = response.read()
            return response
        finally:
            connection.close()

    def forget_own(self):
        """From now on its own totals may be lower: a copy of older totals has the rules' alone."""
        self.floor = {key: value for key, value in self.floor.items() if key[0] not in LASTING}

    def get_json(self, path):
        return json.loads(self.request(path).body)

    def status(self, limit=None):
        return self.get_json("/api/v1/status" + (f"?limit={limit}" if limit else ""))

    def stream(self, path):
        """What the status tells of the file at this path."""
        found = [each for each in self.status()["streams"] if each["path"] == os.fspath(path)]
        assert len(found) == 1, f"{path}: {found}"
        return found[0]

    def own(self, name, **labels):
        """One of its own metrics, which are served at any time."""
        return self.scrape_once("/metrics/self").total(f"jsonl_exporter_{name}", **labels)

    def scrape_once(self, path=None):
        response = self.request(path or self.path)
        if response.status != 200:
            raise Refused(f"{response.status}: {response.body[:500]!r}")
        return self.never_lower(Samples(response.body.decode()))

    def never_lower(self, samples):
        """No scrape shows less than an earlier one, whatever happened in between."""
        if self.state:
            for key in samples.rising:
                if key[0] in LASTING or not key[0].startswith(("jsonl_exporter_", "process_")):
                    value, before = samples.samples[key], self.floor.get(key, 0)
                    assert value >= before, f"{key} fell from {before} to {value}"
                    self.floor[key] = value
        return samples

    def scrape(self, path=None, timeout=30):
        """A scrape; waits while the exporter is still catching up."""
        deadline = time.monotonic() + timeout * patience()
        while True:
            self.assert_alive()
            try:
                return self.scrape_once(path)
            except (Refused, OSError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def value(self, name, **labels):
        return self.scrape().value(name, **labels)

    def total(self, name, **labels):
        return self.scrape().total(name, **labels)

    def assert_alive(self):
        code = self.process.poll()
        assert code is None, f"the exporter ended with {code}\n{self.log()[-8000:]}"

    # Waiting for it

    def knows_sizes(self):
        """Whether all that is in the files it follows has been noticed and read."""
        for stream in self.status()["streams"]:
            if stream["state"] != "followed" or stream["compressed"] or stream["failed"]:
                continue
            if not stream["sources"]:
                continue
            try:
                status = os.stat(stream["path"])
            except OSError:
                continue
            same = (status.st_dev, status.st_ino) == (stream["device"], stream["inode"])
            if same and (status.st_size != stream["size"] or stream["bytes_behind"] != 0):
                return False
        return True

    def committed(self, timeout=10):
        """Waits until all that was counted so far is in the state."""
        self.sync()
        since = time.time()

        def is_saved():
            state = self.status()["state"]
            return state["last_commit"] is not None and state["last_commit"] >= since

        wait_until(is_saved, timeout)
        return self

    def sync(self, timeout=10, rest=0.1):
        """Waits until it has caught up, nothing is left to read, and the counters stood still
        over two polls."""
        deadline = time.monotonic() + timeout * patience()
        last = None
        time.sleep(rest)
        while True:
            samples = self.scrape()
            now = samples.progress()
            if samples.lag == 0 and now == last and self.knows_sizes():
                return samples
            assert time.monotonic() < deadline, f"did not come to rest: {last} {now}"
            last = now
            time.sleep(rest)

    def expect(self, ok=None, bad=0, timeout=10, still=0.25, **reasons):
        """Waits until exactly these totals are shown, then checks that they stay. Keywords
        besides ok and bad are other reasons of lines_skipped_total."""

        def of(samples):
            seen = {"ok": samples.ok, "bad": samples.bad}
            seen.update({reason: samples.skipped(reason) for reason in reasons})
            return seen

        wanted = {"ok": ok, "bad": bad, **reasons}
        deadline = time.monotonic() + timeout * patience()
        samples = self.scrape()
        while of(samples) != wanted and time.monotonic() < deadline:
            time.sleep(0.05)
            samples = self.scrape()
        assert of(samples) == wanted, self.explain_state(samples, f"within {timeout} s")
        time.sleep(still)
        samples = self.sync()
        assert of(samples) == wanted, self.explain_state(samples, "after it was reached")
        return samples

    def expect_unchanged(self, ok, bad=0, rest=1.0, **reasons):
        """Gives it time to go wrong, then checks the totals."""
        time.sleep(rest)
        return self.expect(ok=ok, bad=bad, still=0, **reasons)

    def expect_lasting(self, ok, bad=0, **reasons):
        """As expect; and the same must be told by the first scrape after a clean restart, and by
        the first one that is answered after a SIGKILL."""
        before = self.expect(ok=ok, bad=bad, **reasons).lasting()
        self.restart()
        assert self.scrape_once().lasting() == before, "a clean restart changed something"
        self.expect(ok=ok, bad=bad, **reasons, still=0)
        self.committed()
        self.kill9()
        self.start()
        samples = self.expect(ok=ok, bad=bad, **reasons, still=0.1)
        assert samples.lasting() == before, "a restart after SIGKILL changed something"
        return samples

    def explain_state(self, samples, when):
        interesting = [
            line
            for line in samples.text.splitlines()
            if re.match(r"(ok_total|jsonl_exporter_(lines|files|lag|trunc|read|amb|watch))", line)
        ]
        return f"{when}:\n" + "\n".join(interesting[:80]) + "\n" + self.log()[-3000:]
