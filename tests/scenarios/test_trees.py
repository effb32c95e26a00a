"""The pack `prodigy` on all that Prodigy writes: recorded trees, at rest and as they come into
being, against numbers that plain Python computed from the raw files (tree_model) and some by hand;
and small homes of which each shows one trap."""

import json
import os
import random
import re
import shutil
import time
from datetime import datetime, timedelta, timezone

import pytest
import yaml

from prodigy_model import THROUGHPUT
from program import REPOSITORY, patience, run, wait_until
from samples import Samples, same_number
from tree_model import expected, is_life_fed, job_names, of_one_name, sample_key

DATA = os.path.join(REPOSITORY, "tests", "data")
TREES = ["prodigy-0.1.7/dlq", "prodigy-0.1.7/shell", "prodigy-0.1.8/burst",
         "prodigy-0.4.4/standard", "prodigy-0.4.4/claude", "prodigy-0.4.4/dlq",
         "prodigy-0.4.4/dialect"]
# What the exporter samples itself.
SAMPLED = ("prodigy_mapreduce_disk_bytes", "prodigy_mapreduce_memory_bytes",
           "prodigy_mapreduce_cpu_")
# Prodigy writes a run's session before anything else of it.
SESSIONS = os.path.join(".prodigy", "sessions")


def of_pack(samples):
    """The pack's samples, by (name, labels) as tree_model has them; without zeros."""
    return {
        sample_key(name, **dict(labels)): value
        for (name, labels), value in samples.samples.items()
        if name.startswith("prodigy_") and not name.startswith(SAMPLED) and value
    }


def differences(shown, wanted):
    problems = []
    for key in sorted(set(shown) | set(wanted), key=lambda key: (key[0], sorted(key[1]))):
        left, right = shown.get(key, 0), wanted.get(key, 0)
        tolerance = 1 / 30 if key[0] == THROUGHPUT else 0
        if not same_number(left, right) and abs(left - right) > tolerance:
            problems.append(f"{key[0]}{dict(sorted(key[1]))} is {left}, expected {right}")
    return problems


def assert_same(shown, wanted):
    problems = differences(shown, wanted)
    assert not problems, "\n".join(problems)


def home_environment(home):
    return {"HOME": os.fspath(home), "CLAUDE_CONFIG_DIR": ""}


def once(home, *arguments):
    result = run("once", "--rules", "prodigy", *arguments, env=home_environment(home))
    assert result.returncode == 0, result.stderr
    return Samples(result.stdout)


def tree(name):
    return os.path.join(DATA, name)


def files_of(home):
    """Paths of all files, below the home."""
    return sorted(os.path.relpath(os.path.join(folder, name), home)
                  for folder, _, names in os.walk(home) for name in names)


