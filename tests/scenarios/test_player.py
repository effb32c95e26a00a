"""Recorded runs, followed while they are played again: in the end the metrics are those of the
model of the tree, also when the follower is killed and started again in between, and in whatever
order the files come. What only the lives of files tell is compared with the player's script."""

import os
import random
import time

import pytest

from player import Player
from program import REPOSITORY, patience, wait_until
from recorded_tree import SECOND, RecordedTree
from samples import same_number
from tree_model import expected, is_life_fed, job_names, of_one_name

DATA = os.path.join(REPOSITORY, "tests", "data")
TREES = ["prodigy-0.1.7/dlq", "prodigy-0.1.7/shell", "prodigy-0.1.8/burst", "prodigy-0.4.4/claude",
         "prodigy-0.4.4/dialect", "prodigy-0.4.4/dlq", "prodigy-0.4.4/standard"]
LENGTH = 1.5  # seconds, for what took up to half a minute
KILLS = 20
# Samples that tell of this machine: disks, and the process that plays.
OF_MACHINE = ("prodigy_mapreduce_disk_bytes", "prodigy_mapreduce_memory_bytes",
              "prodigy_mapreduce_cpu_percent", "prodigy_mapreduce_cpu_seconds_total")


class Stage:
    """A tree, about to be played into a home, and an exporter that follows it."""

    def __init__(self, tmp_path, launch, name, lead=0.5):
        self.home = tmp_path / "home"
        self.home.mkdir()
        self.tree = RecordedTree(os.path.join(DATA, name), time.time_ns() + round(lead * SECOND),
                                 LENGTH)
        self.player = Player(self.tree, self.home)
        self.removals = 0
        final = self.tree.write(tmp_path / "final")
        self.expected = expected(final)
        self.jobs = job_names(final)
        self.exporter = launch(None, rules=None, options=["--rules", "prodigy"],
                               env={"HOME": os.fspath(self.home)})

    def shown(self):
        """What the exporter shows now, without zeros and empty labels."""
        result = {}
        for (name, labels), value in self.exporter.scrape().samples.items():
            if value and name.startswith("prodigy_"):
                result[name, frozenset(pair for pair in labels if pair[1])] = value
        return result

    def differences(self, shown, is_wanted=lambda key: not is_life_fed(key)):
        shown, wanted = of_one_name(shown, self.jobs), of_one_name(self.expected, self.jobs)
        return [
            f"{name}{dict(labels)}: {shown.get((name, labels), 0)}, "
            f"expected {wanted.get((name, labels), 0)}"
            for name, labels in sorted(set(shown) | set(wanted), key=str)
            if name not in OF_MACHINE and is_wanted((name, labels))
            and not same_number(shown.get((name, labels), 0), wanted.get((name, labels), 0))
        ]

    def script_differences(self):
        """Of what the player's script made happen: jobs and agents of 0.4.4."""
        wanted = self.player.expectations
        samples = self.exporter.scrape()
        facts = [("jobs", len(wanted.opened), {"status": "started"}),
                 ("jobs", len(wanted.closed), {"status": "ended"})]
        for job in wanted.started:
            for status, table in (("started", wanted.started), ("success", wanted.succeeded),
                                  ("failed", wanted.failed)):
                facts.append(("agents", table.get(job, 0), {"job_id": job, "status": status}))
            facts.append(("items", wanted.succeeded[job], {"job_id": job, "status": "success"}))
        return [f"{what} {labels}: {samples.total(f'prodigy_mapreduce_{what}_total', **labels)}, "
                f"expected {count}"
                for what, count, labels in facts
                if samples.total(f"prodigy_mapreduce_{what}_total", **labels) != count]

    def expect(self, problems, timeout):
        """Waits until there is no problem, and there is none half a second later."""
        deadline = time.monotonic() + timeout * patience()
        while (found := problems()) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not found, "\n".join(found[:40]) + "\n" + self.exporter.log()[-3000:]
        time.sleep(0.5)
        assert not problems(), "\n".join(problems()[:40])

    def problems(self):
        return self.differences(self.shown())

    def agents_told(self):
        return self.exporter.scrape().total("prodigy_mapreduce_agents_started_total")

    def before_removal(self, is_saved):
        """What is made and gone before anybody has looked cannot be known: waits until the agents
        that were made so far are counted, and, for a follower that will be killed, saved."""
        if self.player.agents_made:
            wait_until(lambda: self.agents_told() >= self.player.agents_made, 15)
            if is_saved:
                self.exporter.committed()


@pytest.mark.parametrize("name", TREES)
def test_followed(tmp_path, launch, name):
    stage = Stage(tmp_path, launch, name)
    for move in stage.player.play():
        if move == "to be removed":
            stage.before_removal(is_saved=False)
    stage.expect(stage.problems, 5)
    if name.startswith("prodigy-0.4.4"):
        stage.expect(stage.script_differences, 5)


def kill_moments(stage, tmp_path, rng):
    """By number of the move: for how many moves the follower is away."""
    rehearsal = Player(stage.tree, tmp_path / "rehearsal")
    rehearsal.script = [(0, *move[1:]) for move in rehearsal.script]
    moves = sum(1 for _ in rehearsal.play())
    return {number: rng.choice([0, 0, 1, 3, 8])
            for number in rng.sample(range(moves), min(KILLS, moves))}


@pytest.mark.parametrize("name", TREES)
def test_killed_again_and_again(tmp_path, launch, name):
    rng = random.Random(name)
    stage = Stage(tmp_path, launch, name)
    moments = kill_moments(stage, tmp_path, rng)
    exporter, away, number = stage.exporter, None, 0
    for move in stage.player.play():
        if move == "wait":
            continue
        if away is not None and (away == 0 or move == "to be removed"):
            exporter.start()
            away = None
        if move == "to be removed":
            stage.before_removal(is_saved=True)
        if number in moments and away is None:
            exporter.kill9()
            away = moments[number]
        elif away:
            away -= 1
        number += 1
    if away is not None:
        exporter.start()
    stage.expect(stage.problems, 10)
    if name.startswith("prodigy-0.4.4"):
        stage.expect(stage.script_differences, 20)  # a file closed meanwhile has to rest


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", TREES)
def test_in_any_order(tmp_path, launch, name, seed):
    """The files as they are in the end, one after the other: no number depends on their order."""
    stage = Stage(tmp_path, launch, name, lead=-LENGTH)
    paths = sorted(stage.tree.files)
    random.Random(seed).shuffle(paths)
    for number, path in enumerate(paths):
        for _ in stage.player.overwrite(path, stage.tree.files[path]):
            pass
        if number % 10 == seed:
            time.sleep(0.01)
    stage.expect(stage.problems, 5)
