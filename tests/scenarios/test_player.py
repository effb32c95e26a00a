"""Recorded runs, followed while they are played again: in the end the metrics are those of the
model of the tree, also when the follower is killed and started again in between, and in whatever
order the files come. What only the lives of files tell is compared with the player's script."""

import collections
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
# They are there before any run: one that is missing is looked for once a second.
ROOTS = [".prodigy/events", ".prodigy/sessions", ".prodigy/state", ".prodigy/dlq",
         ".prodigy/worktrees", ".prodigy/logs/claude-streaming", ".claude/projects"]
# Samples that tell of this machine: disks, and the process that plays.
OF_MACHINE = ("prodigy_mapreduce_disk_bytes", "prodigy_mapreduce_memory_bytes",
              "prodigy_mapreduce_cpu_percent", "prodigy_mapreduce_cpu_seconds_total")


def of_any_workflow(values):
    """Of what has its workflow's name from another file: the sums over the names."""
    result = collections.defaultdict(float)
    for (name, labels), value in values.items():
        if name.startswith(("prodigy_claude_", "prodigy_workflow_steps_")):
            labels = frozenset(pair for pair in labels if pair[0] != "workflow_name")
        result[name, labels] += value
    return result


class Stage:
    """A tree, about to be played into a home, and an exporter that follows it."""

    def __init__(self, tmp_path, launch, name, lead=0.5, is_watched=True):
        self.home = tmp_path / "home"
        self.home.mkdir()
        self.tree = RecordedTree(os.path.join(DATA, name), time.time_ns() + round(lead * SECOND),
                                 LENGTH)
        self.player = Player(self.tree, self.home)
        self.removals = 0
        final = self.tree.write(tmp_path / "final")
        for root in ROOTS:
            (self.home / root).mkdir(parents=True)
        self.expected = expected(final)
        self.jobs = job_names(final)
        self.launch = launch
        self.exporter = is_watched and self.follow()

    def follow(self):
        return self.launch(None, rules=None, options=["--rules", "prodigy"],
                           env={"HOME": os.fspath(self.home)})

    def make(self, path):
        """A file as it is in the end."""
        for _ in self.player.overwrite(path, self.tree.files[path]):
            pass

    def shown(self):
        """What the exporter shows now, without zeros and empty labels."""
        result = {}
        for (name, labels), value in self.exporter.scrape().samples.items():
            if value and name.startswith("prodigy_"):
                result[name, frozenset(pair for pair in labels if pair[1])] = value
        return result

    def differences(self, view):
        """`view`: of samples, both shown and expected."""
        shown = view(of_one_name(self.shown(), self.jobs))
        wanted = view(of_one_name(self.expected, self.jobs))
        return [
            f"{name}{dict(labels)}: {shown.get((name, labels), 0)}, "
            f"expected {wanted.get((name, labels), 0)}"
            for name, labels in sorted(set(shown) | set(wanted), key=str)
            if name not in OF_MACHINE and not is_life_fed((name, labels))
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
        return self.differences(dict)

    def problems_of_any_workflow(self):
        return self.differences(of_any_workflow)

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
        elif move == "session began":
            time.sleep(0.4)  # Prodigy too has more to do before it starts Claude
    stage.expect(stage.problems, 30)
    if name.startswith("prodigy-0.4.4"):
        stage.expect(stage.script_differences, 30)


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
    # Who starts while a session's document is half written knows its workflow a moment later.
    stage.expect(stage.problems_of_any_workflow, 30)
    if name.startswith("prodigy-0.4.4"):
        stage.expect(stage.script_differences, 40)  # a file closed meanwhile has to rest


def shuffled(stage, seed):
    paths = sorted(stage.tree.files)
    random.Random(seed).shuffle(paths)
    return paths


@pytest.mark.parametrize("name", TREES)
def test_found_in_any_order(tmp_path, launch, name):
    """Files that are all there when the exporter starts, made in whatever order."""
    stage = Stage(tmp_path, launch, name, lead=-LENGTH, is_watched=False)
    for path in shuffled(stage, name):
        stage.make(path)
    stage.exporter = stage.follow()
    stage.expect(stage.problems, 20)  # what may have been closed has to rest


@pytest.mark.parametrize("name", TREES)
def test_arriving_in_any_order(tmp_path, launch, name):
    """Files that come one after the other. A session comes before what names it, as in life: later
    nobody could know to which workflow tokens belong that are counted already."""
    stage = Stage(tmp_path, launch, name, lead=-LENGTH)
    for path in stage.tree.files:
        stage.player.where(path)
    time.sleep(0.3)
    paths = shuffled(stage, name)
    paths.sort(key=lambda path: "/sessions/" not in path)
    for number, path in enumerate(paths):
        stage.make(path)
        if number % 10 == 0:
            time.sleep(0.02)
    stage.expect(stage.problems, 30)
