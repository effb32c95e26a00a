"""Every code block of every page is run or checked: code_block.py says how. Below, that each kind
of check goes red where it must."""

import glob

import pytest

import block_check
import block_sandbox
import code_block

BLOCKS = [block for page in code_block.pages() for block in code_block.blocks_of(page)]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_block(block, tmp_path):
    block_check.check(block, tmp_path)


def test_there_are_pages():
    pages = {block.page for block in BLOCKS}
    assert {"README.md", "docs/rules.md", "docs/getting-started.md", "docs/events/prodigy.md",
            "samples/INDEX.md"} <= pages
    assert {"yaml", "json", "promql", "sh", "mtail"} <= {block.language for block in BLOCKS}


# --- Blocks that must not pass ------------------------------------------------------------------

def fence(language, text, *comments):
    marks = "".join(f"<!-- {comment} -->\n" for comment in comments)
    return f"{marks}```{language}\n{text}```\n"


PACK = """\
sources:
  events: {files: "*.jsonl", type: event}
metrics:
  builds_total: {type: counter, help: Builds.}
rules:
  built:
    - inc: builds_total
"""
EXAMPLE = fence("yaml", PACK, "example: one")
EVENT = '{"event_type":"CheckpointCreated","timestamp":"2026-01-01T00:00:00Z"}\n'

GOOD = {
    "pack": fence("yaml", PACK),
    "pack by name": fence("yaml", "# mine.yaml\n" + PACK)
                    + fence("sh", "jsonl-exporter check mine.yaml\n"),
    "scrape config": fence("yaml", "scrape_configs: [{job_name: a}]\n"),
    "rules": fence("yaml", "groups: [{name: a, rules: [{record: 'a:b', expr: up}]}]\n"),
    "targets": fence("yaml", "- targets: ['a:9090']\n  labels: {site: a}\n"),
    "promql": fence("promql", "sum by (job) (up)\nup > 0\n"),
    "json": fence("json", '{"a": 1}\n{"b": 2}\n'),
    "events": fence("json", EVENT, "events: prodigy"),
    "shell": fence("sh", "true\n"),
    "status": fence("sh", "exit 3\n", "fails: 3"),
    "output": fence("sh", "echo one; echo two; echo three\n")
              + fence("", "one\n...\nth...\n", "output"),
    "continued": fence("sh", "a=1\n") + fence("sh", "echo $a\n", "continues")
                 + fence("", "1\n", "output"),
    "example": EXAMPLE + fence("json", '{"event": "built"}\n', "input: a.jsonl")
               + fence("", "builds_total 1\n", "output"),
    "mtail": fence("mtail", "counter a\n/x/ {\n  a++\n}\n"),
    "picture": fence("", "tail -> decode -> rules\n", "picture"),
    "excerpt": fence("yaml", "global:\n  scrape_interval: 15s\n",
                     "excerpt of: dashboards/prometheus/prometheus.yml"),
    "elsewhere": fence("sh", "scripts/install-packages build\n", "checked by: scripts/demo"),
    "indented in a list": "- a\n\n    b\n",
}

