"""The janitor: removes what is kept for a time only, a little each minute."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from infra.cancelling import stop_if_cancelled

logger = logging.getLogger(__name__)

EVERY = 60.0


class Janitor:
    """Removes answers to commands that no repeat may ask for any more.

    Args:
        sweep: deletes some of what is older, and returns how much it deleted.
        retention: how long answers are kept.
        every: seconds between two sweeps.
    """

    def __init__(
        self, sweep: Callable[[timedelta], Awaitable[int]], retention: timedelta, every: float = EVERY
    ) -> None:
        self._sweep = sweep
        self._retention = retention
        self._every = every

    async def run(self) -> None:
        """Sweep until cancelled.

        Raises:
            psycopg.Error: the database is away; whoever runs this starts it again.
        """
        while True:
            stop_if_cancelled()
            if deleted := await self._sweep(self._retention):
                logger.info("deleted %d answers to commands, older than %s", deleted, self._retention)
            await asyncio.sleep(self._every)
