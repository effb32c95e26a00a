"""The source tree and the programs that look at it."""
import functools
import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def exists(path):
    return os.path.exists(os.path.join(ROOT, path))


def missing_programs(*programs):
    """A problem for each program that is not installed."""
    return [f"{program} is not installed (scripts/install-packages test)"
            for program in programs if shutil.which(program) is None]


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, **options)


@functools.cache
def files():
    """Paths of what belongs to the tree: all but what builds and tests leave in it."""
    listed = run("git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    if listed.returncode == 0:
        paths = listed.stdout.split("\0")[:-1]
        return [path for path in paths if os.path.lexists(os.path.join(ROOT, path))]
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(("build", "obj-", ".git"))
                      and name != "__pycache__"]
        found += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names]
    return found


def copy(paths, target):
    for path in paths:
        destination = os.path.join(target, path)
        os.makedirs(os.path.dirname(destination), exist_ok=True)
        shutil.copy2(os.path.join(ROOT, path), destination, follow_symlinks=False)
