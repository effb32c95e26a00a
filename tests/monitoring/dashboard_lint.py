"""The rules that a dashboard has to keep: those of Grafana's dashboard-linter, said anew, and those
of the JSON's shape. Each takes a dashboard and yields (panel or variable, what is wrong)."""

import re

from dashboards import panels_of, query_of
from promql import parse_errors, selectors_of, variables_in

COLUMNS = 24
SHOWN = ("stat", "singlestat", "graph", "timeseries", "gauge", "table", "bargauge", "piechart",
         "heatmap")  # panels that show what Prometheus tells
BUILT_IN = re.compile("__.*")  # variables that Grafana has by itself
# Of Grafana's units those that are used here; more may be added when they are needed.
UNITS = {"none", "short", "percent", "percentunit", "s", "ms", "dtdurations", "bytes", "decbytes",
         "Bps", "binBps", "ops", "reqps", "cps", "currencyUSD", "dateTimeFromNow"}
# Without job and instance: alerts that were aggregated have none.
WITHOUT_JOB = ("ALERTS",)
RULES = {}


def rule(name):
    def register(function):
        RULES[name] = function
        return function
    return register


def variables_of(dashboard):
    return dashboard.get("templating", {}).get("list", [])


def variable(dashboard, name):
    return next((each for each in variables_of(dashboard) if each.get("name") == name), None)


def targets_of(dashboard):
    for panel in panels_of(dashboard):
        for target in panel.get("targets", []):
            yield panel.get("title", "?"), target.get("expr", "")


def uid_of(datasource):
    return datasource.get("uid") if isinstance(datasource, dict) else datasource


def shown_panels(dashboard):
    return (panel for panel in panels_of(dashboard) if panel.get("type") in SHOWN)


# --- Variables ------------------------------------------------------------------------------------


@rule("template-datasource")
def check_datasource_variable(dashboard):
    labels = {"datasource": "Data source", "prometheus_datasource": "Prometheus data source"}
    found = [each for each in variables_of(dashboard) if each.get("type") == "datasource"]
    if not found:
        yield "variables", "no data source variable"
    for each in found:
        if each["name"] not in labels:
            yield each["name"], f"not one of {', '.join(labels)}"
        elif each.get("label") != labels[each["name"]]:
            yield each["name"], f"label {each.get('label')!r}"
        if each.get("query") != "prometheus":
            yield each["name"], "not of Prometheus"


def check_target_variable(dashboard, name):
    each = variable(dashboard, name)
    if each is None:
        yield name, "is no variable"
        return
    wanted = {"type": "query", "label": name.capitalize(), "multi": True, "allValue": ".+"}
    for key, value in wanted.items():
        if each.get(key) != value:
            yield name, f"{key} is {each.get(key)!r}, not {value!r}"
    if uid_of(each.get("datasource")) not in ("$datasource", "${datasource}"):
        yield name, "asks another data source"


@rule("template-job")
def check_job_variable(dashboard):
    return check_target_variable(dashboard, "job")


@rule("template-instance")
def check_instance_variable(dashboard):
    return check_target_variable(dashboard, "instance")


@rule("template-label-promql")
def check_variable_queries(dashboard):
    asked = {}
    for each in variables_of(dashboard):
        if each.get("type") != "query":
            continue
        query = query_of(each)
        match = re.fullmatch(r"label_values\((?:(.*),)?\s*[a-zA-Z_]\w*\)|query_result\((.+)\)|"
                             r"metrics\(.*\)|label_names\(\)", query)
        if match is None:
            yield each["name"], f"not a query for labels: {query}"
        elif match[1] or match[2]:
            asked[match[1] or match[2]] = each["name"]
    for expression, error in parse_errors(asked).items():
        yield asked[expression], error


@rule("template-on-time-change-reload")
def check_reload(dashboard):
    for each in variables_of(dashboard):
        if each.get("type") == "query" and each.get("refresh") != 2:
            yield each["name"], "is not asked again when the time range changes"


@rule("variables-known")
def check_variables_are_known(dashboard):
    known = {each.get("name") for each in variables_of(dashboard)}
    for title, expression in targets_of(dashboard):
        for name in sorted(variables_in(expression) - known):
            if not BUILT_IN.fullmatch(name):
                yield title, f"${name} is no variable"


# --- Panels ---------------------------------------------------------------------------------------


@rule("panel-datasource")
def check_panel_datasource(dashboard):
    for panel in shown_panels(dashboard):
        uids = [uid_of(panel.get("datasource"))]
        uids += [uid_of(target["datasource"]) for target in panel.get("targets", [])
                 if "datasource" in target]
        for uid in uids:
            if uid not in ("$datasource", "${datasource}"):
                yield panel.get("title", "?"), f"asks the data source {uid!r}"


@rule("panel-title-description")
def check_words(dashboard):
    for panel in shown_panels(dashboard):
        for key in ("title", "description"):
            if not panel.get(key):
                yield panel.get("title", "?"), f"has no {key}"


@rule("panel-units")
def check_units(dashboard):
    for panel in shown_panels(dashboard):
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        units = [defaults.get("unit")]
        for override in panel.get("fieldConfig", {}).get("overrides", []):
            units += [each["value"] for each in override["properties"] if each["id"] == "unit"]
        if units == [None] and defaults.get("mappings"):
            continue
        for unit in units:
            if unit not in UNITS:
                yield panel.get("title", "?"), f"unit {unit!r}"


