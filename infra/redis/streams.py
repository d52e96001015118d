"""Reads partition streams with FastStream, and stands guard over it.

FastStream's subscribers pause for 5 s when the server is away, and those of a consumer group end when the group is gone
(FLUSHALL), and never look at what they left pending. Here nobody is in a group: what a crash or a pause loses, the
feed finds missing by the next entry's predecessor and reads from the log. And a guard builds the subscribers
anew as soon as the server has restarted, or a subscriber has ended.
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
from redis.exceptions import RedisError

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
    """Hands the entries of some streams from now on to a callback, batch by batch, until cancelled.

    Args:
        streams: the key of each partition's stream.
    """

    def __init__(self, settings: Settings, streams: Mapping[int, str], on_entries: OnEntries) -> None:
        self._settings = settings
        self._streams = streams
        self._on_entries = on_entries

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
        """Read until something is wrong with the server or a subscriber."""
        life = await self._server_life(redis)
        broker = self._broker()
        try:
            await broker.start()
            while all(s.running for s in broker.subscribers):
                stop_if_cancelled()
                await asyncio.sleep(LOOK_EVERY)
                if await self._server_life(redis) != life:
                    logger.warning("Redis has restarted")
                    return
            logger.warning("a subscriber has ended")
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
            stream = _Unprefixed(key, batch=True, max_records=BATCH, polling_interval=BLOCK_MS)
            broker.subscriber(stream=stream, parser=_parse, decoder=_decode)(self._handler(partition))
        return broker

    def _handler(self, partition: int) -> Callable[[Any], Awaitable[None]]:
        async def handle(entries: Any) -> None:
            try:
                await self._on_entries(partition, entries)
            except Exception:
                # The feed has not moved: the next entry, or silence, makes it read the log.
                logger.exception("entries of partition %d were not taken", partition)

        return handle
