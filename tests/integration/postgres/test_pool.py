"""Connections that are borrowed again and again: the server is not asked each time, and a dead one is not handed out."""

import psycopg
import pytest
from running import Table, looking

from infra.postgres.alive import Alive
from infra.postgres.connections import Connection, borrowed, connect, pool
from infra.settings import Settings

HOUR = 3600.0


async def last_statement(table: Table, connection: Connection) -> str:
    rows = await table.rows(
        "select query from pg_stat_activity where pid = any(%s::int[])", [connection.info.backend_pid]
    )
    statement: str = rows[0][0]
    return statement


async def end_all(table: Table) -> None:
    """End all connections to this database but the table's own, and wait until they have ended."""
    await table.rows(
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid() and application_name like 'decklog%%'"
    )


@pytest.mark.parametrize(("believed", "last"), [(HOUR, "select 'mine'"), (0.0, "")])
async def test_a_server_is_asked_once_in_a_while(settings: Settings, believed: float, last: str) -> None:
    alive = Alive(believed)
    async with await connect(settings) as connection, looking(settings) as table:
        await alive(connection)
        await connection.execute("select 'mine'")

        await alive(connection)

        assert await last_statement(table, connection) == last


async def test_what_a_server_has_ended_is_found_without_asking(settings: Settings) -> None:
    alive = Alive(HOUR)
    async with await connect(settings) as connection, looking(settings) as table:
        await alive(connection)
        await end_all(table)

        with pytest.raises(psycopg.OperationalError):
            await alive(connection)


async def test_a_pool_hands_out_no_connection_that_the_server_has_just_ended(settings: Settings) -> None:
    few = settings.model_copy(update={"db_pool_min": 4, "db_pool_max": 4})
    async with pool(few, "test") as connections, looking(settings) as table:
        async with borrowed(connections) as connection:
            await connection.execute("select 1")
            ended = connection.info.backend_pid
        await end_all(table)

        async with borrowed(connections) as connection:
            assert connection.info.backend_pid != ended
            assert await (await connection.execute("select 1")).fetchone() == (1,)
