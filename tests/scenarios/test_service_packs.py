"""The packs stream-processor, dag-workflow and llm-research on what `samples/services` plays: what
is shown is what the player says that happened, whoever restarts in between; events with bad fields
count for what they say; and five packs together count as each does alone."""

import json
import os
import re
import shutil
import subprocess
import time

import pytest

from conftest import need_program
from events import append, bare
from program import REPOSITORY, patience, run
from samples import Samples, same_number
from test_simulate import ROOTS, VARYING

SERVICES = os.path.join(REPOSITORY, "samples", "services")
SIMULATE = os.path.join(REPOSITORY, "samples", "simulate")
DATA = os.path.join(REPOSITORY, "tests", "data")
PACKS = ("stream-processor", "dag-workflow", "llm-research")
ALL_PACKS = ("prodigy", "claude-code", *PACKS)
PREFIXES = {"stream-processor": ("processor_",), "dag-workflow": ("dag_",),
            "llm-research": ("http_", "db_", "experiment", "evaluations_", "models_", "dataset")}
NOW = "2026-11-21T10:00:00Z"


def rules(packs):
    return [word for pack in packs for word in ("--rules", pack)]


def play(directory, *options):
    """Plays the services to their end; the metrics that must be shown, and how many events."""
    truth = directory / "truth.json"
    subprocess.run([SERVICES, "--directory", directory / "events", "--truth", truth,
                    *map(str, options)], check=True, timeout=120 * patience())
    told = json.loads(truth.read_text())
    return told["metrics"], told["events"]


def once(root, packs, **environment):
    result = run("once", *rules(packs), root, env=environment)
    assert result.returncode == 0, result.stderr
    return Samples(result.stdout)


def differences(shown, expected):
    """A series at 0 is as good as none."""
    return [f"{key} is {shown.get(key, 0)}, expected {expected.get(key, 0)}"
            for key in sorted(set(shown) | set(expected))
            if not same_number(shown.get(key, 0), expected.get(key, 0))]


def clean(samples):
    """Whether every line was an event that some rule named, and every row had what it needs."""
    return [f"{name}: {samples.matching(f'jsonl_exporter_{name}_total')}" for name in
            ("lines_skipped", "events_unmatched", "rule_errors", "fields_missing", "too_old",
             "series_folded") if samples.total(f"jsonl_exporter_{name}_total")]


# --- What is played is what is counted -----------------------------------------------------------


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("seed", [1, 2])
def test_read_at_once(tmp_path, pack, seed):
    expected, events = play(tmp_path, "--pack", pack, "--once", "--seed", seed)
    samples = once(tmp_path / "events", [pack])
    assert not differences(samples.own(), expected)
    assert not clean(samples)
    assert events == {dict(labels)["event_type"]: count for labels, count in
                      samples.matching("jsonl_exporter_events_total").items()}
    assert all(key.startswith(PREFIXES[pack]) for key in samples.own())


def play_meanwhile(directory, *options):
    return subprocess.Popen([SERVICES, "--directory", directory / "events", "--truth",
                             directory / "truth.json", *map(str, options)])


@pytest.mark.parametrize("how", ["live", "stopped", "killed"])
def test_followed_live(tmp_path, launch, how):
    """All three services at a time, a minute of their story within six seconds."""
    root = tmp_path / "events"
    root.mkdir()
    exporter = launch(root, rules=None, options=rules(PACKS))
    player = play_meanwhile(tmp_path, "--seconds", 6, "--speed", 10, "--load", 0.5, "--seed", 4)
    try:
        while how != "live" and player.poll() is None:
            time.sleep(1.0)
            exporter.kill9() if how == "killed" else exporter.stop()
            time.sleep(0.5)
            exporter.start()
    finally:
        assert player.wait(60 * patience()) == 0
    told = json.loads((tmp_path / "truth.json").read_text())
    assert len(told["events"]) == 54
    exporter.sync()
    deadline = time.monotonic() + 20 * patience()
    while (found := differences(exporter.scrape().own(), told["metrics"])) \
            and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not found, "\n".join(found[:40]) + "\n" + exporter.log()[-3000:]
    samples = exporter.scrape()
    assert not clean(samples)
    assert samples.total("jsonl_exporter_events_total") == sum(told["events"].values())


def test_a_seed_is_a_story(tmp_path):
    def story(name, *options):
        (tmp_path / name).mkdir()
        play(tmp_path / name, "--once", "--seconds", 20, "--start", NOW, *options)
        return {path.name: path.read_text() for path in (tmp_path / name).rglob("*.jsonl")}

    assert story("a", "--seed", 5) == story("b", "--seed", 5) != story("c", "--seed", 6)
    (tmp_path / "d").mkdir()
    play(tmp_path / "d", "--once", "--seconds", 20, "--start", NOW, "--seed", 5, "--pack",
         "dag-workflow")
    assert (tmp_path / "d/events/dag/engine.jsonl").read_text() == \
        (tmp_path / "a/events/dag/engine.jsonl").read_text()


