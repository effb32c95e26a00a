"""Where sh blocks of the pages run: in namespaces of their own, on a copy of the project, as a
reader would have it, with ports that nobody uses and nothing beyond the machine.

Run as a program this is what is inside: `enter`, and `stay`, which stands for a program that does
not end by itself.
"""

import fcntl
import functools
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request

from program import BINARY, REPOSITORY, make_environment, patience

NAMESPACES = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
COPIED = ("README.md", "scripts", "samples", "rules", "dashboards", "packaging", "docs",
          "docker-compose.yml", "Dockerfile")
# Programs that stay, and whether these arguments let one end by itself.
ENDS = {
    "jsonl-exporter": r"(once|check|explain|test|docs|infer|coverage|version|help)$"
                      r"|(--version|--help|-h)$",
    "prometheus": r"--(version|help)$",
    "alertmanager": r"--(version|help)$",
    "samples/simulate": r"--(once|runs|duration|help)\b",
    "samples/services": r"--(once|runs|duration|help)\b",
}
# Where they serve if not told otherwise.
PORTS = {"jsonl-exporter": "9090", "prometheus": "9090", "alertmanager": "9093"}
# What must not be called here: it changes the machine, or takes minutes.
REFUSED = ("apt", "apt-get", "cargo", "docker", "dpkg", "dpkg-buildpackage", "kubectl", "loginctl",
           "meson", "ninja", "scripts/demo", "scripts/install-packages", "scripts/test", "sudo",
           "systemctl")
SECONDS = 120


@functools.cache
def unshare():
    """The command prefix that makes namespaces, or None where that is not allowed."""
    for prefix in (NAMESPACES, [NAMESPACES[0], "--user", "--map-root-user", *NAMESPACES[1:]]):
        if shutil.which("unshare") and not subprocess.run(
                [*prefix, "true"], capture_output=True).returncode:
            return prefix
    return None


