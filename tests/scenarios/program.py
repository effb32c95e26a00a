"""The program under test, and single runs of it to their end."""

import atexit
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

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
    "TSAN_OPTIONS": "exitcode=99",
}


def is_sanitizer_build(path=BINARY):
    with open(path, "rb") as binary:
        content = binary.read()
        return b"__asan_init" in content or b"__tsan_init" in content


_patience = None


def patience():
    """By how much waits are stretched: a sanitizer build is slow, and CI machines may be."""
    global _patience
    if _patience is None:
        stretch = float(os.environ.get("PATIENCE", "1"))
        _patience = stretch * (3 if os.path.exists(BINARY) and is_sanitizer_build() else 1)
    return _patience


def wait_until(condition, timeout, interval=0.02):
    """True as soon as condition() is; fails the test after `timeout` seconds."""
    deadline = time.monotonic() + timeout * patience()
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout} s in vain"
        time.sleep(interval)
    return True


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


_homes = None
_home_numbers = itertools.count()


def new_home():
    """A home directory that nobody else has, for what the program makes there by default."""
    global _homes
    if _homes is None:
        _homes = tempfile.mkdtemp(prefix="jsonl-exporter-home.")
        atexit.register(shutil.rmtree, _homes, ignore_errors=True)
    return os.path.join(_homes, str(next(_home_numbers)))


def make_environment(extra=None):
    """The caller's environment without what would steer the program, with a home of its own,
    plus `extra`."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PRODIGY", "JSONL_EXPORTER", "XDG_", "CLAUDE"))
        and name != "EVENTS_DIR"
    }
    environment["HOME"] = new_home()
    environment["XDG_STATE_HOME"] = os.path.join(environment["HOME"], ".local", "state")
    environment.update(SANITIZER_ENVIRONMENT)
    environment.update(extra or {})
    return environment
