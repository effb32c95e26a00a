"""Options, environment and files, as typed by people who mistype; the log, and the end."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from events import Tree, append, event, events
from exporter import Exporter
from program import BINARY, make_environment, parse_log_line, run, wait_until
from prometheus import Prometheus


def one_line(text):
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


# Mistakes


@pytest.mark.parametrize(
    "arguments,fragments",
    [
        (["--event-dir", "/x"], ["--event-dir", "--events-dir"]),
        (["run", "--web.listen-adress=:1"], ["--web.listen-adress", "--web.listen-address"]),
        (["once", "--rulse", "x"], ["--rulse", "--rules"]),
        (["runn"], ["runn", "run"]),
        (["chek", "x"], ["chek", "check"]),
        (["run", "--log.level", "loud"], ["log.level", "loud"]),
        (["run", "--log.level=inf"], ["inf", "info"]),
        (["run", "--log.format=xml"], ["xml", "logfmt", "json"]),
        (["run", "--metrics-port", "70000"], ["metrics-port", "70000", "65535"]),
        (["run", "--metrics-port", "-1"], ["metrics-port", "-1"]),
        (["run", "--metrics-port", "http"], ["metrics-port", "http"]),
        (["run", "--max-line-bytes", "0"], ["max-line-bytes", "0"]),
        (["run", "--max-line-bytes", "lots"], ["max-line-bytes", "lots"]),
        (["run", "--web.max-requests", "-3"], ["web.max-requests", "-3"]),
        (["run", "--web.telemetry-path", "metrics"], ["web.telemetry-path", "metrics"]),
        (["run", "--events-dir"], ["--events-dir"]),
        (["run", "--no-metrics=maybe"], ["no-metrics", "maybe"]),
        (["run", "surplus"], ["surplus"]),
        (["version", "--events-dir"], ["--events-dir"]),
        (["help", "chekc"], ["chekc", "check"]),
        (["check"], ["check"]),
        (["run", "--web.listen-address", "nonsense:port"], ["nonsense:port"]),
        (["-x"], ["-x"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_exits_2_with_one_clear_line(tmp_path, arguments, fragments):
    result = run(*arguments, timeout=15, env={"HOME": str(tmp_path)})
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    line = one_line(result.stderr)
    for fragment in fragments:
        assert fragment in line, line


def test_a_port_in_use_exits_1_and_says_which(tree, tmp_path, rules):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        taken_port = taken.getsockname()[1]
        address = f"127.0.0.1:{taken_port}"
        result = run("run", "--events-dir", tree.root, "--rules", rules,
                     "--web.listen-address", address, timeout=15)
    assert result.returncode == 1
    assert address in result.stderr
    assert f"(pid {os.getpid()})" in result.stderr, result.stderr
    free = re.search(r"port (\d+) is free", result.stderr)
    assert free and int(free[1]) > taken_port
    assert "--metrics-port" in result.stderr


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_port_that_prometheus_holds_is_said_to_be_its(tree, tmp_path, rules):
    """Both want 9090; here any port, which Prometheus has first."""
    prometheus = Prometheus(tmp_path, "127.0.0.1:1", 5)
    try:
        wait_until(lambda: listens(prometheus.port), 20)
        result = run("run", "--events-dir", tree.root, "--rules", rules,
                     "--web.listen-address", f"127.0.0.1:{prometheus.port}", timeout=15)
    finally:
        prometheus.stop()
    assert result.returncode == 1
    assert "in use by prometheus (pid" in result.stderr, result.stderr


def test_an_address_of_another_machine_exits_1(tree, rules):
    result = run("run", "--events-dir", tree.root, "--rules", rules,
                 "--web.listen-address", "192.0.2.1:0", timeout=15)
    assert result.returncode == 1
    assert "192.0.2.1" in result.stderr


def test_an_events_directory_that_is_a_file_exits_1_with_the_cause(tmp_path, rules):
    file = tmp_path / "file"
    file.write_text("x")
    result = run("run", "--events-dir", file, "--rules", rules,
                 "--web.listen-address", "127.0.0.1:0", timeout=15)
    assert result.returncode == 1
    assert str(file) in result.stderr and "directory" in result.stderr.lower()


def test_an_unreadable_events_directory_exits_1_with_the_cause(tmp_path, rules):
    directory = tmp_path / "closed"
    directory.mkdir(mode=0)
    prefix = []
    if os.geteuid() == 0:
        prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
        if shutil.which("setpriv") is None:
            pytest.skip("needs setpriv when run as root")
    result = subprocess.run(
        prefix + [BINARY, "run", "--events-dir", str(directory), "--rules", str(rules),
                  "--web.listen-address", "127.0.0.1:0"],
        stderr=subprocess.PIPE, timeout=30, env=make_environment())
    directory.chmod(0o755)
    assert result.returncode == 1
    assert str(directory) in result.stderr.decode()
    assert "ermission" in result.stderr.decode()


def test_a_missing_events_directory_is_waited_for(tmp_path, launch):
    tree = Tree(tmp_path / "not" / "yet" / "events")
    exporter = launch(tree.root)
    assert exporter.request("/health").status == 200
    ready = exporter.get_json("/ready")
    assert tree.root in json.dumps(ready["checks"]["watch"])
    time.sleep(2.5)
    told = [line for line in exporter.log_lines()[1:] if tree.root in str(line)]
    assert len(told) == 1, told
    os.makedirs(tree.root)
    append(tree.job_file("repo", "job-1"), event(1))
    exporter.expect(ok=1)
    assert exporter.request("/ready").status == 200


def test_a_broken_rule_file_never_starts_and_shows_every_error(tree, tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("""\
metrics:
  a_total: {type: conter, help: A.}
