"""The pages are complete, and agree with the program: options, endpoints, own metrics, dashboards,
bounds, figures. Their code blocks are the matter of test_code_blocks.py."""
import glob
import json
import os
import pathlib
import re

import pytest

import block_check
import code_block

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [page for page in code_block.pages() if not page.startswith("tests/")]
OWN_ROW = re.compile(r'\[[^\]]+\] =\s*\{(OWN )?"([a-z_]+)", ([CGH]),\s*"((?:[^"\\]|\\.)*)",\s*\{(.*?)\},',
                     re.S)


def test_every_own_metric_is_documented():
    table = OWN_ROW.findall((ROOT / "src/daemon/own_table.c").read_text())
    page = (ROOT / "docs/metrics-reference.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.M))
    assert len(table) > 40
    kinds = {"C": "counter", "G": "gauge", "H": "histogram"}
    for own, name, kind, text, labels in table:
        words = ", ".join(re.findall(r'"([a-z_]+)"', labels))
        shown, _, names, meaning, _ = rows[f"{'jsonl_exporter_' if own else ''}{name}"].split(" | ")
        assert (shown, names, meaning) == (kinds[kind], words, text)


def test_every_endpoint_is_documented():
    routes = set(re.findall(r'{"(/[a-z/-]*)", answer', (ROOT / "src/serve/routes.c").read_text()))
    page = (ROOT / "docs/http.md").read_text()
    assert {"/metrics/json", "/health", "/ready"} <= routes
    for route in {route.rstrip("/") or "/" for route in routes}:
        assert f"`{route}`" in page, route


# --- Pages --------------------------------------------------------------------------------------

def links_of(page):
    """The pages that a page links to."""
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not re.match(r"[a-z]+:", target):
            yield os.path.normpath(os.path.join(os.path.dirname(page), target))


def reachable(start, links):
    found, left = {start}, [start]
    while left:
        for page in links(left.pop()):
            if page not in found and page.endswith(".md"):
                found.add(page)
                left.append(page)
    return found


def test_every_page_can_be_reached_from_the_readme():
    wanted = {page for page in PAGES if page.startswith(("docs/", "samples/"))}
    assert len(wanted) > 20
    assert not wanted - reachable("README.md", links_of)


def test_a_page_without_a_link_is_seen():
    links = {"README.md": ["a.md"], "a.md": ["b.md"], "b.md": [], "lost.md": ["a.md"]}
    assert set(links) - reachable("README.md", links.get) == {"lost.md"}


@pytest.mark.parametrize("page", PAGES)
def test_own_metrics_that_a_page_names_exist(page):
    names = set(re.findall(r"\bjsonl_exporter_[a-z_]*[a-z]\b", (ROOT / page).read_text()))
    known = block_check.known_names()
    strange = {name for name in names
               if not {name, re.sub("_(bucket|sum|count)$", "", name)} & known}
    # A word with a wild card behind it is a beginning.
    text = (ROOT / page).read_text()
    assert not {name for name in strange if not re.search(name + r"_?[(*]", text)}


def titles():
    for path in glob.glob(str(ROOT / "dashboards/*.json")):
        with open(path, encoding="utf-8") as file:
            yield os.path.basename(path), json.load(file)


@pytest.mark.parametrize("page", ["docs/dashboards.md", "docs/getting-started.md",
                                  "docs/dashboards-panels.md"])
def test_every_dashboard_is_named(page):
    text, found = (ROOT / page).read_text(), dict(titles())
    assert len(found) >= 9
    for name, dashboard in found.items():
        assert dashboard["title"] in text, dashboard["title"]
        assert page == "docs/getting-started.md" or f"dashboards/{name}" in text


def test_panels_that_the_walk_names_exist():
    """Words in italics, in the table of docs/getting-started.md."""
    found = {dashboard["title"]: {panel["title"] for panel in dashboard["panels"]}
             for _, dashboard in titles()}
    text = (ROOT / "docs/getting-started.md").read_text()
    text = text[text.index("### The dashboards"):]
    rows = re.findall(r"^\| ([A-Z][^|]*) \| (.*?) \|", text, re.M)
    named = 0
    for title, walk in rows:
        for panel in re.findall(r"\*([^*]+)\*", walk) if title in found else ():
            assert panel in found[title], f"{title}: {panel}"
            named += 1
    assert named > 15


def words_of_sources():
    for path in glob.glob(str(ROOT / "dashboards/source/*.yaml")):
        yield from re.findall(r"^ {4}(\w+):", pathlib.Path(path).read_text(), re.M)


def test_words_of_a_dashboard_source_are_explained():
    text = (ROOT / "docs/dashboards.md").read_text()
    unexplained = set(words_of_sources()) - set(re.findall(r"`(\w+)[`:]", text))
    # These are explained where they stand, in dashboards/build.
    assert unexplained <= {"color", "says", "text", "advice", "hide", "paint", "alarm", "step"}


def test_every_bound_has_its_metric():
    """Options that bound something, in docs/operations.md."""
    options = re.findall(r"^\| `(--[\w.-]*max-[\w-]+|--id-memory|--held-file-timeout) ",
                         (ROOT / "docs/options.md").read_text(), re.M)
    assert len(options) > 10
    text = (ROOT / "docs/operations.md").read_text()
    rows = text[text.index("## Limits"):text.index("## Many hosts")].splitlines()
    for option in options:
        row = [row for row in rows if f"`{option}`" in row]
        assert row and "jsonl_exporter_" in row[0], option


def test_figures_of_sizing_are_measured_ones():
    """Bold figures of docs/operations.md stand in docs/performance.md."""
    text = (ROOT / "docs/operations.md").read_text()
    text = text[text.index("## Sizing"):text.index("## Limits")]
    figures = re.findall(r"\*\*([\d,.]+)\*\*", text)
    measured = set(re.findall(r"[\d,.]*\d", (ROOT / "docs/performance.md").read_text()))
    assert len(figures) > 10 and not set(figures) - measured


def test_every_command_is_explained_somewhere():
    options = (ROOT / "docs/options.md").read_text()
    commands = re.findall(r"^### `(\w+)", options[:options.index("## Settings")], re.M)
    assert len(commands) >= 10
    prose = "".join((ROOT / page).read_text() for page in PAGES if page != "docs/options.md")
    for command in set(commands) - {"version", "run"}:
        assert f"jsonl-exporter {command}" in prose, command
