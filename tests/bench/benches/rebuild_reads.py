"""Reads at a steady rate while all read models are rebuilt, against the same reads while they are not."""

import asyncio
import random
import time
from collections.abc import Awaitable, Sequence

from tests.bench.budgets import Budget, Measured
from tests.bench.decks import Deck, author, see
from tests.bench.getter import Getter
from tests.bench.harness import Bench, Stage
from tests.bench.rebuilt import fill_blocks, rebuilt
from tests.bench.servers import Served

EVENTS, STREAMS = 200_000, 10_000
DECKS, BLOCKS = 20, 30
RATE = 100

P99 = Budget(
    f"read p99 at {RATE}/s while a rebuild runs",
    "no rebuild",
    2,
    1.5,
    key="p99_ms",
    unit="ms",
    lower_is_better=True,
)
P50 = Budget(f"read p50 at {RATE}/s while a rebuild runs", "no rebuild", key="p50_ms", unit="ms")


class _Reads:
    """What readers ask: a project, its blocks, one block (cached alike), and what happened last (never cached)."""

    def __init__(self, read: Served, decks: Sequence[Deck]) -> None:
        self._read = read
        self._decks = decks
        self._picked = random.Random(1)  # noqa: S311 - the same in every run

    def _path(self) -> str:
        deck = self._picked.choice(self._decks)
        base = f"/api/projects/{deck.project}"
        block = self._picked.choice(deck.blocks)
        return self._picked.choice(
            [base, f"{base}/blocks", f"{base}/blocks/{block}", f"{base}/history?order=desc&limit=20"]
        )

    async def during(self, work: Awaitable[object]) -> Measured:
        """Read until some work is done; return how long reads took, those that had to wait to begin included."""
        getter = Getter(self._read)
        took: list[float] = []
        working, begun, n = asyncio.ensure_future(work), time.monotonic(), 0

        async def one(due: float, path: str) -> None:
            await getter.get(path)
            took.append((time.monotonic() - due) * 1000)

        async with asyncio.TaskGroup() as tasks:
            while not working.done():
                due = begun + n / RATE
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                tasks.create_task(one(due, self._path()))
                n += 1
        await getter.close()
        await working
        took.sort()
        return {"p50_ms": took[len(took) // 2], "p99_ms": took[len(took) * 99 // 100], "reads": len(took)}


async def _run(stage: Stage) -> None:
    servers = stage.servers
    async with servers.database() as settings:
        await fill_blocks(settings, EVENTS, STREAMS)
        async with (
            servers.serving("write", settings) as write,
            servers.serving("read", settings) as read,
        ):
            async with author(write) as writer:
                decks = [await writer.deck(BLOCKS) for _ in range(DECKS)]
            # The read tables begin with a rebuild: from then on the workers have little to fold.
            await rebuilt(settings, stage.folder)
            async with servers.working(settings):
                await see(read, f"/api/projects/{decks[-1].project}?min_position={decks[-1].position}")
                reads = _Reads(read, decks)
                await stage.compare(
                    [P99, P50],
                    lambda: reads.during(asyncio.sleep(stage.options.seconds)),
                    lambda: reads.during(rebuilt(settings, stage.folder)),
                )


BENCH = Bench(
    "reads-while-rebuilding", "reads at a steady rate while all read models are rebuilt", (P99, P50), _run
)
