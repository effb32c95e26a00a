"""A MapReduce job that tells all that the documentation knows of."""

from fleet.claude import MODELS, Claude
from fleet.job import REASONS, Job
from fleet.ledger import add, observe, put
from fleet.moments import SECOND
from fleet.run import DOCUMENTED


class DocumentedJob(Job):
    """A job that tells all that the documentation knows of."""

    def __init__(self, world, style, number, rng):
        super().__init__(world, style, number, rng, items=rng.randrange(12, 30),
                         parallel=rng.randrange(2, 5), rotates=style is DOCUMENTED)
        self.workflow = rng.choice(["migrate-modules", "review-files", "add-tests"])
        self.model = rng.choice(list(MODELS))
        self.pause_after = rng.choice([None, len(self.items) // 2])
        self.version = 0
        self.done = 0
        self.worktrees = 0

    def is_held(self):
        return self.pause_after is not None and self.done >= self.pause_after

    def play(self):
        self.began = self.world.now_ns
        self.tell_start()
        yield 0.5
        self.log("MapPhaseStarted", {"total_items": len(self.items)})
        self.tell_queue()
        yield from self.map()
        if self.queue:
            yield from self.pause()
        self.log("MapPhaseCompleted", {"successful": self.succeeded, "failed": len(self.dead)})
        yield from self.reprocess()
        self.log("ReducePhaseStarted", {})
        yield self.seconds(1, 4)
        self.log("ReducePhaseCompleted", {})
        self.end()
        self.file.close()

    def tell_start(self):
        self.log("WorkflowStarted", {"workflow_name": self.workflow},
                 add("prodigy_workflow_active", workflow_name=self.workflow))
        self.log("JobStarted",
                 {"job_id": self.job_id, "total_items": len(self.items),
                  "config": {"input": "items.json", "max_parallel": self.parallel}},
                 *self.job_facts("started", active=1),
                 add("prodigy_mapreduce_jobs_started_total", workflow=self.workflow),
                 put("prodigy_mapreduce_agents_queued", len(self.items), job_id=self.job_id))

    def tell_queue(self):
        pending = len(self.queue)
        self.log("QueueDepthChanged",
                 {"job_id": self.job_id, "pending": pending, "active": len(self.started_ns),
                  "completed": self.done},
                 put("prodigy_mapreduce_agents_queued", pending, job_id=self.job_id),
                 put("prodigy_mapreduce_queue_depth", pending, job_id=self.job_id,
                     priority="normal"))

    def pause(self):
        self.version += 1
        self.log("JobPaused", {"job_id": self.job_id, "checkpoint_version": self.version},
                 *self.job_facts("paused", active=-1))
        yield self.seconds(2, 6)
        self.pause_after = None
        self.log("JobResumed", {"job_id": self.job_id, "checkpoint_version": self.version,
                                "pending_items": len(self.queue)},
                 *self.job_facts("resumed", active=1),
                 put("prodigy_mapreduce_agents_queued", len(self.queue), job_id=self.job_id))
        map_ns = self.map_ns
        mapping = self.map()
        wait = next(mapping)
        self.map_ns = map_ns  # latency is told from the first start
        yield wait
        yield from mapping

    def process(self, slot, item):
        agent_id = f"agent-{slot}-{item}"
        self.tell_queue()
        for attempt in (1, 2):
            worktree = f"{self.job_id}-{agent_id}-{attempt}"
            yield from self.attempt(agent_id, item, worktree, attempt)
            if self.chance(0.8):
                self.succeed(agent_id, item)
                self.log("WorktreeMerged", {"job_id": self.job_id, "agent_id": agent_id,
                                            "target_branch": "main"})
                self.drop_worktree(agent_id, worktree)
                break
            self.fail(agent_id, item, attempt)
            if attempt == 1:
                self.drop_worktree(agent_id, worktree)
                yield self.seconds(0.5, 2)
        self.done += 1
        if self.done % 5 == 0:
            self.save()

    def attempt(self, agent_id, item, worktree, attempt):
        self.log("WorktreeCreated", {"job_id": self.job_id, "agent_id": agent_id,
                                     "worktree_name": worktree, "branch": "prodigy-" + worktree},
                 self.count("prodigy_mapreduce_worktrees_active"))
        self.log("AgentStarted", {"job_id": self.job_id, "agent_id": agent_id, "item_id": item,
                                  "worktree": worktree, "attempt": attempt},
                 *self.start_facts(agent_id, is_first=False))
        claude = Claude(self, agent_id, self.model, self.workflow, self.job_id)
        claude.start()
        steps = self.rng.randrange(2, 6)
        for step in range(steps):
            yield self.seconds(0.3, 2.5)
            self.log("AgentProgress", {"job_id": self.job_id, "agent_id": agent_id,
                                       "step": f"step_{step}",
                                       "progress_pct": round(100 * (step + 1) / steps, 2)})
            claude.turn()
        if self.chance(0.3):
            claude.end("success")
        if self.chance(0.1):
            used = self.rng.randrange(500, 4000)
            self.log("MemoryPressure", {"job_id": self.job_id, "used_mb": used, "limit_mb": 4096},
                     put("prodigy_mapreduce_memory_bytes", used << 20, job_id=self.job_id),
                     put("prodigy_mapreduce_memory_limit_bytes", 4096 << 20, job_id=self.job_id))

    def drop_worktree(self, agent_id, worktree):
        self.log("WorktreeCleaned", {"job_id": self.job_id, "agent_id": agent_id,
                                     "worktree_name": worktree},
                 self.count("prodigy_mapreduce_worktrees_active", -1))

    def succeed(self, agent_id, item):
        duration = self.world.now_ns - self.started_ns[agent_id]
        commits = [f"{self.rng.getrandbits(160):040x}" for _ in range(self.rng.randrange(0, 4))]
        self.log("AgentCompleted",
                 {"job_id": self.job_id, "agent_id": agent_id, "item_id": item,
                  "duration": self.style.duration(duration), "cleanup_status": "success",
                  "commits": commits, "json_log_location": None},
                 *self.success_facts(agent_id, duration, len(commits)))

    def fail(self, agent_id, item, attempt):
        reason, kind, text = self.rng.choice(REASONS)
        retry = attempt == 1
        fields = {"job_id": self.job_id, "agent_id": agent_id, "item_id": item, "error": text,
                  "retry_eligible": retry}
        if self.chance(0.6):
            fields["failure_reason"] = reason
        self.log("AgentFailed", fields, *self.failure_facts(agent_id, kind, retry))
        if retry:
            self.log("AgentRetrying", {"job_id": self.job_id, "agent_id": agent_id, "attempt": 2,
                                       "backoff_ms": 1000})
        else:
            self.bury(item, f"{kind}::{text[:30]}", 2)

    def save(self):
        self.version += 1
        if self.chance(0.1):
            self.log("CheckpointFailed",
                     {"job_id": self.job_id, "error": "No space left on device"},
                     self.count("prodigy_mapreduce_errors_total", error_type="CheckpointFailed",
                                recoverable="true"))
        else:
            self.log("CheckpointCreated", {"job_id": self.job_id, "version": self.version,
                                           "agents_completed": self.done},
                     add("prodigy_checkpoints_created_total"))

    def reprocess(self):
        """Half of the dead letters leave the queue, one by one; the summary follows."""
        batch = self.dead[:len(self.dead) // 2]
        for item in batch:
            yield 0.1
            self.log("DLQItemRemoved", {"job_id": self.job_id, "item_id": item},
                     self.count("prodigy_mapreduce_dlq_items", -1))
        if batch:
            self.log("DLQItemsReprocessed", {"job_id": self.job_id, "count": len(batch)})

    def end(self):
        duration = self.world.now_ns - self.began
        failed = self.chance(0.15)
        facts = [observe("prodigy_mapreduce_job_duration_seconds", duration / SECOND,
                         workflow=self.workflow),
                 put("prodigy_mapreduce_agents_queued", 0, job_id=self.job_id),
                 put("prodigy_mapreduce_queue_depth", 0, job_id=self.job_id, priority="normal")]
        if failed:
            self.log("JobFailed",
                     {"job_id": self.job_id, "error": "Command failed with exit code 1",
                      "partial_results": self.succeeded},
                     *self.job_facts("failed", active=-1), *facts,
                     self.count("prodigy_mapreduce_errors_total", error_type="CommandFailed",
                                recoverable="false"))
        else:
            self.log("JobCompleted",
                     {"job_id": self.job_id, "duration": self.style.duration(duration),
                      "success_count": self.succeeded, "failure_count": len(self.dead)},
                     *self.job_facts("success", active=-1), *facts)
        status = "failed" if failed else "success"
        self.log("WorkflowFailed" if failed else "WorkflowCompleted",
                 {"workflow_name": self.workflow, "status": status,
                  "duration": self.style.duration(duration)},
                 add("prodigy_workflow_active", -1, workflow_name=self.workflow),
                 add("prodigy_workflow_executions_total", workflow_name=self.workflow,
                     status=status),
                 observe("prodigy_workflow_duration_seconds", duration / SECOND,
                         workflow_name=self.workflow))
