"""Many clients, and hostile ones."""

import gzip
import os
import re
import resource
import socket
import struct
import threading
import time

import pytest

from events import append, event
from exporter import COUNT_EVERYTHING
from program import wait_until
from samples import Samples
from test_exposition import LABELLED


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
        assert time.monotonic() - began < 30
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
