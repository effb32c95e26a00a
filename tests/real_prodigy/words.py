"""What Prodigy says on its terminal, as numbers."""

import re

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Words:
    """Counts of one run; `quotes` are the lines from which they come."""

    def __init__(self, output, status):
        self.status = status
        self.text = COLOURS.sub("", output)
        self.quotes = {}
        self.succeeded = self.count("succeeded", r"Cook session completed successfully")
        self.interrupted = int(status in (130, -2))
        self.ended_badly = int(status != 0 and not self.interrupted)
        self.is_mapreduce = "Executing MapReduce workflow" in self.text
        self.steps, self.failed_steps = self.saved_steps()
        self.seconds = self.total_time()
        self.agents_started = self.count("agents_started", r"Starting agent \S+ for item")
        self.agents_done = self.count("agents_done", r"Agent \S+ \(item \S+\) completed")
        self.dead_letters = self.count("dead_letters", r"Added failed item \S+ to DLQ")
        self.items = self.map_result()
        self.changed = self.session_result()
        self.jobs = self.count("jobs", r"Starting MapReduce job execution")

    def count(self, name, pattern):
        lines = [line for line in self.text.splitlines() if re.search(pattern, line)]
        if lines:
            quote = re.sub(r"^\S+Z\s+INFO\s+", "", lines[-1].strip())
            self.quotes[name] = (f"{len(lines)} x " if len(lines) > 1 else "") + quote
        return len(lines)

    def saved_steps(self):
        """Of both, those that were completed and those that failed, {step type: how many}. Each is
        saved with a checkpoint; one that failed with the number of the step before."""
        good, bad, current = {}, {}, None
        for line in self.text.splitlines():
            begun = re.search(r"Executing step (\d+)/\d+: (\w+):", line)
            if begun:
                number, current = int(begun.group(1)), begun.group(2)
            saved = re.search(r"Saved checkpoint for workflow \S+ at step (\d+)", line)
            if saved and current:
                counts = good if int(saved.group(1)) == number else bad
                counts[current] = counts.get(current, 0) + 1
                current = None
        return good, bad

    def total_time(self):
        """Seconds, as rounded as Prodigy tells them; None where it does not."""
        found = re.search(r"Total (?:MapReduce )?workflow time: (\d+)s\b.*", self.text)
        if not found:
            return None
        self.quotes["seconds"] = found.group(0)
        return int(found.group(1))

    def session_result(self):
        """(iterations, files changed), or None when the run did not complete."""
        found = re.search(r"Session complete: (\d+) iterations, (\d+) files changed", self.text)
        if not found:
            return None
        self.quotes["changed"] = found.group(0)
        return int(found.group(1)), int(found.group(2))

    def map_result(self):
        """(successful, failed) of the map phase, or None when it was not completed."""
        found = re.search(r"Map phase completed: (\d+) successful, (\d+) failed.*", self.text)
        if not found:
            return None
        self.quotes["items"] = found.group(0)
        return int(found.group(1)), int(found.group(2))
