"""How each kind of code block is checked: see code_block.py. Every check raises AssertionError."""

import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib

import pytest
import yaml

import block_sandbox
from code_block import COMPARED, blocks_of
from program import REPOSITORY, make_environment, run

PACK_KEYS = {"sources", "defaults", "metrics", "tables", "rules", "overrides"}
PROMETHEUS_KEYS = {"global", "scrape_configs", "rule_files", "alerting", "remote_write",
                   "remote_read", "storage", "tracing"}
# Commands that need no test.
EVERYWHERE = set("cd echo printf cat cp mv rm mkdir chmod ls sleep export".split())
# What PromQL has besides functions.
PROMQL_WORDS = set("and or unless by without on ignoring group_left group_right bool offset inf "
                   "nan start end atan2".split())
# With what a line ends or begins that is not all of an expression.
GOES_ON = (r"\b(?:and|or|unless|by|without|on|ignoring|offset|group_left|group_right)\b\s*"
           r"|[-+*/%^<>=!,]\s*")
GRAFANA = {"__rate_interval": "5m", "__interval": "1m", "__range": "1h"}


def need(condition, *what):
    if not condition:
        raise AssertionError("\n".join(map(str, what)))


def check(block, directory):
    """`directory`: empty, for files of the check."""
    for name in ("checked by", "excerpt of", "picture", "pack-test", "example", "input", "events"):
        if name in block.marks:
            return MARKED[name](block, directory)
    need(block.language in LANGUAGES, f"{block.place}: nobody can check a block of language "
         f"'{block.language}'; see tests/scenarios/code_block.py")
    return LANGUAGES[block.language](block, directory)


# --- marks --------------------------------------------------------------------------------------

def source(name):
    path = os.path.join(REPOSITORY, name)
    need(os.path.isfile(path), f"there is no {name}")
    with open(path, encoding="utf-8") as file:
        return file.read()


def check_elsewhere(block, directory):
    names = [name.strip() for name in block.marks["checked by"].split(",")]
    text = "\n".join(map(source, names))
    if block.language == "sh":
        parse_shell(block)
        for word in shell_words(block.text):
            need(word in text, f"{block.place}: {', '.join(names)} does not name {word}")
        return
    need(block.page in text or os.path.basename(block.page) in text,
         f"{block.place}: {', '.join(names)} does not name the page {block.page}")
    parser = {"yaml": yaml_documents, "json": json_documents, "toml": check_toml,
              "python": parse_python}.get(block.language)
    if parser:
        parser(block)