class Sandbox:
    """`directory` is empty, and receives everything."""

    def __init__(self, directory):
        self.directory = os.fspath(directory)
        self.copy = self.path("jsonl-exporter")
        self.home = self.path("home")
        self.make_copy()
        self.make_home()
        self.make_programs()

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def make_copy(self):
        os.mkdir(self.copy)
        for name in COPIED:
            source, target = os.path.join(REPOSITORY, name), os.path.join(self.copy, name)
            if os.path.isdir(source):
                shutil.copytree(source, target, symlinks=True,
                                ignore=shutil.ignore_patterns("__pycache__"))
            elif os.path.exists(source):
                shutil.copy2(source, target)
        os.symlink(os.path.join(REPOSITORY, "tests"), os.path.join(self.copy, "tests"))

    def make_home(self):
        recorded = os.path.join(REPOSITORY, "tests", "data")
        for version in sorted(os.listdir(recorded)):
            for tree in sorted(os.listdir(os.path.join(recorded, version))
                               if version.startswith("prodigy-") else ()):
                shutil.copytree(os.path.join(recorded, version, tree), self.home,
                                dirs_exist_ok=True)
        events = os.path.join(self.home, ".prodigy", "events")
        shutil.copytree(events, self.path("srv", "jobs", "events"))
        lines = os.path.join(recorded, "prodigy-0.4.4", "dialect")
        for folder, _, names in os.walk(lines):
            for name in names:
                if name.startswith("events-"):
                    shutil.copy2(os.path.join(folder, name),
                                 os.path.join(self.copy, "events.jsonl"))

    def make_programs(self):
        """What stays is found under its name, but is a script that calls `stay`."""
        os.mkdir(self.path("bin"))
        os.mkdir(os.path.join(self.copy, "build"))
        self.stand_in(self.path("bin", "jsonl-exporter"), "jsonl-exporter", BINARY)
        self.stand_in(os.path.join(self.copy, "build", "jsonl-exporter"), "jsonl-exporter", BINARY)
        for name in ("prometheus", "alertmanager", "prometheus-alertmanager"):
            found = shutil.which(name)
            if found:
                self.stand_in(self.path("bin", name), name.removeprefix("prometheus-"), found)
        for name in ("samples/simulate", "samples/services"):
            if os.path.exists(os.path.join(self.copy, name)):
                os.unlink(os.path.join(self.copy, name))
                self.stand_in(os.path.join(self.copy, name), name, os.path.join(REPOSITORY, name))
        for name in REFUSED:
            path = os.path.join(self.copy if "/" in name else self.path("bin"), name)
            with open(path, "w") as file:
                file.write(f"#!/bin/sh\necho {name} >>{self.path('refused')}\nexit 126\n")
            os.chmod(path, 0o755)

    def stand_in(self, path, name, program):
        with open(path, "w") as file:
            file.write(f'#!/bin/sh\nexec {sys.executable} {os.path.abspath(__file__)} stay '
                       f'{self.directory} {name} {program} "$@"\n')
        os.chmod(path, 0o755)

    def run(self, blocks, files):
        """Runs the scripts one after the other in one shell. Gives its exit status, and what each
        printed: fewer texts than scripts if it ended early. `blocks`: (script, status) pairs."""
        for name, text in files.items():
            path = os.path.join(self.copy, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        script = "set -euo pipefail\n"
        for number, (text, status) in enumerate(blocks):
            script += f'exec >"{self.path(str(number))}.out" 2>&1\n'
            if status:
                script += f"set +e\n(set -e\n{text}\n)\nended=$?\nset -e\n[ $ended = {status} ]\n"
            else:
                script += text + "\n"
        with open(self.path("script"), "w") as file:
            file.write(script)
        environment = make_environment({
            "HOME": self.home, "PATH": f"{self.path('bin')}:{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": os.path.dirname(__file__)})
        del environment["XDG_STATE_HOME"]
        process = subprocess.Popen(
            [*unshare(), sys.executable, os.path.abspath(__file__), "enter", self.directory],
            cwd=self.copy, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            status = process.wait(SECONDS * patience())
        except subprocess.TimeoutExpired:
            process.kill()
            status = f"still running after {SECONDS} s"
            process.wait()
        if os.path.exists(self.path("refused")):
            with open(self.path("refused")) as file:
                status = "calls that are not possible here: " + " ".join(file.read().split())
        return status, self.printed(len(blocks))

    def printed(self, count):
        texts = []
        for number in range(count):
            if os.path.exists(self.path(f"{number}.out")):
                with open(self.path(f"{number}.out"), errors="replace") as file:
                    texts.append(file.read())
        return texts


# Inside

def enter(directory):
    """Becomes the shell, after the loopback device is up and /srv is ours. When it ends, so does
    everything that it started: it is the first process of its namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as up:
        fcntl.ioctl(up, 0x8914, struct.pack("16sh14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
    subprocess.run(["mount", "--bind", os.path.join(directory, "srv"), "/srv"], check=True)
    os.execvp("bash", ["bash", os.path.join(directory, "script")])


def stay(directory, name, program, *arguments):
    if any(re.match(ENDS[name], argument) for argument in arguments):
        os.execv(program, [program, *arguments])
    note = os.path.join(directory, name.replace("/", "-"))
    end_former(note)
    with open(note + ".log", "w") as log:
        process = subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, start_new_session=True)
    with open(note + ".pid", "w") as file:
        file.write(str(process.pid))
    deadline = time.monotonic() + 20 * patience()
    while process.poll() is None and not serves(name, note + ".log", arguments):
        if time.monotonic() > deadline:
            sys.exit(f"{name} does not serve")
        time.sleep(0.05)
    if process.poll() is not None:
        with open(note + ".log") as log:
            sys.stderr.write(log.read())
        sys.exit(process.returncode)


def end_former(note):
    try:
        with open(note + ".pid") as file:
            pid = int(file.read())
        os.kill(pid, signal.SIGTERM)
        while True:
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return
            time.sleep(0.02)
    except (FileNotFoundError, ProcessLookupError):
        pass


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()
    except OSError:
        return ""


def serves(name, log_path, arguments):
    if name not in PORTS:
        time.sleep(1)  # a player: gives it something to have played
        return True
    port = PORTS[name]
    for option, value in zip(arguments, [*arguments[1:], ""]):
        if option.startswith(("--web.listen-address", "--metrics-port")):
            port = re.search(r"\d*$", option if "=" in option else value)[0]
    with open(log_path) as log:
        told = re.search(r"serving=http://[^\s,/]+:(\d+)", log.read())
    url = f"http://127.0.0.1:{told[1] if told else port}"
    if name == "jsonl-exporter":
        return "\njsonl_exporter_catch_up_complete 1\n" in answers(url + "/metrics/self")
    return answers(url + "/-/ready")


if __name__ == "__main__":
    {"enter": enter, "stay": stay}[sys.argv[1]](*sys.argv[2:])
