"""What an expression asks for, read from its tokens; and whether Prometheus can parse it."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections import namedtuple

import pytest

# matchers: {label: operator and text, as =~"$job"}; within: functions around it, outermost first;
# over: the range, or None.
Selector = namedtuple("Selector", "name matchers within over")

TOKEN = re.compile(r"""
    (?P<blank>\s+|\#.*)
  | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
  | (?P<variable>\$\w+|\$\{\w+(?::\w+)?\}|\[\[\w+\]\])
  | (?P<name>[a-zA-Z_:][\w:]*)
  | (?P<number>\d[\w.]*)
  | (?P<sign>=~|!~|!=|==|>=|<=|.)
""", re.X)
GROUPING = ("by", "without", "on", "ignoring", "group_left", "group_right")
WORDS = (*GROUPING, "and", "or", "unless", "bool", "offset", "atan2", "inf", "nan")
AGGREGATES = ("sum", "min", "max", "avg", "count", "group", "stddev", "stdvar", "topk", "bottomk",
              "quantile", "count_values")
# What Grafana would fill in.
FILLED = {"__rate_interval": "5m", "__interval": "1m", "__range": "1h", "interval": "5m"}


def tokens_of(expression):
    found = [(match.lastgroup, match.group(0)) for match in TOKEN.finditer(expression)]
    return [token for token in found if token[0] != "blank"]


def skip_past(tokens, position, closing):
    while position < len(tokens) and tokens[position][1] != closing:
        position += 1
    return position + 1


def read_matchers(tokens, position):
    """From behind the brace: ({label: operator and text}, position behind the closing one)."""
    matchers, end = {}, skip_past(tokens, position, "}")
    inner = tokens[position:end - 1]
    for number in range(len(inner) - 2):
        kind, label = inner[number]
        if kind == "name" and inner[number + 1][0] == "sign":
            matchers[label] = inner[number + 1][1] + inner[number + 2][1]
    return matchers, end


def selectors_of(expression):
    tokens, found, within, position = tokens_of(expression), [], [], 0
    while position < len(tokens):
        kind, text = tokens[position]
        following = tokens[position + 1][1] if position + 1 < len(tokens) else ""
        position += 1
        if text in GROUPING and kind == "name":
            if following == "(":
                position = skip_past(tokens, position, ")")
        elif kind == "name" and following == "(":
            within.append(text)
            position += 1
        elif text == "(":
            within.append("")
        elif text == ")" and within:
            within.pop()
        elif text == "{" or kind == "name" and text.lower() not in WORDS + AGGREGATES:
            matchers, over = {}, None
            if text == "{" or following == "{":
                matchers, position = read_matchers(tokens, position + (text != "{"))
            if position < len(tokens) and tokens[position][1] == "[":
                end = skip_past(tokens, position, "]")
                over = "".join(part for _, part in tokens[position + 1:end - 1])
                position = end
            found.append(Selector("" if text == "{" else text, matchers, tuple(within), over))
    return found


def variables_in(expression):
    return set(re.findall(r"\$\{?(\w+)", re.sub(r"\$\d", "", expression)))


def fill(expression):
    """With variables replaced by what they could be."""
    def inside(match):
        return re.sub(r"\$\w+|\$\{[^}]*\}|\[\[\w+\]\]", "x", match.group(0))

    expression = re.sub(r'"(?:\\.|[^"\\])*"', lambda match: match.group(0) if "$1" in match.group(0)
                        else inside(match), expression)
    for name, text in FILLED.items():
        expression = re.sub(rf"\$({name}\b|\{{{name}(:\w+)?\}})", text, expression)
    return re.sub(r"\$[a-z_]\w*|\$\{[a-z_][^}]*\}|\[\[\w+\]\]", "10", expression)


def parse_errors(expressions):
    """{expression: what promtool says} of those that it cannot parse, as recording rules."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed")
    expressions = list(expressions)
    rules = [{"record": f"asked:{number}", "expr": fill(expression)}
             for number, expression in enumerate(expressions)]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rules.yml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"groups": [{"name": "asked", "rules": rules}]}, file)  # JSON is YAML
        result = subprocess.run([program, "check", "rules", path], text=True, timeout=60,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode == 0:
        return {}
    found = {}
    for line in result.stdout.splitlines():
        match = re.search(r'"asked:(\d+)": (.*)', line)
        if match:
            found[expressions[int(match[1])]] = match[2]
    assert found, result.stdout
    return found
