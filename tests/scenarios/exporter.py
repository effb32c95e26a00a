"""The program under test, as a user has it: one process, its log, its HTTP address.

    with Exporter(root, directory) as exporter:
        append(file, event(1))
        exporter.expect(ok=1)

Everything is observed from outside: what it logs, what it serves, what procfs says of it.
"""

import http.client
import json
import math
import os
import re
import shlex
import signal
import subprocess
import time

from prometheus_client.parser import text_string_to_metric_families

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(
    os.environ.get("JSONL_EXPORTER", os.path.join(REPOSITORY, "build", "jsonl-exporter"))
)
FULL = os.environ.get("FULL", "") not in ("", "0")

SANITIZER_REPORT = re.compile(
    r"ERROR: (Address|Leak|Thread|Memory)Sanitizer|runtime error:|SUMMARY: \w+Sanitizer"
)
SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "exitcode=99:detect_leaks=1:abort_on_error=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
}

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

# Reasons that make a line bad in the sense of the scenarios; others have names of their own.
BAD_REASONS = ("malformed", "too_deep", "not_object", "no_type")


def is_sanitizer_build(path=BINARY):
    with open(path, "rb") as binary:
        return b"__asan_init" in binary.read()


_patience = None


def patience():
    """By how much waits are stretched: a sanitizer build is slow, and CI machines may be."""
    global _patience
    if _patience is None:
        stretch = float(os.environ.get("PATIENCE", "1"))
        _patience = stretch * (3 if os.path.exists(BINARY) and is_sanitizer_build() else 1)
    return _patience


class Refused(Exception):
    """The exporter answered a scrape with another status than 200."""


class Samples:
    """One parsed exposition."""

    def __init__(self, text):
        self.text = text
        self.types = {}
        self.samples = {}
        for family in text_string_to_metric_families(text):
            self.types[family.name] = family.type
            for sample in family.samples:
                key = (sample.name, frozenset(sample.labels.items()))
                assert key not in self.samples, f"sample shown twice: {sample}"
                self.samples[key] = sample.value

    def matching(self, name, **labels):
        wanted = set(labels.items())
        return {
            key[1]: value
            for key, value in self.samples.items()
            if key[0] == name and wanted <= key[1]
        }

    def total(self, name, **labels):
        """Sum over the samples of this name that carry these labels; 0 where there is none."""
        return sum(self.matching(name, **labels).values())

    def value(self, name, **labels):
        """The one sample of this name that carries these labels."""
        found = self.matching(name, **labels)
        assert len(found) == 1, f"{name}{labels}: {len(found)} samples\n{self.text}"
        return next(iter(found.values()))

    def has(self, name, **labels):
        return bool(self.matching(name, **labels))

    def own(self):
        """Samples of rules alone, keyed `name{a="1",b="2"}` with labels in order of name."""
        result = {}
        for (name, labels), value in self.samples.items():
            if name.startswith(("jsonl_exporter_", "process_")):
                continue
            inner = ",".join(f'{key}="{text}"' for key, text in sorted(labels))
            result[name + (f"{{{inner}}}" if inner else "")] = value
        return result

    def skipped(self, *reasons):
        return sum(
            self.total("jsonl_exporter_lines_skipped_total", reason=reason) for reason in reasons
        )

    @property
    def ok(self):
        return self.total("ok_total")

    @property
    def bad(self):
        return self.skipped(*BAD_REASONS)

    @property
    def lag(self):
        return self.total("jsonl_exporter_lag_bytes")

    def progress(self):
        """What moves when something is counted."""
        return (
            self.ok,
            self.total("jsonl_exporter_read_lines_total"),
            self.total("jsonl_exporter_read_bytes_total"),
            self.total("jsonl_exporter_lines_skipped_total"),
        )


def parse_log_line(line):
    """A logfmt or JSON log line as a dict; None for anything else."""
    if line.startswith("{"):
        try:
            return json.loads(line)
        except ValueError:
            return None
    fields = {}
    for match in re.finditer(r'([A-Za-z_.]+)=("(?:[^"\\]|\\.)*"|[^ ]*)', line):
        text = match.group(2)
        if text.startswith('"'):
            text = re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m.group(1), m.group(1)), text[1:-1])
        fields[match.group(1)] = text
    return fields or None


def run(*arguments, input=None, env=None, timeout=60, cwd=None, check_sanitizer=True):
    """One run of the program to its end. Text in and out, invalid bytes kept as surrogates."""
    result = subprocess.run(
        [BINARY, *map(os.fspath, arguments)],
        input=input if input is None or isinstance(input, bytes) else input.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=make_environment(env),
        timeout=timeout * patience(),
        cwd=cwd,
    )
    result.stdout = result.stdout.decode("utf-8", "surrogateescape")
    result.stderr = result.stderr.decode("utf-8", "surrogateescape")
    assert result.returncode >= 0, f"killed by signal {-result.returncode}\n{result.stderr}"
    if check_sanitizer:
        assert not SANITIZER_REPORT.search(result.stderr), result.stderr
    return result


