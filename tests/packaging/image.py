"""The Dockerfile, without Docker: its words, the files that it copies, the packages of its last
stage against the libraries of the built program, and its health check on a running exporter.
"""
import fnmatch
import functools
import os
import re
import tempfile

from exporter import Exporter
from report import broken
from tree import ROOT, files, read, run

FILE = "Dockerfile"
HEALTH_CHECK = os.path.join(ROOT, "packaging/docker/healthcheck")
WORDS = {"FROM", "COPY", "RUN", "LABEL", "ENV", "VOLUME", "USER", "EXPOSE", "HEALTHCHECK",
         "ENTRYPOINT", "CMD"}
# In every image of Debian.
ALWAYS_THERE = {"libc6"}


def instructions(text):
    """(word, rest) of each instruction; lines that go on are one."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.M)
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word, " ".join(rest.split())


def stages(text):
    """A list of instructions for each stage."""
    found = []
    for word, rest in instructions(text):
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest))
    return found


def is_ignored(path):
    """Does .dockerignore keep `path` out of the build? It does with whatever lies below a match."""
    parts = path.split("/")
    for line in read(".dockerignore").splitlines():
        pattern = line.rstrip("/").removeprefix("**/")
        if not pattern or pattern.startswith("#"):
            continue
        depth = pattern.count("/") + 1
        starts = range(len(parts)) if line.startswith("**/") else [0]
        if any(fnmatch.fnmatch("/".join(parts[start:start + depth]), pattern) for start in starts):
            return True
    return False


@functools.cache
def sent():
    return [path for path in files() if not is_ignored(path)]


def word_problems(text):
    found = stages(text)
    problems = [f"unknown instruction {word}" for stage in found for word, _ in stage
                if word not in WORDS]
    last = dict(found[-1])
    problems += [f"no {word} in the last stage" for word in
                 ("USER", "HEALTHCHECK", "ENTRYPOINT", "VOLUME", "EXPOSE") if word not in last]
    if re.match(r"(root|0)\b", last.get("USER", "root")):
        problems.append("runs as root")
    problems += [f"not Debian 12: {stage[0][1]}" for stage in found
                 if not stage[0][1].startswith("debian:12-slim")]
    return problems


def copy_problems(text):
    problems, available = [], sent()
    for stage in stages(text):
        for word, rest in stage:
            sources = rest.split()[:-1]
            if word != "COPY" or sources[0].startswith("--from="):
                continue
            problems += [f"COPY {source}: not in the tree, or kept out by .dockerignore"
                         for source in sources if source != "." and source not in available]
    return problems


def build_problems(_text):
    """What the build files name has to be sent."""
    available = set(sent())
    wanted = [path for path in files() if path.endswith(("meson.build", ".c", ".h"))
              and path.startswith(("src/", "meson", "rules/", "docs/", "packaging/"))]
    wanted += [path for path in files() if re.fullmatch(r"rules/[\w-]+\.yaml", path)]
    return [f".dockerignore keeps {path} out" for path in wanted if path not in available]


@functools.cache
def packages_of_libraries(binary):
    """The packages with the libraries that the linker names in the program itself."""
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "--dynamic", binary).stdout)
    paths = dict(re.findall(r"(\S+) => (\S+)", run("ldd", binary).stdout))
    found = set()
    for library in needed:
        # dpkg knows a merged /usr under the name that a package gave it.
        names = {path for path in (paths[library], "/usr" + paths[library],
                                   os.path.realpath(paths[library]))}
        for name in names:
            owner = run("dpkg", "--search", name)
            if owner.returncode == 0:
                found.add(owner.stdout.split(":")[0])
    return found - ALWAYS_THERE


def package_problems(text, binary):
    commands = " ".join(rest for word, rest in stages(text)[-1] if word == "RUN")
    listed = re.search(r"apt-get install((?: --\S+)*)((?: [\w.+-]+)+)", commands)
    installed, needed = set(listed[2].split()), packages_of_libraries(binary)
    return ([f"{name} is needed and not installed" for name in sorted(needed - installed)] +
            [f"{name} is installed and not needed" for name in sorted(installed - needed)])


def problems_of(text, binary):
    return (word_problems(text) + copy_problems(text) + build_problems(text) +
            package_problems(text, binary))


BROKEN = [
    ("a library left out", "        libyajl2 \\\n", ""),
    ("a package too many", "        libyajl2 \\\n", "        libyajl2 \\\n        curl \\\n"),
    ("a file that is not there", "COPY COPYING", "COPY LICENSE"),
    ("a file that is not sent", "COPY COPYING", "COPY samples/simulate"),
    ("a word misspelt", "HEALTHCHECK", "HEALTCHECK"),
    ("root for its user", "USER 65534:65534", "USER root"),
]


def health_problems(binary):
    with tempfile.TemporaryDirectory() as home, Exporter(
            [binary, "run", "--no-state"], environment={"HOME": home}) as exporter:
        port = str(exporter.port)
        answers = {"healthy": run(HEALTH_CHECK, port).returncode,
                   "no events directory": run(HEALTH_CHECK, port, "/ready").returncode,
                   "no such path": run(HEALTH_CHECK, port, "/nothing").returncode}
        answers["ended"] = (exporter.end(), run(HEALTH_CHECK, port).returncode)[1]
    expected = {"healthy": 0, "no events directory": 1, "no such path": 1, "ended": 1}
    return [] if answers == expected else [f"{answers}, not {expected}"]


def check(report, options):
    text = read(FILE)
    report.check(f"{FILE}: instructions, copied files, packages of the program's libraries",
                 problems_of(text, options.binary))
    for what, old, new in BROKEN:
        report.refuses(f"{FILE} with {what}", problems_of(broken(text, old, new), options.binary))
    report.check("the image's health check: an exporter that is healthy, not ready, ended",
                 health_problems(options.binary))
