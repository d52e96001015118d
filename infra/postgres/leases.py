"""Leadership by advisory lock: at most one process at a time does what a lease stands for.

The locks belong to one session; when the process dies or its connection breaks, PostgreSQL frees them, and
a standby that asks once a second takes over.
"""

import asyncio
import logging
import random
import zlib
from collections.abc import Awaitable, Callable, Mapping

import psycopg

from infra.cancelling import end, stop_if_cancelled
from infra.postgres.connections import Connection, connect
from infra.settings import Settings

logger = logging.getLogger(__name__)

ASK_EVERY = 1.0
# The first key of the two-part advisory locks: "deck" in ASCII.
SPACE = 0x6465636B

Duty = Callable[[], Awaitable[None]]


def _key(name: str) -> int:
    return zlib.crc32(name.encode()) - 2**31


class Leases:
    """Runs each duty while this process holds the lease of its name; a duty runs until cancelled."""

    def __init__(self, settings: Settings, duties: Mapping[str, Duty]) -> None:
        self._settings = settings
        self._duties = duties
        self._running: dict[str, asyncio.Task[None]] = {}

    @property
    def held(self) -> list[str]:
        """The names of the leases that this process holds now."""
        return sorted(self._running)

    async def run(self) -> None:
        """Ask for leases and do their duties, until cancelled."""
        pause = 0.1
        while True:
            try:
                async with await connect(self._settings, direct=True) as connection:
                    pause = 0.1
                    await self._serve(connection)
            except psycopg.Error as lost:
                logger.warning("lost the connection that holds the leases: %s", lost)
            finally:
                await self._drop_all()
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, 1.0)

    async def _serve(self, connection: Connection) -> None:
        while True:
            for name in self._duties:
                if name not in self._running:
                    await self._ask(connection, name)
            # The question keeps the session honest too: a dead connection shows itself here.
            await connection.execute("select 1")
            stop_if_cancelled()
            await asyncio.sleep(ASK_EVERY)

    async def _ask(self, connection: Connection, name: str) -> None:
        cursor = await connection.execute("select pg_try_advisory_lock(%s, %s)", [SPACE, _key(name)])
        row = await cursor.fetchone()
        if row and row[0]:
            logger.info("took the lease %s", name)
            self._running[name] = asyncio.create_task(self._do(name), name=name)

    async def _do(self, name: str) -> None:
        """Do a duty, again after a failure, with growing pauses."""
        pause = 0.1
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            try:
                await self._duties[name]()
            except Exception:
                logger.exception("%s failed; it starts again", name)
            stop_if_cancelled()
            if loop.time() - begun > 10:  # noqa: PLR2004 - seconds; it worked for a while
                pause = 0.1
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, 5.0)

    async def _drop_all(self) -> None:
        tasks = list(self._running.values())
        self._running.clear()
        await asyncio.gather(*map(end, tasks))
