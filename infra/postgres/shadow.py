"""The shadow tables of a rebuild as tables: made like the live ones, indexed when they are full, moved."""

from collections.abc import Iterable
from typing import Final

from psycopg.sql import SQL, Composed, Identifier

from infra.postgres.connections import Connection
from projections.model import ReadModel

SHADOW: Final = "decklog_shadow"
RETIRED: Final = "decklog_retired"
LIVE: Final = "public"


async def create_shadow(connection: Connection, table: str) -> None:
    """Create a table like the live one, with what its rows are found by; other indexes come later."""
    await connection.execute(
        SQL("create table {} (like {} including defaults including generated including storage)").format(
            Identifier(SHADOW, table), Identifier(LIVE, table)
        )
    )
    cursor = await connection.execute(
        "select conname, pg_get_constraintdef(oid) from pg_constraint"
        " where conrelid = %s::regclass and contype in ('p', 'u', 'c')",
        [f"{LIVE}.{table}"],
    )
    for name, definition in await cursor.fetchall():
        await connection.execute(
            SQL("alter table {} add constraint {} ").format(Identifier(SHADOW, table), Identifier(name))
            + SQL(definition)
        )
    cursor = await connection.execute(
        "select pg_get_indexdef(i.indexrelid) from pg_index i"
        " left join pg_constraint c on c.conindid = i.indexrelid"
        " where i.indrelid = %s::regclass and i.indisunique and c.oid is null",
        [f"{LIVE}.{table}"],
    )
    for (definition,) in await cursor.fetchall():
        await connection.execute(definition.replace(f" ON {LIVE}.", f" ON {SHADOW}.", 1).encode())


async def index_shadow(connection: Connection, models: Iterable[ReadModel]) -> None:
    """Make the indexes that only readers need, now that the tables are full."""
    for table in (table for model in models for table in model.tables):
        cursor = await connection.execute(
            "select pg_get_indexdef(indexrelid) from pg_index"
            " where indrelid = %s::regclass and not indisunique",
            [f"{LIVE}.{table}"],
        )
        for (definition,) in await cursor.fetchall():
            made = definition.replace(f" ON {LIVE}.", f" ON {SHADOW}.", 1)
            made = made.replace("CREATE INDEX ", "CREATE INDEX IF NOT EXISTS ", 1)
            await connection.execute(made.encode())
        await connection.execute(SQL("analyze {}").format(Identifier(SHADOW, table)))


def moved(source: str, table: str, target: str) -> Composed:
    """Return the statement that moves a table from one schema to another."""
    return SQL("alter table {} set schema {}").format(Identifier(source, table), Identifier(target))
