"""A clock that can jump: the database's own, as the functions that append ask for it.

They call `clock_timestamp()` without naming a schema, so one that stands before PostgreSQL's own in the
search path of the database is what they get: the real time, and as much more or less as a table says.
"""

import psycopg

from infra.settings import Settings

_INSTALL = """
create table clock_skew (by interval not null);
insert into clock_skew values ('0');
create function public.clock_timestamp() returns timestamptz language sql volatile
    as 'select pg_catalog.clock_timestamp() + by from public.clock_skew';
do $$ begin
    execute format('alter database %I set search_path = public, pg_catalog', current_database());
end $$;
"""


async def install_clock(settings: Settings) -> None:
    """Put the clock into a database that is not migrated yet."""
    async with await psycopg.AsyncConnection.connect(settings.dsn, autocommit=True) as connection:
        await connection.execute(_INSTALL)


async def set_clock(settings: Settings, seconds: float) -> None:
    """Let the clock run ahead by some seconds, or behind."""
    async with await psycopg.AsyncConnection.connect(settings.dsn, autocommit=True) as connection:
        await connection.execute("update public.clock_skew set by = make_interval(secs => %s)", [seconds])
