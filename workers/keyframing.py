"""Keyframes: a long project is written down whole every so many of its events, by one worker at a time.

Projects with few events cost a counted row, nothing else. Stopped for a while, it counts what it missed.
"""

import asyncio
import logging
from uuid import UUID

from commands.ports import EventQuery
from domain.documents import Deck
from domain.events import NewerVersion, UnknownTopic
from infra.cancelling import stop_if_cancelled
from infra.postgres.event_log import PostgresEventLog
from infra.postgres.keyframe_progress import KeyframeProgress
from infra.postgres.keyframes import Keyframes

logger = logging.getLogger(__name__)

# Seconds between two looks at the log: a keyframe is not missed, it only saves reading.
EVERY = 5.0
# Events folded in one go.
AT_ONCE = 250


class Keyframer:
    """Takes keyframes every `every` events of a project; looks for new ones each `pause` seconds."""

    def __init__(
        self,
        log: PostgresEventLog,
        keyframes: Keyframes,
        progress: KeyframeProgress,
        every: int,
        pause: float = EVERY,
    ) -> None:
        self._log = log
        self._keyframes = keyframes
        self._progress = progress
        self._every = every
        self._pause = pause

    async def run(self) -> None:
        """Take keyframes until cancelled.

        Raises:
            psycopg.Error: the database is away; whoever runs this starts it again.
        """
        to = await self.catch_up()
        for project_id in await self._progress.due():
            await self._take(project_id, to)
        while await self._progress.drop_foreign():
            stop_if_cancelled()
        while True:
            stop_if_cancelled()
            await asyncio.sleep(self._pause)
            await self.catch_up()

    async def catch_up(self) -> int:
        """Take what is due up to the head of now, and return that."""
        while True:
            counted = await self._progress.count()
            for project_id in counted.due:
                await self._take(project_id, counted.position)
            stop_if_cancelled()
            if counted.position >= counted.head:
                return counted.position

    async def _take(self, project_id: UUID, to: int) -> None:
        try:
            pending = await self._fold(project_id, to)
        except (UnknownTopic, NewerVersion) as newer:
            # A release that knows it will come by again: the project stays due.
            logger.warning("took no keyframe of %s: %s", project_id, newer)
        else:
            await self._progress.settle(project_id, pending)

    async def _fold(self, project_id: UUID, to: int) -> int:
        """Take a project's keyframes up to a position; return how many events came after the last."""
        deck = await self._keyframes.nearest(project_id) or Deck()
        pending = 0
        query = EventQuery(project_id=project_id, after=deck.position, to=to)
        async for chunk in self._log.chunks(query, self._every):
            for i in range(0, len(chunk), AT_ONCE):
                for recorded in chunk[i : i + AT_ONCE]:
                    deck.apply(recorded)
                await asyncio.sleep(0)
            pending = len(chunk) % self._every
            if pending == 0:
                await self._keyframes.write(project_id, deck)
        return pending
