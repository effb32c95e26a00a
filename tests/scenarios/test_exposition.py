"""The forms in which metrics are served, and what series show at their birth."""

import gzip
import os
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from conftest import need_program
from events import append, event, events
from program import wait_until
from samples import Samples

# Compression


def test_gzip_is_sent_where_it_is_accepted(tree, exporter):
    append(tree.file, events(1, 100))
    exporter.expect(ok=100)
    for accept in ("gzip", "deflate, gzip;q=0.5", "GZIP", "br, gzip", "*"):
        response = exporter.request("/metrics", headers={"Accept-Encoding": accept})
        assert response.headers["Content-Encoding"] == "gzip", accept
        assert Samples(gzip.decompress(response.body).decode()).ok == 100
        assert "accept-encoding" in response.headers["Vary"].lower()
        assert int(response.headers["Content-Length"]) == len(response.body)


@pytest.mark.parametrize(
    "accept", ["", "identity", "gzip;q=0", "gzip; q=0.0", "deflate", "br", "x-gzipped",
               "identity, gzip;q=0", "*;q=0"]
)
def test_gzip_is_not_sent_where_it_is_not_accepted(exporter, accept):
    exporter.sync()
    response = exporter.request("/metrics", headers={"Accept-Encoding": accept})
    assert response.status == 200
    assert response.headers["Content-Encoding"] is None
    Samples(response.body.decode())


def test_gzip_of_changing_metrics_is_always_one_whole_answer(tree, exporter):
    for number in range(1, 31):
        append(tree.file, event(number))
        response = exporter.request("/metrics", headers={"Accept-Encoding": "gzip"})
        if response.status == 200:
            text = gzip.decompress(response.body).decode()
            assert Samples(text).ok <= number and text.endswith("\n")
    exporter.expect(ok=30)


# Formats


HOSTILE_TEXTS = [
    "line\nfeed", 'quo"te', "back\\slash", "tab\tnul\0end", "{}=,", "\u2028\U0001f600",
    "x" * 65536, "\u20ac" * 400, "# HELP ok_total forged\n", "\\n", "\r", "", " ", "\x7f\x1b[0m",
]
LONGEST_LABEL = 1024  # bytes of a value; what is longer is cut, between two characters


def as_shown(text):
    return text.encode()[:LONGEST_LABEL].decode(errors="ignore")


LABELLED = """\
defaults: {max_series: 100000}
sources:
  events: {files: "{repo}/{job_id}/events-*.jsonl*", type: event.event_type, body: event, id: id}
metrics:
  ok_total: {type: counter, help: "Hostile\\nhelp \\\\ \\"text\\".", labels: [job_id, text]}
  some_level: {type: gauge, help: A level., labels: [text]}
  some_seconds: {type: histogram, help: A histogram., labels: [text], buckets: [0.1, 1, 10]}
rules:
  "*":
    - inc: ok_total
      labels: {job_id: "{file.job_id}"}
    - set: some_level
      value: number
    - observe: some_seconds
      value: number
"""


def hostile_metrics(tree, launch):
    exporter = launch(tree.root, rules=LABELLED)
    job = os.fsencode(tree.path("repo")) + b'/job\n"\xff\\'
    os.makedirs(job)
    for number, text in enumerate(HOSTILE_TEXTS):
        append(job + b"/events-1.jsonl", event(number, text=text, number=number))
    exporter.expect(ok=len(HOSTILE_TEXTS))
    return exporter


def test_hostile_label_values_come_back_as_they_were(tree, launch):
    samples = hostile_metrics(tree, launch).scrape()
    for number, text in enumerate(HOSTILE_TEXTS):
        if text:
            assert samples.value("some_level", text=as_shown(text)) == number, repr(text[:50])
    assert samples.total("ok_total", job_id='job\n"\ufffd\\') == len(HOSTILE_TEXTS)