BAD = {
    "no language": fence("", "a\n"),
    "unknown language": fence("cobol", "a\n"),
    "indented": "text\n\n    code\n",
    "pack": fence("yaml", PACK.replace("built:", "built")),
    "pack with a wrong word": fence("yaml", PACK.replace("inc:", "increase:")),
    "yaml of no kind": fence("yaml", "a: 1\n"),
    "unreadable yaml": fence("yaml", "a: [1\n"),
    "scrape config": fence("yaml", "scrape_configs: [{jobname: a}]\n"),
    "rules": fence("yaml", "groups: [{name: a, rules: [{record: 'a:b', expr: 'sum('}]}]\n"),
    "rules on a strange metric": fence("yaml", "- {alert: A, expr: strange_total > 1}\n"),
    "alertmanager": fence("yaml", "route: {receiver: nobody}\nreceivers: [{name: else}]\n"),
    "targets": fence("yaml", "- targets: ['http://a:9090']\n"),
    "promql": fence("promql", "sum by (job (up)\n"),
    "second promql": fence("promql", "up\n\nup >\n"),
    "strange metric": fence("promql", "rate(prodigy_strange_total[5m])\n"),
    "json": fence("json", '{"a": 1\n'),
    "schema": fence("json", '{"$schema": "http://json-schema.org/draft-07/schema#", "type": 7}\n'),
    "event without a rule": fence("json", EVENT.replace("Checkpoint", "Czech"), "events: prodigy"),
    "event without a name": fence("json", '{"a": 1}\n', "events: prodigy"),
    "shell syntax": fence("sh", "if true\n"),
    "shell status": fence("sh", "false\ntrue\n"),
    "shell status in a pipe": fence("sh", "false | true\n"),
    "shell that should fail": fence("sh", "true\n", "fails: 1"),
    "unknown command": fence("sh", "no-such-command\n"),
    "unknown option": fence("sh", "jsonl-exporter --no-such-option\n"),
    "failure before &&": fence("sh", "false && true\n"),
    "what cannot be run here": fence("sh", "if systemctl start x; then true; fi\n"),
    "no such file": fence("sh", "jsonl-exporter check mine.yaml\n"),
    "beyond the machine": fence("sh", "curl -s --max-time 5 http://192.0.2.1/\n"),
    "output": fence("sh", "echo one\n") + fence("", "two\n", "output"),
    "output in another order": fence("sh", "echo one; echo two\n")
                               + fence("", "two\none\n", "output"),
    "output with a gap": fence("sh", "echo 1; echo 2; echo 3\n") + fence("", "1\n3\n", "output"),
    "output of nothing": fence("", "a\n", "output"),
    "continues nothing": fence("sh", "true\n", "continues"),
    "continued": fence("sh", "a=1\n") + fence("sh", "[ $a = 2 ]\n", "continues"),
    "example without input": EXAMPLE,
    "example": EXAMPLE + fence("json", '{"event": "built"}\n', "input: a.jsonl")
               + fence("", "builds_total 2\n", "output"),
    "input without output": EXAMPLE + fence("json", '{"event": "built"}\n', "input: a.jsonl"),
    "mtail": fence("mtail", "counter a\n/x/ {\n  b++\n}\n"),
    "python": fence("python", "raise SystemExit(1)\n"),
    "c": fence("c", "int main(void) { return x; }\n"),
    "toml": fence("toml", "a = \n"),
    "picture": fence("", "tail -> cauldron\n", "picture"),
    "excerpt": fence("yaml", "global:\n  scrape_interval: 16s\n",
                     "excerpt of: dashboards/prometheus/prometheus.yml"),
    "no such test": fence("sh", "true\n", "checked by: tests/nothing"),
    "not named there": fence("sh", "sudo kubectl apply\n", "checked by: scripts/demo"),
    "option not named there": fence("sh", "scripts/demo --frobnicate\n",
                                    "checked by: scripts/demo"),
    "page not named there": fence("yaml", "a: 1\n", "checked by: scripts/demo"),
    "mark that cannot be read": fence("sh", "true\n", "checked"),
    "mark without a block": "<!-- continues -->\ntext\n",
    "block without an end": "```sh\ntrue\n",
}


def check_page(text, directory):
    blocks = code_block.join(code_block.read_blocks("page.md", text))
    for number, block in enumerate(blocks):
        (directory / str(number)).mkdir()
        block_check.check(block, directory / str(number))


@pytest.mark.parametrize("name", GOOD)
def test_good_block(name, tmp_path):
    check_page(GOOD[name], tmp_path)


@pytest.mark.parametrize("name", BAD)
def test_bad_block(name, tmp_path):
    with pytest.raises(AssertionError):
        check_page(BAD[name], tmp_path)


def test_pages_are_read_as_they_stand():
    text = ("# a\n\n````sh\n```\n````\n\n1. x\n\n   ```sh\n   true\n   ```\n\n"
            "~~~yaml\na: 1\n~~~\n<!-- about something else -->\n")
    found = [(block.line, block.language, block.text)
             for block in code_block.read_blocks("page.md", text)]
    assert found == [(3, "sh", "```\n"), (9, "sh", "true\n"), (13, "yaml", "a: 1\n")]


def test_what_a_query_names():
    assert block_check.query_names(
        'sum by (le, job) (rate(a_bucket{b="c_d"}[5m] offset 1h)) / on (x) group_left () e:f'
        ' > 1.5e3 and topk(5, g_total) or vector(0)') == {"a_bucket", "e:f", "g_total"}


def test_what_a_script_needs():
    words = block_check.shell_words("sudo apt-get install ./a.deb --yes && cd x\n"
                                    "A=1 scripts/demo --port=1 \\\n  --seed 2 | jq .x # docker\n")
    assert words == ["apt-get", "--yes", "demo", "--port", "--seed", "jq"]


def commands():
    """Those of all processes."""
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                yield file.read().split(b"\0")
        except OSError:
            pass


def test_nothing_of_a_block_stays(tmp_path):
    """What a block started is gone when it has ended."""
    if not block_sandbox.unshare():
        pytest.skip("namespaces cannot be made here")
    check_page(fence("sh", f"sleep 87654 & echo $! >{tmp_path}/started\n"), tmp_path)
    assert (tmp_path / "started").exists()
    assert [b"sleep", b"87654", b""] not in list(commands())
