"""Files and folders with exact rights, written whole or not at all, and exclusive locks."""

import fcntl
import os
from pathlib import Path

from infra.embedded.accounts import Account
from infra.embedded.errors import EmbeddedError

OWNER_ONLY = 0o600


def make_folder(path: Path, mode: int, owner: Account | None = None) -> None:
    """Make a folder of ours, or give one of ours its rights back, whatever the umask says."""
    path.mkdir(mode=mode, exist_ok=True)
    if owner is not None:
        os.chown(path, owner.uid, owner.gid, follow_symlinks=False)
    path.chmod(mode)


def write_file(path: Path, text: str, mode: int = OWNER_ONLY, owner: Account | None = None) -> None:
    """Replace a file in one step and durably: a crash leaves the old text or the new one.

    The folder must be closed to others, or they could put a link in the place of the draft.
    """
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, mode)
        if owner is not None:
            os.fchown(descriptor, owner.uid, owner.gid)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def take_lock(path: Path, subject: str) -> int:
    """Lock a file exclusively for as long as the returned descriptor stays open; our pid goes into it.

    The kernel lets go of the lock when the process ends, however it ends.

    Args:
        path: The lock file; made when missing, never removed (a removed lock file can be locked twice).
        subject: What is locked, for the error.

    Raises:
        EmbeddedError: Another process holds the lock.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise EmbeddedError(f"{subject} is in use by another `decklog up` (pid {holder})") from error
    except OSError:
        os.close(descriptor)
        raise
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
