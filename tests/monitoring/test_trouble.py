"""What goes wrong in files makes the shipped alerts stir on a real Prometheus: the exporter's
metrics have the names, labels and units that the alerts look for. They stay pending here, since
none of their `for` passes; promtool's cases tell when they fire."""

import json
import os
import shutil
import time

import pytest

from exporter import Exporter
from program import wait_until
from prometheus import Prometheus
from stack import INTERVAL, PACKS, shipped_configuration

FULL_METRIC = """\
sources:
  full: {files: "**/*.jsonl", type: event, time: time}
metrics:
  full_total: {type: counter, help: Has too many series., labels: [name], max_series: 2}
rules:
  full/Named:
    - inc: full_total
      labels: {name: "{name}"}
"""

# All that is made to stir by write_trouble.
TROUBLES = {
    "ProdigyDeadLetters", "ProdigyWorkflowFailures", "ProdigyAgentsSlow", "ProdigyJobStuck",
    "ClaudeTokenSpendHigh", "ClaudeBudgetExceeded", "ClaudeAgentWaiting", "ClaudeTokensUnpriced",
    "StreamProcessorErrors", "StreamProcessorLagging", "StreamProcessorConsumerLag",
    "DagWorkflowFailures", "DagDatabaseUnhealthy", "DagApiSlow", "DagTooManyWorkflows",
    "DagMemoryHigh", "LlmResearchServerErrors", "LlmResearchSlow",
    "JsonlExporterBadLines", "JsonlExporterRuleErrors", "JsonlExporterSeriesLimit",
    "JsonlExporterReloadFailed",
}


def moment(ago=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - ago))


class Home:
    """Files of Prodigy, of Claude Code and of services."""

    def __init__(self, path):
        self.path = os.fspath(path)
        self.events = os.path.join(self.path, ".prodigy", "events")
        os.makedirs(self.events)
        os.makedirs(os.path.join(self.path, ".claude", "projects"))
        self.written = 0

    def append(self, path, *lines):
        path = os.path.join(self.path, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "a", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))

    def prodigy(self, job, kind, **fields):
        self.written += 1
        self.append(f".prodigy/events/shop/{job}/events-20260101_000000.jsonl", json.dumps({
            "id": f"p-{self.written}", "timestamp": moment(),
            "event": {"event_type": kind, **fields}}))

    def service(self, name, kind, /, **fields):
        self.append(f".prodigy/events/{name}/{name}.jsonl",
                    json.dumps({"time": moment(), "event": kind, **fields}))

    def claude(self, kind, ago=0, **message):
        self.written += 1
        self.append(".claude/projects/-home-me-shop/s-1.jsonl", json.dumps({
            "type": kind, "sessionId": "s-1", "cwd": "/home/me/shop", "uuid": str(self.written),
            "isSidechain": False, "timestamp": moment(ago), "message": {
                "id": f"msg_{self.written}", "role": kind, **message}}))


def write_trouble(home, number):
    """Again and again, since an increase needs two looks. `number`: which time."""
    write_prodigy(home, number)
    write_claude(home)
    write_services(home, number)
    home.append(".prodigy/events/broken/broken.jsonl", *["{not json"] * 40)
    for name in ("a", "b", "c", "d"):
        home.service("full", "Named", name=f"{name}{number}")


def write_prodigy(home, number):
    if number == 0:
        home.prodigy("mapreduce-stuck", "JobStarted", total_items=5)
        home.prodigy("mapreduce-slow", "JobStarted", total_items=99)
    home.prodigy("session-a", "WorkflowStarted", workflow_name=f"deploy-{number}")
    home.prodigy("session-a", "WorkflowFailed", workflow_name=f"deploy-{number}", duration=3)
    for item in range(4):
        agent = {"agent_id": f"agent-{number}-{item}", "item_id": f"item-{number}-{item}"}
        home.prodigy("mapreduce-slow", "AgentStarted", **agent)
        home.prodigy("mapreduce-slow", "AgentCompleted", duration=1000, **agent)
        home.prodigy("mapreduce-slow", "AgentCompleted", duration="long", agent_id="agent-odd")
        home.prodigy("mapreduce-slow", "DLQItemAdded", item_id=f"dead-{number}-{item}")


