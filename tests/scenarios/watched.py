"""What the kernel says of a running process."""

import os
import re
import signal

from program import wait_until


class Watched:
    """Mixed into a class that has a `process` (subprocess.Popen)."""

    def sigstop(self):
        """SIGSTOP, and wait until it has really stopped."""
        self.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: self.procfs("stat").rsplit(")", 1)[1].split()[0] == "T", 5)

    def sigcont(self):
        self.process.send_signal(signal.SIGCONT)

    def procfs(self, name):
        with open(f"/proc/{self.process.pid}/{name}") as file:
            return file.read()

    def threads(self):
        """What each of its threads waits for in the kernel, by name."""
        base = f"/proc/{self.process.pid}/task"
        found = {}
        for number in os.listdir(base):
            for name in ("comm", "wchan", "syscall"):
                try:
                    with open(f"{base}/{number}/{name}") as file:
                        found.setdefault(number, []).append(file.read().strip()[:40])
                except OSError:
                    continue
        return found

    def memory(self, field="VmRSS"):
        """Bytes; VmHWM is the peak."""
        match = re.search(rf"^{field}:\s+(\d+) kB", self.procfs("status"), re.MULTILINE)
        return int(match.group(1)) * 1024

    def cpu_seconds(self):
        fields = self.procfs("stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_files(self):
        """Targets of its descriptors that are paths."""
        base = f"/proc/{self.process.pid}/fd"
        targets = []
        for name in os.listdir(base):
            try:
                target = os.readlink(f"{base}/{name}")
            except FileNotFoundError:
                continue
            if target.startswith("/"):
                targets.append(target)
        return targets

    def held_deleted_files(self):
        return [target for target in self.open_files() if target.endswith(" (deleted)")]
