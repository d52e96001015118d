"""Reads partition streams with FastStream, and stands guard over it.

FastStream's stream subscribers end when their group is gone (FLUSHALL), pause for 5 s when the server is,
and never look at what they left pending. Here nothing is ever pending (NOACK): what a crash loses, the feed
finds missing by the next entry's predecessor and reads from the log. And a guard builds the subscribers
anew as soon as the server has restarted, the group is gone, or a subscriber has ended.
"""

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from faststream.redis import RedisBroker, StreamSub
from faststream.redis.message import FAKE_CONSUMER, RedisBatchStreamMessage
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from infra.cancelling import stop_if_cancelled
from infra.redis.client import redis_client
from infra.settings import Settings

logger = logging.getLogger(__name__)

BLOCK_MS = 1_000
LOOK_EVERY = 0.25
BATCH = 500
_RUN_ID = re.compile(rb"run_id:(\w+)")


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """One entry as it stands in the stream; `payload` is None in a heartbeat."""

    position: int
    previous: int
    route: bytes
    payload: bytes | None


OnEntries = Callable[[int, Sequence[StreamEntry]], Awaitable[None]]


def _entries(message: Mapping[str, Any]) -> list[StreamEntry]:
    return [
        StreamEntry(int(i.split(b"-")[0]), int(f[b"v"]), f.get(b"p", b""), f.get(b"e"))
        for i, f in zip(message["message_ids"], message["data"], strict=True)
    ]


async def _parse(message: Any, _: Callable[..., Awaitable[Any]]) -> RedisBatchStreamMessage:
    """Skip FastStream's own envelope: the entries are read as they are."""
    return RedisBatchStreamMessage(raw_message=message, body=b"", consumer=FAKE_CONSUMER, group=None)


async def _decode(message: Any, _: Callable[..., Awaitable[Any]]) -> list[StreamEntry]:
    return _entries(message.raw_message)


class _Unprefixed(StreamSub):
    """A stream by its whole name. FastStream asks for the prefixed one at each read, and would copy it deeply."""

    def add_prefix(self, prefix: str) -> Self:
        """Return the stream by its name with a prefix."""
        return super().add_prefix(prefix) if prefix else self


def _life(response: Any, **_: Any) -> dict[str, str]:
    """Take from what a server says of itself what names its life alone: it is asked often."""
    found = _RUN_ID.search(response)
    return {"run_id": found[1].decode() if found else ""}


class StreamReader:
    """Hands the entries of some streams to a callback, batch by batch, until cancelled.

    Args:
        streams: the key of each partition's stream.
        group: read as this consumer group (each entry goes to one member); None: read all from now on.
    """

    def __init__(
        self, settings: Settings, streams: Mapping[int, str], on_entries: OnEntries, *, group: str | None
    ) -> None:
        self._settings = settings
        self._streams = streams
        self._on_entries = on_entries
        self._group = group

    async def run(self) -> None:
        """Read until cancelled."""
        pause = 0.05
        async with redis_client(self._settings, patience=1.0, connections=4) as redis:
            redis.set_response_callback("INFO", _life)
            while True:
                try:
                    await self._read(redis)
                    pause = 0.05
                except (RedisError, OSError, TimeoutError) as away:
                    logger.warning("cannot read streams: %s", away)
                stop_if_cancelled()
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
                pause = min(pause * 2, 1.0)

    async def _read(self, redis: Redis) -> None:
        """Read until something is wrong with the server, a group or a subscriber."""
        life = await self._server_life(redis)
        if self._group:
            for key in self._streams.values():
                await _create_group(redis, key, self._group)
        broker = self._broker()
        try:
            await broker.start()
            while all(s.running for s in broker.subscribers):
                stop_if_cancelled()
                await asyncio.sleep(LOOK_EVERY)
                if await self._server_life(redis) != life:
                    logger.warning("Redis has restarted")
                    return
            logger.warning("a stream or its group is gone")
        finally:
            await broker.stop()

    @staticmethod
    async def _server_life(redis: Redis) -> str:
        return str((await redis.info("server"))["run_id"])

    def _broker(self) -> RedisBroker:
        broker = RedisBroker(
            str(self._settings.redis_url),
            logger=logging.getLogger("faststream"),
            log_level=logging.DEBUG,
            graceful_timeout=2.0,
            socket_timeout=BLOCK_MS / 1000 + 3,
            # The handlers take what the decoder returns: nothing is to be injected, or validated.
            apply_types=False,
        )
        for partition, key in self._streams.items():
            broker.subscriber(stream=self._subscription(key), parser=_parse, decoder=_decode)(
                self._handler(partition)
            )
        return broker

    def _subscription(self, key: str) -> StreamSub:
        if self._group is None:
            return _Unprefixed(key, batch=True, max_records=BATCH, polling_interval=BLOCK_MS)
        return _Unprefixed(
            key,
            group=self._group,
            consumer="leader",
            batch=True,
            max_records=BATCH,
            polling_interval=BLOCK_MS,
            no_ack=True,
        )

    def _handler(self, partition: int) -> Callable[[Any], Awaitable[None]]:
        async def handle(entries: Any) -> None:
            try:
                await self._on_entries(partition, entries)
            except Exception:
                # The feed has not moved: the next entry, or silence, makes it read the log.
                logger.exception("entries of partition %d were not taken", partition)

        return handle


async def _create_group(redis: Redis, key: str, group: str) -> None:
    """Create a group at the stream's end: what stands before it, the feed takes from the log."""
    try:
        await redis.xgroup_create(key, group, id="0", mkstream=True)
    except ResponseError as exists:
        if "BUSYGROUP" not in str(exists):
            raise
