"""`docs`: the metric reference. It says what the packs say, its queries are right, and the page of
the tree is what the program prints."""

import os
import re
import shutil
import subprocess

import pytest
import yaml

from program import REPOSITORY, run

PACKS = ["prodigy", "claude-code", "stream-processor", "dag-workflow", "llm-research"]
RULES = [word for pack in PACKS for word in ("--rules", pack)]
REFERENCE = os.path.join(REPOSITORY, "docs", "metrics-reference.md")
VERBS = ("inc dec add sub set max min observe rate enter leave clear drop start stop "
         "remember").split()
EVENT = re.compile(r"``? ?(.*?) ?``?")


class Metric:
    """One `###` section, read as a reader would."""

    def __init__(self, pack, name, text):
        self.pack = pack
        self.name = name
        self.facts = dict(re.findall(r"^- \*\*(\w[\w ]*):\*\* (.*)$", text, re.M))
        self.feeds = re.findall(r"^\| (`.*`) \| `(\w+)` \| `(\S+):(\d+)` \|$", text, re.M)
        self.queries = re.findall(r"^```promql\n(.*?)\n```$", text, re.M | re.S)
        self.text = text

    def label_names(self):
        names = re.sub(r" \(from the start: .*?\)", "", self.facts["Labels"])
        return re.findall(r"`(\w+)`", names)


def metrics_of(page):
    metrics = {}
    for section in re.split(r"^## ", page, flags=re.M)[1:]:
        pack = section.split("\n", 1)[0]
        for part in re.split(r"^### ", section, flags=re.M)[1:]:
            name = re.match(r"`(\w+)`\n", part)[1]
            assert name not in metrics
            metrics[name] = Metric(pack, name, part)
    return metrics


def own_rows(page):
    """Name, type and query of the exporter's own metrics."""
    table = page.split("## The exporter's own metrics\n", 1)[1]
    return re.findall(r"^\| `(\w+)` \| (\w+) \| .* \| `(.*?)` \|$", table, re.M)


@pytest.fixture(scope="module")
def page():
    result = run("docs", *RULES)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def metrics(page):
    return metrics_of(page)


def test_the_page_of_the_tree_is_what_the_program_prints(page):
    with open(REFERENCE) as file:
        assert file.read() == page, (
            f"docs/metrics-reference.md is behind: jsonl-exporter docs {' '.join(RULES)} "
            "--output docs/metrics-reference.md")


@pytest.mark.parametrize("pack", PACKS)
def test_every_metric_of_a_pack_is_there_as_the_pack_has_it(pack, metrics):
    with open(os.path.join(REPOSITORY, "rules", pack + ".yaml")) as file:
        source = yaml.safe_load(file)
    told = {name: metric for name, metric in metrics.items() if metric.pack == pack}
    assert list(told) == list(source["metrics"])
    for name, spec in source["metrics"].items():
        facts = told[name].facts
        assert facts["Type"] == spec["type"], name
        assert told[name].label_names() == (spec.get("labels") or []), name
        assert re.sub(r"\\(.)", r"\1", told[name].text).count(spec["help"].strip()) == 1, name
        buckets = spec.get("buckets")
        if isinstance(buckets, list):
            assert [float(bound) for bound in facts["Buckets"].split(", ")] == buckets, name
        assert ("Buckets" in facts) == (spec["type"] == "histogram"), name
        for label, values in (spec.get("init") or {}).items():
            shown = re.search(rf"`{label}` \(from the start: (.*?)\)", facts["Labels"])[1]
            assert shown == ", ".join(f"`{value}`" for value in values), name


def rows_of(pack):
    """(update, metric or memory, line) of each row of a pack, by another reader of YAML."""
    with open(os.path.join(REPOSITORY, "rules", pack + ".yaml")) as file:
        root = yaml.compose(file)
    sections = {key.value: value for key, value in root.value}
    for _, rows in sections["rules"].value:
        for row in rows.value if isinstance(rows, yaml.SequenceNode) else []:
            for key, value in row.value:
                if key.value in VERBS:
                    yield key.value, value.value, row.start_mark.line + 1


@pytest.mark.parametrize("pack", PACKS)
def test_every_row_stands_with_the_metric_that_it_feeds(pack, metrics):
    told = sorted((verb, name, int(line)) for name, metric in metrics.items()
                  for _, verb, place, line in metric.feeds if place == pack)
    written = sorted(row for row in rows_of(pack) if row[1] in metrics)
    assert told == written
    assert len(told) > 15


def test_every_metric_is_fed(metrics):
    for metric in metrics.values():
        assert metric.feeds or "Also counts what lapses in" in metric.text, metric.name


