"""All that is shipped at once: the exporter with every pack, fed live by the players of samples/,
and Debian's Prometheus with the shipped scrape configuration, recording rules and alerts.

    stack.query(expression)           {labels: value} at the end of the story
    stack.run(expression)             the same, of a panel: Grafana's variables are filled in
    stack.run_range(expression)       [{"metric": ..., "values": ...}] along the whole story
    stack.fleet, stack.services       what the players say must be shown, by `name{label="value"}`

Prometheus scrapes each second, and nobody else asks for /metrics before the story ends: that the
first scrape of a new series shows 0 is what makes its increase exact.
"""

import json
import os
import re
import shutil
import subprocess
import time

import yaml

from exporter import Exporter
from program import REPOSITORY, patience, wait_until
from prometheus import Prometheus, free_port

SHIPPED = os.path.join(REPOSITORY, "dashboards", "prometheus")
PACKS = ["prodigy", "claude-code", "stream-processor", "dag-workflow", "llm-research"]
# They are there before any run: one that is missing is looked for once a second.
ROOTS = [".prodigy/events", ".prodigy/sessions", ".prodigy/state", ".prodigy/dlq",
         ".prodigy/worktrees", ".prodigy/logs/claude-streaming", ".claude/projects"]
STORY = 62  # seconds
INTERVAL = 1  # seconds between scrapes
# What Grafana fills in. The range is longer than the story: nothing was before.
FILLED = {"$__rate_interval": "10s", "$__interval": "5s", "$__range": "15m",
          "${datasource}": "prometheus"}


def fill(expression, **variables):
    """With Grafana's variables filled in; those of a dashboard stand for All, unless given."""
    for name, text in FILLED.items():
        expression = expression.replace(name, text)
    for name, text in variables.items():
        expression = re.sub(rf"\$({name}\b|\{{{name}\}})", lambda _: text, expression)
    return re.sub(r"\$\{?[a-z_]\w*\}?", ".*", expression)


def shipped_configuration(exporter, alertmanager, folder):
    """The shipped one, with addresses of this machine and shorter intervals."""
    for name in ("recording.yml", "alerts.yml"):
        shutil.copy(os.path.join(SHIPPED, name), folder)
    with open(os.path.join(SHIPPED, "prometheus.yml"), encoding="utf-8") as file:
        configuration = yaml.safe_load(file)
    addresses = {"exporter:9090": exporter, "alertmanager:9093": alertmanager}
    places = configuration["scrape_configs"] + configuration["alerting"]["alertmanagers"]
    for place in places:
        for targets in place["static_configs"]:
            targets["targets"] = [addresses[target] for target in targets["targets"]]
    configuration["global"].update(scrape_interval=f"{INTERVAL}s", evaluation_interval="1s")
    return configuration


class Trouble:
    """What the players do not play: lines that are no events, an event that no rule knows, and a
    session of Claude Code with several prompts, a compaction, an error and a pending call."""

    def __init__(self, home):
        self.events = os.path.join(home, ".prodigy", "events", "odd", "session-odd",
                                   "events-20260101_000000.jsonl")
        self.log = os.path.join(home, ".claude", "projects", "-home-me-notes", "0d0d.jsonl")
        self.project = "/home/me/notes"
        self.written = 0

    @staticmethod
    def append(path, *lines):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "a", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))

    def say(self, kind, message, **fields):
        self.written += 1
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{self.written:03}Z"
        self.append(self.log, json.dumps({
            "type": kind, "sessionId": "0d0d", "cwd": self.project, "uuid": str(self.written),
            "isSidechain": False, "timestamp": now, "message": message, **fields}))

    def answer(self, *content, **fields):
        self.say("assistant", {
            "id": f"msg_odd_{self.written}", "role": "assistant", "content": list(content),
            "model": "claude-opus-4-5-20251101",
            "usage": {"input_tokens": 10, "output_tokens": 5}}, **fields)

    def begin(self):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        self.append(self.events, "{not json", json.dumps({
            "id": "odd-1", "timestamp": stamp + "Z",
            "event": {"event_type": "something_unheard_of"}}))
        self.say("user", {"role": "user", "content": "first prompt"})
        self.answer({"type": "text", "text": "done"})

    def go_on(self):
        self.append(self.log, json.dumps({
            "type": "system", "subtype": "compact_boundary", "sessionId": "0d0d", "uuid": "c1",
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}))
        self.say("user", {"role": "user", "content": "second prompt"})
        self.answer({"type": "text", "text": "API Error: Overloaded"}, isApiErrorMessage=True)
        self.answer({"type": "tool_use", "id": "toolu_odd", "name": "Bash", "input": {}})


