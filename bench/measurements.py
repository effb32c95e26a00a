"""The measurements. Each returns rows of the table (see report.py) and raises program.Failed when a
count is wrong: a fast wrong answer is no result."""
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time

import exposition
import program
from datasets import Dataset, Growth

EXPORTER, WITHOUT_IDS, MTAIL = "jsonl-exporter", "jsonl-exporter, no ids", "mtail"


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def latency_columns(milliseconds):
    if not milliseconds:
        return {}
    return {"p50_ms": percentile(milliseconds, 50), "p99_ms": percentile(milliseconds, 99)}


def work_columns(dataset, wall, cpu):
    return {"wall_s": wall, "events_per_s": dataset.events / wall,
            "mb_per_s": dataset.bytes / wall / 1e6, "us_cpu_per_event": cpu / dataset.events * 1e6}


def check_samples(who, body, expected):
    wrong = exposition.wrong_samples(body, expected)
    if wrong:
        name, wanted, found = wrong[0]
        raise program.Failed(f"{who}: {len(wrong)} of {len(expected['samples'])} samples wrong; "
                             f"{name} is {found}, not {wanted}")
    return {"samples": len(expected["samples"])}


def settled(running, dataset):
    """The samples once they stand still: a series born last shows its value one scrape later."""
    for _ in range(40):
        body = running.scrape()
        if body and not exposition.wrong_samples(body, dataset.expected):
            break
        time.sleep(0.05)
    return check_samples(running.name, body, dataset.expected)


class Bench:
    """Where things are, how much is to be done, and the data sets made so far."""

    def __init__(self, tools, folder, scale):
        self.tools, self.folder, self.scale = tools, folder, scale
        self.sets = {}

    def dataset(self, name, *options):
        if name not in self.sets:
            self.sets[name] = Dataset(self.tools.generate, os.path.join(self.folder, name),
                                      *options)
        self.sets[name].warm()
        return self.sets[name]

    def drop(self, name):
        shutil.rmtree(self.sets.pop(name).folder)

    def one_file(self):
        return self.dataset("one", "--events", str(self.scale.events))

    def rules_without_ids(self):
        """equal.yaml, but lines are not checked against the ids counted before: as mtail does."""
        path = os.path.join(self.folder, "without-ids.yaml")
        with open(self.tools.path("equal.yaml"), encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("    id: id\n", ""))
        return path

    def follower(self, name, tree, folder):
        """The program called NAME, to be started on this tree."""
        if name == MTAIL:
            return program.mtail(self.tools.mtail, self.tools.path("equal.mtail"), tree, folder)
        rules = (self.rules_without_ids() if name == WITHOUT_IDS
                 else self.tools.path("equal.yaml"))
        return program.exporter(self.tools.exporter, rules, tree, folder)

    @contextlib.contextmanager
    def scratch(self):
        """(folder, empty tree inside)"""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            tree = os.path.join(folder, "tree")
            os.mkdir(tree)
            yield folder, tree


def run_to_end(bench, command):
    """(output, what `timed` tells) of a program that ends by itself."""
    result = os.path.join(bench.folder, "timed.json")
    done = subprocess.run([bench.tools.timed, result, *command], stdin=subprocess.DEVNULL,
                          capture_output=True, check=True)
    with open(result, encoding="ascii") as file:
        took = json.load(file)
    if took["status"] != 0:
        raise program.Failed(f"{' '.join(command)}: exit {took['status']}\n{done.stderr.decode()}")
    return done.stdout, took


def limits(bench):
    """What the machine and the parser allow."""
    dataset, rows = bench.one_file(), []
    path = os.path.join(dataset.tree, dataset.files()[0])
    for title, tool in (("bare line scan", bench.tools.bare_scan),
                        ("bare yajl, empty callbacks", bench.tools.bare_yajl)):
        runs = [json.loads(subprocess.run([tool, path], check=True, capture_output=True).stdout)
                for _ in range(bench.scale.runs)]
        run = min(runs, key=lambda run: run["wall"])
        if run["lines"] != dataset.events or run["bytes"] != dataset.bytes:
            raise program.Failed(f"{title}: {run}, not {dataset.events} lines")
        rows.append({"what": title, **work_columns(dataset, run["wall"], run["cpu"])})
    return rows


def check_pack_prodigy(body, expected):
    """The built-in pack's own view: every completed agent is one successful item."""
    wanted = sum(value for name, value in expected["samples"].items()
                 if name.startswith("prodigy_agents_completed_total{"))
    found = sum(value for name, value in exposition.parse(body).items()
                if name.startswith("prodigy_mapreduce_items_total{") and 'status="success"' in name)
    if found != wanted:
        raise program.Failed(f"pack prodigy: {found} successful items, not {wanted}")
    return {"samples": 1}


