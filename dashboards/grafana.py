"""Makes a dashboard in Grafana's JSON of one in the terse form of source/*.yaml: completes its
expressions, draws and places its panels, adds variables, annotations and links."""

import re

SCHEMA_VERSION = 39  # as Grafana 10.4 writes it; later releases read it and move it up
COLUMNS = 24
TAG = "jsonl-exporter"
PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}
ALL = {"text": ["All"], "value": ["$__all"], "selected": True}

SIZES = {"row": (24, 1), "stat": (4, 4), "gauge": (6, 8), "piechart": (6, 8), "bargauge": (8, 8),
         "timeseries": (12, 8), "heatmap": (12, 8), "table": (12, 8)}
WORDS = {"ask", "query", "legend", "queries", "share", "of", "by", "over", "quantiles", "at",
         "heat", "rows", "columns", "top", "sort", "units", "hide", "advice", "unit", "limits",
         "alarm", "min", "max", "decimals", "empty", "stack", "draw", "colors", "paint", "says",
         "step", "size"}
# One number each, over the time that is shown: asked once, not along the axis.
INSTANT = ("table", "gauge", "piechart", "bargauge")
OUTCOMES = {"green": "success|succeeded|pass|healthy|l1", "red": "fail(ed|ure)?|error|5..",
            "orange": "cancelled|retried|4..", "purple": "dlq"}


