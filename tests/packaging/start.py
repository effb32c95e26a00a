"""Starts the exporter as one of its installed units says: by systemd where that runs, else by the
very words of the unit file.
"""
import os
import re
import shutil
import time

from exporter import PATIENCE, Exporter, Served
from tree import ROOT, run
from units import settings


def systemd_runs():
    return os.path.isdir("/run/systemd/system")


def wait_for_manager(user):
    """The user's own systemd, which lingering starts."""
    end = time.monotonic() + PATIENCE
    while not os.path.exists(f"/run/user/{user.uid}/systemd/private"):
        if time.monotonic() > end:
            raise AssertionError(f"systemd --user does not run for {user.name}")
        time.sleep(0.1)


class Service(Served):
    """The unit, started by systemd: the system's, or the user's own."""

    def __init__(self, path, user, port):
        self.port, self.user = port, user
        self.of_user = "/user/" in path
        self.name = os.path.basename(path).replace("@.", f"@{user.name}.")
        if self.of_user:
            run("loginctl", "enable-linger", user.name)
            wait_for_manager(user)
        self.systemctl("daemon-reload")
        done = self.systemctl("enable", "--now", self.name)
        if done.returncode != 0:
            raise AssertionError(done.stderr + self.last_words())
        self.wait_for("/-/healthy")

    def systemctl(self, *words):
        if not self.of_user:
            return run("systemctl", *words)
        return self.user.run("env", f"XDG_RUNTIME_DIR=/run/user/{self.user.uid}",
                             "systemctl", "--user", *words)

    def show(self, field):
        return self.systemctl("show", f"--property={field}", "--value", self.name).stdout.strip()

    def pid(self):
        return int(self.show("MainPID") or 0) or None

    def last_words(self):
        words = ["--user", f"--unit={self.name}"] if self.of_user else [f"--unit={self.name}"]
        journal = self.user.run if self.of_user else run
        return journal("journalctl", "--no-pager", "--lines=20", "--output=cat", *words).stdout

    def end(self):
        """Its exit status, as systemd has it."""
        self.systemctl("disable", "--now", self.name)
        return int(self.show("ExecMainStatus") or -1)


class ExecStart:
    """What systemd would do to start the unit for `user`: the unit file's words, expanded."""

    def __init__(self, path, user):
        with open(path, encoding="utf-8") as file:
            self.unit = settings(file.read())
        self.path, self.user = path, user
        self.specifiers = {"i": user.name, "h": user.home, "S": "/var/lib",
                           "E": f"{user.home}/.config"}
        self.environment = {"HOME": user.home, "USER": user.name, "LOGNAME": user.name,
                            "SHELL": "/bin/sh"}

    def expand(self, text):
        return re.sub(r"%(\w)", lambda match: self.specifiers[match[1]], text)

    def read_environment(self):
        for value in self.unit.get("Service.EnvironmentFile", []):
            path = self.expand(value.removeprefix("-"))
            if not os.path.exists(path):
                continue
            with open(path, encoding="utf-8") as file:
                for name, quoted in re.findall(r'^(\w+)="(.*)"$', file.read(), re.M):
                    self.environment[name] = quoted

    def make_state(self):
        for name in self.unit.get("Service.StateDirectory", []):
            path = os.path.join("/var/lib", self.expand(name))
            os.makedirs(path, exist_ok=True)
            shutil.chown(path, self.user.name, self.user.name)
            os.chmod(path, int(self.unit["Service.StateDirectoryMode"][0], 8))

    def command(self):
        self.read_environment()
        words = self.expand(self.unit["Service.ExecStart"][0]).split()
        place = words.index("$ARGS")
        words[place:place + 1] = self.environment.get("ARGS", "").split()
        return ["setpriv", f"--reuid={self.user.name}", f"--regid={self.user.name}",
                "--init-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all",
                os.path.join(ROOT, "tests/packaging/confined"), self.path, *words]

    def start(self, port):
        self.make_state()
        return Exporter(self.command(), environment=self.environment, port=port)


def start(path, user, port):
    """The exporter that the unit at `path` runs for `user`; its own options say that it serves at
    `port`.
    """
    if systemd_runs():
        return Service(path, user, port)
    return ExecStart(path, user).start(port)
