"""Keeps something that is in the database in mind: read again when told, and every so often."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import psycopg

from domain.errors import Unavailable
from infra.cancelling import stop_if_cancelled
from infra.postgres.listener import listen
from infra.settings import Settings

logger = logging.getLogger(__name__)

# What is decided at the gate (blocks, revocations) is told on one channel: one connection a process hears of all.
GATE: Final = "decklog_gate"


class Watch:
    """Calls `look` once at the start, whenever a channel is notified, and each `every` seconds.

    Args:
        look: reads anew; what it raises of the database's being away is logged, and it is called again.
        told: gets the payload of each notification, before anything is read.
    """

    def __init__(
        self,
        settings: Settings,
        channel: str,
        look: Callable[[], Awaitable[None]],
        *,
        told: Callable[[str], None] = lambda _: None,
        every: float = 0.5,
    ) -> None:
        self._settings = settings
        self._channel = channel
        self._look = look
        self._told = told
        self._every = every
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Look, then begin to watch.

        Raises:
            Unavailable: the database is away.
            psycopg.Error: it is away, or not migrated.
        """
        await self._look()
        self._tasks = [
            asyncio.create_task(listen(self._settings, self._channel, self._notified)),
            asyncio.create_task(self._watch()),
        ]

    async def stop(self) -> None:
        """Stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _notified(self, payload: str) -> None:
        self._told(payload)
        self._wake.set()

    async def _watch(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._every):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                await self._look()
            except (psycopg.Error, Unavailable, OSError) as away:
                logger.warning("what %s tells of cannot be read: %s", self._channel, away)
                await asyncio.sleep(self._every)
            stop_if_cancelled()
