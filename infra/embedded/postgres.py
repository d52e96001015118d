"""The embedded PostgreSQL."""

import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import psycopg

from infra.embedded.errors import EmbeddedError
from infra.embedded.files import make_folder, write_file
from infra.embedded.folder import DataFolder
from infra.embedded.logs import tail
from infra.embedded.orphans import end_processes
from infra.embedded.ports import LOOPBACK
from infra.embedded.postgres_config import postgres_config
from infra.embedded.postgres_database import provide_database
from infra.embedded.process import describe_exit, spawn
from infra.embedded.programs import POSTGRES_MAJOR
from infra.embedded.server import MINIMAL_ENV, EmbeddedServer

_ADMIN, _USER, _DATABASE = "postgres", "decklog", "decklog"
_STOP_SECONDS = 30.0  # the last checkpoint is part of it


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL on the loopback, with passwords (SCRAM), and the database `decklog` in it."""

    title: ClassVar[str] = "PostgreSQL"
    key: ClassVar[str] = "postgres"
    # SIGINT is the fast shutdown; SIGTERM would wait for every client to leave.
    death_signal: ClassVar[signal.Signals] = signal.SIGINT
    stop_steps: ClassVar[tuple[tuple[signal.Signals, float], ...]] = (
        (signal.SIGINT, _STOP_SECONDS),
        (signal.SIGQUIT, 5.0),
    )

    def __init__(
        self, folder: DataFolder, *, port: int | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        """Describe a server; nothing happens before `start`.

        Args:
            folder: The locked data folder.
            port: Where to listen on the loopback; None is the port of the last time, or a free one.
            settings: Server settings that differ from ours, as `postgresql.conf` has them.
        """
        super().__init__(folder, port=port)
        self._settings = dict(settings or {})

    @property
    def url(self) -> str:
        """The address of the database `decklog`, with the password of its owner, who is no superuser."""
        return f"postgresql://{_USER}:{self._folder.postgres_password}@{LOOPBACK}:{self.port}/{_DATABASE}"

    @property
    def admin_url(self) -> str:
        """The address of the database `decklog` for the superuser: for replicas, backups and repairs."""
        return (
            f"postgresql://{_ADMIN}:{self._folder.postgres_admin_password}@{LOOPBACK}:{self.port}/{_DATABASE}"
        )

    async def start(self) -> None:
        """Start, or start again; see `EmbeddedServer.start`."""
        await super().start()
        try:
            async with await psycopg.AsyncConnection.connect(**self._admin(self.port)) as connection:
                await provide_database(connection, _DATABASE, _USER, self._folder.postgres_password)
        except psycopg.Error as error:
            raise EmbeddedError(f"the database {_DATABASE} cannot be made: {error}") from error

    async def _prepare(self) -> None:
        if not self._data.exists():
            await self._initialise()
        version = self._data / "PG_VERSION"
        found = version.read_text(encoding="ascii").strip() if version.exists() else "unknown"
        if found != POSTGRES_MAJOR:
            raise EmbeddedError(
                f"{self._data} is of PostgreSQL {found}, this is PostgreSQL {POSTGRES_MAJOR}: export with the old release, import with this one"
            )

    async def _initialise(self) -> None:
        """Make the cluster beside its place, so that a crash in between leaves no half of one."""
        home = self._folder.home
        draft, password, log = self._place / "data.new", self._place / "password", self._folder.log("initdb")
        shutil.rmtree(draft, ignore_errors=True)
        make_folder(draft, 0o700, home.account)
        write_file(password, self._folder.postgres_admin_password + "\n", owner=home.account)
        options = [
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            f"--username={_ADMIN}",
            "--encoding=UTF8",
            "--no-instructions",
        ]
        # Sorts by bytes, yet knows upper and lower case of all letters: `lower()` and ILIKE work in any language.
        options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        try:
            process = await spawn(
                [str(home.programs.initdb), "-D", str(draft), *options],
                env=MINIMAL_ENV,
                log=log,
                death_signal=signal.SIGTERM,
                account=home.account,
                folder=Path("/"),
            )
            try:
                code = await process.wait()
            except BaseException:
                await process.end((signal.SIGTERM, 5.0))
                raise
        finally:
            password.unlink()
        if code != 0:
            raise EmbeddedError(f"initdb {describe_exit(code)}; {log} says:\n{tail(log)}")
        draft.rename(self._data)

    async def _end_leftovers(self) -> None:
        record, program = self._data / "postmaster.pid", self._folder.home.programs.postgres
        leader = _first_number(record)
        await end_processes(self._data, program, [leader] if leader else [], signal.SIGINT, _STOP_SECONDS)
        # PostgreSQL believes in a record whose number now belongs to some other process of its account (after
        # a reboot, in a new container) and refuses to start. We hold the folder and know that none of ours runs.
        leader = _first_number(record)
        if leader is not None and _exists(leader):
            record.unlink()
        for leftover in (self._place / "run").glob(".s.PGSQL.*"):
            leftover.unlink()

    def _configure(self, port: int) -> None:
        socket = self._socket(f".s.PGSQL.{port}")
        text = postgres_config(self._data, port, None if socket is None else socket.parent, self._settings)
        # Ours, not the account's: a server that was broken into cannot make us write where it wants.
        write_file(self._config, text, 0o644)

    @property
    def _config(self) -> Path:
        return self._place / "postgresql.conf"

    def _command(self) -> list[str]:
        return [
            str(self._folder.home.programs.postgres),
            "-D",
            str(self._data),
            "-c",
            f"config_file={self._config}",
        ]

    def _admin(self, port: int) -> dict[str, Any]:
        # Said outright, lest the environment of the user (PGSSLMODE, PGHOST…) says otherwise.
        return {
            "host": LOOPBACK,
            "port": port,
            "user": _ADMIN,
            "password": self._folder.postgres_admin_password,
            "dbname": "postgres",
            "sslmode": "disable",
            "gssencmode": "disable",
            "connect_timeout": 5,
            "autocommit": True,
        }

    async def _is_ready(self, port: int) -> bool:
        try:
            connection = await psycopg.AsyncConnection.connect(**self._admin(port))
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise EmbeddedError(
                    f"the password in {self._folder.path / 'secrets.json'} is not the one that {self._data} was made with: restore the file from a backup"
                ) from error
            return False
        await connection.close()
        return True


def _first_number(record: Path) -> int | None:
    with suppress(FileNotFoundError, ValueError, IndexError):
        return abs(int(record.read_text(encoding="utf-8", errors="replace").splitlines()[0]))
    return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