def test_events_are_told_with_their_source(metrics):
    feeds = metrics["prodigy_mapreduce_agents_active"].feeds
    events = {event for feed in feeds for event in EVENT.findall(feed[0]) if event}
    assert {"events/AgentStarted", "agent_metadata/AgentSeen", "events/JobCompleted"} <= events
    pending = metrics["claude_code_tool_calls_total"].text
    assert "Also counts what lapses in `claude_code_tool_calls_pending`." in pending


def assert_right_in_kind(name, kind, labels, query):
    grouped = [label for group in re.findall(r" by \((.*?)\)", query)
               for label in group.split(", ")]
    assert set(grouped) <= {*labels, "le"}, name
    assert name in query
    if kind == "counter":
        assert re.fullmatch(r"sum.*\((rate|increase)\(\w+\[\w+\]\)\)", query), name
    elif kind == "histogram":
        assert re.fullmatch(r"histogram_quantile\(0\.\d+, sum by \(le.*\) "
                            rf"\(rate\({name}_bucket\[5m\]\)\)\)", query), name
    else:
        assert "rate(" not in query and "increase(" not in query and "_bucket" not in query, name
    spent = re.search(r"_(tokens|dollars|USD|usd)_total$", name)
    assert ("increase(" in query) == bool(spent), name
    if name.endswith("timestamp_seconds"):
        assert query.startswith("time() - max"), name


def test_every_query_is_right_in_kind(page, metrics):
    for metric in metrics.values():
        assert len(metric.queries) == 1
        assert_right_in_kind(metric.name, metric.facts["Type"], metric.label_names(),
                             metric.queries[0])
    own = own_rows(page)
    assert len(own) > 40
    for name, kind, query in own:
        if not name.endswith("_info"):
            row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
            labels = row.split(" | ")[3].split(", ")
            assert_right_in_kind(name, kind, [*labels, "instance"], query)


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool")
def test_prometheus_takes_every_query(page, metrics, tmp_path):
    queries = [metric.queries[0] for metric in metrics.values()]
    queries += [query for _, _, query in own_rows(page)]
    rules = [{"record": f"example:{number}", "expr": query}
             for number, query in enumerate(queries)]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "examples", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(queries)} rules found" in done.stdout
    path.write_text(path.read_text().replace("sum by (", "sum by ((", 1))
    done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True)
    assert done.returncode != 0


EVERYTHING = """
sources:
  s: {files: ["*.jsonl", "a|b/{x}.log"], type: type, time: time}
  d: {files: "*.json", format: document, emit: {Seen: {first: true}}}
defaults: {ttl: 24h, max_series: 50}
metrics:
  m_total: {type: counter, help: "One | two <b> `a*b` *c*.", labels: [k, x], init: {x: ["", "a|b"]}}
  m_gone: {type: gauge, help: Forever., ttl: never, max_series: 9}
  m_seconds: {type: histogram, help: Times., buckets: {exponential: {start: 0.5, factor: 2, count: 3}}}
  m_part_seconds: {type: summary, help: Parts., quantiles: [0.5, 0.9], window: 90s}
  m_items_per_second: {type: gauge, help: Speed., ttl: 90m}
  m_lowest: {type: gauge, help: Lowest.}
  m_version_info: {type: info, help: Version., labels: [version]}
  m_idle_total: {type: counter, help: Never.}
rules:
  "*": [{inc: m_total}]
  A, B: [{set: m_gone, value: v}, {observe: m_seconds, value: v}, {observe: m_part_seconds, value: v}]
  d/Seen:
    - rate: m_items_per_second
    - {min: m_lowest, value: v}
    - set: m_version_info
  s/A: [{drop: m_gone}]
"""


