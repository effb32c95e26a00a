"""A database written by the first schema loads for ever: tests/fixtures/schema-1 holds it, the rules
and events it was made of, and the samples that were shown then."""

import os
import shutil

import pytest

from program import REPOSITORY
from events import append

FIXTURE = os.path.join(REPOSITORY, "tests", "fixtures", "schema-1")
ROOT = "/tmp/jsonl-exporter-first-schema"  # paths in the database are absolute


@pytest.fixture
def root():
    shutil.rmtree(ROOT, ignore_errors=True)
    os.makedirs(os.path.join(ROOT, "events"))
    yield os.path.join(ROOT, "events")
    shutil.rmtree(ROOT)


def read(name):
    with open(os.path.join(FIXTURE, name), encoding="utf-8") as file:
        return file.read()


def shown(exporter):
    lines = exporter.scrape().text.splitlines()
    return sorted(line for line in lines if line and line[0] != "#" and "quantile" not in line
                  and not line.startswith(("jsonl_exporter_", "process_")))


def test_values_ids_and_memories_of_the_first_schema_are_known(tmp_path, launch, root):
    (tmp_path / "state").mkdir(mode=0o700)
    shutil.copy(os.path.join(FIXTURE, "state.db"), tmp_path / "state" / "state.db")
    exporter = launch(root, rules=read("rules.yaml"), state=tmp_path / "state")
    assert exporter.status()["state"]["start"] == "clean"
    assert shown(exporter) == sorted(read("samples.txt").split("\n")[:-1])
    # The same lines in another file: their ids are known, nothing counts again.
    path = os.path.join(root, "repo", "job-1", "events-2.jsonl")
    os.makedirs(os.path.dirname(path))
    append(path, read("events.jsonl").encode())
    exporter.sync()
    assert shown(exporter) == sorted(read("samples.txt").split("\n")[:-1])
    # A key that was seen, and one that was not.
    line = '{"id":"new-%d","type":"End","time":"2026-11-21T09:01:00Z","key":"%s","value":%g}\n'
    append(path, (line % (1, "k1", 11)).encode() + (line % (2, "k9", 1)).encode())
    exporter.sync()
    assert exporter.total("seen_total") == 8
