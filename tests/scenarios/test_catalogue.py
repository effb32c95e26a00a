"""Each scenario of the catalogue, and each of Prodigy's write sequences, has its test by number
and name, in both halves (live, and with the exporter stopped and killed) where it needs both."""

import os
import re
import subprocess
import sys

import pytest

# Numbers keep their places; those that miss were never given.
SCENARIOS = {
    1: "append, one write and many",
    2: "partial line, later completed (both)",
    3: "one byte per write",
    5: "crlf, lone cr, u2028",
    6: "utf8 bom",
    7: "blank lines",
    8: "long lines",
    9: "endless unterminated line",
    10: "nuls and bad bytes",
    11: "unterminated last line, then rename rotation (both)",
    12: "empty file, filled later",
    13: "rename create (both)",
    14: "writer keeps writing to the renamed file",
    15: "prodigy rotation (both)",
    16: "prodigy killed inside the rotation (both)",
    17: "two rotations between wake ups",
    19: "logrotate shift with existing 1",
    20: "copytruncate, appending writer (both)",
    22: "copytruncate, writer not appending",
    23: "nocreate gap",
    24: "compress (both)",
    25: "content decides what is gzip",
    27: "truncate to 0, then shorter (both)",
    29: "truncate and refill longer (both)",
    32: "retention, nothing removed (both)",
    33: "retention, old prefix removed (both)",
    34: "retention, max events, the newest removed (both)",
    35: "retention normalises",
    36: "retention under a live job",
    37: "many files cleaned in one second",
    38: "crash of clean before its rename",
    39: "inode reuse, same name (both)",
    41: "two files whose first lines are identical",
    42: "hard link inside the root",
    44: "symlinks are not followed",
    45: "deleted while open, with unread data",
    46: "mkdir and write at once",
    48: "directory renamed",
    49: "root missing, removed, recreated",
    50: "file without permission, then granted",
    51: "many directories before and after the start",
    53: "queue overflow",
    54: "max user watches reached",
    56: "writes through a mapping",
    57: "sigkill at any point",
    58: "a damaged database is set aside",
    59: "clock jumps",
    60: "a backlog",
}
SEQUENCES = {
    1: "job start",
    2: "batches",
    3: "rotation",
    4: "killed at the second rename",
    5: "killed after the second rename",
    6: "two rotations in one second",
    7: "two processes in one file",
    8: "clean touches the jsonl alone",
    9: "what clean keeps",
    10: "clean while a job writes",
    11: "clean killed before its rename",
    12: "archives are not counted",
    13: "clean events removes a directory",
    14: "index json is ignored",
}


@pytest.fixture(scope="module")
def collected():
    """Names of all tests, with their parameters."""
    here = os.path.dirname(os.path.abspath(__file__))
    result = subprocess.run(
        [sys.executable, "-m", "pytest", here, "--collect-only", "-q", "-p", "no:cacheprovider"],
        stdout=subprocess.PIPE, cwd=here, check=True,
        env={**os.environ, "PYTEST_ADDOPTS": "", "PYTHONDONTWRITEBYTECODE": "1"})
    return re.findall(r"::(test_\w+(?:\[.*\])?)$", result.stdout.decode(), re.MULTILINE)


def modes(names):
    """What the exporter does meanwhile in these tests."""
    found = set()
    for name in names:
        found.update(re.findall(r"[\[-](live|asleep|stopped|killed|torn)(?=[\]-])", name))
    return found


@pytest.mark.parametrize("number", SCENARIOS)
def test_each_scenario_has_a_test_of_its_number_and_title(collected, number):
    title = re.sub(r" \(both\)$", "", SCENARIOS[number])
    start = f"test_s{number:02}_" + re.sub(r"[ ,]+", "_", title)
    found = [name for name in collected if name.startswith(start)]
    assert found, f"no test is called {start}..."
    if SCENARIOS[number].endswith("(both)"):
        assert {"live", "stopped", "killed"} <= modes(found), found


@pytest.mark.parametrize("number", SEQUENCES)
def test_each_write_sequence_has_a_test_live_and_down(collected, number):
    start = f"test_w{number:02}_"
    title = re.sub(r"[ ,]+", "_", SEQUENCES[number])
    found = [name for name in collected if name.startswith(start)]
    assert any(name.startswith(start + title) for name in found), f"no {start}{title}"
    assert {"stopped", "killed"} <= modes(found), found
    assert "live" in modes(found) or any("seen_each" in name for name in found), found


def test_no_test_has_a_number_that_the_catalogue_lacks(collected):
    numbers = {int(number) for name in collected
               for number in re.findall(r"^test_s(\d\d)_", name)}
    assert numbers == set(SCENARIOS)

