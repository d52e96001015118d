"""Queues whose server loses all that it holds, at the worst of moments."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from labour import ask, deciding, labouring, nothing
from running import eventually, lose, system_on

from infra.bootstrap import worker_side
from infra.queues import queues_of
from infra.redis.client import redis_client
from infra.redis.queues import Acquired, Limits, RedisQueue, Ticket
from infra.settings import Settings
from projections.ports import Database, Session
from workers.jobs.dispatching import Keeper

# What the keeper asks the database for when it fills a queue once: how far four partitions are, what runs, what is open.
ROUND = 6


async def emptied(queue: RedisQueue) -> None:
    """Lose a queue, all at once, as FLUSHALL does."""
    lose_all = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end"
    await queue.redis.eval(lose_all, 0, queue.wake_stream.replace("wake", "*"))


@dataclass
class Meanwhile:
    """A database, and something that happens after it was asked for the first few times."""

    database: Database
    happens: Callable[[], Awaitable[None]]
    times: int

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        async with self.database.session() as session:
            yield session
        if self.times:
            self.times -= 1
            await self.happens()

    def transaction(self) -> AbstractAsyncContextManager[Session]:
        return self.database.transaction()


async def test_a_queue_lost_again_while_it_is_filled_gives_nothing_out_twice(settings: Settings) -> None:
    settings = settings.model_copy(update={"job_lease_ms": 1_000})
    side = worker_side(settings)
    await side.start()
    try:
        async with deciding(settings) as decisions, redis_client(settings) as redis:
            await decisions.pause("image", paused=True)
            queue = queues_of(settings, redis, await side.keys())["image"]
            async with system_on(settings) as system, labouring(settings, nothing):
                deck = await system.person().deck()
                for _ in range(2):
                    await ask(deck)

                async def both_wait() -> bool:
                    depth = await queue.depth()
                    return depth.armed and depth.ready == 2

                await eventually(both_wait, 20)
                await system.table.caught_up()

            # From here on, the test is the only worker, and somebody else the only keeper.
            taken: list[Ticket] = []

            async def take() -> Acquired:
                acquired = await queue.turn([], "another", Limits(concurrency=1), 1)
                taken.extend(acquired.taken)
                return acquired

            mine = await queue.turn([], "mine", Limits(concurrency=1), 1)
            [ticket] = mine.taken
            answers: list[int] = []

            async def work() -> None:
                while True:
                    answers.extend(await queue.beat([(ticket, "mine")]))
                    await asyncio.sleep(0.1)

            async def expire(_: Sequence[UUID]) -> None:
                raise AssertionError("nothing has expired")

            database = Meanwhile(side.database, lambda: emptied(queue), ROUND)
            keeper = Keeper(
                redis,
                {"image": queue},
                database,
                side.log,
                partitions=4,
                lease=1.0,
                sweep=60.0,
                expire=expire,
            )
            await emptied(queue)
            working = asyncio.create_task(work())
            keeping = asyncio.create_task(keeper.run())
            try:

                async def armed() -> bool:
                    return (await take()).armed

                # Whenever it gives something out again: there is no room, for one job is under way.
                await eventually(armed, 20)
                assert taken == []
                depth = await queue.depth()
                assert (depth.running, depth.ready, database.times) == (1, 1, 0)
                assert set(answers) == {0}
            finally:
                await lose(working)
                await lose(keeping)
    finally:
        await side.stop()
