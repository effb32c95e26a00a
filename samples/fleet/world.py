"""What goes on at once, in the order of time."""

import heapq
import itertools
import random
import uuid

from fleet.home import Home
from fleet.ledger import Ledger
from fleet.moments import SECOND, rfc3339, stamp


class World:
    """What goes on: generators that yield how many seconds to wait, run in the order of time."""

    def __init__(self, root, seed, speed, start_ns, once, writes=True, runs=None):
        self.root = root
        self.home = Home(root, writes)
        self.runs = runs  # that may still begin; None: any number
        self.seed = seed
        self.speed = speed
        self.start_ns = start_ns
        self.once = once
        self.writes = writes
        self.now_ns = 0  # since the start
        self.told_ns = 0
        self.ledger = Ledger()
        self.claimed = set()
        self.files = set()
        self.queue = []
        self.numbers = itertools.count()

    def random(self, *names):
        return random.Random("/".join(map(str, (self.seed, *names))))

    @staticmethod
    def new_id(rng):
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))

    def claim_run(self):
        """Whether one more run may begin."""
        if self.runs is not None:
            self.runs -= 1
        return self.runs is None or self.runs >= 0

    def spawn(self, actor, delay=0.0):
        due = self.now_ns + round(delay / self.speed * SECOND)
        heapq.heappush(self.queue, (due, next(self.numbers), actor))

    def run(self, duration, wait):
        """Until all is over, the duration is, or wait(nanoseconds since the start) says stop."""
        while self.queue:
            due, _, actor = heapq.heappop(self.queue)
            if duration is not None and due > duration * SECOND or not wait(due):
                break
            self.now_ns = due
            try:
                self.spawn(actor, next(actor))
            except StopIteration:
                pass
        for file in list(self.files):
            file.close()

    @property
    def wall_ns(self):
        return self.start_ns + self.now_ns

    def instant(self):
        """The time, as no document has had it before: writing one takes its time."""
        self.told_ns = max(self.wall_ns, self.told_ns + 1000)
        return rfc3339(self.told_ns)

    def stamp(self):
        return stamp(self.wall_ns // SECOND)

    def milliseconds(self):
        """The time as Claude Code writes it."""
        whole = rfc3339(self.wall_ns // SECOND * SECOND)[:-1]
        return f"{whole}.{self.wall_ns // 10**6 % 1000:03}Z"

    def claim_stamp(self):
        """A stamp that no other job has: a second later if need be."""
        return stamp(self.claim(self.wall_ns // SECOND))

    def claim_milliseconds(self):
        """As claim_stamp, of milliseconds since 1970."""
        return self.claim(self.wall_ns // 10**6)

    def claim(self, number):
        while number in self.claimed:
            number += 1
        self.claimed.add(number)
        return number
