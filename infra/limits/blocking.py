"""Who is shut out: by an operator, or for asking on and on after refusals."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import psycopg

from domain.errors import Unavailable
from infra.limits.answers import Asker, blocked
from infra.limits.barred import Barred
from infra.limits.counts import Counts
from infra.limits.denials import Denials
from infra.limits.plans import Plans
from infra.limits.rules import Tier
from infra.postgres.blocks import ADDRESS, USER, Blocks
from infra.postgres.connections import Connection
from infra.redis.windows import Windows, WindowsAway
from infra.settings import Settings

logger = logging.getLogger(__name__)

# Blocks that are told in a report.
SHOWN: Final = 100


class Blocking:
    """Keeps blocks: the database holds them, Redis knows at once, and each process reads them twice a second.

    Args:
        denials: counts how often a subject was refused lately.
        plans: knows the keys of blocks in Redis.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        settings: Settings,
        windows: Windows,
        blocks: Blocks,
        *,
        denials: Denials,
        plans: Plans,
        counts: Counts,
        clock: Callable[[], float],
    ) -> None:
        self._after = settings.rate_limit_block_after
        self._base = timedelta(seconds=settings.rate_limit_block_s)
        self._most = timedelta(seconds=settings.rate_limit_block_max_s)
        self._windows = windows
        self._blocks = blocks
        self._denials = denials
        self._plans = plans
        self._counts = counts
        self._offending: dict[str, asyncio.Task[None]] = {}
        self._barred = Barred(clock)

    @property
    def count(self) -> int:
        """How many are shut out."""
        return self._barred.count

    def listed(self) -> list[dict[str, Any]]:
        """Return who is shut out, the longest first."""
        return self._barred.listed(SHOWN)

    async def look(self, held: Connection | None = None) -> None:
        """Read who is shut out."""
        self._barred.replace(await self._blocks.standing(held))

    async def close(self) -> None:
        """End what is under way."""
        for task in self._offending.values():
            task.cancel()
        await asyncio.gather(*self._offending.values(), return_exceptions=True)

    def admit(self, asker: Asker) -> None:
        """Let nobody through who is known to be shut out.

        Raises:
            RateLimited: the caller is.
        """
        if not self._barred.any:
            return
        left = max(
            self._barred.left(USER + asker.user, automatic=True),
            # A paying caller does not answer for neighbours.
            self._barred.left(ADDRESS + asker.address, automatic=asker.tier is Tier.FREE),
        )
        if left > 0:
            self._counts.local += 1
            raise blocked(left)

    def refused(self, subject: str) -> None:
        """Count a refusal; too many within a minute shut the subject out."""
        if not self._after or self._denials.count(subject) < self._after or subject in self._offending:
            return
        task = self._offending[subject] = asyncio.create_task(self._offend(subject))
        task.add_done_callback(lambda _: self._offending.pop(subject, None))

    async def block(self, subject: str, span: timedelta, reason: str) -> None:
        """Shut a subject (`user:…`, `address:…`) out, in every process within a second, in this one now."""
        block = await self._blocks.block(subject, span, reason)
        self._barred.add(block)
        await self._windows.shut(self._plans.keys.block(subject), block.left)

    async def unblock(self, subject: str) -> bool:
        """Let a subject in again; tell whether it was shut out."""
        was = await self._blocks.unblock(subject)
        self._barred.remove(subject)
        await self._windows.forget([self._plans.keys.block(subject)])
        return was

    async def forget(self, subject: str) -> None:
        """Have every process forget refusals of a subject."""
        await self._blocks.forget(subject)

    async def _offend(self, subject: str) -> None:
        self._denials.forgive(subject)
        try:
            block = await self._blocks.offend(subject, self._base, self._most)
        except (psycopg.Error, Unavailable):
            logger.exception("%s could not be blocked", subject)
            return
        if block is None:
            return
        self._counts.offences += 1
        self._barred.add(block)
        logger.warning("%s is blocked for %.0f s: it went on asking after refusals", subject, block.left)
        try:
            await self._windows.shut(self._plans.keys.block(subject), block.left)
        except WindowsAway:
            logger.warning("Redis is away: other processes hear of %s from the database", subject)
