"""Reads of much: in constant memory, holding nothing, and stopped when nobody listens any more."""

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator
from typing import cast
from uuid import uuid4

import pytest
from logs import added, opened, request
from psycopg_pool import AsyncConnectionPool
from running import looking

from commands.ports import NO_STREAM, EventQuery
from infra.postgres.event_log import PostgresEventLog
from infra.settings import Settings

EVENTS = 20_000


@pytest.fixture
async def log(settings: Settings) -> AsyncIterator[PostgresEventLog]:
    """A log of many events, each a block of its own; multiplied by SQL, so their hashes are not right."""
    async with opened(settings) as found, looking(settings) as table:
        project, block = uuid4(), uuid4()
        await found.append(request(project, [(block, NO_STREAM)], [(0, added(project, block))]))
        await table.connection.execute(
            "insert into stored_events select gen_random_uuid(), 1, topic, state, n, project_id, gen_random_uuid(),"
            " recorded_at, metadata, hash from stored_events, generate_series(2, %s) n",
            [EVENTS],
        )
        await table.connection.execute("update log_head set position = %s", [EVENTS])
        yield found


async def test_chunks_take_the_memory_of_a_few_chunks_however_long_the_log(log: PostgresEventLog) -> None:
    async def peak(query: EventQuery) -> int:
        gc.collect()
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        last = 0
        async for chunk in log.chunks(query, 500):
            last = chunk[-1].position
        assert last == query.to
        return tracemalloc.get_traced_memory()[1] - before

    tracemalloc.start()
    try:
        await peak(EventQuery(to=1_000))
        short, long = await peak(EventQuery(to=2_000)), await peak(EventQuery(to=EVENTS))
    finally:
        tracemalloc.stop()
    assert long < 1.5 * short


async def test_between_chunks_no_connection_is_held(settings: Settings, log: PostgresEventLog) -> None:
    pool = cast("AsyncConnectionPool", log._pool)
    positions = []
    async with looking(settings) as table:
        async for chunk in log.chunks(EventQuery(), 5_000):
            positions += [r.position for r in chunk]
            # What is fetched ahead comes to its end while this reader is slow.
            await asyncio.sleep(0.3)
            stats = pool.get_stats()
            assert stats["pool_available"] == stats["pool_size"]
            states = await table.rows(
                "select state from pg_stat_activity where application_name = 'decklog test'"
                " and datname = current_database() and state <> 'idle'"
            )
            assert states == []
            assert await table.rows("select name from pg_cursors") == []
    assert positions == list(range(1, EVENTS + 1))


async def test_a_reader_that_stops_leaves_nothing_behind(log: PostgresEventLog) -> None:
    pool = cast("AsyncConnectionPool", log._pool)
    for _ in range(5):
        chunks = log.chunks(EventQuery(descending=True), 500)
        first = await anext(chunks)
        assert first[0].position == EVENTS
        await chunks.aclose()  # type: ignore[attr-defined]
    await asyncio.sleep(0.2)
    stats = pool.get_stats()
    assert stats["pool_available"] == stats["pool_size"]
    assert len(await log.read(EventQuery(after=EVENTS - 3))) == 3


async def test_a_long_read_gives_way_to_other_tasks(log: PostgresEventLog) -> None:
    longest, running = 0.0, True
    loop = asyncio.get_running_loop()

    async def watch() -> None:
        nonlocal longest
        while running:
            began = loop.time()
            await asyncio.sleep(0)
            longest = max(longest, loop.time() - began)

    watching = asyncio.create_task(watch())
    read = await log.read(EventQuery(project_id=(await log.read(EventQuery(), 1))[0].project_id), 5_000)
    running = False
    await watching
    assert len(read) == 5_000
    # All of it in one go would take some 20 ms of this process at the least.
    assert longest < 1.0
