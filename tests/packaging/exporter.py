"""A running exporter, and what it serves."""
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request

PATIENCE = 30


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Served:
    """What an exporter at `self.port` serves. Who started it knows its `pid` (None when it has
    ended), its `last_words`, and how to `end` it.
    """

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def get(self, path):
        """(status, text)"""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}",
                                        timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def wait_for(self, path):
        """Until `path` answers 200."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if self.get(path)[0] == 200:
                    return
            except OSError:
                pass
            if self.pid() is None:
                raise AssertionError(f"the exporter ended: {self.last_words()}")
            if time.monotonic() > end:
                raise AssertionError(f"{path} does not answer with 200")
            time.sleep(0.05)

    def events(self):
        """How many events were counted, by their type."""
        return events_of(self.get("/metrics")[1])


class Exporter(Served):
    """Runs `command`, to which the address is added unless `port` says where it will serve."""

    def __init__(self, command, environment=None, port=None):
        self.port = port or free_port()
        if port is None:
            command = [*command, f"--web.listen-address=127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(
            command, env=environment and {"PATH": os.environ["PATH"], **environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            self.wait_for("/-/healthy")
        except BaseException:
            self.process.kill()
            self.process.communicate()
            raise

    def pid(self):
        return self.process.pid if self.process.poll() is None else None

    def last_words(self):
        return self.process.stderr.read()

    def end(self):
        """Its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


def events_of(exposition):
    return {name: int(count) for name, count in re.findall(
        r'^jsonl_exporter_events_total\{event_type="(\w+)"\} (\d+)$', exposition, re.M)}
