"""The walk enters only directories in which a pattern can still match: what lies beside costs
nothing, however much it is."""

import os
import shutil
import time

import pytest

from events import append, event
from exporter import COUNT_EVERYTHING
from program import is_sanitizer_build, wait_until

# As a Prodigy home has them: checkouts lie beside the metadata of their worktrees.
WORKTREES = COUNT_EVERYTHING.replace("sources:\n", """\
sources:
  worktrees:
    root: "${EVENTS_DIR}/../worktrees"
    files: "{repo}/.metadata/{session}.jsonl"
    type: kind
  agents:
    root: "${EVENTS_DIR}/../worktrees"
    files: "{session}/.metadata/mapreduce-agent-{job}_agent_{number}.jsonl"
    type: kind
""").replace('labels: {job_id: "{file.job_id}"}', 'labels: {job_id: "{job_id}"}')
DIRECTORIES, FILES = 2000, 100


def make_checkout(top):
    """200,000 files. They are names of a hundred empty ones."""
    template = os.path.join(top, "template")
    os.makedirs(template)
    for number in range(FILES):
        append(os.path.join(template, f"events-{number}.jsonl"), b"")
    for number in range(1, DIRECTORIES):
        directory = os.path.join(top, f"src-{number % 40}", f"module-{number}")
        os.makedirs(directory)
        for name in os.listdir(template):
            os.link(os.path.join(template, name), os.path.join(directory, name))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    top = tmp_path_factory.mktemp("checkout") / "tree"
    make_checkout(top)
    yield top
    shutil.rmtree(top, ignore_errors=True)


def watched(exporter):
    return exporter.own("watches"), exporter.own("directories")


def test_a_checkout_of_200_000_files_beside_a_followed_directory(tree, launch, tmp_path, checkout):
    metadata = tmp_path / "worktrees" / "demo-repo" / ".metadata"
    os.makedirs(metadata)
    append(metadata / "session-1.jsonl", b'{"kind":"Made"}\n')
    append(tree.file, event(1))
    exporter = launch(tree.root, rules=WORKTREES)
    exporter.expect(ok=2)
    before, spent = watched(exporter), exporter.cpu_seconds()

    for place in (tmp_path / "worktrees" / "demo-repo" / "session-1",
                  tmp_path / "worktrees" / "session-1"):
        os.rename(checkout, place)
        append(metadata / "session-1.jsonl", b'{"kind":"Seen"}\n')
        exporter.sync()
        time.sleep(1)
        # A directory right below the root may hold .metadata: it alone is entered.
        entered = place.parent.name == "worktrees"
        assert watched(exporter) == (before[0] + entered, before[1] + entered)
        if not is_sanitizer_build():
            assert exporter.cpu_seconds() - spent < 1
        began = time.monotonic()
        exporter.restart()
        exporter.scrape()
        assert time.monotonic() - began < 30
        wait_until(lambda: watched(exporter) == (before[0] + entered, before[1] + entered), 5)
        spent = exporter.cpu_seconds()
        os.rename(place, checkout)
        wait_until(lambda: watched(exporter) == before, 15)
    exporter.expect(ok=4)
