"""What is served where: endpoints, health, the landing page."""

import os
import re
import time

import pytest

from events import append, event
from program import run

TEXT = "text/plain; version=0.0.4; charset=utf-8"
ENDPOINTS = {
    "/metrics": "text/plain",
    "/metrics/self": "text/plain",
    "/metrics/json": "application/json",
    "/health": "application/json",
    "/ready": "application/json",
    "/-/healthy": "text/plain",
    "/-/ready": "text/plain",
    "/": "text/html",
}


# Endpoints


@pytest.mark.parametrize("path", ENDPOINTS)
def test_every_endpoint_answers_get_and_head_with_its_type(exporter, path):
    exporter.sync()
    response = exporter.request(path)
    assert response.status == 200
    assert response.headers["Content-Type"].startswith(ENDPOINTS[path])
    assert response.body
    head = exporter.request(path, "HEAD")
    assert head.status == 200 and head.body == b""
    assert head.headers["Content-Type"] == response.headers["Content-Type"]
    with_query = exporter.request(path + "?a=b&c[]=%00")
    assert with_query.status == 200


def test_the_text_format_names_its_version(exporter):
    exporter.sync()
    assert exporter.request("/metrics").headers["Content-Type"] == TEXT
    assert exporter.request("/metrics/self").headers["Content-Type"] == TEXT


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused_with_what_is_allowed(exporter, path, method):
    body = b"x=1" if method in ("POST", "PUT", "PATCH") else None
    response = exporter.request(path, method, body=body)
    assert response.status == 405
    allowed = {name.strip() for name in response.headers["Allow"].split(",")}
    assert allowed == {"GET", "HEAD"}


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/metricsx", "/metrics/", "/metrics/nothing", "/-/", "/index.html",
     "/..%2f..%2fetc/passwd", "/../../etc/passwd", "/%00", "/api/v2", "/" + "a" * 3000],
)
def test_unknown_paths_are_not_found(exporter, path):
    response = exporter.request(path)
    assert response.status == 404
    assert b"root:" not in response.body


def test_a_telemetry_path_of_choice(tree, launch):
    exporter = launch(tree.root, options=["--web.telemetry-path", "/probe"])
    assert exporter.urls[0].endswith("/probe")
    append(tree.file, event(1))
    exporter.expect(ok=1)
    assert exporter.request("/metrics").status == 404
    assert b"/probe" in exporter.request("/").body


def test_metrics_self_holds_own_metrics_only(tree, exporter):
    append(tree.file, event(1))
    everything = exporter.expect(ok=1)
    own = exporter.scrape("/metrics/self")
    assert not own.has("ok_total")
    assert own.has("jsonl_exporter_build_info") and own.has("process_cpu_seconds_total")
    for name, kind in own.types.items():
        assert name.startswith(("jsonl_exporter_", "process_")), name
        assert everything.types[name] == kind


OWN_METRICS = """
build_info up read_bytes_total read_lines_total events_total lines_skipped_total files_followed
files_held truncations_total lag_bytes lag_seconds watches unwatched_directories rescans_total
watch_overflows_total series catch_up_complete source_last_event_timestamp_seconds
source_delay_seconds_count visible_seconds_count rescan_duration_seconds_count
config_last_reload_successful config_last_reload_success_timestamp_seconds http_requests_total
http_request_duration_seconds_count http_response_size_bytes_count http_requests_in_flight
""".split()


@pytest.mark.parametrize("name", OWN_METRICS)
def test_own_metrics_that_dashboards_rely_on_are_there(tree, exporter, name):
    append(tree.file, event(1))
    exporter.expect(ok=1, still=0)
    time.sleep(0.3)
    exporter.scrape()
    assert exporter.scrape().has("jsonl_exporter_" + name)


