"""Moves read models along the log: each batch of events with its checkpoints in one transaction.

A model that cannot fold an event stops before it, alone: the others go on. What it was is written down for
the operator, and it is tried again every few seconds, for the cause may be gone, or the event be skipped.
"""

import asyncio
import logging
from collections.abc import Collection, Sequence

from domain.events import Recorded
from projections import checkpoints, failures
from projections.folding import concerned, fold
from projections.model import ReadModel
from projections.partitions import partition_of
from projections.ports import Database, LogReader

logger = logging.getLogger(__name__)

# Seconds between two attempts of a model that has stopped.
TRY_EVERY = 2.0
CHUNK = 1_000


class Runner:
    """Applies one partition's events to all read models, each exactly once by its checkpoint."""

    def __init__(
        self,
        models: Sequence[ReadModel],
        database: Database,
        partition: int,
        log: LogReader,
        partitions: int,
    ) -> None:
        self._models = {m.name: m for m in sorted(models, key=lambda m: m.name)}
        self._database = database
        self._partition = partition
        self._partitions = partitions
        self._log = log
        self._stopped: set[str] = set()
        self._reached = 0

    async def position(self) -> int:
        """Return how far the slowest model is: what is delivered next comes right after it."""
        async with self._database.session() as session:
            self._reached = await checkpoints.slowest(session, self._partition, list(self._models))
        return self._reached

    async def deliver(self, events: Sequence[Recorded], reached: int) -> None:
        """Apply events that end at position `reached` to every model that has not seen them.

        Raises:
            Exception: no model could take them, so the cause is not in the events.
        """
        going = [name for name in self._models if name not in self._stopped]
        try:
            late = await self._apply(going, events, reached)
        except Exception:
            # One of them may have failed: those that can go on do.
            late = await self._one_by_one(going, events, reached)
            if len(late) == len(going):
                raise
        self._reached = max(self._reached, reached)
        for name in late:
            await self._stop(name)

    async def tend(self) -> None:
        """Try what has stopped again, every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(TRY_EVERY)
            for name in sorted(self._stopped):
                await self._stop(name)

    async def _apply(self, names: Sequence[str], events: Sequence[Recorded], reached: int) -> list[str]:
        """Apply events to those models that have all that was before them; return the others."""
        async with self._database.transaction() as session:
            done = await checkpoints.lock_all(session, self._versions(names), self._partition)
            late = [name for name, position in done.items() if position < self._reached]
            folded = {name: 0 for name, position in done.items() if self._reached <= position < reached}
            for model, due in concerned([self._models[name] for name in folded], events):
                if new := [e for e in due if e.position > done[model.name]]:
                    await fold(model, session, new, self._log)
                    folded[model.name] = len(new)
            await checkpoints.advance_all(session, folded, self._partition, reached)
        return late

    def _versions(self, names: Sequence[str]) -> dict[str, int]:
        return {name: self._models[name].version for name in names}

    async def _one_by_one(self, names: Sequence[str], events: Sequence[Recorded], reached: int) -> list[str]:
        failed: list[str] = []
        for name in names:
            try:
                failed += await self._apply([name], events, reached)
            except Exception:
                logger.exception("read model %s, partition %d, cannot go on", name, self._partition)
                failed.append(name)
        return failed

    async def _stop(self, name: str) -> None:
        """Bring a model as far as it goes by itself, and write down what it stands before."""
        self._stopped.add(name)
        try:
            if await self._catch_up(name):
                self._stopped.discard(name)
        except Exception:
            logger.exception("read model %s, partition %d, was not tried again", name, self._partition)

    async def _catch_up(self, name: str) -> bool:
        """Fold what a stopped model has missed; tell whether it has come to where the others are."""
        async with self._database.session() as session:
            without = await failures.skipped(session, name)
            position = await checkpoints.of(session, name, self._partition)
        while position < self._reached:
            events = await self._log.after(position, CHUNK, to=self._reached)
            last = events[-1].position if len(events) == CHUNK else self._reached
            mine = [e for e in events if partition_of(e.project_id, self._partitions) == self._partition]
            try:
                await self._step(name, mine, last, without)
            except Exception:  # noqa: BLE001 - which event it is, and why, is found next
                if not await self._find(name, mine, last, without):
                    return False
            position = last
        async with self._database.session() as session:
            await failures.mended(session, name, self._partition)
        return True

    async def _step(
        self, name: str, events: Sequence[Recorded], reached: int, without: Collection[int]
    ) -> None:
        async with self._database.transaction() as session:
            done = await checkpoints.lock_all(session, self._versions([name]), self._partition)
            position = done.get(name, reached)
            if position >= reached:
                return
            due = [e for e in events if e.position > position and e.position not in without]
            folded = 0
            for model, mine in concerned([self._models[name]], due):
                await fold(model, session, mine, self._log)
                folded = len(mine)
            await checkpoints.advance_all(session, {name: folded}, self._partition, reached)

    async def _find(
        self, name: str, events: Sequence[Recorded], reached: int, without: Collection[int]
    ) -> bool:
        """Go event by event up to the one that cannot be folded."""
        for event in events:
            try:
                await self._step(name, [event], event.position, without)
            except Exception as error:  # noqa: BLE001 - whatever it is, the operator is told
                async with self._database.session() as session:
                    await failures.note(
                        session, name, self._partition, event.position, f"{type(error).__name__}: {error}"
                    )
                return False
        await self._step(name, [], reached, without)
        return True
