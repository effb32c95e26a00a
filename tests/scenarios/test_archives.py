"""Archives: never counted, or with --count-archives as far as their lines were met nowhere else."""

import gzip
import json
import os

import pytest

from events import append, event, events, record
from exporter import COUNT_EVERYTHING
from meanwhile import DOWN, during
from prodigy_writer import Clean

RULES = COUNT_EVERYTHING.replace(
    'exclude: ["archive/events_archive_*", "*.tmp"]',
    'exclude: "*.tmp"\n    archives: "archive/events_archive_*.jsonl*"',
)
COUNT = ["--count-archives"]


def put_archive(tree, content, stamp="20250201_000000"):
    os.makedirs(tree.path("archive"), exist_ok=True)
    append(tree.path("archive", f"events_archive_{stamp}.jsonl.gz"), gzip.compress(content))


@pytest.mark.parametrize("rules", [COUNT_EVERYTHING, RULES], ids=["exclude", "archives"])
def test_archives_and_temporary_files_are_never_counted(tree, launch, rules):
    exporter = launch(tree.root, rules=rules)
    put_archive(tree, events(1, 3))
    append(tree.job_file("repo", "job-1", "events-20250101_000000.tmp"), events(4, 6))
    append(tree.job_file("repo", "job-1", "events-1.jsonl.tmp"), events(7, 9))
    append(tree.job_file("repo", "job-1", "index.json"), b'{"event":{"event_type":"x"}}\n')
    append(tree.file, event(10))
    exporter.expect_lasting(ok=1)


@during(*DOWN[:2])
@pytest.mark.parametrize("clean", [{"keep": lambda number: number > 4}, {"max_events": 5}],
                         ids=["old prefix", "newest"])
def test_what_retention_removed_unread_is_counted_from_the_archive(
    tree, launch, meanwhile, clean
):
    exporter = launch(tree.root, rules=RULES, options=COUNT)
    append(tree.file, events(1, 2))
    with meanwhile(exporter, ok=2):
        append(tree.file, events(3, 10))
        Clean(tree.root, **clean).job(tree.job)
    exporter.expect_lasting(ok=10)


def test_what_was_counted_is_not_counted_from_the_archive(tree, launch):
    exporter = launch(tree.root, rules=RULES, options=COUNT)
    append(tree.file, events(1, 10))
    exporter.expect(ok=10)
    for stamp in ("20250201_000000", "20250201_000005"):
        Clean(tree.root, keep=lambda number: number > 4, stamp=stamp).job(
            tree.job, crash_before_rename=True)
    exporter.expect_unchanged(ok=10, duplicate=8)
    Clean(tree.root, keep=lambda number: number > 4, stamp="20250201_000009").job(tree.job)
    exporter.expect_unchanged(ok=10, duplicate=18)
    exporter.expect_lasting(ok=10, duplicate=18)


def test_at_the_first_start_each_line_counts_once_wherever_it_lies(tree, launch):
    put_archive(tree, events(1, 6))
    put_archive(tree, events(5, 8), "20250201_000005")
    append(tree.file, events(4, 10))
    append(tree.job_file("repo", "job-2"), events(11, 12))
    exporter = launch(tree.root, rules=RULES, options=COUNT)
    exporter.expect_lasting(ok=12, duplicate=7)


def test_a_line_without_id_in_an_archive_never_counts(tree, launch):
    exporter = launch(tree.root, rules=RULES, options=COUNT)
    line = record(1)
    del line["id"]
    put_archive(tree, json.dumps(line).encode() + b"\n" + event(2))
    exporter.expect(ok=1)
    put_archive(tree, json.dumps(line).encode() + b"\n", "20250201_000005")
    exporter.expect_lasting(ok=1)


@during(*DOWN[:2])
def test_counting_archives_from_the_second_run_on(tree, launch, meanwhile):
    exporter = launch(tree.root, rules=RULES)
    append(tree.file, events(1, 10))
    append(tree.job_file("repo", "job-2"), events(21, 25))
    put_archive(tree, events(1, 12) + events(21, 22))
    with meanwhile(exporter, ok=15):
        exporter.arguments += COUNT
    exporter.expect_lasting(ok=17)  # 11 and 12 are in the archive alone


def test_an_archive_that_is_written_over_in_the_same_second(tree, launch):
    exporter = launch(tree.root, rules=RULES, options=COUNT)
    for job in range(3):
        append(tree.job_file("repo", f"job-{job}"), events(job * 10 + 1, job * 10 + 10))
    exporter.expect(ok=30)
    exporter.committed()
    exporter.stop()
    for job in range(3):
        append(tree.job_file("repo", f"job-{job}"), event(100 + job))
        Clean(tree.root, keep=lambda number: number % 10 > 3 and number < 100).job(
            tree.path("repo", f"job-{job}"))
    exporter.start()
    exporter.expect_lasting(ok=31)  # of three archived lines the last one is there still
