"""The configurations of other programs in docs/migrating.md. mtail's is run, on the lines of the
page; those of the three that Debian does not have are read as these programs would, as far as the
page's numbers depend on it: names, labels, buckets, and which lines they match."""

import collections
import json
import re
import subprocess

import pytest
import yaml

import code_block
from conftest import need_program
from program import run
from samples import Samples

PAGE = "docs/migrating.md"
BLOCKS = code_block.blocks_of(PAGE)
INPUT = next(block for block in BLOCKS if "input" in block.marks)
LINES = [json.loads(line) for line in INPUT.text.splitlines()]
COUNTER, HISTOGRAM, BUCKETS = "batch_jobs_total", "batch_job_duration_seconds", [1, 10, 60]


def of(section):
    """The configuration under a heading of the page."""
    text = open(f"{code_block.REPOSITORY}/{PAGE}").read()
    line = text[:text.index(f"\n## {section}\n")].count("\n") + 2
    return next(block for block in BLOCKS if block.line > line).text


@pytest.fixture
def ours(tmp_path):
    """Samples that our rule makes of the lines."""
    directory = tmp_path / "ours"
    directory.mkdir()
    (directory / "jobs.yaml").write_text(INPUT.example.text)
    (directory / "events.jsonl").write_text(INPUT.text)
    done = run("once", "--rules", "jobs.yaml", "events.jsonl", cwd=directory)
    assert done.returncode == 0, done.stderr
    return batch(done.stdout)


def batch(text):
    return {key: value for key, value in Samples(text).samples.items()
            if key[0].startswith("batch_")}


def bare(samples):
    """Without the spelling of bounds: le is 1 or 1.0."""
    def label(name, value):
        return (name, float(value) if name == "le" else value)
    return {(key[0], *(label(*pair) for pair in key[1])): value for key, value in samples.items()}


def test_mtail_gives_the_same_numbers(ours, tmp_path):
    (tmp_path / "jobs.mtail").write_text(of("mtail"))
    (tmp_path / "events.jsonl").write_text(INPUT.text)
    done = subprocess.run(
        [need_program("mtail"), "--one_shot", "--one_shot_format", "prometheus",
         "--emit_prog_label=false", "--progs", "jobs.mtail", "--logs", "events.jsonl"],
        cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert len(ours) == 8 and bare(batch(done.stdout)) == bare(ours)


def expected(ours):
    """The counter's values by status, and the histogram's count and sum."""
    counts = {dict(key[1])["status"]: value for key, value in ours.items() if key[0] == COUNTER}
    return counts, ours[HISTOGRAM + "_count", frozenset()], ours[HISTOGRAM + "_sum", frozenset()]


def test_grok_exporter_matches_the_same(ours):
    config = yaml.safe_load(of("grok_exporter"))
    assert set(config) == {"global", "input", "metrics", "server"}
    assert config["global"]["config_version"] == 3
    counter, histogram = config["metrics"]
    assert (counter["type"], counter["name"]) == ("counter", COUNTER)
    assert (histogram["type"], histogram["name"]) == ("histogram", HISTOGRAM)
    assert counter["labels"] == {"status": "{{.status}}"} and histogram["value"] == "{{.seconds}}"
    assert histogram["buckets"] == BUCKETS
    found = [re.search(counter["match"].replace("(?<", "(?P<"), line)
             for line in INPUT.text.splitlines()]
    counts = collections.Counter(match["status"] for match in found if match)
    seconds = [re.search(histogram["match"].replace("(?<", "(?P<"), line)
               for line in INPUT.text.splitlines()]
    seconds = [float(match["seconds"]) for match in seconds if match]
    assert (counts, len(seconds), sum(seconds)) == expected(ours)


def test_vector_matches_the_same(ours):
    config = yaml.safe_load(of("Vector"))
    assert set(config) == {"data_dir", "sources", "transforms", "sinks"}
    known = set(config["sources"]) | set(config["transforms"])
    for part in [*config["transforms"].values(), *config["sinks"].values()]:
        assert set(part["inputs"]) <= known
    counter, histogram = config["transforms"]["counted"]["metrics"]
    assert (counter["type"], counter["field"]) == ("counter", "status")
    assert counter["tags"] == {"status": "{{status}}"}
    assert (histogram["type"], histogram["field"]) == ("histogram", "seconds")
    names = [f"{each['namespace']}_{each['name']}" for each in (counter, histogram)]
    assert names == [COUNTER, HISTOGRAM]
    assert config["sinks"]["prometheus"]["buckets"] == BUCKETS
    program = config["transforms"]["finished"]["source"]
    wanted = re.search(r'\.event != "(\w+)" \{ abort \}', program)
    found = [line for line in LINES if line["event"] == wanted[1]]
    assert (collections.Counter(line["status"] for line in found), len(found),
            sum(line["seconds"] for line in found)) == expected(ours)


def test_fluent_bit_matches_the_same(ours):
    config = yaml.safe_load(of("Fluent Bit"))
    assert set(config) == {"service", "parsers", "pipeline"}
    pipeline = config["pipeline"]
    tags = {part["tag"] for part in pipeline["inputs"] + pipeline["filters"]}
    assert {part["match"] for part in pipeline["filters"] + pipeline["outputs"]} <= tags
    assert {each["parser"] for each in pipeline["inputs"]} == {
        each["name"] for each in config["parsers"]}
    counter, histogram = pipeline["filters"]
    names = ["_".join(each[f"metric_{part}"] for part in ("namespace", "subsystem", "name"))
             for each in (counter, histogram)]
    assert names == [COUNTER, HISTOGRAM]
    assert (counter["metric_mode"], histogram["metric_mode"]) == ("counter", "histogram")
    assert [float(each) for each in histogram["bucket"]] == BUCKETS
    def matched(part):
        field, pattern = part["regex"].split(" ", 1)
        return [line for line in LINES if re.search(pattern, str(line.get(field, "")))]
    counts = collections.Counter(line[counter["label_field"]] for line in matched(counter))
    seconds = [line[histogram["value_field"]] for line in matched(histogram)]
    assert (counts, len(seconds), sum(seconds)) == expected(ours)
