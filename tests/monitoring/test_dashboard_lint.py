"""The dashboards keep all rules of dashboard_lint.py, each of which can go red; they are what their
source makes; and every metric is on one of them."""

import copy
import glob
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

import dashboards
from dashboard_lint import RULES, lint
from program import REPOSITORY
from promql import fill, selectors_of

DASHBOARDS = dashboards.shipped()
VECTORS = os.path.join(os.path.dirname(REPOSITORY), "shared", "vectors")
BUILD = os.path.join(REPOSITORY, "dashboards", "build")

# Metrics of the packs that are on no dashboard, and why not.
NOT_SHOWN = {
    "prodigy_mapreduce_jobs_started_total": "prodigy_mapreduce_jobs_total{status=\"started\"} is",
}


# --- The shipped ones -----------------------------------------------------------------------------


def test_all_are_there():
    titles = {dashboard["title"] for dashboard in DASHBOARDS.values()}
    assert titles == {
        "Workflow Overview", "MapReduce Performance", "Step-Level Analysis", "Claude Usage & Cost",
        "Stream Processor", "DAG Workflows Overview", "DAG Nodes and Resources", "LLM Research API",
        "The Exporter Itself"}
    uids = [dashboard["uid"] for dashboard in DASHBOARDS.values()]
    assert len(set(uids)) == len(uids)


# What the document names, and as what it is to be drawn.
NAMED = {
    "workflow-overview": {"Success rate": "piechart", "Executions over time": "timeseries",
                          "Average duration": "gauge", "Top 5 slowest workflows": "table",
                          "Failure alert": "stat"},
    "mapreduce-performance": {"Active agents": "gauge", "Items processed": "timeseries",
                              "Dead letter queue": "timeseries", "Agent duration": "heatmap",
                              "Throughput": "timeseries"},
    "step-level-analysis": {"Steps by type": "timeseries", "Recovery rate": "stat",
                            "Validation pass rate": "stat",
                            "Step duration distribution": "table", "Failure hotspots": "table"},
    "claude-usage-cost": {"Token usage over time": "timeseries", "Cost": "stat",
                          "Top tools": "bargauge", "Tokens per workflow": "bargauge",
                          "Cost advice": "table"},
}
STACKED = [("mapreduce-performance", "Items processed"), ("step-level-analysis", "Steps by type"),
           ("claude-usage-cost", "Token usage over time")]


@pytest.mark.parametrize("name", NAMED)
def test_panels_that_the_document_names(name):
    for title, kind in NAMED[name].items():
        assert dashboards.panel(DASHBOARDS[name], title)["type"] == kind


@pytest.mark.parametrize("name, title", STACKED)
def test_stacked_panels(name, title):
    panel = dashboards.panel(DASHBOARDS[name], title)
    assert panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"


@pytest.mark.parametrize("name", DASHBOARDS)
def test_the_rules_are_kept(name):
    assert lint(DASHBOARDS[name]) == []


def built_copy(tmp_path):
    for part in ("dashboards", "rules"):
        shutil.copytree(os.path.join(REPOSITORY, part), tmp_path / part)
    (tmp_path / "docs").mkdir()
    shutil.copy(os.path.join(REPOSITORY, "docs", "dashboards-panels.md"), tmp_path / "docs")
    return tmp_path / "dashboards"