rules:
  Thing:
    - icn: a_total
    - inc: b_total
""")
    result = run("run", "--events-dir", tree.root, "--rules", path,
                 "--web.listen-address", "127.0.0.1:0", timeout=15)
    assert result.returncode == 1
    for where in (f"{path}:2:", f"{path}:5:", f"{path}:6:"):
        assert where in result.stderr, result.stderr
    for hint in ("counter", "inc", "a_total"):
        assert f"'{hint}'" in result.stderr, result.stderr


def test_a_rule_file_that_is_not_there_exits_1(tree, tmp_path):
    result = run("run", "--events-dir", tree.root, "--rules", tmp_path / "no.yaml", timeout=15)
    assert result.returncode == 1
    assert "no.yaml" in result.stderr and "No such file" in result.stderr


def test_a_built_in_pack_that_does_not_exist_names_the_nearest(tree):
    result = run("run", "--events-dir", tree.root, "--rules", "prodigi", timeout=15)
    assert result.returncode in (1, 2)
    assert "prodigi" in result.stderr and "prodigy" in result.stderr.replace("prodigi", "")


# Settings


def test_settings_come_from_option_environment_and_file_in_this_order(tree, tmp_path, rules):
    with socket.socket() as a, socket.socket() as b, socket.socket() as c:
        ports = []
        for probe in (a, b, c):
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    config = tmp_path / "config.yaml"
    config.write_text(f"events_dir: {tree.root}\npacks: [{rules}]\nmetrics_port: {ports[0]}\n")

    def port(options, env):
        exporter = Exporter(None, tmp_path, rules=None, address=None, zero_first=True,
                            options=["--config.file", config, *options], env=env)
        with exporter:
            return exporter.port

    assert port([], {}) == ports[0]
    assert port([], {"PRODIGY_METRICS_PORT": str(ports[1])}) == ports[1]
    both = port(["--metrics-port", str(ports[2])], {"PRODIGY_METRICS_PORT": str(ports[1])})
    assert both == ports[2]


def test_a_bad_environment_value_is_told_by_its_name(tree):
    result = run("run", "--events-dir", tree.root, env={"PRODIGY_METRICS_PORT": "http"},
                 timeout=15)
    assert result.returncode == 2
    assert "PRODIGY_METRICS_PORT" in one_line(result.stderr)


@pytest.mark.parametrize("content,fragments", [
    ("events_dri: /x\n", ["events_dri", "events_dir", ":1:1"]),
    ("metrics_port: 99999\n", ["metrics_port", "99999", ":1:"]),
    ("a: [\n", [":2:"]),
])
def test_a_bad_config_file_never_starts(tree, tmp_path, content, fragments):
    config = tmp_path / "config.yaml"
    config.write_text(content)
    result = run("run", "--config.file", config, "--events-dir", tree.root, timeout=15)
    assert result.returncode in (1, 2)
    for fragment in [str(config), *fragments]:
        assert fragment in result.stderr


def test_the_config_file_may_hold_rules_beside_the_built_in_pack(tree, tmp_path, launch):
    config = tmp_path / "config.yaml"
    config.write_text("""\
metrics:
  my_events_total: {type: counter, help: Mine., labels: [job_id]}
rules:
  agent_progress:
    - inc: my_events_total
      labels: {job_id: "{file.job_id}"}
