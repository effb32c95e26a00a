"""Who plays: slots of jobs and workflows, one after the other in each."""

import itertools
import os
import uuid

from fleet.bare_job import BareJob
from fleet.documented_job import DocumentedJob
from fleet.event_file import EventFile, clean
from fleet.legacy_job import LegacyJob
from fleet.run import DESIGN, DOCUMENTED
from fleet.workflow import REPOS, Workflow
from fleet.world import World

CLEAN_KEEPS = 0.6  # of a file's lines, the oldest


def make_job(world, slot, number):
    rng = world.random("job", slot, number)
    kind = slot % 4
    if kind == 0:
        return LegacyJob(world, number, rng)
    if kind == 2:
        return BareJob(world, number, rng)
    return DocumentedJob(world, DOCUMENTED if kind == 1 else DESIGN, number, rng)


def leave_empty_file(world, rng):
    """Newer versions open an event file for every run, and write nothing into it."""
    session = f"session-{uuid.UUID(int=rng.getrandbits(128), version=4)}"
    path = os.path.join(rng.choice(REPOS), session, f"events-{world.stamp()}.jsonl")
    EventFile(world, path).close()


def play_jobs(world, slot):
    for number in itertools.count():
        job = make_job(world, slot, number)
        leave_empty_file(world, job.rng)
        yield from job.play()
        if job.style.envelope and job.chance(0.5):
            yield 2.0 * world.speed  # real seconds, in which a follower has read it
            if world.writes:
                clean(world, job.path, 1 if world.once else CLEAN_KEEPS)
        if world.once:
            return
        yield job.seconds(3, 10)


def play_workflows(world, slot):
    for number in itertools.count():
        workflow = Workflow(world, number + slot, world.random("workflow", slot, number))
        yield from workflow.play()
        if world.once and number == 3:
            return
        yield workflow.seconds(1, 6)


def fleet(arguments, start_ns, writes=True):
    world = World(arguments.directory, arguments.seed, arguments.speed, start_ns, arguments.once,
                  writes)
    for slot in range(arguments.jobs):
        world.spawn(play_jobs(world, slot), 0.7 * slot)
    for slot in range(max(1, arguments.jobs // 2)):
        world.spawn(play_workflows(world, slot), 0.4 + 0.9 * slot)
    return world
