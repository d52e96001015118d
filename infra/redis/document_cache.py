"""Documents in Redis, shared by all read processes.

A value begins with the position as of which it is true, and a set never replaces a later one by an earlier
one. Whether a value is still true, the reader knows by the events that it has seen since.
"""

import logging
import random
from collections.abc import Callable
from importlib.resources import files
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

_DIGITS = 16
# After a failure Redis is left alone for a while: reads go to the tables.
REST = 1.0
JITTER = 0.1


class DocumentCache:
    """Gets and sets documents; without Redis it behaves as if it were empty."""

    def __init__(self, redis: Redis, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._clock = clock
        self._rest_until = float("-inf")
        self._set = redis.register_script(
            (files("infra.redis") / "scripts" / "set_newer.lua").read_text("utf-8")
        )

    async def get(self, key: str) -> tuple[int, bytes] | None:
        """Return the position as of which a document is true, and the document."""
        if self._clock() < self._rest_until:
            return None
        try:
            value = cast("bytes | None", await self._redis.get(key))
        except (RedisError, OSError, TimeoutError) as away:
            self._failed(away)
            return None
        if value is None:
            return None
        return int(value[:_DIGITS]), value[_DIGITS:]

    async def put(self, key: str, as_of: int, document: bytes, ttl: float) -> None:
        """Keep a document for about `ttl` seconds, unless a later one is kept."""
        if self._clock() < self._rest_until:
            return
        life = int(ttl * 1000 * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - jitter, not a secret
        stamp = str(as_of).zfill(_DIGITS)
        try:
            await self._set(keys=[key], args=[stamp, stamp.encode() + document, life])
        except (RedisError, OSError, TimeoutError) as away:
            self._failed(away)

    def _failed(self, away: Exception) -> None:
        self._rest_until = self._clock() + REST
        logger.warning("the document cache is left alone for %.0f s: %s", REST, away)
