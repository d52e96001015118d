"""A project of 2,000 blocks and 100,000 events at any moment: from keyframes, against folding all of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from statistics import median
from uuid import UUID, uuid4

import orjson

from commands.bus import Bus, Request
from commands.handlers import all_handlers
from commands.messages import RestoreProject
from commands.ports import Caller, EventQuery
from commands.repository import Repository
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
from tests.bench.histories import OWNER, LongProject, append_history
from tests.bench.tools import ToolFailed
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
RESTORE = _within("restored to half its history, or back", None)
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


@dataclass(slots=True)
class _Restoring:
    """Restores a project to two positions by turns; between them keyframes are taken, as a worker does."""

    log: PostgresEventLog
    keyframer: Keyframer
    project: UUID
    positions: tuple[int, int]
    _turn: int = 0

    async def measure(self, decks: PostgresDecks | _Folding, seconds: int) -> Measured:
        bus = Bus(self.log, Repository(self.log, time.monotonic, decks=decks), all_handlers())
        times: list[float] = []
        end = time.monotonic() + seconds
        while not times or time.monotonic() < end:
            await self.keyframer.catch_up()
            command = RestoreProject(project_id=self.project, to_position=self.positions[self._turn])
            self._turn = 1 - self._turn
            begun = time.perf_counter()
            answer = await bus.run(Request(Caller(OWNER), uuid4(), b"", [command], keyed=False))
            times.append((time.perf_counter() - begun) * 1e3)
            if orjson.loads(answer.body)["outcome"] != "applied":
                raise ToolFailed(f"a restore was answered {answer.body!r}")
        return {"ms": median(times)}


async def _run(stage: Stage) -> None:
    seconds = stage.options.seconds
    async with stage.servers.database() as settings, pool(settings, "bench") as connections:
        appender = Appender(settings, structural_topics())
        await appender.start()
        log = PostgresEventLog(connections, appender)
        history = LongProject(BLOCKS)
        say(f"  a project of {BLOCKS:,} blocks and {EVENTS:,} events")
        await append_history(log, history.project, history.events(EVENTS))
        every = settings.keyframe_every
        begun = time.perf_counter()
        keyframer = Keyframer(log, Keyframes(connections), KeyframeProgress(connections, every), every)
        await keyframer.catch_up()
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
        # The last, for each adds thousands of events to the history.
        restoring = _Restoring(log, keyframer, project, (middle, EVENTS))
        await stage.compare(
            [RESTORE], partial(restoring.measure, folding, 1), partial(restoring.measure, decks, seconds)
        )
        await appender.stop()


BENCH = Bench(
    "time",
    "states of a long project: now, at half its history, what changed, and restoring it",
    (NOW, HALF, PAUSE, DIFF, RESTORE),
    _run,
)
