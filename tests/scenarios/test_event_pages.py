"""The packs of services that anybody may write: docs/events/stream-processor.md, dag-workflow.md
and llm-research.md with their schemas say what to write. Page, schema and rules agree about every
event and field; the emitters of the page work; samples are valid, and bad events are refused."""

import collections
import json
import os
import re
import shutil
import subprocess

import pytest
import yaml

from code_block import blocks_of
from program import REPOSITORY, make_environment, run
from samples import Samples

jsonschema = pytest.importorskip("jsonschema")

SOURCES = {"stream-processor": "stream", "dag-workflow": "dag", "llm-research": "llm"}
SERVICES = os.path.join(REPOSITORY, "samples", "services")


def path_of(*parts):
    return os.path.join(REPOSITORY, *parts)


def read(*parts):
    with open(path_of(*parts), encoding="utf-8") as file:
        return file.read()


def schema_of(pack):
    return json.loads(read("docs", "events", f"{pack}.schema.json"))


def validator(pack):
    kind = jsonschema.Draft202012Validator
    kind.check_schema(schema_of(pack))
    return kind(schema_of(pack), format_checker=kind.FORMAT_CHECKER
                if hasattr(kind, "FORMAT_CHECKER") else jsonschema.draft202012_format_checker)


def problems(pack, text):
    check = validator(pack)
    return [f"{line[:120]}: {error.message}" for line in text.splitlines()
            for error in check.iter_errors(json.loads(line))]


# --- Page, schema and rules agree ----------------------------------------------------------------


def fields_in_schema(pack):
    """Of each event: (required, optional) fields."""
    found = {}
    for branch in schema_of(pack)["oneOf"]:
        fields = set(branch["properties"]) - {"event"}
        required = set(branch["required"]) - {"event"}
        assert required <= fields and branch["title"] == branch["properties"]["event"]["const"]
        found[branch["title"]] = (required, fields - required)
    return found


def rows_on_page(pack):
    """Of each event of the tables: (text of its fields, text of what it feeds)."""
    page = read("docs", "events", f"{pack}.md")
    return {row[0]: (row[1], row[2]) for row in
            re.findall(r"^\| ([A-Z]\w+) \|(.*?)\| (.*) \|$", page, re.M)}


def fields_on_page(pack):
    found = {}
    for event, (text, _) in rows_on_page(pack).items():
        optional = set(re.findall(r"\[`(\w+)`", text))
        found[event] = (set(re.findall(r"`([a-z_]+)`", text)) - optional, optional)
    return found


def rules_of(pack):
    """Of each event: its rows."""
    found = collections.defaultdict(list)
    for names, rows in yaml.safe_load(read("rules", f"{pack}.yaml"))["rules"].items():
        for name in names.split(", "):
            source, event = name.split("/")
            assert source == SOURCES[pack], f"{name}: a rule of another source's events"
            found[event] += rows
    return found


def metric_of(row):
    return next(row[verb] for verb in ("inc", "add", "set", "observe", "enter", "leave", "clear")
                if verb in row)


@pytest.mark.parametrize("pack", SOURCES)
def test_page_and_schema_have_the_same_events_and_fields(pack):
    assert fields_on_page(pack) == fields_in_schema(pack)


@pytest.mark.parametrize("pack", SOURCES)
def test_page_says_what_each_event_feeds(pack):
    shown = {event: set(re.findall(r"`(\w+)`", feeds))
             for event, (_, feeds) in rows_on_page(pack).items()}
    rules = {event: {metric_of(row) for row in rows if "clear" not in row}
             for event, rows in rules_of(pack).items()}
    assert shown == rules


