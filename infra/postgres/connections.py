"""How this product connects to PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from domain.errors import Unavailable
from infra.postgres.alive import Alive
from infra.postgres.measured import MeasuredPool
from infra.settings import Settings

Connection = AsyncConnection[tuple[Any, ...]]

# A hung writer holds the log's head for at most this long: with the extended protocol an autocommitted
# statement commits at Sync, where statement_timeout no longer watches, and transaction_timeout does.
APPEND_TIMEOUT_MS = 2_000


def session_options(settings: Settings, **more: str) -> str:
    """Return the `options` of a connection: its timeouts, UTC, and the role that it has the rights of."""
    values = {"statement_timeout": str(settings.db_statement_timeout), "timezone": "UTC", **more}
    if settings.db_role is not None:
        values["role"] = settings.db_role
    return " ".join(f"-c {name}={value}" for name, value in values.items())


async def connect(settings: Settings, *, direct: bool = False, **more: str) -> Connection:
    """Open a connection of its own, autocommitting and binary-ready.

    Raises:
        psycopg.OperationalError: the server is not there.
    """
    return await AsyncConnection.connect(
        settings.direct_dsn if direct else settings.dsn,
        autocommit=True,
        prepare_threshold=0,
        connect_timeout=max(1, settings.db_connection_timeout // 1000),
        options=session_options(settings, **more),
        application_name="decklog",
    )


async def connect_for_append(settings: Settings) -> Connection:
    """Open a connection that cannot hold the head of the log for longer than the append timeout."""
    return await connect(
        settings,
        statement_timeout=str(APPEND_TIMEOUT_MS),
        transaction_timeout=str(APPEND_TIMEOUT_MS),
        lock_timeout=str(5 * APPEND_TIMEOUT_MS),
    )


def pool(settings: Settings, name: str, dsn: str | None = None) -> MeasuredPool:
    """Make this process's pool, of the primary if no other server is named; it has to be opened."""
    return MeasuredPool(
        dsn or settings.dsn,
        slow_ms=settings.db_slow_query_ms,
        min_size=settings.pool_min,
        max_size=settings.pool_max,
        timeout=settings.db_connection_timeout / 1000,
        max_idle=settings.db_idle_timeout / 1000,
        kwargs={
            "autocommit": True,
            "prepare_threshold": 0,
            "options": session_options(settings),
            "application_name": f"decklog {name}",
        },
        check=Alive(),
        name=name,
        open=False,
    )


@asynccontextmanager
async def borrowed(
    source: AsyncConnectionPool[Connection], held: Connection | None = None
) -> AsyncIterator[Connection]:
    """Borrow a connection; after a server's restart a lone borrower may meet one time-out, so try twice.

    Args:
        source: the pool to borrow from.
        held: one that was borrowed already, by whoever looks at several things: it is used, and stays theirs.

    Raises:
        Unavailable: no connection could be had in time.
    """
    if held is not None:
        yield held
        return
    task = asyncio.current_task()
    cancelled = task.cancelling() if task else 0
    try:
        connection = await source.getconn()
    except PoolTimeout:
        await asyncio.sleep(0)
        try:
            connection = await source.getconn()
        except PoolTimeout as away:
            raise Unavailable("the database cannot be reached", retry_after=2) from away
    try:
        # Cancelled while it waits, a borrower that is handed a connection at that moment is not told.
        if task and task.cancelling() > cancelled:
            raise asyncio.CancelledError
        yield connection
    finally:
        await source.putconn(connection)
