"""`overrides`: a user changes metrics of the packs in use without copying a pack."""

import json
import os

import pytest

from program import run
from rule_case import SOURCE, assert_samples
from samples import Samples

PACK = SOURCE + """
metrics:
  done_total: {type: counter, help: h, labels: [job, result], init: {result: [ok, bad]}}
  took_seconds: {type: histogram, help: h, labels: [job], buckets: [1, 10]}
  grown_total: {type: counter, help: h, labels: [job]}
  cost_total: {type: counter, help: h, labels: [job]}
  active: {type: gauge, help: h, labels: [job]}
rules:
  Begin:
    - {enter: active, key: k}
  End:
    - {leave: active, key: k}
    - {inc: done_total, labels: {result: "{result}", job: "{file.job}"}}
    - {observe: took_seconds, value: took}
    - {add: grown_total, value: {increase: total, key: [k, file.job], memory: totals}, scale: 1}
    - {add: cost_total, value: {growth: totals}, scale: 2}
  Over:
    - clear: active
"""
LINES = {
    "job-1/a.jsonl": [{"type": "Begin", "k": 1}, {"type": "Begin", "k": 2},
                      {"type": "End", "k": 1, "result": "ok", "took": 5, "total": 3}],
    "job-2/a.jsonl": [{"type": "Begin", "k": 1}, {"type": "Begin", "k": 3},
                      {"type": "End", "k": 1, "result": "bad", "took": 20, "total": 4}],
}
OVER = {**LINES, "job-1/b.jsonl": [{"type": "Over"}]}

UNCHANGED = {
    'done_total{job="job-1",result="ok"}': 1, 'done_total{job="job-1",result="bad"}': 0,
    'done_total{job="job-2",result="ok"}': 0, 'done_total{job="job-2",result="bad"}': 1,
    'took_seconds_bucket{job="job-1",le="1.0"}': 0,
    'took_seconds_bucket{job="job-1",le="10.0"}': 1,
    'took_seconds_bucket{job="job-1",le="+Inf"}': 1,
    'took_seconds_sum{job="job-1"}': 5, 'took_seconds_count{job="job-1"}': 1,
    'took_seconds_bucket{job="job-2",le="1.0"}': 0,
    'took_seconds_bucket{job="job-2",le="10.0"}': 0,
    'took_seconds_bucket{job="job-2",le="+Inf"}': 1,
    'took_seconds_sum{job="job-2"}': 20, 'took_seconds_count{job="job-2"}': 1,
    'grown_total{job="job-1"}': 3, 'grown_total{job="job-2"}': 4,
    'cost_total{job="job-1"}': 6, 'cost_total{job="job-2"}': 8,
    'active{job="job-1"}': 1, 'active{job="job-2"}': 1,
}


def without(*prefixes, **new):
    kept = {key: value for key, value in UNCHANGED.items() if not key.startswith(prefixes)}
    return kept | new


def once(directory, lines, overrides, pack=PACK, place="config"):
    """What the pack makes of the lines with these overrides in the config file, or in a pack."""
    for path, records in lines.items():
        path = os.path.join(directory, "events", path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)
    (directory / "pack.yaml").write_text(pack)
    (directory / "other.yaml").write_text(f"overrides: {overrides}\n")
    options = (["--config.file", directory / "other.yaml"] if place == "config"
               else ["--rules", directory / "other.yaml"])
    return run("once", "--rules", directory / "pack.yaml", *options, directory / "events")


def shown(result):
    assert result.returncode == 0, result.stderr
    return Samples(result.stdout).own()


