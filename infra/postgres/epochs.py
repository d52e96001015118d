"""The log's epoch: a new one begins when it is not the same log any more."""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

import psycopg
from psycopg_pool import AsyncConnectionPool

from domain.errors import Unavailable
from infra.cancelling import stop_if_cancelled
from infra.postgres.connections import Connection, borrowed
from infra.postgres.listener import listen
from infra.settings import Settings

logger = logging.getLogger(__name__)

CHANNEL = "decklog_epoch"
# Seconds: how often the epoch is asked for where nobody says that it is another.
LOOK_EVERY = 1.0


def begin_epoch(connection: psycopg.Connection) -> UUID:
    """Give the log another epoch, and tell every process when the transaction commits."""
    row = connection.execute("update log_head set epoch = gen_random_uuid() returning epoch").fetchone()
    if row is None:
        raise psycopg.DataError("the head row is gone")
    epoch: UUID = row[0]
    connection.execute("select pg_notify(%s, %s)", [CHANNEL, str(epoch)])
    return epoch


async def current_epoch(pool: AsyncConnectionPool[Connection], held: Connection | None = None) -> UUID:
    """Return the log's epoch.

    Raises:
        Unavailable: the database is away.
    """
    async with borrowed(pool, held) as connection:
        row = await (await connection.execute("select epoch from log_head")).fetchone()
    if row is None:
        raise psycopg.DataError("the head row is gone")
    epoch: UUID = row[0]
    return epoch


class EpochWatch:
    """Calls `changed` when the log has another epoch than before: what was known of it is true no longer.

    It looks when it is told, whenever the connection on which it is told was lost (as it is when a database
    is dropped and made anew), and each second.
    """

    def __init__(
        self, settings: Settings, pool: AsyncConnectionPool[Connection], changed: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._changed = changed
        self._known: UUID | None = None
        self._look = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to watch; nothing may be cached before."""
        self._tasks = [
            asyncio.create_task(listen(self._settings, CHANNEL, lambda _: self._look.set())),
            asyncio.create_task(self._watch()),
        ]

    async def stop(self) -> None:
        """Stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            self._look.clear()
            try:
                await self._check()
            except (psycopg.Error, Unavailable, OSError) as away:
                logger.warning("the log's epoch is not known: %s", away)
            stop_if_cancelled()
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._look.wait()
            except TimeoutError:
                continue

    async def _check(self) -> None:
        async with borrowed(self._pool) as connection:
            row = await (await connection.execute("select epoch from log_head")).fetchone()
        epoch = row[0] if row else None
        if self._known not in {None, epoch}:
            logger.warning("the log has epoch %s now, and had %s: all begins anew", epoch, self._known)
            self._changed()
        self._known = epoch
