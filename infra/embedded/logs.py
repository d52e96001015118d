"""The log files of supervised processes."""

import os
from pathlib import Path
from typing import BinaryIO

ROTATE_BYTES = 10 * 1024 * 1024
_TAIL_BYTES = 16 * 1024


def open_log(path: Path) -> BinaryIO:
    """Open a log to append to; what has grown past 10 MiB moves to `NAME.log.1` first."""
    if path.exists() and path.stat().st_size > ROTATE_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "ab", buffering=0)


def tail(path: Path, lines: int = 15, since: int = 0) -> str:
    """Read the last lines of a log.

    Args:
        path: The log; a missing one reads as empty.
        lines: How many lines at most.
        since: The byte before which nothing is read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(since if since <= size else 0, size - _TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
