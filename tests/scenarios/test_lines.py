"""How bytes become lines while the exporter runs, and when it was down: scenarios 1 to 12."""

import os
import time

import pytest

from events import append, bare, event, events, open_append, padded_event, write_all
from meanwhile import both, both_slow, down
from program import FULL, is_sanitizer_build, wait_until

MIB = 1 << 20


def test_s01_append_one_write_and_many(tree, exporter):
    for number in range(1, 6):
        append(tree.file, event(number))
    append(tree.file, events(6, 10))
    samples = exporter.expect_lasting(ok=10)
    assert samples.value("ok_total", job_id="job-1") == 10
    assert samples.value("jsonl_exporter_read_lines_total") == 10
    assert samples.value("jsonl_exporter_read_bytes_total") == os.path.getsize(tree.file)


@down
def test_s01_append_while_the_exporter_is_down(tree, exporter, meanwhile):
    append(tree.file, events(1, 5))
    with meanwhile(exporter, ok=5):
        append(tree.file, events(6, 10))
    samples = exporter.expect(ok=10)
    assert samples.value("jsonl_exporter_read_lines_total") == 10


@both_slow
@pytest.mark.parametrize("cut", [1, 60, -1], ids=["first byte", "half", "lf missing"])
def test_s02_partial_line_later_completed(tree, exporter, meanwhile, cut):
    line = event(1)
    writer = open_append(tree.file)  # while it is open, a whole object may still go on
    write_all(writer, line[:cut])
    with meanwhile(exporter, ok=0, partial=0):
        if meanwhile.mode == "live":
            exporter.expect_unchanged(ok=0, rest=2, partial=0)
            assert exporter.stream(tree.file)["offset"] == 0, "an offset inside a line"
        write_all(writer, line[cut:])
    exporter.expect(ok=1, partial=0)
    write_all(writer, event(2) + event(3)[:40])
    exporter.expect(ok=2)
    assert exporter.stream(tree.file)["offset"] == len(event(1) + event(2))
    os.close(writer)


@down
def test_s02_partial_line_before_and_after_a_restart(tree, exporter, meanwhile):
    append(tree.file, event(1) + event(2)[:50])
    with meanwhile(exporter, ok=1):
        pass
    exporter.expect(ok=1, partial=0)
    append(tree.file, event(2)[50:])
    exporter.expect(ok=2, partial=0)


def test_s02_partial_line_completed_byte_by_byte(tree, exporter):
    line = event(1)
    writer = open_append(tree.file)
    write_all(writer, line[:-2])
    exporter.expect_unchanged(ok=0)
    write_all(writer, line[-2:-1])  # a whole object now, but its writer may go on
    exporter.expect_unchanged(ok=0)
    write_all(writer, b"\n" + event(2))
    os.close(writer)
    exporter.expect(ok=2, partial=0)


def test_s03_one_byte_per_write(tree, exporter):
    writer = open_append(tree.file)
    for number in range(1, 21):
        line = bare({"id": f"id-{number}", "event": {"event_type": "tick"}}) + b"\n"
        for byte in line:
            os.write(writer, bytes([byte]))
            time.sleep(0.001)
    os.close(writer)
    exporter.expect_lasting(ok=20)


def test_s05_crlf_lone_cr_u2028(tree, exporter):
    inside = event(2, text="a\rb\u2028c")
    assert b"\\r" in inside and "\u2028".encode() in inside
    append(tree.file, event(1, end=b"\r\n") + inside)
    append(tree.file, event(3, end=b"\r"))
    exporter.expect_unchanged(ok=2)
    append(tree.file, b"\n")
    exporter.expect_lasting(ok=3)


@down
def test_s05_cr_and_lf_on_either_side_of_a_restart(tree, exporter, meanwhile):
    writer = open_append(tree.file)
    write_all(writer, event(1, end=b"\r"))
    with meanwhile(exporter, ok=0):
        write_all(writer, b"\n" + event(2))
    os.close(writer)
    exporter.expect(ok=2)


def test_s06_utf8_bom(tree, exporter):
    bom = b"\xef\xbb\xbf"
    append(tree.file, bom + event(1) + event(2) + bom + event(3))
    exporter.expect_lasting(ok=2, bad=1, malformed=1)


def test_s07_blank_lines(tree, exporter):
    append(tree.file, b"\n\n" + event(1) + b"\n" + b"   \n\r\n" + event(2) + b"\n")
    blank = tree.job_file("repo", "job-1", "events-blank.jsonl")
    append(blank, b"\n" * 1000)
    samples = exporter.expect(ok=2)
    assert samples.lag == 0
    for path in (tree.file, blank):
        assert exporter.stream(path)["offset"] == os.path.getsize(path)
    exporter.expect_lasting(ok=2, partial=0)  # the bytes read are among what must last


@both
def test_s07_blank_lines_appended(tree, exporter, meanwhile):
    append(tree.file, event(1) + b"\n\n")
    with meanwhile(exporter, ok=1):
        append(tree.file, b"\n  \n\r\n")
    exporter.expect(ok=1)
    append(tree.file, event(2))
    exporter.expect(ok=2)


