"""Where read tables are: implements `projections.ports.Database` on a pool, and on a replica's."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from domain.errors import Unavailable
from infra.postgres.arrays import array_of
from infra.postgres.connections import Connection, borrowed
from infra.postgres.measured import MeasuredPool
from projections.tables import Table

logger = logging.getLogger(__name__)

# Seconds: how often it is looked how far a replica is, how long it is left alone after a failure, and how
# long a reader waits for a connection to it.
LOOK_EVERY = 0.5
REST = 2.0
PATIENCE = 0.25
_HEAD = "select position from log_head"


@dataclass(frozen=True, slots=True)
class _Array:
    """An array as `array_of` builds it; of which type, the statement says."""

    data: bytes


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: _Array) -> bytes:
        return obj.data


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

    async def put(self, table: Table, rows: Sequence[Any]) -> None:
        """Insert rows of a read table, or replace those of the same keys."""
        # Once more changes nothing, and who lends connections need not know of it.
        self._connection.adapters.register_dumper(_Array, _ArrayDumper)
        columns = zip(table.kinds, table.values(rows), strict=True)
        await self.execute(table.upsert, [_Array(array_of(kind, values)) for kind, values in columns])


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


class ReplicaDatabase:
    """Implements `projections.ports.Database`: reads go to a replica, or to the primary while it is away.

    Every statement stands alone, so one that fails at the replica runs again at the primary. A replica that
    lacks what the primary had one look ago counts as away: no reader stays behind for longer than two looks.
    """

    def __init__(self, pool: MeasuredPool, primary: PostgresDatabase, clock: Callable[[], float]) -> None:
        self._pool = pool
        self._primary = primary
        self._clock = clock
        self._rest_until = float("-inf")
        self._behind = True
        self._watching: asyncio.Task[None] | None = None
        self._reads = 0
        self._fallbacks = 0

    async def start(self) -> None:
        """Begin to connect, and to look how far the replica is; it need not be there."""
        await self._pool.open(wait=False)
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Close connections."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._pool.close()

    @property
    def pool(self) -> MeasuredPool:
        """The replica's connections."""
        return self._pool

    @property
    def away(self) -> bool:
        """Whether the primary is asked instead."""
        return self._behind or self._clock() < self._rest_until

    def stats(self) -> dict[str, Any]:
        """Return what was counted, and whether the replica is used just now."""
        return {"away": self.away, "reads": self._reads, "fallbacks": self._fallbacks}

    @asynccontextmanager
    async def session(self) -> AsyncIterator["ReplicaSession"]:
        """Borrow a connection for each statement; every statement stands alone."""
        yield ReplicaSession(self)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresSession]:
        """Borrow a connection of the primary: nothing can be written elsewhere."""
        async with self._primary.transaction() as session:
            yield session

    async def fetch(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run a query at the replica; at the primary if the replica is away, or fails."""
        if not self.away:
            try:
                rows = await self._fetch(query, values)
            except psycopg.errors.QueryCanceled:
                # It took too long, and would there too.
                raise
            except psycopg.errors.SerializationFailure as conflict:
                # It stood in the way of what the replica had to replay, which is nobody's failure.
                logger.info("a query at the replica was ended: %s", conflict)
            except (psycopg.OperationalError, PoolTimeout) as failed:
                self._rest(failed)
            else:
                self._reads += 1
                return rows
        self._fallbacks += 1
        async with self._primary.session() as session:
            return await session.fetch(query, values)

    async def execute(self, query: str, values: Sequence[Any]) -> None:
        """Run a statement at the primary."""
        async with self._primary.session() as session:
            await session.execute(query, values)

    async def _fetch(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        async with self._pool.connection(timeout=PATIENCE) as connection:
            return await PostgresSession(connection).fetch(query, values)

    def _rest(self, failed: Exception) -> None:
        if self._clock() >= self._rest_until:
            logger.warning("the replica is left alone for %.0f s: %s", REST, failed)
        self._rest_until = self._clock() + REST

    async def _watch(self) -> None:
        head: int | None = None
        while True:
            try:
                if head is not None:
                    ((reached,),) = await self._fetch(_HEAD, ())
                    self._note(behind=reached < head)
                async with self._primary.session() as session:
                    ((head,),) = await session.fetch(_HEAD)
            except (psycopg.Error, PoolTimeout, Unavailable) as failed:
                self._rest(failed)
                self._behind, head = True, None
            await asyncio.sleep(LOOK_EVERY)

    def _note(self, *, behind: bool) -> None:
        if behind and not self._behind:
            logger.warning("the replica is behind: the primary is read")
        self._behind = behind


class ReplicaSession:
    """Implements `projections.ports.Session`, a connection a statement."""

    def __init__(self, database: ReplicaDatabase) -> None:
        self._database = database

    async def fetch(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        return await self._database.fetch(query, values)

    async def execute(self, query: str, values: Sequence[Any] = ()) -> None:
        """Run a statement at the primary."""
        await self._database.execute(query, values)

    async def put(self, table: Table, rows: Sequence[Any]) -> None:
        """Write rows at the primary."""
        async with self._database.transaction() as session:
            await session.put(table, rows)