def check_build(folder):
    return subprocess.run([sys.executable, folder / "build", "--check"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_they_are_what_their_source_makes(tmp_path):
    folder = built_copy(tmp_path)
    result = check_build(folder)
    assert result.returncode == 0, result.stdout
    path = folder / "workflow-overview.json"
    path.write_text(path.read_text().replace("Runs that succeeded", "Runs"))
    shutil.copy(path, folder / "mine.json")
    result = check_build(folder)
    assert result.returncode == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == [
        "dashboards/mine.json", "dashboards/workflow-overview.json"]
    os.remove(folder / "mine.json")
    subprocess.run([sys.executable, folder / "build"], check=True)
    assert check_build(folder).returncode == 0


@pytest.mark.parametrize("size, error", [
    ("9x8", "workflow-overview.yaml: Firing alerts: its line ends at column 23"),
    ("11x8", "workflow-overview.yaml: Firing alerts: does not fit in its line at column 14"),
    ("10x9", "workflow-overview.yaml: Firing alerts: does not fit in its line at column 14")])
def test_a_line_that_is_not_full_is_an_error(tmp_path, size, error):
    folder = built_copy(tmp_path)
    path = folder / "source" / "workflow-overview.yaml"
    path.write_text(path.read_text().replace("    size: 10x8\n", f"    size: {size}\n"))
    result = check_build(folder)
    assert result.returncode == 1 and error in result.stdout


# --- Metrics --------------------------------------------------------------------------------------


def base(name):
    return re.sub("_(bucket|sum|count)$", "", name)


def names_asked():
    return {selector.name for dashboard in DASHBOARDS.values()
            for question in dashboards.questions_of(dashboard)
            for selector in selectors_of(question.expression)} - {"ALERTS"}


def pack_metrics():
    found = {}
    for path in glob.glob(os.path.join(REPOSITORY, "rules", "*.yaml")):
        with open(path, encoding="utf-8") as file:
            found.update(yaml.safe_load(file)["metrics"])
    return found


def own_metrics():
    with open(os.path.join(REPOSITORY, "docs", "metrics-reference.md"), encoding="utf-8") as file:
        return set(re.findall(r"^\| `((?:jsonl_exporter|process)_\w+)` \|", file.read(), re.M))


def test_every_metric_that_is_asked_for_exists():
    known = set(pack_metrics()) | own_metrics()
    for name in names_asked():
        assert name in known or base(name) in known, name


# Without a series until something goes wrong.
ONLY_IN_TROUBLE = {
    "jsonl_exporter_checkpoint_failures_total", "jsonl_exporter_series_folded_total",
    "jsonl_exporter_series_expired_total", "jsonl_exporter_too_old_total",
    "jsonl_exporter_fields_missing_total"}


def test_every_metric_that_is_asked_for_was_shown(stack):
    """By the exporter, at some time of the story."""
    shown = set(stack.prometheus.get("/api/v1/label/__name__/values")["data"])
    assert names_asked() - shown <= ONLY_IN_TROUBLE


def test_every_metric_of_the_packs_is_on_a_dashboard():
    asked = set(map(base, names_asked())) | names_asked()
    unused = set(pack_metrics()) - asked
    assert unused == set(NOT_SHOWN)


def test_every_own_metric_is_on_a_dashboard():
    assert own_metrics() - names_asked() - set(map(base, names_asked())) == {
        "process_virtual_memory_max_bytes"}  # mostly infinite


# --- Each rule can go red -------------------------------------------------------------------------


def small_dashboard():
    """Two panels, and nothing wrong."""
    source = {"type": "prometheus", "uid": "${datasource}"}
    matchers = 'job=~"$job", instance=~"$instance"'

    def query(name, text):
        return {"name": name, "label": name.capitalize(), "type": "query", "datasource": source,
                "query": text, "refresh": 2, "multi": True, "allValue": ".+"}

    def panel(number, title, expression):
        return {"id": number, "type": "timeseries", "title": title, "description": "What?",
                "gridPos": {"x": 12 * number - 12, "y": 0, "w": 12, "h": 8}, "datasource": source,
                "fieldConfig": {"defaults": {"unit": "short"}, "overrides": []},
                "targets": [{"refId": "A", "expr": expression, "datasource": source}]}

    return {
        "title": "Small", "description": "Small.", "uid": "small", "schemaVersion": 39,
        "tags": ["t"], "editable": False, "refresh": "30s", "time": {"from": "now-1h", "to": "now"},
        "links": [{"type": "dashboards", "tags": ["t"]}],
        "templating": {"list": [
            {"name": "datasource", "label": "Data source", "type": "datasource",
             "query": "prometheus"},
            query("job", "label_values(up, job)"),
            query("instance", 'label_values(up{job=~"$job"}, instance)')]},
        "annotations": {"list": [{"name": "Restarts", "datasource": source,
                                  "expr": "changes(process_start_time_seconds[5m]) > 0"}]},
        "panels": [panel(1, "Rate", f"sum(rate(a_total{{{matchers}}}[$__rate_interval]))"),
                   panel(2, "Share", f"sum(b{{{matchers}}}) / (sum(c{{{matchers}}}) > 0)")],
    }


def test_the_small_dashboard_keeps_all_rules():
    assert lint(small_dashboard()) == []


def ask(dashboard, expression):
    dashboard["panels"][0]["targets"][0]["expr"] = expression


def variable(dashboard, number):
    return dashboard["templating"]["list"][number]


MATCHERS = '{job=~"$job", instance=~"$instance"}'
# (rule, what makes it go red)
BAD = [
    ("template-datasource", lambda d: variable(d, 0).update(label="Data Source")),
    ("template-datasource", lambda d: variable(d, 0).update(name="ds")),
    ("template-datasource", lambda d: variable(d, 0).update(query="loki")),
    ("template-job", lambda d: variable(d, 1).update(label="job")),
    ("template-job", lambda d: variable(d, 1).update(multi=False)),
    ("template-job", lambda d: variable(d, 1).update(datasource={"uid": "abc"})),
    ("template-instance", lambda d: variable(d, 2).update(allValue=".*")),
    ("template-label-promql", lambda d: variable(d, 1).update(query="label_values(up{, job)")),
    ("template-label-promql", lambda d: variable(d, 1).update(query="up")),
    ("template-on-time-change-reload", lambda d: variable(d, 1).update(refresh=1)),
    ("variables-known", lambda d: ask(d, 'b{job=~"$job", instance=~"$instance", w="$w"}')),
    ("panel-datasource", lambda d: d["panels"][0].update(datasource="main")),
    ("panel-datasource", lambda d: d["panels"][0]["targets"][0].update(datasource={"uid": "x"})),
    ("panel-title-description", lambda d: d["panels"][0].update(description="")),
    ("panel-title-description", lambda d: d["panels"][0].update(title="")),
    ("panel-units", lambda d: d["panels"][0]["fieldConfig"]["defaults"].update(unit="seconds")),
    ("panel-units", lambda d: d["panels"][0]["fieldConfig"]["defaults"].pop("unit")),
    ("panel-no-targets", lambda d: d["panels"][0].update(targets=[])),
    ("panel-ids", lambda d: d["panels"][0].update(id=2)),
    ("panel-titles", lambda d: d["panels"][0].update(title="Share")),
    ("panel-grid", lambda d: d["panels"][0]["gridPos"].update(w=13)),
    ("panel-grid", lambda d: d["panels"][1]["gridPos"].update(x=13)),
    ("target-refids", lambda d: d["panels"][0]["targets"].append(d["panels"][0]["targets"][0])),
    ("target-promql", lambda d: ask(d, f"sum(b{MATCHERS}")),
    ("target-promql", lambda d: d["annotations"]["list"][0].update(
        expr="changes(process_start_time_seconds)")),
    ("target-job", lambda d: ask(d, 'b{instance=~"$instance"}')),
    ("target-job", lambda d: ask(d, 'b{job="$job", instance=~"$instance"}')),
    ("target-instance", lambda d: ask(d, f'b{MATCHERS} + on (job) c{{job=~"$job"}}')),
    ("target-rate-interval", lambda d: ask(d, f"rate(a_total{MATCHERS}[5m])")),
    ("target-counter-agg", lambda d: ask(d, f"sum by (x) (a_total{MATCHERS})")),
    ("target-ratio", lambda d: ask(d, f"sum(b{MATCHERS}) / sum(c{MATCHERS})")),
    ("uneditable", lambda d: d.update(editable=True)),
    ("shape", lambda d: d.update(uid="x" * 41)),
    ("shape", lambda d: d.update(schemaVersion=16)),
    ("shape", lambda d: d.update(id=7)),
    ("shape", lambda d: d.update(__inputs=[])),
    ("links", lambda d: d.update(links=[])),
    ("annotations", lambda d: d["annotations"]["list"].clear()),
    ("annotations", lambda d: d["annotations"]["list"][0].update(datasource={"uid": "x"})),
]


@pytest.mark.parametrize("name, spoil", BAD, ids=[f"{name}-{n}" for n, (name, _) in enumerate(BAD)])
def test_a_rule_goes_red_and_no_other(name, spoil):
    dashboard = copy.deepcopy(small_dashboard())
    spoil(dashboard)
    assert {found for found, _, _ in lint(dashboard)} == {name}


def test_every_rule_was_shown_to_go_red():
    assert {name for name, _ in BAD} == set(RULES)


# --- Dashboards of others -------------------------------------------------------------------------


def need(*path):
    found = os.path.join(VECTORS, *path)
    if not os.path.exists(found):
        pytest.skip("vectors of other projects are not here")
    return found


def test_the_bad_dashboard_of_dashboard_linter():
    found = {name for name, _, _ in lint(dashboards.load(need("dashboard-linter",
                                                              "dashboard.json")))}
    assert found >= {
        "template-datasource", "template-job", "template-instance",
        "template-on-time-change-reload", "panel-datasource", "panel-title-description",
        "panel-units", "target-job", "target-instance", "uneditable", "shape"}
    assert "target-promql" not in found and "target-rate-interval" not in found


# Rules that are about facts, not about how one likes it; and who breaks them.
FACTS = ("target-promql", "template-label-promql", "panel-ids", "panel-grid", "panel-no-targets")
BREAKS = {"postgres-overview.json": {"panel-ids", "panel-grid"},
          "prometheus-remote-write.json": {"panel-grid"}}


def mixins():
    return sorted(glob.glob(os.path.join(VECTORS, "mixins", "*", "dashboards", "*.json")))


@pytest.mark.parametrize("path", mixins() or ["none"], ids=os.path.basename)
def test_dashboards_that_others_ship(path):
    dashboard = dashboards.load(need("mixins", path))
    broken = {name for name, _, _ in lint(dashboard, only=FACTS)}
    assert broken == BREAKS.get(os.path.basename(path), set())
    assert lint(dashboard)  # they follow other customs


def test_selectors_are_found():
    found = selectors_of('sum by (le, job) (rate(a_bucket{job=~"$job",x!="}"}[$__rate_interval])) '
                         '/ on (x) group_left (y) topk(5, b offset 5m) > bool 0 or {__name__="c"}')
    assert [(each.name, each.within[-1:], each.over) for each in found] == [
        ("a_bucket", ("rate",), "$__rate_interval"), ("b", ("topk",), None), ("", (), None)]
    assert found[0].matchers == {"job": '=~"$job"', "x": '!="}"'}
    assert fill('topk($n, rate(a{x=~"${y:regex}"}[$__rate_interval]))') == \
        'topk(10, rate(a{x=~"x"}[5m]))'


def test_the_page_lists_every_panel():
    with open(os.path.join(REPOSITORY, "docs", "dashboards-panels.md"), encoding="utf-8") as file:
        page = file.read()
    for dashboard in DASHBOARDS.values():
        assert f"## {dashboard['title']}\n" in page
        for panel in dashboards.panels_of(dashboard):
            assert f"| {panel['title']} | {panel['type']} |" in page or panel["type"] == "row"