@pytest.mark.parametrize(
    "name",
    ["process_cpu_seconds_total", "process_open_fds", "process_max_fds",
     "process_virtual_memory_bytes", "process_resident_memory_bytes",
     "process_start_time_seconds"],
)
def test_process_metrics_tell_what_procfs_tells(exporter, name):
    value = exporter.value(name)
    expected = {
        "process_open_fds": lambda: len(os.listdir(f"/proc/{exporter.process.pid}/fd")),
        "process_resident_memory_bytes": exporter.memory,
        "process_virtual_memory_bytes": lambda: exporter.memory("VmSize"),
        "process_start_time_seconds": lambda: time.time(),
        "process_max_fds": lambda: int(re.search(
            r"Max open files\s+(\d+)", exporter.procfs("limits")).group(1)),
        "process_cpu_seconds_total": exporter.cpu_seconds,
    }[name]()
    assert abs(value - expected) <= max(0.2 * expected, 3), (value, expected)


def test_build_info_and_requests_are_labelled(exporter):
    samples = exporter.scrape()
    version = run("version").stdout.split()[2].strip(",")
    assert samples.value("jsonl_exporter_build_info", version=version) == 1
    exporter.request("/nothing-here")
    exporter.request("/metrics", "POST")
    samples = exporter.scrape()
    name = "jsonl_exporter_http_requests_total"
    assert samples.value(name, handler="/metrics", method="get", code="200") >= 1
    assert samples.total(name, code="404") == 1
    assert samples.total(name, code="405") == 1
    assert "nothing-here" not in samples.text


# Health and readiness


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_health_and_ready_are_json_with_checks_by_name(exporter, path):
    exporter.sync()
    answer = exporter.get_json(path)
    assert answer["status"] in ("ok", "ready", "healthy", "up")
    assert answer["version"]
    first = answer["uptime_seconds"]
    assert 0 <= first < 600
    checks = answer["checks"]
    assert {"watch", "catch_up", "rules"} <= set(checks)
    time.sleep(1.1)
    assert exporter.get_json(path)["uptime_seconds"] >= first + 1


def test_the_process_is_healthy_but_not_ready_while_it_catches_up(tree, launch):
    backlog = b"".join(event(n) for n in range(20000))
    for number in range(40):
        append(tree.job_file("repo", f"job-{number}"), backlog)
    exporter = launch(tree.root)
    seen = set()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert exporter.request("/health").status == 200
        assert exporter.request("/-/healthy").status == 200
        own = exporter.scrape_once("/metrics/self")
        metrics = exporter.request("/metrics")
        ready = exporter.request("/-/ready").status
        seen.add((own.value("jsonl_exporter_catch_up_complete"), metrics.status, ready))
        if metrics.status == 503:
            assert int(metrics.headers["Retry-After"]) > 0
        if ready == 200:
            break
    # Between two requests of one round it may arrive; what is shown before is no total.
    assert (0, 503, 503) in seen, "the backlog was too small to see it catching up"
    assert (0, 200, 503) not in seen and (1, 503, 503) not in seen
    assert exporter.scrape_once().ok == 800000
    assert exporter.get_json("/ready")["checks"]["catch_up"]


# The landing page


def test_the_landing_page_links_and_says_what_is_followed(tree, exporter):
    page = exporter.request("/").body.decode()
    assert tree.root in page
    assert "rules" in page  # the pack's name
    for link in ("/metrics", "/health", "/ready"):
        assert f'href="{link}"' in page or f"href='{link}'" in page
    assert page.lstrip().lower().startswith("<!doctype html>")


def test_the_landing_page_escapes_the_name_of_the_directory(tmp_path, launch):
    root = tmp_path / '<script>alert("x")</script>&'
    os.makedirs(root)
    page = launch(root).request("/").body.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_a_foreign_host_header_does_not_get_the_page(exporter):
    response = exporter.request("/", headers={"Host": "evil.example:80"})
    assert response.status == 403
    for host in (f"127.0.0.1:{exporter.port}", "localhost", f"localhost:{exporter.port}",
                 "[::1]:80"):
        assert exporter.request("/", headers={"Host": host}).status == 200
    assert exporter.request("/metrics", headers={"Host": "evil.example"}).status == 200
