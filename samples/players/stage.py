"""Where services play: one clock for all, and who acts next."""

import heapq
import itertools
import random
from datetime import datetime, timezone

SECOND = 1_000_000_000  # nanoseconds


class Stage:
    """Generators that yield how many seconds to wait, run in the order of time. The seconds are
    those of the story, which goes `speed` times as fast as the clock."""

    def __init__(self, directory, seed, speed, load, start_ns):
        self.directory = directory
        self.seed = seed
        self.speed = speed
        self.load = load  # how much traffic
        self.start_ns = start_ns
        self.now_ns = 0  # of the clock, since the start
        self.queue = []
        self.numbers = itertools.count()

    def random(self, *names):
        return random.Random("/".join(map(str, (self.seed, *names))))

    @property
    def seconds(self):
        """Of the story, since the start."""
        return self.now_ns / SECOND * self.speed

    def spawn(self, actor, delay=0.0):
        due = self.now_ns + round(delay / self.speed * SECOND)
        heapq.heappush(self.queue, (due, next(self.numbers), actor))

    def run(self, duration, wait):
        """Until all is over, the duration is, or wait(nanoseconds since the start) says stop."""
        while self.queue:
            due, _, actor = heapq.heappop(self.queue)
            if due > duration * SECOND or not wait(due):
                break
            self.now_ns = due
            try:
                self.spawn(actor, next(actor))
            except StopIteration:
                pass

    def time(self):
        """Now, RFC 3339, to the millisecond."""
        milliseconds = (self.start_ns + self.now_ns) // 10**6
        moment = datetime.fromtimestamp(milliseconds // 1000, timezone.utc)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"
