"""A measured program: started, scraped, watched from outside, stopped."""
import os
import signal
import socket
import subprocess
import time

import exposition

START_SECONDS = 60
STALL_SECONDS = 30  # without progress: the program will not get there any more
CATCH_UP_SECONDS = 600  # at most until the first exposition

scrape_buffer = bytearray(64 << 20)


class Failed(Exception):
    pass


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def fetch(port, path="/metrics"):
    """The body of one answer, b"" unless its status is 200. HTTP/1.0: whole, then closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        view, length = memoryview(scrape_buffer), 0
        while count := connection.recv_into(view[length:]):
            length += count
    head_end = scrape_buffer.find(b"\r\n\r\n", 0, length)
    if scrape_buffer[9:12] != b"200" or head_end < 0:
        return b""
    return bytes(view[head_end + 4:length])


def fetch_or_nothing(port, path):
    try:
        return fetch(port, path)
    except OSError:
        return b""


class Program:
    """`command` is run in `folder`, which also gets its log."""

    def __init__(self, name, command, port, folder):
        self.name, self.command, self.port, self.folder = name, command, port, folder
        self.process = None
        self.started = None

    def __enter__(self):
        self.log_path = os.path.join(self.folder, f"{self.name}.log")
        with open(self.log_path, "wb") as log:
            self.started = time.monotonic()
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=self.folder)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log_end(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()[-2000:]

    def scrape(self):
        """b"" while the program does not answer."""
        try:
            return fetch(self.port)
        except OSError:
            if self.process.poll() is not None:
                raise Failed(f"{self.name} ended:\n{self.log_end()}") from None
            return b""

    def timed_scrape(self):
        """(milliseconds, body)"""
        begin = time.perf_counter()
        body = self.scrape()
        return (time.perf_counter() - begin) * 1000, body

    def wait_until_up(self):
        while not self.scrape():
            if time.monotonic() - self.started > START_SECONDS:
                raise Failed(f"{self.name} does not answer:\n{self.log_end()}")
            time.sleep(0.01)

    def wait_until_ready(self):
        """The moment at which /ready says so."""
        while not fetch_or_nothing(self.port, "/ready"):
            if time.monotonic() - self.started > START_SECONDS:
                raise Failed(f"{self.name} does not get ready:\n{self.log_end()}")
            time.sleep(0.002)
        return time.monotonic()

    def own_sample(self, name):
        """A sample without labels of the exporter's own metrics."""
        for line in fetch(self.port, "/metrics/self").decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        raise Failed(f"{self.name} shows no {name}")

    def kill(self):
        """SIGKILL: without a last word."""
        self.process.kill()
        self.process.wait()

    def wait_for_events(self, count, pause=0.05):
        """Scrapes until so many events are counted. (moment, [milliseconds of each scrape])"""
        latencies, last, progress = [], -1, time.monotonic()
        while True:
            milliseconds, body = self.timed_scrape()
            now = time.monotonic()
            if body:
                latencies.append(milliseconds)
            counted = exposition.events_counted(body)
            if counted >= count:
                return now, latencies
            catches_up = not body and now - self.started < CATCH_UP_SECONDS
            if counted > last or catches_up:
                last, progress = counted, now
            if now - progress > STALL_SECONDS:
                raise Failed(f"{self.name} stands at {last} of {count} events:\n{self.log_end()}")
            time.sleep(pause)

    def cpu_seconds(self):
        """Of all threads so far, from the process's own clock."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def status(self, field):
        """A size that the kernel tells, in bytes."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) * 1024
        raise Failed(f"no {field}")

    def rss(self):
        return self.status("VmRSS")

    def peak_rss(self):
        return self.status("VmHWM")


def exporter(binary, rules, tree, folder):
    """With its state in `folder`: started there again, it goes on."""
    port = free_port()
    command = [binary, "run", "--rules", rules, "--events-dir", tree,
               "--state-dir", os.path.join(folder, "state"),
               "--web.listen-address", f"127.0.0.1:{port}"]
    return Program("jsonl-exporter", command, port, folder)


def mtail(binary, program, tree, folder):
    """mtail reads files that are there at its start from their end only: they must grow."""
    port = free_port()
    command = [binary, "-progs", program, "-logs", f"{tree}/bench/*/events-*.jsonl",
               "-address", "127.0.0.1", "-port", str(port), "-emit_prog_label=false",
               "-poll_interval", "250ms", "-poll_log_interval", "250ms", "-log_dir", folder]
    return Program("mtail", command, port, folder)
