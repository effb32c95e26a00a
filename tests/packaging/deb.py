"""The Debian package: built from a copy of the tree, looked at, and, where that is allowed,
installed, run as its two units would run it for a user whose home is of mode 0700, and purged.
"""
import collections
import glob
import json
import os
import pwd
import re
import shutil
import subprocess
import tempfile

from exporter import Exporter, free_port
from start import start, systemd_runs
from tree import ROOT, copy, files, missing_programs, run

NAME = "jsonl-exporter"
PROGRAM = f"/usr/bin/{NAME}"
UNITS = {"user": f"/usr/lib/systemd/user/{NAME}.service",
         "template": f"/usr/lib/systemd/system/{NAME}@.service"}
HELD = [PROGRAM, *UNITS.values(), f"/etc/default/{NAME}", f"/usr/share/man/man1/{NAME}.1.gz",
        f"/usr/share/bash-completion/completions/{NAME}", f"/usr/share/doc/{NAME}/copyright",
        f"/usr/share/doc/{NAME}/install.md", f"/usr/share/{NAME}/rules/prodigy.yaml",
        f"/usr/share/{NAME}/rules/schema.json",
        f"/usr/share/{NAME}/dashboards/workflow-overview.json",
        f"/usr/share/{NAME}/dashboards/prometheus/alerts.yml"]
SAMPLE = os.path.join(ROOT, "tests/data/prodigy-0.1.8/burst")


# --- building -----------------------------------------------------------------------------------

def build(folder):
    """(path of the package, problems). What it needs is brought by scripts/install-packages."""
    source = os.path.join(folder, "source")
    copy(files(), source)
    before = listing(source)
    done = run("dpkg-buildpackage", "--unsigned-source", "--unsigned-changes", "--build=binary",
               "--jobs=2", cwd=source, env={**os.environ, "DEB_BUILD_OPTIONS": "noautodbgsym"})
    found = glob.glob(os.path.join(folder, f"{NAME}_*.deb"))
    if done.returncode != 0 or len(found) != 1:
        return None, ["dpkg-buildpackage: " + (done.stdout + done.stderr)[-1500:]]
    written = {path.split("/")[0] for path in listing(source) - before}
    problems = [f"the build wrote {path}" for path in sorted(written)
                if not re.match(r"debian$|obj-", path)]
    return found[0], problems


def listing(top):
    return {os.path.relpath(os.path.join(folder, name), top)
            for folder, _, names in os.walk(top) for name in names}


def content_problems(package):
    listed = run("dpkg-deb", "--contents", package).stdout
    held = {}
    for line in listed.splitlines():
        mode, owner, _, _, _, path = line.split(None, 5)
        held[path.removeprefix(".")] = mode, owner
    problems = [f"{path} is not in it" for path in HELD if path not in held]
    problems += [f"{path} belongs to {owner}" for path, (_, owner) in held.items()
                 if owner != "root/root"]
    problems += [f"{path} is {mode}" for path, (mode, _) in held.items()
                 if mode[0] == "-" and ("w" in mode[5:] or ("x" in mode) != (path == PROGRAM))]
    control = run("dpkg-deb", "--field", package).stdout
    problems += [f"does not depend on {library}"
                 for library in ("libsqlite3-0", "libyajl2", "libc6") if library not in control]
    return problems


def hardening_problems(folder):
    """Of the program before its symbols were taken away: they are needed to tell."""
    program, = glob.glob(os.path.join(folder, "source/obj-*", NAME))
    done = run(os.path.join(ROOT, "tests/check_hardening"), program)
    return [done.stdout + done.stderr] if done.returncode != 0 else []


def lintian_problems(package):
    """Its errors and warnings."""
    done = run("lintian", "--allow-root", "--fail-on=error,warning", package)
    return [done.stdout or done.stderr] if done.returncode != 0 else []


# --- running ------------------------------------------------------------------------------------

class User:
    """A fresh user with a home of mode 0700 that holds recorded events."""

    def __init__(self):
        self.name = f"je-check-{os.getpid()}"
        self.home = f"/home/{self.name}"
        subprocess.run(["useradd", "--create-home", "--home-dir", self.home, "--shell", "/bin/sh",
                        self.name], check=True, stdin=subprocess.DEVNULL)
        shutil.copytree(SAMPLE, self.home, dirs_exist_ok=True)
        self.uid = pwd.getpwnam(self.name).pw_uid
        subprocess.run(["chown", "--recursive", f"{self.name}:", self.home], check=True)
        os.chmod(self.home, 0o700)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if systemd_runs():
            run("loginctl", "terminate-user", self.name)
            run("loginctl", "disable-linger", self.name)
        run("userdel", "--remove", "--force", self.name)

    def run(self, *command):
        return run("setpriv", f"--reuid={self.name}", f"--regid={self.name}", "--init-groups",
                   *command)

    def written(self):
        """Events by type, as the lines of its files tell: an independent count."""
        counts = collections.Counter()
        for path in glob.glob(f"{self.home}/.prodigy/events/*/*/events-*.jsonl"):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    record = json.loads(line)
                    event = record.get("event", record)
                    counts[event.get("event_type") or next(iter(event))] += 1
        return counts


def options_file(user, kind):
    """Where the administrator, or the user, says what one unit alone is started with."""
    if kind == "template":
        return f"/etc/default/{NAME}@{user.name}"
    path = f"{user.home}/.config/{NAME}/environment"
    for folder in (f"{user.home}/.config", os.path.dirname(path)):
        if not os.path.isdir(folder):
            os.mkdir(folder, 0o700)
            shutil.chown(folder, user.name, user.name)
    return path


def state_of(user, kind):
    return (f"/var/lib/{NAME}/{user.name}" if kind == "template"
            else f"{user.home}/.local/state/{NAME}")


