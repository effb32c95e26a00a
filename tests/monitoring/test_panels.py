"""Every query of every dashboard, on a real Prometheus that watched all packs; and what the panels
must show, computed from what the players say."""

import math
import urllib.error

import pytest

import dashboards
from stack import fill

DASHBOARDS = dashboards.shipped()
QUESTIONS = [question for dashboard in DASHBOARDS.values()
             for question in dashboards.questions_of(dashboard)]
VARIABLES = [(f"{dashboard['title']}: {variable['name']}", variable)
             for dashboard in DASHBOARDS.values() for variable in dashboard["templating"]["list"]
             if variable["type"] == "query"]

# What the story does not fill, by what is in the expression or by the place; and why not.
MAY_BE_EMPTY = {
    "ALERTS{": "nothing has to fire; test_alertmanager.py makes something fire",
    "changes(process_start_time_seconds{": "the exporter is not restarted",
    "jsonl_exporter_config_last_reload_successful{": "no reload fails",
    "jsonl_exporter_too_old_total{": "no event is older than a memory keeps keys",
    "jsonl_exporter_fields_missing_total{": "the players write all fields",
    "jsonl_exporter_series_folded_total{": "no limit is reached",
    "jsonl_exporter_series_expired_total{": "nothing is a day old",
    "jsonl_exporter_checkpoint_failures_total{": "the state can be saved",
    "Stream Processor: Bursts of errors": "there are fewer than eleven errors at a time",
}


def reason_to_be_empty(question):
    return next((reason for key, reason in MAY_BE_EMPTY.items()
                 if key in question.expression or key == question.where), None)


def is_number(value):
    return not math.isnan(float(value))


def answers(stack, question):
    """How many numbers the question gets."""
    if question.instant:
        return sum(map(is_number, stack.run(question.expression).values()))
    return sum(is_number(value) for series in stack.run_range(question.expression)
               for _, value in series["values"])


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.where)
def test_every_question_has_an_answer(stack, question):
    try:
        count = answers(stack, question)
    except urllib.error.HTTPError as error:
        pytest.fail(f"{question.where}: {question.expression}\n{error.read().decode()}")
    if not count and not reason_to_be_empty(question):
        pytest.fail(f"{question.where} is empty: {fill(question.expression)}")


@pytest.mark.parametrize("name, variable", VARIABLES, ids=[name for name, _ in VARIABLES])
def test_every_variable_has_values(stack, name, variable):
    selector, label = dashboards.query_of(variable)[len("label_values("):-1].rsplit(", ", 1)
    found = stack.prometheus.get(f"/api/v1/label/{label}/values", **{
        "match[]": fill(selector), "start": f"{stack.began:.3f}", "end": f"{stack.at:.3f}"})
    assert found["data"], f"{name}: {selector} has no {label}"


def test_what_may_be_empty_is_still_asked():
    for key in MAY_BE_EMPTY:
        assert any(key in question.expression or key == question.where for question in QUESTIONS)
