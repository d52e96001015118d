"""Writes events to a partition's stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import cast

from redis.asyncio import Redis

LOST = -1
ANY = -1


@dataclass(frozen=True, slots=True)
class Published:
    """One event to publish.

    `previous` is the position of the partition's event before it; `route` begins with the project's id, so
    that readers can tell whether an event concerns them before they parse it.
    """

    position: int
    previous: int
    route: bytes
    payload: bytes


class StreamLost(Exception):
    """The stream no longer holds what was published: Redis lost its data."""


class StreamPublisher:
    """Publishes to one stream, from one leader."""

    def __init__(self, redis: Redis, key: str, max_length: int) -> None:
        self._key = key
        self._redis = redis
        self._max_length = max_length
        source = (files("infra.redis") / "scripts" / "publish.lua").read_text("utf-8")
        self._publish = redis.register_script(source)
        self._top = ANY

    async def top(self) -> tuple[int, int] | None:
        """Return the position of the stream's last entry and that of its last event; None if it is empty."""
        found = await self._redis.xrevrange(self._key, count=1)
        entries = cast("list[tuple[bytes, dict[bytes, bytes]]]", found)
        if not entries:
            return None
        entry_id, fields = entries[0]
        position = int(entry_id.split(b"-")[0])
        self._top = position
        return position, (position if b"e" in fields else int(fields[b"v"]))

    async def publish(self, entries: Sequence[Published]) -> None:
        """Publish events in order; those at or below the stream's top are there already.

        Raises:
            StreamLost: the stream does not hold what was published before.
        """
        arguments: list[int | bytes] = [self._max_length, self._top]
        for e in entries:
            arguments += [e.position, e.previous, e.route, e.payload]
        await self._call(arguments)

    async def heartbeat(self, head: int, previous: int) -> None:
        """Say that the partition has no event between `previous` and the log's `head`.

        Raises:
            StreamLost: the stream does not hold what was published before.
        """
        await self._call([self._max_length, self._top, head, previous, b"", b""])

    async def _call(self, arguments: Sequence[int | bytes]) -> None:
        top = int(await self._publish(keys=[self._key], args=list(arguments)))
        if top == LOST:
            self._top = ANY
            raise StreamLost(self._key)
        self._top = top
