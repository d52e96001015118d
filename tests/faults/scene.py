"""What a run consists of: a database of its own, a bad line to it, processes that write, processes that read."""

import asyncio
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from infra.embedded.folder import DataFolder
from infra.embedded.servers import EmbeddedServers
from infra.postgres.migrate import migrate
from infra.settings import Settings
from tests.faults.chance import chance
from tests.faults.children import Child
from tests.faults.clock import install_clock

START_PATIENCE = 300.0
SECRET = "a secret of these faults, long enough for HS256"


@dataclass(frozen=True, slots=True)
class Size:
    """How much runs. `pause` is how long a client thinks between two requests, in seconds on average."""

    writers: int = 4
    clients: int = 50
    pause: float = 0.1


@dataclass
class Slot:
    """A place for a writer process: the one that runs, and the journals of it and of those before it."""

    number: int
    child: Child
    journals: list[Path]
    # What those before it had said.
    before: Counter[str] = field(default_factory=Counter)

    def count(self, key: str) -> int:
        return int(self.before[key] + self.child.said.get(key, 0))


@dataclass
class Scene:
    """A run under way."""

    servers: EmbeddedServers
    settings: Settings
    through: Settings
    folder: Path
    proxy: Child
    picked: random.Random
    size: Size
    seed: int
    slots: list[Slot] = field(default_factory=list)
    readers: dict[str, Child] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    begun: float = field(default_factory=time.monotonic)
    longest: float = 0.0

    def total(self, key: str) -> int:
        return sum(slot.count(key) for slot in self.slots)

    def log(self, name: str) -> Path:
        return self.folder / name

    async def write(self, number: int) -> None:
        """Start a writer process in a slot; it takes over what the one before it left open."""
        life = len(self.slots[number].journals) if number < len(self.slots) else 0
        before = self.slots[number].journals if life else []
        journal = self.log(f"writer-{number}-{life}.journal")
        name = f"w{number}.{life}"
        config = {
            "settings": plain(self.through),
            "name": name,
            "journal": str(journal),
            "before": [str(path) for path in before],
            "clients": self.size.clients,
            "pause": self.size.pause,
            "seed": self.seed,
            "quiet": True,
        }
        child = await Child.start(name, "writer", config)
        if not life:
            self.slots.append(Slot(number, child, [journal]))
            return
        slot = self.slots[number]
        slot.before.update(
            {k: v for k, v in slot.child.said.items() if k in {"acknowledged", "refused", "unknown"}}
        )
        self.longest = max(self.longest, slot.child.said.get("longest", 0.0))
        slot.child = child
        slot.journals.append(journal)

    async def read(self, name: str, settings: Settings, *, listens: bool) -> None:
        config = {
            "settings": plain(settings),
            "listens": listens,
            "file": str(self.log(f"{name}.seen")),
            "quiet": True,
        }
        self.readers[name] = await Child.start(name, "reader", config)

    async def go_on(self) -> None:
        """Wait until every writer process has had something acknowledged since now, or since it has started.

        Raises:
            PartFailed: one has not for a minute, or does not start.
        """

        async def goes_on(child: Child) -> None:
            # A new process says so before it asks for anything; a busy machine may take long to get it there.
            before = await child.until("acknowledged", patience=START_PATIENCE)
            await child.until("acknowledged", before + 1)

        await asyncio.gather(*(goes_on(slot.child) for slot in self.slots))

    async def finish(self) -> int:
        """Let the writers end what they began and the readers come to the end; return where that is."""
        for slot in self.slots:
            await slot.child.tell({"stop": True})
        await asyncio.gather(*(slot.child.until("done") for slot in self.slots))
        self.longest = max(self.longest, *(slot.child.said["longest"] for slot in self.slots))
        async with await psycopg.AsyncConnection.connect(self.settings.dsn) as connection:
            row = await (await connection.execute("select position from log_head")).fetchone()
        assert row is not None
        for reader in self.readers.values():
            await reader.tell({"until": row[0]})
        await asyncio.gather(*(reader.until("done") for reader in self.readers.values()))
        return int(row[0])

    async def close(self) -> None:
        children = [*(slot.child for slot in self.slots), *self.readers.values(), self.proxy]
        await asyncio.gather(*(child.kill() for child in children))


def plain(settings: Settings) -> dict[str, Any]:
    """Return settings for another process's command line."""
    found: dict[str, Any] = settings.model_dump(mode="json", exclude_defaults=True)
    return found


@asynccontextmanager
async def set_up(size: Size, seed: int) -> AsyncIterator[Scene]:
    """Start everything on a database of its own; nothing of it is left afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="dlf-"))
    folder.chmod(0o755)  # noqa: ASYNC240 - as above
    try:
        with DataFolder.open(folder / "data") as data:
            async with (
                EmbeddedServers(data, lambda _: None) as servers,
                _running(servers, folder, size, seed) as scene,
            ):
                yield scene
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def _running(servers: EmbeddedServers, folder: Path, size: Size, seed: int) -> AsyncIterator[Scene]:
    def settings(url: str) -> Settings:
        return Settings(
            database_url=url,
            redis_url=servers.redis_url,
            jwt_secret=SECRET,
            person_key_secret=SECRET,
            db_connection_timeout=5_000,
            db_pool_min=1,
            db_pool_max=4,
            db_processes=1,
        )

    direct = settings(servers.database_url)
    await install_clock(direct)
    await migrate(direct)
    port = servers.postgres.port
    proxy = await Child.start("proxy", "proxy", {"port": port, "seed": seed})
    try:
        near = await proxy.until("port")
        through = settings(servers.database_url.replace(f":{port}/", f":{near}/"))
        scene = Scene(servers, direct, through, folder, proxy, chance(seed), size, seed)
    except BaseException:
        await proxy.kill()
        raise
    try:
        await scene.read("woken reader", through, listens=True)
        await scene.read("looking reader", direct, listens=False)
        for number in range(size.writers):
            await scene.write(number)
        yield scene
    finally:
        await scene.close()
