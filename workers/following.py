"""A worker's end of a partition's stream: entries when they come, the log when they do not."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from domain.events import EventRegistry, Recorded
from infra.cancelling import stop_if_cancelled
from infra.postgres.event_log import PostgresEventLog
from infra.redis.streams import StreamEntry, StreamReader
from infra.redis.wire import unpack
from infra.settings import Settings
from projections.feed import FILL_CHUNK, Entry, Feed
from projections.partitions import partition_of

logger = logging.getLogger(__name__)

# In heartbeats: how long a stream may be silent before the log is asked.
SILENCE = 2.0
LOOK_EVERY = 0.25

Deliver = Callable[[Sequence[Recorded], int], Awaitable[None]]


async def fill_from_log(
    log: PostgresEventLog, partition: int, partitions: int, after: int, to: int
) -> tuple[Sequence[Recorded], int]:
    """Read a chunk of the log, and return the partition's events in it with the position it came to."""
    events = await log.after(after, FILL_CHUNK, to=to)
    reached = events[-1].position if len(events) == FILL_CHUNK else to
    return [e for e in events if partition_of(e.project_id, partitions) == partition], reached


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
) -> None:
    """Deliver a partition's events after `start`, each once and in order, until cancelled."""
    partitions = settings.stream_partitions

    async def fill(after: int, to: int) -> tuple[Sequence[Recorded], int]:
        return await fill_from_log(log, partition, partitions, after, to)

    feed = Feed(start, fill, deliver)
    loop = asyncio.get_running_loop()
    heard = loop.time()

    async def take(_: int, entries: Sequence[StreamEntry]) -> None:
        nonlocal heard
        await feed.take(
            [
                Entry(e.position, e.previous, unpack(registry, e.payload) if e.payload else None)
                for e in entries
            ]
        )
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