def unit_problems(user, kind):
    """Starts the unit, looks, ends it, and starts it again: counts go on from its state."""
    port = free_port()
    path = options_file(user, kind)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'ARGS="--web.listen-address=127.0.0.1:{port} --log.level=warn"\n')
    problems = []
    try:
        for time in ("first", "second"):
            with start(UNITS[kind], user, port) as exporter:
                exporter.wait_for("/ready")
                counted, written = alike(exporter.events()), alike(user.written())
                problems += [f"{time} start: {counted.get(name)} of {count} {name} counted"
                             for name, count in written.items() if counted.get(name) != count]
                problems += owner_problems(exporter, user)
                status = exporter.end()
                problems += [f"{time} start: ended with {status}"] if status != 0 else []
        if sum(written.values()) < 500:
            problems.append(f"only {sum(written.values())} events were there to count")
        problems += privacy_problems(user, kind)
    except AssertionError as error:
        problems.append(str(error))
    finally:
        os.unlink(path)
    return problems


def alike(counts):
    """Event names without case and _, as the exporter compares them."""
    return {name.replace("_", "").lower(): count for name, count in counts.items()}


def owner_problems(exporter, user):
    owner = os.stat(f"/proc/{exporter.pid()}").st_uid
    return [] if owner == user.uid else [f"it runs as {owner}, not as {user.uid}"]


def privacy_problems(user, kind):
    """Others than root and the user see neither the home nor the state."""
    problems = []
    for path in (user.home, state_of(user, kind)):
        other = run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "ls", path)
        own = user.run("ls", path)
        if other.returncode == 0:
            problems.append(f"everybody may look into {path}")
        if own.returncode != 0:
            problems.append(f"the user may not look into {path}: {own.stderr}")
    if not os.path.exists(f"{state_of(user, kind)}/state.db"):
        problems.append(f"no state in {state_of(user, kind)}")
    return problems


def stranger_problems(user):
    """Another user's exporter cannot enter the home, and says so."""
    done = run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", PROGRAM, "run",
               "--no-state", "--no-metrics", f"--events-dir={user.home}/.prodigy/events",
               env={"HOME": "/nonexistent"})
    refused = done.returncode == 1 and "Permission denied" in done.stderr
    return [] if refused else [f"ended with {done.returncode}: {done.stderr}"]


# --- installing ---------------------------------------------------------------------------------

def may_install(options):
    """Why not, or None."""
    if not options.install and os.environ.get("CI") not in ("1", "true"):
        return "only with --install, or CI=1 in the environment: it installs and purges a package"
    if os.geteuid() != 0:
        return "needs root"
    if run("dpkg-query", "--show", NAME).returncode == 0 or os.path.exists(PROGRAM):
        return f"{NAME} is installed here already"
    return None


def remains():
    """What of the package is on this machine, but for the state of users."""
    found = []
    for top in ("/usr", "/etc", "/var/lib/systemd", "/lib/systemd"):
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if name != "local"]
            found += [os.path.join(folder, name) for name in folders + names if NAME in name]
    return found


def apt(*words):
    """apt, which asks nothing and waits for its turn."""
    return run("apt-get", "--yes", "--quiet", "--option=DPkg::Lock::Timeout=120", *words,
               env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def install_problems(package):
    done = apt("install", "--no-install-recommends", package)
    if done.returncode != 0:
        return [done.stdout + done.stderr]
    version = run(PROGRAM, "version")
    if version.returncode != 0 or "version 0.1.0" not in version.stdout:
        return [f"version: {version.stdout}{version.stderr}"]
    verified = run("dpkg", "--verify", NAME)
    return [verified.stdout] if verified.stdout else []


def purge_problems(before):
    done = apt("purge", NAME)
    problems = [done.stderr] if done.returncode != 0 else []
    return problems + [f"left behind: {path}" for path in sorted(set(remains()) - set(before))]


def check_units(report, user, before):
    for kind, path in UNITS.items():
        report.check(f"{os.path.basename(path)}: as started for a user whose home is of mode 0700, "
                     "over a restart", unit_problems(user, kind))
    report.check("another user's exporter sees nothing of that home", stranger_problems(user))
    problems = purge_problems(before)
    problems += [f"the state of a user is gone: {state_of(user, kind)}" for kind in UNITS
                 if not os.path.isdir(state_of(user, kind))]
    report.check("purged: only the state of users is left", problems)


def check_installed(report, package):
    before = remains()
    try:
        if not report.check("installed with apt, the program runs", install_problems(package)):
            return
        print("    the units are started " + (
            "by systemd" if systemd_runs() else "as they say, but not by systemd: it is not here"))
        with User() as user:
            try:
                check_units(report, user, before)
            finally:
                shutil.rmtree(state_of(user, "template"), ignore_errors=True)
    finally:
        run("dpkg", "--purge", NAME)
        if os.path.isdir(f"/var/lib/{NAME}") and not os.listdir(f"/var/lib/{NAME}"):
            os.rmdir(f"/var/lib/{NAME}")


def check(report, options):
    lacking = missing_programs("dpkg-buildpackage", "dh", "meson")
    if not report.check("what builds a package is there", lacking):
        return
    with tempfile.TemporaryDirectory(prefix="jsonl-exporter-deb.") as folder:
        package, problems = build(folder)
        if not report.check("dpkg-buildpackage, in a copy of the tree", problems) and not package:
            return
        report.check("what is in the package, and whose", content_problems(package))
        report.check("built as hardened as the build file asks for", hardening_problems(folder))
        if shutil.which("lintian"):
            report.check("lintian", lintian_problems(package))
        else:
            report.skip("lintian", "not installed")
        reason = may_install(options)
        if reason:
            report.skip("installing the package", reason)
        else:
            check_installed(report, package)
