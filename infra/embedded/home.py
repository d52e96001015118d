"""Where the servers keep their data, and as whom and from where they run."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from infra.embedded.accounts import Account, server_account
from infra.embedded.errors import EmbeddedError
from infra.embedded.files import make_folder, take_lock
from infra.embedded.programs import Programs, account_has, programs_for

ELSEWHERE = Path("/var/lib/decklog")
POINTER = "servers"
_SERVERS = ("postgres", "valkey")
_PASSABLE = 0o711


@dataclass(frozen=True)
class ServerHome:
    """The folder of the servers' folders."""

    path: Path
    account: Account | None
    programs: Programs
    notice: str | None
    lock: int | None


def server_home(folder: Path, elsewhere: Path = ELSEWHERE) -> ServerHome:
    """Find or make the home of a data folder's servers.

    It is the data folder itself, unless we are root and the account that the servers run as cannot get there
    (`/root` is closed): rights of folders that are not ours are never changed, the home is then made under
    `/var/lib/decklog`, named by the data folder's absolute path, and a link in the data folder leads to it.

    Args:
        folder: The data folder, absolute.
        elsewhere: Where homes outside data folders go.

    Raises:
        EmbeddedError: The account cannot get there either, or no more, or the programs are missing.
    """
    account = server_account()
    if account is None:
        return ServerHome(folder, None, programs_for(None, folder), notice=None, lock=None)
    pointer = folder / POINTER
    if pointer.is_symlink():
        home = pointer.readlink()
    elif account_has(account, os.X_OK, folder.parent):
        home = folder
    elif any((folder / name).exists() for name in _SERVERS):
        raise EmbeddedError(
            f"the servers' data is in {folder}, but the account {account.name} cannot get there any more: "
            "undo what closed a folder above it, or move the data folder to where it was"
        )
    else:
        home = elsewhere / hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    if home == folder:
        make_folder(folder, _PASSABLE)
        return ServerHome(home, account, programs_for(account, home / "programs"), notice=None, lock=None)
    return _home_outside(folder, home, account)


def _home_outside(folder: Path, home: Path, account: Account) -> ServerHome:
    if not home.parent.exists():
        home.parent.mkdir(parents=True)
        home.parent.chmod(0o755)
    if not account_has(account, os.X_OK, home.parent):
        raise EmbeddedError(
            f"the account {account.name}, which runs the servers, can get neither into {folder.parent} nor into "
            f"{home.parent}: choose another --data-dir"
        )
    pointer = folder / POINTER
    if pointer.is_symlink() and not home.is_dir():
        raise EmbeddedError(
            f"the servers' data was in {home}, which is gone: bring it back, or remove {pointer} to begin anew"
        )
    make_folder(home, _PASSABLE)
    # A copied data folder brings the link along: two folders then lead to one home.
    lock = take_lock(home / "lock", f"{home} (where {folder} leads)")
    if not pointer.is_symlink():
        pointer.symlink_to(home)
    notice = (
        f"the servers run as {account.name}, who cannot get into {folder.parent}: their data is in {home} "
        f"({pointer} leads there)"
    )
    return ServerHome(home, account, programs_for(account, home / "programs"), notice, lock)
