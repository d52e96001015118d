"""How requests get to the database: on which connections, in which batches."""

import asyncio
from uuid import uuid4

import psycopg
import pytest
from logs import created, one, opened, renamed
from running import eventually, looking

from commands.ports import NO_STREAM, Appended, Replayed
from infra.postgres.connections import connect_for_append
from infra.postgres.raw import Line
from infra.settings import Settings

ENDED = "select pg_terminate_backend(pid) from pg_stat_activity where pid = %s"


async def test_what_is_larger_than_the_sockets_buffers_is_sent_whole(settings: Settings) -> None:
    stream, command, body = uuid4(), uuid4(), bytes(range(256)) * 100_000
    async with opened(settings) as log, asyncio.timeout(20):
        assert await log.append(
            one(stream, NO_STREAM, created(stream), command=command, body=body)
        ) == Appended(0)
        assert await log.answered("ada", command) == Replayed(b"h", 200, 0, body)


async def test_calls_follow_each_other_and_an_error_ends_none_of_them(settings: Settings) -> None:
    line = Line(await connect_for_append(settings))
    await line.prepare("half", "int", "select 10 / $1")
    try:
        for _ in range(2):
            assert await line.call(b"half", [(5).to_bytes(4)]) == (2).to_bytes(4)
            with pytest.raises(psycopg.errors.DivisionByZero):
                await line.call(b"half", [(0).to_bytes(4)])
        # Others may use the connection in between.
        line.release()
        cursor = await line.connection.execute("select 7")
        assert await cursor.fetchone() == (7,)
        assert await line.call(b"half", [(2).to_bytes(4)]) == (5).to_bytes(4)
    finally:
        line.release()
        await line.connection.close()


async def test_a_statement_without_a_row_is_an_error(settings: Settings) -> None:
    line = Line(await connect_for_append(settings))
    await line.prepare("none", "int", "select $1 where false")
    try:
        with pytest.raises(psycopg.Error):
            await line.call(b"none", [(1).to_bytes(4)])
    finally:
        line.release()
        await line.connection.close()


async def test_a_connection_that_ends_between_calls_is_known_to_be_lost(settings: Settings) -> None:
    line = Line(await connect_for_append(settings))
    await line.prepare("own", "int", "select pg_backend_pid() + $1")
    pid = int.from_bytes(await line.call(b"own", [(0).to_bytes(4)]))
    assert not line.is_lost
    async with looking(settings) as table:
        await table.rows(ENDED, pid)

    async def lost() -> bool:
        return line.is_lost

    await eventually(lost)
    with pytest.raises(psycopg.OperationalError):
        await line.call(b"own", [(0).to_bytes(4)])
    await line.connection.close()


async def test_a_connection_that_ends_during_a_call_fails_it(settings: Settings) -> None:
    line = Line(await connect_for_append(settings))
    await line.prepare("slow", "double precision", "select pg_backend_pid() from pg_sleep($1)")
    pid = line.connection.info.backend_pid
    call = asyncio.create_task(line.call(b"slow", [b"\x3f\xf8" + bytes(6)]))
    async with looking(settings) as table, asyncio.timeout(1):

        async def sleeping() -> bool:
            found = await table.value(
                "select wait_event = 'PgSleep' from pg_stat_activity where pid = %s", pid
            )
            return bool(found)

        await eventually(sleeping)
        await table.rows(ENDED, pid)
        with pytest.raises(psycopg.OperationalError):
            await call
    await line.connection.close()


@pytest.mark.parametrize("in_flight", [1, 3])
async def test_more_than_a_batch_holds_goes_in_several(settings: Settings, in_flight: int) -> None:
    small = settings.model_copy(update={"append_batch_max": 2, "append_in_flight": in_flight})
    streams = [uuid4() for _ in range(15)]
    async with opened(small) as log, asyncio.timeout(10):
        outcomes = await asyncio.gather(*(log.append(one(s, NO_STREAM, created(s))) for s in streams))
        assert {type(o) for o in outcomes} == {Appended}
        assert (await log.head())[0] == 15


async def test_a_lone_writer_keeps_to_one_connection(settings: Settings) -> None:
    stream = uuid4()
    appenders = (
        "select count(*) from pg_stat_activity where datname = current_database() and query like '%%append%%'"
        " and application_name = 'decklog' and pid <> pg_backend_pid()"
    )
    async with opened(settings) as log, looking(settings) as table:
        await log.append(one(stream, NO_STREAM, created(stream)))
        for version in range(1, 20):
            await log.append(one(stream, version, renamed(stream, version + 1)))
        assert await table.value(appenders) == 1


async def test_what_waits_when_the_appender_stops_is_still_written(settings: Settings) -> None:
    streams = [uuid4() for _ in range(9)]
    small = settings.model_copy(update={"append_batch_max": 2, "append_in_flight": 2})
    async with looking(settings) as table:
        async with opened(small) as log:
            writing = [asyncio.create_task(log.append(one(s, NO_STREAM, created(s)))) for s in streams]
            await asyncio.sleep(0)
        assert {type(o) for o in await asyncio.gather(*writing)} == {Appended}
        assert await table.value("select position from log_head") == 9
