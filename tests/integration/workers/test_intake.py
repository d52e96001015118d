"""One reading of a partition's stream for all who follow it here: nobody misses anything, and nobody waits for another."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from redis.asyncio import Redis
from running import eventually, looking, system_on, working

from domain.catalogue import event_registry
from domain.events import Recorded
from infra.bootstrap import worker_side
from infra.redis.client import redis_client
from infra.redis.keys import Keys
from infra.redis.streams import StreamEntry
from infra.settings import Settings
from projections.partitions import partition_of
from workers.following import follow
from workers.intake import Intake


async def keys_of(settings: Settings) -> list[str]:
    async with looking(settings) as table:
        keys = Keys.of(await table.value("select epoch from log_head"))
    return [keys.log_stream(k) for k in range(settings.stream_partitions)]


class Reader:
    """Takes what it is given once it may."""

    def __init__(self, *, ready: bool = True) -> None:
        self.positions: list[int] = []
        self.asked = 0
        self.go = asyncio.Event()
        if ready:
            self.go.set()

    async def deliver(self, events: Sequence[Recorded], _: int) -> None:
        self.asked += 1
        await self.go.wait()
        self.positions += [e.position for e in events]


@asynccontextmanager
async def following(
    settings: Settings, partition: int, capacity: int, *readers: Reader
) -> AsyncIterator[Intake]:
    side = worker_side(settings)
    await side.start()
    registry = event_registry()
    intake = Intake(settings, registry, await keys_of(settings), capacity)
    tasks = [asyncio.create_task(intake.run())]
    for reader in readers:
        duty = follow(
            settings, side.log, registry, intake, partition=partition, start=0, deliver=reader.deliver
        )
        tasks.append(asyncio.create_task(duty))
    try:
        yield intake
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await side.stop()


async def blocked(redis: Redis) -> int:
    """Count who waits for streams; `blocked_clients` counts waits for lists too, and nobody here waits for those."""
    found = await redis.info("clients")
    return int(found["blocked_clients"])


async def test_who_is_slow_reads_the_log_and_who_is_not_waits_for_nobody(settings: Settings) -> None:
    slow, quick = Reader(ready=False), Reader()
    async with system_on(settings) as system, working(settings):
        deck = await system.person().deck(slides=1)
        partition = partition_of(UUID(deck.id), settings.stream_partitions)
        async with following(settings, partition, 3, slow, quick):
            for n in range(30):
                await deck.change("edit-block", block_id=deck.blocks[0], changes={"title": str(n)})
            there = await system.table.positions(deck.id)

            async def all_there(reader: Reader) -> bool:
                return bool(reader.positions == there)

            await eventually(lambda: all_there(quick))
            assert slow.asked == 1
            assert slow.positions == []
            slow.go.set()
            await eventually(lambda: all_there(slow))


async def test_a_stream_is_read_once_for_all_and_not_at_all_for_nobody(settings_on_spare: Settings) -> None:
    async with redis_client(settings_on_spare) as redis, following(settings_on_spare, 0, 100) as intake:

        async def read(times: int) -> bool:
            return await blocked(redis) == times

        with intake.mailbox(0), intake.mailbox(0), intake.mailbox(2):
            await eventually(lambda: read(2))
            with intake.mailbox(1):
                await eventually(lambda: read(3))
            await eventually(lambda: read(2))
        await eventually(lambda: read(0))


async def test_where_the_relay_is_nothing_is_read_and_all_is_handed_on(settings_on_spare: Settings) -> None:
    async with redis_client(settings_on_spare) as redis, following(settings_on_spare, 0, 100) as intake:

        async def read(times: int) -> bool:
            return await blocked(redis) == times

        with intake.mailbox(0) as one, intake.mailbox(0) as other:
            await eventually(lambda: read(1))
            with intake.relayed():
                await eventually(lambda: read(0))
                intake.hand(0, [StreamEntry(7, 4, b"", None)])
                intake.hand(1, [StreamEntry(8, 5, b"", None)])
            # Another process may relay from here on.
            await eventually(lambda: read(1))
            for mailbox in (one, other):
                await mailbox.wait()
                assert [(a.position, a.previous, a.event) for a in mailbox.take()] == [(7, 4, None)]