def once(bench):
    dataset, rows = bench.one_file(), []
    for title, rules, check in (
            ("once", bench.tools.path("equal.yaml"),
             lambda body, expected: check_samples("once", body, expected)),
            ("once, built-in pack", "prodigy", check_pack_prodigy)):
        command = [bench.tools.exporter, "once", "--rules", rules, dataset.tree]
        runs = [run_to_end(bench, command) for _ in range(bench.scale.runs)]
        output, took = min(runs, key=lambda run: run[1]["wall"])
        rows.append({"what": title, **work_columns(dataset, took["wall"], took["cpu"]),
                     "peak_rss_mb": took["peak_rss"] / 1e6, **check(output, dataset.expected)})
    return rows


def follow_backlog(bench, name):
    """One file with everything in it, followed from the start of the program (mtail: from the
    moment at which the file is filled). Scraped 20 times a second meanwhile."""
    dataset = bench.one_file()
    runs = []
    for _ in range(bench.scale.runs):
        with bench.scratch() as (folder, tree), Growth(dataset, tree) as growth:
            late = name == MTAIL
            if not late:
                growth.append_all()
            with bench.follower(name, tree, folder) as running:
                begin, cpu = running.started, 0.0
                if late:
                    running.wait_until_up()
                    time.sleep(2)
                    begin, cpu = time.monotonic(), running.cpu_seconds()
                    threading.Thread(target=growth.append_all).start()
                end, latencies = running.wait_for_events(dataset.events)
                cpu = running.cpu_seconds() - cpu
                runs.append({"what": f"{name}: backlog of one file",
                             **work_columns(dataset, end - begin, cpu),
                             **latency_columns(latencies),
                             "peak_rss_mb": running.peak_rss() / 1e6,
                             **settled(running, dataset)})
    return [min(runs, key=lambda row: row["wall_s"])]


def follow_growth(bench, name):
    """Eight files that grow at once, as fast as they can be written, scraped meanwhile."""
    dataset = bench.dataset("eight", "--events", str(bench.scale.events), "--files", "8")
    with bench.scratch() as (folder, tree), Growth(dataset, tree) as growth, \
            bench.follower(name, tree, folder) as running:
        running.wait_until_up()
        time.sleep(bench.scale.settle)
        cpu, begin = running.cpu_seconds(), time.monotonic()
        writer = threading.Thread(target=growth.append_all)
        writer.start()
        end, latencies = running.wait_for_events(dataset.events)
        cpu = running.cpu_seconds() - cpu
        writer.join()
        return [{"what": f"{name}: 8 growing files", **work_columns(dataset, end - begin, cpu),
                 **latency_columns(latencies), "peak_rss_mb": running.peak_rss() / 1e6,
                 **settled(running, dataset)}]


def many_series(bench, series):
    """Scrapes of that many live series: at rest, and while as much as possible is appended. Without
    ids, so that the memory is that of the series."""
    jobs = series // 8
    first = jobs * 5  # events after which every job has its series
    dataset = bench.dataset(f"series{series}", "--jobs", str(jobs), "--every-series", "--events",
                            str(max(bench.scale.events, first * 2)))
    with bench.scratch() as (folder, tree), Growth(dataset, tree) as growth, \
            bench.follower(WITHOUT_IDS, tree, folder) as running:
        growth.append_lines(first)
        running.wait_until_up()
        running.wait_for_events(first)
        time.sleep(bench.scale.settle)
        idle = [running.timed_scrape()[0] for _ in range(bench.scale.scrapes)]

        cpu, begin = running.cpu_seconds(), time.monotonic()
        writer = threading.Thread(target=growth.append_all)
        writer.start()
        end, busy = running.wait_for_events(dataset.events, pause=0.002)
        cpu = running.cpu_seconds() - cpu
        writer.join()
        checked = settled(running, dataset)
        peak = {"peak_rss_mb": running.peak_rss() / 1e6}
    bench.drop(f"series{series}")
    title = f"{series:,} series"
    rate = (dataset.events - first) / (end - begin)
    return [{"what": f"{title}, scrapes at rest", **latency_columns(idle), **peak},
            {"what": f"{title}, scrapes during ingest", **latency_columns(busy), **peak, **checked,
             "events_per_s": rate, "us_cpu_per_event": cpu / (dataset.events - first) * 1e6}]


