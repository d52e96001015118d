"""A worker's end of a partition's stream: entries when they come, the log when they do not."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence

from domain.events import EventRegistry, Recorded
from infra.cancelling import stop_if_cancelled
from infra.postgres.codec import decode_all
from infra.postgres.event_log import PostgresEventLog
from infra.redis.streams import StreamEntry, StreamReader
from infra.redis.wire import topic_of, unpack
from infra.settings import Settings
from projections.feed import FILL_CHUNK, Entry, Feed
from projections.partitions import partition_of

logger = logging.getLogger(__name__)

# In heartbeats: how long a stream may be silent before the log is asked.
SILENCE = 2.0
LOOK_EVERY = 0.25

Deliver = Callable[[Sequence[Recorded], int], Awaitable[None]]
# Tells whether events of a topic are to be delivered: what is not need not be decoded.
Wanted = Callable[[str], bool]


def all_topics(_: str) -> bool:
    """Want all events."""
    return True


async def follow(
    settings: Settings,
    log: PostgresEventLog,
    registry: EventRegistry,
    *,
    key: str,
    partition: int,
    group: str,
    start: int,
    deliver: Deliver,
    only: Wanted = all_topics,
) -> None:
    """Deliver a partition's events after `start` of the topics wanted, each once and in order, until cancelled."""
    partitions = settings.stream_partitions

    async def fill(after: int, to: int) -> tuple[Sequence[Recorded], int]:
        rows = await log.rows_after(after, FILL_CHUNK, to=to)
        reached = rows[-1][0] if len(rows) == FILL_CHUNK else to
        mine = [row for row in rows if partition_of(row[5], partitions) == partition and only(row[3])]
        return decode_all(registry, mine), reached

    feed = Feed(start, fill, deliver)
    loop = asyncio.get_running_loop()
    heard = loop.time()

    def item(payload: bytes | None) -> Recorded | None:
        return unpack(registry, payload) if payload and only(topic_of(payload)) else None

    async def take(_: int, entries: Sequence[StreamEntry]) -> None:
        nonlocal heard
        before, heard = heard, math.inf
        try:
            # What was read from the log meanwhile need not be looked at.
            await feed.take(
                [
                    Entry(e.position, e.previous, item(e.payload))
                    for e in entries
                    if e.position > feed.position
                ]
            )
        except BaseException:
            heard = before
            raise
        heard = loop.time()

    async def mind_silence() -> None:
        """Read the log while nothing comes: Redis may be away, the relay may be."""
        while True:
            stop_if_cancelled()
            await asyncio.sleep(LOOK_EVERY)
            if loop.time() - heard > SILENCE * settings.relay_heartbeat_ms / 1000:
                head, _ = await log.head()
                await feed.catch_up(head)

    await feed.catch_up((await log.head())[0])
    # What was swallowed up to here would leave the group below uncancelled for ever.
    stop_if_cancelled()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(mind_silence())
        tasks.create_task(StreamReader(settings, {partition: key}, take, group=group).run())
