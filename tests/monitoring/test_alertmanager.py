"""From a dead letter to a message: exporter, Prometheus with the shipped rules, Alertmanager with
the shipped configuration, a web hook."""

import json
import os
import re
import shlex
import shutil
import subprocess
import time

import pytest
import yaml

import alertmanager
from events import append, bare
from exporter import Exporter
from program import wait_until
from prometheus import Prometheus
from shipped_rules import ALERTS, REPOSITORY, RULES, load
from stack import INTERVAL, shipped_configuration

JOB = "mapreduce-20261121_100000"
ALERT = "ProdigyDeadLetters"
SILENCE = re.compile(
    r"^amtool silence add ((.*\\\n)*.* --duration=\S+ --comment=.+ --author=\S+)$", re.M)


def in_a_hurry(path):
    """The shipped alerts, each after a second instead of its `for`; nothing else changes."""
    groups = load(ALERTS)["groups"]
    hurried = [{**group, "rules": [{**rule, "for": "1s"} if "for" in rule else rule
                                   for rule in group["rules"]]} for group in groups]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"groups": hurried}, file)


class Chain:
    """All four, around one job's event file."""

    def __init__(self, directory):
        self.home = directory / "home"
        self.file = self.home / ".prodigy/events/shop" / JOB / "events-20261121_100000.jsonl"
        self.file.parent.mkdir(parents=True)
        self.written = 0
        self.hook = alertmanager.Hook()
        self.running = [self.hook]
        exporter = self.begin(Exporter(None, directory, rules=None, options=["--rules", "prodigy"],
                                       env={"HOME": os.fspath(self.home)}, zero_first=True).start())
        address = f"{exporter.host}:{exporter.port}"
        manager = self.begin(alertmanager.Alertmanager(
            directory, alertmanager.any_address(), self.hook.url)).wait_until_ready()
        folder = directory / "prometheus"
        folder.mkdir()
        content = shipped_configuration(address, manager.address, folder)
        in_a_hurry(folder / "alerts.yml")
        self.prometheus = self.begin(Prometheus(folder, address, INTERVAL, content)).wait_until_up()
        self.address = address

    def begin(self, program):
        self.running.append(program)
        return program

    def stop(self):
        for program in reversed(self.running):
            program.stop()

    def say(self, kind, **fields):
        self.written += 1
        append(self.file, bare({
            "id": f"line-{self.written}",
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "event": {"event_type": kind, "job_id": JOB, **fields}}) + b"\n")

    def wait_for_letters(self, count):
        """Until Prometheus has seen so many, and its rules have been evaluated since."""
        wait_until(lambda: sum(self.prometheus.query("prodigy_mapreduce_dlq_items").values())
                   == count, 20, 0.2)
        time.sleep(3 * INTERVAL)

    def wait_for_message(self, status):
        wait_until(lambda: any(alert["status"] == status for alert in self.hook.alerts(ALERT)), 30,
                   0.2)
        return [alert for alert in self.hook.alerts(ALERT) if alert["status"] == status][-1]


@pytest.fixture
def chain(tmp_path):
    running = Chain(tmp_path)
    yield running
    running.stop()


def test_eleven_dead_letters_become_a_message_and_resolve(chain):
    chain.say("JobStarted", total_items=20)
    for number in range(10):
        chain.say("DLQItemAdded", item_id=f"item-{number}", error_signature="e", failure_count=3)
    chain.wait_for_letters(10)
    assert chain.hook.alerts(ALERT) == [], "ten are not more than ten"

    chain.say("DLQItemAdded", item_id="item-10", error_signature="e", failure_count=3)
    alert = chain.wait_for_message("firing")
    assert alert["labels"] == {
        "alertname": ALERT, "job": "jsonl-exporter", "instance": chain.address, "job_id": JOB,
        "severity": "warning"}
    assert alert["annotations"] == {
        **RULES[ALERT]["annotations"],
        "description": f"11 items of job {JOB} are in the dead letter queue."}

    for number in range(11):
        chain.say("DLQItemRemoved", item_id=f"item-{number}")
    assert chain.wait_for_message("resolved")["labels"]["job_id"] == JOB
    assert chain.prometheus.query("prodigy_mapreduce_dlq_items") == {(("job_id", JOB),): 0}
    assert not [alert for alert in chain.prometheus.get("/api/v1/alerts")["data"]["alerts"]
                if alert["labels"]["alertname"] == ALERT]


def check_config(path):
    program = shutil.which("amtool")
    if program is None:
        pytest.skip("amtool is not installed")
    return subprocess.run([program, "check-config", os.fspath(path)], text=True, timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_the_shipped_configuration_is_valid():
    result = check_config(alertmanager.SHIPPED)
    assert result.returncode == 0, result.stdout


def test_its_examples_are_valid_once_uncommented(tmp_path):
    text = alertmanager.uncommented(alertmanager.shipped_text())
    content = yaml.safe_load(text)
    assert [each["name"] for each in content["receivers"]] == ["nobody", "slack", "mail", "hook"]
    assert {route["receiver"] for route in content["route"]["routes"]} == {"slack", "mail"}
    assert content["global"]["smtp_smarthost"]
    path = tmp_path / "alertmanager.yml"
    path.write_text(text)
    result = check_config(path)
    assert result.returncode == 0, result.stdout
    path.write_text(text.replace("receiver: mail", "receiver: nowhere"))
    assert check_config(path).returncode != 0


def test_the_silence_of_the_page(tmp_path):
    """docs/alerts.md says how to silence one alert of one job; others are heard on."""
    with open(os.path.join(REPOSITORY, "docs", "alerts.md"), encoding="utf-8") as file:
        words = shlex.split(SILENCE.search(file.read()).group(1).replace("\\\n", " "))
    hook = alertmanager.Hook()
    manager = alertmanager.Alertmanager(tmp_path, alertmanager.any_address(), hook.url)
    try:
        manager.wait_until_ready()
        amtool = ["amtool", f"--alertmanager.url=http://{manager.address}"]
        subprocess.run([*amtool, "silence", "add", *words], check=True, timeout=30,
                       stdout=subprocess.DEVNULL)
        silenced = dict(word.split("=", 1) for word in words if not word.startswith("--"))
        for labels in (silenced, {**silenced, "job_id": "another"}):
            subprocess.run([*amtool, "alert", "add", *(f"{k}={v}" for k, v in labels.items())],
                           check=True, timeout=30)
        wait_until(lambda: hook.messages, 20, 0.1)
        time.sleep(2)
        told = {alert["labels"]["job_id"] for alert in hook.alerts(silenced["alertname"])}
        assert told == {"another"}
    finally:
        manager.stop()
        hook.stop()
