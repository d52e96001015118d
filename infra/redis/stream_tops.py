"""How far the partitions' streams are: what the relay and the broadcasters have published."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from redis.asyncio import Redis

from infra.redis.keys import Keys


@dataclass(frozen=True, slots=True)
class Top:
    """The positions that a partition's two streams have come to; 0: there is nothing in it."""

    partition: int
    log: int
    live: int


async def tops(redis: Redis, keys: Keys, partitions: int) -> Sequence[Top]:
    """Return the tops of all partitions' streams, in one round trip.

    Raises:
        redis.exceptions.RedisError: Redis is away.
    """
    async with redis.pipeline(transaction=False) as pipeline:
        for k in range(partitions):
            pipeline.xrevrange(keys.log_stream(k), count=1)
            pipeline.xrevrange(keys.live_stream(k), count=1)
        found = [_position(entries) for entries in await pipeline.execute()]
    return [Top(k, *pair) for k, pair in enumerate(zip(found[::2], found[1::2], strict=True))]


def _position(entries: object) -> int:
    found = cast("list[tuple[bytes, object]]", entries)
    return int(found[0][0].split(b"-")[0]) if found else 0
