"""Where read tables are: implements `projections.ports.Database` on a pool."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from psycopg_pool import AsyncConnectionPool

from infra.postgres.connections import Connection, borrowed


class PostgresSession:
    """Implements `projections.ports.Session` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        cursor = await self._connection.execute(query.encode(), values)
        return await cursor.fetchall()

    async def execute(self, query: str, values: Sequence[Any] = ()) -> None:
        """Run a statement."""
        await self._connection.execute(query.encode(), values)


class PostgresDatabase:
    """Implements `projections.ports.Database`."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool

    @asynccontextmanager
    async def session(self) -> AsyncIterator[PostgresSession]:
        """Borrow a connection; every statement commits on its own."""
        async with borrowed(self._pool) as connection:
            yield PostgresSession(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresSession]:
        """Borrow a connection; all that is done with it commits together, or not at all."""
        async with borrowed(self._pool) as connection, connection.transaction():
            yield PostgresSession(connection)