def put(home, path, content=""):
    """Writes a file below the home; an object is written as a JSON document."""
    whole = os.path.join(home, path)
    os.makedirs(os.path.dirname(whole), exist_ok=True)
    if not isinstance(content, (str, bytes)):
        content = json.dumps(content, indent=2)
    with open(whole, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return whole


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


# --- Recorded, at rest --------------------------------------------------------------------------


@pytest.mark.parametrize("name", TREES)
def test_tree_at_rest(name):
    """Of 0.1.x, whose jobs have two names, a dead letter is of that of the two that told first."""
    names = job_names(tree(name))
    samples = once(tree(name))
    assert_same(of_one_name(of_pack(samples), names), of_one_name(expected(tree(name)), names))
    for own in ("lines_skipped", "rule_errors", "fields_missing", "events_unmatched", "too_old"):
        assert samples.total(f"jsonl_exporter_{own}_total") == 0, own


SONNET = {"model": "claude-sonnet-4-5-20250929"}
BY_HAND = {
    # Its index says that nothing is dead any more, but the events that said what died name
    # another job; 45 worktrees of agents were left.
    "prodigy-0.1.7/dlq": [
        ("prodigy_mapreduce_items_total", {"status": "dlq"}, 10),
        ("prodigy_worktree_pool_size", {}, 45),
    ],
    "prodigy-0.1.7/shell": [
        ("prodigy_mapreduce_jobs_total", {"status": "started"}, 1),
        ("prodigy_mapreduce_jobs_total", {"status": "ended"}, 1),
        ("prodigy_worktree_pool_size", {}, 12),
    ],
    # 120 items, of which one (item-95) succeeded. 36 of the others are in the events that `clean`
    # left, too.
    "prodigy-0.1.8/burst": [
        ("prodigy_mapreduce_items_total", {"status": "dlq"}, 119),
        ("prodigy_mapreduce_dlq_items", {}, 119),
        ("prodigy_mapreduce_items_total", {"status": "failed"}, 36),
    ],
    # One run of two iterations of 7 steps; one of 4 steps, interrupted and then completed; one of
    # 6 steps whose seventh failed. 21 conversations of three messages with one tool call each.
    "prodigy-0.4.4/standard": [
        ("prodigy_workflow_executions_total",
         {"workflow_name": "standard-demo", "status": "success"}, 2),
        ("prodigy_workflow_executions_total",
         {"workflow_name": "standard-demo", "status": "failed"}, 1),
        ("prodigy_workflow_active", {}, 0),
        ("prodigy_workflow_iterations_total", {"workflow_name": "standard-demo"}, 3),
        ("prodigy_workflow_files_changed_total", {"workflow_name": "standard-demo"}, 18),
        ("prodigy_workflow_steps_total", {"workflow_name": "standard-demo"}, 25),
        ("prodigy_step_executions_total", {"step_type": "claude", "status": "success"}, 10),
        ("prodigy_step_executions_total", {"step_type": "claude", "status": "failed"}, 1),
        ("prodigy_step_executions_total", {"step_type": "shell", "status": "success"}, 11),
        ("prodigy_step_executions_total", {"step_type": "test", "status": "success"}, 3),
        ("prodigy_claude_sessions_started_total", {}, 21),
        ("prodigy_claude_tool_invocations_total", {"tool_name": "Bash"}, 63),
        ("prodigy_claude_errors_total", {"error_type": "api_error"}, 1),
        ("prodigy_claude_reported_cost_dollars_total", SONNET, 1.235798),
        ("prodigy_worktree_pool_size", {}, 2),
    ],
    # 8 agents, a reduce step and a merge; agents 2 and 6 died.
    "prodigy-0.4.4/claude": [
        ("prodigy_mapreduce_items_total",
         {"job_id": "mapreduce-20261121_013433", "status": "dlq"}, 2),
        ("prodigy_mapreduce_agents_total",
         {"job_id": "mapreduce-20261121_013433", "status": "failed"}, 2),
        ("prodigy_mapreduce_dlq_items", {"job_id": "mapreduce-20261121_013433"}, 2),
        ("prodigy_mapreduce_agents_active", {}, 0),
        ("prodigy_workflow_executions_total", {"status": "success"}, 1),
        ("prodigy_claude_sessions_total", {"status": "started"}, 10),
        ("prodigy_claude_sessions_total", {"status": "failed"}, 2),
    ],
    "prodigy-0.4.4/dlq": [
        ("prodigy_mapreduce_dlq_items", {"job_id": "mapreduce-20261121_013814"}, 4),
        ("prodigy_mapreduce_errors_total",
         {"job_id": "mapreduce-20261121_013814", "error_type": "CommandFailed"}, 4),
        ("prodigy_mapreduce_worktrees_active", {"job_id": "mapreduce-20261121_013814"}, 4),
        ("prodigy_mapreduce_jobs_active", {}, 0),
        ("prodigy_claude_sessions_total", {"status": "success"}, 6),
    ],
    "prodigy-0.4.4/dialect": [
        ("prodigy_claude_tokens_total", {"token_type": "output", **SONNET}, 62572),
        ("prodigy_claude_sessions_started_total", {}, 1),
    ],
}


@pytest.mark.parametrize("name", TREES)
def test_numbers_by_hand(name):
    """Read off the raw files, so that model and pack cannot be wrong together."""
    samples = once(tree(name))
    for metric, labels, value in BY_HAND[name]:
        assert same_number(samples.total(metric, **labels), value), (metric, labels)


def test_sources_lie_beside_the_events_directory():
    """`once DIR` takes it for the events directory; what starts with ~ is off then."""
    events = os.path.join(tree("prodigy-0.4.4/standard"), ".prodigy", "events")
    samples = once("/nowhere", events)
    assert samples.total("prodigy_workflow_executions_total") == 3
    assert samples.total("prodigy_workflow_steps_total", workflow_name="standard-demo") == 25
    assert samples.total("prodigy_claude_sessions_total", status="started") == 21


def test_reference_names_every_source():
    with open(os.path.join(REPOSITORY, "rules", "prodigy.yaml"), encoding="utf-8") as file:
        sources = set(yaml.safe_load(file)["sources"])
    with open(os.path.join(REPOSITORY, "docs", "prodigy.md"), encoding="utf-8") as file:
        section = file.read().split("## What is read")[1].split("##")[0]
    first_columns = " ".join(re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE))
    assert sources == set(re.findall("`([a-z_]+)`", first_columns))


# --- In what order they are read ------------------------------------------------------------------


@pytest.fixture
def everything(tmp_path):
    """One home with all of what 0.4.4 left."""
    home = tmp_path / "all"
    for name in TREES:
        if name.startswith("prodigy-0.4.4"):
            shutil.copytree(tree(name), home, dirs_exist_ok=True)
    return home


