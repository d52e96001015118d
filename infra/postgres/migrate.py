"""Applies the numbered SQL files, each once, each in a transaction, one process at a time."""

from dataclasses import dataclass
from importlib.resources import files

from psycopg.sql import SQL

from infra.postgres.connections import connect
from infra.postgres.roles import WRITER
from infra.settings import Settings

# "decklog" in ASCII: the advisory lock that migrating processes share.
LOCK = 0x6465636B6C6F67


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file: its number and its text."""

    number: int
    name: str
    sql: str


def all_migrations() -> list[Migration]:
    """Read the migrations that this release has, in order."""
    folder = files("infra.postgres") / "migrations"
    names = sorted(f.name for f in folder.iterdir() if f.name.endswith(".sql"))
    return [Migration(int(n[:4]), n[5:-4], (folder / n).read_text("utf-8")) for n in names]


async def migrate(settings: Settings) -> list[str]:
    """Bring the database to this release's schema and return the names of what was applied.

    Raises:
        psycopg.Error: a migration failed; those before it are kept.
    """
    applied: list[str] = []
    async with await connect(settings, direct=True, lock_timeout="30000") as connection:
        await connection.execute("select pg_advisory_lock(%s)", [LOCK])
        await connection.execute(
            "create table if not exists schema_migrations"
            " (number int primary key, name text not null, applied_at timestamptz not null default now())"
        )
        rows = await (await connection.execute("select number from schema_migrations")).fetchall()
        done = {number for (number,) in rows}
        for migration in all_migrations():
            if migration.number in done:
                continue
            async with connection.transaction():
                await connection.execute(SQL(migration.sql), prepare=False)
                await connection.execute(
                    "insert into schema_migrations (number, name) values (%s, %s)",
                    [migration.number, migration.name],
                )
            applied.append(f"{migration.number:04d} {migration.name}")
    return applied


async def writer_role(settings: Settings) -> str | None:
    """Return the role for write processes (`DB_ROLE`), if there is one that this user may take.

    Raises:
        psycopg.Error: the database is away.
    """
    async with await connect(settings, direct=True) as connection:
        cursor = await connection.execute(
            "select 1 from pg_roles where rolname = %s and pg_has_role(current_user, oid, 'SET')", [WRITER]
        )
        return WRITER if await cursor.fetchone() else None
