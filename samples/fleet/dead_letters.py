"""The dead letter queue of one job of Prodigy 0.4.4."""

from fleet.home import pretty
from fleet.moments import rfc3339


class DeadLetters:
    """An item a file, written once; index.json is written over after each change, and is not there
    before the first item."""

    def __init__(self, world, session_id, job_id, rng):
        self.world = world
        self.job_id = job_id
        self.rng = rng
        self.folder = f".prodigy/dlq/{session_id}/{job_id}/mapreduce/dlq/{job_id}"
        self.item_ids = []

    def add(self, item_id, item_data, error):
        now = rfc3339(self.world.wall_ns)
        self.world.home.write(f"{self.folder}/items/{item_id}.json", pretty({
            "item_id": item_id,
            "item_data": item_data,
            "first_attempt": now,
            "last_attempt": now,
            "failure_count": 1,
            "failure_history": [{
                "attempt_number": 1,
                "timestamp": now,
                "error_type": "Unknown",  # always
                "error_message": error,
                "stack_trace": error,
                "agent_id": f"agent-{item_id}",
                "step_failed": "agent_execution",
                "duration_ms": 0,
            }],
            "error_signature": f"{self.rng.getrandbits(64):016x}",
            "worktree_artifacts": None,
            "reprocess_eligible": False,
            "manual_review_required": False,
        }))
        self.item_ids.append(item_id)
        self.save_index()

    def remove(self, item_id):
        self.world.home.remove(f"{self.folder}/items/{item_id}.json")
        self.item_ids.remove(item_id)
        self.save_index()

    def save_index(self):
        self.world.home.write(f"{self.folder}/index.json", pretty({
            "item_count": len(self.item_ids),
            "item_ids": self.item_ids,
            "job_id": self.job_id,
            "updated_at": self.world.instant(),
        }))