def arrive(source, home, order):
    """The files of one home come into being in another, one by one, each written whole."""
    for path in order:
        with open(os.path.join(source, path), "rb") as file:
            put(home, path, file.read())


def shuffled(home, seed):
    order = files_of(home)
    random.Random(seed).shuffle(order)
    return order


def without(label, values):
    """Added up over one label."""
    result = {}
    for (name, labels), value in values.items():
        key = name, frozenset(pair for pair in labels if pair[0] != label)
        result[key] = result.get(key, 0) + value
    return result


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_order_on_disk(everything, tmp_path, seed):
    """Directories list files in the order of their making, newest files are read first: neither
    changes a number."""
    home = tmp_path / "home"
    order = shuffled(everything, seed)
    arrive(everything, home, order)
    for path in order:
        moment = random.Random(f"{seed} {path}").randrange(1_700_000_000, 1_790_000_000)
        os.utime(os.path.join(home, path), (moment, moment))
    assert_same(of_pack(once(home)), expected(everything))


def wait_for(exporter, wanted, select=of_pack, timeout=40):
    """Until these samples are shown, and then until they have stayed."""
    deadline = time.monotonic() + timeout * patience()
    while True:
        problems = differences(select(exporter.scrape()), wanted)
        if not problems or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert not problems, "\n".join(problems)
    time.sleep(0.3)
    assert_same(select(exporter.scrape()), wanted)


def follow(launch, home, **options):
    """An exporter as a user of this home has it."""
    os.makedirs(home, exist_ok=True)
    return launch(None, rules=None, options=["--rules", "prodigy"], env=home_environment(home),
                  **options)


def lasting(values):
    return {key: value for key, value in values.items() if not is_life_fed(key)}


@pytest.mark.parametrize("seed", [1, 2])
def test_order_of_arrival(everything, tmp_path, launch, seed):
    """Sessions come first, as Prodigy writes them; all else comes as it likes."""
    home = tmp_path / "home"
    exporter = follow(launch, home)
    order = shuffled(everything, seed)
    order.sort(key=lambda path: not path.startswith(SESSIONS))
    arrive(everything, home, order)
    wait_for(exporter, lasting(expected(everything)),
             select=lambda samples: lasting(of_pack(samples)))


@pytest.mark.parametrize("seed", [3, 4])
def test_order_of_arrival_without_any_order(everything, tmp_path, launch, seed):
    """A session that comes after what belongs to it gives its name only to what comes later; no
    number is lost or told twice."""
    home = tmp_path / "home"
    exporter = follow(launch, home)
    arrive(everything, home, shuffled(everything, seed))
    wait_for(exporter, without("workflow_name", lasting(expected(everything))),
             select=lambda samples: without("workflow_name", lasting(of_pack(samples))))


@pytest.mark.parametrize("missing", [".claude", os.path.join(".prodigy", "logs")])
def test_conversations_are_in_two_logs(tmp_path, missing):
    """Of runs that are no MapReduce jobs, either log tells all."""
    whole = tree("prodigy-0.4.4/standard")
    shutil.copytree(whole, tmp_path / "home")
    shutil.rmtree(tmp_path / "home" / missing)
    assert_same(of_pack(once(tmp_path / "home")), of_pack(once(whole)))


# --- Lives of files -------------------------------------------------------------------------------

SESSION = "session-52456018-77e4-4ca8-8128-15cc514d8b53"
JOB = "mapreduce-20261121_013814"
EVENTS = f".prodigy/events/{SESSION}/{JOB}/events-20261121_013814.jsonl"
ITEMS = f".prodigy/dlq/{SESSION}/{JOB}/mapreduce/dlq/{JOB}"


def moment(**ago):
    return (datetime.now(timezone.utc) - timedelta(**ago)).isoformat()


def agent_path(number):
    return f".prodigy/worktrees/{SESSION}/.metadata/mapreduce-agent-{JOB}_agent_{number}.json"


def put_agent(home, number):
    name = f"mapreduce-agent-{JOB}_agent_{number}"
    now = moment()
    put(home, agent_path(number), {"session_id": name, "worktree_name": name, "created_at": now,
                                   "updated_at": now, "status": "in_progress"})


def put_dead_letter(home, number):
    now = moment()
    put(home, f"{ITEMS}/items/item_{number}.json", {
        "item_id": f"item_{number}", "last_attempt": now, "failure_count": 1,
        "failure_history": [{"attempt_number": 1, "timestamp": now, "error_type": "Unknown",
                             "error_message": "Claude command '/fix' failed"}],
        "reprocess_eligible": False})
    items = sorted(name.removesuffix(".json") for name in os.listdir(home / ITEMS / "items"))
    put(home, f"{ITEMS}/index.json", {"item_count": len(items), "item_ids": items,
                                      "job_id": JOB, "updated_at": now})


