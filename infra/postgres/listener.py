"""LISTEN, for as long as the process lives, and NOTIFY."""

import asyncio
import logging
import random
from collections.abc import Callable

import psycopg
from psycopg.sql import SQL, Identifier

from infra.postgres.connections import connect
from infra.settings import Settings

logger = logging.getLogger(__name__)

PATIENCE = 5.0


async def listen(settings: Settings, channel: str, notified: Callable[[str], None]) -> None:
    """Call `notified` with each payload of a channel, and with an empty one after every (re)connection.

    What is sent while the connection is down is lost: an empty payload means "look for yourself".
    It runs until it is cancelled.
    """
    pause = 0.05
    while True:
        try:
            async with await connect(settings, direct=True) as connection:
                await connection.execute(SQL("listen {}").format(Identifier(channel)))
                pause = 0.05
                notified("")
                while True:
                    # notifies() ends silently at its timeout, and tells of a dead server by raising.
                    async for notification in connection.notifies(timeout=PATIENCE):
                        notified(notification.payload)
        except psycopg.Error as lost:
            logger.warning("lost the connection that listens on %s: %s", channel, lost)
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, 2.0)


async def notify(settings: Settings, channel: str, payload: str) -> None:
    """Tell all who listen on a channel.

    Raises:
        psycopg.OperationalError: the server is not there.
    """
    async with await connect(settings, direct=True) as connection:
        await connection.execute("select pg_notify(%s, %s)", (channel, payload))