class Stack:
    def __init__(self, directory):
        self.directory = os.fspath(directory)
        self.home = os.path.join(self.directory, "home")
        self.alertmanager = f"127.0.0.1:{free_port()}"  # where one may be started
        self.exporter = self.prometheus = None
        self.players = []
        self.began = self.at = None

    # --- The story

    def play(self):
        for root in ROOTS:
            os.makedirs(os.path.join(self.home, root))
        self.start_exporter()
        self.start_prometheus()
        wait_until(lambda: len(self.scrapes()) >= 2, 30, 0.2)
        self.began = time.time()
        trouble = Trouble(self.home)
        trouble.begin()
        self.start_players()
        time.sleep(STORY / 2)
        trouble.go_on()
        for player in self.players:
            assert player.wait((STORY + 60) * patience()) == 0, player.args
        self.fleet = self.read("fleet.json")
        self.truth = self.read("fleet-truth.json")
        self.services = self.read("services.json")["metrics"]
        self.wait_until_still()

    def start_exporter(self):
        options = [word for pack in PACKS for word in ("--rules", pack)]
        self.exporter = Exporter(None, self.directory, rules=None, options=options,
                                 env={"HOME": self.home}, zero_first=True, interval="1s",
                                 resource_interval="1s").start()

    def start_prometheus(self):
        folder = os.path.join(self.directory, "prometheus")
        os.mkdir(folder)
        address = f"127.0.0.1:{self.exporter.port}"
        self.prometheus = Prometheus(folder, address, INTERVAL, shipped_configuration(
            address, self.alertmanager, folder)).wait_until_up()

    def start_players(self):
        events = os.path.join(self.home, ".prodigy", "events")
        path = self.path
        fleet = ["simulate", events, "--dialect", "documented,0.1,0.4.4", "--speed", "4", "--jobs",
                 "6", "--seed", "5", "--duration", str(STORY), "--expected", path("fleet.json"),
                 "--truth", path("fleet-truth.json")]
        services = ["services", "--directory", events, "--seconds", str(STORY), "--seed", "5",
                    "--truth", path("services.json")]
        self.players = [
            subprocess.Popen([os.path.join(REPOSITORY, "samples", name), *options])
            for name, *options in (fleet, services)
        ]

    def path(self, name):
        return os.path.join(self.directory, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return json.load(file)

    def scrapes(self):
        """Times of the scrapes of the last minutes."""
        found = self.prometheus.ask('jsonl_exporter_read_lines_total{job="jsonl-exporter"}[15m]')
        return [float(moment) for moment, _ in found[0]["values"]] if found else []

    def wait_until_still(self):
        """Until what was read is no more for some scrapes, and nothing is left to read."""
        def is_still():
            query = self.prometheus.query
            read = query("increase(jsonl_exporter_read_bytes_total[8s])")
            documents = query("increase(jsonl_exporter_document_read_bytes_total[8s])")
            lag = query("max_over_time(jsonl_exporter_lag_bytes[8s])")
            return read and sum(read.values()) == sum(documents.values()) == 0 and \
                sum(lag.values()) == 0

        wait_until(is_still, 60, 0.5)
        self.at = self.scrapes()[-1]

    def stop(self):
        for player in self.players:
            if player.poll() is None:
                player.kill()
                player.wait()
        if self.prometheus:
            self.prometheus.stop()
        if self.exporter:
            self.exporter.kill()

    # --- What Prometheus tells

    def query(self, expression):
        """{labels without job and instance: value} at the last scrape of the story."""
        return self.prometheus.query(expression, time=f"{self.at:.3f}")

    def total(self, expression):
        """The one value of an expression."""
        found = self.query(expression)
        assert len(found) == 1, f"{expression}: {found}"
        return next(iter(found.values()))

    def run(self, expression, **variables):
        return self.query(fill(expression, **variables))

    def run_range(self, expression, **variables):
        answer = self.prometheus.get("/api/v1/query_range", query=fill(expression, **variables),
                                     start=f"{self.began - 5:.3f}", end=f"{self.at:.3f}", step=2)
        assert answer["status"] == "success"
        return answer["data"]["result"]

    def exposition(self):
        """What /metrics and /metrics/self show now, as text."""
        return self.exporter.scrape().text + self.exporter.scrape("/metrics/self").text

    # --- What must be so

    @staticmethod
    def expected(values, name, **labels):
        """The sum of the samples of this name with these labels, in what a player wrote."""
        return sum(Stack.by(values, name, **labels).values())

    @staticmethod
    def by(values, name, *names, **labels):
        """{(values of the labels `names`): sum}, of the samples with these labels."""
        found = {}
        for key, value in values.items():
            metric, _, inner = key.partition("{")
            own = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', inner))
            if metric == name and all(own.get(label, "") == text for label, text in labels.items()):
                place = tuple(own.get(label, "") for label in names)
                found[place] = found.get(place, 0) + value
        return found
