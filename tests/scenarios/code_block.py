"""The code blocks of the project's Markdown pages, each with the way in which it is checked.

Every fenced block of README.md, CHANGELOG.md, docs/**/*.md, samples/**/*.md, bench/**/*.md and
packaging/**/*.md is run or checked by test_code_blocks.py; one that nobody can check fails. How is
told by the fence's language and, where that is not enough, by comments on the lines directly above
the fence:

  language     what is done
  yaml         by its keys: a rule pack or config file (sources, metrics, rules, tables, defaults,
               overrides, settings) goes through `jsonl-exporter check`; scrape_configs, global,
               remote_write, ... or a list of `- job_name:` through `promtool check config`; groups
               through `promtool check rules`; rule_files with tests through
               `promtool test rules`; a pack's tests through `jsonl-exporter test`; a list of
               `- targets:` is a file_sd file; receivers and route go through `amtool check-config`.
               Anything else (compose, Kubernetes, Grafana, ...) needs `checked by`
  promql       each expression is parsed by promtool, and the metrics that it names must exist
  json         one document, or one a line. With `events: PACK` the lines go through that pack's
               `once`: none may be skipped or be without a rule. What has "$schema" must be a schema
  sh           is run by bash -eu (also -o pipefail), to the end, with success: see below
  python       is run;  c: is compiled;  mtail: is compiled by it;  toml: is parsed
  text, none   needs `output`, or one of the comments that say how

  comment                    the block
  <!-- output -->            is what the sh block above it prints (stdout and stderr): its lines
                             are found there in this order, one after the other; a line `...`
                             stands for any lines, `...` within a line for any text
  <!-- output: N -->         the same, and the exit status is N;  <!-- fails: N --> says so
                             without an output
  <!-- continues -->         is run after the sh block before it on the page, in the same shell:
                             the daemon, variables and files of that block are still there
  <!-- checked by: FILE -->  cannot be run here (root, network, docker, systemctl, kubectl, minutes
                             of building). Its syntax is checked, and FILE (or FILE, FILE), a
                             test or a script that tests run, must name every program of an sh
                             block and its --options; of another language, the page
  <!-- events: PACK -->      is event lines of that pack
  <!-- example: NAME -->, <!-- input: PATH -->, <!-- output -->
                             three blocks: a pack, lines or a document at PATH, and samples that
                             `once` must print of them
  <!-- pack-test: NAME -->   is a pack's tests: run by `jsonl-exporter test` as pack-test.yaml,
                             with the output of the block below it
  <!-- excerpt of: FILE -->  stands in FILE, line for line (blanks around lines aside)
  <!-- picture -->           drawn in letters: each of its words of four letters or more is found
                             in src/

A block whose first line is a comment with a file's name and nothing else (`# mine.yaml`, or
`# mine.yaml: what for`) is that file in the working directory of the sh blocks below it.

An sh block runs in a network and a file tree of its own: a copy of the project (scripts, samples,
rules, dashboards, packaging, docs) as working directory, the program as build/jsonl-exporter and in
the PATH, a home directory that holds the recorded samples (.prodigy, .claude), events below
/srv/jobs/events and in ./events.jsonl. Write it as a reader would type it, one command a line. A
program that does not end by itself (jsonl-exporter, samples/simulate, samples/services, prometheus,
alertmanager) is started, waited for until it serves, and stays for the rest of the block, as if the
rest were typed in another terminal; the next start of the same program ends it. Ports are free;
nothing beyond the machine can be reached.
"""

import dataclasses
import glob
import os
import re

from program import REPOSITORY

PAGES = ("*.md", "docs/**/*.md", "samples/*.md", "tests/data/*.md", "bench/**/*.md",
         "dashboards/**/*.md", "packaging/**/*.md")

# Pages that a test compares, whole, with what the program prints. Their indented blocks need no
# other check.
COMPARED = {"docs/options.md": "scripts/test"}

FENCE = re.compile(r"( *)(`{3,}|~{3,})([^\s`]*) *$")
COMMENT = re.compile(r" *<!-- (.*?) -->$")
WORDS = "checked by|events|fails|excerpt of|example|input|pack-test|output"
MARK = re.compile(rf"(?:(output|continues|picture)|({WORDS}): (.+))$")
FILE_NAME = re.compile(r"(?:#|//) ([\w./-]+\.\w+)(?::.*)?$")