def job_samples(samples):
    """What a job's agents and items came to, as short names; zeros too."""
    def total(name, **labels):
        return samples.total("prodigy_mapreduce_" + name, **labels)

    return {
        **{f"agents {status}": total("agents_total", job_id=JOB, status=status)
           for status in ("started", "success", "failed")},
        **{f"items {status}": total("items_total", job_id=JOB, status=status)
           for status in ("success", "failed", "dlq")},
        **{f"jobs {status}": total("jobs_total", status=status)
           for status in ("started", "success", "ended")},
        "jobs active": total("jobs_active"),
        "agents active": total("agents_active"),
        "dead": total("dlq_items", job_id=JOB),
        "durations": total("agent_duration_seconds_count", status="success"),
        "job durations": total("job_duration_seconds_count"),
    }


def expect_job(exporter, **wanted):
    """Waits for these, by short name with _ for blanks; what is not named is 0."""
    wanted = {name.replace("_", " "): value for name, value in wanted.items()}

    def problems():
        shown = job_samples(exporter.scrape())
        assert set(wanted) <= set(shown)
        return {name: value for name, value in shown.items() if value != wanted.get(name, 0)}

    deadline = time.monotonic() + 30 * patience()
    while problems() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.3)
    assert not problems(), f"expected {wanted}"


def open_events(home):
    """The writer of a job's event file, which Prodigy holds open while the job runs."""
    path = home / EVENTS
    path.parent.mkdir(parents=True)
    return open(path, "ab")


def test_a_job_and_its_agents(tmp_path, launch):
    """Agent 0 succeeds, 1 dies, 2 is killed with the job; what is cleaned up is no success."""
    home = tmp_path / "home"
    exporter = follow(launch, home)
    with open_events(home):
        for number in range(3):
            put_agent(home, number)
        expect_job(exporter, jobs_started=1, jobs_active=1, agents_started=3, agents_active=3)
        os.unlink(home / agent_path(0))
        put_dead_letter(home, 1)
        half = dict(jobs_started=1, agents_started=3, agents_success=1, items_success=1,
                    durations=1, agents_failed=1, items_failed=1, items_dlq=1, dead=1)
        expect_job(exporter, jobs_active=1, agents_active=1, **half)
        assert exporter.total("prodigy_agent_duration_seconds_count", job_id=JOB) == 1
        assert exporter.total(THROUGHPUT, job_id=JOB) > 0
        os.unlink(home / agent_path(1))
        expect_job(exporter, jobs_active=1, agents_active=1, **half)
    expect_job(exporter, jobs_ended=1, job_durations=1, **half)
    os.unlink(home / agent_path(2))
    expect_job(exporter, jobs_ended=1, job_durations=1, **half)
    assert exporter.total("prodigy_worktree_pool_size") == 0
    assert exporter.total("prodigy_mapreduce_worktrees_active") == 0


@pytest.mark.parametrize("ends", ["kill9", "stop"])
def test_a_job_that_goes_on_while_nobody_looks(tmp_path, launch, ends):
    """What happened meanwhile is counted, once; how long it took is not known."""
    home = tmp_path / "home"
    exporter = follow(launch, home)
    with open_events(home):
        for number in range(3):
            put_agent(home, number)
        expect_job(exporter, jobs_started=1, jobs_active=1, agents_started=3, agents_active=3)
        exporter.committed()
        getattr(exporter, ends)()
        os.unlink(home / agent_path(0))
        put_dead_letter(home, 1)
        put_agent(home, 3)
    exporter.start()
    expect_job(exporter, jobs_started=1, jobs_ended=1, agents_started=4, agents_success=1,
               agents_failed=1, items_success=1, items_failed=1, items_dlq=1, dead=1)


def test_dead_letters_that_are_tried_again_leave_the_queue(tmp_path, launch):
    home = tmp_path / "home"
    exporter = follow(launch, home)
    for number in range(3):
        put_dead_letter(home, number)
    told = dict(agents_failed=3, items_failed=3, items_dlq=3)
    expect_job(exporter, dead=3, **told)
    os.unlink(home / ITEMS / "items" / "item_1.json")
    put(home, f"{ITEMS}/index.json", {"item_count": 2, "item_ids": ["item_0", "item_2"],
                                      "job_id": JOB, "updated_at": moment()})
    expect_job(exporter, dead=2, **told)
    shutil.rmtree(home / ITEMS)
    expect_job(exporter, dead=0, **told)


def event(kind, **fields):
    event.number += 1
    return {"id": f"event-{event.number}", "timestamp": moment(), "correlation_id": "run",
            "event": {"event_type": kind, "job_id": JOB, **fields}}


event.number = 0


