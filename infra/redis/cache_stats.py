"""What each read process's cache did, told in one hash, so that a deployment's can be added up anywhere."""

import time
from typing import Any, cast

import orjson
from redis.asyncio import Redis

from infra.redis.keys import Keys

# Seconds: how often a process tells, and when it counts as gone.
EVERY = 5.0
GONE = 4 * EVERY
_SERVER = ("used_memory", "maxmemory", "evicted_keys", "expired_keys", "keyspace_hits", "keyspace_misses")


async def tell(redis: Redis, keys: Keys, process: str, stats: dict[str, Any]) -> None:
    """Tell what a process's cache did since the process started.

    Raises:
        redis.exceptions.RedisError: Redis is away.
    """
    value = orjson.dumps({**stats, "at": time.time()})
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.hset(keys.cache_stats, process, value)
        pipeline.expire(keys.cache_stats, int(GONE))
        await pipeline.execute()


async def told(redis: Redis, keys: Keys) -> list[dict[str, Any]]:
    """Return what all processes told that run; what those told that are gone is removed.

    Raises:
        redis.exceptions.RedisError: Redis is away.
    """
    found = cast("dict[bytes, bytes]", await redis.hgetall(keys.cache_stats))
    stats = {process: orjson.loads(value) for process, value in found.items()}
    gone = [process for process, s in stats.items() if time.time() - s["at"] > GONE]
    if gone:
        await redis.hdel(keys.cache_stats, *gone)
    return [s for process, s in stats.items() if process not in gone]


async def server(redis: Redis) -> dict[str, int]:
    """Return what the server says of its memory and keys; it may serve others too.

    Raises:
        redis.exceptions.RedisError: Redis is away.
    """
    info = {**await redis.info("memory"), **await redis.info("stats")}
    return {name: info[name] for name in _SERVER if name in info}
