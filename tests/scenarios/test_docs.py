"""The examples of docs/rules.md, executed: rules, input lines and output stand in the page."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("JSONL_EXPORTER", str(ROOT / "build/jsonl-exporter"))
EXAMPLE = re.compile(
    r"<!-- example: (\S+) -->\n```yaml\n(.*?)```\n<!-- input: (\S+) -->\n```json\n(.*?)```\n"
    r"<!-- output -->\n```\n(.*?)```", re.S)
EXAMPLES = EXAMPLE.findall((ROOT / "docs/rules.md").read_text())


def test_every_example_has_input_and_output():
    markers = (ROOT / "docs/rules.md").read_text().count("<!-- example:")
    assert markers == len(EXAMPLES) and markers >= 5


@pytest.mark.parametrize("name,rules,path,lines,output", EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_example(name, rules, path, lines, output, tmp_path):
    events = tmp_path / "events" / path
    events.parent.mkdir(parents=True)
    events.write_text(lines)
    pack = tmp_path / "pack.yaml"
    pack.write_text(rules)
    done = subprocess.run([BINARY, "once", "--rules", str(pack), str(tmp_path / "events")],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    shown = done.stdout.splitlines()
    for line in output.splitlines():
        assert line in shown, f"{line} is not in:\n" + "\n".join(
            s for s in shown if not s.startswith(("#", "jsonl_exporter_", "process_")))


OWN_ROW = re.compile(r'\[[^\]]+\] =\s*\{(OWN )?"([a-z_]+)", ([CGH]),\s*"((?:[^"\\]|\\.)*)",\s*\{(.*?)\},',
                     re.S)


def test_every_own_metric_is_documented():
    table = OWN_ROW.findall((ROOT / "src/daemon/own_table.c").read_text())
    page = (ROOT / "docs/self-metrics.md").read_text().splitlines()
    assert len(table) > 40
    kinds = {"C": "counter", "G": "gauge", "H": "histogram"}
    for own, name, kind, text, labels in table:
        words = ", ".join(re.findall(r'"([a-z_]+)"', labels))
        row = f"| `{'jsonl_exporter_' if own else ''}{name}` | {kinds[kind]} | {words} | {text} |"
        assert row in page


def test_every_endpoint_is_documented():
    routes = set(re.findall(r'{"(/[a-z/-]*)", answer', (ROOT / "src/serve/routes.c").read_text()))
    page = (ROOT / "docs/http.md").read_text()
    assert {"/metrics/json", "/health", "/ready"} <= routes
    for route in {route.rstrip("/") or "/" for route in routes}:
        assert f"`{route}`" in page, route
