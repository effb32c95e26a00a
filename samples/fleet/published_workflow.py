"""An ordinary workflow as the published Prodigy, 0.4.4, plays it: documents and logs, no events."""

from fleet.checkpoint import Checkpoint
from fleet.claude import CLAUDE_FAILURES
from fleet.claude_logs import ClaudeLogs
from fleet.event_file import EventFile
from fleet.ledger import add, note, observe
from fleet.moments import SECOND
from fleet.session import Session, Worktree
from fleet.workflow import REPOS

WORKFLOWS = {
    "fix-lints": ["shell: cargo fmt", "claude: /fix-lints", "test: cargo clippy"],
    "implement-spec": ["claude: /spec", "shell: cargo check", "claude: /implement",
                       "test: just ci"],
    "update-docs": ["shell: mdbook build", "claude: /docs"],
    "nightly-tests": ["shell: git pull", "shell: cargo fetch", "test: cargo test",
                      "claude: /report"],
}


def open_silent_file(world, directory, closing=list):
    """An event file that stays empty, held open while the run lives. `closing()`: facts that its
    end stands for."""
    return EventFile(world, f"{directory}/events-{world.stamp()}.jsonl", closing=closing)


class PublishedWorkflow:
    """Steps, perhaps twice over; now and then a failure, or SIGINT, and then perhaps a resume."""

    def __init__(self, world, rng):
        self.world = world
        self.rng = rng
        self.repo = rng.choice(REPOS)
        self.name = rng.choice(list(WORKFLOWS))
        self.commands = WORKFLOWS[self.name]
        self.iterations = rng.choice([1, 1, 2])
        self.dies_at = rng.choice([None] * 5 + [rng.randrange(len(self.commands))])
        self.resumes = rng.random() < 0.5
        self.id = f"workflow-{world.claim_milliseconds()}"

    @property
    def cwd(self):
        return f"/home/user/.prodigy/worktrees/{self.repo}/{self.id}"

    def play(self):
        self.file = open_silent_file(self.world, self.events_directory(self.repo))
        yield self.seconds(0.3, 1)
        self.session = Session(self.world, self.id, self.name, len(self.commands))
        self.tell(add("prodigy_workflow_active", workflow_name=self.name))
        yield 0.4 * self.world.speed  # real seconds, in which a follower has learnt its name
        self.worktree = Worktree(self.world, self.repo, self.id)
        self.checkpoint = Checkpoint(self.world, self.id,
                                     f"workflow-{self.world.claim_milliseconds()}", self.repo,
                                     len(self.commands))
        for iteration in range(1, self.iterations + 1):
            for index, command in enumerate(self.commands):
                fate = yield from self.step(index, command, iteration)
                if fate == "failed":
                    return
                if fate == "killed":
                    yield from self.after_interrupt(index)
                    return
            self.session.end_iteration()
        self.checkpoint.save("Completed", len(self.commands) - 1, self.iterations)
        yield from self.merge()

    def step(self, index, command, iteration):
        """Returns "failed", "killed" or None."""
        began = self.world.wall_ns
        kind = command.split(":")[0]
        claude = kind == "claude" and ClaudeLogs(self.world, self.rng, self.cwd, self.branch,
                                                 command, self.name)
        for _ in range(self.rng.randrange(2, 5)):
            yield self.seconds(0.3, 2)
            if claude:
                claude.turn()
        if self.dies_at == index:
            return "killed"
        if self.rng.random() < 0.04:
            self.fail(index, command, iteration, claude)
            return "failed"
        if claude:
            claude.end()
            self.session.add_files(1)
        duration = self.world.wall_ns - began
        self.session.time_step(command, duration)
        self.checkpoint.add_step(index, command, duration, iteration)
        self.tell(add("prodigy_workflow_steps_total", workflow_name=self.name),
                  add("prodigy_step_executions_total", step_type=kind, status="success"),
                  observe("prodigy_step_duration_seconds", duration / SECOND, step_type=kind))
        return None

    def fail(self, index, command, iteration, claude):
        kind, _, text = command.partition(": ")
        if claude:
            _, printed = self.rng.choice(CLAUDE_FAILURES)
            claude.end(printed)
            error = f"Error: Claude command '{text}' failed: stderr: Error: {printed}\n" \
                    f"  -> Claude command failed: '{text}'"
        else:
            error = f"Error: Step '{command}' failed with exit code 101\n\n" \
                    "=== Error Output (stderr) ===\nerror: could not compile `demo`"
        self.checkpoint.save("Failed", index, iteration, error)
        self.tell(add("prodigy_workflow_steps_total", workflow_name=self.name),
                  add("prodigy_step_executions_total", step_type=kind, status="failed"))
        self.end("Failed", "failed", error)

    def merge(self):
        """Claude merges the worktree's branch."""
        claude = ClaudeLogs(self.world, self.rng, self.cwd, self.branch,
                            f"/prodigy-merge-worktree {self.branch} main", self.name)
        yield self.seconds(0.3, 1)
        claude.turn()
        claude.end()
        self.end("Completed", "success")
        self.worktree.clean()

    def end(self, status, outcome, error=None):
        duration = self.session.end(status, error)
        self.tell(add("prodigy_workflow_active", -1, workflow_name=self.name),
                  add("prodigy_workflow_executions_total", workflow_name=self.name, status=outcome),
                  observe("prodigy_workflow_duration_seconds", duration / SECOND,
                          workflow_name=self.name))
        self.file.close()

    def after_interrupt(self, index):
        """SIGINT: the session stays Running. A resume repeats steps that no document tells."""
        self.worktree.interrupt()
        self.file.close()
        self.tell(add("prodigy_workflow_active", -1, workflow_name=self.name),
                  note("interrupted"))
        if not self.resumes:
            self.tell(note("left_running"))
            return
        yield self.seconds(2, 6)
        self.file = open_silent_file(self.world, self.events_directory(self.id))
        self.session.save()
        self.tell(add("prodigy_workflow_active", workflow_name=self.name))
        for command in self.commands[index:]:
            began = self.world.wall_ns
            yield self.seconds(0.5, 4)
            self.session.time_step(command, self.world.wall_ns - began)
        self.session.end_iteration()
        yield from self.merge()

    @property
    def branch(self):
        return "prodigy-" + self.id

    def events_directory(self, folder):
        return f"{folder}/session-{self.world.new_id(self.rng)}"

    def tell(self, *facts):
        self.world.ledger.tell(*facts)

    def seconds(self, low, high):
        return self.rng.uniform(low, high)
