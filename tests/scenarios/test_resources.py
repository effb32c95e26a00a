"""What the exporter measures itself: processes that hold event files open, and file systems. With
the real program, the pack `prodigy`, and real processes."""

import os
import re
import time

import pytest

from events import Tree, append
from job_process import JobProcess
from program import wait_until

MEMORY = "prodigy_mapreduce_memory_bytes"
PERCENT = "prodigy_mapreduce_cpu_percent"
SECONDS = "prodigy_mapreduce_cpu_seconds_total"
JOB = "mapreduce-20261121_014310"


@pytest.fixture
def job_file(tree):
    """An event file of a job, empty as Prodigy 0.4.4 leaves it."""
    path = os.path.join(tree.root, "session-1", JOB, "events-20261121_014310.jsonl")
    os.makedirs(os.path.dirname(path))
    append(path, b"")
    return path


@pytest.fixture
def sampling(tree, launch):
    """sampling(): an exporter of the pack that measures once a second."""

    def start(**options):
        options.setdefault("resource_interval", "1s")
        return launch(tree.root, rules=None, options=["--rules", "prodigy"], **options)

    return start


@pytest.fixture
def job(job_file):
    with JobProcess(job_file) as process:
        yield process


def resident(*pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/status") as file:
            total += int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) * 1024
    return total


def used(*pids):
    """Seconds of processor time, with that of children that were waited for."""
    ticks = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def shown(exporter, name, job_id=JOB):
    samples = exporter.scrape()
    return samples.value(name, job_id=job_id) if samples.has(name, job_id=job_id) else None


def is_near(value, wanted, share):
    return value is not None and abs(value - wanted) <= share * wanted


def test_memory_and_processor_time_of_the_process_tree_that_holds_a_job_s_file(
    sampling, job, without_sanitizer
):
    exporter = sampling()
    wait_until(lambda: is_near(shown(exporter, MEMORY), resident(job.pid), 0.2), 10)
    job.do("allocate 50")
    child = job.do("start")
    job.do("child allocate 30")
    job.do("child burn 0.5")
    assert resident(job.pid, child) > 80 << 20
    wait_until(lambda: is_near(shown(exporter, MEMORY), resident(job.pid, child), 0.2), 10)
    wait_until(lambda: is_near(shown(exporter, SECONDS), used(job.pid, child), 0.1), 10)
    assert shown(exporter, PERCENT) is not None
    total = shown(exporter, SECONDS)
    assert total >= 0.5
    job.do("reap")  # the child's time is its parent's now: it counts no less, and no second time
    time.sleep(2.5)
    assert is_near(shown(exporter, SECONDS), used(job.pid), 0.1)
    wait_until(lambda: is_near(shown(exporter, MEMORY), resident(job.pid), 0.2), 10)


def test_processor_time_rises_while_it_works_and_never_falls(sampling, job):
    exporter = sampling()
    wait_until(lambda: shown(exporter, PERCENT) is not None, 10)
    begun = used(job.pid)
    totals = []
    shares = []
    longest = 0
    for _ in range(4):
        start = time.monotonic()
        job.do("burn 0.7")
        longest = max(longest, time.monotonic() - start)
        totals.append(shown(exporter, SECONDS))
        shares.append(shown(exporter, PERCENT))
    wait_until(lambda: shown(exporter, SECONDS) >= begun + 2.7, 10)
    assert totals == sorted(totals) and totals[-1] > totals[0] + 0.5
    given = 70 / longest  # percent: others use the machine, too
    assert given / 3 < max(shares) < 120, (shares, given)
    wait_until(lambda: shown(exporter, PERCENT) < 5, 10)
    assert is_near(shown(exporter, SECONDS), used(job.pid), 0.1)


