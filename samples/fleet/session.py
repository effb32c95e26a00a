"""What Prodigy 0.4.4 keeps of one run: its session's document, and its worktree's."""

from fleet.home import pretty
from fleet.ledger import add
from fleet.moments import SECOND, rfc3339, stamp


class Session:
    """sessions/{id}.json: written over in place after every step."""

    def __init__(self, world, session_id, workflow_name, total_steps=0):
        self.world = world
        self.id = session_id
        self.path = f".prodigy/sessions/{session_id}.json"
        now = rfc3339(world.wall_ns)
        self.started_ns = world.wall_ns
        self.document = {
            "id": session_id,
            "session_type": "Workflow",  # of MapReduce runs too
            "status": "Initializing",
            "started_at": now,
            "updated_at": now,
            "completed_at": None,
            "metadata": {},
            "checkpoints": [],
            "timings": {},
            "error": None,
            "workflow_data": {
                "workflow_id": session_id,
                "workflow_name": workflow_name,
                "current_step": 0,
                "total_steps": 0,
                "completed_steps": [],
                "variables": {},
                "iterations_completed": 0,
                "files_changed": 0,
                "worktree_name": None,
            },
            "mapreduce_data": None,
        }
        self.save()
        if total_steps:
            self.document["metadata"].update({
                "current_step": 0, "workflow_type": "standard", "total_steps": total_steps,
                "execution_start_time": now.replace("Z", "+00:00")})
        self.document["status"] = "Running"
        self.save()

    def save(self):
        self.document["updated_at"] = self.world.instant()
        self.world.home.write(self.path, pretty(self.document))

    def time_step(self, command, duration):
        """By command: of one that runs twice only the last time is kept."""
        timings = self.document["timings"]
        timings[command] = {"secs": duration // SECOND, "nanos": duration % SECOND}
        self.document["timings"] = dict(sorted(timings.items()))
        self.save()

    def add_files(self, count):
        self.document["metadata"]["files_changed_delta"] = count
        self.document["workflow_data"]["files_changed"] += count
        self.save()

    def end_iteration(self):
        self.document["metadata"]["increment_iteration"] = True
        self.document["workflow_data"]["iterations_completed"] += 1
        self.save()

    def end(self, status, error=None):
        """Returns how long it took, in nanoseconds. The error comes a write later."""
        self.document["status"] = status
        self.document["completed_at"] = rfc3339(self.world.wall_ns)
        self.save()
        if error:
            self.document["error"] = error
            self.save()
        if status == "Completed":
            data = self.document["workflow_data"]
            labels = {"workflow_name": data["workflow_name"]}
            self.world.ledger.tell(
                add("prodigy_workflow_iterations_total", data["iterations_completed"], **labels),
                add("prodigy_workflow_files_changed_total", data["files_changed"], **labels))
        return self.world.wall_ns - self.started_ns


class Worktree:
    """worktrees/{folder}/.metadata/{name}.json: replaced by rename, unlinked by clean-up. `job_id`:
    it is an agent's."""

    def __init__(self, world, folder, name, original_branch="main", job_id=""):
        self.world = world
        self.job_id = job_id
        self.folder = f".prodigy/worktrees/{folder}/.metadata"
        self.name = name
        self.path = f"{self.folder}/{name}.json"
        now = rfc3339(world.wall_ns)
        self.created_ns = world.wall_ns
        self.document = {
            "session_id": name,
            "worktree_name": name,
            "branch": "prodigy-" + name,
            "original_branch": original_branch,
            "created_at": now,
            "updated_at": now,
            "status": "in_progress",
            "iterations": {"completed": 0, "max": 10},
            "stats": {"files_changed": 0, "commits": 0, "last_commit_sha": None},
            "merged": False,
            "merged_at": None,
            "error": None,
            "merge_prompt_shown": False,
            "merge_prompt_response": None,
            "interrupted_at": None,
            "interruption_type": None,
            "last_checkpoint": None,
            "resumable": False,
        }
        self.save()
        self.tell(1)

    def tell(self, change):
        self.world.ledger.tell(add("prodigy_worktree_pool_size", change))
        if self.job_id:
            self.world.ledger.tell(add("prodigy_mapreduce_worktrees_active", change,
                                       job_id=self.job_id))

    def save(self):
        self.document["updated_at"] = self.world.instant()
        self.world.home.replace(self.path, self.path + ".tmp", pretty(self.document))

    def interrupt(self):
        """The only word that SIGINT leaves."""
        self.document.update(status="interrupted", interrupted_at=rfc3339(self.world.wall_ns),
                             interruption_type="user_interrupt", resumable=True)
        self.save()

    def merge(self):
        self.document.update(merged=True, merged_at=rfc3339(self.world.wall_ns))
        self.save()

    def remove(self):
        self.world.home.remove(self.path)
        self.tell(-1)

    def clean(self):
        """As a merged run does at its end."""
        self.merge()
        self.remove()
        seconds = stamp(self.world.wall_ns // SECOND)
        when = f"{seconds[:4]}-{seconds[4:6]}-{seconds[6:8]} " \
               f"{seconds[9:11]}:{seconds[11:13]}:{seconds[13:]} UTC"
        self.world.home.append(f"{self.folder}/cleanup.log",
                               f"[{when}] Cleaned up merged worktree session: {self.name} "
                               f"(branch: prodigy-{self.name})".encode())
