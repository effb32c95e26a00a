"""packaging/kubernetes against the API's own models, and against each other.

Debian's python3-kubernetes holds a class for every kind of the API, which names its fields, their
types and which of them are required. It is walked strictly: an unknown field is an error, as it is
for `kubectl --validate=strict`. The ServiceMonitor belongs to the Prometheus operator; of its kind
only the fields that are used here are known.
"""
import re
import subprocess
import tempfile

import yaml

from report import broken
from tree import read, run

FOLDER = "packaging/kubernetes"
FILES = ["deployment.yaml", "service.yaml", "servicemonitor.yaml", "kustomization.yaml"]
KINDS = {("apps/v1", "Deployment"): "V1Deployment", ("v1", "Service"): "V1Service"}
PLAIN = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": object}

# Fields of other kinds: a type, a list with the type of its members, or a dict of fields. A field
# with a ! is required.
RELABELING = {"sourceLabels": [str], "separator": str, "targetLabel": str, "regex": str,
              "modulus": int, "replacement": str, "action": str}
METADATA = {"name!": str, "labels": {"*": str}, "annotations": {"*": str}, "namespace": str}
OTHER_KINDS = {
    ("monitoring.coreos.com/v1", "ServiceMonitor"): {
        "apiVersion!": str, "kind!": str, "metadata!": METADATA,
        "spec!": {
            "jobLabel": str, "targetLabels": [str], "podTargetLabels": [str],
            "selector!": {"matchLabels": {"*": str}},
            "namespaceSelector": {"any": bool, "matchNames": [str]},
            "endpoints!": [{
                "port": str, "targetPort": str, "path": str, "scheme": str, "interval": str,
                "scrapeTimeout": str, "honorLabels": bool, "relabelings": [RELABELING],
                "metricRelabelings": [RELABELING]}]}},
    ("kustomize.config.k8s.io/v1beta1", "Kustomization"): {
        "apiVersion!": str, "kind!": str, "namespace": str, "resources!": [str]},
}


def plain_problems(value, kind, place):
    if not isinstance(value, kind) or kind is int and isinstance(value, bool):
        return [f"{place}: {value!r} is no {getattr(kind, '__name__', 'number')}"]
    return []


def model_problems(value, type_name, place):
    """What is wrong with `value` as the type `type_name` of the API."""
    from kubernetes.client import models  # slow to load, and only here
    if value is None:
        return [f"{place}: empty"]
    if type_name in PLAIN:
        return plain_problems(value, PLAIN[type_name], place)
    members = re.fullmatch(r"list\[(.+)\]", type_name)
    if members:
        problems = plain_problems(value, list, place)
        for number, member in enumerate([] if problems else value):
            problems += model_problems(member, members[1], f"{place}[{number}]")
        return problems
    members = re.fullmatch(r"dict\(str, (.+)\)", type_name)
    problems = plain_problems(value, dict, place)
    if problems:
        return problems
    if members:
        for key, member in value.items():
            problems += model_problems(member, members[1], f"{place}.{key}")
        return problems
    return fields_problems(value, getattr(models, type_name), place)


def fields_problems(value, model, place):
    names = {name: own for own, name in model.attribute_map.items()}
    problems = []
    for key, member in value.items():
        if key in names:
            problems += model_problems(member, model.openapi_types[names[key]], f"{place}.{key}")
        else:
            problems.append(f"{place}.{key}: no field of {model.__name__}")
    try:  # its own checks: what is required, what may stand in it
        model(**{names[key]: member for key, member in value.items() if key in names})
    except ValueError as error:
        problems.append(f"{place}: {error}")
    return problems


def shape_problems(value, shape, place):
    """The same for a shape of OTHER_KINDS."""
    if isinstance(shape, type):
        return plain_problems(value, shape, place)
    problems = plain_problems(value, type(shape), place)
    if problems:
        return problems
    if isinstance(shape, list):
        for number, member in enumerate(value):
            problems += shape_problems(member, shape[0], f"{place}[{number}]")
        return problems
    known = {key.rstrip("!"): member for key, member in shape.items()}
    for key, member in value.items():
        if key in known or "*" in known:
            problems += shape_problems(member, known.get(key, known.get("*")), f"{place}.{key}")
        else:
            problems.append(f"{place}.{key}: no such field")
    return problems + [f"{place}.{key[:-1]}: missing" for key in shape
                       if key.endswith("!") and key[:-1] not in value]


def schema_problems(text):
    problems = []
    for document in yaml.safe_load_all(text):
        kind = (document.get("apiVersion"), document.get("kind"))
        if kind in KINDS:
            problems += model_problems(document, KINDS[kind], kind[1])
        elif kind in OTHER_KINDS:
            problems += shape_problems(document, OTHER_KINDS[kind], kind[1])
        else:
            problems.append(f"unknown kind {kind}")
    return problems


def pod_problems(pod, labels):
    """Does what a pod's parts say of each other agree?"""
    problems = []
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in pod["containers"]:
        name = container["name"]
        problems += [f"{name}: there is no volume {mount['name']}"
                     for mount in container["volumeMounts"] if mount["name"] not in volumes]
        context = container.get("securityContext", {})
        if (context.get("allowPrivilegeEscalation") is not False
                or context.get("readOnlyRootFilesystem") is not True
                or context.get("capabilities", {}).get("drop") != ["ALL"]):
            problems.append(f"{name}: may do more than it must")
        ports = {port["name"] for port in container.get("ports", [])}
        problems += [f"{name}: {probe} asks at no port" for probe in container
                     if probe.endswith("Probe")
                     and container[probe]["httpGet"]["port"] not in ports]
    if not pod["securityContext"].get("runAsNonRoot"):
        problems.append("runs as root")
    return problems + ([] if labels else ["no labels"])