def test_gauges_go_when_the_process_ends_and_the_total_stays(sampling, job):
    exporter = sampling()
    wait_until(lambda: shown(exporter, PERCENT) is not None, 10)
    job.do("burn 0.3")
    wait_until(lambda: shown(exporter, SECONDS) >= 0.3, 10)
    total = shown(exporter, SECONDS)
    job.end()
    wait_until(lambda: shown(exporter, MEMORY) is None, 10)
    assert shown(exporter, PERCENT) is None
    assert shown(exporter, SECONDS) >= total
    assert exporter.own("fields_missing_total") == 0 and exporter.own("rule_errors_total") == 0


def test_a_job_that_goes_on_in_another_process_adds_to_its_total(sampling, job, job_file):
    exporter = sampling()
    job.do("burn 0.3")
    wait_until(lambda: (shown(exporter, SECONDS) or 0) >= 0.3, 10)
    total = shown(exporter, SECONDS)
    job.end()
    wait_until(lambda: shown(exporter, MEMORY) is None, 10)
    with JobProcess(job_file) as resumed:
        resumed.do("burn 0.3")
        wait_until(lambda: shown(exporter, SECONDS) >= total + 0.3, 10)
        assert shown(exporter, MEMORY) is not None
        assert is_near(shown(exporter, SECONDS), total + used(resumed.pid), 0.1)


def test_a_restart_of_the_exporter_counts_no_time_twice(sampling, job):
    exporter = sampling()
    job.do("burn 0.6")
    wait_until(lambda: (shown(exporter, SECONDS) or 0) >= 0.6, 10)
    exporter.restart()
    wait_until(lambda: shown(exporter, PERCENT) is not None, 10)
    assert is_near(shown(exporter, SECONDS), used(job.pid), 0.1)
    exporter.committed().kill9()
    job.do("burn 0.6")  # while nobody looks
    exporter.start()
    wait_until(lambda: shown(exporter, SECONDS) >= 1.2, 10)
    assert is_near(shown(exporter, SECONDS), used(job.pid), 0.1)


def test_a_job_that_ended_while_the_exporter_was_down(sampling, job):
    exporter = sampling()
    wait_until(lambda: shown(exporter, MEMORY) is not None, 10)
    exporter.committed().kill9()
    job.end()
    exporter.start()
    wait_until(lambda: shown(exporter, MEMORY) is None, 10)
    assert shown(exporter, SECONDS) is not None


def test_the_own_word_of_a_job_goes_before_what_is_sampled(sampling, job):
    exporter = sampling()
    wait_until(lambda: shown(exporter, MEMORY) is not None, 10)
    job.do('write {"event_type":"MemoryPressure","job_id":"j","used_mb":3,"limit_mb":4}')
    wait_until(lambda: shown(exporter, MEMORY) == 3 << 20, 10)
    time.sleep(2.5)
    assert shown(exporter, MEMORY) == 3 << 20
    job.end()
    wait_until(lambda: shown(exporter, PERCENT) is None, 10)
    assert shown(exporter, MEMORY) == 3 << 20


def test_only_jobs_and_only_writers_count(sampling, tree, job, job_file):
    """A session's file of the same process; readers; files next to it."""
    session = os.path.join(tree.root, "demo", "session-2")
    os.makedirs(session)
    append(os.path.join(session, "events-1.jsonl"), b"")
    other = os.path.join(tree.root, "session-1", "mapreduce-20261121_020000")
    os.makedirs(other)
    append(os.path.join(other, "events-1.jsonl"), b"")
    job.do(f"open {session}/events-1.jsonl")
    job.do(f"open {other}/notes.txt")
    with open(os.path.join(other, "events-1.jsonl")) as _:
        exporter = sampling()
        wait_until(lambda: shown(exporter, PERCENT) is not None, 10)
        samples = exporter.scrape()
    for name in (MEMORY, PERCENT, SECONDS):
        assert samples.total(name) == samples.value(name, job_id=JOB)


