"""What goes on at once, in the order of time."""

import heapq
import itertools
import random

from fleet.ledger import Ledger
from fleet.moments import SECOND, stamp


class World:
    """What goes on: generators that yield how many seconds to wait, run in the order of time."""

    def __init__(self, root, seed, speed, start_ns, once, writes=True):
        self.root = root
        self.seed = seed
        self.speed = speed
        self.start_ns = start_ns
        self.once = once
        self.writes = writes
        self.now_ns = 0  # since the start
        self.ledger = Ledger()
        self.stamps = set()
        self.files = set()
        self.queue = []
        self.numbers = itertools.count()

    def random(self, *names):
        return random.Random("/".join(map(str, (self.seed, *names))))

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

    def stamp(self):
        return stamp(self.wall_ns // SECOND)

    def claim_stamp(self):
        """A stamp that no other job has: a second later if need be."""
        seconds = self.wall_ns // SECOND
        while seconds in self.stamps:
            seconds += 1
        self.stamps.add(seconds)
        return stamp(seconds)
