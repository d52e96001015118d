"""How much of the machine's memory and disk an embedded server may take."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

MB: Final = 1 << 20
# A container's limit (control groups, version 2): there, what the machine has says nothing.
_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")
LEAST, MOST, SHARE = 128, 1_024, 16
JOURNAL_LEAST, JOURNAL_MOST = 1_024, 4_096


def memory_here(limit: Path = _LIMIT) -> int:
    """Return the bytes of memory that this process may count on: the machine's, or its container's if that is less."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # no container, or one without a limit, which says "max"
        return min(machine, int(limit.read_text(encoding="ascii")))
    return machine


def buffers(memory: int) -> int:
    """Return the megabytes of pages that PostgreSQL shall hold: a sixteenth of the memory, from 128 to 1,024."""
    return min(max(memory // MB // SHARE, LEAST), MOST)


def room_at(folder: Path) -> int:
    """Return the bytes that are free where a folder is, or will be."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def journal(room: int) -> int:
    """Return the megabytes of journal to write between two checkpoints: a sixteenth of the room, from 1,024 to 4,096."""
    return min(max(room // MB // SHARE, JOURNAL_LEAST), JOURNAL_MOST)
