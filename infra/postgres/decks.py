"""Decks at any position: from the nearest keyframe, and the project's events after it."""

import asyncio
from datetime import datetime
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from commands.ports import EventQuery
from domain.documents import Deck
from infra.postgres.connections import Connection
from infra.postgres.event_log import PostgresEventLog
from infra.postgres.keyframes import Keyframes

__all__ = ["PostgresDecks"]

# Events folded in one go: about a millisecond, then other tasks have their turn.
AT_ONCE = 250


class PostgresDecks:
    """Implements `Decks` of the ports of commands and projections.

    A fold without keyframes reads a project's whole history; it does so in chunks, in constant memory but
    for the deck itself, and gives way to other tasks all along.
    """

    def __init__(self, pool: AsyncConnectionPool[Connection], log: PostgresEventLog) -> None:
        self._keyframes = Keyframes(pool)
        self._log = log

    async def at(self, project_id: UUID, position: int | None = None) -> Deck | None:
        """Return a project as of a position; see the port."""
        deck = await self._keyframes.nearest(project_id, position) or Deck()
        query = EventQuery(project_id=project_id, after=deck.position, to=position)
        async for chunk in self._log.chunks(query):
            for i in range(0, len(chunk), AT_ONCE):
                for recorded in chunk[i : i + AT_ONCE]:
                    deck.apply(recorded)
                await asyncio.sleep(0)
        return deck if deck.project is not None else None

    async def position_at(self, project_id: UUID, instant: datetime) -> int:
        """Return the position of the project's last event recorded up to an instant; see the port."""
        return await self.last_position(project_id, await self._log.position_at(instant))

    async def last_position(self, project_id: UUID, up_to: int | None = None) -> int:
        """Return the position of the project's last event up to a position (None: of all); 0 if there is none."""
        before = up_to + 1 if up_to is not None else None
        last = await self._log.project(project_id, 0, 1, descending=True, before=before)
        return last[0].position if last else 0
