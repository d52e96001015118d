"""The event log on PostgreSQL: appends through the group-committing appender, reads by stream, project, position."""

from collections.abc import AsyncIterator, Sequence
from typing import LiteralString, cast
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from commands.ports import Append, AppendOutcome, Replayed
from domain.block import BlockEvent
from domain.catalogue import event_registry
from domain.events import Recorded
from infra.postgres.appender import Appender
from infra.postgres.codec import COLUMNS, Row, decode
from infra.postgres.committer import answered
from infra.postgres.connections import Connection, borrowed

CHUNK = 1_000


class PostgresEventLog:
    """Implements `commands.ports.EventLog` and `projections.ports.LogReader`."""

    def __init__(self, pool: AsyncConnectionPool[Connection], appender: Appender | None = None) -> None:
        self._pool = pool
        self._appender = appender
        self._registry = event_registry()
        self._structural = structural_topics()

    async def append(self, request: Append) -> AppendOutcome:
        """Write all of a request or nothing; see the port."""
        if self._appender is None:
            raise RuntimeError("this process only reads the log")
        return await self._appender.append(request)

    async def stream(self, stream_id: UUID, after_version: int = 0) -> Sequence[Recorded]:
        """Read a stream's events after a version, oldest first."""
        return await self._select(
            "where originator_id = %s and originator_version > %s order by originator_version",
            (stream_id, after_version),
        )

    async def structure(self, project_id: UUID, after: int) -> tuple[Sequence[Recorded], int]:
        """Read a project's structural events after a position, and the head as of that read."""
        # One statement, so one snapshot: what lies behind this head is all in the rows.
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                f"select h.position, {COLUMNS} from log_head h left join stored_events"
                " on project_id = %s and notification_id > %s and topic = any(%s) order by notification_id",
                (project_id, after, self._structural),
                binary=True,
            )
            rows = await cursor.fetchall()
        recorded = [decode(self._registry, cast("Row", row[1:])) for row in rows if row[1] is not None]
        return recorded, rows[0][0]

    async def answered(self, caller: str, command_id: UUID) -> Replayed | None:
        """Look up what a command id of this caller was answered."""
        async with borrowed(self._pool) as connection:
            return await answered(connection, caller, command_id)

    async def head(self) -> tuple[int, UUID]:
        """Return the position of the last event and the log's epoch."""
        async with borrowed(self._pool) as connection:
            row = await (await connection.execute("select position, epoch from log_head")).fetchone()
        if row is None:
            raise RuntimeError("the log has no head: the database is not migrated")
        return row[0], row[1]

    async def after(self, position: int, limit: int = CHUNK, *, to: int | None = None) -> Sequence[Recorded]:
        """Read the whole log after a position, in order: no event is ever missing from before the last one."""
        return [decode(self._registry, row) for row in await self.rows_after(position, limit, to=to)]

    async def rows_after(self, position: int, limit: int = CHUNK, *, to: int | None = None) -> list[Row]:
        """Read the whole log after a position as stored rows, not decoded."""
        async with borrowed(self._pool) as connection:
            return await self._rows(
                connection,
                "where notification_id > %s and notification_id <= %s order by notification_id limit %s",
                (position, to if to is not None else 2**62, limit),
            )

    async def project(
        self,
        project_id: UUID,
        after: int,
        limit: int = CHUNK,
        *,
        descending: bool = False,
        before: int | None = None,
    ) -> Sequence[Recorded]:
        """Read a project's events after a position (descending: before one), at most `limit` of them."""
        if descending:
            return await self._select(
                "where project_id = %s and notification_id < %s order by notification_id desc limit %s",
                (project_id, before if before is not None else 2**62, limit),
            )
        return await self._select(
            "where project_id = %s and notification_id > %s order by notification_id limit %s",
            (project_id, after, limit),
        )

    async def project_in_chunks(self, project_id: UUID, after: int = 0) -> AsyncIterator[Sequence[Recorded]]:
        """Read a project's events to the end, a chunk at a time, in constant memory."""
        while chunk := await self.project(project_id, after):
            yield chunk
            after = chunk[-1].position

    async def _select(self, condition: LiteralString, values: tuple[object, ...]) -> list[Recorded]:
        async with borrowed(self._pool) as connection:
            rows = await self._rows(connection, condition, values)
        return [decode(self._registry, row) for row in rows]

    async def _rows(
        self, connection: Connection, condition: LiteralString, values: tuple[object, ...]
    ) -> list[Row]:
        cursor = await connection.execute(
            f"select {COLUMNS} from stored_events {condition}", values, binary=True
        )
        return cast("list[Row]", await cursor.fetchall())


def structural_topics() -> list[str]:
    """Return the topics of the events that change a project's outline."""
    types = event_registry().types.items()
    return [topic for topic, e in types if issubclass(e, BlockEvent) and e.STRUCTURAL]
