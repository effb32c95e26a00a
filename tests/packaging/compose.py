"""docker-compose.yml against the Compose specification's schema, and against the tree.

Debian's docker-compose has the schema and needs no daemon to compare; what the files that are
mounted say of each other is compared here.
"""
import os
import re
import tempfile

import yaml

from report import broken
from tree import ROOT, exists, files, missing_programs, read, run

FILE = "docker-compose.yml"
SERVICES = {"exporter", "prometheus", "alertmanager", "grafana", "postgres"}
PROMETHEUS = "dashboards/prometheus/prometheus.yml"
ALERTMANAGER = "dashboards/prometheus/alertmanager.yml"
PROVISIONING = "packaging/grafana/provisioning"
VARIABLES = {**os.environ, "HOME": "/home/ada", "UID": "1234", "GID": "2345"}
# As the file's head and the pages have them; the first one makes .env.
COMMANDS = [r"""printf 'UID=%s\nGID=%s\n' "$(id -u)" "$(id -g)" > .env""",
            "mkdir -p ~/.prodigy ~/.claude",
            "docker compose up --detach"]
MORE_COMMANDS = ["docker compose up --detach --build", "docker compose down"]


def parse(text, variables=None, folder=ROOT):
    """The file with its variables filled in, or (None, what is wrong). `folder` has its .env."""
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, FILE)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = run("docker-compose", "--project-directory", folder, "--file", path, "--profile",
                   "postgres", "config", env=variables or VARIABLES)
    if done.returncode != 0:
        return None, [done.stderr or f"docker-compose ended with {done.returncode}"]
    return yaml.safe_load(done.stdout), []


def mounts(service):
    """(source, target, read only) of each volume of a service."""
    for volume in service.get("volumes", []):
        if isinstance(volume, dict):
            yield volume["source"], volume["target"], volume.get("read_only", False)
        else:
            source, target, mode = (volume.split(":") + ["rw"])[:3]
            yield source, target, mode == "ro"


def listens(service):
    """The port in the container that is published, and whether to this machine alone."""
    for port in service["ports"]:
        address, _, inside = port.split("/")[0].split(":")
        yield int(inside), address == "127.0.0.1"


def service_problems(name, service):
    problems = []
    if "build" not in service and not re.search(r":v?\d+(\.\d+)+[\w.-]*$", service["image"]):
        problems.append(f"{name}: no version in {service['image']}")
    for source, target, read_only in mounts(service):
        if source.startswith("/") and source.startswith(ROOT):
            path = os.path.relpath(source, ROOT)
            tracked = any(file == path or file.startswith(path + "/") for file in files())
            if not tracked:
                problems.append(f"{name}: {path} is not in the tree")
        if source.startswith("/") and not read_only:
            problems.append(f"{name}: {target} can be written")
    problems += [f"{name}: port {port} answers other machines, too"
                 for port, alone in listens(service) if not alone]
    if "no-new-privileges:true" not in service.get("security_opt", []):
        problems.append(f"{name}: may gain privileges")
    return problems


def exporter_problems(service):
    expected = {"user": "1234:2345", "read_only": True, "cap_drop": ["ALL"], "pid": "host"}
    problems = [f"exporter: {key} is {service.get(key)!r}, not {value!r}"
                for key, value in expected.items() if service.get(key) != value]
    seen = {(source, target) for source, target, _ in mounts(service)}
    problems += [f"exporter: {path} is not mounted in its place"
                 for path in ("/home/ada/.prodigy", "/home/ada/.claude")
                 if (path, path) not in seen]
    if ("state", "/var/lib/jsonl-exporter") not in seen:
        problems.append("exporter: its state is not in the volume")
    if service["environment"].get("HOME") != "/home/ada":
        problems.append("exporter: HOME is not the user's")
    if "healthcheck" not in service:
        problems.append("exporter: no health check")
    return problems


