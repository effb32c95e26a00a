"""Events, each of which can be recognised in a scrape.

A batch has up to 50 lines, and each line of it a bit of its own. The rules add up per batch the
lines and their bits: as long as no line counts twice the sum of the bits is the set of the lines
counted, and has as many ones as there are lines. A line that counts twice carries into the next
bit, and the two no longer agree, whatever else was lost.
"""

import datetime
import json
import uuid

BATCH_LINES = 50

KINDS = ("work", "enter", "leave", "tool", "meter")


class Line:
    """One event. `raw` is what stands in the file, without LF."""

    __slots__ = ("index", "raw", "batch", "bit", "job", "kind", "value", "key", "never")

    def __init__(self, index, batch, bit, job, kind):
        self.index = index
        self.batch = batch
        self.bit = bit
        self.job = job
        self.kind = kind
        self.value = 0
        self.key = ""
        self.never = False
        self.raw = b""

    @property
    def name(self):
        return f"line {self.index} ({self.batch} bit {self.bit}, {self.kind} of {self.job})"


class Book:
    """All lines ever written, by index and by what they look like."""

    def __init__(self, begin, with_ids=True, longest=4096):
        self.begin = begin
        self.with_ids = with_ids
        self.longest = longest
        self.lines = []
        self.by_raw = {}
        self.batches = {}  # name -> its lines, by bit
        self.agents = {}  # job -> agents that entered and did not leave
        self.running = {}  # meter -> its value
        self.last_batch = None

    def make(self, rng, job, count, kind=None):
        """`count` new lines of `job`. Each call begins a batch of its own, so that what was written
        at one time can be told apart."""
        made = []
        batch = None
        for number in range(count):
            if number % BATCH_LINES == 0:
                batch = f"b{len(self.batches)}"
                self.batches[batch] = []
            made.append(self._add(rng, batch, job, kind or rng.choice(KINDS)))
        return made

    def make_of_length(self, rng, job, length):
        """One line of exactly `length` bytes, or None if that is too short for one."""
        batch = f"b{len(self.batches)}"
        line = Line(len(self.lines), batch, 0, job, "work")
        line.value = rng.randrange(1, 1000)
        shortest = len(self._text(line, ""))
        if length < shortest:
            return None
        line.raw = self._text(line, "x" * (length - shortest))
        self.batches[batch] = [line]
        return self._keep(line)

    def make_never(self, rng, job, longer=True):
        """A valid event that must never count: longer than the limit, or in a file of no source."""
        batch = f"b{len(self.batches)}"
        line = Line(len(self.lines), batch, 0, job, "work")
        line.never = True
        line.raw = self._text(line, "y" * (self.longest + rng.randrange(2000) if longer else 8))
        self.batches[batch] = [line]
        return self._keep(line)

    def find(self, raw):
        """The event that counts if a line holds `raw`, or None."""
        raw = raw.lstrip(b"\0").rstrip(b"\r")
        line = self.by_raw.get(raw)
        return None if line is None or line.never else line

    def _add(self, rng, batch, job, kind):
        line = Line(len(self.lines), batch, len(self.batches[batch]), job, kind)
        line.value = rng.randrange(1, 1000)
        agents = self.agents.setdefault(job, [])
        if kind == "leave" and not agents:
            kind = line.kind = "enter"
        if kind == "enter":
            line.key = f"{job}/a{line.index}"
            agents.append(line.key)
        elif kind == "leave":
            line.key = agents.pop(rng.randrange(len(agents)))
        elif kind == "tool":
            line.key = f"{job}/t{rng.randrange(8)}"
        elif kind == "meter":
            line.key = f"{job}/m{rng.randrange(3)}"
            # Some records repeat an older value.
            if rng.random() < 0.8:
                self.running[line.key] = self.running.get(line.key, 0) + rng.randrange(1, 50)
            line.value = self.running.get(line.key, 0)
        padding = "p" * rng.choice((0, 0, 7, 40, 90))
        line.raw = self._text(line, padding)
        self.batches[batch].append(line)
        return self._keep(line)

    def _keep(self, line):
        self.lines.append(line)
        self.by_raw[line.raw] = line
        return line

    def _text(self, line, padding):
        when = self.begin + datetime.timedelta(milliseconds=line.index)
        record = {
            "id": str(uuid.UUID(int=(0x4000 << 64) | (0x8000 << 48) | line.index)),
            "timestamp": when.strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z",
            "correlation_id": "db1a8899-697b-45fb-a783-5a6a8a928aff",
            "event": {
                "event_type": line.kind,
                "job": line.job,
                "batch": line.batch,
                "bit": 1 << line.bit,
                "value": line.value,
                "key": line.key,
                "padding": padding,
            },
            "metadata": {"host": "localhost", "pid": 4711, "thread": "tokio-rt-worker"},
        }
        if not self.with_ids:
            del record["id"]
        return json.dumps(record, separators=(",", ":")).encode()


JUNK = {
    "blank": b"\n   \n\r\n",
    "cut": b'{"id":"cut","event":{"event_type":"work","batch":"junk","bit":1\n',
    "number": b"17\n",
    "no type": b'{"id":"no-type","event":{"batch":"junk","bit":1}}\n',
    "bytes": b'{"event":{"event_type":"\xff\xfe"}}\n',
    "nul": b'{"event":\0{"event_type":"work","batch":"junk"}}\n',
    "deep": b"[" * 300 + b"]" * 300 + b"\n",
    "twice": b'{"a":1}{"b":2}\n',
}
