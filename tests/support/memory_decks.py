"""Decks over the log in memory: what the ports promise, and nothing more."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.documents import Deck
from tests.support.memory_log import InMemoryEventLog


@dataclass
class InMemoryDecks:
    """Implements `Decks`: folds all of a project's events each time."""

    log: InMemoryEventLog

    async def at(self, project_id: UUID, position: int | None = None) -> Deck | None:
        await asyncio.sleep(0)
        deck = Deck()
        for recorded in list(self.log.events):
            if recorded.project_id == project_id and (position is None or recorded.position <= position):
                deck.apply(recorded)
        return deck if deck.project is not None else None

    async def position_at(self, project_id: UUID, instant: datetime) -> int:
        await asyncio.sleep(0)
        found = [
            r.position for r in self.log.events if r.project_id == project_id and r.recorded_at <= instant
        ]
        return max(found, default=0)
