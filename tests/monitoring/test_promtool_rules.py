"""promtool's verdict on the shipped rules; every rule has a case in which it speaks and one in
which it does not; and rules that say something else are found out by these cases."""

import concurrent.futures
import json
import os
import re

import pytest

from shipped_rules import (
    ALERTS, ALERT_NAMES, FOLDER, RECORDING, RECORD_NAMES, RULES, TESTS, load, metrics_in, name_of,
    names_in, promtool,
)

# Numbers of comparisons become these: out of reach, and always reached.
FAR, NEAR = "1e30", "-1e30"
COMPARISON = re.compile(r"(==|>=|>)\s*(-?[\d.]+|scalar\(\S+\))(?=\s*(?:\)|$|\n))")


def cases():
    """Every single check: (file, case, time, name of the rule, whether it must speak)."""
    for path in TESTS:
        for case in load(path)["tests"]:
            for check in case.get("alert_rule_test", []):
                yield path, case, check["alertname"], bool(check["exp_alerts"])
            for check in case.get("promql_expr_test", []):
                for name in names_in(check["expr"]):
                    yield path, case, name, bool(check["exp_samples"])


def expected_of(name):
    return {speaks for _, _, of, speaks in cases() if of == name}


def needed_by(name):
    """A rule and all recording rules that it builds on."""
    found = {name}
    for other in names_in(RULES[name]["expr"]):
        found |= needed_by(other)
    return found


def write(path, content):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file)  # JSON is YAML


def verdict(directory, name, changed):
    """What promtool says of `changed` in the place of rule `name`: with nothing else than what it
    needs, and only the cases that name it."""
    wanted = needed_by(name)
    groups = []
    for path in (RECORDING, ALERTS):
        for group in load(path)["groups"]:
            rules = [changed if name_of(rule) == name else rule for rule in group["rules"]
                     if name_of(rule) in wanted]
            if rules:
                groups.append({"name": group["name"], "rules": rules})
    write(directory / "rules.yml", {"groups": groups})
    files = []
    for path in TESTS:
        tests = [case for case in (only_of(case, name) for case in load(path)["tests"]) if case]
        if tests:
            files.append(directory / os.path.basename(path))
            write(files[-1], {**load(path), "tests": tests, "rule_files": ["rules.yml"],
                              "group_eval_order": [group["name"] for group in groups]})
    return promtool("test", "rules", *files)


def only_of(case, name):
    alerts = [check for check in case.get("alert_rule_test", []) if check["alertname"] == name]
    samples = [check for check in case.get("promql_expr_test", [])
               if set(names_in(check["expr"])) == {name}]
    if not alerts and not samples:
        return None
    return {"name": case["name"], "interval": case["interval"],
            "input_series": case["input_series"], "alert_rule_test": alerts,
            "promql_expr_test": samples}


def changed(rule, **change):
    rule = {**rule, **change}
    return {key: value for key, value in rule.items() if value is not None}


def compared(rule, match, number, operator=None):
    """The rule with another number at this comparison, or another operator."""
    text = rule["expr"]
    return changed(rule, expr=f"{text[:match.start()]}{operator or match.group(1)} {number}"
                              f"{text[match.end():]}")


def mutants():
    """(rule's name, what is done to it, the mutant)"""
    for name in ALERT_NAMES:
        rule = RULES[name]
        for match in COMPARISON.finditer(rule["expr"]):
            yield name, f"{match.group()} out of reach", compared(rule, match, FAR)
            yield name, f"{match.group()} always reached", compared(rule, match, NEAR, ">")
        if not COMPARISON.search(rule["expr"]):
            yield name, "never", changed(rule, expr=f"({rule['expr']}) > 1e30")
            yield name, "always", changed(rule, expr="vector(1)")
        if "for" in rule:
            yield name, "much later", changed(rule, **{"for": "30d"})
            yield name, "at once", changed(rule, **{"for": None})
        yield name, "severity", changed(rule, labels={"severity": "other"})
        yield name, "description", changed(
            rule, annotations={**rule["annotations"], "description": "Other."})
    for name in RECORD_NAMES:
        rule = RULES[name]
        yield name, "other value", changed(rule, expr=f"({rule['expr']}) * 1.02")
        yield name, "never", changed(rule, expr=f"({rule['expr']}) > 1e30")
        yield name, "always", changed(rule, expr=f"({rule['expr']}) or vector(1)")


def test_syntax_and_lint():
    result = promtool("check", "rules", "--lint=all", "--lint-fatal", RECORDING, ALERTS)
    assert result.returncode == 0, result.stdout


def test_configuration(tmp_path):
    """With what it names; promtool looks for the rule files too."""
    result = promtool("check", "config", os.path.join(FOLDER, "prometheus.yml"))
    assert result.returncode == 0, result.stdout
    assert load(os.path.join(FOLDER, "prometheus.yml"))["rule_files"] == \
        ["recording.yml", "alerts.yml"]


@pytest.mark.parametrize("path", TESTS, ids=os.path.basename)
def test_cases(path):
    result = promtool("test", "rules", path)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("name", RULES)
def test_every_rule_speaks_in_one_case_and_not_in_another(name):
    assert expected_of(name) == {True, False}


def test_order_of_groups():
    """promtool evaluates groups in no order of its own: recording rules have to come first."""
    groups = [group["name"] for path in (RECORDING, ALERTS) for group in load(path)["groups"]]
    for path in TESTS:
        assert load(path)["group_eval_order"] == groups, path


@pytest.mark.parametrize("name", RULES)
def test_mutants_are_found_out(tmp_path, name):
    tried = [("as it is", RULES[name])]
    tried += [(what, mutant) for of, what, mutant in mutants()
              if of == name and not survives_rightly(name, what)]
    assert len(tried) > 2
    folders = [tmp_path / str(number) for number in range(len(tried))]
    for folder in folders:
        folder.mkdir()
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        verdicts = list(threads.map(lambda folder, case: verdict(folder, name, case[1]), folders,
                                    tried))
    assert verdicts[0].returncode == 0, verdicts[0].stdout
    unseen = [what for (what, _), said in zip(tried[1:], verdicts[1:]) if said.returncode == 0]
    assert unseen == []


def survives_rightly(name, what):
    """The budget is there always: there is no more of always."""
    return (name, what) == ("jsonl_exporter:daily_budget_dollars", "always")


def test_names_are_told_apart():
    """The reader of expressions, on one that has everything."""
    assert metrics_in('sum by (job, le) (rate(a_total{x="b{c}", y=~"d|e"}[5m] offset 1h)) > 1e3 '
                      'and on (job) c:d:rate5m unless absent(up{job="f"}) or vector(1)') == \
        {"a_total", "c:d:rate5m", "up"}
