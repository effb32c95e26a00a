"""How bytes become lines, and lines events, while the exporter runs."""

import json
import os
import time

import pytest

from events import (
    append,
    bare,
    event,
    events,
    open_append,
    padded_event,
    record,
    write_all,
)
from exporter import FULL

MIB = 1 << 20


def test_appends_in_one_write_and_in_many_are_all_counted(tree, exporter):
    for number in range(1, 6):
        append(tree.file, event(number))
    append(tree.file, events(6, 10))
    samples = exporter.expect(ok=10)
    assert samples.value("ok_total", job_id="job-1") == 10
    assert samples.value("jsonl_exporter_read_lines_total") == 10
    assert samples.value("jsonl_exporter_read_bytes_total") == os.path.getsize(tree.file)


def test_a_partial_line_is_counted_once_when_it_is_completed(tree, exporter):
    line = event(1)
    append(tree.file, line[:60])
    exporter.expect_unchanged(ok=0, rest=2, partial=0)
    append(tree.file, line[60:])
    exporter.expect(ok=1, partial=0)


def test_a_partial_line_may_be_completed_byte_by_byte_by_a_writer_that_stays(tree, exporter):
    line = event(1)
    writer = open_append(tree.file)
    write_all(writer, line[:-2])
    exporter.expect_unchanged(ok=0)
    write_all(writer, line[-2:-1])  # a whole object now, but its writer may go on
    exporter.expect_unchanged(ok=0)
    write_all(writer, b"\n" + event(2))
    os.close(writer)
    exporter.expect(ok=2, partial=0)


def test_a_complete_last_line_without_lf_counts_once_its_file_is_closed(tree, exporter):
    append(tree.file, event(1) + event(2, end=b""))
    exporter.expect(ok=2)
    append(tree.file, b"\n" + event(3))
    exporter.expect(ok=3)


def test_one_byte_per_write(tree, exporter):
    writer = open_append(tree.file)
    for number in range(1, 21):
        line = bare({"id": f"id-{number}", "event": {"event_type": "tick"}}) + b"\n"
        for byte in line:
            os.write(writer, bytes([byte]))
            time.sleep(0.001)
    os.close(writer)
    exporter.expect(ok=20)


def test_crlf_ends_a_line_and_cr_inside_a_string_does_not(tree, exporter):
    inside = event(2, text="a\rb\u2028c")
    assert b"\\r" in inside and "\u2028".encode() in inside
    append(tree.file, event(1, end=b"\r\n") + inside)
    append(tree.file, event(3, end=b"\r"))
    exporter.expect_unchanged(ok=2)
    append(tree.file, b"\n")
    exporter.expect(ok=3)


def test_a_bom_is_taken_off_at_the_start_of_a_file_only(tree, exporter):
    bom = b"\xef\xbb\xbf"
    append(tree.file, bom + event(1) + event(2) + bom + event(3))
    exporter.expect(ok=2, bad=1, malformed=1)


def test_blank_lines_are_no_events_and_no_errors(tree, exporter):
    append(tree.file, b"\n\n" + event(1) + b"   \n\r\n" + event(2) + b"\n")
    append(tree.job_file("repo", "job-1", "events-blank.jsonl"), b"\n" * 1000)
    samples = exporter.expect(ok=2)
    assert samples.lag == 0
    assert samples.skipped("malformed", "no_type", "not_object", "partial") == 0


def test_long_lines_pass_up_to_the_limit_and_are_skipped_whole_beyond(
    tree, exporter, request
):
    exporter.expect(ok=0)
    before = exporter.memory()
    append(tree.file, event(1) + padded_event(2, MIB) + event(3))
    oversize = padded_event(4, 64 * MIB)
    # Its tail would be a valid line if the reader lost its place.
    append(tree.file, oversize[: 48 * MIB] + event(99)[:-1] + oversize[48 * MIB:] + event(5))
    exporter.expect(ok=4, too_long=1, timeout=30)
    limit = 16 * MIB
    try:
        request.getfixturevalue("without_sanitizer")
    except pytest.skip.Exception:
        return
    assert exporter.memory("VmHWM") - before < limit + 8 * MIB


