"""A MapReduce run as the published Prodigy, 0.4.4, plays it: documents and logs, no events."""

from fleet.claude import CLAUDE_FAILURES
from fleet.claude_logs import ClaudeLogs
from fleet.dead_letters import DeadLetters
from fleet.ledger import add, note, observe, put
from fleet.moments import SECOND
from fleet.published_workflow import open_silent_file
from fleet.session import Session, Worktree
from fleet.workflow import REPOS


class PublishedJob:
    """Two event files that stay empty; a document for every agent, which goes when the agent has
    succeeded; a dead letter for every one that has not. Its session has no workflow's name."""

    def __init__(self, world, rng):
        self.world = world
        self.rng = rng
        self.repo = rng.choice(REPOS)
        self.id = f"session-{world.new_id(rng)}"
        self.items = [f"item-{number:02}" for number in range(1, rng.randrange(6, 18))]
        self.queue = list(enumerate(self.items))
        self.parallel = rng.randrange(2, 5)
        self.dies_after = rng.choice([None] * 4 + [len(self.items) // 2])
        self.idle = 0
        self.left_behind = []  # agents' documents that nobody removed
        self.running = {}      # agents' documents by number

    def play(self):
        run_directory = f"{self.repo}/session-{self.world.new_id(self.rng)}"
        run_file = open_silent_file(self.world, run_directory)
        yield self.seconds(0.5, 1.5)
        self.session = Session(self.world, self.id, "")
        self.tell(add("prodigy_workflow_active"))
        self.worktree = Worktree(self.world, self.repo, self.id)
        yield self.seconds(0.5, 2)
        self.job_id = f"mapreduce-{self.world.claim_stamp()}"
        self.began_ns = self.world.now_ns
        self.letters = DeadLetters(self.world, self.id, self.job_id, self.rng)
        job_file = open_silent_file(self.world, f"{self.id}/{self.job_id}", self.end_facts)
        self.tell(add("prodigy_mapreduce_jobs_total", status="started"),
                  add("prodigy_mapreduce_jobs_started_total"),
                  self.count("prodigy_mapreduce_jobs_active"))
        yield from self.map()
        if self.dies_after is not None:
            self.interrupt(job_file, run_file)
            return
        yield from self.claude("/summary")
        job_file.close()
        yield from self.claude(f"/prodigy-merge-worktree prodigy-{self.id} main")
        duration = self.session.end("Completed")
        self.tell(add("prodigy_workflow_active", -1),
                  add("prodigy_workflow_executions_total", status="success"),
                  observe("prodigy_workflow_duration_seconds", duration / SECOND))
        self.worktree.clean()
        run_file.close()
        yield from self.clean_up()

    def end_facts(self):
        return [add("prodigy_mapreduce_jobs_total", status="ended"),
                self.count("prodigy_mapreduce_jobs_active", -1),
                self.count("prodigy_mapreduce_agents_active", -len(self.running)),
                observe("prodigy_mapreduce_job_duration_seconds",
                        (self.world.now_ns - self.began_ns) / SECOND)]

    def map(self):
        for _ in range(self.parallel):
            self.world.spawn(self.work(), self.seconds(0, 0.2))
        while self.idle < self.parallel:
            yield 0.25

    def is_dying(self):
        """SIGINT comes once so many items were begun: who runs then is cut off."""
        return self.dies_after is not None and \
            len(self.items) - len(self.queue) > self.dies_after

    def work(self):
        while self.queue and not self.is_dying():
            yield from self.agent(*self.queue.pop(0))
            yield self.seconds(0.02, 0.2)
        self.idle += 1

    def agent(self, number, item):
        name = f"mapreduce-agent-{self.job_id}_agent_{number}"
        document = Worktree(self.world, self.id, name, "prodigy-" + self.id, self.job_id)
        began = self.world.now_ns
        self.running[number] = document
        self.tell(self.count("prodigy_mapreduce_agents_total", status="started"),
                  self.count("prodigy_mapreduce_agents_started_total"),
                  self.count("prodigy_mapreduce_agents_active"))
        claude = ClaudeLogs(self.world, self.rng, f"/home/user/.prodigy/worktrees/{self.id}/{name}",
                            "prodigy-" + name, f"/fix {item}", job_id=self.job_id, streams=False)
        for _ in range(self.rng.randrange(1, 4)):
            yield self.seconds(0.5, 2.5)
            if self.is_dying():
                return
            claude.turn()
        yield 0.2 * self.world.speed  # real seconds, in which a follower has seen its document
        if self.is_dying():
            return
        del self.running[number]
        if self.rng.random() < 0.85:
            self.succeed(document, self.world.now_ns - began)
        else:
            self.left_behind.append(document)
            self.bury(number, item)

    def succeed(self, document, duration):
        document.remove()
        self.session.add_files(1)
        self.tell(self.count("prodigy_mapreduce_agents_active", -1),
                  self.count("prodigy_mapreduce_agents_total", status="success"),
                  self.count("prodigy_mapreduce_items_total", status="success"),
                  observe("prodigy_agent_duration_seconds", duration / SECOND, job_id=self.job_id),
                  observe("prodigy_mapreduce_agent_duration_seconds", duration / SECOND,
                          job_id=self.job_id, status="success"))

    def bury(self, number, item):
        _, printed = self.rng.choice(CLAUDE_FAILURES)
        error = "Processing error: Failed to execute Claude command: " \
                f"Claude command '/fix {item}' failed: stderr: Error: {printed}\n"
        self.letters.add(f"item_{number}", {"id": item}, error)
        self.tell(self.count("prodigy_mapreduce_agents_active", -1),
                  self.count("prodigy_mapreduce_agents_total", status="failed"),
                  self.count("prodigy_mapreduce_items_total", status="failed"),
                  self.count("prodigy_mapreduce_items_total", status="dlq"), self.depth(),
                  self.count("prodigy_mapreduce_errors_total", error_type="CommandFailed",
                             recoverable="false"))

    def depth(self):
        return put("prodigy_mapreduce_dlq_items", len(self.letters.item_ids), job_id=self.job_id)

    def interrupt(self, job_file, run_file):
        """The session stays Running, and the agents' documents stay."""
        self.worktree.interrupt()
        self.tell(add("prodigy_workflow_active", -1), note("interrupted"), note("left_running"),
                  note("agents_cut_off", len(self.running)))
        job_file.close()
        run_file.close()

    def claude(self, command):
        """What the run itself asks Claude for, in its own worktree."""
        claude = ClaudeLogs(self.world, self.rng,
                            f"/home/user/.prodigy/worktrees/{self.repo}/{self.id}",
                            "prodigy-" + self.id, command)
        yield self.seconds(0.5, 2)
        claude.turn()
        claude.end()

    def clean_up(self):
        """Later: some dead letters are taken back, and what failed agents left is removed, which
        makes no agent a success."""
        if self.rng.random() < 0.5:
            yield self.seconds(2, 5)
            for item_id in self.letters.item_ids[:len(self.letters.item_ids) // 2]:
                self.letters.remove(item_id)
                self.tell(self.depth())
        if self.rng.random() < 0.5:
            yield self.seconds(1, 3)
            for document in self.left_behind:
                document.remove()

    def count(self, name, amount=1, **labels):
        return add(name, amount, job_id=self.job_id, **labels)

    def tell(self, *facts):
        self.world.ledger.tell(*facts)

    def seconds(self, low, high):
        return self.rng.uniform(low, high)
