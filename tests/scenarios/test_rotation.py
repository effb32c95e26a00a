"""Renamed and replaced files, every line once under whatever name: scenarios 13 to 19, 23."""

import os
import time

import pytest

from events import append, event, events, open_append, read, write_all
from logrotate import logrotate
from meanwhile import both, both_slow
from prodigy_writer import ProdigyWriter
from program import FULL


@both
def test_s13_rename_create(tree, exporter, meanwhile):
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        os.rename(tree.file, tree.file + ".1")
        append(tree.file, events(4, 5))
    exporter.expect(ok=5)
    append(tree.file, event(6))
    append(tree.file + ".1", event(7))
    exporter.expect(ok=7)


@both
def test_s13_rename_create_with_unread_lines(tree, exporter, meanwhile):
    append(tree.file, events(1, 3))
    with meanwhile(exporter, ok=3):
        append(tree.file, events(4, 6))
        os.rename(tree.file, tree.file + ".1")
        append(tree.file, events(7, 8))
    exporter.expect(ok=8)


def test_s13_rename_to_a_name_that_is_not_followed_loses_nothing(tree, exporter):
    append(tree.file, events(1, 3))
    exporter.expect(ok=3)
    exporter.sigstop()
    append(tree.file, events(4, 6))
    os.rename(tree.file, tree.path("repo", "job-1", "other-name"))
    append(tree.file, events(7, 8))
    exporter.sigcont()
    exporter.expect_lasting(ok=8)


@both_slow
def test_s14_writer_keeps_writing_to_the_renamed_file(tree, exporter, meanwhile):
    writer = open_append(tree.file)
    write_all(writer, event(1))
    exporter.expect(ok=1, still=0)
    os.rename(tree.file, tree.file + ".1")
    write_all(writer, event(2))
    append(tree.file, event(3))
    with meanwhile(exporter, ok=3):
        # Longer than any fixed time that others wait for a rotated file.
        time.sleep((60 if FULL else 13) if meanwhile.mode == "live" else 0)
        write_all(writer, event(4))
    exporter.expect(ok=4)
    write_all(writer, event(5))
    os.close(writer)
    exporter.expect_unchanged(ok=5)


@both
def test_s15_prodigy_rotation(tree, exporter, meanwhile):
    writer = ProdigyWriter(tree.file, rotation_size=2000)
    writer.write(events(1, 10))
    with meanwhile(exporter, ok=10):
        for batch in range(1, 4):
            lines = events(batch * 10 + 1, batch * 10 + 10)
            assert len(lines) > 2000
            writer.write(lines, stamp=f"20250101_00010{batch}")
            time.sleep(0.05)
    writer.close()
    assert len(os.listdir(tree.job)) == 4
    exporter.expect(ok=40)


@both
def test_s16_prodigy_killed_inside_the_rotation(tree, exporter, meanwhile):
    writer = ProdigyWriter(tree.file)
    writer.write(events(1, 5))
    with meanwhile(exporter, ok=5):
        writer.write(events(6, 10))
        writer.rotate("20250101_000100", killed_at="second rename")
    assert os.listdir(tree.job) == [os.path.basename(writer.backup)]
    exporter.expect(ok=10)
    append(writer.backup, event(11))  # it keeps being followed
    exporter.expect(ok=11)


@both
def test_s17_two_rotations_between_wake_ups(tree, exporter, meanwhile):
    append(tree.file, b"")
    exporter.sync()
    with meanwhile(exporter):
        append(tree.file, event(1))
        os.rename(tree.file, tree.file + ".1")
        append(tree.file, event(2))
        os.rename(tree.file + ".1", tree.file + ".2")
        os.rename(tree.file, tree.file + ".1")
        append(tree.file, event(3))
    exporter.expect(ok=3)


@both
def test_s17_many_rotations_between_wake_ups(tree, exporter, meanwhile):
    append(tree.file, event(0))
    with meanwhile(exporter, ok=1):
        for number in range(1, 8):
            for old in range(number - 1, 0, -1):
                os.rename(f"{tree.file}.{old}", f"{tree.file}.{old + 1}")
            os.rename(tree.file, tree.file + ".1")
            append(tree.file, event(number))
    assert len(os.listdir(tree.job)) == 8
    exporter.expect(ok=8)


@both
def test_s19_logrotate_shift_with_existing_1(tree, exporter, meanwhile, tmp_path):
    append(tree.file, event(1))
    exporter.expect(ok=1, still=0)
    logrotate(tree.file, tmp_path, "create 0644")
    append(tree.file, event(2))
    with meanwhile(exporter, ok=2):
        logrotate(tree.file, tmp_path, "create 0644")
    assert read(tree.file + ".2") == event(1) and read(tree.file) == b""
    exporter.expect_unchanged(ok=2)
    append(tree.file, event(3))
    exporter.expect(ok=3)


@both_slow
def test_s19_numbers_are_shifted_again_and_again(tree, exporter, meanwhile):
    for shift in range(1, 4):
        append(tree.file, event(shift))
        with meanwhile(exporter, ok=shift):
            for number in range(shift - 1, 0, -1):
                os.rename(f"{tree.file}.{number}", f"{tree.file}.{number + 1}")
            os.rename(tree.file, tree.file + ".1")
            append(tree.file, b"")
    exporter.expect_unchanged(ok=3)
    append(tree.file, event(4))
    exporter.expect(ok=4)


@pytest.mark.parametrize(
    "options", ["create 0644", "nocreate", "copytruncate", "create 0644\n    compress",
                "create 0644\n    compress\n    delaycompress", "create 0644\n    dateext"]
)
def test_s19_real_logrotate_in_all_its_ways(tree, exporter, tmp_path, options):
    for cycle in range(4):
        append(tree.file, events(cycle * 3 + 1, cycle * 3 + 3))
        exporter.expect(ok=cycle * 3 + 3, still=0.1)
        if cycle < 1 or "dateext" not in options:  # it rotates once a day
            logrotate(tree.file, tmp_path, options)
    exporter.expect_lasting(ok=12)


@both_slow
def test_s23_nocreate_gap(tree, exporter, meanwhile):
    append(tree.file, event(1))
    exporter.expect(ok=1)
    os.rename(tree.file, tree.file + ".1")
    with meanwhile(exporter, ok=1):
        time.sleep(30 if FULL else 3 if meanwhile.mode == "live" else 0)
    append(tree.file, event(2))
    exporter.expect(ok=2)