def test_a_rotation_is_no_end(sampling, tree, job, job_file):
    exporter = sampling()
    wait_until(lambda: shown(exporter, PERCENT) is not None, 10)
    for number in range(3):
        job.do('write {"event_type":"JobStarted","job_id":"j"}')
        job.do("close")
        os.rename(job_file, f"{job_file}.bak{number}")
        job.do(f"open {job_file}")
        for _ in range(8):
            time.sleep(0.2)
            assert shown(exporter, MEMORY) is not None
    assert is_near(shown(exporter, SECONDS), used(job.pid), 0.2)


def test_it_can_be_turned_off(sampling, job):
    exporter = sampling(resource_interval="0")
    time.sleep(3)
    samples = exporter.scrape()
    assert not any(samples.has(name) for name in (MEMORY, PERCENT, SECONDS))


def reads_at_rest(exporter):
    """How often it reads anything in three seconds: each process that is looked at takes some."""
    def reads():
        with open(f"/proc/{exporter.process.pid}/io", encoding="ascii") as file:
            return int(re.search(r"syscr: (\d+)", file.read())[1])
    time.sleep(1)
    before = reads()
    time.sleep(3)
    return reads() - before


def test_without_rules_that_ask_nothing_is_measured(tree, launch, job):
    exporter = launch(tree.root, resource_interval="1s")
    asked = reads_at_rest(exporter)
    assert exporter.own("rule_errors_total") == 0
    exporter.stop()
    off = reads_at_rest(launch(tree.root, resource_interval="0"))
    assert abs(asked - off) < 60, (asked, off)


def test_rules_of_anybody_may_use_the_samples(launch, tmp_path):
    """Any source of lines, by the names of the source and of the file's directory."""
    tree = Tree(tmp_path / "logs", create=True)
    append(tree.file, b"")
    exporter = launch(tree.root, resource_interval="1s", rules="""\
sources:
  logs: {files: "{repo}/{job_id}/events-*.jsonl*", type: type}
metrics:
  writers: {type: gauge, help: h, labels: [source, path, directory]}
  used_bytes: {type: gauge, help: h, labels: [path]}
  free_bytes: {type: gauge, help: h, labels: [path]}
rules:
  ResourceSampled:
    - {set: writers, value: processes, when: {ended: {exists: false}}}
    - {set: writers, value: 0, when: {ended: true}}
  DiskSampled:
    - {set: used_bytes, value: file_system.used_bytes, when: {file_system: {exists: true}}}
    - {set: free_bytes, value: file_system.available_bytes, when: {file_system: {exists: true}}}
""")
    labels = {"source": "logs", "path": os.path.dirname(tree.file),
              "directory": os.path.basename(os.path.dirname(tree.file))}
    with JobProcess(tree.file) as job:
        wait_until(lambda: exporter.scrape().total("writers") == 1, 10)
        job.do("start")
        wait_until(lambda: exporter.scrape().total("writers") == 2, 10)
        assert exporter.value("writers", **labels) == 2
        facts = os.statvfs(tree.root)
        size = facts.f_blocks * facts.f_frsize
        assert 0 < exporter.value("used_bytes", path=str(tree.root)) <= size
        assert 0 < exporter.value("free_bytes", path=str(tree.root)) <= size
    wait_until(lambda: exporter.scrape().value("writers", **labels) == 0, 10)


def test_worktrees_are_not_walked_but_asked_of_their_file_system(sampling, tree, tmp_path):
    (tmp_path / "worktrees" / "demo").mkdir(parents=True)
    exporter = sampling()

    def bytes_by_directory():
        return {os.path.basename(dict(labels)["path"]): value
                for (name, labels), value in exporter.scrape().samples.items()
                if name == "prodigy_mapreduce_disk_bytes"}

    wait_until(lambda: len(bytes_by_directory()) == 2, 10)
    found = bytes_by_directory()
    facts = os.statvfs(tmp_path)
    assert set(found) == {"events", "worktrees"}
    assert is_near(found["worktrees"], (facts.f_blocks - facts.f_bfree) * facts.f_frsize, 0.1)
    assert found["events"] < 10 << 20
    assert exporter.own("fields_missing_total") == 0