class Selector:
    """Completes the selectors of one dashboard's expressions."""

    def __init__(self, packs, variables):
        self.packs = packs
        self.variables = variables

    def complete(self, expression, without=()):
        """`without`: variables that do not select, since they are being asked for."""
        def replace(match):
            name, inner = match.groups()
            if name == "ALERTS":  # of aggregates, which have no job
                return match.group(0)
            matchers = [inner] if inner else []
            matchers += [f'{label}=~"${label}"' for label in ("job", "instance")
                         if label not in without]
            matchers += [f'{spec["label"]}=~"${variable}"'
                         for variable, spec in self.variables.items() if variable not in without
                         and spec["label"] in self.packs.labels_of(name)]
            return f"{name}{{{', '.join(matchers)}}}"

        return re.sub(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", replace, " ".join(expression.split()))


# --- Expressions that many panels need ------------------------------------------------------------


def by_clause(labels):
    return f" by ({', '.join(labels)}) " if labels else ""


def share_of(panel):
    """A part of the whole, both summed; 0 where the part has no series, nothing where the whole is
    0."""
    labels, over = panel.get("by", []), panel.get("over", "$__range")
    part = f"sum{by_clause(labels)}(increase({panel['share']}[{over}]))"
    whole = f"sum{by_clause(labels)}(increase({panel['of']}[{over}]))"
    nothing = f"0 * {whole}" if labels else "vector(0)"
    return f"({part} or {nothing}) / ({whole} > 0)"


def quantiles_of(panel):
    """{legend: expression} for each of the panel's quantiles."""
    name, braces = re.fullmatch(r"(\w+)(\{.*\})", panel["quantiles"]).groups()
    labels, over = panel.get("by", []), panel.get("over", "$__rate_interval")
    legend, numbers = " ".join(f"{{{{{label}}}}}" for label in labels), panel.get("at", [50, 95])
    return {
        legend if legend and len(numbers) == 1 else f"p{number} {legend}".strip():
            f"histogram_quantile({number / 100}, sum by ({', '.join(['le'] + labels)}) "
            f"(rate({name}_bucket{braces}[{over}])))"
        for number in numbers
    }


def heat_of(panel):
    name, braces = re.fullmatch(r"(\w+)(\{.*\})", panel["heat"]).groups()
    return f"sum by (le) (increase({name}_bucket{braces}[$__rate_interval]))"


def columns_of(panel):
    """{column: expression}; with `top: N` the rows are those of the N largest of the first one."""
    columns = dict(panel["columns"])
    if "top" in panel:
        (first, leader), *others = columns.items()
        labels = ", ".join(panel["rows"])
        leader = f"topk({panel['top']}, {leader})"
        columns = {first: leader}
        columns.update((name, f"({query}) and on ({labels}) {leader}") for name, query in others)
    return columns


def advice_of(panel):
    """One query; a row for each advice whose condition holds, with what it is about and the share
    that made it hold."""
    rows = []
    for advice, spec in panel["advice"].items():
        row = f'label_replace({spec["when"]}, "about", "$1", "{spec["about"]}", "(.*)")'
        row = f'label_replace({row}, "advice", "{advice}", "", "")'
        rows.append(f"max by (advice, about) ({row})")
    return " or ".join(rows)


def queries_of(panel):
    """{legend: expression} of any panel."""
    if "share" in panel:
        return {panel.get("legend", panel["title"]): share_of(panel)}
    if "quantiles" in panel:
        return quantiles_of(panel)
    if "heat" in panel:
        return {"{{le}}": heat_of(panel)}
    if "advice" in panel:
        return {"Share": advice_of(panel)}
    if "columns" in panel:
        return columns_of(panel)
    if "query" in panel:
        return {panel.get("legend", panel["title"]): panel["query"]}
    return panel.get("queries", {})


# --- Panels ---------------------------------------------------------------------------------------


def with_names(query, legend):
    """Runs of MapReduce jobs have no workflow name, and an empty legend would be none."""
    for label in ("workflow_name", "workflow"):
        if f"{{{{{label}}}}}" in legend:
            query = f'label_replace({query}, "{label}", "(no name)", "{label}", "")'
    return query


def targets_of(panel, selector):
    instant = panel["kind"] in INSTANT
    targets = []
    for number, (legend, query) in enumerate(queries_of(panel).items()):
        expression = selector.complete(with_names(query, legend))
        target = {"datasource": PROMETHEUS, "expr": expression, "legendFormat": legend,
                  "refId": chr(ord("A") + number), "editorMode": "code"}
        once = instant or panel["kind"] == "stat" and "[$__range]" in expression
        target.update({"instant": once, "range": not once})
        if panel["kind"] in ("table", "heatmap"):
            target["format"] = panel["kind"]
        if "step" in panel:
            target["interval"] = panel["step"]
        targets.append(target)
    return targets


def thresholds_of(panel):
    """`limits: [green, [0.05, orange], [0.1, red]]`"""
    base, *others = panel.get("limits", ["green" if panel["kind"] != "timeseries" else "blue"])
    steps = [{"color": base, "value": None}]
    steps += [{"color": color, "value": value} for value, color in others]
    return {"mode": "absolute", "steps": steps}


def fixed_color(pattern, color):
    return {"matcher": {"id": "byRegexp", "options": f"/^({pattern})$/"},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": color}}]}


def column_override(name, *properties):
    return {"matcher": {"id": "byName", "options": name},
            "properties": [{"id": key, "value": value} for key, value in properties]}


def overrides_of(panel):
    found = []
    if panel.get("colors") == "outcome":
        found += [fixed_color(pattern, color) for color, pattern in OUTCOMES.items()]
    if panel["kind"] == "table":
        unnamed = [{"type": "special", "options": {"match": match, "result": {"text": "(no name)"}}}
                   for match in ("empty", "null")]
        found += [column_override(title, ("mappings", unnamed), ("unit", "none"))
                  for title in panel["rows"].values()]
        found += [column_override(name, ("unit", unit))
                  for name, unit in panel.get("units", {}).items()]
    for name, unit in (panel.get("units", {}) if panel["kind"] != "table" else {}).items():
        found.append(column_override(name, ("unit", unit), ("custom.axisPlacement", "right")))
    return found


def drawing_of(panel):
    """How a time series is drawn."""
    if panel["kind"] != "timeseries":
        return {}
    bars = panel.get("draw") == "bars"
    stack = panel.get("stack")
    custom = {"drawStyle": "bars" if bars else "line", "lineWidth": 1, "showPoints": "never",
              "fillOpacity": 80 if bars else 35 if stack else 8, "spanNulls": False,
              "stacking": {"mode": stack or "none", "group": "A"}}
    if "limits" in panel:
        custom["thresholdsStyle"] = {"mode": "line+area" if panel.get("alarm") else "dashed"}
    return {"custom": custom}


def defaults_of(panel):
    color = "palette-classic" if panel["kind"] in ("timeseries", "piechart") else "thresholds"
    defaults = {"unit": panel.get("unit", "short"), "color": {"mode": color},
                "thresholds": thresholds_of(panel), "mappings": mappings_of(panel),
                **drawing_of(panel)}
    for key in ("min", "max", "decimals"):
        if key in panel:
            defaults[key] = panel[key]
    if panel["kind"] == "timeseries":
        defaults.setdefault("min", 0)
    if "empty" in panel:
        defaults["noValue"] = panel["empty"]
    return defaults


def mappings_of(panel):
    """`says: {0: [no, red], 1: [yes, green]}`"""
    if "says" not in panel:
        return []
    options = {str(value): {"text": text, "color": color, "index": index}
               for index, (value, (text, color)) in enumerate(panel["says"].items())}
    return [{"type": "value", "options": options}]


def options_of(panel):
    reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    several = len(queries_of(panel)) > 1 or "{{" in "".join(queries_of(panel))
    return {
        "stat": {"reduceOptions": reduce, "colorMode": panel.get("paint", "value"),
                 "graphMode": "area", "textMode": "auto", "justifyMode": "auto",
                 "orientation": "auto"},
        "gauge": {"reduceOptions": reduce, "showThresholdLabels": False,
                  "showThresholdMarkers": True, "orientation": "auto"},
        "bargauge": {"reduceOptions": reduce, "displayMode": "gradient", "valueMode": "color",
                     "orientation": "horizontal", "showUnfilled": True, "minVizWidth": 8,
                     "minVizHeight": 16},
        "piechart": {"reduceOptions": reduce, "pieType": "donut", "displayLabels": ["percent"],
                     "legend": {"displayMode": "table", "placement": "bottom", "showLegend": True,
                                "calcs": [], "values": ["value", "percent"]},
                     "tooltip": {"mode": "single", "sort": "none"}},
        "timeseries": {"legend": {"displayMode": "list", "placement": "bottom", "calcs": [],
                                  "showLegend": several},
                       "tooltip": {"mode": "multi", "sort": "desc"}},
        "heatmap": {"calculate": False, "cellGap": 1, "rowsFrame": {"layout": "auto"},
                    "color": {"mode": "scheme", "scheme": "Spectral", "steps": 64,
                              "reverse": True, "exponent": 0.5, "fill": "dark-orange"},
                    "filterValues": {"le": 1e-9}, "legend": {"show": True},
                    "exemplars": {"color": "rgba(255,0,255,0.7)"}, "showValue": "never",
                    "tooltip": {"mode": "single", "yHistogram": True, "showColorScale": False},
                    "yAxis": {"axisPlacement": "left", "unit": panel.get("unit", "short")}},
        "table": {"showHeader": True, "cellHeight": "sm",
                  "footer": {"show": False, "reducer": []},
                  "sortBy": [{"displayName": panel["sort"], "desc": True}]
                  if "sort" in panel else []},
    }[panel["kind"]]


def transformations_of(panel):
    """Of a table: the queries side by side, one row for each set of labels."""
    names = list(queries_of(panel))
    if len(names) == 1:
        values = {"Value": names[0]}
    else:
        values = {f"Value #{chr(ord('A') + number)}": name for number, name in enumerate(names)}
    order = list(panel["rows"]) + list(values)
    return [{"id": "merge", "options": {}},
            {"id": "organize", "options": {
                "excludeByName": {name: True for name in ["Time", *panel.get("hide", [])]},
                "renameByName": {**panel["rows"], **values},
                "indexByName": {name: index for index, name in enumerate(order)}}}]


def make_panel(panel, number, place, selector):
    width, height, x, y = place
    made = {"id": number, "type": panel["kind"], "title": panel["title"],
            "gridPos": {"h": height, "w": width, "x": x, "y": y}}
    if panel["kind"] == "row":
        return {**made, "collapsed": False, "panels": []}
    made["description"] = " ".join(panel["ask"].split())
    made["options"] = options_of(panel)
    made["datasource"] = PROMETHEUS
    made["fieldConfig"] = {"defaults": defaults_of(panel), "overrides": overrides_of(panel)}
    made["targets"] = targets_of(panel, selector)
    if panel["kind"] == "table":
        made["transformations"] = transformations_of(panel)
    return made


def read_panel(source):
    """The first key of a panel is its kind, and has its title."""
    (kind, title), *others = source.items()
    if kind not in SIZES:
        raise ValueError(f"'{kind}' is no kind of panel")
    for word in dict(others):
        if word not in WORDS:
            raise ValueError(f"{title}: unknown word '{word}'")
    if kind != "row" and "ask" not in source:
        raise ValueError(f"{title}: 'ask' is missing")
    panel = {**dict(others), "kind": kind, "title": title}
    size = panel.get("size")
    panel["size"] = tuple(map(int, size.split("x"))) if size else SIZES[kind]
    return panel


def place_panels(panels):
    """From left to right, line by line; (width, height, x, y) of each. A line has to be full, and
    of one height."""
    places, x, y, height = [], 0, 0, 0
    for panel in panels:
        width, own_height = panel["size"]
        if x == 0:
            height = own_height
        if x + width > COLUMNS or own_height != height:
            raise ValueError(f"{panel['title']}: does not fit in its line at column {x}")
        places.append((width, height, x, y))
        x += width
        if x == COLUMNS:
            x, y = 0, y + height
    if x:
        raise ValueError(f"{panels[-1]['title']}: its line ends at column {x}")
    return places


# --- Dashboards -----------------------------------------------------------------------------------


def query_variable(name, title, query, all_value):
    return {"name": name, "label": title, "type": "query", "datasource": PROMETHEUS,
            "query": query, "refresh": 2, "sort": 1, "multi": True,
            "includeAll": True, "allValue": all_value, "current": ALL, "options": [], "hide": 0,
            "regex": "", "skipUrlSync": False}


def variables_of(source, selector):
    known = "jsonl_exporter_build_info{}"
    made = [{"name": "datasource", "label": "Data source", "type": "datasource",
             "query": "prometheus", "options": [], "hide": 0, "regex": "",
             "includeAll": False, "multi": False, "refresh": 1, "skipUrlSync": False}]
    for name, hidden in (("job", ("job", "instance")), ("instance", ("instance",))):
        asked = selector.complete(known, without=hidden).replace("{}", "")
        made.append(query_variable(name, name.capitalize(), f"label_values({asked}, {name})", ".+"))
    names = list(source.get("variables", {}))
    for number, name in enumerate(names):
        spec = source["variables"][name]
        asked = selector.complete(f"{spec['from']}{{}}", without=names[number:])
        # Some have no name: .* takes these in, too.
        made.append(query_variable(name, spec["title"],
                                   f"label_values({asked}, {spec['label']})", ".*"))
    return made


def annotations_of(source, selector):
    made = [{"builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"},
             "enable": True, "hide": True, "iconColor": "rgba(0, 211, 255, 1)",
             "name": "Annotations & Alerts", "type": "dashboard"}]
    for name, spec in source.get("annotations", {}).items():
        made.append({"name": name, "datasource": PROMETHEUS, "enable": True, "hide": False,
                     "iconColor": spec["color"], "expr": selector.complete(spec["query"]),
                     "step": "60s", "titleFormat": spec["says"], "textFormat": spec.get("text", ""),
                     "tagKeys": "", "useValueForTime": False})
    return made


def make_dashboard(source, packs):
    selector = Selector(packs, source.get("variables", {}))
    panels = [read_panel(panel) for panel in source["panels"]]
    made = [make_panel(panel, number, place, selector)
            for number, (panel, place) in enumerate(zip(panels, place_panels(panels)), 1)]
    link = {"type": "dashboards", "title": "Dashboards", "tags": [TAG], "asDropdown": True,
            "includeVars": True, "keepTime": True, "targetBlank": False, "icon": "external link",
            "tooltip": "", "url": ""}
    return {
        "uid": source["uid"], "title": source["title"], "description": source["about"],
        "tags": [TAG, *source.get("tags", [])], "schemaVersion": SCHEMA_VERSION, "version": 1,
        "editable": False, "graphTooltip": 1, "timezone": "browser", "weekStart": "",
        "fiscalYearStartMonth": 0, "liveNow": False, "refresh": "30s", "timepicker": {},
        "time": {"from": f"now-{source.get('shows', '6h')}", "to": "now"},
        "templating": {"list": variables_of(source, selector)},
        "annotations": {"list": annotations_of(source, selector)},
        "links": [link], "panels": made,
    }
