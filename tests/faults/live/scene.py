"""What a run consists of: a database, a Redis, a write API, two gateways, workers, writers, readers on bad lines."""

import asyncio
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from decklog import Client, Patience
from infra.embedded.folder import DataFolder
from infra.embedded.servers import EmbeddedServers
from infra.http.auth import issue
from infra.postgres.migrate import migrate
from infra.settings import Settings
from tests.faults.chance import chance
from tests.faults.line import Line, line_to
from tests.faults.live.people import Deck, Reader, Writer
from tests.faults.live.processes import Served

SECRET = "a secret of these faults, long enough for HS256"
USER = "ada"
DAY = 86_400.0
# Commands are asked again for as long as anything may be away.
PATIENT = Patience(attempts=60, first=0.1, longest=2.0, timeout=20.0)
EAGER = Patience(attempts=10, first=0.05, longest=0.5, timeout=10.0)


@dataclass(frozen=True, slots=True)
class Size:
    """How much runs; `pause` is what a writer thinks between two edits, in seconds on average."""

    projects: int = 6
    writers: int = 6
    readers: int = 24
    pause: float = 0.05


@dataclass
class Scene:
    """A run under way."""

    servers: EmbeddedServers
    settings: Settings
    write: Served
    gateways: Sequence[Served]
    workers: Served
    lines: Sequence[Line]
    picked: random.Random
    size: Size
    decks: list[Deck] = field(default_factory=list)
    writers: list[Writer] = field(default_factory=list)
    readers: list[Reader] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    begun: float = field(default_factory=time.monotonic)

    def client(self, read: str, patience: Patience) -> Client:
        token = issue(SECRET, USER, now=time.time(), ttl=DAY, tier="enterprise")
        return Client(self.write.url, read, token, patience=patience)

    async def make_decks(self) -> None:
        async with self.client(self.gateways[0].url, PATIENT) as client:
            for _ in range(self.size.projects):
                project = (await client.command("create-project", title="Begun")).project_id
                slide = await client.command(
                    "add-block", project_id=project, type="slide", content={"title": "x"}
                )
                add = {
                    "type": "add-block",
                    "project_id": project,
                    "block_type": "text",
                    "parent_id": slide.result["block_id"],
                }
                made = await client.batch([{**add, "content": {"text": f"{n}"}} for n in range(5)])
                ids = [r.result["block_id"] for r in made.results if not isinstance(r, Exception)]
                self.decks.append(Deck(project, ids, made.position))

    def total(self) -> int:
        return sum(len(writer.acknowledged) for writer in self.writers)


@asynccontextmanager
async def set_up(size: Size, seed: int) -> AsyncIterator[Scene]:
    """Start everything; nothing of it is left afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="dll-"))
    folder.chmod(0o755)  # noqa: ASYNC240 - one call, before anything runs
    try:
        with DataFolder.open(folder / "data") as data:
            async with EmbeddedServers(data, lambda _: None) as servers, AsyncExitStack() as stack:
                yield await _running(servers, folder, size, seed, stack)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _running(
    servers: EmbeddedServers, folder: Path, size: Size, seed: int, stack: AsyncExitStack
) -> Scene:
    settings = Settings(
        database_url=servers.database_url,
        redis_url=servers.redis_url,
        jwt_secret=SECRET,
        person_key_secret=SECRET,
    )
    await migrate(settings)
    write, workers = Served("write", settings, folder), Served("workers", settings, folder)
    gateways = [Served("read", settings, folder, n) for n in (1, 2)]
    for served in (write, workers, *gateways):
        stack.push_async_callback(served.end, kill=True)
    await asyncio.gather(*(served.start() for served in (write, workers, *gateways)))
    lines = [await stack.enter_async_context(line_to(g.url)) for g in gateways for _ in range(3)]
    scene = Scene(servers, settings, write, gateways, workers, lines, chance(seed), size)
    await scene.make_decks()
    for n in range(size.writers):
        client = await stack.enter_async_context(scene.client(gateways[0].url, PATIENT))
        scene.writers.append(Writer(client, scene.decks, chance((seed, "writer", n)), size.pause))
    for n in range(size.readers):
        deck = scene.decks[n % len(scene.decks)]
        client = await stack.enter_async_context(scene.client(scene.lines[n % len(lines)].url, EAGER))
        start = scene.picked.randint(0, deck.begun)
        scene.readers.append(Reader(client.follow(deck.project, after=start), start))
    return scene
