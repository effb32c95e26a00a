"""The systemd units: do they say what they mean, how much do they leave open, and does the program
live with the system calls that they allow?
"""
import os
import re
import tempfile

from exporter import Exporter
from report import broken
from tree import ROOT, missing_programs, read, run

FOLDER = "packaging/systemd"
USER_UNIT, TEMPLATE = "jsonl-exporter.service", "jsonl-exporter@.service"
# Exposure as systemd-analyze security counts it, in tenths: 0 to 100. What is left of the
# template's is the network, the home that is read, and /proc.
MOST_EXPOSED = {TEMPLATE: 18, USER_UNIT: 78}
CONFINED = os.path.join(ROOT, "tests/packaging/confined")


def settings(text):
    """section.key -> its values in order."""
    found, section = {}, ""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if re.match(r"\s*([#;]|$)", line):
            continue
        if line.startswith("["):
            section = line.strip("[]")
            continue
        key, _, value = line.partition("=")
        found.setdefault(f"{section}.{key}", []).append(value.strip())
    return found


def analyze(text, name, binary, *command):
    """systemd-analyze of a copy of the unit that runs `binary`."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name.replace("@.", "@ada."))
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("/usr/bin/jsonl-exporter", binary))
        manager = "--user" if name == USER_UNIT else "--system"
        return run("systemd-analyze", manager, *command, path,
                   env={**os.environ, "XDG_RUNTIME_DIR": folder, "SYSTEMD_LOG_LEVEL": "warning"})


def verify_problems(text, name, binary):
    done = analyze(text, name, binary, "verify", "--man=no", "--recursive-errors=no")
    problems = [line for line in done.stderr.splitlines()
                # The machine's own trouble, where systemd does not run.
                if not re.search(r"(?i)(SO_PASSCRED|Read-only file system|cgroup|D-?Bus)", line)]
    if done.returncode != 0 and not problems:
        problems.append(f"systemd-analyze verify ended with {done.returncode}: {done.stderr}")
    return problems


def exposure_problems(text, name, binary):
    done = analyze(text, name, binary, "security", "--offline=true", "--no-pager",
                   f"--threshold={MOST_EXPOSED[name]}")
    if done.returncode == 0:
        return []
    overall = re.search(r"Overall exposure level.*: ([\d.]+)", done.stdout)
    return [f"exposure {overall[1]}" if overall else done.stderr]


def meaning_problems(text, name):
    """What systemd would accept, and must not be changed without thought."""
    found = settings(text)
    wanted = {"Service.Type": ["exec"], "Service.Restart": ["on-failure"],
              "Service.ExecReload": ["/bin/kill -HUP $MAINPID"],
              "Service.UMask": ["0077"], "Service.NoNewPrivileges": ["yes"]}
    if name == TEMPLATE:
        wanted |= {"Service.User": ["%i"], "Service.StateDirectory": ["jsonl-exporter/%i"],
                   "Service.StateDirectoryMode": ["0700"], "Service.ProtectSystem": ["strict"],
                   "Service.ProtectHome": ["read-only"], "Service.CapabilityBoundingSet": [""]}
    problems = [f"{key} is {found.get(key)}, not {value}" for key, value in wanted.items()
                if found.get(key) != value]
    # Either would hide from the exporter who writes to a file.
    problems += [f"{key} is set" for key in ("Service.ProtectProc", "Service.PrivateUsers",
                                             "Service.PrivatePIDs") if key in found]
    return problems


def problems_of(text, name, binary):
    return (verify_problems(text, name, binary) + exposure_problems(text, name, binary) +
            meaning_problems(text, name))


def call_problems(name, binary):
    """Runs the program with the unit's system calls alone: any other one would kill it."""
    unit = os.path.join(ROOT, FOLDER, name)
    tree = os.path.join(ROOT, "tests/data/prodigy-0.4.4/claude")
    with tempfile.TemporaryDirectory() as state:
        try:
            with Exporter([CONFINED, unit, binary, "run", f"--state-dir={state}"],
                          environment={"HOME": tree}) as exporter:
                exporter.wait_for("/ready")
                seen = exporter.events()
                exporter.get("/metrics/json")
                status = exporter.end()
        except AssertionError as error:
            return [str(error)]
    return ([] if seen.get("SessionSeen") else [f"counted {seen}"]) + (
        [] if status == 0 else [f"ended with {status}"])


def starved_problems(binary):
    """The same with a unit that allows too little."""
    with tempfile.NamedTemporaryFile("w", suffix=".service") as unit:
        unit.write(read(f"{FOLDER}/{TEMPLATE}").replace("~@resources", "~@io-event"))
        unit.flush()
        done = run(CONFINED, unit.name, binary, "run", "--no-state", "--no-metrics")
    return [f"killed by signal {-done.returncode}"] if done.returncode < 0 else []


BROKEN = [
    (TEMPLATE, "a word misspelt", "ProtectSystem=", "ProtectSytem="),
    (TEMPLATE, "a value that is none", "Restart=on-failure", "Restart=on-error"),
    (TEMPLATE, "capabilities", "CapabilityBoundingSet=\n", "CapabilityBoundingSet=CAP_SYS_ADMIN\n"),
    (TEMPLATE, "system calls unlimited", "SystemCallFilter=@system-service\n", ""),
    (TEMPLATE, "root as its user", "User=%i", "User=root"),
    (TEMPLATE, "writers hidden", "#PrivateUsers=", "PrivateUsers=yes"),
    (USER_UNIT, "no such program", "/usr/bin/jsonl-exporter run", "/usr/bin/jsonl-export run"),
    (USER_UNIT, "new privileges", "NoNewPrivileges=yes\n", ""),
]


def check(report, options):
    lacking = missing_programs("systemd-analyze")
    if not report.check("systemd-analyze is there", lacking):
        return
    for name in (USER_UNIT, TEMPLATE):
        text = read(f"{FOLDER}/{name}")
        report.check(f"{name}: systemd-analyze verify, exposure at most "
                     f"{MOST_EXPOSED[name] / 10}", problems_of(text, name, options.binary))
    for name, what, old, new in BROKEN:
        report.refuses(f"{name} with {what}", problems_of(
            broken(read(f"{FOLDER}/{name}"), old, new), name, options.binary))
    for name in (USER_UNIT, TEMPLATE):
        report.check(f"{name}: the program makes no system call that it forbids",
                     call_problems(name, options.binary))
    report.refuses("a unit without the calls of inotify", starved_problems(options.binary))
