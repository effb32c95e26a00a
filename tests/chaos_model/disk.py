"""Files as generations, on disk and in the model at once.

A generation is what an inode is: content that has any number of names and writers. Paths are
relative to the round's directory: `events/REPO/JOB/FILE` is followed, `outside/...` is not.

What can be read of a generation, and so must be counted in the end:
  - all of it, while it has a name that is followed;
  - without one, what it held when it lost the last one, and what those who had it open then went on
    to write: but only if the exporter had it open by then, and still lives.
"""

import ctypes
import gzip
import os
import re
import shutil

FOLLOWED = re.compile(r"events/[^/]+/[^/]+/events-[^/]*\.jsonl[^/]*(?<!\.tmp)$")
RENAME_EXCHANGE = 2


def write_all(descriptor, content):
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view):]


class Writer:
    """A descriptor that some program keeps open for writing."""

    def __init__(self, descriptor, generation, appends):
        self.descriptor = descriptor
        self.generation = generation
        self.appends = appends
        self.position = generation.length


class Generation:
    def __init__(self, number, step):
        self.number = number
        self.lines = []  # a Line, or None for what is no event
        self.raws = []  # the bytes of each, without LF
        self.tail = b""  # behind the last LF
        self.length = 0
        self.names = set()
        self.writers = []
        self.half = None  # the line whose first part was written last, and by whom nothing else is
        self.compressed = False
        self.changed = step  # when content was last added
        self.grown = 0  # when a line was last added that stood nowhere else
        self.disturbed = step  # when it last lost content, or a name
        self.saved = False  # a commit was made while it was known to the exporter
        self.opened = False  # the exporter that runs now has read of it, so has it open
        self.readable = 0  # lines that can still be read while it has no followed name

    @property
    def positional(self):
        return any(not writer.appends for writer in self.writers)

    @property
    def followed(self):
        return any(FOLLOWED.match(name) for name in self.names)

    def demanded(self):
        """Lines that the exporter can read, or could as long as it has lived."""
        lines = self.lines if self.followed else self.lines[: self.readable]
        return (line for line in lines if line is not None)


