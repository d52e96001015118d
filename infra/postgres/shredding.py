"""Shredding: a person's keys are dropped, and all that was sealed under them is noise, wherever it stands."""

from dataclasses import dataclass
from datetime import datetime

from psycopg_pool import AsyncConnectionPool

from infra.postgres.backup import KeyRow
from infra.postgres.connections import Connection, borrowed
from infra.postgres.vault import CHANNEL


@dataclass(frozen=True, slots=True)
class Shredded:
    """What a shred did: the generations that it dropped, and those that were dropped before, with the time.

    `rows` are all of them, as a file is to keep them that an old backup of keys is held against.
    """

    dropped: list[int]
    earlier: dict[int, datetime]
    rows: list[KeyRow]


async def shred(pool: AsyncConnectionPool[Connection], person: str) -> Shredded:
    """Drop a person's keys and tell every process; the rows stay, to say that it was done.

    It is one transaction, so it may be repeated whatever happened to the attempt before.

    Raises:
        psycopg.Error, Unavailable: nothing may have happened; try again.
    """
    async with borrowed(pool) as connection:
        async with connection.transaction():
            cursor = await connection.execute(
                "select generation, shredded_at from person_keys where person = %s and key is null"
                " order by generation",
                [person],
            )
            earlier = dict(await cursor.fetchall())
            cursor = await connection.execute(
                "update person_keys set key = null, shredded_at = clock_timestamp()"
                " where person = %s and key is not null returning generation",
                [person],
            )
            dropped = sorted(generation for (generation,) in await cursor.fetchall())
            cursor = await connection.execute(
                "select person, generation, key, created_at, shredded_at from person_keys"
                " where person = %s and key is null order by generation",
                [person],
            )
            rows = [KeyRow(*row) for row in await cursor.fetchall()]
            await connection.execute("select pg_notify(%s, %s)", [CHANNEL, person])
        # Until then the table's file still holds the old row, though nobody can ask for it.
        await connection.execute("vacuum person_keys")
    return Shredded(dropped, earlier, rows)