@pytest.mark.parametrize("pack", SOURCES)
def test_rules_read_only_fields_that_the_schema_has(pack):
    """And whatever an event must have is asked for by some row, or a label."""
    metrics = yaml.safe_load(read("rules", f"{pack}.yaml"))["metrics"]
    for event, (required, optional) in fields_in_schema(pack).items():
        read_fields = set()
        for row in rules_of(pack)[event]:
            read_fields |= {key.lstrip("/") for key in row.get("when", {})}
            if "value" in row and row["value"] != 0:
                read_fields.add(str(row["value"]).split("|")[0])
            keys = row.get("key", [])
            read_fields |= set(keys if isinstance(keys, list) else [keys])
            if not {"leave", "clear"} & set(row):
                read_fields |= set(metrics[metric_of(row)].get("labels", []))
        read_fields -= {"status"} - required - optional
        assert read_fields <= required | optional, event
        assert required <= read_fields, event


@pytest.mark.parametrize("pack", SOURCES)
def test_every_old_name_stands_beside_its_new_one(pack):
    """Of the stream processor, whose documents have counters without _total."""
    metrics = yaml.safe_load(read("rules", f"{pack}.yaml"))["metrics"]
    counters = {name for name, metric in metrics.items() if metric["type"] == "counter"}
    rows = dict(re.findall(r"^\| `(\w+)` \| `(\w+)` \|$", read("docs", "events", f"{pack}.md"),
                           re.M))
    assert rows == ({name: name.removesuffix("_total") for name in counters}
                    if pack == "stream-processor" else {})


# --- The emitters --------------------------------------------------------------------------------

RUNS = {
    "sh": ("bash", ["bash", "-eu", "emit.sh"], "events/app.jsonl"),
    "python": ("python3", ["/usr/bin/python3", "emit.py"], "app.jsonl"),
    "js": ("node", ["node", "emit.js"], "app.jsonl"),
    "go": ("go", ["go", "run", "emit.go"], "app.jsonl"),
}
SUFFIX = {"sh": "sh", "python": "py", "js": "js", "go": "go"}


def emitter(pack, language):
    """The text of the one block that writes an event in this language."""
    texts = [block.text for block in blocks_of(f"docs/events/{pack}.md")
             if block.language == language and "emit" in block.text]
    assert len(texts) == 1
    return texts[0]


@pytest.mark.parametrize("language", RUNS)
@pytest.mark.parametrize("pack", SOURCES)
def test_emitter(tmp_path, pack, language):
    """Those of the shell, Python, JavaScript and Go in docs/events/stream-processor.md,
    docs/events/dag-workflow.md and docs/events/llm-research.md each write one event, twice if they
    run twice, which is what the page says it is."""
    program, command, written = RUNS[language]
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    text = re.sub(r"^jsonl-exporter .*$", "", emitter(pack, language), flags=re.M)
    if language == "go" and pack != "stream-processor":  # it takes long to compile: once will do
        told = r"emit\(\"\w+\", map\[string\]any\{(\"\w+\": (\"\w+\"|[\d.]+)(, )?)+\}\)"
        begun = emitter("stream-processor", "go")
        assert re.sub(told, "", text) == re.sub(told, "", begun) != begun
        return
    (tmp_path / f"emit.{SUFFIX[language]}").write_text(text)
    environment = {**make_environment(), "GOCACHE": os.path.expanduser("~/.cache/go-build"),
                   "GO111MODULE": "off", "GOFLAGS": "", "GOTOOLCHAIN": "local"}
    for _ in range(2):
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=120)
    lines = (tmp_path / written).read_text()
    assert lines.count("\n") == 2 and not problems(pack, lines)
    root = tmp_path / "followed"
    root.mkdir()
    shutil.copy(tmp_path / written, root / "app.jsonl")
    result = run("once", "--rules", pack, root)
    shown = Samples(result.stdout)
    told = [block.shown.text for block in blocks_of(f"docs/events/{pack}.md") if block.shown]
    name, labels = re.search(r'(\w+_total)\{(.*?)\} 1\n', told[-1]).groups()
    assert shown.value(name, **dict(re.findall(r'(\w+)="(.*?)"', labels))) == 2
    age = shown.value("jsonl_exporter_source_last_event_timestamp_seconds", source=SOURCES[pack])
    assert abs(age - os.stat(tmp_path / written).st_mtime) < 60