def test_what_a_pack_of_ones_own_may_say(tmp_path):
    pack = tmp_path / "mine.yaml"
    pack.write_text(EVERYTHING)
    result = run("docs", "--rules", pack)
    assert result.returncode == 0, result.stderr
    metrics = metrics_of(result.stdout)
    assert "- [mine](#mine): 8 metrics\n" in result.stdout
    assert "| `s` | `*.jsonl`, `a\\|b/{x}.log` | the events directory | one record a line |" \
        in result.stdout
    assert "50 samples at most, and a series is shown for 24h after its last event" \
        in result.stdout
    facts = {name: metric.facts for name, metric in metrics.items()}
    assert "\nOne \\| two \\<b\\> `a*b` \\*c\\*.\n" in metrics["m_total"].text
    assert facts["m_total"]["Labels"] == '`k`, `x` (from the start: `""`, `a\\|b`)'
    assert "At 0" in facts["m_total"] and "At 0" not in facts["m_gone"]
    assert facts["m_total"]["Shown"] == "for 24h after a series' last event"
    assert facts["m_gone"]["Shown"] == "for ever" and facts["m_gone"]["Limit"] == "9 samples"
    assert "Limit" not in facts["m_total"]
    assert facts["m_seconds"]["Buckets"] == "0.5, 1, 2"
    assert facts["m_part_seconds"]["Quantiles"] == "0.5, 0.9"
    assert facts["m_part_seconds"]["Window"] == "90s"
    assert facts["m_items_per_second"]["Unit"] == "items per second"
    assert facts["m_items_per_second"]["Window"] == "1m"
    assert facts["m_items_per_second"]["Shown"] == "for 90m after a series' last event"
    assert metrics["m_lowest"].queries == ["min(m_lowest)"]
    assert metrics["m_version_info"].queries == ["count by (version) (m_version_info)"]
    assert metrics["m_total"].queries == ["sum by (x) (rate(m_total[5m]))"]
    assert [feed[:2] for feed in metrics["m_gone"].feeds] == [
        ("`s/A`, `s/B`", "set"), ("`s/A`", "drop")]
    assert [feed[:2] for feed in metrics["m_total"].feeds] == [("`s/*`", "inc")]
    assert "No rule feeds it." in metrics["m_idle_total"].text


def test_a_pack_without_sources_is_told_with_those_it_reads(tmp_path):
    pack = tmp_path / "mine.yaml"
    pack.write_text("metrics: {m_total: {type: counter, help: M.}}\n"
                    "rules: {AgentStarted: [{inc: m_total}]}\n")
    result = run("docs", "--rules", "prodigy", "--rules", pack)
    assert result.returncode == 0, result.stderr
    assert "It reads the sources of the other packs." in result.stdout
    feeds = metrics_of(result.stdout)["m_total"].feeds
    assert len(feeds) == 1 and "`events/AgentStarted`" in feeds[0][0]


def test_overrides_are_told(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("overrides:\n"
                      "  prodigy_agent_duration_seconds: {buckets: [5, 50], ttl: never}\n"
                      "  prodigy_workflow_active: {disabled: true}\n"
                      "  prodigy_workflow_executions_total: {drop_labels: [workflow_name]}\n")
    result = run("docs", "--rules", "prodigy", "--config.file", config)
    assert result.returncode == 0, result.stderr
    metrics = metrics_of(result.stdout)
    assert metrics["prodigy_agent_duration_seconds"].facts["Buckets"] == "5, 50"
    assert "Shown" not in metrics["prodigy_agent_duration_seconds"].facts
    assert "prodigy_workflow_active" not in metrics
    assert metrics["prodigy_workflow_executions_total"].label_names() == ["status"]


def test_an_output_file_gets_the_whole_page(page, tmp_path):
    target = tmp_path / "reference.md"
    target.write_text("old")
    result = run("docs", *RULES, "--output", target)
    assert result.returncode == 0 and result.stdout == ""
    assert target.read_text() == page
    assert os.listdir(tmp_path) == ["reference.md"]


TARGETS = {
    "a directory that is not there": "none/reference.md",
    "a file as a directory": "file/reference.md",
    "a directory": "folder",
    "a full disk": "/dev/full",
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_that_cannot_be_written_is_one_error(name, tmp_path):
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder").mkdir()
    target = os.path.join(tmp_path, TARGETS[name])
    result = run("docs", "--rules", "claude-code", "--output", target)
    assert result.returncode == 1
    assert result.stdout == ""
    assert re.fullmatch(rf"error: cannot write to {re.escape(target)}: .+\n", result.stderr)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"] and (tmp_path / "file").read_text() == "old"


def test_an_unknown_pack_is_one_error_and_nothing_is_written(tmp_path):
    target = tmp_path / "reference.md"
    target.write_text("old")
    result = run("docs", "--rules", "prodgiy", "--output", target)
    assert result.returncode == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert "'prodgiy' (did you mean 'prodigy'?)" in result.stderr
    assert target.read_text() == "old"


def test_a_pack_with_mistakes_gives_no_page(tmp_path):
    pack = tmp_path / "mine.yaml"
    pack.write_text(EVERYTHING.replace("inc: m_total", "icn: m_total"))
    result = run("docs", "--rules", pack, "--output", tmp_path / "reference.md")
    assert result.returncode == 1
    assert "mine.yaml:16:10: error:" in result.stderr and "'icn'" in result.stderr
    assert not (tmp_path / "reference.md").exists()
