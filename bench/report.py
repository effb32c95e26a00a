"""The table: rows are dicts, a column is shown if some row has it."""
import datetime
import os
import platform
import subprocess
import tempfile

COLUMNS = [
    ("what", "", "{}"),
    ("wall_s", "wall s", "{:.2f}"),
    ("events_per_s", "events/s", "{:,.0f}"),
    ("mb_per_s", "MB/s", "{:,.0f}"),
    ("us_cpu_per_event", "CPU us/event", "{:.2f}"),
    ("cpu_percent", "CPU %", "{:.3f}"),
    ("rss_mb", "RSS MB", "{:.1f}"),
    ("peak_rss_mb", "peak RSS MB", "{:.1f}"),
    ("p50_ms", "p50 ms", "{:.2f}"),
    ("p99_ms", "p99 ms", "{:.2f}"),
    ("samples", "samples checked", "{:,}"),
]

BEGIN, END = "<!-- measured: written by bench/run --write-docs -->", "<!-- end of measured -->"


def cells(rows):
    shown = [column for column in COLUMNS if any(column[0] in row for row in rows)]
    yield [title for _, title, _ in shown]
    for row in rows:
        yield [form.format(row[key]) if key in row else "" for key, _, form in shown]


def markdown(rows):
    """Padded, so that it reads as plain text too."""
    table = list(cells(rows))
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(line, widths))) + " |"
             for line in table]
    rule = "|" + "|".join("-" * (width + 1) + (":" if i else "-")
                          for i, width in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def value(rows, what, column):
    for row in rows:
        if row["what"] == what:
            return row.get(column)
    return None


def many_ids(rows):
    return [row["what"] for row in rows if row["what"].endswith("ids in one directory")
            and not row["what"].startswith("bare")]


def ratios(rows):
    """The comparisons that matter, of figures of this run."""
    lines = []
    for what in ("once", "once, built-in pack", "jsonl-exporter: backlog of one file",
                 "jsonl-exporter: 8 growing files", *many_ids(rows)):
        bare = "bare yajl, " + (what if what in many_ids(rows) else "empty callbacks")
        rate, bare_rate = value(rows, what, "events_per_s"), value(rows, bare, "events_per_s")
        cpu, bare_cpu = value(rows, what, "us_cpu_per_event"), value(rows, bare, "us_cpu_per_event")
        if rate and bare_rate:
            lines.append(f"- {what}: {rate / bare_rate:.2f} of bare yajl over the same bytes "
                         f"({bare_cpu / cpu:.2f} by processor time).")
    for what in ("backlog of one file", "8 growing files"):
        ours = value(rows, f"jsonl-exporter: {what}", "events_per_s")
        theirs = value(rows, f"mtail: {what}", "events_per_s")
        if ours and theirs:
            lines.append(f"- {what}: {ours / theirs:.1f} times as fast as mtail.")
    return "\n".join(lines)


def first_line(path, prefix):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith(prefix):
                return line.split(":", 1)[1].strip()
    return "unknown"


def machine():
    memory = int(first_line("/proc/meminfo", "MemTotal").split()[0]) / (1 << 20)
    cpu = first_line("/proc/cpuinfo", "model name")
    with open("/etc/os-release", encoding="utf-8") as file:
        release = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    system = release.get("PRETTY_NAME", "").strip('"')
    return (f"{os.cpu_count()} x {cpu}, {memory:.0f} GiB, Linux {platform.release()}, {system}; "
            f"files in the page cache of {temporary_file_system()}")


def temporary_file_system():
    found = subprocess.run(["findmnt", "--noheadings", "--output", "FSTYPE", "--target",
                            tempfile.gettempdir()], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "an unknown file system"


def version(binary):
    found = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    return (found.stdout or found.stderr).split("\n")[0]


def write_docs(path, rows, binary):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    today = datetime.date.today().isoformat()
    measured = (f"{today}, {version(binary)}\n\n{machine()}\n\n{markdown(rows)}\n\n"
                f"{ratios(rows)}\n")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{measured}{END}{after}")