@pytest.mark.parametrize("first", ["events", "documents"])
def test_events_and_documents_tell_the_same(tmp_path, launch, first):
    """A Prodigy that writes both, as none does yet: a fact counts once, whoever tells it first."""
    home = tmp_path / "home"
    exporter = follow(launch, home)

    def tell_events(file):
        file.write(lines(
            event("job_started", total_items=2),
            *[event("agent_started", agent_id=f"a{n}", item_id=f"item_{n}") for n in range(2)],
            event("agent_completed", agent_id="a0", duration=[1, 0]),
            event("agent_failed", agent_id="a1", error="exit code 1", retry_eligible=False),
            event("d_l_q_item_added", item_id="item_1", failure_count=1),
        ).encode())
        file.flush()

    def tell_documents():
        for number in range(2):
            put_agent(home, number)
        wait_for(exporter, {sample_key("prodigy_worktree_pool_size"): 2}, timeout=10,
                 select=lambda samples: {key: value for key, value in of_pack(samples).items()
                                         if key[0] == "prodigy_worktree_pool_size"})
        active = exporter.total("prodigy_mapreduce_agents_active")
        assert active == (0 if first == "events" else 2)
        os.unlink(home / agent_path(0))
        put_dead_letter(home, 1)

    both = dict(jobs_started=1, jobs_active=1, agents_started=2, agents_success=1, agents_failed=1,
                items_success=1, items_failed=1, items_dlq=1, dead=1, durations=1)
    with open_events(home) as file:
        for told in (first, "documents" if first == "events" else "events"):
            if told == "events":
                tell_events(file)
            else:
                tell_documents()
            expect_job(exporter, **both)
        file.write(lines(event("job_completed", duration=[2, 0])).encode())
    both["jobs_active"] = 0
    expect_job(exporter, jobs_success=1, job_durations=1, **both)


def test_agents_seen_before_their_events(tmp_path, launch):
    """Whoever spoke of one agent of a job first tells of all of them."""
    home = tmp_path / "home"
    exporter = follow(launch, home)
    with open_events(home) as file:
        put_agent(home, 0)
        expect_job(exporter, jobs_started=1, jobs_active=1, agents_started=1, agents_active=1)
        file.write(lines(event("job_started", total_items=2),
                         *[event("agent_started", agent_id=f"a{n}") for n in range(2)]).encode())
        file.flush()
        put_agent(home, 1)
        expect_job(exporter, jobs_started=1, jobs_active=1, agents_started=2, agents_active=2)


def test_a_dead_letter_without_the_number_of_an_agent(tmp_path):
    put(tmp_path, f"{ITEMS}/items/a-name.json", {
        "item_id": "a-name", "last_attempt": moment(), "failure_count": 2, "failure_history": [],
        "reprocess_eligible": True})
    samples = once(tmp_path)
    assert samples.total("prodigy_mapreduce_items_total", job_id=JOB, status="dlq") == 1
    assert samples.total("prodigy_mapreduce_items_total", job_id=JOB, status="failed") == 1
    assert samples.total("jsonl_exporter_fields_missing_total") == 0


def test_a_dead_letter_seen_before_its_events(tmp_path, launch):
    home = tmp_path / "home"
    exporter = follow(launch, home)
    put_dead_letter(home, 1)
    told = dict(agents_failed=1, items_failed=1, items_dlq=1, dead=1)
    expect_job(exporter, **told)
    with open_events(home) as file:
        file.write(lines(event("job_started", total_items=2),
                         event("agent_failed", agent_id="a1", error="?", retry_eligible=False),
                         event("d_l_q_item_added", item_id="item_1", failure_count=1)).encode())
        file.flush()
        expect_job(exporter, jobs_started=1, jobs_active=1, **told)


def test_agents_seen_after_their_job(tmp_path, launch):
    """What is left of agents that were killed is not active."""
    home = tmp_path / "home"
    exporter = follow(launch, home)
    open_events(home).close()
    expect_job(exporter, jobs_started=1, jobs_ended=1, job_durations=1)
    put_agent(home, 0)
    expect_job(exporter, jobs_started=1, jobs_ended=1, job_durations=1, agents_started=1)


def test_the_workflow_of_a_job_whose_file_is_there_before_its_events(tmp_path, launch):
    """Where Prodigy's events tell of jobs, the file alone does not."""
    home = tmp_path / "home"
    path = home / EVENTS.replace(SESSION, "repo")
    exporter = follow(launch, home)
    path.parent.mkdir(parents=True)
    with open(path, "ab") as file:
        wait_until(lambda: exporter.own("events_total", event_type="JobOpened"), 10)
        expect_job(exporter)
        file.write(lines(event("job_started", total_items=2, workflow="nightly")).encode())
    expect_job(exporter, jobs_started=1, jobs_active=1)
    samples = exporter.sync()
    assert samples.total("prodigy_mapreduce_jobs_total", status="started", workflow="nightly") == 1
    assert len(samples.matching("prodigy_mapreduce_jobs_active")) == 1
    assert samples.total("prodigy_mapreduce_jobs_active", workflow="nightly") == 1


