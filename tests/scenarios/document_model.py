"""What must have been counted of a file, whatever was seen of it: an independent model.

Nobody can say which of several changes in quick succession were looked at, or whether a kill took
back the last ones. So the model holds, for each path, every state that the exporter may be in (what
it was told so far, and what it counted); each change adds those that a look at it would lead to.
Where the file has rested every one must have looked, and what is shown then must be one of them.
"""

import json
from collections import Counter
from dataclasses import dataclass, field, replace

ABSENT, JUNK = "absent", "junk"  # what a path holds; else a document


@dataclass(frozen=True)
class Extra:
    """What is known of the events that a reload brings, and takes away."""

    seen: bool = False
    ran: bool = False


@dataclass(frozen=True)
class Life:
    """What is known of a document in this life."""

    seen: bool = False
    ended: bool = False
    status: str | None = None
    steps: frozenset = frozenset()
    extra: Extra | None = None  # None: nothing, the next look learns


@dataclass(frozen=True)
class State:
    life: Life | None = None
    counts: frozenset = field(default_factory=frozenset)  # pairs of event and number

    def count(self, *events, **amounts):
        counts = Counter(dict(self.counts))
        counts.update(events)
        counts.update(amounts)
        return replace(self, counts=frozenset(counts.items()))


def amount(step):
    return step * step + 1


def end(state):
    status = state.life.status or "none"
    return replace(state, life=None).count("gone", f"gone_{status}")


def begin(state, has_extra):
    if state.life:
        return state
    return replace(state, life=Life(extra=Extra() if has_extra else None)).count("born")


def see_extra(state, document, has_extra):
    life = state.life
    if not has_extra:
        return replace(state, life=replace(life, extra=None))
    runs = document["status"] == "run"
    known = life.extra
    state = replace(state, life=replace(life, extra=Extra(True, runs)))
    if known and not known.seen:
        state = state.count("extra_seen")
    if known and runs and not known.ran:
        state = state.count("extra_ran")
    return state


def see_content(state, document, has_extra):
    life = state.life
    status = document.get("status")
    steps = {step["n"]: step["amount"] for step in document["steps"]}
    fresh = [step for step in steps if step not in life.steps]
    is_done = status == "done"
    events = [] if life.seen else ["seen"]
    events += ["ended"] if is_done and not life.ended else []
    events += ["changed"] if status != life.status else []
    state = state.count(*events, step=len(fresh), amount=sum(steps[step] for step in fresh))
    known = replace(life, seen=True, ended=is_done, status=status,
                    steps=life.steps | frozenset(fresh))
    return see_extra(replace(state, life=known), document, has_extra)


def look(state, content, has_extra):
    """All that follows from one look at what is there."""
    if content == ABSENT:
        return end(state) if state.life else state
    state = begin(state, has_extra)
    return state if content == JUNK else see_content(state, content, has_extra)


def glance(state, content, has_extra):
    """A look that could not read it, or that is told something else (that it is closed)."""
    if content == ABSENT:
        return end(state) if state.life else state
    state = begin(state, has_extra)
    extra = state.life.extra if has_extra else None
    return replace(state, life=replace(state.life, extra=extra))


class Path:
    """One path: what it holds, and the states that the exporter may be in."""

    def __init__(self):
        self.content = ABSENT
        self.states = {State()}

    def put(self, content, is_watched, has_extra):
        self.content = content
        if is_watched:
            self.may_look(has_extra)

    def may_look(self, has_extra):
        self.states |= {glance(state, self.content, has_extra) for state in self.states}
        self.states |= {look(state, self.content, has_extra) for state in self.states}

    def must_look(self, has_extra):
        self.states = {look(state, self.content, has_extra) for state in self.states}
        self.states |= {glance(state, self.content, has_extra) for state in self.states}

    def allowed(self):
        return sorted(sorted(state.counts) for state in self.states)

    def fits(self, shown):
        return any(without_nothing(state.counts) == shown for state in self.states)

    def observe(self, shown):
        self.states = {state for state in self.states if without_nothing(state.counts) == shown}


class Log(Path):
    """A file of lines: its lives alone. What is gone is told when its lines are read, so that a
    state in which something is still to be told may be true for a while."""

    def observe(self, shown):
        def may_become(state):
            counts = dict(state.counts)
            return all(counts.get(event, 0) >= number for event, number in shown.items())

        self.states = {state for state in self.states if may_become(state)}

    def put(self, content, is_watched, has_extra):
        super().put(ABSENT if content == ABSENT else JUNK, is_watched, has_extra)


def without_nothing(counts):
    return {event: number for event, number in counts if number}


def text_of(document):
    return json.dumps(document).encode()
