"""A small file system of its own for a directory, that may fill up and be made read-only. It is
mounted in a namespace, so that no privilege is needed and nothing stays behind."""

import os
import subprocess

import pytest

from conftest import need_program


class SmallDisk:
    def __init__(self, directory, size):
        """Mounts `size` (as "2m") at the directory, for those who run behind `prefix` alone."""
        unshare, nsenter = need_program("unshare"), need_program("nsenter")
        self.directory = os.fspath(directory)
        os.makedirs(self.directory, exist_ok=True)
        mount = f'mount -t tmpfs -o size={size},mode=700 none "$0"'
        script = mount + " && echo ready && exec sleep 3600"
        self.holder = subprocess.Popen(
            [unshare, "-Urm", "--propagation", "private", "sh", "-c", script, self.directory],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        if self.holder.stdout.readline() != b"ready\n":
            self.close()
            pytest.skip("mount namespaces are not available here")
        self.prefix = [nsenter, "-t", str(self.holder.pid), "-U", "-m", "--preserve-credentials"]

    def path(self, name=""):
        """A file of it, as seen from outside."""
        return os.path.join(f"/proc/{self.holder.pid}/root{self.directory}", name)

    def fill(self):
        """Takes all the room that is left."""
        with open(self.path("filler"), "wb", buffering=0) as file:
            for block in (65536, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * block)
                except OSError:
                    continue

    def free(self):
        os.unlink(self.path("filler"))

    def remount(self, options):
        subprocess.run(self.prefix + ["mount", "-o", f"remount,{options}", self.directory],
                       check=True)

    def close(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
