"""A project of 2,000 blocks and 100,000 events at any moment: from keyframes, against folding all of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from statistics import median
from uuid import UUID

from commands.ports import EventQuery
from domain.documents import Deck
from infra.postgres.appender import Appender
from infra.postgres.connections import pool
from infra.postgres.decks import PostgresDecks
from infra.postgres.event_log import PostgresEventLog, structural_topics
from infra.postgres.keyframe_progress import KeyframeProgress
from infra.postgres.keyframes import Keyframes
from infra.runtime import settle_memory
from projections.diff import compared, document
from tests.bench.budgets import Budget, Measured
from tests.bench.harness import Bench, Stage, say
from tests.bench.histories import LongProject, append_history
from workers.keyframing import Keyframer

BLOCKS = 2_000
EVENTS = 100_000
PAGE = 100
TICK = 0.001

FOLDED = "folded without keyframes"


def _within(what: str, floor: float | None) -> Budget:
    return Budget(what, FOLDED, floor, key="ms", unit="ms", lower_is_better=True, absolute=True)


NOW = _within("state now", 200)
HALF = _within("state at half its history", 200)
DIFF = _within("what changed between the two", None)
PAUSE = Budget("longest wait of other tasks meanwhile", FOLDED, key="pause_ms", unit="ms", absolute=True)


@dataclass(frozen=True, slots=True)
class _Folding:
    """Decks as they would be without keyframes."""

    log: PostgresEventLog

    async def at(self, project_id: UUID, position: int | None = None) -> Deck | None:
        deck = Deck()
        async for chunk in self.log.chunks(EventQuery(project_id=project_id, to=position)):
            for recorded in chunk:
                deck.apply(recorded)
        return deck


async def _timed(work: Callable[[], Awaitable[object]], seconds: int) -> Measured:
    """Do it again and again; the median time of one, and the longest that a task of no work had to wait."""
    times: list[float] = []
    pauses = [0.0]

    async def tick() -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(TICK)
            pauses.append(time.perf_counter() - begun - TICK)

    ticking = asyncio.create_task(tick())
    end = time.monotonic() + seconds
    while not times or time.monotonic() < end:
        begun = time.perf_counter()
        await work()
        times.append((time.perf_counter() - begun) * 1e3)
    ticking.cancel()
    with suppress(asyncio.CancelledError):
        await ticking
    return {"ms": median(times), "pause_ms": max(pauses) * 1e3}


async def _diff(decks: PostgresDecks | _Folding, project: UUID, middle: int) -> None:
    before, after = await decks.at(project, middle), await decks.at(project)
    changes = await asyncio.to_thread(compared, before or Deck(), after or Deck())
    await asyncio.to_thread(document, changes[:PAGE])


async def _run(stage: Stage) -> None:
    seconds = stage.options.seconds
    async with stage.servers.database() as settings, pool(settings, "bench") as connections:
        appender = Appender(settings, structural_topics())
        await appender.start()
        log = PostgresEventLog(connections, appender)
        history = LongProject(BLOCKS)
        say(f"  a project of {BLOCKS:,} blocks and {EVENTS:,} events")
        await append_history(log, history.project, history.events(EVENTS))
        await appender.stop()
        every = settings.keyframe_every
        begun = time.perf_counter()
        await Keyframer(log, Keyframes(connections), KeyframeProgress(connections, every), every).catch_up()
        async with connections.connection() as connection:
            size = "select count(*), sum(pg_column_size(state)) from keyframes"
            kept, stored = await (await connection.execute(size)).fetchone() or (0, 0)
        say(f"  {kept} keyframes in {time.perf_counter() - begun:.1f} s, {stored / 2**20:.1f} MB")
        decks, folding, project = PostgresDecks(connections, log), _Folding(log), history.project
        settle_memory()
        # In the middle between two keyframes: the longest way.
        middle = EVENTS // 2 + every // 2
        for budgets, work in (
            ([NOW], lambda d: partial(d.at, project)),
            ([HALF, PAUSE], lambda d: partial(d.at, project, middle)),
            ([DIFF], lambda d: partial(_diff, d, project, middle)),
        ):
            await stage.compare(
                budgets,
                partial(_timed, work(folding), 1),
                partial(_timed, work(decks), seconds),
            )


BENCH = Bench(
    "time",
    "states of a long project: now, at half its history, and what changed",
    (NOW, HALF, PAUSE, DIFF),
    _run,
)
