"""A disk that is full for the files of some processes: they may not grow beyond a size.

PostgreSQL ignores the signal that goes with this limit for that very purpose: an extension of a file then fails as
on a full disk, with EFBIG in the place of ENOSPC.
"""

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

# Linux alone can limit processes that run already.
POSSIBLE = sys.platform == "linux"


def working_folder(pid: int) -> Path:
    """Return the folder that a process works in; PostgreSQL's is that of its data."""
    return Path(f"/proc/{pid}/cwd").readlink()


def largest_file(folder: Path) -> int:
    """Return the size of the largest file below a folder, in bytes."""
    sizes = [0]
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            sizes.append(path.stat().st_size)
    return max(sizes)


@contextmanager
def limit_files(pid: int, size: int) -> Iterator[None]:
    """Limit the files of a process and its children, those to come too, for as long as the block runs."""
    _limit(pid, size)
    try:
        yield
    finally:
        _limit(pid, resource.RLIM_INFINITY)


def _limit(pid: int, size: int) -> None:
    # The parent first: what it starts from now on has the limit from the beginning.
    with suppress(psutil.NoSuchProcess):
        first = psutil.Process(pid)
        with _as_owner_of(first):
            for process in (first, *first.children(recursive=True)):
                with suppress(ProcessLookupError):
                    _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
                    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))


@contextmanager
def _as_owner_of(process: psutil.Process) -> Iterator[None]:
    """Have the real user and group of a process: those may change its limits, where root alone may not (containers)."""
    users, groups = os.getresuid(), os.getresgid()
    uid, gid = process.uids().real, process.gids().real
    os.setresgid(gid, -1, -1)
    os.setresuid(uid, -1, -1)
    try:
        yield
    finally:
        os.setresuid(*users)
        os.setresgid(*groups)
