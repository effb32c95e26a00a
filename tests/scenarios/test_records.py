"""Which lines become events, and which are counted bad, whatever they hold."""

import json

import pytest

from events import append, event, events, padded_event, record


SKIPPED = [
    ("too_deep", b'{"id":"d","event":{"event_type":"x","a":' + b"[" * 80 + b"]" * 80 + b"}}"),
    ("not_object", b"[1,2,3]"),
    ("not_object", b'"text"'),
    ("not_object", b"17"),
    ("not_object", b"null"),
    ("no_type", b"{}"),
    ("no_type", b'{"event":{}}'),
    ("no_type", b'{"event":{"event_type":null}}'),
    ("malformed", b"{} {}"),
    ("malformed", b'{"a":1'),
    ("malformed", b'{"a":NaN}'),
    ("malformed", b'{"a":Infinity,"event":{"event_type":"x"}}'),
    ("malformed", b"{'a':1}"),
    ("malformed", b'{"a":1,}'),
    ("malformed", b'{"a":01}'),
    ("malformed", b'{"a":"\\x41"}'),
    ("malformed", b"hello"),
    ("malformed", b"\x00\x01\x02\xff" * 10),
    ("malformed", b"<" * 1000),
    ("malformed", b'{"a":"\xed\xa0\x80"}'),  # a lone surrogate in UTF-8
    ("malformed", b'{"a":"\xc0\xaf"}'),  # overlong
]


@pytest.mark.parametrize(
    "reason,line", SKIPPED, ids=[f"{reason}-{i}" for i, (reason, _) in enumerate(SKIPPED)]
)
def test_a_bad_line_is_counted_by_its_reason_between_good_ones(tree, exporter, reason, line):
    append(tree.file, event(1) + line + b"\n" + event(2))
    exporter.expect(
        ok=2, bad=1, still=0.1, **{name: int(name == reason) for name in
                        ("malformed", "too_deep", "not_object", "no_type")}
    )


ODD_BUT_GOOD = {
    "escapes": b'{"event":{"event_type":"x","t":"\\u0000\\ud83d\\ude00\\/\\b"}}',
    "duplicate keys": b'{"event":{"event_type":"x","a":1,"a":2}}',
    "huge number": b'{"event":{"event_type":"x","a":1e999999,"b":' + b"9" * 400 + b"}}",
    "blanks": b' \t{ "event" : { "event_type" : "x" } } \t',
    "depth 60": b'{"event":{"event_type":"x","a":' + b"[" * 60 + b"]" * 60 + b"}}",
    "empty key": b'{"":1,"event":{"":[],"event_type":"x"}}',
    "long name": b'{"event":{"event_type":"' + b"n" * 70000 + b'"}}',
    "numeric id": b'{"id":17,"event":{"event_type":"x"}}',
    "null id": b'{"id":null,"event":{"event_type":"x"}}',
}


@pytest.mark.parametrize("name", ODD_BUT_GOOD)
def test_an_odd_line_that_is_valid_counts(tree, exporter, name):
    append(tree.file, event(1) + ODD_BUT_GOOD[name] + b"\n" + event(2))
    exporter.expect(ok=3, still=0.1)


def test_a_line_of_exactly_the_limit_counts_and_one_byte_more_does_not(tree, launch):
    exporter = launch(tree.root, options=["--max-line-bytes", "65536"])
    append(tree.file, padded_event(1, 65536 + 1))  # the LF is not part of the line
    exporter.expect(ok=1)
    append(tree.file, padded_event(2, 65536 + 2) + event(3))
    exporter.expect(ok=2, too_long=1)


def test_events_without_a_rule_are_counted_by_type(tree, launch):
    rules = """\
sources:
  events: {files: "{repo}/{job_id}/events-*.jsonl*", type: event.event_type, body: event, id: id}
metrics:
  ok_total: {type: counter, help: Known events.}
rules:
  Known:
    - inc: ok_total
"""
    exporter = launch(tree.root, rules=rules)
    append(tree.file, event(1, "known") + event(2, "strange_one") + event(3, "strange_one"))
    samples = exporter.expect(ok=1)
    assert samples.total("jsonl_exporter_events_total") == 3
    assert samples.value("jsonl_exporter_events_total", event_type="Known") == 1
    assert samples.value("jsonl_exporter_events_unmatched_total", event_type="strange_one") == 2
    assert not samples.has("jsonl_exporter_events_unmatched_total", event_type="Known")


def test_a_flood_of_event_names_cannot_grow_the_own_metrics(tree, exporter):
    lines = b"".join(event(n, f"kind_{n}") for n in range(5000))
    append(tree.file, lines)
    samples = exporter.expect(ok=5000)
    shown = samples.matching("jsonl_exporter_events_total")
    assert sum(shown.values()) == 5000
    assert len(shown) < 2000
    assert samples.value("jsonl_exporter_events_total", event_type="_other") > 0


def test_lines_without_an_id_all_count(tree, exporter):
    line = record(1)
    del line["id"]
    append(tree.file, (json.dumps(line) + "\n").encode() * 5)
    exporter.expect(ok=5)


def test_the_same_id_twice_in_one_directory_counts_once_over_two_files(tree, exporter):
    append(tree.file, events(1, 5))
    exporter.expect(ok=5)
    append(tree.job_file("repo", "job-1", "events-copy.jsonl"), events(3, 8))
    exporter.expect(ok=8, duplicate=3)
    append(tree.job_file("repo", "job-2"), events(1, 5))  # another directory, another scope
    exporter.expect(ok=13, duplicate=3)