CASES = {
    "none": ("{}", LINES, UNCHANGED),
    "buckets": ("{took_seconds: {buckets: [7, 15, 30]}}", LINES, without("took_seconds_bucket", **{
        f'took_seconds_bucket{{job="job-{job}",le="{bound}"}}': value
        for job, values in ((1, (1, 1, 1, 1)), (2, (0, 0, 1, 1)))
        for bound, value in zip(("7.0", "15.0", "30.0", "+Inf"), values)})),
    "buckets by a formula": (
        "{took_seconds: {buckets: {linear: {start: 6, width: 1, count: 1}}}}", LINES,
        without("took_seconds_bucket", **{
            'took_seconds_bucket{job="job-1",le="6.0"}': 1,
            'took_seconds_bucket{job="job-1",le="+Inf"}': 1,
            'took_seconds_bucket{job="job-2",le="6.0"}': 0,
            'took_seconds_bucket{job="job-2",le="+Inf"}': 1})),
    "a label of a counter with init": ("{done_total: {drop_labels: [job]}}", LINES, without(
        "done_total", **{'done_total{result="ok"}': 1, 'done_total{result="bad"}': 1})),
    "the label that init names": ("{done_total: {drop_labels: result}}", LINES, without(
        "done_total", **{'done_total{job="job-1"}': 1, 'done_total{job="job-2"}': 1})),
    "all labels": ("{done_total: {drop_labels: [result, job]}}", LINES,
                   without("done_total", done_total=2)),
    "a label of a set": ("{active: {drop_labels: [job]}}", LINES, without("active", active=2)),
    "a label of a set of which one series is cleared": (
        "{active: {drop_labels: [job]}}", OVER, without("active", active=1)),
    "disabled": ("{done_total: {disabled: true}, active: {disabled: true}}", OVER,
                 without("done_total", "active")),
    "disabled, while its memory is shared": ("{grown_total: {disabled: true}}", LINES,
                                             without("grown_total")),
    "not disabled": ("{grown_total: {disabled: false}}", LINES, UNCHANGED),
    "a metric of a built-in pack that is not in use": (
        "{prodigy_claude_tokens_total: {disabled: true}}", LINES, UNCHANGED),
    "max_series": ("{grown_total: {max_series: 1}}", LINES, None),
}


@pytest.mark.parametrize("place", ["config", "pack"])
@pytest.mark.parametrize("name", CASES)
def test_an_override(name, place, tmp_path):
    overrides, lines, expected = CASES[name]
    samples = shown(once(tmp_path, lines, overrides, place=place))
    if expected is None:  # which of the two is kept depends on the order of files
        grown = {key: value for key, value in samples.items() if key.startswith("grown_total")}
        assert len(grown) == 2 and sum(grown.values()) == 7 and 'grown_total{job="_other"}' in grown
    else:
        assert_samples(samples, expected)


