"""The operations: how one is chosen at random, and how it is made.

An operation is a name and arguments that JSON can hold. Choosing depends on the seed and on the
model of the disk alone, never on time or on what the exporter did, so that a seed always gives the
same operations. Making one returns False where it cannot be made, as happens when a list of
operations is tried with some left out.
"""

import gzip
import os
import random
import time

from .disk import FOLLOWED, write_all
from .lines import JUNK

REPOSITORIES = ("repo", "archive")
LARGEST_ROUND = 15000  # lines
OPERATIONS = {}


class Operation:
    def __init__(self, weight, choose, make, states, plain):
        self.weight = weight
        self.choose = choose
        self.make = make
        self.states = states  # of the exporter, in which it may be chosen
        self.plain = plain  # exact for lines without ids, too


def operation(name, weight, choose, states="running paused down", plain=False):
    """Registers the decorated function as the one that makes the operation."""

    def register(make):
        OPERATIONS[name] = Operation(weight, choose, make, states.split(), plain)
        return make

    return register


def choose(rng, scene):
    """Names and arguments of the next operations: mostly one, with some that prepare or end it."""
    candidates = [
        (name, known)
        for name, known in OPERATIONS.items()
        if known.weight
        and scene.state in known.states
        and (known.plain or scene.with_ids)
    ]
    while True:
        (name, known), = rng.choices(candidates, [known.weight for _, known in candidates])
        chosen = known.choose(rng, scene)
        if chosen is not None:
            break
    before, after = [], []
    if isinstance(chosen, tuple):
        before, chosen, *after = chosen
    return [(step, {}) for step in before] + [(name, chosen)] + [(step, {}) for step in after]


# --- choosing -------------------------------------------------------------------------------------


def pick(rng, items):
    return rng.choice(items) if items else None


def seeded(rng, **arguments):
    return {**arguments, "seed": rng.randrange(1 << 30)}


def rested(rng, scene, often=0.85):
    """What goes before an operation that may destroy something."""
    if scene.state != "running":
        return []
    if rng.random() < often:
        return ["commit"] if rng.random() < 0.4 and not scene.full else ["sync"]
    return []


def base_names(scene):
    """Files that their writers know by this name."""
    return [name for name in scene.disk.files() if name.endswith(".jsonl")]


def writable(scene, name):
    return not scene.disk.names[name].compressed


def some_file(rng, scene):
    """An event file to write to; now and then one that is not there yet."""
    files = [name for name in scene.disk.files() if writable(scene, name)]
    bases = [name for name in files if name.endswith(".jsonl")]
    if not files or rng.random() < 0.15:
        return new_file(rng, scene)
    return rng.choice(bases if bases and rng.random() < 0.85 else files)


def new_job(rng, scene):
    number = scene.numbers["job"]
    scene.numbers["job"] += 1
    repository = REPOSITORIES[rng.random() < 0.15]
    return f"events/{repository}/job-{number}"


def new_file(rng, scene):
    jobs = scene.disk.jobs()
    if not jobs or (len(jobs) < 6 and rng.random() < 0.5):
        directory = new_job(rng, scene)
    else:
        directory = rng.choice(jobs)
    return f"{directory}/events-{rng.randrange(1, 4)}.jsonl"


def some_base(rng, scene, accept=lambda disk, name: True):
    return pick(rng, [name for name in base_names(scene) if accept(scene.disk, name)])


def has_content(disk, name):
    return disk.names[name].length > 0


def may_be_copied(disk, name):
    return has_content(disk, name) and disk.may_copy(os.path.dirname(name))


def choose_append(rng, scene):
    count = rng.choice((1, 1, 2, 5, 20, 60))
    return seeded(rng, name=some_file(rng, scene), count=count,
                  end=rng.choice(("\n",) * 9 + ("\r\n",)))


def choose_burst(rng, scene):
    if len(scene.book.lines) > LARGEST_ROUND:
        return None
    name = some_file(rng, scene)
    if scene.state != "running":
        return seeded(rng, name=name, count=rng.randrange(100, 400))
    chosen = seeded(rng, name=name, count=rng.randrange(500, 4000))
    return ([], chosen, "sync") if rng.random() < 0.8 else chosen


