"""What the caches did: of this process, and of all read processes together."""

import asyncio
import logging
import os
from typing import Any
from uuid import uuid4

from redis.exceptions import RedisError

from infra.bootstrap import ReadSide
from infra.redis import cache_stats
from infra.redis.keys import Keys
from read_api.cache_counts import summed
from read_api.documents import Documents

logger = logging.getLogger(__name__)

_AWAY = (RedisError, OSError, TimeoutError)


def report(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Add up what processes told."""
    return {
        "processes": len(found),
        "counts": summed(process["counts"] for process in found),
        "l1": _added([process["l1"] for process in found]),
        # How long nothing had been heard of a partition when something was answered from a process's memory.
        "staleness": _most([process.get("staleness", {}) for process in found]),
        "redis": _added([process["redis"] for process in found]),
    }


def _added(found: list[dict[str, int]]) -> dict[str, int]:
    names = dict.fromkeys(name for numbers in found for name in numbers)
    return {name: sum(numbers.get(name, 0) for numbers in found) for name in names}


def _most(found: list[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for numbers in found for name in numbers)
    return {name: max(numbers.get(name, 0.0) for numbers in found) for name in names}


class CacheReport:
    """Tells Redis every few seconds what this process's cache did, and what it and all did to who asks."""

    def __init__(self, side: ReadSide, keys: Keys, documents: Documents) -> None:
        self._side = side
        self._keys = keys
        self._documents = documents
        self._process = f"{os.getpid()}-{uuid4().hex[:8]}"

    async def run(self) -> None:
        """Tell, until cancelled."""
        while True:
            try:
                await self._tell()
            except _AWAY as away:
                logger.debug("what the cache did cannot be told: %s", away)
            await asyncio.sleep(cache_stats.EVERY)

    async def document(self) -> dict[str, Any]:
        """Return the report; `deployment` and `server` are None while Redis is away."""
        deployment = server = None
        try:
            await self._tell()
            deployment = report(await cache_stats.told(self._side.redis, self._keys))
            server = await cache_stats.server(self._side.redis)
        except _AWAY as away:
            logger.warning("what all caches did is not known: %s", away)
        own = self._documents.stats()
        replica = self._side.replica.stats() if self._side.replica is not None else None
        return {
            "scope": {
                "process": "this read process, since it started",
                "deployment": f"all read processes that run, as they told at most {cache_stats.EVERY:.0f} s ago",
                "server": "the Redis server, whoever uses it",
            },
            "process": {**report([own]), "replica": replica},
            "deployment": deployment,
            "server": server,
        }

    async def _tell(self) -> None:
        await cache_stats.tell(self._side.redis, self._keys, self._process, self._documents.stats())