def test_stopped_by_a_signal_it_tells_what_it_wrote(tmp_path):
    player = play_meanwhile(tmp_path, "--seconds", 600, "--load", 3)
    time.sleep(1.5)
    player.terminate()
    assert player.wait(10 * patience()) == 0
    told = json.loads((tmp_path / "truth.json").read_text())
    samples = once(tmp_path / "events", PACKS)
    assert sum(told["events"].values()) > 50
    assert not differences(samples.own(), told["metrics"]) and not clean(samples)


@pytest.mark.parametrize("options", [["--seconds", "0"], ["--speed", "-1"], ["--pack", "prodigy"],
                                     ["--start", "yesterday"], ["--load", "x"]])
def test_bad_options_are_refused(tmp_path, options):
    result = subprocess.run([SERVICES, "--directory", tmp_path / "events", *options],
                            capture_output=True, text=True)
    assert result.returncode == 2 and options[0] in result.stderr
    assert not (tmp_path / "events").exists()


def test_a_directory_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "events").write_text("")
    result = subprocess.run([SERVICES, "--directory", tmp_path / "events", "--once"],
                            capture_output=True, text=True)
    assert result.returncode == 1 and result.stderr.startswith("services: ")
    assert str(tmp_path / "events") in result.stderr and result.stderr.count("\n") == 1


def test_the_samples_are_what_the_index_says(tmp_path):
    """The commands of samples/INDEX.md give the files that are there."""
    with open(os.path.join(REPOSITORY, "samples", "INDEX.md"), encoding="utf-8") as file:
        block = re.search(r"```sh\n(set -- .*?)```", file.read(), re.S)[1]
    subprocess.run(["bash", "-eu", "-c", block.replace("samples/services", SERVICES)],
                   cwd=tmp_path, check=True)
    played = {path.name: path.read_text() for path in tmp_path.rglob("*.jsonl")}
    kept = {}
    for pack in PACKS:
        folder = os.path.join(REPOSITORY, "samples", pack)
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                kept[name] = file.read()
    assert played == kept


# --- Several packs -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def busy_home(tmp_path_factory):
    """A home in which all writers have been: Prodigy, Claude Code and the three services, whose
    files lie in Prodigy's directory of events."""
    home = tmp_path_factory.mktemp("home")
    for root in ROOTS:
        (home / root).mkdir(parents=True, exist_ok=True)
    events = home / ".prodigy" / "events"
    subprocess.run([SIMULATE, events, "--once", "--jobs", "3", "--dialect",
                    "0.1,documented,0.4.4", "--seed", "3"], check=True)
    for name in ("plain", "tools"):
        shutil.copytree(os.path.join(DATA, "claude-code", name), home / ".claude",
                        dirs_exist_ok=True)
    subprocess.run([SERVICES, "--directory", events, "--once", "--seed", "9"], check=True)
    # As a service's own files may be called, where Prodigy has some of its own.
    (events / "shop" / "service").mkdir(parents=True)
    (events / "stream" / "processor.jsonl").rename(events / "shop/service/events-1.jsonl")
    return home


def test_five_packs_together_count_as_each_alone(busy_home):
    alone = {}
    for pack in ALL_PACKS:
        samples = Samples(run("once", "--rules", pack,
                              env={"HOME": os.fspath(busy_home)}).stdout)
        assert samples.own() and not alone.keys() & samples.own().keys()
        alone.update(samples.own())
    together = Samples(run("once", *rules(ALL_PACKS), env={"HOME": os.fspath(busy_home)}).stdout)
    unlike = [text for text in differences(together.own(), alone) if not text.startswith(VARYING)]
    assert not unlike, "\n".join(unlike[:20])
    # And each line is one event, however many packs have looked at it.
    services = [(path, path.read_text().count("\n")) for path in
                (busy_home / ".prodigy/events").glob("*/*.jsonl")]
    services += [(path, path.read_text().count("\n")) for path in
                 (busy_home / ".prodigy/events/shop").rglob("*.jsonl")]
    assert len(services) == 3
    names = {json.loads(line)["event"] for path, _ in services
             for line in path.read_text().splitlines()}
    counted = {dict(labels)["event_type"]: count for labels, count in
               together.matching("jsonl_exporter_events_total").items()}
    mixed = {"WorkflowStarted", "WorkflowCompleted"}  # Prodigy's events, too
    lines = sum(json.loads(line)["event"] not in mixed for path, _ in services
                for line in path.read_text().splitlines())
    assert sum(counted[name] for name in names - mixed) == lines
    unmatched = {dict(labels)["event_type"] for labels in
                 together.matching("jsonl_exporter_events_unmatched_total")}
    assert not unmatched & names