def choose_flood(rng, scene):
    """So much that reading it takes many turns, and several commits if they are frequent."""
    if len(scene.book.lines) > LARGEST_ROUND:
        return None
    count = rng.randrange(12000, 25000)
    return [], seeded(rng, name=some_file(rng, scene), count=count), "sync"


def choose_pieces(rng, scene):
    return seeded(rng, name=some_file(rng, scene), count=rng.randrange(1, 5),
                  longest=rng.choice((1, 30, 300)))


def choose_half(rng, scene):
    """Where the first part ends: a share of the line, or 1 for all but the LF."""
    return seeded(rng, name=some_file(rng, scene), share=rng.choice((0.1, 0.5, 0.9, 1)))


def choose_rest(rng, scene):
    name = pick(rng, [name for name in scene.disk.files() if scene.disk.names[name].half])
    return name and {"name": name}


def choose_open_writer(rng, scene):
    if len(scene.disk.open_writers()) >= 5:
        return None
    return {"name": some_file(rng, scene), "appends": rng.random() < 0.7}


def choose_write(rng, scene):
    number = pick(rng, scene.disk.open_writers())
    if number is None:
        return None
    # Of a file without a name, and not open in the exporter, nothing more can be demanded.
    generation = scene.disk.writers[number].generation
    if not generation.followed and not generation.readable and rng.random() < 0.7:
        return None
    return seeded(rng, number=number, count=rng.choice((1, 3, 30)))


def choose_close_writer(rng, scene):
    number = pick(rng, scene.disk.open_writers())
    return None if number is None else {"number": number}


def choose_rotate(rng, scene):
    name = some_base(rng, scene)
    return name and {"name": name, "create": rng.random() < 0.6}


def choose_prodigy_rotate(rng, scene):
    name = some_base(rng, scene)
    # Few stamps: one rotation may replace what another left.
    return name and {
        "name": name,
        "stamp": f"20260101_00000{rng.randrange(3)}",
        "killed": rng.choice((0, 0, 0, 0, 1, 2)),
        "keep": rng.random() < 0.5,
    }


def choose_compress(rng, scene):
    names = [name for name in scene.disk.files()
             if name.endswith((".1", ".2")) and may_be_copied(scene.disk, name)
             and not scene.disk.names[name].writers
             and name + ".gz" not in scene.disk.names]
    return names and {"name": rng.choice(names), "wait": rng.choice((0, 0, 150))} or None


def choose_clean(rng, scene):
    name = some_base(rng, scene, may_be_copied)
    if not name:
        return None
    return rested(rng, scene), seeded(
        rng, name=name, mode=rng.choice(("nothing", "prefix", "newest", "all")),
        between=rng.choice((0, 0, 0, 4)), crash=rng.random() < 0.1, archive=rng.random() < 0.7,
    )


def choose_copytruncate(rng, scene):
    name = some_base(rng, scene, may_be_copied)
    if not name:
        return None
    return rested(rng, scene, 0.7), seeded(
        rng, name=name, wait=rng.choice((0, 0, 120)), between=rng.choice((0, 0, 0, 0, 3))
    )


def choose_half_copy(rng, scene):
    name = some_base(rng, scene, may_be_copied)
    return name and seeded(rng, name=name, target=f"{name}.copy{rng.randrange(3)}")


def choose_truncate(rng, scene):
    name = some_base(rng, scene, has_content)
    return name and (rested(rng, scene, 0.9), {"name": name})


def choose_rewrite_in_place(rng, scene):
    name = some_base(rng, scene, lambda disk, name: has_content(disk, name)
                     and not disk.names[name].writers)
    return name and (rested(rng, scene, 0.9), seeded(
        rng, name=name, length=rng.choice(("same", "same", "longer", "shorter")),
        keep_times=rng.random() < 0.5))


def choose_link(rng, scene):
    name = some_base(rng, scene)
    if not name:
        return None
    target = name.replace(".jsonl", f"-link{rng.randrange(2)}.jsonl")
    return None if target in scene.disk.names else {"name": name, "target": target}


def choose_unlink(rng, scene):
    name = pick(rng, scene.disk.files())
    return name and (rested(rng, scene, 0.8), {"name": name})