# --- Runs -----------------------------------------------------------------------------------------

RUN = "workflow-1795225040570"


def put_session(home, status, name="demo", session=RUN, **fields):
    content = {"id": session, "status": status, "started_at": moment(minutes=5),
               "updated_at": moment(), "completed_at": None, "error": None,
               "workflow_data": {"workflow_name": name, "iterations_completed": 0,
                                 "files_changed": 0}, **fields}
    put(home, f".prodigy/sessions/{session}.json", content)


def put_metadata(home, status):
    put(home, f".prodigy/worktrees/repo/.metadata/{RUN}.json",
        {"session_id": RUN, "worktree_name": RUN, "status": status, "updated_at": moment()})


def expect_runs(exporter, **wanted):
    def shown():
        samples = exporter.scrape()
        return {"active": samples.total("prodigy_workflow_active", workflow_name="demo"),
                **{status: samples.total("prodigy_workflow_executions_total", status=status)
                   for status in ("success", "failed", "cancelled")}}

    wanted = {"active": 0, "success": 0, "failed": 0, "cancelled": 0, **wanted}
    deadline = time.monotonic() + 20 * patience()
    while shown() != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    assert shown() == wanted


def test_a_run_that_is_interrupted_and_resumed(tmp_path, launch):
    home = tmp_path / "home"
    exporter = follow(launch, home)
    put_metadata(home, "in_progress")
    put_session(home, "Running")
    expect_runs(exporter, active=1)
    put_metadata(home, "interrupted")
    expect_runs(exporter, active=0)
    put_session(home, "Running")
    expect_runs(exporter, active=1)
    put_session(home, "Completed", completed_at=moment())
    expect_runs(exporter, success=1)
    put_session(home, "Completed", completed_at=moment())
    expect_runs(exporter, success=1)


def test_a_run_that_fails_and_is_tried_again(tmp_path, launch):
    home = tmp_path / "home"
    exporter = follow(launch, home)
    put_session(home, "Failed", completed_at=moment())
    expect_runs(exporter, failed=1)
    put_session(home, "Failed", completed_at=moment(),  # it says why a write later
                error="Error: Step 'shell: make' failed with exit code 2: Claude command")
    wait_for(exporter, {
        sample_key("prodigy_step_executions_total", step_type="shell", status="failed"): 1,
        sample_key("prodigy_workflow_steps_total", workflow_name="demo"): 1,
    }, select=lambda samples: {key: value for key, value in of_pack(samples).items()
                               if key[0] in ("prodigy_step_executions_total",
                                             "prodigy_workflow_steps_total")})
    put_session(home, "Running")
    expect_runs(exporter, failed=1, active=1)
    put_session(home, "Cancelled", completed_at=moment())
    expect_runs(exporter, failed=1, cancelled=1)


def test_ghosts_are_not_active(tmp_path):
    """Killed runs stay Running for ever; after a day without a word they are gone."""
    home = tmp_path / "home"
    put_session(home, "Running", session="workflow-1", updated_at=moment(hours=25))
    put_session(home, "Running", session="workflow-2", updated_at=moment(hours=23))
    put_session(home, "Paused", session="workflow-3")
    put_session(home, "Running")
    put_metadata(home, "interrupted")
    assert once(home).total("prodigy_workflow_active") == 1


def test_outcomes_are_there_before_the_first_end(tmp_path):
    """At 0, so that an increase is seen; and an end without a time has no duration."""
    put_session(tmp_path, "Running")
    samples = once(tmp_path)
    for status in ("success", "failed", "cancelled"):
        assert samples.value("prodigy_workflow_executions_total", status=status,
                             workflow_name="demo") == 0
    put_session(tmp_path, "Cancelled")
    samples = once(tmp_path)
    assert samples.total("prodigy_workflow_executions_total", status="cancelled") == 1
    assert not samples.has("prodigy_workflow_duration_seconds_count")
    assert samples.total("jsonl_exporter_fields_missing_total") == 0