def promtool_check(text):
    result = subprocess.run(
        [need_program("promtool"), "check", "metrics"], input=text.encode(),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    return result.returncode, result.stdout.decode()


def test_promtool_accepts_the_exposition(tree, launch):
    exporter = hostile_metrics(tree, launch)
    text = exporter.request("/metrics").body.decode()
    code, output = promtool_check(text)
    assert code == 0, output
    code, output = promtool_check(exporter.request("/metrics/self").body.decode())
    assert code == 0, output
    assert promtool_check(text.replace("# TYPE", "# TIPE") + "broken{")[0] == 1


def test_the_own_parser_of_prometheus_accepts_the_exposition(tree, launch):
    text = hostile_metrics(tree, launch).request("/metrics").body.decode()
    assert len(list(text_string_to_metric_families(text))) > 20
    assert text.endswith("\n")


def test_histograms_are_cumulative_with_canonical_bounds(tree, launch):
    exporter = launch(tree.root, rules=LABELLED)
    numbers = [0.05, 0.1, 0.5, 1, 2, 10, 11]
    for number, value in enumerate(numbers):
        append(tree.file, event(number, text="t", number=value))
    samples = exporter.expect(ok=len(numbers))
    bounds = {"0.1": 2, "1.0": 4, "10.0": 6, "+Inf": 7}
    for bound, count in bounds.items():
        assert samples.value("some_seconds_bucket", text="t", le=bound) == count
    assert samples.value("some_seconds_count", text="t") == 7
    assert samples.value("some_seconds_sum", text="t") == pytest.approx(sum(numbers))


def test_the_json_form_tells_the_same_as_the_text_form(tree, launch):
    exporter = hostile_metrics(tree, launch)
    families = {family["name"]: family for family in exporter.get_json("/metrics/json")}
    text = exporter.scrape()
    assert families["ok_total"]["type"] == "COUNTER"
    assert families["some_level"]["type"] == "GAUGE"
    for family in families.values():
        assert {"name", "help", "type", "metrics"} <= set(family)
        for metric in family["metrics"]:
            if "value" in metric:
                assert isinstance(metric["value"], str)
                float(metric["value"])
    shown = {
        metric["labels"].get("text", ""): float(metric["value"])
        for metric in families["some_level"]["metrics"]
    }
    assert shown == {
        as_shown(text): float(number) for number, text in enumerate(HOSTILE_TEXTS)
    }
    histogram = families["some_seconds"]["metrics"][0]
    assert set(histogram) >= {"labels", "buckets", "count", "sum"}
    assert histogram["buckets"]["+Inf"] == histogram["count"] == "1"
    assert len(families["some_seconds"]["metrics"]) == len(
        text.matching("some_seconds_count"))
    assert "jsonl_exporter_build_info" in families


# Born at zero


def test_a_new_series_is_shown_at_zero_first_to_every_scraper(tree, launch):
    exporter = launch(tree.root, zero_first=True)
    append(tree.file, event(1))
    exporter.sync()
    append(tree.job_file("repo", "job-2"), events(1, 5))
    wait_until(lambda: exporter.scrape_once("/metrics/self").value(
        "jsonl_exporter_read_lines_total") == 6, 10)
    assert exporter.scrape_once().value("ok_total", job_id="job-2") == 0
    wait_until(lambda: exporter.scrape_once().value("ok_total", job_id="job-2") == 5, 10)
    append(tree.job_file("repo", "job-2"), event(6))
    exporter.expect(ok=7)


def test_history_of_the_first_start_is_shown_at_once(tree, launch):
    append(tree.file, events(1, 5))
    exporter = launch(tree.root, zero_first=True)
    assert exporter.scrape().value("ok_total", job_id="job-1") == 5


def test_a_series_nobody_scrapes_grows_up_after_a_minute_at_most(tree, launch):
    exporter = launch(tree.root, zero_first=True)
    exporter.sync()
    append(tree.file, events(1, 5))
    wait_until(lambda: exporter.scrape_once().total("ok_total") == 5, 70, interval=1)
