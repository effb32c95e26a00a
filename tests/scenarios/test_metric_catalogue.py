"""Every metric of the catalogue (tests/fixtures/metric-catalogue.json) is produced by some sample,
with the type, the labels and the bucket bounds that the catalogue gives it. What is missing is
listed. Rows with `later` are of a part that is not there yet; `documented_as` is the name that the
documents give."""

import json
import os
import re
import subprocess
import time

import pytest
import yaml

from events import append, bare
from program import REPOSITORY, patience, run, wait_until
from samples import Samples
from test_claude_code import tree
from test_simulate import ROOTS

FIXTURES = os.path.join(REPOSITORY, "tests", "fixtures")
with open(os.path.join(FIXTURES, "metric-catalogue.json"), encoding="utf-8") as file:
    CATALOGUE = json.load(file)
SERVICE_PACKS = ("stream-processor", "dag-workflow", "llm-research")
# Where the catalogue itself may lie, beside the project.
ORIGINAL = os.path.join(os.path.dirname(REPOSITORY), "shared", "catalog.md")


class Seen:
    """Types and label names of the samples of any number of expositions."""

    def __init__(self):
        self.types = {}
        self.labels = {}
        self.bounds = {}

    def add(self, samples):
        for name, _ in samples.samples:
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            kind = samples.types.get(base)
            if kind != "histogram":
                base, kind = name, samples.types.get(name.removesuffix("_total"),
                                                     samples.types.get(name))
            self.types.setdefault(base, kind)
        for name, labels in samples.samples:
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            base = base if self.types.get(base) == "histogram" else name
            for key, value in labels:
                if key == "le" and name.endswith("_bucket"):
                    self.bounds.setdefault(base, set()).add(float(value))
            self.labels.setdefault(base, set()).add(
                frozenset(key for key, _ in labels if key != "le"))
        return self

    def lacks(self, rows):
        """What of these rows of the catalogue was not seen so, one line each."""
        problems = []
        for name, row in rows.items():
            if name not in self.types:
                problems.append(f"{name}: no sample")
                continue
            if self.types[name] != row["type"]:
                problems.append(f"{name}: is a {self.types[name]}, not a {row['type']}")
            # A label that is empty is not shown.
            if not any(labels == set(row["labels"]) for labels in self.labels[name]):
                problems.append(f"{name}: has labels {sorted(map(sorted, self.labels[name]))}, "
                                f"not {sorted(row['labels'])}")
            problems += self.lacks_bounds(name, row.get("buckets"))
        return problems

    def lacks_bounds(self, name, wanted):
        bounds = sorted(self.bounds.get(name, ()))
        if isinstance(wanted, list):
            missing = set(wanted) - set(bounds)
            return [f"{name}: has no bucket {sorted(missing)}"] if missing else []
        if wanted and [len(bounds) - 1, bounds[0], bounds[-2]] != \
                [wanted["count"], wanted["first"], wanted["last"]]:
            return [f"{name}: has buckets {bounds}, not {wanted}"]
        return []


def now(rows=CATALOGUE):
    """Rows of metrics that are not for later."""
    return {pack: {name: row for name, row in metrics.items() if "later" not in row}
            for pack, metrics in rows.items()}


def once(pack, *arguments, **environment):
    result = run("once", "--rules", pack, *arguments, env=environment)
    assert result.returncode == 0, result.stderr
    return Samples(result.stdout)


def expect_all(seen, pack):
    problems = seen.lacks(now()[pack])
    assert not problems, "\n".join(problems)


# --- The packs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", SERVICE_PACKS)
def test_services(tmp_path, pack):
    """The files of samples/, a minute old: who is active for a day would be no more."""
    day = re.compile(r"2026-11-21T10:00:")
    minute = time.strftime("%Y-%m-%dT%H:%M:", time.gmtime(time.time() - 60))
    folder = os.path.join(REPOSITORY, "samples", pack)
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            (tmp_path / name).write_text(day.sub(minute, file.read()))
    expect_all(Seen().add(once(pack, tmp_path)), pack)


