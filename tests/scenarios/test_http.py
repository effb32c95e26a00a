"""What is served, to friends and to foes."""

import gzip
import os
import re
import resource
import socket
import struct
import subprocess
import threading
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from conftest import need_program
from events import append, event, events
from exporter import COUNT_EVERYTHING
from program import run, wait_until
from samples import Samples

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


# Concurrency


def test_scrapes_are_answered_and_stay_consistent_during_a_big_backlog(tree, launch):
    rules = COUNT_EVERYTHING.replace("metrics:\n", """metrics:
  twin_total: {type: counter, help: The same again., labels: [job_id]}
  sizes: {type: histogram, help: Every event once more., buckets: [1, 2]}
""").replace('rules:\n  "*":\n', """rules:
  "*":
    - inc: twin_total
      labels: {job_id: "{file.job_id}"}
    - observe: sizes
      value: 1
""")
    exporter = launch(tree.root, rules=rules)
    exporter.sync()
    block = b"".join(event(n) for n in range(10000))
    done = threading.Event()

    def write():
        for number in range(60):
            append(tree.job_file("repo", f"job-{number}"), block)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    last, scrapes = 0, 0
    while True:
        finished = done.is_set()
        samples = exporter.scrape_once()
        scrapes += 1
        assert samples.ok >= last, "a counter stepped back"
        # Every update of one event is applied before a scrape sees any of them.
        assert samples.ok == samples.total("twin_total") == samples.total("sizes_count")
        last = samples.ok
        if finished and last == 600000:
            break
        assert scrapes < 5000
    writer.join()
    assert scrapes >= 3


