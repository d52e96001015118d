"""Server processes of an earlier life: found by what they are and where they work, never by name alone."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_LSOF = Path("/usr/sbin/lsof")  # where macOS has it
_LOOK_AGAIN_SECONDS = 0.01
_TELLING_PARTS = 3  # pginstall18/bin/postgres


def find_processes(folder: Path, program: Path) -> list[int]:
    """Find the processes that work in a folder and are a program of ours.

    The servers change into their data folder when they start, and all their children stay there. The folder is
    compared by identity, not by name. The program is compared by the end of its path, since an update of the
    package may have put it elsewhere while an orphan still ran.
    """
    if not folder.exists():
        return []
    return _by_proc(folder, program) if (_PROC / "self" / "exe").exists() else _by_lsof(folder, program)


def _by_proc(folder: Path, program: Path) -> list[int]:
    home = folder.stat()
    found = []
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        # Gone meanwhile, a zombie, or another user's: not ours.
        with suppress(OSError):
            executable = Path(str((entry / "exe").readlink()).removesuffix(" (deleted)"))
            if executable.parts[-_TELLING_PARTS:] != program.parts[-_TELLING_PARTS:]:
                continue
            place = (entry / "cwd").stat()
            if (place.st_dev, place.st_ino) == (home.st_dev, home.st_ino):
                found.append(int(entry.name))
    return found


def _by_lsof(folder: Path, program: Path, lsof: Path = _LSOF) -> list[int]:
    """The way of systems without /proc; lsof compares the command's name and tells the working folder."""
    if not lsof.exists():
        return []
    command = [str(lsof), "-w", "-a", "-d", "cwd", "-c", program.name[:15], "-Fpn"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments
    found, pid = [], 0
    for line in answer.stdout.splitlines():
        if line.startswith("p"):
            pid = int(line[1:])
        elif line.startswith("n") and Path(line[1:]).resolve() == folder.resolve():
            found.append(pid)
    return found


async def end_processes(
    folder: Path, program: Path, leaders: Iterable[int], polite: signal.Signals, seconds: float
) -> bool:
    """End what `find_processes` finds: leaders politely, everything else and the stubborn by SIGKILL.

    A child whose leader is gone has nothing to save: the next start recovers from the log.

    Args:
        folder: Where the processes work.
        program: What they are.
        leaders: Which of them may stop in their own way.
        polite: The leaders' signal.
        seconds: How long the leaders may take.

    Returns:
        Whether there was any.
    """
    found = find_processes(folder, program)
    if not found:
        return False
    living = set(leaders) & set(found)
    _send(living, polite)
    deadline = time.monotonic() + seconds
    while living and time.monotonic() < deadline:
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        living &= set(find_processes(folder, program))
    while found := find_processes(folder, program):
        _send(found, signal.SIGKILL)
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    return True


def _send(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