def test_a_line_of_exactly_the_limit_counts_and_one_byte_more_does_not(tree, launch):
    exporter = launch(tree.root, options=["--max-line-bytes", "65536"])
    append(tree.file, padded_event(1, 65536 + 1))  # the LF is not part of the line
    exporter.expect(ok=1)
    append(tree.file, padded_event(2, 65536 + 2) + event(3))
    exporter.expect(ok=2, too_long=1)


def test_an_endless_line_is_thrown_away_in_bounded_memory(tree, exporter, request):
    exporter.expect(ok=0)
    before = exporter.memory()
    writer = open_append(tree.file)
    chunk = b"x" * (5 * MIB)
    for _ in range(40 if FULL else 12):
        write_all(writer, chunk)
        time.sleep(0.1 if FULL else 0.02)
    write_all(writer, b"\n" + event(1))
    os.close(writer)
    exporter.expect(ok=1, too_long=1, timeout=30)
    try:
        request.getfixturevalue("without_sanitizer")
    except pytest.skip.Exception:
        return
    assert exporter.memory("VmHWM") - before < 24 * MIB


def test_bytes_that_are_no_json_are_counted_bad_and_the_file_goes_on(tree, exporter):
    nul = event(11, text="@@").replace(b"@@", b"\x00")
    invalid = event(12, text="@@").replace(b"@@", b"\xff\xfe")
    cut = event(13)[:50] + b"\n"
    append(tree.file, event(1) + nul + invalid + cut + event(2))
    exporter.expect(ok=2, bad=3, malformed=3)


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


def leave_an_unterminated_line(tree, exporter, rest, seen):
    """Rotation behind a line without LF, whether or not its first name was ever looked at."""
    append(tree.file, event(1))
    if seen:
        exporter.expect(ok=1, still=0)
    else:
        exporter.sleep_process()
    append(tree.file, rest)
    os.rename(tree.file, tree.file + ".1")
    append(tree.file, event(3))
    exporter.wake_process()


@pytest.mark.parametrize("seen", [True, False], ids=["seen", "unseen"])
def test_an_unterminated_last_line_counts_after_rename_when_its_writer_is_gone(
    tree, exporter, seen
):
    leave_an_unterminated_line(tree, exporter, event(2, end=b""), seen)
    exporter.expect(ok=3, partial=0, timeout=40)


@pytest.mark.parametrize("seen", [True, False], ids=["seen", "unseen"])
def test_an_unterminated_half_line_is_discarded_after_rename_when_its_writer_is_gone(
    tree, exporter, seen
):
    leave_an_unterminated_line(tree, exporter, event(2)[:70], seen)
    # A file that was never seen under another name may as well go on growing under this one.
    exporter.expect(ok=2, partial=1 if seen else 0, timeout=40)


def test_an_unterminated_half_line_of_a_deleted_file_is_discarded(tree, exporter):
    append(tree.file, event(1) + event(2)[:70])
    exporter.expect(ok=1)
    os.unlink(tree.file)
    exporter.expect(ok=1, partial=1, timeout=40)


def test_an_empty_file_is_counted_when_it_is_filled_later(tree, exporter):
    append(tree.file, b"")
    exporter.sync()
    time.sleep(1)
    append(tree.file, event(1))
    exporter.expect(ok=1)


def test_ten_empty_files_are_ten_files(tree, exporter):
    paths = [tree.job_file("repo", "job-1", f"events-{i}.jsonl") for i in range(10)]
    for path in paths:
        append(path, b"")
    exporter.sync()
    assert exporter.value("jsonl_exporter_files_followed") == 10
    for number, path in enumerate(paths):
        append(path, event(number))
    exporter.expect(ok=10)


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