class BadPage(AssertionError):
    """A page whose blocks cannot be told apart, or that marks them wrongly."""


@dataclasses.dataclass
class Block:
    page: str
    line: int  # of the fence
    language: str
    text: str
    marks: dict = dataclasses.field(default_factory=dict)
    shown: "Block" = None  # the block of its output
    example: "Block" = None  # of an input block: its pack
    chain: list = dataclasses.field(default_factory=list)  # sh blocks that continue this one
    files: dict = dataclasses.field(default_factory=dict)  # those that the page has shown so far

    @property
    def place(self):
        return f"{self.page}:{self.line}"

    @property
    def name(self):
        """How a listing of tests calls it."""
        kind = next(iter(self.marks), None) if self.language == "" else self.language
        return f"{self.place} {kind or 'text'}".replace(" ", "-")

    @property
    def file(self):
        """The file that the block is, by its first line, or None."""
        match = FILE_NAME.match(self.text.split("\n", 1)[0])
        return match and match[1]


def pages(root=REPOSITORY):
    found = {path for pattern in PAGES for path in glob.glob(pattern, root_dir=root,
                                                            recursive=True)}
    return sorted(found)


def read_blocks(page, text):
    """All blocks of a page in their order; indented ones have the language 'indented'."""
    blocks, fence, marks, previous, listing = [], None, {}, "", False
    for number, line in enumerate(text.split("\n"), 1):
        if fence:
            if re.match(rf" *{fence[2]}[`~]* *$", line):
                blocks.append(Block(page, start, fence[3], "".join(body), marks))
                fence, marks, previous = None, {}, ""
            else:
                body.append(line.removeprefix(fence[1]) + "\n")
            continue
        match = FENCE.match(line)
        if match:
            fence, start, body = match, number, []
            continue
        comment = COMMENT.match(line)
        if comment:
            marks.update(parse_mark(page, number, comment[1]))
            continue
        if line.strip() and marks:
            raise BadPage(f"{page}:{number}: {', '.join(marks)}: no block follows directly")
        if re.match(r"\s*([-*+]|\d+\.) ", line):
            listing = True
        elif re.match(r"\S", line):
            listing = False
        if line.startswith("    ") and not listing and not previous.strip():
            blocks.append(Block(page, number, "indented", line))
        previous = line
    if fence:
        raise BadPage(f"{page}:{start}: this block has no end")
    return blocks


def parse_mark(page, number, comment):
    """The mark that a comment is, or nothing for a comment about something else."""
    match = MARK.match(comment)
    if match:
        return {match[1] or match[2]: match[3] or ""}
    if re.match(rf"(continues|picture|checked|excerpt|{WORDS})\b", comment):
        raise BadPage(f"{page}:{number}: cannot read the mark: {comment}")
    return {}


def join(blocks):
    """Gives output and continuing blocks to those that they belong to, and each block the files
    that the page has shown above it. What is left has to be checked by itself."""
    left, shell, files, last, example = [], None, {}, None, None
    for block in blocks:
        if last and "example" in last.marks and "input" not in block.marks:
            raise BadPage(f"{last.place}: an example without its input")
        block.files = dict(files)
        if block.file:
            files[block.file] = block.text
        if "output" in block.marks:
            if not (last and (last.language == "sh" or last.marks.keys() & {"input", "pack-test"})):
                raise BadPage(f"{block.place}: this output follows nothing that prints")
            last.shown = block
        elif "continues" in block.marks:
            if not shell or block.language != "sh":
                raise BadPage(f"{block.place}: no sh block that this could continue")
            shell[0].chain.append(block)
            shell.append(block)
        else:
            if block.language == "sh":
                shell = [block]
            if "example" in block.marks:
                example = block
            block.example = "input" in block.marks and example
            left.append(block)
        last = block
    if last and "example" in last.marks:
        raise BadPage(f"{last.place}: an example without its input")
    return left


def blocks_of(page, root=REPOSITORY):
    with open(os.path.join(root, page), encoding="utf-8") as file:
        return join(read_blocks(page, file.read()))
