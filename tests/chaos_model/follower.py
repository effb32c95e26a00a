"""The exporter's process, and what happens to it."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time

from .witness import Violation, get

SANITIZER_REPORT = re.compile(
    r"(ERROR|WARNING): (Address|Leak|Thread|Memory)Sanitizer|runtime error:|SUMMARY: \w+Sanitizer"
)
SANITIZER_EXIT = 99
SANITIZER_ENVIRONMENT = {
    # The library of faults is loaded before the sanitizer's.
    "ASAN_OPTIONS": f"exitcode={SANITIZER_EXIT}:detect_leaks=1:abort_on_error=0:verify_asan_link_order=0",
    "UBSAN_OPTIONS": f"print_stacktrace=1:halt_on_error=1:exitcode={SANITIZER_EXIT}",
}


def is_sanitizer_build(path):
    with open(path, "rb") as binary:
        content = binary.read()
    return b"__asan_init" in content or b"__tsan_init" in content


class Follower:
    """`options` are given at each start. `faults`: the library that makes the disk full, or None."""

    def __init__(self, binary, top, options, faults=None, patience=1.0):
        self.binary = binary
        self.top = top
        self.options = list(options)
        self.faults = faults
        self.patience = patience
        self.process = None
        self.life = 0
        self.address = None
        self.paused = False
        self.started_clean = False  # /metrics has to answer 200 at once
        self.logs = []
        self.full_path = os.path.join(top, "full")

    # What it is

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def is_awake(self):
        return self.process is not None and self.address is not None and not self.paused

    def log(self):
        """Of the process that runs, or ran last."""
        if not self.logs:
            return ""
        with open(self.logs[-1], "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")

    def threads(self):
        """What each of its threads does, and whether the disk keeps others waiting, too."""
        found = []
        for number in os.listdir(f"/proc/{self.process.pid}/task"):
            base = f"/proc/{self.process.pid}/task/{number}"
            with contextlib.suppress(OSError), open(f"{base}/stat", errors="replace") as status, \
                    open(f"{base}/wchan", encoding="ascii") as channel:
                found.append(status.read().rsplit(")", 1)[1].split()[0] + " " + channel.read())
        with contextlib.suppress(OSError), open("/proc/pressure/io", encoding="ascii") as pressure:
            found.append(pressure.readline().strip())
        return "threads: " + ", ".join(found)

    def request(self, path, method="GET"):
        return get(self.address, path, method, timeout=10 * self.patience)

    def status(self, limit=1):
        code, _, text = self.request(f"/api/v1/status?limit={limit}")
        if code != 200:
            raise Violation(f"/api/v1/status answered {code}: {text[:300]}")
        return json.loads(text)

    # Its life

    def launch(self, faults=(), options=()):
        """Starts the process. `faults`: environment for the library of faults."""
        self.life += 1
        self.logs.append(os.path.join(self.top, f"exporter-{self.life}.log"))
        environment = {
            name: value for name, value in os.environ.items()
            if not name.startswith(("PRODIGY", "JSONL_EXPORTER", "FAULT_"))
        }
        environment.update(SANITIZER_ENVIRONMENT)
        environment.setdefault("TSAN_OPTIONS", f"exitcode={SANITIZER_EXIT}")
        if self.faults:
            environment.update(LD_PRELOAD=self.faults, FAULT_FULL_WHILE=self.full_path,
                               FAULT_DIRECTORY=os.path.join(self.top, "state"))
            environment.update(faults)
        with open(self.logs[-1], "wb") as log:
            self.process = subprocess.Popen(
                [self.binary, "run", *self.options, *options], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=log, env=environment)

    def wait_for_address(self):
        """True: it serves. False: it ended."""
        deadline = time.monotonic() + 30 * self.patience
        while time.monotonic() < deadline:
            match = re.search(r"serving=\"?http://([^:\"]+):(\d+)/", self.log())
            if match:
                self.address = (match.group(1), int(match.group(2)))
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.005)
        raise Violation(f"it does not serve\n{self.log()[-3000:]}")

    def pause(self):
        """SIGSTOP, and wait until it has stopped."""
        self.paused = True
        self.process.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + 10 * self.patience
        while self.is_alive() and time.monotonic() < deadline:
            with open(f"/proc/{self.process.pid}/stat", encoding="ascii", errors="replace") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "T":
                    return
            time.sleep(0.002)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)
        self.paused = False

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._ended()

    def stop(self):
        """SIGTERM. The status with which it ended."""
        if self.paused:
            self.resume()
        self.process.terminate()
        try:
            code = self.process.wait(30 * self.patience)
        except subprocess.TimeoutExpired as late:
            raise Violation(f"does not end on SIGTERM; {self.threads()}\n"
                            f"{self.log()[-3000:]}") from late
        self._ended()
        return code

    def wait_for_end(self, seconds):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def forget(self):
        """It has ended by itself."""
        if self.process is not None:
            self.process.wait()
        self._ended()

    def _ended(self):
        self.process = None
        self.address = None
        self.paused = False
        self.check_log()

    def check_log(self):
        log = self.log()
        report = SANITIZER_REPORT.search(log)
        if report:
            raise Violation("a sanitizer reports:\n" + log[max(0, report.start() - 300):][:8000])

    def end(self):
        """At any rate, and without a word."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def set_full(self, full):
        if full:
            with open(self.full_path, "wb"):
                pass
        else:
            os.unlink(self.full_path)