def agreement_problems(texts):
    deployment, service, monitor, kustomization = (
        yaml.safe_load(texts[name]) for name in FILES)
    template = deployment["spec"]["template"]
    labels, pod = template["metadata"]["labels"], template["spec"]
    exporter = next(one for one in pod["containers"] if one["name"] == "exporter")
    port = {port["name"]: port["containerPort"] for port in exporter["ports"]}
    annotations = template["metadata"]["annotations"]
    probes = {probe: exporter[probe]["httpGet"]["path"] for probe in exporter
              if probe.endswith("Probe")}
    wanted = {"startupProbe": "/health", "livenessProbe": "/health", "readinessProbe": "/ready"}
    image = yaml.safe_load(read("docker-compose.yml"))["services"]["exporter"]["image"]
    named = {one["name"] for one in service["spec"]["ports"]}
    agree = {
        "the Deployment selects its pods": deployment["spec"]["selector"]["matchLabels"] == labels,
        "the Service selects the pods": service["spec"]["selector"] == labels,
        "the Service's port is one of the exporter":
            all(one["targetPort"] in port for one in service["spec"]["ports"]),
        "the ServiceMonitor selects the Service":
            monitor["spec"]["selector"]["matchLabels"].items() <=
            service["metadata"]["labels"].items(),
        "the ServiceMonitor's ports are the Service's":
            all(one["port"] in named for one in monitor["spec"]["endpoints"]),
        "the annotated port is the exporter's":
            annotations["prometheus.io/port"] == str(port["metrics"]),
        "probes ask /health and /ready": probes == wanted,
        "the image is the one that Compose builds": exporter["image"] == image,
        "kustomization.yaml names the other files": kustomization["resources"] == FILES[:-1],
    }
    return pod_problems(pod, labels) + [f"not so: {what}" for what, so in agree.items() if not so]


def program_problems(text, binary):
    """Runs the example's program for a while; the exporter has to count what it wrote."""
    pod = yaml.safe_load(text)["spec"]["template"]["spec"]
    command = next(one for one in pod["containers"] if one["name"] == "program")["command"]
    with tempfile.TemporaryDirectory() as folder:
        script = command[2].replace("/events/", f"{folder}/events/")
        try:
            subprocess.run([*command[:2], script], timeout=1.5, check=False)
        except subprocess.TimeoutExpired:
            pass
        done = run(binary, "once", "--rules=prodigy", f"{folder}/events",
                   env={"HOME": folder, "PATH": "/usr/bin"})
    counted = re.search(r'^prodigy_mapreduce_agents_total\{.*status="success"\} (\d+)$',
                        done.stdout, re.M)
    return [] if counted and int(counted[1]) == 2 else [f"not two agents: {done.stdout[-2000:]}"]


def page_problems(image):
    """The commands of docs/install.md: they must name what is here."""
    page = read("docs/install.md")
    wanted = [f"docker build --tag {image} .", f"kubectl apply --kustomize {FOLDER}",
              f"kubectl delete --kustomize {FOLDER}"]
    return [f"docs/install.md has no {command}" for command in wanted if command not in page]


BROKEN = [
    ("deployment.yaml", "a misspelt field", "readinessProbe:", "readynessProbe:"),
    ("deployment.yaml", "a text for a number", "replicas: 1", "replicas: one"),
    ("deployment.yaml", "a required field left out", "            - name: metrics\n"
     "              containerPort: 9090\n", "            - name: metrics\n"),
    ("deployment.yaml", "a field in the wrong place", "  strategy:\n",
     "  template_: {}\n  strategy:\n"),
    ("service.yaml", "a list that is none",
     "    - name: metrics\n      port: 9090\n      targetPort:",
     "    name: metrics\n    port: 9090\n    targetPort:"),
    ("servicemonitor.yaml", "a misspelt field", "metricRelabelings", "metric_relabelings"),
    ("servicemonitor.yaml", "nothing to select", "  selector:\n    matchLabels:\n"
     "      app.kubernetes.io/name: jsonl-exporter\n", ""),
    ("kustomization.yaml", "a misspelt field", "resources:", "ressources:"),
]
DISAGREEING = [
    ("service.yaml", "another selector", "    app.kubernetes.io/name: jsonl-exporter\n  # One",
     "    app.kubernetes.io/name: exporter\n  # One"),
    ("deployment.yaml", "a volume that is not there", "        - name: state\n          empty",
     "        - name: states\n          empty"),
    ("deployment.yaml", "a container that may gain privileges",
     "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"),
    ("deployment.yaml", "a probe of another path", "path: /ready", "path: /metrics"),
]


def check(report, options):
    texts = {name: read(f"{FOLDER}/{name}") for name in FILES}
    sound = True
    for name, text in texts.items():
        sound &= report.check(f"{FOLDER}/{name}: schema (models of python3-kubernetes, walked "
                              "strictly)", schema_problems(text))
    for name, what, old, new in BROKEN:
        report.refuses(f"{name} with {what}", schema_problems(broken(texts[name], old, new)))
    if not sound:
        return
    report.check("the files agree with each other", agreement_problems(texts))
    for name, what, old, new in DISAGREEING:
        copies = {**texts, name: broken(texts[name], old, new)}
        report.refuses(f"{name} with {what}", agreement_problems(copies))
    pod = yaml.safe_load(texts["deployment.yaml"])["spec"]["template"]["spec"]
    report.check("docs/install.md speaks of these files",
                 page_problems(pod["containers"][1]["image"]))
    report.check("the exporter counts what the example's program writes",
                 program_problems(texts["deployment.yaml"], options.binary))
