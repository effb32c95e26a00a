"""Scrapes all the time, and says at once when what it sees cannot be.

In every scrape:
  - no line counts twice, and none that must not count;
  - all metrics fit the set of lines counted: they were saved and restored together;
  - no counter is below what it was.
In the first one of a process: all that was seen before, or lay there at its start, unless nobody
can know of it any more.
"""

import http.client
import threading
import time

from .rules import Expectation

INTERVAL = 0.1
LEAST_INTERVAL = 0.01  # when somebody waits for it
TIMEOUT = 2
# Own counters that go on across restarts, as the metrics do.
CONTINUED = ("chaos_", "jsonl_exporter_read_", "jsonl_exporter_events_",
             "jsonl_exporter_lines_skipped_", "jsonl_exporter_rule_errors_",
             "jsonl_exporter_fields_missing_", "jsonl_exporter_truncations_",
             "jsonl_exporter_ambiguous_", "jsonl_exporter_files_given_up_")


class Violation(Exception):
    """What was promised does not hold."""


def parse(text):
    """Samples by name{labels}; names of counters and histograms."""
    samples, rising = {}, set()
    for line in text.split("\n"):
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if kind in ("counter", "histogram"):
                rising.add(name)
        elif line and line[0] != "#":
            key, _, value = line.rpartition(" ")
            if key in samples:
                raise Violation(f"a sample is shown twice: {key}")
            samples[key] = float(value)
    return samples, rising


def is_rising(key, rising):
    name = key.partition("{")[0]
    if name in rising:
        return True
    stem = name.rpartition("_")[0]
    return name.endswith(("_bucket", "_count", "_sum")) and stem in rising