def shell_words(script):
    """The programs of a script, and their long options."""
    script = re.sub(r"\\\n", " ", script)
    script = re.sub(r"<<-?'?(\w+)'?.*?\n\s*\1\n", "\n", script, flags=re.S)
    lexer = shlex.shlex(script.replace("\n", ";\n"), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    begins, words = True, []
    for word in lexer:
        if set(word) <= set("();<>|&"):
            begins = set(word) <= set("();|&")
        elif begins and (word in ("sudo", "exec", "env", "if", "then", "while", "until", "do",
                                  "done", "fi", "!") or re.match(r"\w+=", word)):
            continue
        elif begins:
            words.append(os.path.basename(word))
            begins = False
        elif word.startswith("--") and len(word) > 2:
            words.append(word.split("=")[0])
    return [word for word in words if word not in EVERYWHERE]


def check_excerpt(block, _):
    want = [line.strip() for line in block.text.splitlines() if line.strip()]
    have = [line.strip() for line in source(block.marks["excerpt of"]).splitlines()]
    have = [line for line in have if line]
    found = any(have[i:i + len(want)] == want for i in range(len(have)))
    need(found and want, f"{block.place}: these lines do not stand in {block.marks['excerpt of']}")


@functools.cache
def source_words():
    words = set()
    for folder, _, names in os.walk(os.path.join(REPOSITORY, "src")):
        words.add(os.path.basename(folder))
        for name in names:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                words.update(re.findall(r"[a-z0-9_]+", file.read().lower()))
    return words


def check_picture(block, _):
    words = set(re.findall(r"[A-Za-z][A-Za-z_]{3,}", block.text))
    strange = sorted(word for word in words if word.lower() not in source_words())
    need(words and not strange, f"{block.place}: not in src/: {', '.join(strange)}")


def check_pack_test(block, directory):
    need(block.shown, f"{block.place}: a pack's test has to show its output")
    (directory / "pack-test.yaml").write_text(block.text)
    done = run("test", "pack-test.yaml", cwd=directory)
    status = int(block.shown.marks["output"] or 0)
    need(done.returncode == status, f"{block.place}: status {done.returncode}", done.stderr)
    compare(block.shown, done.stdout + done.stderr)


def check_example(block, directory):
    (directory / "pack.yaml").write_text(block.text)
    done = run("check", "pack.yaml", cwd=directory)
    need(done.returncode == 0, block.place, done.stdout, done.stderr)


def check_input(block, directory):
    """The last of three: its example is the pack, what it shows must be printed."""
    need(block.example and block.shown, f"{block.place}: input without a pack above, or an output")
    events = directory / "events" / block.marks["input"]
    events.parent.mkdir(parents=True)
    events.write_text(block.text)
    (directory / "pack.yaml").write_text(block.example.text)
    done = run("once", "--rules", "pack.yaml", directory / "events", cwd=directory)
    need(done.returncode == 0, block.place, done.stderr)
    shown = done.stdout.splitlines()
    for line in block.shown.text.splitlines():
        need(line in shown, f"{block.place}: {line} is not in:",
             *(s for s in shown if not s.startswith(("#", "jsonl_exporter_", "process_"))))


def check_events(block, directory):
    """Event lines: the pack takes all of them, and has a rule for each."""
    for document in json_documents(block):
        need(isinstance(document, dict), f"{block.place}: an event is an object")
    path = directory / "events" / "repo" / "mapreduce-1" / "events-1.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(block.text)
    done = run("once", "--rules", block.marks["events"], directory / "events")
    need(done.returncode == 0, block.place, done.stderr)
    read = re.search(r"^jsonl_exporter_read_lines_total (\d+)$", done.stdout, re.M)
    need(read and int(read[1]) == block.text.count("\n"), f"{block.place}: lines were not read")
    for name in ("lines_skipped_total", "events_unmatched_total", "rule_errors_total"):
        bad = [line for line in done.stdout.splitlines()
               if line.startswith(f"jsonl_exporter_{name}") and not line.endswith(" 0")]
        need(not bad, f"{block.place}:", *bad)


# --- languages ----------------------------------------------------------------------------------

def tool(block, directory, name, *arguments, text=None, suffix="yml"):
    """Runs NAME on the block's text, which must please it."""
    path = directory / f"block.{suffix}"
    path.write_text(block.text if text is None else text)
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    done = subprocess.run([name, *arguments, path], cwd=directory, capture_output=True, text=True,
                          env=make_environment(), timeout=60)
    need(done.returncode == 0, f"{block.place}: {name} {' '.join(arguments)}:", done.stdout,
         done.stderr)
    return done.stdout + done.stderr


def yaml_documents(block):
    try:
        return list(yaml.safe_load_all(block.text))
    except yaml.YAMLError as error:
        raise AssertionError(f"{block.place}: {error}") from error


@functools.cache
def setting_keys():
    """The first parts of the keys that a config file may have."""
    return {key.split(".")[0] for key in re.findall(
        r"^\| `-[^|]*\|[^|]*\| `([a-z_.]+)`", source("docs/options.md"), re.M)}


def check_yaml(block, directory):
    documents = yaml_documents(block)
    first = documents[0] if len(documents) == 1 else None
    keys = set(first) if isinstance(first, dict) else set()
    if isinstance(first, list) and first and all(isinstance(each, dict) for each in first):
        if all("job_name" in each for each in first):
            return check_prometheus(block, directory, yaml.safe_dump({"scrape_configs": first}))
        if all("targets" in each for each in first):
            return check_targets(block, directory, first)
        if all("alert" in each or "record" in each for each in first):
            return check_rules(block, directory, {"groups": [{"name": "page", "rules": first}]})
    elif keys == {"groups"}:
        return check_rules(block, directory, first)
    elif "tests" in keys and keys & {"rule_files", "evaluation_interval"}:
        return tool(block, directory, "promtool", "test", "rules")
    elif keys & {"receivers", "route", "inhibit_rules"}:
        return tool(block, directory, "amtool", "check-config")
    elif keys & PROMETHEUS_KEYS:
        return check_prometheus(block, directory, block.text)
    elif "cases" in keys:
        (directory / "pack-test.yaml").write_text(block.text)
        done = run("test", "pack-test.yaml", cwd=directory)
        return need(done.returncode == 0, block.place, done.stdout, done.stderr)
    elif keys and keys <= PACK_KEYS | setting_keys():
        return check_pack(block, directory)
    raise AssertionError(f"{block.place}: YAML of a kind that nobody checks: "
                         f"{', '.join(map(str, keys)) or type(first).__name__}")


def check_pack(block, directory):
    for name, text in block.files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    name = block.file or "block.yaml"
    (directory / name).parent.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(block.text)
    done = run("check", name, cwd=directory)
    need(done.returncode == 0, block.place, done.stdout, done.stderr)


def check_prometheus(block, directory, text):
    """Beside the shipped rules, as the shipped configuration is."""
    shipped = os.path.join(REPOSITORY, "dashboards", "prometheus")
    for name in os.listdir(shipped) if os.path.isdir(shipped) else ():
        os.symlink(os.path.join(shipped, name), directory / name)
    tool(block, directory, "promtool", "check", "config", text=text, suffix="config.yml")


def check_targets(block, directory, groups):
    (directory / "targets.yml").write_text(block.text)
    for group in groups:
        need(set(group) <= {"targets", "labels"}, f"{block.place}: {group}")
        need(all(re.fullmatch(r"[\w.\-\[\]:]+:\d+", each) for each in group["targets"]), group)
        need(all(isinstance(value, str) for value in group.get("labels", {}).values()), group)
    config = {"scrape_configs": [{"job_name": "page", "file_sd_configs": [
        {"files": [str(directory / "targets.yml")]}]}]}
    said = tool(block, directory, "promtool", "check", "config", text=yaml.safe_dump(config))
    need("WARNING" not in said, block.place, said)


def check_rules(block, directory, groups):
    tool(block, directory, "promtool", "check", "rules", text=yaml.safe_dump(groups))
    for group in groups["groups"]:
        for rule in group["rules"]:
            names_exist(block, rule["expr"], {each.get("record") for each in group["rules"]})


@functools.cache
def known_names():
    """Metrics that a query may name."""
    names = {"up", "ALERTS", "scrape_samples_scraped", "scrape_duration_seconds"}
    for own, name in re.findall(r'\{(OWN )?"([a-z_]+)", [CGH],', source("src/daemon/own_table.c")):
        names.add(("jsonl_exporter_" if own else "") + name)
    rules = os.path.join(REPOSITORY, "rules")
    for name in os.listdir(rules):
        if name.endswith(".yaml"):
            with open(os.path.join(rules, name)) as file:
                names.update(yaml.safe_load(file).get("metrics") or ())
    recording = os.path.join(REPOSITORY, "dashboards", "prometheus", "recording.yml")
    if os.path.exists(recording):
        with open(recording) as file:
            names.update(rule.get("record") for group in yaml.safe_load(file)["groups"]
                         for rule in group["rules"])
    return names


def metrics_of(text):
    """Those that a file defines, if it is a pack."""
    try:
        pack = yaml.safe_load(text)
    except yaml.YAMLError:
        return ()
    return pack.get("metrics") or () if isinstance(pack, dict) else ()


def query_names(expression):
    """The metrics that an expression names."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'', "", expression)
    bare = re.sub(r"#.*", "", bare)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", bare)
    bare = re.sub(r"\boffset\s+\S+", "", bare)
    words = re.findall(r"(?<![\w:.])([a-zA-Z_:][\w:]*)\s*(?!\s*[\w(:])", bare)
    return {word for word in words if word.lower() not in PROMQL_WORDS}


def names_exist(block, expression, more=frozenset()):
    for name in query_names(expression):
        stem = re.sub(r"_(bucket|sum|count)$", "", name)
        need({name, stem} & (known_names() | more), f"{block.place}: there is no metric {name}")


def split_expressions(text):
    """Expressions end with an empty line, or with a line after which nothing can go on."""
    expressions, open_one = [], ""
    for line in text.split("\n"):
        whole = not sum(map(open_one.count, "([{")) - sum(map(open_one.count, ")]}"))
        if not line.strip() or (whole and open_one and not re.search(f"(?:{GOES_ON})$", open_one)
                                and not re.match(rf"\s*(?:{GOES_ON})", line)):
            expressions.append(open_one)
            open_one = ""
        open_one += line.rstrip() + "\n" if line.strip() else ""
    return [each.strip() for each in [*expressions, open_one] if each.strip()]


def expressions_of(block):
    text = re.sub(r"^\s*#.*$", "", block.text, flags=re.M)
    for name, value in GRAFANA.items():
        text = text.replace(f"${name}", value)
    return split_expressions(re.sub(r"\$\{?\w+\}?", ".*", text))


def are_parsed(expressions):
    """What promtool says against them, or nothing."""
    rules = [{"record": f"page:expression:{number}", "expr": expression}
             for number, expression in enumerate(expressions)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump({"groups": [{"name": "page", "rules": rules}]}, file)
        file.flush()
        if not shutil.which("promtool"):
            pytest.skip("promtool is not installed")
        done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True,
                              text=True, timeout=60)
    return done.stdout + done.stderr if done.returncode else None


@functools.cache
def whole_page_is_parsed(page):
    """All expressions of a page at once: pages have hundreds, and promtool takes its time."""
    expressions = [expression for block in blocks_if_any(page) if block.language == "promql"
                   for expression in expressions_of(block)]
    return are_parsed(expressions) is None


def check_promql(block, _):
    expressions = expressions_of(block)
    need(expressions, f"{block.place}: no expression")
    if not (block in blocks_if_any(block.page) and whole_page_is_parsed(block.page)):
        complaint = are_parsed(expressions)
        need(complaint is None, f"{block.place}:", complaint)
    shown = {name for text in block.files.values() for name in metrics_of(text)}
    for expression in expressions:
        names_exist(block, expression, shown)


@functools.cache
def blocks_if_any(page):
    return blocks_of(page) if os.path.exists(os.path.join(REPOSITORY, page)) else []


def json_documents(block):
    try:
        return [json.loads(block.text)]
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in block.text.splitlines() if line]
    except ValueError as error:
        raise AssertionError(f"{block.place}: {error}") from error


def check_json(block, _):
    documents = json_documents(block)
    need(documents, f"{block.place}: nothing in it")
    for document in documents:
        if isinstance(document, dict) and "$schema" in document:
            jsonschema = pytest.importorskip("jsonschema")
            try:
                jsonschema.validators.validator_for(document).check_schema(document)
            except jsonschema.SchemaError as error:
                raise AssertionError(f"{block.place}: {error.message}") from error


def parse_shell(block):
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
    need(done.returncode == 0 and not done.stderr, block.place, done.stderr)


def expected_status(block):
    return int(block.marks.get("fails") or (block.shown and block.shown.marks["output"]) or 0)


def check_shell(block, directory):
    blocks = [block, *block.chain]
    for each in blocks:
        parse_shell(each)
        hidden = re.search(r"^(?!\s*(?:if|while|until|\[)\b).*(?:&&|\|\|) ", each.text, re.M)
        need(not hidden, f"{each.place}: bash -e does not see what fails before && or ||: put each "
             f"command on a line of its own: {hidden and hidden[0]}")
    if not block_sandbox.unshare():
        pytest.skip("namespaces cannot be made here")
    files = {name: text for each in blocks for name, text in each.files.items()}
    status, texts = block_sandbox.Sandbox(directory).run(
        [(each.text, expected_status(each)) for each in blocks], files)
    last = blocks[max(0, len(texts) - 1)]
    need(status == 0 and len(texts) == len(blocks), f"{last.place}: ended with {status}",
         texts[-1] if texts else "")
    for each, text in zip(blocks, texts):
        if each.shown:
            compare(each.shown, text)


def compare(shown, text):
    """Whether the lines of `shown` stand in text, in their order. `...` is anything."""
    pattern = ""
    for line in shown.text.strip("\n").split("\n"):
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(map(re.escape, line.rstrip().split("..."))) + r" *\n"
    need(re.search(r"^" + pattern, text.rstrip("\n") + "\n", re.M),
         f"{shown.place}: this is not what is printed:", text)


def parse_python(block):
    try:
        compile(block.text, block.place, "exec")
    except SyntaxError as error:
        raise AssertionError(f"{block.place}: {error}") from error


def check_python(block, directory):
    tool(block, directory, sys.executable, suffix="py")


def check_c(block, directory):
    tool(block, directory, "cc", "-fsyntax-only", "-Wall", "-Werror", suffix="c")


def check_mtail(block, directory):
    (directory / "empty.log").touch()
    tool(block, directory, "mtail", "--one_shot", "--logs", "empty.log", "--progs", suffix="mtail")


def check_toml(block, _=None):
    try:
        tomllib.loads(block.text)
    except tomllib.TOMLDecodeError as error:
        raise AssertionError(f"{block.place}: {error}") from error


def check_indented(block, _):
    need(block.page in COMPARED and block.page in source(COMPARED[block.page]),
         f"{block.place}: indented code: put it between fences, with its language")


MARKED = {
    "checked by": check_elsewhere,
    "excerpt of": check_excerpt,
    "picture": check_picture,
    "pack-test": check_pack_test,
    "example": check_example,
    "input": check_input,
    "events": check_events,
}
LANGUAGES = {
    "yaml": check_yaml,
    "json": check_json,
    "promql": check_promql,
    "sh": check_shell,
    "python": check_python,
    "c": check_c,
    "mtail": check_mtail,
    "toml": check_toml,
    "indented": check_indented,
}
