"""Debian's Alertmanager with the shipped configuration, and a web hook that keeps what it hears."""

import http.server
import json
import os
import re
import shutil
import subprocess
import threading
import urllib.request

import pytest
import yaml

from program import wait_until
from prometheus import free_port
from shipped_rules import FOLDER

SHIPPED = os.path.join(FOLDER, "alertmanager.yml")
# What a person can wait for becomes what a test can wait for; nothing else changes.
SHORTENED = {"group_wait": "1s", "group_interval": "1s"}


def shipped_text():
    with open(SHIPPED, encoding="utf-8") as file:
        return file.read()


def uncommented(text):
    """With all that stands there as an example."""
    return re.sub(r"^( *)# (?=( *)(- |[a-z_]+:))", r"\1", text, flags=re.M)


def configuration(hook):
    """The shipped one, which tells the web hook that stands there as an example."""
    content = yaml.safe_load(uncommented(shipped_text()))
    receiver = next(each for each in content["receivers"] if each["name"] == "hook")
    receiver["webhook_configs"][0]["url"] = hook
    return {"global": {"resolve_timeout": "5m"}, "receivers": [receiver],
            "inhibit_rules": content["inhibit_rules"],
            "route": {**content["route"], **SHORTENED, "receiver": "hook", "routes": []}}


class Hook:
    """A server that takes Alertmanager's messages."""

    def __init__(self):
        self.messages = []
        hook = self

        class Taker(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.messages.append(json.loads(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
        self.url = f"http://127.0.0.1:{self.server.server_port}/alerts"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def alerts(self, name):
        """All that was told of one alert, in order."""
        return [alert for message in list(self.messages) for alert in message["alerts"]
                if alert["labels"]["alertname"] == name]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Alertmanager:
    def __init__(self, directory, address, hook):
        program = shutil.which("prometheus-alertmanager")
        if program is None:
            pytest.skip("prometheus-alertmanager is not installed")
        self.address = address
        path = os.path.join(directory, "alertmanager.yml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(configuration(hook), file)  # JSON is YAML
        self.log = open(os.path.join(directory, "alertmanager.log"), "wb")
        self.process = subprocess.Popen(
            [program, f"--config.file={path}", f"--storage.path={directory}/alertmanager",
             f"--web.listen-address={address}", "--cluster.listen-address="],
            stdout=self.log, stderr=self.log)

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def wait_until_ready(self):
        wait_until(self.is_ready, 30, 0.1)
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


def any_address():
    return f"127.0.0.1:{free_port()}"
