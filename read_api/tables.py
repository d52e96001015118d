"""The read tables: those of a replica as long as it is as far as is needed, else the primary's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from infra.http.errors import Unavailable
from projections.ports import Database, Session
from read_api.checkpoints import CheckpointWatch

T = TypeVar("T")

# What asks the tables: it returns the model's checkpoint and what it found, of one snapshot.
Load = Callable[[Session], Awaitable[tuple[int, T]]]
# Tells whether a model that is at the first position at the primary lacks nothing up to the second.
NothingMissing = Callable[[int, int], Awaitable[bool]]

# A replica that does not come to a position is looked at so often, then the primary is asked; with a pause in
# between, for the checkpoints that are heard of are the primary's.
LOOKS = 3
PAUSE = 0.02


class Tables:
    """Reads of one statement each. Checkpoints replicate with the rows, so a replica knows how far it is."""

    def __init__(
        self, primary: Database, replica: Database | None, watch: CheckpointWatch, patience: float
    ) -> None:
        self._primary = primary
        self._near = replica or primary
        self._watch = watch
        self._patience = patience

    async def look(self, needed: int, load: Load[T]) -> tuple[int, T]:
        """Load once, true as of `needed` if any tables have come that far."""
        async with self._near.session() as session:
            found = await load(session)
        if found[0] >= needed or self._near is self._primary:
            return found
        async with self._primary.session() as session:
            return await load(session)

    async def reached(
        self,
        model: str,
        partition: int | None,
        min_position: int,
        load: Load[T],
        nothing_missing: NothingMissing | None = None,
    ) -> tuple[int, T]:
        """Load until a model (None: in all partitions) has come to a position; return its checkpoint too.

        Raises:
            Unavailable: the model did not come to `min_position` in time.
        """
        deadline = asyncio.get_running_loop().time() + self._patience
        source, looks, known = self._near, 0, 0
        while True:
            async with source.session() as session:
                position, found = await load(session)
            looks += 1
            position = max(position, known)
            if position >= min_position:
                return position, found
            if partition is None and source is not self._primary:
                # Quiet partitions come late: what the log has can only be held against the primary's rows.
                source = self._primary
                continue
            if nothing_missing is not None and await nothing_missing(position, min_position):
                # So it was before the next look, whose rows are as late at least.
                known = min_position
                continue
            if asyncio.get_running_loop().time() >= deadline:
                raise Unavailable(f"position {min_position} has not been reached yet; it is {position}")
            await self._watch.reach(model, partition, min_position)
            if source is not self._primary:
                if looks >= LOOKS:
                    source = self._primary
                else:
                    await asyncio.sleep(PAUSE)
