"""Answers to commands are kept for a time, and no longer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from logs import created, one, opened, renamed
from psycopg_pool import AsyncConnectionPool
from running import Table, eventually, looking, working

from commands.ports import Appended, Replayed
from infra.postgres.command_results import CommandResults
from infra.postgres.connections import Connection, pool
from infra.settings import Settings
from workers.janitor import Janitor

WEEK = timedelta(hours=168)


@pytest.fixture
async def connections(settings: Settings) -> AsyncIterator[AsyncConnectionPool[Connection]]:
    found = pool(settings, "test")
    await found.open()
    yield found
    await found.close()


async def fill(table: Table, rows: int, hours: float) -> None:
    await table.connection.execute(
        "insert into command_results select 'ada', gen_random_uuid(), sha256('x'), 200, n, convert_to(repeat('b', 200), 'UTF8'),"
        " clock_timestamp() - make_interval(secs => %s) from generate_series(1, %s) n",
        [hours * 3600, rows],
    )


async def test_what_is_older_goes_and_the_rest_stays(
    settings: Settings, connections: AsyncConnectionPool[Connection]
) -> None:
    async with opened(settings) as log, looking(settings) as table:
        project = uuid4()
        old, new = one(project, 0, created(project)), one(project, 1, renamed(project, 2))
        assert await log.append(old) == Appended(0)
        await table.rows(
            "update command_results set recorded_at = recorded_at - interval '169 hours' returning 1"
        )
        assert await log.append(new) == Appended(1)

        assert await CommandResults(connections).sweep(WEEK) == 1

        assert await log.answered("ada", old.command_id) is None
        assert isinstance(await log.append(new), Replayed)
        assert [e.position for e in await log.stream(project)] == [1, 2]


async def test_a_large_table_is_swept_in_parts_and_from_its_beginning_again(
    settings: Settings, connections: AsyncConnectionPool[Connection]
) -> None:
    async with looking(settings) as table:
        await fill(table, 3_000, 200)
        await fill(table, 3_000, 1)
        await fill(table, 3_000, 200)
        results = CommandResults(connections, blocks_a_step=8, steps_a_sweep=4)
        parts = [await results.sweep(WEEK)]
        assert 0 < parts[0] < 3_000
        while sum(parts) < 6_000:
            parts.append(await results.sweep(WEEK))
            assert len(parts) < 40
        assert len(parts) > 5
        assert await table.value("select count(*) from command_results") == 3_000
        # Room is used again, at the front too: the next rounds find it.
        await table.connection.execute("vacuum command_results")
        await fill(table, 500, 200)
        found = 0
        for _ in range(3 * len(parts)):
            found += await results.sweep(WEEK)
        assert found == 500


async def test_an_empty_table_is_no_trouble(connections: AsyncConnectionPool[Connection]) -> None:
    results = CommandResults(connections)
    assert [await results.sweep(WEEK) for _ in range(3)] == [0, 0, 0]


async def test_the_janitor_comes_again_and_again() -> None:
    asked: list[timedelta] = []
    often = asyncio.Event()

    async def sweep(age: timedelta) -> int:
        asked.append(age)
        if len(asked) == 3:
            often.set()
        return len(asked)

    task = asyncio.create_task(Janitor(sweep, WEEK, every=0.001).run())
    async with asyncio.timeout(2):
        await often.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert asked[:3] == [WEEK] * 3


async def test_the_workers_do_it(settings: Settings) -> None:
    shorter = settings.model_copy(update={"idempotency_retention_hours": 2})
    async with looking(settings) as table:
        await fill(table, 10, 3)
        await fill(table, 5, 1)

        async def swept() -> bool:
            return bool(await table.value("select count(*) = 5 from command_results"))

        async with working(shorter):
            await eventually(swept)
