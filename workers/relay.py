"""The relay: from the log to the partitions' streams, in order, by one leader.

It only repeats what the log says, so it may stop, start over or run twice without harm: ids are positions,
and a stream refuses what it has.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

from infra.cancelling import stop_if_cancelled
from infra.postgres.codec import Row
from infra.postgres.event_log import PostgresEventLog
from infra.redis.publisher import Published, StreamLost, StreamPublisher
from infra.redis.streams import StreamEntry
from infra.redis.wire import pack
from projections.partitions import partition_of

logger = logging.getLogger(__name__)

BATCH = 500

Hand = Callable[[int, Sequence[StreamEntry]], None]


class Relay:
    """Follows the log and publishes it.

    Args:
        wake: set whenever the log may have grown.
        slowest: returns the least checkpoint of a partition's consumers; publishing starts there when the
            partition's stream is empty.
        heartbeat: seconds between two heartbeats.
        hand: told what is published in which partition, in order, for those who follow it in this process.
    """

    def __init__(
        self,
        log: PostgresEventLog,
        publishers: Sequence[StreamPublisher],
        wake: asyncio.Event,
        slowest: Callable[[int], Awaitable[int]],
        heartbeat: float,
        *,
        hand: Hand,
    ) -> None:
        self._log = log
        self._publishers = publishers
        self._wake = wake
        self._slowest = slowest
        self._heartbeat = heartbeat
        self._hand = hand
        self._previous: list[int] = []
        self.position = 0

    async def run(self) -> None:
        """Publish until cancelled; when Redis has lost its data, begin again from what it still has.

        Raises:
            RedisError, psycopg.Error: a server is away; whoever runs this starts it again.
        """
        while True:
            await self._find_start()
            try:
                await self._follow()
            except StreamLost as lost:
                logger.warning("Redis no longer has %s; publishing again", lost)

    async def _find_start(self) -> None:
        starts: list[int] = []
        self._previous = []
        for partition, publisher in enumerate(self._publishers):
            top = await publisher.top()
            if top is None:
                start = previous = await self._slowest(partition)
            else:
                start, previous = top
            starts.append(start)
            self._previous.append(previous)
        self.position = min(starts)

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        beat = loop.time()
        while True:
            self._wake.clear()
            while rows := await self._log.rows_after(self.position, BATCH):
                await self._publish(rows)
                stop_if_cancelled()
                if len(rows) < BATCH:
                    # That was all; what was committed since has set `wake`.
                    break
                if loop.time() >= beat:
                    # Also while much is going on: it may all be in one partition.
                    break
            if loop.time() >= beat:
                for partition, publisher in enumerate(self._publishers):
                    previous = self._previous[partition]
                    await publisher.heartbeat(self.position, previous)
                    self._hand(partition, [StreamEntry(self.position, previous, b"", None)])
                beat = loop.time() + self._heartbeat
                if len(rows) == BATCH:
                    continue
            stop_if_cancelled()
            try:
                async with asyncio.timeout_at(beat):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _publish(self, rows: Sequence[Row]) -> None:
        batches: dict[int, list[Published]] = defaultdict(list)
        previous = list(self._previous)
        for row in rows:
            position, project_id = row[0], row[5]
            partition = partition_of(project_id, len(self._publishers))
            # After a restart some partitions are ahead of others: their streams have these entries.
            if position > previous[partition]:
                batches[partition].append(
                    Published(position, previous[partition], project_id.bytes, pack(row))
                )
                previous[partition] = position
        for partition, batch in batches.items():
            # They are committed: whoever is here need not wait until Redis has them.
            self._hand(partition, [StreamEntry(e.position, e.previous, e.route, e.payload) for e in batch])
        await asyncio.gather(*(self._publishers[k].publish(batch) for k, batch in batches.items()))
        self._previous = previous
        self.position = rows[-1][0]
