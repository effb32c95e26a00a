"""Ordinary workflows: steps one after the other."""

import os
import uuid

from fleet.claude import MODELS, Claude
from fleet.ledger import add, observe, put
from fleet.moments import SECOND
from fleet.run import DESIGN, DOCUMENTED, Run


REPOS = ["billing-api", "web-shop", "ledger", "docs-site"]
WORKFLOWS = {
    "fix-lints": ["shell", "claude", "shell"],
    "implement-spec": ["claude", "shell", "claude", "goal_seek", "shell"],
    "update-docs": ["claude", "foreach", "shell"],
    "nightly-tests": ["shell", "shell", "claude"],
}


class Workflow(Run):
    """An ordinary run, in a directory of its session's name."""

    def __init__(self, world, number, rng):
        style = (DOCUMENTED, DESIGN)[number % 2]
        directory = os.path.join(rng.choice(REPOS),
                                 f"session-{uuid.UUID(int=rng.getrandbits(128), version=4)}")
        super().__init__(world, style, directory, world.stamp(), rng)
        self.name = rng.choice(list(WORKFLOWS))

    def play(self):
        began = self.world.now_ns
        self.log("WorkflowStarted", {"workflow_name": self.name},
                 add("prodigy_workflow_active", workflow_name=self.name))
        status = "success"
        for index, kind in enumerate(WORKFLOWS[self.name]):
            if self.chance(0.04):
                status = "cancelled"
                break
            yield from self.step(index, kind)
            if self.failed:
                status = "failed"
                break
        self.end(status, began)
        self.file.close()

    def end(self, status, began):
        duration = self.world.now_ns - began
        name = {"success": "WorkflowCompleted", "failed": "WorkflowFailed",
                "cancelled": "WorkflowCancelled"}[status]
        self.log(name, {"workflow_name": self.name, "status": status,
                        "duration": self.style.duration(duration)},
                 add("prodigy_workflow_active", -1, workflow_name=self.name),
                 add("prodigy_workflow_executions_total", workflow_name=self.name, status=status),
                 observe("prodigy_workflow_duration_seconds", duration / SECOND,
                         workflow_name=self.name))

    def step(self, index, kind):
        began = self.world.now_ns
        self.failed = self.chance(0.05)
        self.log("StepStarted", {"step_index": index, "step_type": kind})
        if kind == "claude":
            claude = Claude(self, "agent-default", self.rng.choice(list(MODELS)), self.name)
            claude.start()
            for _ in range(self.rng.randrange(2, 7)):
                yield self.seconds(0.3, 2.0)
                claude.turn()
            claude.end("failed" if self.failed else "success")
        else:
            yield self.seconds(0.5, 6.0)
        duration = self.world.now_ns - began
        facts = [add("prodigy_workflow_steps_total", workflow_name=self.name),
                 observe("prodigy_step_duration_seconds", duration / SECOND, step_type=kind)]
        fields = {"step_index": index, "step_type": kind}
        if not self.chance(0.2):  # else the time since StepStarted has to do
            fields["duration"] = self.style.duration(duration)
        if self.failed:
            self.log("StepFailed", {**fields, "status": "failed", "error": "exit code 101"}, *facts,
                     add("prodigy_step_executions_total", step_type=kind, status="failed"))
            return
        if self.chance(0.15):
            fields["on_failure"] = True
            facts.append(add("prodigy_step_on_failure_recoveries_total", step_type=kind))
        self.log("StepCompleted", {**fields, "status": "success"}, *facts,
                 add("prodigy_step_executions_total", step_type=kind, status="success"))
        if kind in ("claude", "goal_seek") and self.chance(0.7):
            self.validate(kind)

    def validate(self, kind):
        passed = self.chance(0.8)
        self.log("ValidationCompleted",
                 {"step_type": kind, "status": "passed" if passed else "failed"},
                 add("prodigy_step_validations_total", step_type=kind,
                     result="pass" if passed else "fail"))
        size = self.rng.randrange(1, 12)
        self.log("WorktreePoolResized", {"size": size}, put("prodigy_worktree_pool_size", size))