class Witness:
    def __init__(self, scene):
        self.scene = scene
        self.lock = scene.lock  # of the disk's model, too: an operation is seen whole or not at all
        self.news = threading.Condition(self.lock)
        self.wanted = threading.Event()
        self.ended = False
        self.violation = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        # What was seen
        self.scrapes = 0
        self.last_begin = 0.0  # when the last answered scrape was asked for
        self.last_text = ""
        self.samples = {}
        self.masks = {}  # batch -> bits counted, as last seen
        self.counted = set()  # indexes of lines, as last seen
        self.ever = set()  # as seen by any scrape
        self.expectation = Expectation()
        self.highest = {}  # counters
        self.lost = 0  # lines seen counted that no later process could know of
        # Of the process that runs
        self.answered = False  # it has answered 200
        self.refused = 0  # 503s

    def start(self):
        self.thread.start()

    def end(self):
        self.ended = True
        self.wanted.set()
        self.thread.join()

    def new_process(self):
        """The next answers come from another process."""
        self.answered = False
        self.refused = 0

    def wait_for(self, condition, timeout, since=None):
        """Waits for a scrape, begun after `since` (now), after which condition() holds. Whether one
        came."""
        begin = time.monotonic() if since is None else since
        deadline = time.monotonic() + timeout
        self.wanted.set()
        with self.news:
            while not (self.last_begin > begin and condition()):
                self.raise_violation()
                left = deadline - time.monotonic()
                if left <= 0 or not self.scene.follower.is_alive():
                    return False
                self.news.wait(min(left, 0.2))
                self.wanted.set()
            self.raise_violation()
        return True

    def raise_violation(self):
        if self.violation:
            raise self.violation

    # The thread

    def _run(self):
        while not self.ended:
            time.sleep(LEAST_INTERVAL)
            self.wanted.wait(INTERVAL)
            self.wanted.clear()
            if self.scene.follower.is_awake():
                self._scrape_and_check()

    def _scrape_and_check(self):
        begin = time.monotonic()
        life, address = self.scene.follower.life, self.scene.follower.address
        if address is None:
            return
        try:
            status, headers, text = get(address)
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
            return
        with self.news:
            if life != self.scene.follower.life or self.violation:
                return
            try:
                self._check(status, headers, text)
            except Violation as violation:
                self.violation = violation
                self.last_text = text
            self.last_begin = begin
            self.news.notify_all()

    def _check(self, status, headers, text):
        if status == 503:
            self._check_refusal(headers)
            return
        if status != 200:
            raise Violation(f"/metrics answered {status}: {text[:300]}")
        samples, rising = parse(text)
        self.scrapes += 1
        self.last_text, self.samples = text, samples
        first, self.answered = not self.answered, True
        counted_before = self.counted
        self._take(samples, first)
        self.ever |= self.counted
        lost = counted_before - self.counted if first else set()
        if first:
            self._check_first()
            self.lost += len(lost)
        if not self.scene.zero_first:
            self.check_samples()
        self._check_rising(samples, rising, first, lost)

    def _check_refusal(self, headers):
        self.refused += 1
        if self.answered:
            raise Violation("/metrics answered 503 after a 200 of the same process")
        if self.scene.follower.started_clean:
            raise Violation("/metrics answered 503 after a clean stop")
        if "retry-after" not in headers:
            raise Violation("a 503 of /metrics came without Retry-After")

    def _take(self, samples, first):
        """Reads off the lines counted."""
        batches = self.scene.book.batches
        masks, new = {}, []
        for key, value in samples.items():
            if not key.startswith("chaos_bits_total{"):
                continue
            batch = key[len('chaos_bits_total{batch="'):-2]
            mask = masks[batch] = int(value)
            before = 0 if first else self.masks.get(batch, 0)
            if mask == before:
                continue
            count = samples.get(key.replace("_bits_", "_lines_"), 0)
            if batch not in batches:
                raise Violation(f"{key} {value}: no such lines were written ({count} counted)")
            agrees = bin(mask).count("1") == count or self.scene.zero_first
            if mask >> len(batches[batch]) or not agrees:
                raise Violation(self._explain_twice(batch, mask, count))
            if before & ~mask:
                raise Violation(f"{key} fell from {before:b} to {mask:b}")
            new += [line for line in batches[batch] if (mask & ~before) >> line.bit & 1]
        for line in new:
            if line.never:
                raise Violation(f"{line.name} was counted, and never should be")
        if first:
            self.expectation = Expectation()
            self.counted = set()
        elif set(self.masks) - set(masks):
            raise Violation(f"batches are gone: {sorted(set(self.masks) - set(masks))}")
        self.masks = masks
        self.counted = self.counted | {line.index for line in new}
        self.expectation.add(sorted(new, key=lambda line: line.index))

    def _explain_twice(self, batch, mask, count):
        disk = self.scene.disk
        lines = self.scene.book.batches[batch]
        places = "\n".join(f"  {line.name}: {disk.where(line.index)}" for line in lines[:12])
        return (f"counted twice, or in half: of batch {batch} {count:g} lines are counted and their "
                f"bits sum up to {mask:b}\n{places}")

    def _check_first(self):
        missing = self.scene.demanded_at_first_answer() - self.counted
        if missing:
            raise Violation("the first answer of a new process is too early, or went back:\n"
                            + self.scene.explain_missing(missing))

    def check_samples(self):
        differences = self.expectation.differences({
            key: value for key, value in self.samples.items()
            if key.startswith(("chaos_", "extra_"))
        })
        if differences:
            raise Violation("metrics do not fit the lines counted:\n" + "\n".join(differences))

    def _forget_what_begins_anew(self, lost):
        """At the first answer of a process: counters that need not go on from where they were."""
        # Where series are born at zero it is not known which lines were shown.
        disk = self.scene.disk
        lost = lost or self.scene.zero_first and disk.destroyed > disk.settled
        for key in list(self.highest):
            if lost or not (key.startswith(CONTINUED) and self.scene.own_counters_continue(key)):
                del self.highest[key]

    def _check_rising(self, samples, rising, first, lost):
        if first:
            self._forget_what_begins_anew(lost)
        for key, value in samples.items():
            if not is_rising(key, rising) or key.startswith("extra_"):
                continue
            if value < self.highest.get(key, 0):
                raise Violation(f"a counter went back: {key} from {self.highest[key]} to {value}")
            self.highest[key] = value
        gone = [key for key in self.highest if key not in samples and key.startswith("chaos_")]
        if gone:
            raise Violation(f"counters are gone: {gone[:10]}")


def get(address, path="/metrics", method="GET", timeout=TIMEOUT):
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return response.status, headers, response.read().decode("utf-8", "surrogateescape")
    finally:
        connection.close()
