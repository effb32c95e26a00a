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
        self.steps = self.saved_steps()
        self.agents_started = self.count("agents_started", r"Starting agent \S+ for item")
        self.agents_done = self.count("agents_done", r"Agent \S+ \(item \S+\) completed")
        self.dead_letters = self.count("dead_letters", r"Added failed item \S+ to DLQ")
        self.items = self.map_result()
        self.jobs = self.count("jobs", r"Starting MapReduce job execution")

    def count(self, name, pattern):
        lines = [line for line in self.text.splitlines() if re.search(pattern, line)]
        if lines:
            quote = re.sub(r"^\S+Z\s+INFO\s+", "", lines[-1].strip())
            self.quotes[name] = (f"{len(lines)} x " if len(lines) > 1 else "") + quote
        return len(lines)

    def saved_steps(self):
        """{step type: how many were completed}: each is saved with a checkpoint when it is."""
        steps, current = {}, None
        for line in self.text.splitlines():
            begun = re.search(r"Executing step \d+/\d+: (\w+):", line)
            if begun:
                current = begun.group(1)
            saved = re.search(r"Saved checkpoint for workflow \S+ at step (\d+)", line)
            if saved and current:
                steps[current] = steps.get(current, 0) + 1
                self.quotes["step " + current] = f"{steps[current]} x step '{current}:' saved"
                current = None
        return steps

    def map_result(self):
        """(successful, failed) of the map phase, or None when it was not completed."""
        found = re.search(r"Map phase completed: (\d+) successful, (\d+) failed.*", self.text)
        if not found:
            return None
        self.quotes["items"] = found.group(0)
        return int(found.group(1)), int(found.group(2))
