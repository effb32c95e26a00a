"""Real Prodigy: installed with cargo, run in a scratch home with a stand-in for Claude Code."""

import os
import shutil
import signal
import subprocess
import sys
import time

from real_prodigy.words import Words

HERE = os.path.dirname(os.path.abspath(__file__))
VERSION = "0.4.4"
GIT_SETTINGS = """\
[user]
\tname = Lab
\temail = lab@example.org
[init]
\tdefaultBranch = main
[safe]
\tdirectory = *
"""


def install(folder):
    """The path of the program, which is built into `folder` if it is not there yet."""
    program = os.path.join(folder, "bin", "prodigy")
    if not os.path.exists(program):
        if not shutil.which("cargo"):
            sys.exit("real-prodigy: cargo is needed to install Prodigy, or --prodigy PATH")
        print(f"installing Prodigy {VERSION} into {folder}; this takes minutes", file=sys.stderr)
        subprocess.run(["cargo", "install", "prodigy", "--version", VERSION, "--locked", "--root",
                        folder], check=True)
    return program


class Lab:
    """A home directory with a repository in it."""

    def __init__(self, program, home):
        self.program, self.home = os.path.abspath(program), home
        self.repository = os.path.join(home, "demo-repo")
        os.makedirs(self.repository)
        os.makedirs(os.path.join(home, ".claude", "projects"))  # Claude Code was used before
        with open(os.path.join(home, ".gitconfig"), "w", encoding="ascii") as file:
            file.write(GIT_SETTINGS)
        self.environment = {
            name: value for name, value in os.environ.items()
            if not name.startswith(("PRODIGY", "CLAUDE", "GIT_", "XDG_"))}
        self.environment.update(HOME=home, PATH=HERE + os.pathsep + os.environ["PATH"])
        self.git("init", "-q")
        with open(os.path.join(self.repository, "README.md"), "w", encoding="ascii") as file:
            file.write("demo\n")
        self.commit("init")

    def git(self, *arguments):
        subprocess.run(["git", *arguments], cwd=self.repository, env=self.environment, check=True,
                       stdout=subprocess.DEVNULL)

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def start(self, workflow, **settings):
        with open(os.path.join(self.home, "claude.conf"), "w", encoding="ascii") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())
        shutil.copy(os.path.join(HERE, workflow), os.path.join(self.repository, "wf.yml"))
        self.commit(workflow)
        return subprocess.Popen([self.program, "run", "wf.yml", "-y"], cwd=self.repository,
                                env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                start_new_session=True)

    def run(self, workflow, **settings):
        process = self.start(workflow, **settings)
        output, _ = process.communicate(timeout=300)
        return Words(output, process.returncode)

    def interrupt(self, workflow, seconds, **settings):
        """SIGINT in the middle, to all of them, as a terminal sends it."""
        process = self.start(workflow, **settings)
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=60)  # until the last of them closed it
        return Words(output, process.returncode)