# --- What is written is valid, and what is not is refused ----------------------------------------


def sample_files(pack):
    folder = path_of("samples", pack)
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


@pytest.mark.parametrize("pack", SOURCES)
def test_samples_are_valid_and_have_every_event(pack):
    text = "".join(read(path) for path in sample_files(pack))
    assert not problems(pack, text)
    assert {json.loads(line)["event"] for line in text.splitlines()} == set(fields_in_schema(pack))


@pytest.mark.parametrize("pack", SOURCES)
def test_lines_of_the_page_are_valid_and_have_every_event(pack):
    text = "".join(block.text for block in blocks_of(f"docs/events/{pack}.md")
                   if block.language == "json")
    assert not problems(pack, text)
    assert {json.loads(line)["event"] for line in text.splitlines()} == set(fields_in_schema(pack))


@pytest.mark.parametrize("pack", SOURCES)
def test_what_the_player_writes_is_valid(tmp_path, pack):
    subprocess.run([SERVICES, "--directory", tmp_path, "--pack", pack, "--once", "--seed", "11",
                    "--load", "0.2"], check=True)
    (path,) = tmp_path.glob("*/*.jsonl")
    text = path.read_text()
    assert not problems(pack, text)
    assert {json.loads(line)["event"] for line in text.splitlines()} == set(fields_in_schema(pack))


BAD = {
    "stream-processor": [
        {"event": "EventProcessed", "result": "success"},
        {"event": "EventProcessed", "result": "maybe", "duration": 1},
        {"event": "EventProcessed", "result": "success", "duration": -1},
        {"event": "EventProcessed", "result": "success", "duration": "4 ms"},
        {"event": "EventReceived", "count": 1.5},
        {"event": "WindowCreated", "window_type": "tumbling"},
        {"event": "KafkaConsumed", "topic": "orders", "partition": None},
        {"event": "StateCacheLookup", "layer": "l1", "result": True},
        {"event": "OperatorStarted", "operator": ""},
    ],
    "dag-workflow": [
        {"event": "WorkflowCompleted", "workflow_name": "w", "status": "success", "duration": 1},
        {"event": "WorkflowCompleted", "workflow_name": "w", "execution_id": "e", "status": "ok",
         "duration": 1},
        {"event": "QualityScored", "phase_name": "p", "score": 87},
        {"event": "HealthChecked", "check_type": "database", "healthy": "yes"},
        {"event": "ApiRequest", "method": "GET", "endpoint": "/", "status_code": 99, "duration": 1},
        {"event": "SystemMeasured", "memory_bytes": "2 GiB"},
    ],
    "llm-research": [
        {"event": "HttpRequest", "method": "GET", "path": "/x", "status": "200", "duration": 0.1},
        {"event": "HttpRequest", "method": "GET", "path": "/x" * 200, "status": 200,
         "duration": 0.1},
        {"event": "DbQuery", "query_type": "select", "duration": 0.1},
        {"event": "ExperimentCompleted", "status": "failure", "duration": 1},
        {"event": "DatasetUploaded", "size": 1.5},
    ],
}
ALWAYS_BAD = [{}, {"event": "Unknown"}, {"event": 1}, {"event": None}]


@pytest.mark.parametrize("pack", SOURCES)
def test_bad_events_are_refused(pack):
    when = {"time": "2026-11-21T10:00:00Z"}
    good = {**when, **next(json.loads(line) for line in read(sample_files(pack)[0]).splitlines())}
    assert not problems(pack, json.dumps(good))
    for bad in [*({**when, **each} for each in BAD[pack] + ALWAYS_BAD),
                {**good, "time": [1]}, {**good, "id": {}}, {"event": good["event"]}, [], "text"]:
        assert problems(pack, json.dumps(bad)), bad