def choose_remove_directory(rng, scene):
    directory = pick(rng, scene.disk.jobs())
    return directory and (rested(rng, scene, 0.9), {"directory": directory})


def movable(rng, scene, directories):
    """A directory that may be moved, and what has to go before."""
    if scene.state == "running" and not scene.full:
        return ["commit"], pick(rng, directories)
    return [], pick(rng, [name for name in directories if scene.disk.is_saved(name)])


def choose_rename_directory(rng, scene):
    before, directory = movable(rng, scene, scene.disk.jobs())
    return directory and (before, {"directory": directory, "target": new_job(rng, scene)})


def choose_move_out(rng, scene):
    before, directory = movable(rng, scene, scene.disk.jobs())
    if not directory:
        return None
    number = scene.numbers["outside"]
    scene.numbers["outside"] += 1
    return before, {"directory": directory, "target": f"outside/dir-{number}"}


def choose_move_in(rng, scene):
    outside = sorted(name for name in scene.disk.directories if name.startswith("outside/"))
    directory = pick(rng, outside)
    return directory and {"directory": directory, "target": new_job(rng, scene)}


def choose_fill_outside(rng, scene):
    outside = sorted(name for name in scene.disk.directories if name.startswith("outside/"))
    if len(outside) < 2 and rng.random() < 0.5:
        number = scene.numbers["outside"]
        scene.numbers["outside"] += 1
        directory = f"outside/dir-{number}"
    else:
        directory = pick(rng, outside)
    return directory and seeded(rng, name=f"{directory}/events-{rng.randrange(1, 4)}.jsonl",
                                count=rng.choice((1, 5, 40)))


def choose_move_file(rng, scene):
    jobs = scene.disk.jobs()
    # A file that lies in two directories counts in one of them.
    name = some_base(rng, scene, lambda disk, name: len(disk.names[name].names) == 1)
    if not name or len(jobs) < 2:
        return None
    directory = rng.choice([job for job in jobs if job != os.path.dirname(name)])
    target = f"{directory}/events-moved-{rng.randrange(1000)}.jsonl"
    if target in scene.disk.names:
        return None
    if scene.state == "running" and not scene.full:
        return ["commit"], {"name": name, "target": target}
    return {"name": name, "target": target} if scene.disk.names[name].saved else None


def choose_exchange(rng, scene):
    name = some_base(rng, scene)
    if not name:
        return None
    others = [other for other in scene.disk.inside(os.path.dirname(name))
              if other != name and FOLLOWED.match(other)
              and scene.disk.names[other] is not scene.disk.names[name]]
    return {"name": name, "other": rng.choice(others)} if others else None


def choose_new_jobs(rng, scene):
    count = rng.choice((3, 3, 10, 40))
    return seeded(rng, directories=[new_job(rng, scene) for _ in range(count)])


def choose_touch(rng, scene):
    name = pick(rng, scene.disk.files() + scene.disk.jobs())
    return name and {"name": name, "when": rng.choice((0, 86400 * 365, 1700000000, 4000000000))}


def choose_junk(rng, scene):
    return seeded(rng, name=some_file(rng, scene), kind=rng.choice(sorted(JUNK) + ["long"] * 3))


def choose_stray(rng, scene):
    job = pick(rng, scene.disk.jobs())
    return job and seeded(rng, name=rng.choice((
        f"{job}/events-9.tmp", f"{job}/index.json", f"{job}/events-1.jsonl.tmp",
        "events/archive/events_archive_20250101_000000.jsonl.gz")))


def choose_nothing(rng, scene):
    return {}


def choose_start(rng, scene):
    return {"wait": rng.random() < 0.7}


def choose_false_start(rng, scene):
    return {"milliseconds": rng.choice((0, 2, 5, 10, 20, 40, 100, 300))}


def choose_kill(rng, scene):
    return (["sync"] if scene.state == "running" and rng.random() < 0.5 else []), {}


def choose_reload(rng, scene):
    return {"how": rng.choice(("same", "other", "other", "broken")), "by": rng.choice(("signal", "post"))}


def choose_full(rng, scene):
    return None if scene.full or not scene.can_fill else {}


