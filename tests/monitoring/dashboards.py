"""The shipped dashboards, and what is asked in them."""

import glob
import json
import os
from collections import namedtuple

from program import REPOSITORY

FOLDER = os.path.join(REPOSITORY, "dashboards")

# kind: panel, variable or annotation; where: "dashboard: title"; instant: asked once.
Question = namedtuple("Question", "where kind instant expression")


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def shipped():
    """{file name without .json: dashboard}"""
    paths = sorted(glob.glob(os.path.join(FOLDER, "*.json")))
    return {os.path.basename(path)[:-len(".json")]: load(path) for path in paths}


def panels_of(dashboard):
    """All, also those inside of rows of both shapes."""
    for panel in dashboard.get("panels", []):
        yield panel
        yield from panel.get("panels") or []
    for row in dashboard.get("rows", []):
        yield from row.get("panels", [])


def query_of(variable):
    """A query variable's query; it may be text or an object with text."""
    query = variable.get("query", "")
    return query.get("query", "") if isinstance(query, dict) else query


def questions_of(dashboard):
    title = dashboard["title"]
    for panel in panels_of(dashboard):
        for target in panel.get("targets", []):
            yield Question(f"{title}: {panel['title']}", "panel", target.get("instant", False),
                           target["expr"])
    for annotation in dashboard["annotations"]["list"]:
        if "expr" in annotation:
            yield Question(f"{title}: {annotation['name']}", "annotation", False,
                           annotation["expr"])


def panel(dashboard, title):
    """The one panel of this title."""
    (found,) = [each for each in panels_of(dashboard) if each["title"] == title]
    return found
