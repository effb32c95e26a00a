"""Tests of what is shipped for Prometheus, Grafana and Alertmanager, on the real Prometheus. All
that ask for `stack` share one (so run them in one process, without -n)."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "scenarios"))

from program import BINARY  # noqa: E402
from stack import Stack  # noqa: E402


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """An exporter with all packs and a Prometheus that watched it while the players played."""
    if not os.path.exists(BINARY):
        pytest.skip(f"{BINARY} is not built")
    running = Stack(tmp_path_factory.mktemp("stack"))
    try:
        running.play()
        yield running
    finally:
        running.stop()