def write_claude(home):
    for model, tokens in (("claude-opus-4-5-20251101", 2_000_000), ("local-coder", 1000)):
        home.claude("assistant", model=model, content=[{"type": "text", "text": "so"}],
                    usage={"input_tokens": 10, "output_tokens": tokens})
    home.claude("assistant", ago=900, model="claude-opus-4-5-20251101",
                usage={"input_tokens": 1, "output_tokens": 1},
                content=[{"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}])


def write_services(home, number):
    for _ in range(5):
        home.service("stream", "EventProcessed", result="error", duration=0.1)
        home.service("dag", "ApiRequest", method="GET", endpoint="/slow", status_code=200,
                     duration=8)
        home.service("llm", "HttpRequest", method="GET", path="/runs", status=503, duration=5)
    for execution in range(40):
        home.service("dag", "WorkflowStarted", workflow_name="etl",
                     execution_id=f"e-{number}-{execution}")
    home.service("dag", "WorkflowCompleted", workflow_name="etl", execution_id=f"e-{number}-0",
                 status="failure", duration=2)
    home.service("stream", "LagMeasured", lag=90)
    home.service("stream", "KafkaConsumed", topic="orders", partition=0, count=1, lag=20000)
    home.service("dag", "HealthChecked", check_type="database", healthy=False)
    home.service("dag", "SystemMeasured", memory_bytes=3 << 30)


class Watched:
    """An exporter with all packs and one rule file more; a Prometheus with the shipped rules."""

    def __init__(self, directory):
        self.home = Home(directory / "home")
        self.rules = directory / "full.yaml"
        self.rules.write_text(FULL_METRIC)
        names = [*PACKS, self.rules]
        self.exporter = Exporter(
            None, directory, rules=None, zero_first=True, env={"HOME": self.home.path},
            options=[word for name in names for word in ("--rules", name)]).start()
        folder = directory / "prometheus"
        folder.mkdir()
        address = f"{self.exporter.host}:{self.exporter.port}"
        self.prometheus = Prometheus(folder, address, INTERVAL, shipped_configuration(
            address, "127.0.0.1:1", folder)).wait_until_up()

    def stop(self):
        self.prometheus.stop()
        self.exporter.kill()

    def stirring(self):
        """Alerts that are pending or fire, and of whom: {name: [labels]}"""
        found = {}
        for alert in self.prometheus.get("/api/v1/alerts")["data"]["alerts"]:
            found.setdefault(alert["labels"]["alertname"], []).append(alert["labels"])
        return found

    def wait_for(self, names, meanwhile=lambda: None, timeout=30):
        """Until all of these stir."""
        def are_there():
            meanwhile()
            return names <= set(self.stirring())

        try:
            wait_until(are_there, timeout, 1)
        except AssertionError:
            pytest.fail(f"these do not stir: {sorted(names - set(self.stirring()))}")
        return self.stirring()


@pytest.fixture
def watched(tmp_path):
    running = Watched(tmp_path)
    yield running
    running.stop()


def test_trouble_is_seen(watched):
    home = watched.home
    wait_until(lambda: watched.prometheus.query("count_over_time(jsonl_exporter_up[1m]) > 2"), 30,
               0.2)
    assert watched.stirring() == {}

    found = watched.wait_for({"JsonlExporterRulesStarving"},
                             lambda: home.service("odd", "Unheard", of="it"))
    assert set(found) == {"JsonlExporterRulesStarving"}

    watched.rules.write_text("rules: [")
    watched.exporter.reload()
    rounds = iter(range(1000))
    found = watched.wait_for(TROUBLES, lambda: write_trouble(home, next(rounds)))
    assert set(found) == TROUBLES, "and no other one; rules are not starving any more"
    assert {labels["job_id"] for labels in found["ProdigyJobStuck"]} == {"mapreduce-stuck"}
    assert [labels["project"] for labels in found["ClaudeAgentWaiting"]] == ["shop"]
    assert [labels["metric"] for labels in found["JsonlExporterSeriesLimit"]] == ["full_total"]
    assert [labels["model"] for labels in found["ClaudeTokensUnpriced"]] == ["local-coder"]
    assert [labels["endpoint"] for labels in found["DagApiSlow"]] == ["/slow"]

    shutil.rmtree(home.events)
    watched.wait_for({"JsonlExporterEventsMissing"})
    watched.exporter.kill()
    watched.wait_for({"JsonlExporterDown"})
