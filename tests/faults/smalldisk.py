"""A real disk that is really full: a small file system in memory, and a ballast file that takes what is left."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEBIBYTE = 2**20


class NoDisk(Exception):
    """Only root may mount, and not everywhere."""


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """Mount a file system of a size on a folder, for as long as the block runs.

    Raises:
        NoDisk: it cannot be mounted here.
    """
    options = ["-t", "tmpfs", "-o", f"size={mebibytes}m,mode=755", "tmpfs"]
    try:
        subprocess.run(["mount", *options, str(folder)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoDisk(f"no file system can be mounted: {error}") from error
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


def take_all(ballast: Path) -> None:
    """Write a file until there is no room left."""
    with ballast.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(MEBIBYTE // 16))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        os.fsync(file.fileno())
