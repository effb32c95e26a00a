"""What was checked, and how it went: one line each."""


class Report:
    def __init__(self):
        self.failed = 0

    def check(self, what, problems):
        """`problems`: texts; none means that all is well. Returns whether it is."""
        print(f"{'FAIL' if problems else 'ok'}: {what}", flush=True)
        for problem in problems:
            print("      " + problem.strip().replace("\n", "\n      "), flush=True)
        self.failed += bool(problems)
        return not problems

    def refuses(self, what, problems):
        """A copy broken on purpose: a check that finds nothing in it is no check."""
        return self.check(f"refused: {what}", [] if problems else ["nothing was found"])

    @staticmethod
    def skip(what, reason):
        print(f"SKIP: {what}: {reason}", flush=True)


def broken(text, old, new):
    """A copy of `text` with one mistake."""
    if old not in text:
        raise AssertionError(f"there is no {old!r} to break")
    return text.replace(old, new, 1)