class Disk:
    """The files of a round. Every operation changes both the disk and the model."""

    def __init__(self, top, book):
        self.top = top
        self.book = book
        self.names = {}  # path -> Generation
        self.directories = {}  # of jobs, and below outside/ -> the step at which it was moved, or 0
        self.written = set()  # indexes of lines that were ever whole somewhere
        self.writers = []  # open ones, None for closed: the place is its number
        self.generations = []
        self.generation_count = 0
        self.step = 0
        self.settled = 0  # the last step at which all that lies there was counted and committed
        self.destroyed = 0  # the last step that took content or its last followed name away
        os.makedirs(self.path("events"))
        os.makedirs(self.path("outside"))

    def path(self, name):
        return os.path.join(self.top, name)

    # Reading the model

    def files(self, followed=True):
        """Names of files, in order: those followed, or those that are not."""
        return sorted(name for name in self.names if bool(FOLLOWED.match(name)) == followed)

    def jobs(self):
        return sorted(name for name in self.directories if name.startswith("events/"))

    def inside(self, directory):
        return sorted(name for name in self.names if name.startswith(directory + "/"))

    def is_saved(self, directory):
        """May it be moved? A file that the state does not know would be another one elsewhere, and
        its ids are only known where it was."""
        return all(self.names[name].saved or self.names[name].length == 0
                   for name in self.inside(directory))

    def may_copy(self, directory):
        """May lines be copied in it? Not before its ids have followed what was moved there."""
        moved = self.directories.get(directory, 0)
        return moved == 0 or moved < self.settled

    def demanded(self):
        """Indexes of all lines that must be counted when the exporter has come to rest."""
        return {line.index for generation in self.generations for line in generation.demanded()}

    def open_writers(self):
        return [number for number, writer in enumerate(self.writers) if writer is not None]

    def where(self, index):
        """Where a line lies, for the report."""
        places = []
        for generation in self.generations:
            for place, line in enumerate(generation.lines):
                if line is not None and line.index == index:
                    places.append(f"generation {generation.number} line {place + 1} of "
                                  f"{len(generation.lines)} ({self.describe(generation)})")
        return "; ".join(places) or "nowhere"

    @staticmethod
    def describe(generation):
        facts = [" ".join(sorted(generation.names)) or "no name"]
        facts += [word for word, true in (
            ("saved", generation.saved), ("opened", generation.opened),
            ("has a writer", bool(generation.writers)), ("gzip", generation.compressed),
        ) if true]
        facts.append(f"changed at step {generation.changed}")
        return ", ".join(facts)

    # The exporter's life

    def exporter_rested(self, since):
        """It has counted all there was. What has grown after step `since` it had to read."""
        for generation in self.names.values():
            if generation.followed and generation.grown > since:
                generation.opened = True

    def exporter_committed(self):
        """And has saved all of it."""
        self.settled = self.step
        for generation in self.names.values():
            if generation.followed:
                generation.saved = True

    def exporter_ended(self):
        for generation in self.generations:
            generation.opened = False
            generation.readable = 0
        # What has no name any more can never come back.
        self.generations = [g for g in self.generations if g.names or g.writers]

    # Names

    def _new(self, name):
        self.generation_count += 1
        generation = Generation(self.generation_count, self.step)
        self.generations.append(generation)
        self._give(name, generation)
        return generation

    def _give(self, name, generation):
        self._take(name)
        self.names[name] = generation
        generation.names.add(name)

    def _take(self, name):
        generation = self.names.pop(name, None)
        if generation is None:
            return
        before = generation.followed
        generation.names.discard(name)
        self._note_loss(generation, before)

    def _note_loss(self, generation, before):
        generation.disturbed = self.step
        if before and not generation.followed:
            self.destroyed = self.step
            generation.readable = len(generation.lines) if generation.opened else 0
            # Should it come back it need not be open any more.
            generation.opened = False

    def make_directory(self, directory):
        os.makedirs(self.path(directory), exist_ok=True)
        self.directories.setdefault(directory, 0)

    def rename(self, old, new):
        """As rename(2): of two names of one file it takes none away."""
        generation = self.names[old]
        os.rename(self.path(old), self.path(new))
        if self.names.get(new) is generation:
            return
        before = generation.followed
        self._take(new)
        del self.names[old]
        generation.names.discard(old)
        generation.names.add(new)
        self.names[new] = generation
        self._note_loss(generation, before)

    def exchange(self, one, other):
        """Both names change places in one step. False: this file system cannot."""
        libc = ctypes.CDLL(None, use_errno=True)
        paths = [os.fsencode(self.path(name)) for name in (one, other)]
        if libc.renameat2(-100, paths[0], -100, paths[1], RENAME_EXCHANGE) != 0:
            return False
        first, second = self.names[one], self.names[other]
        for name, old, new in ((one, first, second), (other, second, first)):
            old.names.discard(name)
            self.names[name] = new
        first.names.add(other)
        second.names.add(one)
        first.disturbed = second.disturbed = self.step
        return True

    def link(self, old, new):
        os.link(self.path(old), self.path(new))
        self._give(new, self.names[old])

    def unlink(self, name):
        os.unlink(self.path(name))
        self._take(name)

    def remove_directory(self, directory):
        shutil.rmtree(self.path(directory))
        for name in self.inside(directory):
            self._take(name)
        del self.directories[directory]

    def move_directory(self, old, new):
        os.rename(self.path(old), self.path(new))
        for name in self.inside(old):
            generation = self.names.pop(name)
            before = generation.followed
            generation.names.discard(name)
            moved = new + name[len(old):]
            self.names[moved] = generation
            generation.names.add(moved)
            self._note_loss(generation, before)
            # It may be seen to go before it is seen to come: then it is closed.
            generation.opened = False
        del self.directories[old]
        self.directories[new] = self.step

    def move_file(self, old, new):
        """To another directory."""
        self.rename(old, new)
        self.directories[os.path.dirname(new)] = self.step
        self.names[new].opened = False

    # Content

    def _extend(self, generation, content):
        """What `content` at its end makes of a generation."""
        whole = generation.readable == len(generation.lines)
        *lines, tail = (generation.tail + content).split(b"\n")
        generation.raws += lines
        lines = [self.book.find(raw) for raw in lines]
        generation.lines += lines
        for line in lines:
            if line is not None and line.index not in self.written:
                self.written.add(line.index)
                generation.grown = self.step
        generation.tail = tail
        generation.length += len(content)
        generation.changed = self.step
        if not generation.followed and generation.writers and whole and generation.readable:
            generation.readable = len(generation.lines)

    def _empty(self, generation):
        self.destroyed = generation.disturbed = self.step
        generation.lines, generation.raws = [], []
        generation.tail = b""
        generation.length = 0
        generation.readable = 0
        generation.half = None

    def create(self, name, content=b"", flags=os.O_EXCL):
        descriptor = os.open(self.path(name), os.O_WRONLY | os.O_CREAT | flags, 0o644)
        generation = self._new(name)
        write_all(descriptor, content)
        self._extend(generation, content)
        os.close(descriptor)
        return generation

    def append(self, name, content):
        """Opens by name, appends, closes."""
        if name not in self.names:
            return self.create(name, content)
        generation = self.names[name]
        descriptor = os.open(self.path(name), os.O_WRONLY | os.O_APPEND)
        write_all(descriptor, content)
        os.close(descriptor)
        self._extend(generation, content)
        return generation

    def truncate(self, name):
        os.truncate(self.path(name), 0)
        self._empty(self.names[name])

    def compress(self, name, target, between=None):
        """Writes a compressed copy in two steps, then takes the name away."""
        generation = self.names[name]
        content = b"".join(raw + b"\n" for raw in generation.raws) + generation.tail
        compressed = gzip.compress(content, mtime=0)
        half = len(compressed) // 2
        descriptor = os.open(self.path(target), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        copy = self._new(target)
        copy.compressed = True
        write_all(descriptor, compressed[:half])
        if between:
            between()
        write_all(descriptor, compressed[half:])
        os.close(descriptor)
        self._extend(copy, content)
        self.unlink(name)

    def copy_part(self, name, target, begin, end):
        """Appends bytes [begin, end) of the content to a copy, as a slow copier does."""
        with open(self.path(name), "rb") as file:
            file.seek(begin)
            content = file.read(end - begin)
        self.append(target, content)

    def replace(self, name, raws):
        """A rewrite: these lines go to a temporary file that takes the name by rename. The new file
        is made before the old one goes, so it never has its inode."""
        temporary = os.path.splitext(name)[0] + ".tmp"
        self.create(temporary, b"".join(raw + b"\n" for raw in raws), flags=os.O_TRUNC)
        self.rename(temporary, name)

    def rewrite_in_place(self, name, content, keep_times):
        """Truncates and writes anew, and may put the old time back."""
        status = os.stat(self.path(name))
        self.truncate(name)
        self.append(name, content)
        if keep_times:
            os.utime(self.path(name), ns=(status.st_atime_ns, status.st_mtime_ns))

    # Writers that stay

    def open_writer(self, name, appends=True):
        """The number of a new writer."""
        if name not in self.names:
            self.create(name)
        generation = self.names[name]
        descriptor = os.open(self.path(name), os.O_WRONLY | (os.O_APPEND if appends else 0))
        os.lseek(descriptor, 0, os.SEEK_END)
        writer = Writer(descriptor, generation, appends)
        self.writers.append(writer)
        generation.writers.append(writer)
        return len(self.writers) - 1

    def write(self, number, content):
        writer = self.writers[number]
        generation = writer.generation
        write_all(writer.descriptor, content)
        if not writer.appends:
            # Behind a truncation the file begins with a hole.
            hole = max(0, writer.position - generation.length)
            writer.position += len(content)
            content = b"\0" * hole + content
        self._extend(generation, content)

    def close_writer(self, number):
        writer = self.writers[number]
        self.writers[number] = None
        os.close(writer.descriptor)
        writer.generation.writers.remove(writer)

    def close(self):
        for number in self.open_writers():
            self.close_writer(number)
