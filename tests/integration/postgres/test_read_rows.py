"""Rows of read tables as they come back: each type, with and without values."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.postgres.connections import pool
from infra.postgres.read_database import PostgresDatabase, PostgresSession
from infra.settings import Settings
from projections.tables import Table

COLUMNS = "id uuid, number int, position bigint, title text, at timestamptz, done boolean, content json, error json?"
TABLE = Table("some_rows", 1, COLUMNS)


class Row(NamedTuple):
    id: UUID
    number: int | None = None
    position: int | None = None
    title: str | None = None
    at: datetime | None = None
    done: bool | None = None
    content: Any = None
    error: Any = None


NOTHING = Row(uuid4())
ROWS = [
    Row(
        uuid4(),
        1,
        2,
        "three",
        datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC),
        done=True,
        content={"a": [1, None]},
    ),
    NOTHING,
    Row(
        uuid4(),
        number=-(2**31),
        position=2**63 - 1,
        title="\u6f22\u5b57, \U0001f600, \"'{},\\ NULL",
        at=datetime(1969, 7, 20, 22, 17, 40, 1, timezone(timedelta(hours=2))),
        done=False,
        content="a text",
        error=[],
    ),
    Row(uuid4(), 0, 0, "", datetime(2000, 1, 1, tzinfo=UTC), done=False, error=0),
]


@asynccontextmanager
async def session_on(settings: Settings) -> AsyncIterator[PostgresSession]:
    """Give a session with the table, in a transaction."""
    async with pool(settings, "test") as connections, PostgresDatabase(connections).transaction() as session:
        columns = COLUMNS.replace("json?", "json").replace("id uuid", "id uuid primary key")
        await session.execute(f"create temporary table some_rows ({columns}) on commit drop")
        yield session


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], [NOTHING], ROWS[2:], []])
async def test_rows_come_back_as_they_were_put_and_replace_those_of_the_same_keys(
    settings: Settings, rows: list[Row]
) -> None:
    async with session_on(settings) as session:
        await session.put(TABLE, rows)
        found = await session.fetch(f"select {TABLE.columns} from some_rows")
        assert {r[0]: r for r in found} == {row.id: row for row in rows}
        changed = [Row(row.id, 7, title="changed") for row in rows]
        await session.put(TABLE, changed)
        found = await session.fetch(f"select {TABLE.columns} from some_rows")
        assert {r[0]: r for r in found} == {row.id: row for row in changed}


async def test_what_the_database_cannot_hold_is_refused(settings: Settings) -> None:
    with pytest.raises(psycopg.DataError):
        async with session_on(settings) as session:
            await session.put(TABLE, [Row(uuid4(), title="nul \0")])