MISTAKES = {
    "an unknown metric": ("{done_totl: {ttl: 1h}}", ["'done_totl'", "'done_total'"]),
    "an unknown word": ("{done_total: {tll: 1h}}", ["'tll'", "'ttl'"]),
    "an unknown label": ("{done_total: {drop_labels: [jobs]}}", ["'jobs'", "'job'"]),
    "buckets of a counter": ("{done_total: {buckets: [1]}}", ["done_total", "no histogram"]),
    "buckets that fall": ("{took_seconds: {buckets: [2, 1]}}", ["'1'", "rise"]),
    "no buckets": ("{took_seconds: {buckets: []}}", ["took_seconds", "needs 'buckets'"]),
    "a bad ttl": ("{done_total: {ttl: soon}}", ["'ttl'", "'soon'"]),
    "a bad number": ("{done_total: {max_series: none}}", ["'max_series'", "'none'"]),
    "a bad choice": ("{done_total: {disabled: maybe}}", ["'disabled'", "'maybe'"]),
    "a text": ("{done_total: off}", ["an override must be a map"]),
    "a list": ("[done_total]", ["'overrides' must be a map"]),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place(name, tmp_path):
    overrides, fragments = MISTAKES[name]
    result = once(tmp_path, LINES, overrides)
    assert result.returncode == 1
    assert f"{tmp_path}/other.yaml:1:" in result.stderr, result.stderr
    for fragment in fragments:
        assert fragment in result.stderr, result.stderr


def test_a_label_that_a_clear_needs_cannot_be_dropped(tmp_path):
    """The keys are those of the whole pack: who is cleared out is only known by the label."""
    pack = PACK.replace("key: k}", "key: k, scope: pack}")
    result = once(tmp_path, LINES, "{active: {drop_labels: [job]}}", pack)
    assert result.returncode == 1
    assert "'clear'" in result.stderr and "'job'" in result.stderr
    assert "'overrides'" in result.stderr


def test_a_series_that_is_of_others_too_is_not_dropped(tmp_path):
    """One job is over; of the other there is as much as before."""
    pack = PACK.replace("    - clear: active\n", """
    - drop: active
    - {drop: done_total, labels: {result: ok}}
    - drop: took_seconds
    - drop: grown_total
""")
    names = "active", "done_total", "took_seconds", "grown_total"
    told = [once(tmp_path, OVER, "{%s}" % ", ".join(f"{name}: {over}" for name in names), pack)
            for over in ("{ttl: never}", "{drop_labels: [job]}")]
    apart, together = (shown(result) for result in told)
    assert not any(key.startswith(names) and key != 'done_total{job="job-1",result="bad"}'
                   for key in apart if "job-1" in key)
    assert {key: together[key] for key in (
        "active", 'done_total{result="ok"}', "took_seconds_count", "grown_total")} == {
            "active": 2, 'done_total{result="ok"}': 1, "took_seconds_count": 2, "grown_total": 7}


def test_of_two_overrides_each_word_counts_as_the_last_says_it(tmp_path):
    (tmp_path / "first.yaml").write_text(
        "overrides: {took_seconds: {buckets: [3], drop_labels: [job]}}\n")
    (tmp_path / "pack.yaml").write_text(PACK)
    once(tmp_path, LINES, "{took_seconds: {buckets: [7]}}")
    options = [word for name in ("pack", "first", "other")
               for word in ("--rules", tmp_path / f"{name}.yaml")]
    samples = shown(run("once", *options, tmp_path / "events"))
    assert {key for key in samples if key.startswith("took_seconds_bucket")} == {
        'took_seconds_bucket{le="7.0"}', 'took_seconds_bucket{le="+Inf"}'}


def test_explain_says_why_nothing_happens(tmp_path):
    once(tmp_path, LINES, "{done_total: {disabled: true}}")
    result = run("explain", "--rules", tmp_path / "pack.yaml", "--rules", tmp_path / "other.yaml",
                 tmp_path / "events/job-1/a.jsonl")
    assert result.returncode == 0, result.stderr
    assert "'overrides' disables the metric" in result.stdout


def test_a_ttl_hides(tree, launch, tmp_path):
    """An event of an hour ago is within `ttl: never`, and beyond one of a minute."""
    path = tree.path("job-1", "a.jsonl")
    os.makedirs(os.path.dirname(path))
    with open(path, "w") as file:
        file.write('{"type": "End", "k": 1, "total": 1, "time": "2026-01-01T00:00:00Z"}\n')
    exporter = launch(tree.root, rules=PACK + "overrides: {cost_total: {ttl: 1m}}\n")
    exporter.sync()
    samples = exporter.scrape()
    assert samples.total("grown_total") == 1
    assert not samples.has("cost_total")


def test_a_reload_keeps_the_values_of_what_is_not_overridden(tree, launch):
    path = tree.path("job-1", "a.jsonl")
    os.makedirs(os.path.dirname(path))
    with open(path, "w") as file:
        file.write('{"type": "End", "k": 1, "total": 1, "took": 1, "result": "ok"}\n')
    exporter = launch(tree.root, rules=PACK)
    exporter.sync()
    assert exporter.scrape().total("done_total") == 1
    exporter.write_rules(PACK + "overrides: {took_seconds: {drop_labels: [job]}}\n")
    exporter.reload()
    with open(path, "a") as file:
        file.write('{"type": "End", "k": 2, "total": 1, "took": 2, "result": "ok"}\n')
    exporter.sync()
    samples = exporter.scrape()
    assert samples.total("done_total") == 2
    assert samples.value("took_seconds_count") == 1
