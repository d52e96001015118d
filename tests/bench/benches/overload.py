"""A storm of ten times the connections: what admitted edits take meanwhile, and how soon all is as before."""

from collections.abc import Sequence

from tests.bench.budgets import Budget, Measured
from tests.bench.decks import author
from tests.bench.harness import Bench, Stage
from tests.bench.machine import cpu_seconds
from tests.bench.part import part
from tests.bench.servers import Served, bearer

NORMAL, STORM = 32, 320
PATIENCE = 30.0
P99 = Budget(
    "p99 of admitted edits, 320 connections",
    "32 connections",
    4,
    2,
    key="p99_ms",
    unit="ms",
    lower_is_better=True,
)
AFTER = Budget(
    "p99 within 5 s after it", "32 connections", 2, 1.2, key="after_ms", unit="ms", lower_is_better=True
)


async def _storm(write: Served, blocks: Sequence[tuple[str, str]], seconds: float) -> Measured:
    config = {"port": write.port, "token": bearer(), "blocks": blocks, "seconds": seconds}
    cpu = cpu_seconds(write.pid)
    async with part("storm", config) as clients:
        found: dict[str, float] = await clients.hear(seconds + PATIENCE)
    return {**found, "cpu_share": (cpu_seconds(write.pid) - cpu) / seconds}


async def _run(stage: Stage) -> None:
    async with (
        stage.servers.database() as settings,
        stage.servers.serving("write", settings) as write,
        author(write) as writer,
    ):
        decks = [await writer.deck(NORMAL) for _ in range(STORM // NORMAL)]
        blocks = [(deck.project, block) for deck in decks for block in deck.blocks]
        await _storm(write, blocks[:NORMAL], 1)
        seconds = stage.options.seconds

        async def normal() -> Measured:
            found = await _storm(write, blocks[:NORMAL], seconds)
            return {**found, "after_ms": found["p99_ms"]}

        async def storm() -> Measured:
            found = await _storm(write, blocks, seconds)
            # It is over; whatever it left behind shows now.
            after = await _storm(write, blocks[:NORMAL], 5)
            return {**found, "after_ms": after["p99_ms"]}

        await stage.compare([P99, AFTER], normal, storm)


BENCH = Bench("overload", "a storm of ten times the connections on one write process", (P99, AFTER), _run)
