"""What needs time to pass: ttl, sets with `for`, rates, and folding while the exporter runs."""

import os
import time

from events import append, bare
from program import wait_until

SOURCE = """\
sources:
  s: {files: "{repo}/{job_id}/events-*.jsonl*", type: type, time: time}
"""


def now(offset=0):
    return time.time() + offset


def put(tree, *records):
    append(tree.file, b"".join(bare(record) + b"\n" for record in records))


def test_ttl_hides_a_series_after_its_last_event_and_shows_it_again_with_its_total(tree, launch):
    exporter = launch(tree.root, rules=SOURCE + """\
metrics:
  ok_total: {type: counter, help: h, labels: [job], ttl: 3s}
  level: {type: gauge, help: h, labels: [job], ttl: 3s}
  kept_total: {type: counter, help: h}
rules: {A: [{inc: ok_total}, {inc: level}, {inc: kept_total}]}
""")
    put(tree, {"type": "A", "job": "x", "time": now()}, {"type": "A", "job": "x", "time": now()})
    wait_until(lambda: exporter.total("ok_total") == 2, 5)
    wait_until(lambda: not exporter.scrape().has("ok_total"), 8, 0.2)
    samples = exporter.scrape()
    assert not samples.has("level") and samples.value("kept_total") == 2
    put(tree, {"type": "A", "job": "x", "time": now()})
    wait_until(lambda: exporter.scrape().has("ok_total"), 5)
    samples = exporter.scrape()
    assert samples.value("ok_total", job="x") == 3, "a hidden counter keeps its total"
    assert samples.value("level", job="x") == 1, "a hidden gauge is gone"


def test_ttl_is_by_event_time_so_old_events_are_never_shown(tree, launch):
    exporter = launch(tree.root, rules=SOURCE + """\
metrics: {old_total: {type: counter, help: h, ttl: 1h}, ok_total: {type: counter, help: h}}
rules: {A: [{inc: old_total}, {inc: ok_total}]}
""")
    put(tree, {"type": "A", "time": now(-7200)})
    exporter.expect(ok=1)
    assert not exporter.scrape().has("old_total")
    put(tree, {"type": "A", "time": now(+86400)})  # from the future: not older than now
    exporter.expect(ok=2)
    assert exporter.value("old_total") == 2


def test_a_key_falls_out_of_a_set_after_its_time(tree, launch):
    exporter = launch(tree.root, rules=SOURCE + """\
metrics: {active: {type: gauge, help: h}}
rules:
  In: [{enter: active, key: k, for: 3s}]
  Out: [{leave: active, key: k}]
""")
    put(tree, {"type": "In", "k": "a", "time": now()}, {"type": "In", "k": "b", "time": now()})
    wait_until(lambda: exporter.total("active") == 2, 5)
    for _ in range(4):  # b is seen again and again
        time.sleep(1)
        put(tree, {"type": "In", "k": "b", "time": now()})
    wait_until(lambda: exporter.value("active") == 1, 4)
    wait_until(lambda: exporter.value("active") == 0, 8, 0.2)
    put(tree, {"type": "In", "k": "a", "time": now()})
    wait_until(lambda: exporter.value("active") == 1, 4)


def test_a_rate_is_per_second_over_its_window_and_falls_to_zero(tree, launch):
    exporter = launch(tree.root, rules=SOURCE + """\
metrics: {speed: {type: gauge, help: h}}
rules: {A: [{rate: speed, value: n, window: 4s}]}
""")
    put(tree, *({"type": "A", "n": 2, "time": now(-offset)} for offset in (3, 2, 1, 0)))
    wait_until(lambda: exporter.total("speed") == 2, 5)
    wait_until(lambda: exporter.value("speed") == 0, 8, 0.2)


def test_sets_and_once_hold_across_rotation(tree, launch):
    exporter = launch(tree.root, rules=SOURCE + """\
metrics: {active: {type: gauge, help: h}, ok_total: {type: counter, help: h}}
rules:
  In: [{enter: active, key: k}, {inc: ok_total, once: k}]
  Out: [{leave: active, key: k}]
""")
    put(tree, {"type": "In", "k": "a"}, {"type": "In", "k": "b"})
    exporter.expect(ok=2)
    os.rename(tree.file, tree.file + ".1")
    put(tree, {"type": "Out", "k": "a"}, {"type": "In", "k": "b"}, {"type": "In", "k": "c"})
    exporter.expect(ok=3)
    assert exporter.value("active") == 2