def test_steps_of_a_run_are_told_again_and_again(tmp_path, launch):
    """Every checkpoint has all steps so far, in place of the one before."""
    home = tmp_path / "home"
    exporter = follow(launch, home)
    put_session(home, "Running")
    path = f".prodigy/state/{RUN}/checkpoints/a.checkpoint.json"
    steps = []
    for number in range(12):
        steps.append({"step_index": number % 3, "command": "goal_seek: x", "success": True,
                      "duration": {"secs": 1, "nanos": 500000000}, "completed_at": moment()})
        put(home, path + ".tmp", {"completed_steps": steps, "workflow_name": "default",
                                  "timestamp": moment()})
        os.rename(home / (path + ".tmp"), home / path)
        if number == 6:
            time.sleep(0.5)

    def steps_done(samples):
        return {key: value for key, value in of_pack(samples).items()
                if key[0] in ("prodigy_workflow_steps_total", "prodigy_step_duration_seconds_sum")}

    wait_for(exporter, {sample_key("prodigy_workflow_steps_total", workflow_name="demo"): 12,
                        sample_key("prodigy_step_duration_seconds_sum", step_type="goal_seek"): 18},
             select=steps_done)


# --- Conversations --------------------------------------------------------------------------------

CWD = f"/home/user/.prodigy/worktrees/repo/{RUN}"
AGENT_CWD = f"/home/user/.prodigy/worktrees/{SESSION}/mapreduce-agent-{JOB}_agent_4"
STREAM = ".prodigy/logs/claude-streaming/20261121_013707-a.jsonl"
OWN = f".claude/projects/-home-user--prodigy-worktrees-repo-{RUN}/s1.jsonl"