def make_environment(extra=None):
    """The caller's environment without what would steer the program, plus `extra`."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PRODIGY", "JSONL_EXPORTER")) and name != "EVENTS_DIR"
    }
    environment.update(SANITIZER_ENVIRONMENT)
    environment.update(extra or {})
    return environment


class Exporter:
    """A running exporter. `directory` receives its rule file and its log."""

    def __init__(self, root, directory, rules=COUNT_EVERYTHING, options=(), env=None,
                 zero_first=False, prefix=(), address="127.0.0.1:0", cwd=None):
        self.root = os.fspath(root) if root is not None else None
        self.directory = os.fspath(directory)
        self.prefix = list(prefix)
        self.env = env
        self.cwd = cwd
        self.process = None
        self.stopped_by_test = False
        self.log_path = os.path.join(self.directory, f"exporter-{time.monotonic_ns()}.log")
        self.arguments = ["run"]
        if self.root is not None:
            self.arguments += ["--events-dir", self.root]
        if rules is not None:
            rule_path = os.path.join(self.directory, "rules.yaml")
            with open(rule_path, "w") as file:
                file.write(rules)
            self.arguments += ["--rules", rule_path]
        if address is not None:
            self.arguments += ["--web.listen-address", address]
        if not zero_first:
            self.arguments.append("--no-zero-first")
        self.arguments += [os.fspath(option) for option in options]

    # Its life

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.stop()
        else:
            self.kill()
            print(self.log()[-20000:])

    def launch(self):
        """Starts the process without waiting for anything."""
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.prefix + [BINARY] + self.arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=make_environment(self.env),
                cwd=self.cwd,
            )
        return self

    def start(self):
        """Starts the process and waits for its first log line, which says where it serves."""
        self.launch()
        try:
            wait_until(lambda: "\n" in self.log() or self.process.poll() is not None, 30)
            self.first_line = self.log().split("\n", 1)[0]
            assert self.process.poll() is None, (
                f"exit {self.process.returncode}: {shlex.join(self.arguments)}\n{self.log()}"
            )
            self.started = parse_log_line(self.first_line) or {}
            serving = self.started.get("serving", "")
            self.urls = [url for url in serving.split(",") if url.startswith("http")]
            if self.urls:
                match = re.match(r"http://(.+):(\d+)(/.*)$", self.urls[0])
                assert match, f"no address in: {self.first_line}"
                self.host, self.port = match.group(1).strip("[]"), int(match.group(2))
                self.path = match.group(3)
        except BaseException:
            self.kill()
            raise
        return self

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
            self.kill()
            raise AssertionError(f"did not stop on SIGTERM\n{self.log()[-8000:]}")
        self.process = None
        self.check_log()
        assert code == 0, f"exit {code}\n{self.log()[-8000:]}"

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def check_log(self):
        log = self.log()
        report = SANITIZER_REPORT.search(log)
        assert not report, log[max(0, report.start() - 500):report.start() + 8000]

    def sleep_process(self):
        """SIGSTOP, and wait until it has really stopped."""
        self.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: self.procfs("stat").rsplit(")", 1)[1].split()[0] == "T", 5)

    def wake_process(self):
        self.process.send_signal(signal.SIGCONT)

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

    def get_json(self, path):
        return json.loads(self.request(path).body)

    def scrape_once(self, path=None):
        response = self.request(path or self.path)
        if response.status != 200:
            raise Refused(f"{response.status}: {response.body[:500]!r}")
        return Samples(response.body.decode())

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

    def sync(self, timeout=10, rest=0.25):
        """Waits until nothing is left to read and the counters stood still over two polls."""
        deadline = time.monotonic() + timeout * patience()
        last = None
        time.sleep(rest)
        while True:
            samples = self.scrape()
            now = samples.progress()
            if samples.lag == 0 and now == last:
                return samples
            assert time.monotonic() < deadline, f"did not come to rest: {last} {now}"
            last = now
            time.sleep(rest)

    def expect(self, ok=None, bad=0, timeout=10, still=0.4, **reasons):
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

    def explain_state(self, samples, when):
        interesting = [
            line
            for line in samples.text.splitlines()
            if re.match(r"(ok_total|jsonl_exporter_(lines|files|lag|trunc|read|amb|watch))", line)
        ]
        return f"{when}:\n" + "\n".join(interesting[:80]) + "\n" + self.log()[-3000:]

    # What the kernel says of it

    def procfs(self, name):
        with open(f"/proc/{self.process.pid}/{name}") as file:
            return file.read()

    def memory(self, field="VmRSS"):
        """Bytes; VmHWM is the peak."""
        match = re.search(rf"^{field}:\s+(\d+) kB", self.procfs("status"), re.MULTILINE)
        return int(match.group(1)) * 1024

    def cpu_seconds(self):
        fields = self.procfs("stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_files(self):
        """Targets of its descriptors that are paths."""
        base = f"/proc/{self.process.pid}/fd"
        targets = []
        for name in os.listdir(base):
            try:
                target = os.readlink(f"{base}/{name}")
            except FileNotFoundError:
                continue
            if target.startswith("/"):
                targets.append(target)
        return targets

    def held_deleted_files(self):
        return [target for target in self.open_files() if target.endswith(" (deleted)")]


def wait_until(condition, timeout, interval=0.02):
    """True as soon as condition() is; fails the test after `timeout` seconds."""
    deadline = time.monotonic() + timeout * patience()
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout} s in vain"
        time.sleep(interval)
    return True


def same_number(left, right):
    if math.isnan(left) or math.isnan(right):
        return math.isnan(left) and math.isnan(right)
    return left == right or math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12)
