"""What Prodigy 0.1.x keeps of a job: state/{repo}/mapreduce/jobs/{job}/checkpoint-vN.json."""

from fleet.home import pretty
from fleet.moments import SECOND, rfc3339

KEPT = 3    # versions; older ones are unlinked
PLAYED = 6  # of the burst, the last


class LegacyCheckpoints:
    """Version 0 at the start; all others in one burst at the end of the map phase, each a file for
    the blink of an eye: most of them are skipped here."""

    def __init__(self, world, repo, job_id, config, items):
        self.world = world
        self.folder = f".prodigy/state/{repo}/mapreduce/jobs/{job_id}"
        self.version = 0
        self.outcomes = []  # item, result, failure or None: as they came
        self.document = {
            "job_id": job_id,
            "config": config,
            "started_at": rfc3339(world.wall_ns),
            "updated_at": None,
            "work_items": [{"id": item} for item in items],
            "agent_results": {},
            "completed_agents": [],
            "failed_agents": {},
            "pending_items": [f"item_{number}" for number in range(len(items))],
            "checkpoint_version": 0,
            "parent_worktree": None,
            "reduce_phase_state": None,
            "total_items": len(items),
            "successful_count": 0,
            "failed_count": 0,
            "is_complete": False,
        }
        self.save()

    def note(self, item, duration, error=None):
        result = {
            "item_id": item,
            "status": {"Failed": error} if error else "Success",
            "output": f"=== Step 1 (unnamed) ===\nworking on {item}\n\n",
            "commits": [],
            "files_modified": [f"result-{item}.txt"],
            "duration": {"secs": duration // SECOND, "nanos": duration % SECOND},
        }
        failure = error and {"item_id": item, "attempts": 1, "last_error": error,
                             "last_attempt": rfc3339(self.world.wall_ns), "worktree_info": None}
        self.outcomes.append((item, result, failure))

    def end_map_phase(self):
        document = self.document
        self.world.home.remove(f"{self.folder}/checkpoint-v0.json")
        first = len(self.outcomes) + 1 - PLAYED
        for version, (item, result, failure) in enumerate(self.outcomes, 1):
            document["agent_results"][item] = result
            document["completed_agents"].append(item)
            if failure:
                document["failed_agents"][item] = failure
                document["failed_count"] += 1
            else:
                document["successful_count"] += 1
            if version > first:
                self.save_version(version, first)
        document["is_complete"] = True
        self.save_version(len(self.outcomes) + 1, first)

    def save_version(self, version, first):
        self.version = version
        self.save()
        if version - KEPT > first:
            self.world.home.remove(f"{self.folder}/checkpoint-v{version - KEPT}.json")

    def save(self):
        if not self.world.home.writes:
            return
        self.document["checkpoint_version"] = self.version
        self.document["updated_at"] = rfc3339(self.world.wall_ns)
        content = pretty(self.document)
        stem = f"{self.folder}/checkpoint-v{self.version}"
        self.world.home.replace(stem + ".json", stem + ".tmp", content)
        metadata = {
            "path": f"/home/user/{stem}.json",
            "version": self.version,
            "created_at": rfc3339(self.world.wall_ns),
            "size_bytes": len(content),
        }
        self.world.home.replace(f"{self.folder}/metadata.json", f"{self.folder}/metadata.tmp",
                                pretty(metadata))