def usage(output=0, input=0, read=0, written=0, **more):
    return {"input_tokens": input, "output_tokens": output, "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written, **more}


def answer(message, numbers=None, content=(), model=SONNET["model"], **fields):
    """A line of Claude's own log."""
    return {"type": "assistant", "sessionId": "s1", "cwd": CWD,
            "timestamp": "2026-11-21T01:37:00.000Z",
            "message": {"id": message, "model": model, "role": "assistant",
                        "content": list(content), **({"usage": numbers} if numbers else {})},
            **fields}


def tool_call(call, name="Bash"):
    return {"type": "tool_use", "id": call, "name": name, "input": {}}


TOKENS = "prodigy_claude_tokens_total"
DOLLARS = "prodigy_claude_cost_dollars_total"
# By name: records by file, and samples that they give.
CONVERSATIONS = {
    "the first line of an answer may be an early snapshot": (
        {OWN: [answer("m1", usage(output, 10)) for output in (2, 90, 90)]},
        [(TOKENS, {"token_type": "output"}, 90), (TOKENS, {"token_type": "input"}, 10),
         (DOLLARS, {"token_type": "output"}, 90 * 15e-6)]),
    "a resumed conversation is copied": (
        {OWN: [answer("m1", usage(5), [tool_call("t1")])],
         OWN.replace("s1", "s2"): [answer("m1", usage(5), [tool_call("t1")], sessionId="s1"),
                                   answer("m2", usage(7), [tool_call("t2")], sessionId="s2")]},
        [(TOKENS, {"token_type": "output"}, 12), ("prodigy_claude_sessions_started_total", {}, 2),
         ("prodigy_claude_tool_invocations_total", {"tool_name": "Bash"}, 2)]),
    "subagents are in folders of their own": (
        {OWN: [answer("m1", usage(5))],
         OWN.replace("s1.jsonl", "s1/subagents/agent-7.jsonl"):
             [answer("m2", usage(6), isSidechain=True)]},
        [(TOKENS, {"token_type": "output"}, 11), ("prodigy_claude_sessions_started_total", {}, 1)]),
    "progress repeats messages": (
        {OWN: [answer("m1", usage(5)),
               {"type": "progress", "sessionId": "s1",
                "data": {"message": answer("m2", usage(5))}}]},
        [(TOKENS, {"token_type": "output"}, 5)]),
    "the cache costs more when it is kept for an hour": (
        {OWN: [answer("m1", usage(written=1000, cache_creation={
            "ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 600}))]},
        [(TOKENS, {"token_type": "cache_creation"}, 1000),
         (DOLLARS, {"token_type": "cache_creation"}, (400 * 3.75 + 600 * 6) / 1e6)]),
    "models without a price": (
        {OWN: [answer("m1", usage(5, 6, 7, 8), model="claude-next-9"),
               answer("m2", usage(1), model="<synthetic>")]},
        [("prodigy_claude_unpriced_tokens_total", {"model": "claude-next-9"}, 26),
         (TOKENS, {}, 26), (DOLLARS, {}, 0)]),
    "a price that changed with time": (
        {OWN: [answer("m1", usage(read=10**6), model="claude-sonnet-5-5",
                      timestamp="2026-10-06T23:59:59Z"),
               answer("m2", usage(read=10**6), model="claude-sonnet-5-5",
                      timestamp="2026-10-07T00:00:00Z")]},
        [(DOLLARS, {"token_type": "cache_read"}, 0.30)]),
    "long prompts of some models cost more": (
        {OWN: [answer("m1", usage(1000, 1, 100_000), model="claude-haiku-5-5"),
               answer("m2", usage(1000, 0, 100_000), model="claude-haiku-5-5"),
               answer("m3", usage(0, 100_000, 0, 1000, cache_creation={
                   "ephemeral_1h_input_tokens": 400}), model="claude-haiku-5-5")]},
        [(DOLLARS, {"token_type": "output"}, 0.5 * 6000 / 1e6),
         (DOLLARS, {"token_type": "cache_read"}, 0.01 * 600_000 / 1e6),
         (DOLLARS, {"token_type": "input"}, 0.1 * 5 * 100_001 / 1e6),
         (DOLLARS, {"token_type": "cache_creation"}, 5 * (600 * 0.125 + 400 * 0.2) / 1e6)]),
    "texts instead of lists, and no usage": (
        {OWN: [{**answer("m1"), "message": {"id": "m1", "model": "x", "content": "text"}},
               {"type": "user", "sessionId": "s1", "message": {"content": "text"}}]},
        [(TOKENS, {}, 0), ("prodigy_claude_sessions_started_total", {}, 1)]),
    "an error is in both logs": (
        {OWN: [answer("m1", content=[{"type": "text", "text": "API Error: 500 {}"}],
                      model="<synthetic>", isApiErrorMessage=True)],
         STREAM: [{"type": "system", "subtype": "init", "cwd": CWD, "session_id": "s1"},
                  {"type": "result", "is_error": True, "session_id": "s1",
                   "result": "API Error: 500"}]},
        [("prodigy_claude_errors_total", {"error_type": "api_error"}, 1),
         ("prodigy_claude_sessions_total", {"status": "failed"}, 1),
         ("prodigy_claude_sessions_total", {"status": "started"}, 1)]),
    "of an agent's errors only its own log tells": (
        {OWN: [answer(f"m{n}", content=[{"type": "text", "text": f"{n} Overloaded"}],
                      model="<synthetic>", isApiErrorMessage=True) for n in range(2)]},
        [("prodigy_claude_errors_total", {"error_type": "overloaded"}, 1),
         ("prodigy_claude_sessions_total", {"status": "failed"}, 0)]),
    "a result repeats the usage, and may come twice": (
        {STREAM: [{"type": "system", "subtype": "init", "cwd": CWD, "session_id": "s1",
                   "model": "claude-sonnet-4-5"},
                  {**answer("m1", usage(5)), "session_id": "s1"},
                  {"type": "result", "is_error": False, "session_id": "s1", "total_cost_usd": 0.5,
                   "usage": usage(5)}],
         STREAM.replace("-a", "-b"): [{"type": "result", "is_error": False, "session_id": "s1",
                                       "total_cost_usd": 0.7}]},
        [(TOKENS, {}, 5), ("prodigy_claude_sessions_total", {"status": "success"}, 1)]),
    "files that agents change": (
        {OWN.replace(f"repo-{RUN}", f"{SESSION}-mapreduce-agent-{JOB}-agent-4".replace("_", "-")): [
            answer("m1", usage(1), [tool_call("t1", "Edit"), tool_call("t2", "Read")],
                   cwd=AGENT_CWD),
            answer("m1", usage(1), [tool_call("t1", "Edit"), tool_call("t3", "Write")])],
         OWN: [answer("m2", usage(1), [tool_call("t4", "Edit")])]},
        [("prodigy_mapreduce_files_modified_total", {"job_id": JOB}, 2),
         ("prodigy_claude_tool_invocations_total", {"tool_name": "Edit"}, 2)]),
    "what is said elsewhere is not Prodigy's": (
        {".claude/projects/-home-user-shop/s1.jsonl": [answer("m1", usage(5))]},
        [(TOKENS, {}, 0), ("prodigy_claude_sessions_started_total", {}, 0)]),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_conversation(tmp_path, name):
    files, wanted = CONVERSATIONS[name]
    for path, records in files.items():
        put(tmp_path, path, lines(*records))
    samples = once(tmp_path)
    for metric, labels, value in wanted:
        assert same_number(samples.total(metric, **labels), value), (metric, labels, samples.text)
    assert samples.total("jsonl_exporter_fields_missing_total") == 0


def test_tokens_carry_the_name_of_their_workflow(tmp_path):
    """By the directory of the conversation: the session's id is in it."""
    put_session(tmp_path, "Completed", name="nightly", completed_at=moment())
    put_session(tmp_path, "Completed", name="", session=SESSION, completed_at=moment())
    put(tmp_path, OWN, lines(answer("m1", usage(5))))
    put(tmp_path, OWN.replace("s1", "s2"), lines(answer("m2", usage(3), cwd=AGENT_CWD),
                                                 answer("m3", usage(2), cwd="/somewhere")))
    samples = once(tmp_path)
    assert samples.total(TOKENS, workflow_name="nightly", token_type="output") == 5
    assert samples.total(TOKENS, token_type="output") == 10
