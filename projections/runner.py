"""Moves read models along the log: each batch of events with its checkpoint in one transaction."""

import asyncio
from collections.abc import Sequence

from domain.events import Recorded
from projections import checkpoints
from projections.folding import fold
from projections.model import ReadModel
from projections.ports import Database, LogReader


class Runner:
    """Applies one partition's events to all read models, each exactly once by its checkpoint."""

    def __init__(
        self, models: Sequence[ReadModel], database: Database, partition: int, log: LogReader
    ) -> None:
        self._models = models
        self._database = database
        self._partition = partition
        self._log = log

    async def position(self) -> int:
        """Return how far the slowest model is."""
        async with self._database.session() as session:
            return await checkpoints.slowest(session, self._partition, [m.name for m in self._models])

    async def deliver(self, events: Sequence[Recorded], reached: int) -> None:
        """Apply events that end at position `reached` to every model that has not seen them."""
        await asyncio.gather(*(self._apply(model, events, reached) for model in self._models))

    async def _apply(self, model: ReadModel, events: Sequence[Recorded], reached: int) -> None:
        async with self._database.transaction() as session:
            done = await checkpoints.lock(session, model.name, self._partition)
            if done >= reached:
                return
            new = [e for e in events if e.position > done]
            if new:
                await fold(model, session, new, self._log)
            await checkpoints.advance(session, model.name, self._partition, reached)
