"""`edit-block` where 32 clients meet in one block, against 32 clients that do not meet."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

import orjson

from tests.bench.budgets import Budget, Measured
from tests.bench.decks import Author, author
from tests.bench.harness import Bench, Stage
from tests.bench.machine import cpu_seconds
from tests.bench.servers import Served, bearer
from tests.bench.tools import ToolFailed

CLIENTS = 32
# Between the words that are edited are some that stay: where all around a word is rewritten, it clashes.
APART = 4
WORDS = 2 * CLIENTS * APART
WARM_UP = 1
PATH = "/api/commands/edit-block"

MERGED = Budget("edits of one block's different words", "32 blocks, one client each")
MERGED_P99 = Budget(
    "the same, p99", "32 blocks, one client each", key="p99_ms", unit="ms", lower_is_better=True
)
CLASHING = Budget("edits of one block's one word", "32 blocks, one client each")
CLASHING_P99 = Budget(
    "the same, p99 of one word", "32 blocks, one client each", key="p99_ms", unit="ms", lower_is_better=True
)


@dataclass
class _Shared:
    """A block as its clients know it: all words up to the last version before which none is missing."""

    project: str
    block: str
    version: int
    words: list[str]
    early: dict[int, tuple[int, str] | None] = field(default_factory=dict)

    def learn(self, version: int, events: int, place: int, word: str) -> None:
        """Take in an answer; a conflict is a version without a change."""
        for conflict in range(version - events + 2, version + 1):
            self.early[conflict] = None
        self.early[version - events + 1] = (place, word)
        while self.version + 1 in self.early:
            self.version += 1
            change = self.early.pop(self.version)
            if change is not None:
                self.words[change[0]] = change[1]


@dataclass
class _Client:
    """One connection that posts an edit as soon as the last one is answered."""

    server: Served
    times: list[float] = field(default_factory=list)
    conflicts: int = 0

    async def work(self, block: _Shared, until: float, place: Callable[[int], int]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer()}\r\n"
            "Content-Type: application/json\r\n"
        )
        n = 0
        while (sent := time.monotonic()) < until:
            at, word = place(n), f"{id(self) % 100_000}-{n}"
            n += 1
            body = orjson.dumps(
                {
                    "project_id": block.project,
                    "block_id": block.block,
                    "base_version": block.version,
                    "changes": {"text": " ".join([*block.words[:at], word, *block.words[at + 1 :]])},
                }
            )
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = await _answer(reader)
            self.times.append(time.monotonic() - sent)
            found = len(answer["conflicts"])
            self.conflicts += found
            block.learn(answer["streams"][0]["version"], 1 + found, at, word)
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> Any:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(v) for k, _, v in (h.partition(b":") for h in head.split(b"\r\n")) if k == b"content-length"
    )
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 200"):
        raise ToolFailed(f"an edit was answered {head[:12].decode()}: {body[:200].decode()}")
    return orjson.loads(body)


@dataclass
class _Edits:
    stage: Stage
    write: Served
    writer: Author

    async def apart(self) -> Measured:
        blocks = [await self._block() for _ in range(CLIENTS)]
        return await self._drive(blocks, lambda i: lambda n: (i + n) % WORDS)

    async def together(self) -> Measured:
        """Each client has words of its own, of which the next is never one that is on its way."""
        measured = await self._drive([await self._block()], lambda i: lambda n: APART * (2 * i + n % 2))
        if measured["conflicts"] > measured["rate"] / 10:
            raise ToolFailed("edits of different words were conflicts")
        return measured

    async def clashing(self) -> Measured:
        measured = await self._drive([await self._block()], lambda _: lambda _: 7)
        if not measured["conflicts"]:
            raise ToolFailed("edits of one word were no conflicts")
        return measured

    async def _block(self) -> _Shared:
        deck = await self.writer.deck(1)
        words = [f"word{i}" for i in range(WORDS)]
        await self.writer.do(
            "edit-block",
            project_id=deck.project,
            block_id=deck.blocks[0],
            changes={"text": " ".join(words)},
        )
        return _Shared(deck.project, deck.blocks[0], 2, words)

    async def _drive(self, blocks: list[_Shared], places: Callable[[int], Callable[[int], int]]) -> Measured:
        clients = [_Client(self.write) for _ in range(CLIENTS)]
        begun, cpu = time.monotonic(), cpu_seconds(self.write.pid)
        until = begun + self.stage.options.seconds
        async with asyncio.TaskGroup() as group:
            for i, client in enumerate(clients):
                group.create_task(client.work(blocks[i % len(blocks)], until, places(i)))
        took, cpu = time.monotonic() - begun, cpu_seconds(self.write.pid) - cpu
        times = [t for client in clients for t in client.times]
        cuts = quantiles(times, n=100)
        return {
            "rate": len(times) / took,
            "p50_ms": cuts[49] * 1e3,
            "p99_ms": cuts[98] * 1e3,
            "cpu_us": cpu / len(times) * 1e6,
            "conflicts": sum(client.conflicts for client in clients) / took,
        }


@asynccontextmanager
async def _serving(stage: Stage) -> AsyncIterator[_Edits]:
    async with (
        stage.servers.database() as settings,
        stage.servers.serving("write", settings) as write,
        author(write) as writer,
    ):
        yield _Edits(stage, write, writer)


async def _run(stage: Stage) -> None:
    async with _serving(stage) as edits:
        for _ in range(WARM_UP):
            await edits.apart()
        await stage.compare([MERGED, MERGED_P99], edits.apart, edits.together)
        await stage.compare([CLASHING, CLASHING_P99], edits.apart, edits.clashing)


BENCH = Bench(
    "conflicts",
    "edits over HTTP by 32 clients who all change one block, against the same clients in blocks of their own",
    (MERGED, MERGED_P99, CLASHING, CLASHING_P99),
    _run,
)
