"""What happened, in words of the fleet."""

import re


def truth(ledger):
    """From the ledger's metrics and notes, zeros left out."""
    def by(name, *labels):
        """Sums of a metric, as nested objects by these labels."""
        result = {}
        for key, value in ledger.values.items():
            metric, _, inner = key.partition("{")
            if metric != name or not value:
                continue
            values = dict(re.findall(r'(\w+)="([^"]*)"', inner))
            place = result
            for label in labels[:-1]:
                place = place.setdefault(values.get(label, ""), {})
            last = values.get(labels[-1], "")
            place[last] = place.get(last, 0) + value
        return result

    return {
        "runs": by("prodigy_workflow_executions_total", "status"),
        "runs_active": by("prodigy_workflow_active", "workflow_name"),
        "steps": by("prodigy_step_executions_total", "step_type", "status"),
        "jobs": by("prodigy_mapreduce_jobs_total", "status"),
        "agents": by("prodigy_mapreduce_agents_total", "status"),
        "agents_active": by("prodigy_mapreduce_agents_active", "job_id"),
        "items": by("prodigy_mapreduce_items_total", "status"),
        "dlq": by("prodigy_mapreduce_dlq_items", "job_id"),
        "tokens": by("prodigy_claude_tokens_total", "model", "token_type"),
        "tools": by("prodigy_claude_tool_invocations_total", "tool_name"),
        "other": ledger.notes,
    }