def test_auto_leaves_them_out(busy_home, tmp_path):
    samples = Samples(run("once", env={"HOME": os.fspath(busy_home)}).stdout)
    names = {key.split("{")[0] for key in samples.own()}
    assert any(name.startswith("prodigy_") for name in names)
    assert not [name for name in names if name.startswith(sum(PREFIXES.values(), ()))]


def test_what_prodigy_has_archived_is_not_read(tmp_path):
    """Of files that `prodigy events clean` makes beside them."""
    for path in ("archive/events_archive_1.jsonl", "archive/mine.jsonl", "events_archive_1.jsonl"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text('{"event": "EventReceived"}\n')
    assert once(tmp_path, PACKS).value("processor_events_received_total") == 2


def test_an_event_that_no_pack_names_is_unmatched_once(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"event": "Strange"}\n{"event": "EventReceived"}\n')
    samples = once(tmp_path, PACKS)
    assert samples.value("jsonl_exporter_events_unmatched_total", event_type="Strange") == 1
    assert samples.value("jsonl_exporter_events_total", event_type="EventReceived") == 1
    assert samples.total("jsonl_exporter_events_unmatched_total") == 1


# --- Bad fields ----------------------------------------------------------------------------------

# Of a line: what is shown that is not 0, and what went wrong.
BAD = {
    "stream-processor": [
        ({"event": "EventProcessed", "result": "success"},
         {'processor_events_processed_total{result="success"}': 1}, {"fields_missing": 1}),
        ({"event": "EventProcessed", "duration": 0.5, "result": "error"},
         {'processor_events_processed_total{result="error"}': 1,
          'processor_event_processing_duration_seconds_count{result="error"}': 1,
          'processor_event_processing_duration_seconds_sum{result="error"}': 0.5}, {}),
        ({"event": "EventReceived", "count": "many"}, {}, {"rule_errors": 1}),
        ({"event": "EventReceived", "count": -4}, {}, {"rule_errors": 1}),
        ({"event": "EventReceived", "count": None}, {"processor_events_received_total": 1}, {}),
        ({"event": "LagMeasured", "lag": {"seconds": 3}}, {}, {"rule_errors": 1}),
        ({"event": "WindowCreated", "window_type": "tumbling"},
         {'processor_windows_created_total{window_type="tumbling"}': 1}, {"fields_missing": 1}),
        ({"event": "StateCacheLookup", "layer": "l1", "result": "perhaps"}, {}, {}),
        ({"event": "event_processed", "result": "success", "duration": 0},
         {'processor_events_processed_total{result="success"}': 1,
          'processor_event_processing_duration_seconds_count{result="success"}': 1}, {}),
        ({"event": "KafkaConsumed", "topic": "t", "partition": 0, "lag": "x"},
         {'processor_kafka_messages_consumed_total{partition="0",topic="t"}': 1},
         {"rule_errors": 1}),
    ],
    "dag-workflow": [
        ({"event": "WorkflowCompleted", "workflow_name": "w", "status": "success"},
         {'dag_workflow_executions_total{status="success",workflow_name="w"}': 1},
         {"fields_missing": 2}),
        ({"event": "SystemMeasured", "memory_bytes": "lots", "queue_depth": 2},
         {"dag_workflow_queue_depth": 2}, {"rule_errors": 1}),
        ({"event": "SystemMeasured"}, {}, {}),
        ({"event": "HealthChecked", "check_type": "database", "healthy": True},
         {'dag_health_check_status{check_type="database"}': 1}, {}),
        ({"event": "HealthChecked", "check_type": "database", "healthy": "sick"}, {},
         {"rule_errors": 1}),
        ({"event": "NodeStarted", "node": "n"}, {}, {"fields_missing": 1}),
    ],
    "llm-research": [
        ({"event": "HttpRequest", "method": "GET", "path": "/health", "status": 200,
          "duration": 1, "in_flight": 3}, {}, {}),
        ({"event": "HttpRequest", "method": "GET", "path": "/metrics", "status": 200,
          "duration": 1, "request_bytes": 1, "response_bytes": 1}, {}, {}),
        ({"event": "HttpRequest", "method": "GET", "path": "/healthy", "status": 200,
          "duration": 0},
         {'http_requests_total{method="GET",path="/healthy",status="200"}': 1,
          'http_request_duration_seconds_count{method="GET",path="/healthy"}': 1}, {}),
        ({"event": "DbConnectionsMeasured"}, {}, {"fields_missing": 1}),
        ({"event": "DatasetUploaded", "size": "large"}, {"datasets_uploaded_total": 1},
         {"rule_errors": 1}),
    ],
}


@pytest.mark.parametrize("pack,number", [(pack, number) for pack in BAD
                                         for number in range(len(BAD[pack]))])
def test_bad_fields(tmp_path, pack, number):
    line, expected, trouble = BAD[pack][number]
    append(tmp_path / "a.jsonl", bare({"time": NOW, **line}) + b"\n")
    samples = once(tmp_path, [pack])
    shown = {key: value for key, value in samples.own().items() if "_bucket" not in key}
    assert not differences(shown, expected)
    for name in ("fields_missing", "rule_errors"):
        assert samples.total(f"jsonl_exporter_{name}_total") == trouble.get(name, 0), name
    assert samples.total("jsonl_exporter_lines_skipped_total") == 0


@pytest.mark.parametrize("pack", PACKS)
def test_bad_lines_are_skipped_and_the_rest_counts(tmp_path, pack):
    expected, _ = play(tmp_path, "--pack", pack, "--once", "--seconds", 20, "--load", 0.2)
    (path,) = (tmp_path / "events").glob("*/*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    bad = [b"{\n", b"[1]\n", b"\xff\xfe\n", b'{"time": "2026-11-21T10:00:00Z"}\n',
           b'{"event": {"name": "EventReceived"}}\n', b'"EventReceived"\n', b"\n"]
    mixed = [part for number, line in enumerate(lines) for part in (line, bad[number % len(bad)])]
    path.write_bytes(b"".join(mixed) + lines[0][:-2])  # and an end that is not written yet
    samples = once(tmp_path / "events", [pack])
    assert not differences(samples.own(), expected)
    blank = sum(number % len(bad) == 6 for number in range(len(lines)))
    assert samples.total("jsonl_exporter_lines_skipped_total") - samples.skipped("partial") \
        == len(lines) - blank


@pytest.mark.parametrize("pack", PACKS)
def test_an_id_counts_once(tmp_path, pack):
    expected, _ = play(tmp_path, "--pack", pack, "--once", "--seconds", 20, "--load", 0.2)
    (path,) = (tmp_path / "events").glob("*/*.jsonl")
    lines = [{"id": f"e-{number}", **json.loads(line)}
             for number, line in enumerate(path.read_text().splitlines())]
    path.write_bytes(b"".join(bare(line) + b"\n" for line in lines))
    shutil.copy(path, path.with_name("again.jsonl"))
    samples = once(tmp_path / "events", [pack])
    assert not differences(samples.own(), expected)
    assert samples.skipped("duplicate") == len(lines)


def test_a_new_life_has_no_windows_operators_and_executions(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        append(tmp_path / folder / "x.jsonl", b"".join(
            bare({"time": time.time(), **event}) + b"\n" for event in [
                {"event": "WindowCreated", "window_type": "session", "window": "w"},
                {"event": "OperatorStarted", "operator": f"o-{folder}"},
                {"event": "WorkflowStarted", "workflow_name": "w", "execution_id": folder},
                {"event": "NodeStarted", "execution_id": folder, "node": "n"}]))
    before = once(tmp_path, PACKS)
    names = ("processor_windows_active", "processor_pipeline_operators_active",
             "dag_active_workflows", "dag_active_nodes")
    assert [before.total(name) for name in names] == [2, 2, 2, 2]
    append(tmp_path / "a" / "x.jsonl", bare({"time": time.time(), "event": "ProcessorStarted"})
           + b"\n" + bare({"time": time.time(), "event": "EngineStarted"}) + b"\n")
    after = once(tmp_path, PACKS)
    assert [after.total(name) for name in names] == [1, 1, 1, 1]


# --- What linters say ----------------------------------------------------------------------------


def test_promtool_has_nothing_to_say_but_of_one_name(tmp_path):
    """Names that the documents fix are allowed: a gauge called db_connections_total."""
    promtool = need_program("promtool")
    play(tmp_path, "--once")
    result = run("once", *rules(PACKS), tmp_path / "events")
    shown = "".join(line for line in result.stdout.splitlines(keepends=True)
                    if not re.match(r"(# \w+ )?(jsonl_exporter|process)_", line))
    check = subprocess.run([promtool, "check", "metrics"], input=shown, capture_output=True,
                           text=True)
    said = (check.stdout + check.stderr).splitlines()
    assert said == ['db_connections_total non-counter metrics should not have "_total" suffix']


@pytest.mark.parametrize("pack", PACKS)
def test_check_has_nothing_to_say_but_of_one_name(pack):
    result = run("check", os.path.join(REPOSITORY, "rules", f"{pack}.yaml"))
    warnings = [line for line in result.stderr.splitlines() if "warning" in line]
    assert result.returncode == 0
    assert len(warnings) == (pack == "llm-research")
    assert all("'db_connections_total'" in line for line in warnings)
