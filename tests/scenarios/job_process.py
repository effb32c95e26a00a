"""A process that holds a job's event file open, as Prodigy does while a job runs. It does what it
is told, line by line on its standard input, and answers each line:

    with JobProcess(job_file) as job:
        job.do("allocate 50")
        job.do("start")        # a child, which the next lines with "child" are for
        job.do("child burn 0.5")
"""

import subprocess
import sys

PROGRAM = r"""
import os, subprocess, sys, time
kept = []
files = []
children = []

def burn(seconds):
    begun = time.process_time()
    while time.process_time() - begun < float(seconds):
        pass

def child_line(words):
    children[-1].stdin.write(" ".join(words) + "\n")
    children[-1].stdin.flush()
    children[-1].stdout.readline()

def do(word, *words):
    if word == "open":
        files.append(open(words[0], "ab", buffering=0))
    elif word == "close":
        files.pop().close()
    elif word == "write":
        files[-1].write(" ".join(words).encode() + b"\n")
    elif word == "allocate":
        kept.append(bytearray(os.urandom(1 << 20)) * int(words[0]))
    elif word == "burn":
        burn(*words)
    elif word == "start":
        children.append(subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True))
    elif word == "child":
        child_line(words)
    elif word == "reap":
        child = children.pop()
        child.stdin.close()
        child.wait()

for line in sys.stdin:
    do(*line.split())
    print(len(children) and children[-1].pid, flush=True)
"""
PROGRAM = f"PROGRAM = {PROGRAM!r}\n" + PROGRAM


class JobProcess:
    """`path`: the event file that it opens first; None: none."""

    def __init__(self, path=None):
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        if path is not None:
            self.do(f"open {path}")

    def do(self, line):
        """Returns the process id of its last child, or 0."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"it ended at: {line}"
        return int(answer)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
