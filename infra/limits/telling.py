"""What the limiters of all processes did: each tells it in Redis, and whoever asks any of them hears of all."""

import asyncio
import logging
import os
import time
from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID, uuid4

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.limits.counts import summed
from infra.limits.keys import LimitKeys
from infra.limits.limiter import Limiter
from infra.limits.rules import RULES, Tier

logger = logging.getLogger(__name__)

EVERY: Final = 2.0
GONE: Final = 5 * EVERY
_AWAY = (RedisError, OSError, TimeoutError)


async def told(redis: Redis, keys: LimitKeys) -> Sequence[dict[str, Any]]:
    """Return what all processes told that run.

    Raises:
        redis.exceptions.RedisError: Redis is away.
    """
    found = cast("dict[bytes, bytes]", await redis.hgetall(keys.told))
    stats = {process: orjson.loads(value) for process, value in found.items()}
    gone = [process for process, said in stats.items() if time.time() - said["at"] > GONE]
    if gone:
        await redis.hdel(keys.told, *gone)
    return [said for process, said in stats.items() if process not in gone]


def rules() -> list[dict[str, Any]]:
    """Return the table of limits."""
    return [
        {
            "kind": rule.kind.value,
            "window_s": rule.window_s,
            **{tier.value: rule.limit(tier) for tier in Tier},
            "address": rule.address_limit,
            "kept_in": "database" if rule.paid else "redis",
        }
        for rule in RULES.values()
    ]


class LimitReport:
    """Tells what this process's limiter did, and what all did to who asks."""

    def __init__(self, limiter: Limiter, redis: Redis, role: str) -> None:
        self._limiter = limiter
        self._redis = redis
        self._role = role
        self._keys = LimitKeys("")
        self._process = f"{role}-{os.getpid()}-{uuid4().hex[:8]}"
        self._task: asyncio.Task[None] | None = None

    def begin(self, epoch: UUID) -> None:
        """Use the keys of this epoch of the log."""
        self._keys = LimitKeys.of(epoch)

    async def start(self) -> None:
        """Tell every other second."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def own(self) -> dict[str, Any]:
        """Return what this process's limiter did since it started."""
        return {"role": self._role, "at": time.time(), **self._limiter.stats()}

    async def document(self) -> dict[str, Any]:
        """Return the report; `deployment` is None while Redis is away."""
        deployment = None
        try:
            await self._tell()
            all_told = await told(self._redis, self._keys)
            deployment = {
                "processes": len(all_told),
                **summed(said["counts"] for said in all_told),
                "checks": sum(said["checks"] for said in all_told),
                "round_trips": sum(said["round_trips"] for said in all_told),
            }
        except _AWAY as away:
            logger.warning("what all limiters did is not known: %s", away)
        return {
            "enabled": self._limiter.enabled,
            "shadow": self._limiter.shadow,
            "global_per_minute": self._limiter.global_per_minute,
            "limits": rules(),
            "blocked": self._limiter.blocking.listed(),
            "process": self.own(),
            "deployment": deployment,
        }

    async def _run(self) -> None:
        while True:
            try:
                await self._tell()
            except _AWAY as away:
                logger.debug("what the limiter did cannot be told: %s", away)
            await asyncio.sleep(EVERY)

    async def _tell(self) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.hset(self._keys.told, self._process, orjson.dumps(self.own()))
            pipeline.expire(self._keys.told, int(2 * GONE))
            await pipeline.execute()