def test_many_scrapers_at_once_each_get_a_whole_answer(tree, launch):
    exporter = launch(tree.root)
    for number in range(300):
        append(tree.job_file("repo", f"job-{number}"), event(number))
    exporter.expect(ok=300)
    results = []

    def scrape(accept):
        response = exporter.request("/metrics", headers={"Accept-Encoding": accept})
        body = gzip.decompress(response.body) if accept == "gzip" else response.body
        results.append((response.status, Samples(body.decode()).ok))

    threads = [threading.Thread(target=scrape, args=("gzip" if n % 2 else "",))
               for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [(200, 300)] * 30


def test_keep_alive_and_pipelining(exporter):
    exporter.sync()
    with connect(exporter) as client:
        request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
        client.sendall(request * 3)
        client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = receive_all(client)
    assert answer.count(b"HTTP/1.1 200") == 4


# Hostile clients


def connect(exporter):
    return socket.create_connection((exporter.host, exporter.port), timeout=15)


def receive_all(client, limit=50 << 20):
    parts = []
    try:
        while sum(map(len, parts)) < limit:
            part = client.recv(65536)
            if not part:
                break
            parts.append(part)
    except OSError:
        pass
    return b"".join(parts)


GARBAGE = {
    "nothing": b"",
    "binary": bytes(range(256)) * 100,
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "no version": b"GET /metrics\r\n\r\n",
    "a strange version": b"GET /metrics HTTP/9.9\r\n\r\n",
    "no path": b"GET  HTTP/1.1\r\n\r\n",
    "a long path": b"GET /" + b"a" * 1000000 + b" HTTP/1.1\r\n\r\n",
    "a long header": b"GET / HTTP/1.1\r\nX: " + b"a" * 1000000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100000 + b"\r\n",
    "a huge content length": b"POST /metrics HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n",
    "a negative content length": b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\nabc",
    "chunks": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
    "a folded header": b"GET / HTTP/1.1\r\n folded\r\n\r\n",
    "NULs": b"GET /\0 HTTP/1.1\r\nHost: \0\r\n\r\n",
    "an absolute uri": b"GET http://evil/metrics HTTP/1.1\r\nHost: x\r\n\r\n",
    "CONNECT": b"CONNECT evil:443 HTTP/1.1\r\n\r\n",
    "percent signs": b"GET /%%%zz%0 HTTP/1.1\r\n\r\n",
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 100,
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_survived(exporter, name):
    exporter.sync()
    with connect(exporter) as client:
        try:
            client.sendall(GARBAGE[name])
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it hung up on us: fair
        answer = receive_all(client)
    assert not answer.startswith(b"HTTP/1.1 2") or name in ("an absolute uri", "a folded header",
                                                            "percent signs")
    assert exporter.request("/health").status == 200


def test_a_reset_in_the_middle_of_an_answer_is_survived(tree, exporter):
    for number in range(500):
        append(tree.job_file("repo", f"job-{number}"), event(number))
    exporter.expect(ok=500)
    for _ in range(30):
        client = connect(exporter)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        client.close()
    exporter.expect(ok=500)
    wait_until(lambda: exporter.value("jsonl_exporter_http_requests_in_flight") <= 1, 10)


def test_slow_clients_cost_the_others_nothing(tree, exporter):
    """A slowloris and a reader of one byte a second, beside ordinary scrapes."""
    exporter.sync()
    clients = []
    for number in range(50):
        client = connect(exporter)
        client.sendall(b"GET /metrics HTTP/1.1\r\nX-Slow: ")
        clients.append(client)
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    reader.connect((exporter.host, exporter.port))
    reader.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    for second in range(3):
        for client in clients:
            try:
                client.sendall(b"a")
            except OSError:
                pass
        assert reader.recv(1)
        began = time.monotonic()
        append(tree.file, event(second))
        exporter.expect(ok=second + 1, still=0)
        assert exporter.request("/metrics").status == 200
        assert time.monotonic() - began < 5
        time.sleep(0.5)
    for client in clients + [reader]:
        client.close()


def test_a_slowloris_is_cut_off(exporter):
    """Headers that trickle in are not waited for for ever (30 s)."""
    client = connect(exporter)
    client.sendall(b"GET /metrics HTTP/1.1\r\n")
    client.settimeout(0.5)
    deadline = time.monotonic() + 75
    while time.monotonic() < deadline:
        try:
            client.sendall(b"X")
            if client.recv(4096) == b"":
                break
        except socket.timeout:
            continue
        except OSError:
            break
    else:
        pytest.fail("it still waits after 75 s")
    client.close()


def test_six_hundred_connections_do_not_shut_the_door(tree, exporter):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 1500:
        pytest.skip("too few descriptors for this test")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1500), hard))
    clients = []
    try:
        for _ in range(600):
            try:
                client = socket.create_connection((exporter.host, exporter.port), timeout=2)
                client.sendall(b"GET /metrics HTTP/1.1\r\n")
                clients.append(client)
            except OSError:
                pass
        append(tree.file, event(1))  # files are still opened and followed
        time.sleep(0.5)
        assert exporter.process.poll() is None
        assert len(os.listdir(f"/proc/{exporter.process.pid}/fd")) < 560 + 100
    finally:
        for client in clients:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    exporter.expect(ok=1)


def test_more_requests_in_flight_than_allowed_are_told_to_wait(tree, launch):
    exporter = launch(tree.root, rules=LABELLED, options=["--web.max-requests", "2"])
    for number in range(3000):  # 20 MB of labels: more than sockets buffer
        append(tree.file, event(number, text=f"{number}" + "x" * 1000, number=1))
    exporter.expect(ok=3000, timeout=30)
    slow = []
    for _ in range(2):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect((exporter.host, exporter.port))
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1)
        slow.append(client)
    assert exporter.request("/metrics").status == 503
    assert exporter.request("/health").status == 200
    for client in slow:
        client.close()
    wait_until(lambda: exporter.request("/metrics").status == 200, 10)


def test_several_addresses_and_ipv6(tree, launch):
    options = ["--web.listen-address", "[::1]:0"]
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")
    exporter = launch(tree.root, options=options)
    assert len(exporter.urls) == 2
    port = int(re.search(r":(\d+)/", exporter.urls[1].replace("[::1]", "")).group(1))
    with socket.create_connection(("::1", port), timeout=10) as client:
        client.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        assert b" 200 " in receive_all(client).split(b"\r\n", 1)[0]


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
