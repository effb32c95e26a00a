"""Rule files tried out: `once` over a small tree, and what it has to print."""

import json
import os
import re

from program import run
from samples import Samples, same_number

SOURCE = 'sources:\n  s: {files: "{job}/{part}.jsonl", type: type, time: time, id: id}\n'


class Case:
    """One behaviour of the language. `lines`: records of one file (dicts, or bytes as they stand),
    or a dict of them by path. `expected`: every sample of the rules, nothing else. `own`: what
    own metrics must add up to, by name."""

    def __init__(self, name, rules, lines, expected, own=None):
        self.name = name
        self.rules = rules if isinstance(rules, list) else [rules]
        self.lines = lines if isinstance(lines, dict) else {"job-1/a.jsonl": lines}
        self.expected = expected
        self.own = own or {}

    def check(self, directory):
        samples = once(directory, self.rules, self.lines)
        assert_samples(samples.own(), self.expected)
        for name, value in self.own.items():
            base, _, condition = name.partition("{")
            labels = dict(re.findall(r'(\w+)="([^"]*)"', condition))
            assert samples.total("jsonl_exporter_" + base, **labels) == value, name


def once(directory, rules, lines):
    root = os.path.join(directory, "events")
    arguments = []
    for number, text in enumerate(rules):
        path = os.path.join(directory, f"pack{number}.yaml")
        with open(path, "w") as file:
            file.write(text if number or "sources:" in text else SOURCE + text)
        arguments += ["--rules", path]
    os.makedirs(root)
    for path, records in lines.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "wb") as file:
            for record in records:
                content = record if isinstance(record, bytes) else json.dumps(record).encode()
                file.write(content + b"\n")
    result = run("once", *arguments, root)
    assert result.returncode == 0, result.stderr
    return Samples(result.stdout)


def assert_samples(shown, expected):
    """Both by `name{labels}`, labels in order of their names."""
    problems = []
    for key in sorted(set(shown) | set(expected)):
        if key not in shown:
            problems.append(f"missing: {key} (expected {expected[key]})")
        elif key not in expected:
            problems.append(f"surplus: {key} {shown[key]}")
        elif not same_number(shown[key], expected[key]):
            problems.append(f"{key} is {shown[key]}, expected {expected[key]}")
    assert not problems, "\n".join(problems)


def check(directory, text, name="pack.yaml"):
    """`check` of one rule file: its exit status, and all it says."""
    path = os.path.join(directory, name)
    with open(path, "w") as file:
        file.write(text)
    result = run("check", path)
    return result.returncode, result.stdout + result.stderr, path


def parametrize(cases):
    """Arguments of pytest.mark.parametrize for a list of cases."""
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), "two cases of one name"
    return {"argnames": "case", "argvalues": cases, "ids": names}