@pytest.fixture(scope="module")
def of_recorded():
    """What the recorded trees of Prodigy and Claude Code give."""
    seen = Seen()
    recorded = os.path.join(REPOSITORY, "samples", "recorded")
    for version in sorted(os.listdir(recorded)):
        if version.startswith("prodigy-"):
            for name in sorted(os.listdir(os.path.join(recorded, version))):
                seen.add(once("prodigy", HOME=os.path.join(recorded, version, name)))
    return seen


DIALECTS = "documented,0.1,0.4.4"


def test_prodigy(tmp_path, launch, of_recorded):
    """The simulated fleet in all its dialects, followed as it writes, and the recorded runs."""
    seen = of_recorded
    for root in ROOTS:
        (tmp_path / root).mkdir(parents=True, exist_ok=True)
    exporter = launch(None, rules=None, options=["--rules", "prodigy"], resource_interval="200ms",
                      env={"HOME": os.fspath(tmp_path)})
    fleet = subprocess.Popen([os.path.join(REPOSITORY, "samples", "simulate"),
                              tmp_path / ".prodigy" / "events", "--dialect", DIALECTS, "--seed",
                              "3", "--speed", "16", "--jobs", "5", "--runs", "12"])
    try:
        while fleet.poll() is None:
            seen.add(exporter.scrape())
            time.sleep(0.3)
    finally:
        assert fleet.wait(60 * patience()) == 0
    seen.add(exporter.sync())
    deadline = time.monotonic() + 10 * patience()
    while seen.lacks(now()["prodigy"]) and time.monotonic() < deadline:
        time.sleep(0.2)
        seen.add(exporter.scrape())
    expect_all(seen, "prodigy")


def test_claude_code(tmp_path):
    seen = Seen()
    data = os.path.join(REPOSITORY, "samples", "recorded", "claude-code")
    for name in sorted(os.listdir(data)):
        seen.add(once("claude-code", CLAUDE_CONFIG_DIR=os.fspath(tree(name, tmp_path))))
    expect_all(seen, "claude-code")


# --- The exporter itself --------------------------------------------------------------------------

TROUBLE = """\
sources: {s: {files: "*.log", type: type, time: time, id: id}}
metrics:
  full_total: {type: counter, help: F., labels: [who], max_series: 2}
  short_total: {type: counter, help: S., ttl: 1s}
  dated_total: {type: counter, help: D.}
  amount_total: {type: counter, help: A.}
rules:
  A:
    - {inc: full_total, labels: {who: "{who}"}}
    - inc: short_total
    - {inc: dated_total, once: key, keep: 1h}
    - {add: amount_total, value: amount}
"""


def test_the_exporter_itself(tmp_path, launch, state_faults):
    """A file in which everything is that can go wrong with lines and rules; and a disk that is full
    for a while."""
    root, full = tmp_path / "events", tmp_path / "full"
    root.mkdir()
    exporter = launch(root, rules=TROUBLE, state=tmp_path / "kept", env={
        **state_faults, "FAULT_DIRECTORY": os.fspath(tmp_path / "kept"),
        "FAULT_FULL_WHILE": os.fspath(full)})
    records = [{"type": "A", "id": str(number), "who": f"w{number}", "key": f"k{number}",
                "time": time.time() - 86400 * (number % 2), "amount": ["x", 1][number % 2]}
               for number in range(6)]
    append(root / "a.log", b"".join(bare(record) + b"\n" for record in records)
           + b'{"type":"A"}\n{"type":"Strange"}\n{\n')
    exporter.committed()
    wait_until(lambda: exporter.total("jsonl_exporter_series_expired_total") > 0, 10)
    full.touch()
    append(root / "a.log", b"".join(bare({"type": "A", "id": f"late-{number}", "key": "k" * number})
                                    + b"\n" for number in range(500)))
    wait_until(lambda: exporter.own("state_failing") == 1, 15)
    full.unlink()
    exporter.committed()
    seen = Seen().add(exporter.scrape()).add(exporter.scrape())
    expect_all(seen, "own")


