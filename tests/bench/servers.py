"""The servers of a run, in a temporary folder: PostgreSQL and Valkey embedded, ours beside them."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from infra.embedded.folder import DataFolder
from infra.embedded.health import is_healthy
from infra.embedded.logs import tail
from infra.embedded.ports import free_port
from infra.embedded.process import GuardedProcess, describe_exit, spawn
from infra.embedded.servers import EmbeddedServers
from infra.http.auth import issue
from infra.postgres.migrate import migrate
from infra.settings import Settings
from tests.bench.tools import ToolFailed

ROOT = Path(__file__).parents[2]
SECRET = "a secret of these benches, long enough for HS256"
USER = "ada"
START, STOP = 30.0, 10.0
# On a busy machine: what was left behind by the measurement before shall not be measured in the next.
PAUSE = 0.2
DURABILITY = ("fsync", "synchronous_commit", "full_page_writes", "wal_level")


@dataclass(frozen=True, slots=True)
class Served:
    """A process of ours that answers HTTP."""

    url: str
    pid: int
    port: int


class Servers:
    """What runs for all benches, and starts what runs for one."""

    def __init__(self, embedded: EmbeddedServers, folder: Path) -> None:
        self._embedded = embedded
        self._folder = folder
        self._names = 0

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of PostgreSQL's postmaster and of Valkey."""
        return {"postgres": self._embedded.postgres_pid, "valkey": self._embedded.valkey_pid}

    async def durability(self) -> dict[str, str]:
        """Ask PostgreSQL how durable a commit is."""
        found = {}
        async with await psycopg.AsyncConnection.connect(self._embedded.postgres.admin_url) as connection:
            for name in ("server_version", *DURABILITY):
                cursor = await connection.execute("select current_setting(%s)", [name])
                (found[name],) = await cursor.fetchone() or ("?",)
        return found

    async def settle(self) -> None:
        """Let each measurement begin alike: with a checkpoint just behind it."""
        admin = self._embedded.postgres.admin_url
        async with await psycopg.AsyncConnection.connect(admin, autocommit=True) as connection:
            await connection.execute("checkpoint")
        await asyncio.sleep(PAUSE)

    def place(self, name: str) -> Path:
        """Make a folder for a bench's files."""
        folder = self._folder / name
        folder.mkdir()
        return folder

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Settings]:
        """Make a migrated database of its own, with an epoch of its own and so Redis keys of its own."""
        self._names += 1
        name = Identifier(f"bench_{self._names}")
        url = self._embedded.database_url
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute(SQL("create database {}").format(name))
        settings = Settings(
            database_url=f"{url.rsplit('/', 1)[0]}/bench_{self._names}",
            redis_url=self._embedded.redis_url,
            jwt_secret=SECRET,
            person_key_secret=SECRET,
        )
        await migrate(settings)
        try:
            yield settings
        finally:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute(SQL("drop database {} with (force)").format(name))

    @asynccontextmanager
    async def serving(self, kind: str, settings: Settings, **more: str) -> AsyncIterator[Served]:
        """Run `decklog serve write|read`; `more` are settings by their names in the environment."""
        port = free_port()
        argv = ["-m", "workers.cli", "serve", kind, "--port", str(port)]
        health = f"http://127.0.0.1:{port}/api/health"
        async with self._running(kind, argv, settings, health, more) as process:
            yield Served(f"http://127.0.0.1:{port}", process.pid, port)

    @asynccontextmanager
    async def working(self, settings: Settings) -> AsyncIterator[int]:
        """Run `decklog serve workers`; yields its process id."""
        async with self._running("workers", ["-m", "workers.cli", "serve", "workers"], settings) as process:
            yield process.pid

    @asynccontextmanager
    async def ceiling(self, answer: bytes) -> AsyncIterator[Served]:
        """Run the FastAPI app that does nothing and answers this."""
        port = free_port()
        argv = ["-m", "tests.bench.parts.ceiling", str(port), answer.decode()]
        async with self._running("ceiling", argv, None, f"http://127.0.0.1:{port}/health") as process:
            yield Served(f"http://127.0.0.1:{port}", process.pid, port)

    @asynccontextmanager
    async def fanning(self, kind: str) -> AsyncIterator[Served]:
        """Run a server that sends each message to all its sockets: `uvicorn` as it comes, or `ours`."""
        port = free_port()
        argv = ["-m", "tests.bench.parts.fanout_server", kind, str(port)]
        async with self._running(f"fanout-{kind}", argv, None, f"http://127.0.0.1:{port}/health") as process:
            yield Served(f"http://127.0.0.1:{port}", process.pid, port)

    @asynccontextmanager
    async def _running(
        self,
        name: str,
        argv: Sequence[str],
        settings: Settings | None,
        health: str | None = None,
        more: Mapping[str, str] | None = None,
    ) -> AsyncIterator[GuardedProcess]:
        log = self._folder / f"{name}-{time.monotonic_ns()}.log"
        process = await spawn(
            [sys.executable, *argv],
            env={**environment(settings), **(more or {})},
            log=log,
            death_signal=signal.SIGTERM,
            folder=ROOT,
        )
        try:
            if health is not None:
                await _well(name, process, health)
            yield process
        except Exception:
            # The log goes with the folder.
            print(f"--- the log of {name} ends:\n{tail(log)}\n---", file=sys.stderr)
            raise
        finally:
            await process.end((signal.SIGTERM, STOP))


async def _well(name: str, process: GuardedProcess, health: str) -> None:
    deadline = time.monotonic() + START
    while not await is_healthy(health):
        if process.exit_code is not None:
            raise ToolFailed(f"{name} {describe_exit(process.exit_code)}")
        if time.monotonic() > deadline:
            raise ToolFailed(f"{name} was not well within {START:.0f} s")
        await asyncio.sleep(0.05)


def environment(settings: Settings | None) -> dict[str, str]:
    """Return the environment of a process of ours: nothing of the caller's own settings gets in."""
    found = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
    if settings is not None:
        found |= {
            "DATABASE_URL": settings.dsn,
            "REDIS_URL": str(settings.redis_url),
            "JWT_SECRET": settings.jwt_secret,
            "PERSON_KEY_SECRET": settings.person_key_secret,
            # One machine makes in seconds what a deployment's callers may in a minute.
            "RATE_LIMIT_GLOBAL_PER_MINUTE": "100000000",
        }
    return found


def bearer() -> str:
    """Make the `Authorization` header of the one who does all the work."""
    return f"Bearer {issue(SECRET, USER, now=time.time(), ttl=86_400, tier='enterprise')}"


def _folder() -> Path:
    """Make a folder with a short path, which the servers' account can pass through: they put sockets there."""
    folder = Path(tempfile.mkdtemp(prefix="dlb-"))
    folder.chmod(0o755)
    return folder


@asynccontextmanager
async def embedded_servers() -> AsyncIterator[Servers]:
    """Start PostgreSQL and Valkey in a temporary folder, which goes when they are stopped."""
    folder = _folder()
    try:
        with DataFolder.open(folder / "data") as data:
            async with EmbeddedServers(data, lambda line: print(line, file=sys.stderr)) as running:
                yield Servers(running, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
