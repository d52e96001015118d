"""A worker's end of a partition's stream: entries when they come, the log when they do not."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence

from domain.events import EventRegistry, Recorded
from infra.cancelling import stop_if_cancelled
from infra.postgres.codec import decode_all
from infra.postgres.event_log import PostgresEventLog
from infra.settings import Settings
from projections.feed import FILL_CHUNK, Entry, Feed
from projections.partitions import partition_of
from workers.intake import Arrival, Intake, Mailbox

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
    intake: Intake,
    *,
    partition: int,
    start: int,
    deliver: Deliver,
    only: Wanted = all_topics,
    every: float = 0.0,
) -> None:
    """Deliver a partition's events after `start` of the topics wanted, each once and in order, until cancelled.

    Between two deliveries of what comes are `every` seconds at least; what comes meanwhile is delivered together.
    """
    partitions = settings.stream_partitions

    async def fill(after: int, to: int) -> tuple[Sequence[Recorded], int]:
        rows = await log.rows_after(after, FILL_CHUNK, to=to)
        reached = rows[-1][0] if len(rows) == FILL_CHUNK else to
        mine = [row for row in rows if partition_of(row[5], partitions) == partition and only(row[3])]
        return decode_all(registry, mine), reached

    patience = SILENCE * settings.relay_heartbeat_ms / 1000
    feed = Feed(start, fill, deliver)
    await _Follower(log, feed, partition, only=only, patience=patience, every=every).run(intake)


class _Follower:
    """Feeds one duty by what comes, and by the log when nothing does for as many seconds as it has patience."""

    def __init__(
        self,
        log: PostgresEventLog,
        feed: Feed[Recorded],
        partition: int,
        *,
        only: Wanted,
        patience: float,
        every: float,
    ) -> None:
        self._log = log
        self._feed = feed
        self._partition = partition
        self._only = only
        self._patience = patience
        self._every = every
        # Until something was heard, nobody knows whether the stream is read yet.
        self._heard = -math.inf

    async def run(self, intake: Intake) -> None:
        with intake.mailbox(self._partition) as mailbox:
            await self._feed.catch_up((await self._log.head())[0])
            # What was swallowed up to here would leave the group below uncancelled for ever.
            stop_if_cancelled()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._mind_silence())
                tasks.create_task(self._take_all(mailbox))

    async def _take_all(self, mailbox: Mailbox) -> None:
        loop = asyncio.get_running_loop()
        next_at = 0.0
        while True:
            await mailbox.wait()
            if (early := next_at - loop.time()) > 0:
                await asyncio.sleep(early)
            next_at = loop.time() + self._every
            arrivals = mailbox.take()
            try:
                await self._take(arrivals)
            except Exception:
                # The feed has not moved: the next entry, or silence, makes it read the log.
                logger.exception("entries of partition %d were not taken", self._partition)
            stop_if_cancelled()

    async def _take(self, arrivals: Sequence[Arrival]) -> None:
        before, self._heard = self._heard, math.inf
        position = self._feed.position
        try:
            # What was read from the log meanwhile need not be looked at.
            await self._feed.take(
                [Entry(a.position, a.previous, self._item(a)) for a in arrivals if a.position > position]
            )
        except BaseException:
            self._heard = before
            raise
        self._heard = asyncio.get_running_loop().time()

    def _item(self, arrival: Arrival) -> Recorded | None:
        topic = arrival.topic
        return arrival.event if topic is not None and self._only(topic) else None

    async def _mind_silence(self) -> None:
        """Read the log while nothing comes: Redis may be away, the relay may be."""
        loop = asyncio.get_running_loop()
        while True:
            stop_if_cancelled()
            await asyncio.sleep(LOOK_EVERY)
            if loop.time() - self._heard > self._patience:
                head, _ = await self._log.head()
                await self._feed.catch_up(head)