def choose_space(rng, scene):
    return {} if scene.full else None


def choose_pass_time(rng, scene):
    return {"milliseconds": rng.choice((20, 100, 300, 700))}


# --- writing --------------------------------------------------------------------------------------


def job_of(name):
    """The label under which lines of a file count: it stays when the directory is renamed."""
    return name.split("/")[-2]


def put(scene, name, content, rng=None):
    """Writes as the program would that has the file: after the rest of a line that was begun."""
    generation = scene.disk.names.get(name)
    rest = begun_rest(generation, rng) if generation else b""
    put_bytes(scene, name, rest + content)


def put_bytes(scene, name, content):
    """As they are. Where somebody writes who does not append, it is him who writes these, too."""
    disk = scene.disk
    generation = disk.names.get(name)
    if generation is None:
        disk.make_directory(os.path.dirname(name))
        disk.create(name, content)
    elif generation.positional:
        disk.write(positional_writer(disk, generation), content)
    else:
        disk.append(name, content)


def positional_writer(disk, generation):
    return next(disk.writers.index(writer) for writer in generation.writers if not writer.appends)


def begun_rest(generation, rng):
    if generation.half:
        rest, generation.half = generation.half, None
        return rest
    # A copier left a part of a line: whoever goes on does so on a new line, or does not care.
    if generation.tail and (rng is None or rng.random() < 0.7):
        return b"\n"
    return b""


def text_of(lines, end=b"\n"):
    return b"".join(line.raw + end for line in lines)


def text_of_length(rng, book, job, length):
    """Lines of `length` bytes together; fewer bytes where that is too short for one."""
    content = b""
    while length - len(content) > 1500:
        content += text_of(book.make(rng, job, 1))
    line = book.make_of_length(rng, job, length - len(content) - 1)
    return content + (text_of([line]) if line else b"")


def can_write(scene, name):
    generation = scene.disk.names.get(name)
    return generation is None or not generation.compressed


@operation("append", 22, choose_append, plain=True)
def append(scene, name, count, end, seed):
    if not can_write(scene, name):
        return False
    rng = random.Random(seed)
    lines = scene.book.make(rng, job_of(name), count)
    put(scene, name, text_of(lines, end.encode()), rng)
    return True


@operation("burst", 3, choose_burst, plain=True)
def burst(scene, name, count, seed):
    if not can_write(scene, name):
        return False
    rng = random.Random(seed)
    lines = scene.book.make(rng, job_of(name), count)
    for begin in range(0, count, 400):
        put(scene, name, text_of(lines[begin:begin + 400]), rng)
    return True


@operation("flood", 0.5, choose_flood, states="running", plain=True)
def flood(scene, name, count, seed):
    return burst(scene, name, count, seed)


@operation("append in pieces", 5, choose_pieces, plain=True)
def append_in_pieces(scene, name, count, longest, seed):
    if not can_write(scene, name):
        return False
    rng = random.Random(seed)
    content = text_of(scene.book.make(rng, job_of(name), count))
    put(scene, name, b"", rng)
    while content:
        length = rng.randrange(1, longest + 1)
        put_bytes(scene, name, content[:length])
        content = content[length:]
    return True