@rule("panel-no-targets")
def check_there_are_targets(dashboard):
    for panel in shown_panels(dashboard):
        if not panel.get("targets"):
            yield panel.get("title", "?"), "asks nothing"


@rule("panel-ids")
def check_ids(dashboard):
    seen = set()
    for panel in panels_of(dashboard):
        if panel.get("id") is None or panel["id"] in seen:
            yield panel.get("title", "?"), f"id {panel.get('id')}"
        seen.add(panel.get("id"))


@rule("panel-titles")
def check_titles(dashboard):
    seen = set()
    for panel in panels_of(dashboard):
        if panel.get("title") in seen:
            yield panel.get("title", "?"), "is there twice"
        seen.add(panel.get("title"))


@rule("panel-grid")
def check_grid(dashboard):
    taken = {}
    for panel in panels_of(dashboard):
        place, title = panel.get("gridPos"), panel.get("title", "?")
        if not place:
            yield title, "has no place"
            continue
        columns = range(place["x"], place["x"] + place["w"])
        if place["x"] < 0 or columns.stop > COLUMNS or place["w"] < 1 or place["h"] < 1:
            yield title, f"is outside of the {COLUMNS} columns"
        cells = {(x, y) for x in columns for y in range(place["y"], place["y"] + place["h"])}
        for other in sorted({taken[cell] for cell in cells if cell in taken}):
            yield title, f"lies over {other}"
        taken.update(dict.fromkeys(cells, title))


@rule("target-refids")
def check_ref_ids(dashboard):
    for panel in panels_of(dashboard):
        names = [target.get("refId") for target in panel.get("targets", [])]
        if len(set(names)) < len(names) or None in names:
            yield panel.get("title", "?"), f"refIds {names}"


# --- Expressions ----------------------------------------------------------------------------------


@rule("target-promql")
def check_promql(dashboard):
    titles = {expression: title for title, expression in targets_of(dashboard)}
    for annotation in dashboard.get("annotations", {}).get("list", []):
        if "expr" in annotation:
            titles[annotation["expr"]] = annotation["name"]
    for expression, error in parse_errors(titles).items():
        yield titles[expression], error


def check_matcher(dashboard, label):
    for title, expression in targets_of(dashboard):
        for selector in selectors_of(expression):
            if selector.name in WITHOUT_JOB:
                continue
            if selector.matchers.get(label) != f'=~"${label}"':
                yield title, f'{selector.name} without {label}=~"${label}"'


@rule("target-job")
def check_job_matcher(dashboard):
    return check_matcher(dashboard, "job")


@rule("target-instance")
def check_instance_matcher(dashboard):
    return check_matcher(dashboard, "instance")


@rule("target-rate-interval")
def check_rate_interval(dashboard):
    for title, expression in targets_of(dashboard):
        for selector in selectors_of(expression):
            if selector.within[-1:] in (("rate",), ("irate",)) and \
                    selector.over != "$__rate_interval":
                yield title, f"{selector.within[-1]} over {selector.over}"


@rule("target-counter-agg")
def check_counters(dashboard):
    gauges = ("db_connections_total",)  # its document calls a gauge so
    for title, expression in targets_of(dashboard):
        for selector in selectors_of(expression):
            if selector.name.endswith("_total") and selector.name not in gauges and \
                    not {"rate", "irate", "increase"} & set(selector.within[-1:]):
                yield title, f"{selector.name} without rate or increase"


@rule("target-ratio")
def check_ratios(dashboard):
    """What is divided by has to be above 0, or there is no number but NaN."""
    for title, expression in targets_of(dashboard):
        divisions = len(re.findall(r"/\s*(?![\s\d])", re.sub(r'"[^"]*"', "", expression)))
        guarded = len(re.findall(r"> 0\)|/ scalar\(", expression))
        if divisions > guarded:
            yield title, "divides by what may be 0"


# --- The whole ------------------------------------------------------------------------------------


@rule("uneditable")
def check_uneditable(dashboard):
    if dashboard.get("editable") is not False:
        yield "dashboard", "may be edited where it would be lost"


@rule("shape")
def check_shape(dashboard):
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", dashboard.get("uid") or ""):
        yield "dashboard", f"uid {dashboard.get('uid')!r}"
    if not 36 <= dashboard.get("schemaVersion", 0) <= 42:
        yield "dashboard", f"schemaVersion {dashboard.get('schemaVersion')!r}"
    if dashboard.get("id") is not None:
        yield "dashboard", "has the id of an installation"
    if "__inputs" in dashboard or "rows" in dashboard:
        yield "dashboard", "cannot be provisioned as it is"
    for key in ("title", "description", "tags", "time", "refresh"):
        if not dashboard.get(key):
            yield "dashboard", f"has no {key}"


@rule("links")
def check_links(dashboard):
    """Each links to all that have the tag they share."""
    if not any(link.get("type") == "dashboards" and set(link["tags"]) <= set(dashboard["tags"])
               for link in dashboard.get("links", [])):
        yield "dashboard", "has no link to the others"


@rule("annotations")
def check_annotations(dashboard):
    asked = [each for each in dashboard.get("annotations", {}).get("list", []) if "expr" in each]
    if not any("process_start_time_seconds" in each["expr"] for each in asked):
        yield "annotations", "restarts of the exporter are not shown"
    for each in asked:
        if uid_of(each.get("datasource")) != "${datasource}":
            yield each["name"], "asks another data source"


def lint(dashboard, only=None):
    """[(rule, where, what)], in the order of the rules."""
    return [(name, where, what) for name, check in RULES.items() if only is None or name in only
            for where, what in check(dashboard)]
