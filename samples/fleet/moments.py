"""Times as Prodigy writes them."""

from datetime import datetime, timezone

SECOND = 1_000_000_000  # nanoseconds


def stamp(seconds):
    """As names have it."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y%m%d_%H%M%S")


def rfc3339(nanoseconds):
    """As chrono writes it: groups of three zeros at the end are dropped."""
    text = datetime.fromtimestamp(nanoseconds // SECOND, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    rest = f"{nanoseconds % SECOND:09}"
    while rest.endswith("000"):
        rest = rest[:-3]
    return text + ("." + rest if rest else "") + "Z"
