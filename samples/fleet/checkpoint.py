"""state/{session}/checkpoints/{id}.checkpoint.json of Prodigy 0.4.4: its only count of steps."""

from fleet.home import pretty
from fleet.moments import SECOND, rfc3339

# Prodigy stores the user's whole environment, in clear. This one is no secret; it stands for those
# that are, and a follower must never show, keep or log it.
SECRET = "sk-simulated-THIS-MUST-NEVER-BE-SHOWN"


class Checkpoint:
    """Replaced by rename after every step that succeeded; a second iteration's steps come after
    the first's. Its workflow_name is always `default`."""

    def __init__(self, world, session_id, checkpoint_id, repo, total_steps):
        self.world = world
        self.session_id = session_id
        self.id = checkpoint_id
        self.repo = repo
        self.total_steps = total_steps
        self.steps = []
        self.stem = f".prodigy/state/{session_id}/checkpoints/{checkpoint_id}.checkpoint"

    def add_step(self, index, command, duration, iteration):
        self.steps.append({
            "step_index": index,
            "command": command,
            "success": True,
            "output": None,
            "captured_variables": {},
            "duration": {"secs": duration // SECOND, "nanos": duration % SECOND},
            "completed_at": rfc3339(self.world.wall_ns),
        })
        self.save("Running", index, iteration)

    def save(self, status, index, iteration, error=None):
        now = rfc3339(self.world.wall_ns)
        variables = {
            "PROJECT_ROOT": f"/home/user/.prodigy/worktrees/{self.repo}/{self.session_id}",
            "step.insertions": "1",
            "step.deletions": "0",
            "step.files_changed": "1",
        }
        told = dict(variables)
        if error:
            told.update({"__error_message": error, "__failed_step_index": index,
                         "__error_timestamp": now.replace("Z", "+00:00")})
        document = {
            "workflow_id": self.id,
            "execution_state": {
                "current_step_index": index,
                "total_steps": self.total_steps if status == "Running" else 0,
                "status": status,
                "start_time": now,
                "last_checkpoint": now,
                "current_iteration": None,
                "total_iterations": None,
            },
            "completed_steps": self.steps,
            "variable_state": told,
            "mapreduce_state": None,
            "timestamp": now,
            "version": 1,
            "workflow_hash": f"default-{self.total_steps}",
            "total_steps": self.total_steps if status == "Running" else 0,
            "workflow_name": "default",
            "workflow_path": f"/home/user/{self.repo}/wf.yml",
            "retry_checkpoint_state": None,
            "variable_checkpoint_state": {
                "global_variables": variables,
                "phase_variables": {},
                "computed_cache": {},
                "environment_snapshot": {"HOME": "/home/user", "LANG": "C.UTF-8",
                                         "ANTHROPIC_API_KEY": SECRET},
                "interpolation_history": [],
                "variable_metadata": {
                    "total_variables": len(variables),
                    "computed_variables": 0,
                    "total_interpolations": 0,
                    "checkpoint_version": "1.0.0",
                },
                "captured_outputs": {},
                "iteration_vars": {"ITERATION": str(iteration)},
            },
        }
        self.world.home.replace(self.stem + ".json", self.stem + ".tmp", pretty(document))
