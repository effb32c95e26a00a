"""Debian's Prometheus, scraping one exporter, and its query API."""

import json
import os
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request

import pytest

from program import wait_until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    def __init__(self, directory, target, interval, configuration=None):
        """`interval`: seconds between scrapes. `configuration`: all of it, instead."""
        program = shutil.which("prometheus")
        if program is None:
            pytest.skip("prometheus is not installed")
        self.port = free_port()
        path = os.path.join(directory, "prometheus.yml")
        with open(path, "w") as file:
            json.dump(configuration or {
                "global": {"scrape_interval": f"{int(interval * 1000)}ms",
                           "scrape_timeout": f"{int(interval * 1000)}ms"},
                "scrape_configs": [
                    {"job_name": "events", "static_configs": [{"targets": [target]}]}
                ],
            }, file)  # JSON is YAML
        self.log = open(os.path.join(directory, "prometheus.log"), "wb")
        self.process = subprocess.Popen(
            [program, f"--config.file={path}",
             f"--storage.tsdb.path={directory}/tsdb",
             f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=self.log, stderr=self.log,
        )

    def wait_until_up(self):
        wait_until(self.is_up, 40, interval=0.2)
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()

    def get(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as response:
            return json.load(response)

    def ask(self, expression, **parameters):
        answer = self.get("/api/v1/query", query=expression, **parameters)
        assert answer["status"] == "success"
        return answer["data"]["result"]

    @staticmethod
    def labels(series):
        """Those of the exporter, without what scraping adds."""
        return tuple(sorted((name, text) for name, text in series["metric"].items()
                            if name not in ("__name__", "job", "instance")))

    def query(self, expression, **parameters):
        """Values by their labels."""
        return {self.labels(series): float(series["value"][1])
                for series in self.ask(expression, **parameters)}

    def samples(self, selector, span="1h"):
        """The raw (time, value) pairs of the one series of this selector."""
        found = self.ask(f"{selector}[{span}]")
        assert len(found) == 1, f"{selector}: {len(found)} series"
        return [(time, float(value)) for time, value in found[0]["values"]]

    def increase(self, selector):
        """increase() over the whole life of a series. The range begins and ends at a sample, so
        that Prometheus has nothing to extrapolate."""
        samples = self.samples(selector)
        first, last = samples[0][0], samples[-1][0]
        span = int(round((last - first) * 1000))
        result = self.query(f"increase({selector}[{span}ms])", time=f"{last:.3f}")
        assert len(result) == 1, f"{selector}: too few samples: {samples}"
        return next(iter(result.values()))

    def is_up(self):
        try:
            return list(self.query("up").values()) == [1]
        except OSError:
            return False
