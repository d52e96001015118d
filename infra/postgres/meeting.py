"""A rebuilt model against the live one: both are brought to the same events first, for the live one runs on."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from psycopg.sql import Identifier

from infra.postgres.comparing import Comparison, compared
from infra.postgres.connections import Connection
from infra.postgres.read_database import PostgresSession
from infra.postgres.shadow import LIVE, SHADOW
from projections.folding import concerned, fold
from projections.model import ReadModel
from projections.partitions import partition_of
from projections.ports import LogReader

CHUNK: Final = 2_000
# Seconds that live models which are behind the shadow are waited for: in all, while none of them comes any nearer
# (nobody projects then), and between two looks at them.
MEET: Final = 10.0
STILL: Final = 2.0
MEET_EVERY: Final = 0.1


class Meeting:
    """Compares models that were folded up to a position with the live ones; the search path begins with the shadow."""

    def __init__(
        self,
        connection: Connection,
        models: Sequence[ReadModel],
        log: LogReader,
        position: int,
        partitions: int,
    ) -> None:
        self._connection = connection
        self._session = PostgresSession(connection)
        self._models = models
        self._log = log
        self._position = position
        self._partitions = partitions

    async def differences(self) -> Comparison:
        """Compare as of one moment; nothing waits for it.

        In a snapshot the checkpoints of the live models say up to where they are, partition by partition. The
        shadow tables are brought there too, and when all is compared, back. Live models that are behind the
        shadow are waited for; one that does not come is compared as it is, and the reasons say so.
        """
        found = Comparison()
        await self._meet()
        await self._connection.execute("begin isolation level repeatable read")
        try:
            for model in self._models:
                reached = await self._reached(model)
                as_of = f"both as of position {max(reached.values())}"
                if await self._lacks(reached):
                    as_of = (
                        f"the live one as of {min(reached.values())}, the rebuilt one as of {self._position}"
                    )
                await self._fold_to(model, reached)
                for table in model.tables:
                    live, shadow = Identifier(LIVE, table), Identifier(SHADOW, table)
                    found.add(await compared(self._connection, model.name, table, (live, shadow), as_of))
        finally:
            await self._connection.execute("rollback")
        return found

    async def _meet(self) -> None:
        """Wait until the live models have what the shadow has, for a while, and while they come nearer."""
        deadline = time.monotonic() + MEET
        still_until, before = 0.0, -1
        for model in self._models:
            while await self._lacks(reached := await self._reached(model)):
                now, come = time.monotonic(), sum(reached.values())
                if come != before:
                    still_until, before = now + STILL, come
                if now >= min(deadline, still_until):
                    break
                await asyncio.sleep(MEET_EVERY)

    async def _reached(self, model: ReadModel) -> dict[int, int]:
        """Return how far a live model is in each partition."""
        cursor = await self._connection.execute(
            "select partition, position from projection_checkpoints where model = %s and partition < %s",
            [model.name, self._partitions],
        )
        return {**dict.fromkeys(range(self._partitions), 0), **dict(await cursor.fetchall())}

    async def _lacks(self, reached: dict[int, int]) -> bool:
        """Tell whether there are events up to the shadow's position that some partition has not reached."""
        least = min(reached.values())
        if least >= self._position:
            return False
        events = await self._log.after(least, CHUNK, to=self._position)
        if len(events) == CHUNK:
            return True
        return any(e.position > reached[partition_of(e.project_id, self._partitions)] for e in events)

    async def _fold_to(self, model: ReadModel, reached: dict[int, int]) -> None:
        position, furthest = self._position, max(reached.values())
        while position < furthest:
            events = await self._log.after(position, CHUNK, to=furthest)
            position = events[-1].position
            due = [e for e in events if e.position <= reached[partition_of(e.project_id, self._partitions)]]
            for _, mine in concerned([model], due):
                await fold(model, self._session, mine, self._log)
