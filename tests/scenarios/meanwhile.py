"""What the exporter does while something happens to its files: the halves of the scenarios.

    @both
    def test_s13_rename_create(tree, exporter, meanwhile):
        append(tree.file, events(1, 3))
        with meanwhile(exporter, ok=3):
            os.rename(tree.file, tree.file + ".1")

    live      it runs, and may see every step
    asleep    SIGSTOP: it sees the result alone, but keeps its descriptors
    stopped   SIGTERM, and started again afterwards
    killed    SIGKILL after all that was counted is in the state, and started again
    torn      SIGKILL at once: the state may be older than what was counted and shown
"""

import contextlib

import pytest

MODES = ("live", "asleep", "stopped", "killed", "torn")
DOWN = ("stopped", "killed", "torn")


class Meanwhile:
    def __init__(self, mode):
        self.mode = mode
        self.is_down = mode in DOWN

    @contextlib.contextmanager
    def __call__(self, exporter, ok=None, **totals):
        """Begins when these totals have been reached: see Exporter.expect."""
        if ok is not None:
            exporter.expect(ok=ok, still=0, **totals)
        getattr(self, "begin_" + self.mode)(exporter)
        yield
        if self.mode == "asleep":
            exporter.sigcont()
        elif self.is_down:
            exporter.start()

    def begin_live(self, exporter):
        pass

    def begin_asleep(self, exporter):
        exporter.sigstop()

    def begin_stopped(self, exporter):
        exporter.stop()

    def begin_killed(self, exporter):
        exporter.committed()
        exporter.kill9()

    def begin_torn(self, exporter):
        exporter.kill9()


@pytest.fixture
def meanwhile(request):
    return Meanwhile(request.param)


def during(*modes):
    return pytest.mark.parametrize("meanwhile", modes, indirect=True)


# Torn only where what was counted stays readable: what is not in the state is counted anew.
both = during(*MODES)
both_if_saved = during("live", "asleep", "stopped", "killed")
both_slow = during("live", "stopped", "killed")  # where each takes long
down = during(*DOWN)
