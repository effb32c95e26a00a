"""Leaves out operations of a round as long as the violation remains.

An operation that can no longer be made without another is passed over when it is played, so any
part of a list can be tried. Much of what happens depends on time: each part is tried a few times.
"""

import shutil

ATTEMPTS = 3


def kind_of(violation):
    """What it is about, without numbers and names."""
    return (violation or "").split("\n", 1)[0].split(":", 1)[0].lstrip("0123456789 ")


def minimise(attempt, planned):
    """`attempt` plays a list in a new directory of the given name, and returns its result."""
    count = 0

    def try_out(part, wanted=None):
        nonlocal count
        for _ in range(ATTEMPTS):
            count += 1
            result = attempt(part, f"attempt-{count}")
            if result.violation and wanted in (None, kind_of(result.violation)):
                return result
            shutil.rmtree(result.top, ignore_errors=True)
        return None

    best = try_out(planned)
    if best is None:
        return attempt(planned, "attempt-last")
    wanted = kind_of(best.violation)
    length = max(1, len(best.done) // 2)
    while True:
        at, shorter = 0, False
        while at < len(best.done):
            result = try_out(best.done[:at] + best.done[at + length:], wanted)
            if result:
                best, shorter = result, True
                print(f"{len(best.done)} operations: {wanted}", flush=True)
            else:
                at += length
        if length == 1 and not shorter:
            return best
        length = max(1, length // 2)
