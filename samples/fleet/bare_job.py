"""A MapReduce job whose records have no envelope."""

from fleet.job import REASONS, Job
from fleet.ledger import add, observe, put
from fleet.moments import SECOND
from fleet.run import BARE


class BareJob(Job):
    """Records without envelope, as the documentation prints them: failures say why, but not
    whether they are retried; no event tells the queue."""

    def __init__(self, world, number, rng):
        super().__init__(world, BARE, number, rng, items=rng.randrange(8, 16), parallel=2)

    def play(self):
        began = self.world.now_ns
        self.log("JobStarted",
                 {"job_id": self.job_id, "config": {}, "total_items": len(self.items)},
                 *self.job_facts("started", active=1),
                 add("prodigy_mapreduce_jobs_started_total", workflow=self.workflow),
                 put("prodigy_mapreduce_agents_queued", len(self.items), job_id=self.job_id))
        self.log("MapPhaseStarted", {"total_items": len(self.items)})
        yield from self.map()
        self.log("MapPhaseCompleted", {"successful": self.succeeded, "failed": len(self.dead)})
        duration = self.world.now_ns - began
        self.log("JobCompleted", {"job_id": self.job_id, "duration": self.style.duration(duration),
                                  "success_count": self.succeeded, "failure_count": len(self.dead)},
                 *self.job_facts("success", active=-1),
                 put("prodigy_mapreduce_agents_queued", 0, job_id=self.job_id),
                 observe("prodigy_mapreduce_job_duration_seconds", duration / SECOND,
                         workflow=self.workflow))
        self.file.close()

    def process(self, slot, item):
        agent_id = f"agent-{slot}-{item}"
        self.log("AgentStarted", {"job_id": self.job_id, "agent_id": agent_id, "item_id": item,
                                  "worktree": f"{agent_id}-worktree", "attempt": 1},
                 *self.start_facts(agent_id, is_first=True))
        yield self.seconds(1, 8)
        if self.chance(0.1):
            self.log("AgentRetrying", {"job_id": self.job_id, "agent_id": agent_id, "attempt": 2,
                                       "backoff_ms": 5000},
                     self.count("prodigy_mapreduce_retries_total", reason="Unknown"),
                     self.count("prodigy_mapreduce_agents_total", status="retried"))
            yield self.seconds(0.5, 1)
        if self.chance(0.8):
            duration = self.world.now_ns - self.started_ns[agent_id]
            commits = [f"{self.rng.getrandbits(28):07x}"]
            self.log("AgentCompleted",
                     {"job_id": self.job_id, "agent_id": agent_id, "item_id": item,
                      "duration": self.style.duration(duration), "cleanup_status": "success",
                      "commits": commits},
                     *self.success_facts(agent_id, duration, len(commits)))
            return
        reason, kind, text = self.rng.choice(REASONS)
        self.log("AgentFailed", {"job_id": self.job_id, "agent_id": agent_id, "item_id": item,
                                 "error": text, "failure_reason": reason},
                 *self.failure_facts(agent_id, kind, None))
        self.bury(item, f"{kind}::{text[:30]}", 1)
