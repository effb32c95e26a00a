"""Fixtures of the scenario tests. Every test has a directory, an events root, a state and ports of
its own, so that any number of tests run side by side (pytest -n)."""

import os
import shutil
import subprocess

import pytest

from events import Tree
from exporter import COUNT_EVERYTHING, Exporter
from meanwhile import meanwhile  # noqa: F401  (a fixture)
from program import BINARY, REPOSITORY, is_sanitizer_build


def pytest_collection_modifyitems(items):
    if os.path.exists(BINARY):
        return
    skip = pytest.mark.skip(reason=f"{BINARY} is not built")
    for item in items:
        item.add_marker(skip)


@pytest.fixture
def tree(tmp_path):
    """An events root that exists and is empty, with the names that the scenarios use."""
    return Tree(tmp_path / "events", create=True)


@pytest.fixture
def launch(tmp_path):
    """launch(root, **options): a started exporter that is stopped, and checked, after the test."""
    running = []

    def start(root, **options):
        exporter = Exporter(root, tmp_path, **options)
        running.append(exporter)
        return exporter.start()

    yield start
    errors = []
    for exporter in reversed(running):
        try:
            exporter.stop()
        except AssertionError as error:
            errors.append(error)
        except BaseException:
            exporter.kill()
            raise
    if errors:
        raise errors[0]


@pytest.fixture
def rules(tmp_path):
    """The path of a rule file that counts everything."""
    path = tmp_path / "rules.yaml"
    path.write_text(COUNT_EVERYTHING)
    return path


@pytest.fixture
def exporter(tree, launch):
    """An exporter that counts everything under `tree`."""
    return launch(tree.root)


@pytest.fixture(scope="session")
def state_faults(tmp_path_factory):
    """Environment in which writes below a directory can be made to fail: see faults/."""
    if is_sanitizer_build():
        pytest.skip("a sanitizer wants to be loaded first")
    library = tmp_path_factory.mktemp("faults") / "state_faults.so"
    source = os.path.join(REPOSITORY, "tests", "faults", "state_faults.c")
    subprocess.run([need_program("cc"), "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", source, "-o",
                    library, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library)}


@pytest.fixture
def without_sanitizer():
    """For tests of memory and processor use, which sanitizers change."""
    if is_sanitizer_build():
        pytest.skip("memory and processor time mean nothing in a sanitizer build")


@pytest.fixture
def as_root():
    if os.geteuid() != 0:
        pytest.skip("needs root")


@pytest.fixture
def without_privileges():
    """A command prefix under which file permissions hold even for root."""
    if os.geteuid() != 0:
        return []
    program = need_program("setpriv")
    drop = "-dac_override,-dac_read_search,-fowner,-sys_admin"
    prefix = [program, f"--bounding-set={drop}", "--inh-caps=-all"]
    if subprocess.run(prefix + ["true"]).returncode != 0:
        pytest.skip("capabilities cannot be dropped here")
    return prefix


def need_program(name):
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path
