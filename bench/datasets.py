"""Generated event trees: made once a run, read into the page cache, appended to live files."""
import json
import os
import subprocess

BLOCK = 400 << 10  # bytes appended at a time: about 1000 events, as Prodigy writes them


class Dataset:
    """DIR/tree/bench/*/events-*.jsonl and what they add up to."""

    def __init__(self, generator, folder, *options):
        self.folder = folder
        self.tree = os.path.join(folder, "tree")
        subprocess.run([generator, "--out", folder, *options], check=True)
        with open(os.path.join(folder, "expected.json"), encoding="ascii") as file:
            self.expected = json.load(file)
        self.events = self.expected["events"]
        self.bytes = self.expected["bytes"]

    def files(self):
        """Relative to the tree, sorted."""
        return sorted(os.path.relpath(os.path.join(folder, name), self.tree)
                      for folder, _, names in os.walk(self.tree) for name in names)

    def warm(self):
        for path in self.files():
            with open(os.path.join(self.tree, path), "rb", buffering=0) as file:
                while file.read(1 << 22):
                    pass


class Growth:
    """Copies of a data set's files, empty at first, that grow by whole lines."""

    def __init__(self, dataset, tree):
        self.pairs = []
        for path in dataset.files():
            target = os.path.join(tree, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            self.pairs.append((open(os.path.join(dataset.tree, path), "rb", buffering=0),
                               open(target, "ab", buffering=0)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pair in self.pairs:
            for file in pair:
                file.close()

    @staticmethod
    def append_block(source, target, most=BLOCK):
        """False at the end of the source."""
        position = source.tell()
        block = source.read(most)
        end = block.rfind(b"\n") + 1
        source.seek(position + end)
        target.write(block[:end])
        return end > 0

    def append_lines(self, count):
        """The first file alone, by so many lines in one write."""
        source, target = self.pairs[0]
        lines, position = [], source.tell()
        with os.fdopen(os.dup(source.fileno()), "rb") as buffered:
            lines = [buffered.readline() for _ in range(count)]
        text = b"".join(lines)
        source.seek(position + len(text))
        target.write(text)

    def append_all(self):
        """To the end of every file, a block of each in turn."""
        growing = list(self.pairs)
        while growing:
            growing = [pair for pair in growing if self.append_block(*pair)]