""")
    exporter = launch(tree.root, rules=None, options=["--config.file", config])
    append(tree.file, events(1, 3))
    wait_until(lambda: exporter.total("my_events_total", job_id="job-1") == 3, 10)
    assert exporter.total("prodigy_storage_events_written_total") == 3
    assert "prodigy" in exporter.started["packs"]


def test_prodigy_home_moves_the_events_directory(tmp_path, launch):
    tree = Tree(tmp_path / "home" / "events", create=True)
    append(tree.file, events(1, 2))
    exporter = launch(None, env={"PRODIGY_HOME": str(tmp_path / "home"), "HOME": "/nonexistent"})
    exporter.expect(ok=2)
    assert exporter.started["following"] == tree.root


def test_without_any_option_the_home_directory_is_followed_with_the_built_in_pack(tmp_path):
    tree = Tree(tmp_path / ".prodigy" / "events", create=True)
    append(tree.file, event(1, "agent_started", attempt=1))
    exporter = Exporter(None, tmp_path, rules=None, zero_first=True, env={"HOME": str(tmp_path)})
    exporter.arguments.remove("run")  # run is what happens without a subcommand
    with exporter:
        assert exporter.started["following"] == tree.root
        assert exporter.started["packs"] == "prodigy"
        wait_until(lambda: exporter.total("prodigy_storage_events_written_total") == 1, 10)
        assert exporter.value("prodigy_mapreduce_agents_active") == 1


def test_several_packs_are_named_in_the_first_line(tree, tmp_path, launch, rules):
    exporter = launch(tree.root, options=["--rules", "prodigy"])
    assert exporter.started["packs"] == "rules,prodigy"
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    assert exporter.total("prodigy_storage_events_written_total") == 3


# The log


def test_the_first_line_says_what_is_followed_and_where_it_serves(tree, exporter):
    line = exporter.started
    assert line["level"] == "info" and line["msg"] == "jsonl-exporter started"
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", line["ts"])
    assert line["following"] == tree.root
    assert line["packs"] == "rules"
    assert line["version"]
    assert re.match(r"http://127\.0\.0\.1:\d+/metrics$", line["serving"])


def test_json_logs_are_json(tree, launch):
    exporter = launch(tree.root, options=["--log.format", "json"])
    append(tree.file, b'{"broken\n' + event(1))
    exporter.expect(ok=1, bad=1)
    lines = [json.loads(line) for line in exporter.log().splitlines()]
    assert lines[0]["msg"] == "jsonl-exporter started"
    assert [line for line in lines if line["level"] == "warn" and tree.file in str(line)]


def test_the_first_bad_line_of_each_kind_is_logged_with_file_line_and_cause(tree, exporter):
    append(tree.file, event(1) + b'{"broken\n' * 500 + b"[1]\n" * 500 + event(2))
    exporter.expect(ok=2, bad=1000)
    told = [line for line in exporter.log_lines() if line.get("file") == tree.file]
    assert 2 <= len(told) < 40, "the log is limited"
    first = next(line for line in told if line["reason"] == "malformed")
    assert str(first["line"]) == "2"
    other = next(line for line in told if line["reason"] == "not_object")
    assert str(other["line"]) == "502"


def test_the_log_level_hides_what_is_below(tree, tmp_path, rules):
    exporter = Exporter(tree.root, tmp_path, options=["--log.level", "error"]).launch()
    time.sleep(1)
    append(tree.file, b"{broken\n")
    time.sleep(1)
    assert exporter.log() == ""
    exporter.stop()


# Life


def test_sigterm_and_sigint_end_it_with_success(tree, tmp_path):
    for number in (signal.SIGTERM, signal.SIGINT):
        exporter = Exporter(tree.root, tmp_path).start()
        exporter.process.send_signal(number)
        assert exporter.process.wait(15) == 0
        exporter.check_log()


def test_sigterm_during_a_backlog_ends_it_soon(tree, tmp_path):
    block = b"".join(event(n) for n in range(20000))
    for number in range(40):
        append(tree.job_file("repo", f"job-{number}"), block)
    exporter = Exporter(tree.root, tmp_path).start()
    exporter.stop()


def test_it_survives_a_closed_stderr_reader(tree, tmp_path, rules):
    process = subprocess.Popen(
        [BINARY, "run", "--events-dir", tree.root, "--rules", str(rules),
         "--web.listen-address", "127.0.0.1:0"], stderr=subprocess.PIPE, env=make_environment())
    process.stderr.readline()
    process.stderr.close()
    append(tree.file, b"{broken\n")
    time.sleep(1.5)
    assert process.poll() is None
    process.terminate()
    assert process.wait(15) == 0


def test_no_metrics_follows_and_counts_without_a_listener(tree, tmp_path):
    exporter = Exporter(tree.root, tmp_path, options=["--no-metrics"], address=None)
    with exporter:
        assert "serving" not in exporter.started or "http" not in exporter.started["serving"]
        sockets = subprocess.run(
            ["ls", "-l", f"/proc/{exporter.process.pid}/fd"], stdout=subprocess.PIPE
        ).stdout.decode()
        inodes = set(re.findall(r"socket:\[(\d+)\]", sockets))
        listening = set()
        for table in ("tcp", "tcp6"):
            for line in exporter.procfs(f"net/{table}").splitlines()[1:]:
                if line.split()[3] == "0A":
                    listening.add(line.split()[9])
        assert not inodes & listening
        append(tree.file, event(1) + b"{broken\n")
        wait_until(lambda: "malformed" in exporter.log(), 10)  # it does follow


def test_inherited_descriptors_do_not_disturb_it(tree, tmp_path, rules):
    """Started with 0, 1 and 2 closed, and with a thousand others open."""
    script = 'exec "$0" run --events-dir "$1" --rules "$2" --web.listen-address 127.0.0.1:0'
    process = subprocess.Popen(
        ["sh", "-c", script + " <&- >&-", BINARY, tree.root, str(rules)],
        stderr=subprocess.PIPE, env=make_environment())
    line = parse_log_line(process.stderr.readline().decode())
    assert line["msg"] == "jsonl-exporter started"
    process.terminate()
    assert process.wait(15) == 0