def write_to_visible(bench, name):
    """From the write of one line to the first scrape that shows it, polled without pause."""
    dataset, latencies = bench.one_file(), []
    with bench.scratch() as (folder, tree), Growth(dataset, tree) as growth, \
            bench.follower(name, tree, folder) as running:
        running.wait_until_up()
        time.sleep(bench.scale.settle)
        warm_up = 2000  # all series are there, and have been scraped
        growth.append_lines(warm_up)
        running.wait_for_events(warm_up)
        time.sleep(bench.scale.settle)
        for sample in range(1, bench.scale.lines + 1):
            time.sleep(0.02 + sample * 37 % 100 / 1000)
            begin = time.perf_counter()
            growth.append_lines(1)
            running.wait_for_events(warm_up + sample, pause=0)
            latencies.append((time.perf_counter() - begin) * 1000)
    return [{"what": f"{name}: one line, write to visible", **latency_columns(latencies)}]


def idle_directories(bench):
    """Finished job directories of one small file each: what they cost while nothing happens."""
    count = bench.scale.directories
    dataset = bench.dataset("directories", "--events", str(3 * count), "--jobs", str(count),
                            "--files", str(count), "--every-series")
    with bench.scratch() as (folder, _), bench.follower(EXPORTER, dataset.tree, folder) as running:
        end, _ = running.wait_for_events(dataset.events, pause=0.2)
        start_wall = end - running.started
        checked = settled(running, dataset)
        time.sleep(bench.scale.settle * 5)
        cpu, begin = running.cpu_seconds(), time.monotonic()
        time.sleep(bench.scale.idle_seconds)
        share = (running.cpu_seconds() - cpu) / (time.monotonic() - begin)
        return [{"what": f"{count:,} finished job directories, idle", "wall_s": start_wall,
                 "cpu_percent": share * 100, "peak_rss_mb": running.peak_rss() / 1e6, **checked}]


def restart(bench):
    """History that was counted: 1,000 job directories, 1 GB. Until /ready, after a stop in order and
    after SIGKILL; nothing may be read again."""
    count = bench.scale.history_directories
    dataset = bench.dataset("history", "--events", str(bench.scale.history_events), "--jobs",
                            str(count), "--files", str(count))
    rows = []
    with bench.scratch() as (folder, _):
        with bench.follower(EXPORTER, dataset.tree, folder) as running:
            running.wait_for_events(dataset.events)
            settled(running, dataset)
            wait_for_checkpoint(running)
        with bench.follower(EXPORTER, dataset.tree, folder) as running:
            rows.append(ready_row(running, dataset, f"{count:,} counted directories, restart"))
            wait_for_checkpoint(running)
            running.kill()
        with bench.follower(EXPORTER, dataset.tree, folder) as running:
            rows.append(ready_row(running, dataset, f"{count:,} counted directories, after SIGKILL"))
    bench.drop("history")
    return rows


def wait_for_checkpoint(running):
    """One that began after this call is committed."""
    name, begin = "jsonl_exporter_checkpoint_last_success_timestamp_seconds", time.time()
    while running.own_sample(name) < begin + 0.5:
        time.sleep(0.1)


def ready_row(running, dataset, title):
    end = running.wait_until_ready()
    row = {"what": title, "wall_s": end - running.started,
           "peak_rss_mb": running.peak_rss() / 1e6, **settled(running, dataset)}
    read = running.own_sample("jsonl_exporter_read_bytes_total")
    if read != dataset.bytes:
        raise program.Failed(f"{title}: {read:.0f} bytes read in all, not {dataset.bytes}")
    return row


def many_ids(bench):
    """Ten million ids in one job directory, in eight files, so that every id but those of the first
    is looked up. And bare yajl over the same bytes."""
    dataset = bench.dataset("ids", "--events", str(bench.scale.ids), "--files", "8")
    gather(dataset)
    dataset.warm()
    title = f"{dataset.events:,} ids in one directory"
    runs = [json.loads(subprocess.run([bench.tools.bare_yajl, os.path.join(dataset.tree, path)],
                                      check=True, capture_output=True).stdout)
            for path in dataset.files()]
    wall, cpu = sum(run["wall"] for run in runs), sum(run["cpu"] for run in runs)
    rows = [{"what": f"bare yajl, {title}", **work_columns(dataset, wall, cpu)}]
    with bench.scratch() as (folder, _), bench.follower(EXPORTER, dataset.tree, folder) as running:
        end, _ = running.wait_for_events(dataset.events, pause=0.1)
        rows.append({"what": title,
                     **work_columns(dataset, end - running.started, running.cpu_seconds()),
                     "peak_rss_mb": running.peak_rss() / 1e6, **settled(running, dataset)})
    bench.drop("ids")
    return rows


def gather(dataset):
    """All files into one directory."""
    for number, path in enumerate(dataset.files()):
        target = os.path.join(dataset.tree, "bench", "one", f"events-20260101_{number:06}.jsonl")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.rename(os.path.join(dataset.tree, path), target)