@operation("two writers", 4, choose_append, plain=True)
def two_writers(scene, name, count, end, seed):
    disk = scene.disk
    generation = disk.names.get(name)
    if generation and (generation.compressed or generation.positional):
        return False
    rng = random.Random(seed)
    if generation is None or generation.half or generation.tail:
        put(scene, name, b"", rng)
    numbers = [disk.open_writer(name) for _ in range(2)]
    for _ in range(4):
        for number in numbers:
            lines = scene.book.make(rng, job_of(name), 1 + count // 8)
            disk.write(number, text_of(lines))
    for number in numbers:
        disk.close_writer(number)
    return True


@operation("begin line", 6, choose_half, plain=True)
def begin_line(scene, name, share, seed):
    if not can_write(scene, name):
        return False
    rng = random.Random(seed)
    line, = scene.book.make(rng, job_of(name), 1)
    content = line.raw + b"\n"
    cut = min(len(line.raw), max(1, int(len(content) * share)))
    put(scene, name, content[:cut], rng)
    scene.disk.names[name].half = content[cut:]
    return True


@operation("end line", 8, choose_rest, plain=True)
def end_line(scene, name):
    generation = scene.disk.names.get(name)
    if generation is None or not generation.half:
        return False
    put(scene, name, b"")
    return True


@operation("open writer", 4, choose_open_writer, plain=True)
def open_writer(scene, name, appends):
    generation = scene.disk.names.get(name)
    if generation and (generation.compressed or generation.positional
                       or (not appends and generation.writers)):
        return False
    if generation is None:
        scene.disk.make_directory(os.path.dirname(name))
    scene.disk.open_writer(name, appends)
    return True


@operation("write", 14, choose_write, plain=True)
def write(scene, number, count, seed):
    if number >= len(scene.disk.writers) or scene.disk.writers[number] is None:
        return False
    rng = random.Random(seed)
    generation = scene.disk.writers[number].generation
    lines = scene.book.make(rng, f"writer-{number}", count)
    if generation.positional:
        number = positional_writer(scene.disk, generation)
    scene.disk.write(number, begun_rest(generation, rng) + text_of(lines))
    return True


@operation("close writer", 3, choose_close_writer, plain=True)
def close_writer(scene, number):
    if number >= len(scene.disk.writers) or scene.disk.writers[number] is None:
        return False
    scene.disk.close_writer(number)
    return True


@operation("junk", 4, choose_junk, plain=True)
def junk(scene, name, kind, seed):
    if not can_write(scene, name):
        return False
    rng = random.Random(seed)
    if kind == "long":
        content = scene.book.make_never(rng, job_of(name)).raw + b"\n"
    else:
        content = JUNK[kind]
    put(scene, name, content, rng)
    return True


@operation("stray file", 1, choose_stray, plain=True)
def stray(scene, name, seed):
    """A file that belongs to no source: what it holds must never count."""
    path = scene.disk.path(name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    line = scene.book.make_never(random.Random(seed), "stray", longer=False)
    with open(path, "wb") as file:
        file.write(line.raw + b"\n")
    return True


# --- rotating and rewriting -----------------------------------------------------------------------


def shift(disk, name):
    """NAME.1 becomes NAME.2 and so on, compressed or not; what was NAME.4 goes."""
    for number in (4, 3, 2, 1):
        for end in ("", ".gz"):
            old, new = f"{name}.{number}{end}", f"{name}.{number + 1}{end}"
            if old in disk.names:
                if number == 4:
                    disk.unlink(old)
                else:
                    disk.rename(old, new)


@operation("rotate", 9, choose_rotate, plain=True)
def rotate(scene, name, create):
    if name not in scene.disk.names:
        return False
    shift(scene.disk, name)
    scene.disk.rename(name, name + ".1")
    # Of two names of one file rename takes none away.
    if create and name not in scene.disk.names:
        scene.disk.create(name)
    return True


@operation("rotate as Prodigy does", 7, choose_prodigy_rotate, plain=True)
def prodigy_rotate(scene, name, stamp, killed, keep):
    """Two renames, then a new file whose writer does not append. `killed`: before that step."""
    disk = scene.disk
    if name not in disk.names:
        return False
    disk.rename(name, name + ".bak")
    if killed == 1:
        return True
    disk.rename(name + ".bak", name.replace(".jsonl", f".{stamp}.jsonl.gz"))
    if killed == 2 or name in disk.names:
        return True
    disk.create(name)
    if keep and len(disk.open_writers()) < 5:
        disk.open_writer(name, appends=False)
    return True


@operation("compress", 5, choose_compress)
def compress(scene, name, wait):
    generation = scene.disk.names.get(name)
    if (generation is None or generation.writers or generation.compressed
            or name + ".gz" in scene.disk.names):
        return False
    scene.disk.compress(name, name + ".gz", lambda: time.sleep(wait / 1000))
    return True


def kept_by_clean(scene, generation):
    """Whole events; broken lines and blank ones go, CR before LF too, a missing LF is added."""
    raws = [raw.rstrip(b"\r") for raw in generation.raws + [generation.tail]]
    return [raw for raw in raws if raw in scene.book.by_raw]


def write_archive(scene, raws):
    path = scene.disk.path("events/archive/events_archive_20260101_000000.jsonl.gz")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with gzip.open(path, "wb") as file:
        file.write(b"".join(raw + b"\n" for raw in raws))


@operation("clean", 9, choose_clean)
def clean(scene, name, mode, between, crash, archive, seed):
    """`prodigy events clean` of one file."""
    rng = random.Random(seed)
    disk = scene.disk
    generation = disk.names.get(name)
    if generation is None or generation.compressed:
        return False
    raws = kept_by_clean(scene, generation)
    cut = rng.randrange(len(raws) + 1)
    kept = {"nothing": raws, "prefix": raws[cut:], "newest": raws[:cut], "all": []}[mode]
    if archive and len(kept) < len(raws):
        write_archive(scene, raws[:cut])
    if between:
        put(scene, name, text_of(scene.book.make(rng, job_of(name), between)), rng)
    if crash:
        with open(disk.path(os.path.splitext(name)[0] + ".tmp"), "wb") as file:
            file.write(b"".join(raw + b"\n" for raw in kept))
    else:
        disk.replace(name, kept)
    return True


@operation("rewrite without change", 5, lambda rng, scene: (
    (name := some_base(rng, scene, lambda disk, name: disk.names[name].opened
                       and len(disk.names[name].names) == 1)) and (["sync"], {"name": name})
) if not scene.with_ids and not scene.full else None, states="running", plain=True)
def rewrite_without_change(scene, name):
    """Of lines without ids, only known while the old file is open."""
    generation = scene.disk.names.get(name)
    if (generation is None or not generation.opened or generation.tail
            or len(generation.names) > 1 or not scene.sync()):
        return False
    with scene.lock:
        scene.disk.replace(name, generation.raws)
    return scene.commit()


@operation("copytruncate", 6, choose_copytruncate)
def copytruncate(scene, name, wait, between, seed):
    """Copied in two halves, then truncated; what is written in between is lost."""
    rng = random.Random(seed)
    disk = scene.disk
    generation = disk.names.get(name)
    if generation is None or generation.compressed:
        return False
    shift(disk, name)
    length = generation.length
    cut = rng.randrange(length + 1)
    if name + ".1" in disk.names:
        disk.unlink(name + ".1")  # a second name of what is NAME.2 now
    disk.copy_part(name, name + ".1", 0, cut)
    time.sleep(wait / 1000)
    disk.copy_part(name, name + ".1", cut, length)
    if between:
        put(scene, name, text_of(scene.book.make(rng, job_of(name), between)), rng)
    disk.truncate(name)
    return True


@operation("copy a part", 3, choose_half_copy)
def half_copy(scene, name, target, seed):
    """A copier that is killed in the middle."""
    generation = scene.disk.names.get(name)
    if generation is None or generation.compressed:
        return False
    if target in scene.disk.names:
        scene.disk.unlink(target)
    scene.disk.copy_part(name, target, 0, random.Random(seed).randrange(generation.length + 1))
    return True


@operation("truncate", 3, choose_truncate, plain=True)
def truncate(scene, name):
    generation = scene.disk.names.get(name)
    if generation is None or generation.compressed:
        return False
    scene.disk.truncate(name)
    return True


@operation("rewrite in place", 3, choose_rewrite_in_place, plain=True)
def rewrite_in_place(scene, name, length, keep_times, seed):
    """Truncated and filled anew: as long as before, or not; with the old time, or not."""
    rng = random.Random(seed)
    generation = scene.disk.names.get(name)
    if generation is None or generation.compressed or generation.writers:
        return False
    wanted = {"same": generation.length, "longer": generation.length + 1000,
              "shorter": generation.length // 2}[length]
    content = text_of_length(rng, scene.book, job_of(name), wanted)
    scene.disk.rewrite_in_place(name, content, keep_times)
    return True


# --- names ----------------------------------------------------------------------------------------


@operation("link", 3, choose_link)
def link(scene, name, target):
    if name not in scene.disk.names or target in scene.disk.names:
        return False
    scene.disk.link(name, target)
    return True


@operation("unlink", 6, choose_unlink, plain=True)
def unlink(scene, name):
    if name not in scene.disk.names:
        return False
    scene.disk.unlink(name)
    return True


@operation("remove directory", 2, choose_remove_directory, plain=True)
def remove_directory(scene, directory):
    if directory not in scene.disk.directories:
        return False
    scene.disk.remove_directory(directory)
    return True


def move(scene, directory, target):
    if (directory not in scene.disk.directories or target in scene.disk.directories
            or os.path.exists(scene.disk.path(target))):
        return False
    os.makedirs(os.path.dirname(scene.disk.path(target)), exist_ok=True)
    scene.disk.move_directory(directory, target)
    return True


@operation("rename directory", 4, choose_rename_directory, plain=True)
def rename_directory(scene, directory, target):
    return scene.disk.is_saved(directory) and move(scene, directory, target)


@operation("move directory out", 2, choose_move_out, plain=True)
def move_out(scene, directory, target):
    return scene.disk.is_saved(directory) and move(scene, directory, target)


@operation("move directory in", 4, choose_move_in, plain=True)
def move_in(scene, directory, target):
    return move(scene, directory, target)


@operation("append outside", 3, choose_fill_outside, plain=True)
def append_outside(scene, name, count, seed):
    return append(scene, name, count, "\n", seed)


@operation("move file", 2, choose_move_file, plain=True)
def move_file(scene, name, target):
    if (name not in scene.disk.names or target in scene.disk.names
            or not scene.disk.names[name].saved or len(scene.disk.names[name].names) > 1
            or os.path.dirname(target) not in scene.disk.directories):
        return False
    scene.disk.move_file(name, target)
    return True


@operation("exchange names", 2, choose_exchange, plain=True)
def exchange(scene, name, other):
    if name not in scene.disk.names or other not in scene.disk.names:
        return False
    return scene.disk.exchange(name, other)


@operation("new jobs", 2, choose_new_jobs, plain=True)
def new_jobs(scene, directories, seed):
    rng = random.Random(seed)
    for directory in directories:
        put(scene, f"{directory}/events-1.jsonl",
            text_of(scene.book.make(rng, directory.split("/")[-1], rng.choice((1, 2)))))
    return True


@operation("touch", 4, choose_touch, plain=True)
def touch(scene, name, when):
    path = scene.disk.path(name)
    if not os.path.exists(path):
        return False
    os.utime(path, (when, when))
    return True


# --- the exporter ---------------------------------------------------------------------------------


@operation("pass time", 5, choose_pass_time, plain=True)
def pass_time(scene, milliseconds):
    time.sleep(milliseconds / 1000)
    return True


@operation("sync", 6, choose_nothing, states="running", plain=True)
def sync(scene):
    return scene.sync()


@operation("commit", 3, choose_nothing, states="running", plain=True)
def commit(scene):
    return scene.commit()


@operation("pause", 4, choose_nothing, states="running", plain=True)
def pause(scene):
    return scene.pause()


@operation("resume", 40, choose_nothing, states="paused", plain=True)
def resume(scene):
    return scene.resume()


@operation("kill", 6, choose_kill, states="running paused", plain=True)
def kill(scene):
    return scene.kill()


@operation("stop", 4, choose_nothing, states="running paused", plain=True)
def stop(scene):
    return scene.stop()


@operation("start", 40, choose_start, states="down", plain=True)
def start(scene, wait):
    return scene.start(wait)


@operation("start and kill", 8, choose_false_start, states="down", plain=True)
def false_start(scene, milliseconds):
    return scene.false_start(milliseconds)


@operation("reload", 3, choose_reload, states="running", plain=True)
def reload(scene, how, by):
    return scene.reload(how, by)


@operation("disk full", 3, choose_full, states="running paused", plain=True)
def full(scene):
    return scene.fill(True)


@operation("disk has space", 12, choose_space, plain=True)
def space(scene):
    return scene.fill(False)


# Operations that wait for the exporter, or change what it is: not under the lock of the disk.
WITHOUT_LOCK = {"sync", "commit", "pause", "resume", "kill", "stop", "start", "start and kill",
                "reload", "disk full", "disk has space", "pass time", "rewrite without change"}
