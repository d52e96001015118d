"""Rebuilding read models: shards of projects folded by processes of their own, then compared and swapped."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from typing import Final

from domain.catalogue import event_registry
from infra.bootstrap import read_models, worker_side
from infra.postgres.comparing import Difference
from infra.postgres.connections import Connection, connect
from infra.postgres.event_log import PostgresEventLog
from infra.postgres.filling import FillingSession
from infra.postgres.rebuilds import Rebuilds, Run, rebuilding
from infra.postgres.shadow import LIVE, SHADOW
from infra.postgres.shards import (
    CHUNK,
    Errand,
    end_shard,
    hold_shard,
    note_shard,
    place_of_shard,
    read_range,
)
from infra.runtime import settle_memory
from infra.settings import Settings
from projections.folding import concerned, fold
from projections.model import ReadModel

LOOK_EVERY: Final = 0.25
# Shards a process folds one after the other: an interrupted rebuild then has little to do again.
SHARDS_EACH: Final = 4
# Events below which a process of its own costs more than it saves.
ALONE: Final = 20_000
# Who reads and writes comes first.
NICE: Final = 5
# Seconds between two looks whether who started a process is still there.
MIND_EVERY: Final = 1.0

Progress = Callable[[int, int], None]
# Told what a rebuild is about to do.
Phase = Callable[[str], None]


def _untold(_: str) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild came to. `position` is None where the live tables were left as they are.

    `rows` were compared, of which `differing` differ; `differences` are the first of these of each table.
    """

    models: tuple[str, ...]
    events: int
    resumed: bool
    rows: int
    differing: int
    differences: list[Difference]
    position: int | None


async def rebuild(
    settings: Settings,
    models: Sequence[ReadModel],
    progress: Progress,
    *,
    check: bool = False,
    processes: int | None = None,
    phase: Phase = _untold,
) -> Rebuilt:
    """Build models beside the live ones, compare, and swap; while everything runs.

    Args:
        settings: where the servers are.
        models: which.
        progress: told (events done, events in all) a few times a second.
        check: compare only, and leave the live tables as they are.
        processes: how many fold; by default one a core.
        phase: told what comes next: folding, indexing, comparing, swapping.

    Raises:
        Busy: somebody else rebuilds.
    """
    side = worker_side(settings)
    await side.start()
    try:
        async with rebuilding(settings) as rebuilds:
            head, _ = await side.log.head()
            count = processes or (1 if head < ALONE else os.cpu_count() or 1)
            run = await rebuilds.begin(models, count * SHARDS_EACH)
            phase("going on folding" if run.resumed else "folding")
            await _fold_shards(settings, rebuilds, run, count, progress)
            phase("indexing")
            await rebuilds.index(models)
            await rebuilds.catch_up(models, side.log)
            phase("comparing")
            found = await rebuilds.differences(models, side.log)
            position = None
            if check:
                await rebuilds.discard()
            else:
                phase("swapping")
                position = await rebuilds.swap(models, side.log)
            return Rebuilt(
                run.models, run.errand.head, run.resumed, found.rows, found.differing, found.shown, position
            )
    finally:
        await side.stop()


async def revert(settings: Settings) -> tuple[tuple[str, ...], int]:
    """Put what the last rebuild replaced back in its place, caught up; return its models and their position.

    Raises:
        Nothing: nothing is kept.
        Busy: somebody rebuilds.
    """
    side = worker_side(settings)
    await side.start()
    try:
        async with rebuilding(settings) as rebuilds:
            models = await rebuilds.bring_back(side.models)
            return tuple(m.name for m in models), await rebuilds.swap(models, side.log)
    finally:
        await side.stop()


async def _fold_shards(
    settings: Settings,
    rebuilds: Rebuilds,
    run: Run,
    processes: int,
    progress: Progress,
) -> None:
    # Not forked: this process has connections and threads.
    context = get_context("spawn")
    stop = context.Event()
    with ProcessPoolExecutor(processes, context, _begin_process, (stop, os.getpid())) as pool:
        loop = asyncio.get_running_loop()
        shares = [run.shards[k::processes] for k in range(processes)]
        waiting = {loop.run_in_executor(pool, fold_shards, settings, run, share) for share in shares if share}
        try:
            while waiting:
                done, waiting = await asyncio.wait(waiting, timeout=LOOK_EVERY)
                for future in done:
                    future.result()
                progress(await rebuilds.folded(), run.errand.head)
        finally:
            stop.set()
            for future in waiting:
                future.cancel()
            pool.shutdown(wait=False, cancel_futures=True)
    progress(run.errand.head, run.errand.head)


class Interrupted(Exception):
    """The process that the folding is for does not want it any more, or is gone; what is done stays done."""


@dataclass(slots=True)
class _Master:
    """Who a folding process works for."""

    stop: Event
    pid: int


_master: list[_Master] = []


def _begin_process(stop: Event, pid: int) -> None:
    """Leave Ctrl-C to the parent, and the processor to who reads and writes."""
    _master.append(_Master(stop, pid))
    threading.Thread(target=_end_with, args=(pid,), daemon=True).start()
    os.nice(NICE)
    settle_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end_with(pid: int) -> None:
    """End this process when the one that started it was killed: in vain it would wait for more to do."""
    while os.getppid() == pid:
        time.sleep(MIND_EVERY)
    os._exit(1)


def _check_master() -> None:
    for master in _master:
        if master.stop.is_set() or os.getppid() != master.pid:
            raise Interrupted


def fold_shards(settings: Settings, run: Run, shards: Sequence[int]) -> None:
    """Fold shards into the shadow tables, from where they have come to; the work of one process."""
    asyncio.run(_fold(settings, run, shards))


async def _fold(settings: Settings, run: Run, shards: Sequence[int]) -> None:
    models = [m for m in read_models() if m.name in run.models]
    # Its pool stays closed: what a model needs of the log, it reads on the connection at hand.
    log = worker_side(settings).log
    # What a crash of the server loses of it is folded again: rows and place are lost together.
    async with await connect(
        settings,
        search_path=f"{SHADOW},{LIVE}",
        synchronous_commit="off",
        statement_timeout="0",
    ) as connection:
        for shard in shards:
            while not await _fold_shard(connection, models, shard, run.errand, log):
                pass


async def _fold_shard(
    connection: Connection, models: Sequence[ReadModel], shard: int, errand: Errand, log: PostgresEventLog
) -> bool:
    """Fold a shard to its end; tell whether it came there, and not to where somebody else had moved it.

    That is who was left behind by a rebuild that was killed, and this one goes on with: it does the same work.

    Raises:
        Superseded: the rebuild is over.
        Interrupted: it is not wanted any more.
    """
    registry = event_registry()
    place = await place_of_shard(connection, shard, errand)
    while True:
        _check_master()
        events = await read_range(connection, registry, place, to=errand.head, limit=CHUNK)
        async with connection.transaction():
            if not await hold_shard(connection, place, errand):
                return False
            session = FillingSession(connection, place.after_project)
            for model, due in concerned(models, events):
                await fold(model, session, due, log)
            if events:
                place = replace(
                    place, after_project=events[-1].project_id, after_position=events[-1].position
                )
                await note_shard(connection, shard, place.after_project, place.after_position, len(events))
            if len(events) < CHUNK:
                await end_shard(connection, shard)
                return True