def address_problems(services):
    """Who speaks to whom: each address must be a service, at a port that it listens at."""
    prometheus = yaml.safe_load(read(PROMETHEUS))
    listed = prometheus["scrape_configs"] + prometheus["alerting"]["alertmanagers"]
    addresses = [target for one in listed for group in one["static_configs"]
                 for target in group["targets"]]
    provisioned = yaml.safe_load(read(f"{PROVISIONING}/datasources/prometheus.yaml"))
    addresses += [source["url"].removeprefix("http://") for source in provisioned["datasources"]]
    problems = []
    for address in addresses:
        name, port = address.split(":")
        if name not in services or int(port) not in dict(listens(services[name])):
            problems.append(f"nobody listens at {address}")
    return problems


def mounted(service):
    return {target: source for source, target, _ in mounts(service)}


def mount_problems(services):
    """What is named inside of a container has to be mounted there."""
    problems = []
    prometheus = mounted(services["prometheus"])
    wanted = [f"/etc/prometheus/{name}" for name in yaml.safe_load(read(PROMETHEUS))["rule_files"]]
    wanted.append("/etc/prometheus/prometheus.yml")
    problems += [f"prometheus: {path} is not mounted" for path in wanted if path not in prometheus]
    grafana = mounted(services["grafana"])
    text = read(f"{PROVISIONING}/dashboards/jsonl-exporter.yaml")
    for provider in yaml.safe_load(text)["providers"]:
        source = grafana.get(provider["options"]["path"])
        if not source or not any(name.endswith(".json") for name in os.listdir(source)):
            problems.append(f"grafana: no dashboards in {provider['options']['path']}")
    if "/etc/grafana/provisioning" not in grafana:
        problems.append("grafana: not provisioned")
    return problems


def problems_of(text):
    config, problems = parse(text)
    if problems:
        return problems
    services = config["services"]
    if set(services) != SERVICES:
        return [f"services: {', '.join(sorted(services))}"]
    for name, service in services.items():
        problems += service_problems(name, service)
    return (problems + exporter_problems(services["exporter"]) + address_problems(services) +
            mount_problems(services))


def command_problems(text):
    """The commands that start the stack make it run as whoever types them."""
    page = read("docs/install.md")
    problems = [f"{name} has no {command}" for command in COMMANDS
                for name, where in ((FILE, text), ("docs/install.md", page))
                if command not in where]
    problems += [f"docs/install.md has no {command}" for command in MORE_COMMANDS
                 if command not in page]
    variables = {name: value for name, value in os.environ.items() if name not in ("UID", "GID")}
    with tempfile.TemporaryDirectory() as folder:
        run("bash", "-c", COMMANDS[0], cwd=folder)
        config, errors = parse(text, {**variables, "HOME": folder}, folder)
    user = config and config["services"]["exporter"]["user"]
    if user != f"{os.getuid()}:{os.getgid()}":
        problems.append(f"the exporter would run as {user}: {errors}")
    return problems


BROKEN = [
    ("a word that Compose does not know", "    read_only: true\n", "    readonly: true\n"),
    ("a text for a list", "cap_drop: [ALL]", "cap_drop: ALL"),
    ("a volume that is not declared", "  grafana:\n  postgres:\n", "  postgres:\n"),
    ("an image without a version", "prom/prometheus:v3.5.0", "prom/prometheus:latest"),
    ("a file that is not there", "./dashboards/prometheus/alerts.yml", "./dashboards/alerts.yml"),
    ("a home that can be written", "        read_only: true\n", ""),
    ("another root than a read-only one", "    read_only: true\n    cap", "    cap"),
    ("a port that nobody listens at", "127.0.0.1}:9091:9091", "127.0.0.1}:9091:9090"),
    ("rules that are not mounted", "recording.yml:/etc/prometheus/recording.yml",
     "recording.yml:/etc/prometheus/rules/recording.yml"),
]


def check(report, _options):
    lacking = missing_programs("docker-compose")
    if not report.check("Debian's docker-compose is there", lacking):
        return
    text = read(FILE)
    report.check(f"{FILE}: the Compose specification's schema (docker-compose config), images, "
                 "mounts, users, addresses", problems_of(text))
    for what, old, new in BROKEN:
        report.refuses(f"{FILE} with {what}", problems_of(broken(text, old, new)))
    report.check("the commands that start the stack, and for whom", command_problems(text))
    report.check("Grafana's provisioning and Alertmanager's file are there",
                 [f"{path} is missing" for path in (ALERTMANAGER, PROVISIONING)
                  if not exists(path)])
