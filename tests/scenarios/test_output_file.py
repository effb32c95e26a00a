"""`--output FILE`: the whole content or the file as it was; what the file was to others it stays."""

import os
import stat
import subprocess

import pytest

from program import BINARY, patience, run

WORDS = ("docs", "--rules", "dag-workflow")


@pytest.fixture(scope="module")
def content():
    result = run(*WORDS)
    assert result.returncode == 0 and result.stdout.startswith("# Metrics")
    return result.stdout


def write(path, **options):
    result = run(*WORDS, "--output", path, **options)
    assert result.returncode == 0, result.stderr
    return result


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_a_new_file_has_the_rights_that_the_mask_leaves(tmp_path, content):
    before = os.umask(0o027)
    try:
        write(tmp_path / "new")
    finally:
        os.umask(before)
    assert (tmp_path / "new").read_text() == content and mode(tmp_path / "new") == 0o640


@pytest.mark.parametrize("rights", [0o600, 0o664, 0o755])
def test_a_file_keeps_its_rights(tmp_path, content, rights):
    path = tmp_path / "old"
    path.write_text("old\n" * 10000)
    path.chmod(rights)
    write(path)
    assert path.read_text() == content and mode(path) == rights
    assert os.listdir(tmp_path) == ["old"]


def test_a_link_leads_to_the_new_content(tmp_path, content):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "page").write_text("old")
    (tmp_path / "link").symlink_to("real/page")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "page").read_text() == content
    assert os.listdir(tmp_path / "real") == ["page"]


def test_a_name_of_stdout_is_stdout(tmp_path, content):
    """As /dev/stdout is one: what stands before stays, and so does the name."""
    path = tmp_path / "all"
    path.write_text("before\n")
    (tmp_path / "stdout").symlink_to("/proc/self/fd/1")
    with open(path, "a") as file:
        for _ in range(2):
            subprocess.run([BINARY, *WORDS, "--output", tmp_path / "stdout"], stdout=file,
                           check=True, timeout=60 * patience())
    assert path.read_text() == "before\n" + content + content
    assert sorted(os.listdir(tmp_path)) == ["all", "stdout"]
    assert (tmp_path / "stdout").is_symlink()
