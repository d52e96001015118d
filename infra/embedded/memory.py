"""How much memory an embedded server may take."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

MB: Final = 1 << 20
# A container's limit (control groups, version 2): there, what the machine has says nothing.
_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")
LEAST, MOST, SHARE = 128, 1_024, 16


def memory_here(limit: Path = _LIMIT) -> int:
    """Return the bytes of memory that this process may count on: the machine's, or its container's if that is less."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # no container, or one without a limit, which says "max"
        return min(machine, int(limit.read_text(encoding="ascii")))
    return machine


def buffers(memory: int) -> int:
    """Return the megabytes of pages that PostgreSQL shall hold: a sixteenth of the memory, from 128 to 1,024."""
    return min(max(memory // MB // SHARE, LEAST), MOST)
