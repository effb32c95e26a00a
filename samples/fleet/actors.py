"""Who plays: slots of jobs and workflows, one after the other in each."""

import itertools
import os
import uuid

from fleet.bare_job import BareJob
from fleet.documented_job import DocumentedJob
from fleet.event_file import EventFile, clean
from fleet.legacy_job import LegacyJob
from fleet.published_job import PublishedJob
from fleet.published_workflow import PublishedWorkflow
from fleet.run import DESIGN, DOCUMENTED
from fleet.workflow import REPOS, Workflow
from fleet.world import World

CLEAN_KEEPS = 0.6  # of a file's lines, the oldest

# By dialect: jobs and workflows of it, each made from world, number and random source.
JOBS = {
    "0.1": [LegacyJob],
    "0.4.4": [lambda world, number, rng: PublishedJob(world, rng)],
    "documented": [
        lambda world, number, rng: DocumentedJob(world, DOCUMENTED, number, rng),
        BareJob,
        lambda world, number, rng: DocumentedJob(world, DESIGN, number, rng),
    ],
}
WORKFLOWS = {
    "0.1": [],  # its workflows leave no trace
    "0.4.4": [lambda world, number, rng: PublishedWorkflow(world, rng)],
    "documented": [Workflow],
}
DIALECTS = list(JOBS)


def leave_empty_file(world, rng):
    """Newer versions open an event file for every run, and write nothing into it."""
    session = f"session-{uuid.UUID(int=rng.getrandbits(128), version=4)}"
    path = os.path.join(rng.choice(REPOS), session, f"events-{world.stamp()}.jsonl")
    EventFile(world, path).close()


def play_jobs(world, slot, kinds):
    for number in itertools.count():
        if not world.claim_run():
            return
        job = kinds[(slot + number) % len(kinds)](world, number, world.random("job", slot, number))
        yield from play_job(world, job)
        if world.once:
            return
        yield job.seconds(3, 10)


def play_job(world, job):
    if isinstance(job, PublishedJob):
        yield from job.play()
        return
    leave_empty_file(world, job.rng)
    yield from job.play()
    if job.style.envelope and job.chance(0.5):
        yield 2.0 * world.speed  # real seconds, in which a follower has read it
        if world.writes:
            clean(world, job.path, 1 if world.once else CLEAN_KEEPS)


def play_workflows(world, slot, kinds):
    for number in itertools.count():
        if not world.claim_run():
            return
        kind = kinds[(slot + number) % len(kinds)]
        workflow = kind(world, number + slot, world.random("workflow", slot, number))
        yield from workflow.play()
        if world.once and number == 3:
            return
        yield workflow.seconds(1, 6)


def fleet(arguments, start_ns, writes=True):
    world = World(arguments.directory, arguments.seed, arguments.speed, start_ns, arguments.once,
                  writes, arguments.runs)
    jobs = [kind for dialect in DIALECTS if dialect in arguments.dialects for kind in JOBS[dialect]]
    workflows = [kind for dialect in DIALECTS if dialect in arguments.dialects
                 for kind in WORKFLOWS[dialect]]
    for slot in range(arguments.jobs):
        world.spawn(play_jobs(world, slot, jobs), 0.7 * slot)
    for slot in range(max(1, arguments.jobs // 2) if workflows else 0):
        world.spawn(play_workflows(world, slot, workflows), 0.4 + 0.9 * slot)
    return world