# --- The data itself ------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [pack for pack in CATALOGUE if pack != "own"])
def test_no_pack_has_other_metrics_under_these_names(pack):
    """Types and labels as the pack's text has them, whatever the samples show."""
    with open(os.path.join(REPOSITORY, "rules", f"{pack}.yaml"), encoding="utf-8") as file:
        metrics = yaml.safe_load(file)["metrics"]
    for name, row in CATALOGUE[pack].items():
        assert metrics[name]["type"] == row["type"], name
        assert sorted(metrics[name].get("labels", [])) == sorted(row["labels"]), name
    if pack in SERVICE_PACKS:
        assert metrics.keys() == CATALOGUE[pack].keys()


def test_what_is_missing_is_listed():
    """Shown of an exposition that lacks one, has one of another type, one without its label and
    one with other buckets."""
    rows = {"a_total": {"type": "counter", "labels": []},
            "b_bytes": {"type": "gauge", "labels": ["x"]},
            "c": {"type": "gauge", "labels": ["x"]},
            "d_seconds": {"type": "histogram", "labels": [], "buckets": [1.0, 2.0]},
            "e_total": {"type": "counter", "labels": ["x"]},
            "f_seconds": {"type": "histogram", "labels": [],
                          "buckets": {"count": 2, "first": 1.0, "last": 5.0}}}
    text = ("# TYPE b_bytes counter\nb_bytes{x=\"1\"} 1\n# TYPE c gauge\nc 1\n"
            "# TYPE d_seconds histogram\nd_seconds_bucket{le=\"1.0\"} 1\n"
            "d_seconds_bucket{le=\"+Inf\"} 1\nd_seconds_sum 1\nd_seconds_count 1\n"
            "# TYPE e_total counter\ne_total{x=\"1\"} 1\n"
            "# TYPE f_seconds histogram\nf_seconds_bucket{le=\"1.0\"} 1\n"
            "f_seconds_bucket{le=\"+Inf\"} 1\nf_seconds_sum 1\nf_seconds_count 1\n")
    told = [line.split(":")[0] for line in Seen().add(Samples(text)).lacks(rows)]
    assert told == ["a_total", "b_bytes", "c", "d_seconds", "f_seconds"]


def rows_of_original():
    """(section, name, type, labels or None) of every row of the catalogue's tables."""
    section = None
    with open(ORIGINAL, encoding="utf-8") as file:
        for line in file:
            if line.startswith("## "):
                match = re.match(r"## (?:Pack `([\w-]+)`|The exporter about itself)", line)
                section = match and (match[1] or "own")
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not section or not line.startswith("| ") or cells[0] == "metric":
                continue
            words = re.split("[;:]", re.sub(r"\(.*?\)", "", cells[2]))[0].split(",")
            labels = sorted(word.strip() for word in words if word.strip())
            if section == "own" or not all(re.fullmatch("[a-z_]+", label) for label in labels):
                labels = None
            for name in cells[0].split(","):
                yield section, name.strip(), cells[1], labels


@pytest.mark.skipif(not os.path.exists(ORIGINAL), reason="the catalogue is not here")
def test_the_data_has_every_row():
    known = {(pack, row.get("documented_as", name)): row for pack, rows in CATALOGUE.items()
             for name, row in rows.items()}
    count = 0
    for section, name, kind, labels in rows_of_original():
        count += 1
        if name.startswith("process_"):
            section, kind = "own", kind or known["own", name]["type"]
        elif section == "own":
            name = f"jsonl_exporter_{name}"
        row = known.get((section, name))
        assert row, f"{section}: {name} is not in the data"
        assert row["type"] == kind, name
        assert labels is None or sorted(row["labels"]) == labels, name
    assert count > 150
