"""The data folder: its lock, its secrets, and where its servers are to be found."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from infra.embedded.errors import EmbeddedError
from infra.embedded.files import make_folder, take_lock, write_file
from infra.embedded.home import ELSEWHERE, POINTER, ServerHome, server_home

_LOCK, _SECRETS, _PORTS, _CONNECTIONS = "lock", "secrets.json", "ports.json", "connections.json"
_SECRET_NAMES = (
    "jwt_secret",
    "person_key_secret",
    "postgres_password",
    "postgres_admin_password",
    "valkey_password",
)
_SECRET_BYTES = 32


@dataclass(frozen=True)
class Connections:
    """How to reach everything that a running `decklog up` started; it holds secrets."""

    database_url: str
    redis_url: str
    jwt_secret: str
    person_key_secret: str
    write_url: str
    read_url: str
    pid: int


class DataFolder:
    """A data folder that this process alone uses; made by `open`."""

    def __init__(self, path: Path, lock: int, secret: dict[str, str], elsewhere: Path) -> None:
        """Take over a locked folder."""
        self.path = path
        self.jwt_secret = secret["jwt_secret"]
        self.person_key_secret = secret["person_key_secret"]
        self.postgres_password = secret["postgres_password"]
        self.postgres_admin_password = secret["postgres_admin_password"]
        self.valkey_password = secret["valkey_password"]
        self._elsewhere = elsewhere
        self._locks = [lock]

    @classmethod
    def open(cls, path: Path, *, elsewhere: Path = ELSEWHERE) -> Self:
        """Make the folder and its secrets if they are missing, and lock it.

        Args:
            path: The folder; parents that are missing are made too.
            elsewhere: Where the servers' data goes if their account cannot get into the folder.

        Raises:
            EmbeddedError: Another `decklog up` uses it, it is someone else's, or it is no data folder.
        """
        path = Path(path).resolve()
        _make(path)
        lock = take_lock(path / _LOCK, str(path))
        try:
            (path / _CONNECTIONS).unlink(missing_ok=True)
            make_folder(path / "logs", 0o700)
            return cls(path, lock, _secrets(path), elsewhere)
        except BaseException:
            os.close(lock)
            raise

    @cached_property
    def home(self) -> ServerHome:
        """Where the servers' data is, made on first use.

        Raises:
            EmbeddedError: There is no place, no account, or no program to run.
        """
        home = server_home(self.path, self._elsewhere)
        if home.lock is not None:
            self._locks.append(home.lock)
        return home

    def log(self, name: str) -> Path:
        """Name the log file of a process."""
        return self.path / "logs" / f"{name}.log"

    def remembered_port(self, name: str) -> int | None:
        """Read the port that a server had last."""
        port = _read(self.path / _PORTS).get(name)
        return port if isinstance(port, int) else None

    def remember_port(self, name: str, port: int) -> None:
        """Keep a server's port for the next start."""
        if port != self.remembered_port(name):
            write_file(self.path / _PORTS, json.dumps({**_read(self.path / _PORTS), name: port}))

    def publish(self, connections: Connections) -> None:
        """Let the other verbs of the command line find the running servers, until `close`."""
        write_file(self.path / _CONNECTIONS, json.dumps(asdict(connections)))

    def close(self) -> None:
        """Unlock the folder; stop what runs in it before."""
        if self._locks:
            (self.path / _CONNECTIONS).unlink(missing_ok=True)
        while self._locks:
            os.close(self._locks.pop())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_connections(path: Path) -> Connections:
    """Read how to reach the servers that run in a data folder; takes no lock.

    Raises:
        EmbeddedError: None run there, or they are another user's.
    """
    nothing = f"no servers run in {path}: start them with `decklog up`"
    try:
        found = _read(Path(path) / _CONNECTIONS)
    except PermissionError as error:
        raise EmbeddedError(
            f"{path} is another user's: run this as the user who runs `decklog up`"
        ) from error
    if not found.keys() >= {field.name for field in fields(Connections)}:
        raise EmbeddedError(nothing)
    connections = Connections(**{field.name: found[field.name] for field in fields(Connections)})
    try:
        os.kill(connections.pid, 0)  # signal 0 only asks whether it lives
    except ProcessLookupError as error:
        raise EmbeddedError(nothing) from error
    except PermissionError:
        pass  # it lives, as another user
    return connections


def _make(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = {entry.name for entry in path.iterdir()}
    except OSError as error:
        raise EmbeddedError(f"{path} cannot be used as the data folder: {error.strerror}") from error
    if names and not names & {_LOCK, _SECRETS}:
        raise EmbeddedError(
            f"{path} holds other things and is no data folder of Decklog: choose another --data-dir"
        )
    owner = path.stat().st_uid
    if owner != os.geteuid():
        raise EmbeddedError(
            f"{path} belongs to uid {owner}: run `decklog up` as that user, or choose another --data-dir"
        )
    # Root's servers work as another account, which has to pass through: `server_home` opens it that far.
    if not (path / "postgres").exists():
        path.chmod(0o700)
    if not (path / ".gitignore").exists():
        write_file(path / ".gitignore", "*\n")


def _secrets(path: Path) -> dict[str, str]:
    kept = _read(path / _SECRETS)
    if not kept and any((path / name).exists() for name in ("postgres", POINTER)):
        raise EmbeddedError(
            f"{path / _SECRETS} is gone or broken, and the data cannot be reached without it: restore it from a backup"
        )
    made = {name: kept.get(name) or secrets.token_urlsafe(_SECRET_BYTES) for name in _SECRET_NAMES}
    if made != kept:
        write_file(path / _SECRETS, json.dumps(made))
    return made


def _read(path: Path) -> dict[str, Any]:
    """Read a JSON object; what is missing or broken reads as an empty one."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