def test_s08_long_lines(tree, exporter):
    exporter.expect(ok=0)
    before = exporter.memory()
    append(tree.file, event(1) + padded_event(2, MIB) + event(3))
    oversize = padded_event(4, 64 * MIB)
    # Its tail would be a valid line if the reader lost its place.
    append(tree.file, oversize[: 48 * MIB] + event(99)[:-1] + oversize[48 * MIB:] + event(5))
    exporter.expect(ok=4, too_long=1, timeout=30)
    limit = 16 * MIB
    if not is_sanitizer_build():
        assert exporter.memory("VmHWM") - before < limit + 8 * MIB
    exporter.expect_lasting(ok=4, too_long=1)


@both_slow
def test_s08_long_lines_around_a_stop(tree, exporter, meanwhile):
    append(tree.file, event(1) + padded_event(2, 20 * MIB) + event(3))
    with meanwhile(exporter, ok=2, too_long=1):
        append(tree.file, padded_event(4, 18 * MIB) + event(5))
    exporter.expect(ok=3, too_long=2, timeout=20)


@both_slow
def test_s09_endless_unterminated_line(tree, exporter, meanwhile):
    exporter.expect(ok=0)
    before = exporter.memory()
    writer = open_append(tree.file)
    chunk = b"x" * (5 * MIB)
    rounds = 40 if FULL else 12
    for round_ in range(rounds):
        if round_ == rounds // 2:
            with meanwhile(exporter):
                pass
        write_all(writer, chunk)
        time.sleep(0.1 if FULL else 0.02)
    write_all(writer, b"\n" + event(1))
    os.close(writer)
    exporter.expect(ok=1, too_long=1, timeout=30)
    if meanwhile.mode == "live" and not is_sanitizer_build():
        assert exporter.memory("VmHWM") - before < 24 * MIB
    exporter.restart()
    exporter.expect(ok=1, too_long=1)


def test_s10_nuls_and_bad_bytes(tree, exporter):
    nul = event(11, text="@@").replace(b"@@", b"\x00")
    invalid = event(12, text="@@").replace(b"@@", b"\xff\xfe")
    cut = event(13)[:50] + b"\n"
    append(tree.file, event(1) + nul + invalid + cut + event(2))
    exporter.expect_lasting(ok=2, bad=3, malformed=3)


# What a whole last line without LF gives, and what a half one does.
RESTS = {"whole": (event(2, end=b""), 3, 0), "half": (event(2)[:70], 2, 1)}


@both_slow
@pytest.mark.parametrize("rest", RESTS)
def test_s11_unterminated_last_line_then_rename_rotation(tree, exporter, meanwhile, rest):
    content, ok, partial = RESTS[rest]
    writer = open_append(tree.file)
    write_all(writer, event(1) + content)
    with meanwhile(exporter, ok=1, partial=0):
        os.close(writer)
        os.rename(tree.file, tree.file + ".1")
        append(tree.file, event(3))
    exporter.expect(ok=ok, partial=partial, timeout=40)


@pytest.mark.parametrize("rest", RESTS)
def test_s11_unterminated_last_line_never_seen_under_its_first_name(tree, exporter, rest):
    content, ok, _ = RESTS[rest]
    exporter.sigstop()
    append(tree.file, event(1) + content)
    os.rename(tree.file, tree.file + ".1")
    append(tree.file, event(3))
    exporter.sigcont()
    # As nobody knows its first name, a half line may as well go on growing under this one.
    exporter.expect(ok=ok, partial=0, timeout=40)


@both_slow
def test_s11_unterminated_last_line_of_a_closed_file_counts_once(tree, exporter, meanwhile):
    append(tree.file, event(1) + event(2, end=b""))
    with meanwhile(exporter, ok=2, timeout=20):
        append(tree.file, b"\n" + event(3))
    exporter.expect(ok=3)


def test_s11_unterminated_half_line_of_a_deleted_file(tree, exporter):
    append(tree.file, event(1) + event(2)[:70])
    exporter.expect(ok=1)
    os.unlink(tree.file)
    exporter.expect_lasting(ok=1, partial=1, timeout=40)


def test_s12_empty_file_filled_later(tree, exporter):
    append(tree.file, b"")
    exporter.sync()
    time.sleep(3 if FULL else 1)
    append(tree.file, event(1))
    exporter.expect_lasting(ok=1)


@both
def test_s12_ten_empty_files_are_ten_files(tree, exporter, meanwhile):
    paths = [tree.job_file("repo", "job-1", f"events-{i}.jsonl") for i in range(10)]
    for path in paths:
        append(path, b"")
    wait_until(lambda: exporter.value("jsonl_exporter_files_followed") == 10, 10)
    with meanwhile(exporter, ok=0):
        for number, path in enumerate(paths):
            append(path, event(number))
    exporter.expect(ok=10)
