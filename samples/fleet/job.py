"""What MapReduce jobs of every style share."""

import os

from fleet.ledger import add, complete, observe
from fleet.moments import SECOND
from fleet.run import Run
from fleet.workflow import REPOS


REASONS = [
    ("Timeout", "Timeout", "Agent execution timed out after 600s"),
    ({"CommandFailed": {"exit_code": 101}}, "CommandFailed", "Command failed with exit code 101"),
    ({"CommitValidationFailed": {"command": "/fix"}}, "CommitValidationFailed",
     "Commit validation failed: /fix made no commit"),
    ("MergeConflict", "MergeConflict", "Merge conflict in src/lib.rs"),
    ("WorktreeError", "WorktreeError", "Worktree creation failed: No space left on device"),
    ("Unknown", "Unknown", "Something unforeseen"),
]


class Job(Run):
    """What MapReduce jobs of all styles share: items, workers, counted facts."""

    workflow = ""

    def __init__(self, world, style, number, rng, items, parallel, **options):
        self.repo = rng.choice(REPOS)
        started = world.claim_stamp()
        self.job_id = f"mapreduce-{started}"
        directory = os.path.join(self.repo, self.job_id)
        super().__init__(world, style, directory, started, rng, **options)
        self.items = [f"item-{i:02}" for i in range(items)]
        self.queue = list(self.items)
        self.parallel = parallel
        self.idle = 0
        self.started_ns = {}
        self.succeeded = 0
        self.dead = []

    def map(self):
        """The workers take items off the queue until none is left."""
        self.map_ns = self.world.now_ns
        self.idle = 0
        for slot in range(self.parallel):
            self.world.spawn(self.work(slot), 0.05 * slot)
        while self.idle < self.parallel:
            yield 0.25

    def work(self, slot):
        while self.queue and not self.is_held():
            yield from self.process(slot, self.queue.pop(0))
            yield self.seconds(0.02, 0.2)
        self.idle += 1

    def is_held(self):
        return False

    def count(self, name, amount=1, **labels):
        return add(name, amount, job_id=self.job_id, **labels)

    def job_facts(self, status, *, active=0):
        return [add("prodigy_mapreduce_jobs_total", status=status, workflow=self.workflow),
                self.count("prodigy_mapreduce_jobs_active", active, workflow=self.workflow)]

    def start_facts(self, agent_id, is_first):
        """Of an agent's start. `is_first`: its item waited until now."""
        was_active = agent_id in self.started_ns
        self.started_ns[agent_id] = self.world.now_ns
        facts = [self.count("prodigy_mapreduce_agents_total", status="started"),
                 self.count("prodigy_mapreduce_agents_started_total"),
                 self.count("prodigy_mapreduce_agents_active", 0 if was_active else 1),
                 observe("prodigy_mapreduce_processing_latency_seconds",
                         (self.world.now_ns - self.map_ns) / SECOND, job_id=self.job_id)]
        if is_first:
            facts.append(self.count("prodigy_mapreduce_agents_queued", -1))
        return facts

    def success_facts(self, agent_id, duration, commits):
        del self.started_ns[agent_id]
        self.succeeded += 1
        return [self.count("prodigy_mapreduce_agents_active", -1),
                self.count("prodigy_mapreduce_agents_total", status="success"),
                self.count("prodigy_mapreduce_items_total", status="success"),
                self.count("prodigy_mapreduce_commits_total", commits),
                complete("prodigy_mapreduce_throughput_items_per_second", self.world.wall_ns,
                         job_id=self.job_id),
                observe("prodigy_agent_duration_seconds", duration / SECOND, job_id=self.job_id),
                observe("prodigy_mapreduce_agent_duration_seconds", duration / SECOND,
                        job_id=self.job_id, status="success")]

    def failure_facts(self, agent_id, kind, retry):
        """Of one failed attempt; `retry` None: the event does not tell, so it is the last."""
        facts = [self.count("prodigy_mapreduce_errors_total", error_type=kind,
                            recoverable="true" if retry else "false"),
                 self.count("prodigy_mapreduce_agents_total",
                            status="retried" if retry else "failed")]
        if retry:
            facts.append(self.count("prodigy_mapreduce_retries_total", reason=kind))
        else:
            facts.append(self.count("prodigy_mapreduce_items_total", status="failed"))
        if agent_id in self.started_ns:
            ran = self.world.now_ns - self.started_ns.pop(agent_id)
            facts += [self.count("prodigy_mapreduce_agents_active", -1),
                      observe("prodigy_mapreduce_agent_duration_seconds", ran / SECOND,
                              job_id=self.job_id, status="failed")]
        return facts

    def bury(self, item, signature, failures, *facts):
        self.dead.append(item)
        self.log("DLQItemAdded", {"job_id": self.event_job_id, "item_id": item,
                                  "error_signature": signature, "failure_count": failures},
                 self.count("prodigy_mapreduce_items_total", status="dlq"),
                 self.count("prodigy_mapreduce_dlq_items"), *facts)

    @property
    def event_job_id(self):
        return self.job_id
