"""A MapReduce job as 0.1.x tells it."""

from fleet.job import Job
from fleet.ledger import add, observe, put
from fleet.legacy_checkpoints import LegacyCheckpoints
from fleet.moments import SECOND, rfc3339
from fleet.run import LEGACY

BURST = 1000  # lines: 0.1.x writes when so many wait, and at no other time


class LegacyJob(Job):
    """0.1.x: three ids for one job; a line for every step; bursts; last failures under the slot's
    name; attempts that fail before an agent has started, or without a word."""

    STEPS = 22

    def __init__(self, world, number, rng):
        super().__init__(world, LEGACY, number, rng, items=70, parallel=5, burst=BURST,
                         closing=self.silent_end_facts)
        self.began_ns = world.now_ns
        self.session_id = "session-" + self.new_id()
        self.event_id = f"mapreduce-{world.wall_ns // 1_000_000}"

    @property
    def event_job_id(self):
        return self.event_id

    def silent_end_facts(self):
        """Where no line reached the disk, the life of the file is all that tells of the job."""
        if self.file.told:
            return []
        return [add("prodigy_mapreduce_jobs_total", status="started"),
                add("prodigy_mapreduce_jobs_started_total"),
                add("prodigy_mapreduce_jobs_total", status="ended"),
                observe("prodigy_mapreduce_job_duration_seconds",
                        (self.world.now_ns - self.began_ns) / SECOND)]

    def play(self):
        config = {"input": "items.json", "json_path": "$.items[*]", "max_parallel": self.parallel,
                  "timeout_per_agent": 600, "retry_on_failure": 1}
        self.checkpoints = LegacyCheckpoints(self.world, self.repo, self.event_job_id, config,
                                             self.items)
        self.log("JobStarted",
                 {"job_id": self.event_job_id, "config": config,
                  "total_items": len(self.items), "timestamp": rfc3339(self.world.wall_ns)},
                 *self.job_facts("started", active=1),
                 add("prodigy_mapreduce_jobs_started_total", workflow=self.workflow),
                 put("prodigy_mapreduce_agents_queued", len(self.items), job_id=self.job_id))
        yield from self.map()
        self.checkpoints.end_map_phase()
        self.log("JobCompleted", {"job_id": self.event_job_id, "duration": [0, 0],
                                  "success_count": self.succeeded, "failure_count": len(self.dead)})
        self.file.close()  # and with it goes what waits for the thousandth line

    def process(self, slot, item):
        agent_id = f"agent-{slot}-{item}"
        fate = self.rng.choices(["fine", "late", "lost", "silent", "slow"], [80, 8, 5, 4, 3])[0]
        if fate == "fine":
            yield from self.run_agent(agent_id, item)
        elif fate == "late":  # no worktree at first
            self.fail_attempt(agent_id, "Worktree creation failed: No space left on device",
                              "WorktreeError")
            yield 2.0
            yield from self.run_agent(agent_id, item)
        elif fate == "lost":  # nor at the second time: three failures, no start
            error = f"Worktree creation failed for agent {agent_id}: No space left on device"
            self.fail_attempt(agent_id, error, "WorktreeError")
            yield 2.0
            self.fail_item(slot, item, error, "WorktreeError")
            self.fail_attempt(agent_id, error, "WorktreeError")
            self.bury(item, "Unknown::Worktree creation failed", 2,
                      self.count("prodigy_mapreduce_agents_queued", -1))
        elif fate == "silent":  # two starts; of the failures only the last is told
            self.start_agent(agent_id, item, is_first=True)
            yield 2.0
            self.start_agent(agent_id, item, is_first=False)
            yield self.seconds(0.05, 0.2)
            error = "Failed to initialize commit tracker: Failed to execute git get HEAD"
            self.fail_item(slot, item, error, "GitError")
            del self.started_ns[agent_id]
            self.bury(item, "Unknown::Failed to initialize commit tracker", 2,
                      self.count("prodigy_mapreduce_agents_active", -1))
        else:  # times out once
            self.start_agent(agent_id, item, is_first=True)
            yield self.seconds(5, 9)
            self.fail_attempt(agent_id, "Agent execution timed out after 600 seconds", "Timeout")
            yield 2.0
            yield from self.run_agent(agent_id, item, is_first=False)

    def start_agent(self, agent_id, item, is_first):
        self.log("AgentStarted", {"job_id": self.session_id, "agent_id": agent_id, "item_id": item,
                                  "worktree": "session-" + self.new_id(), "attempt": 1},
                 *self.start_facts(agent_id, is_first))

    def run_agent(self, agent_id, item, is_first=True):
        self.start_agent(agent_id, item, is_first)
        for step in range(1, self.STEPS + 1):
            self.log("AgentProgress", {"job_id": self.session_id, "agent_id": agent_id,
                                       "step": f"step_{step}",
                                       "progress_pct": round(100 * step / self.STEPS, 6)})
            yield self.seconds(0.05, 0.4)
        duration = self.world.now_ns - self.started_ns[agent_id]
        self.checkpoints.note(item, duration)
        commits = [f"{self.rng.getrandbits(160):040x}" for _ in range(self.rng.randrange(0, 2))]
        self.log("AgentCompleted", {"job_id": self.session_id, "agent_id": agent_id,
                                    "duration": self.style.duration(duration), "commits": commits},
                 *self.success_facts(agent_id, duration, len(commits)))

    def fail_attempt(self, agent_id, error, kind):
        self.log("AgentFailed", {"job_id": self.session_id, "agent_id": agent_id, "error": error,
                                 "retry_eligible": True},
                 *self.failure_facts(agent_id, kind, retry=True))

    def fail_item(self, slot, item, error, kind):
        self.checkpoints.note(item, 0, error)
        self.log("AgentFailed", {"job_id": self.session_id, "agent_id": f"agent_{slot}",
                                 "error": error, "retry_eligible": False},
                 *self.failure_facts(f"agent_{slot}", kind, retry=False))
