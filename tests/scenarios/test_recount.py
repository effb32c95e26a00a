"""--recount: everything anew from the files there are, swapped in when it is complete."""

import os

import pytest

from events import append, event, events
from exporter import COUNT_EVERYTHING
from prodigy_writer import Clean

TWICE = COUNT_EVERYTHING.replace("metrics:\n", """metrics:
  twice_total: {type: counter, help: h}
""").replace('rules:\n  "*":\n', """rules:
  "*":
    - add: twice_total
      value: 2
""")


def test_recount_gives_a_new_metric_its_history(tree, exporter):
    append(tree.file, events(1, 5))
    exporter.expect(ok=5)
    exporter.write_rules(TWICE)
    exporter.restart()
    assert exporter.expect(ok=5).total("twice_total") == 0
    exporter.restart("--recount")
    assert exporter.expect(ok=5).value("twice_total") == 10
    assert exporter.status()["state"]["start"] == "recount"
    append(tree.file, event(6))
    assert exporter.expect_lasting(ok=6).value("twice_total") == 12


def test_recount_counts_what_is_on_disk_and_no_more(tree, exporter):
    append(tree.file, events(1, 10) + b"{broken\n")
    append(tree.job_file("repo", "job-1", "events-copy.jsonl"), events(8, 10))
    exporter.expect(ok=10, bad=1, duplicate=3)
    exporter.committed()
    Clean(tree.root, keep=lambda number: number > 4, archive=False).job(tree.job)
    exporter.expect_unchanged(ok=10, bad=1)
    exporter.stop()
    exporter.floor.clear()
    exporter.start("--recount")
    samples = exporter.expect(ok=6)
    assert samples.skipped("duplicate") == 3
    exporter.expect_lasting(ok=6, duplicate=3)


def test_recount_answers_503_until_it_is_complete(tree, exporter):
    for number in range(40):
        append(tree.job_file("repo", f"job-{number}"), events(1, 10000))
    exporter.expect(ok=400000, timeout=60)
    exporter.restart("--recount")
    refused = 0
    while exporter.request("/metrics").status == 503:
        refused += 1
    assert refused > 0
    assert exporter.scrape_once().ok == 400000


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_a_recount_that_is_interrupted_leaves_what_was_saved(tree, exporter, end):
    for number in range(40):
        append(tree.job_file("repo", f"job-{number}"), events(1, 10000))
    exporter.expect(ok=400000, timeout=60)
    exporter.committed()
    lost = tree.job_file("repo", "job-0")
    os.unlink(lost)  # a recount that came through would tell 390000
    exporter.sync()
    exporter.restart("--recount")
    assert exporter.request("/metrics").status == 503, "too fast to be interrupted"
    exporter.stop() if end == "stopped" else exporter.kill9()
    exporter.start()
    exporter.expect(ok=400000, timeout=60)
    append(tree.job_file("repo", "job-1"), event(20000))
    exporter.expect_lasting(ok=400001)


def test_recount_again_and_again(tree, exporter):
    append(tree.file, events(1, 5))
    exporter.expect(ok=5)
    for number in range(6, 9):
        append(tree.file, event(number))
        exporter.restart("--recount")
        exporter.expect(ok=number)
    exporter.expect_lasting(ok=8)
    size = exporter.status()["state"]["bytes"]
    assert size < 2 << 20, "what was counted before is deleted"


def test_recount_where_there_is_nothing_to_forget(tree, launch):
    append(tree.file, events(1, 5))
    exporter = launch(tree.root, options=["--recount"])
    exporter.expect(ok=5)
