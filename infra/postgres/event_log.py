"""The event log on PostgreSQL: appends through the group-committing appender, reads by stream, project, position."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

import psycopg
from psycopg_pool import AsyncConnectionPool

from commands.ports import CHUNK, Append, AppendOutcome, EventQuery, Replayed
from domain.catalogue import event_registry
from domain.errors import NotFound
from domain.events import Recorded
from infra.postgres.appender import Appender
from infra.postgres.codec import COLUMNS, Row, decode_all
from infra.postgres.committer import answered
from infra.postgres.connections import Connection, borrowed
from infra.postgres.reader import Reader
from projections.history import Selection
from projections.ports import Session

__all__ = ["CHUNK", "PostgresEventLog", "structural_topics"]


class PostgresEventLog:
    """Implements `commands.ports.EventLog` and `projections.ports.LogReader`."""

    def __init__(self, pool: AsyncConnectionPool[Connection], appender: Appender | None = None) -> None:
        self._pool = pool
        self._appender = appender
        self._registry = event_registry()
        self._structural = structural_topics()
        self._reader = Reader(pool, self._registry)

    async def append(self, request: Append) -> AppendOutcome:
        """Write all of a request or nothing; see the port.

        Raises:
            NotFound: a project that it writes to was detached from the log.
        """
        if self._appender is None:
            raise RuntimeError("this process only reads the log")
        try:
            return await self._appender.append(request)
        except psycopg.errors.RestrictViolation:
            # Whoever decided it knew the project from before it was detached.
            raise NotFound("no such project") from None

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

    async def position_at(self, instant: datetime) -> int:
        """Return the position of the last event recorded up to an instant; 0 if there is none."""
        return await self._reader.position_at(instant)

    async def read(self, query: EventQuery, limit: int | None = None) -> Sequence[Recorded]:
        """Read the events of a query, at most `limit` of them."""
        return await self._reader.read(query, limit)

    def chunks(self, query: EventQuery, size: int = CHUNK) -> AsyncIterator[Sequence[Recorded]]:
        """Read the events of a query a chunk at a time, in constant memory."""
        return self._reader.chunks(query, size)

    async def stream(self, stream_id: UUID, after_version: int = 0) -> Sequence[Recorded]:
        """Read a stream's events after a version, oldest first."""
        return await self._reader.read(EventQuery(stream_id=stream_id, after=after_version))

    async def project_of(self, stream_id: UUID) -> UUID | None:
        """Return the project that a stream belongs to; None if there is no such stream."""
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                "select project_id from stored_events where originator_id = %s and originator_version = 1",
                (stream_id,),
            )
            row = await cursor.fetchone()
        return row[0] if row else None

    async def streams(self, after: Mapping[UUID, int]) -> Sequence[Recorded]:
        """Read the events of several streams, each after a version, by one statement; a stream's are in order."""
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                f"select {COLUMNS} from unnest(%s::uuid[], %s::bigint[]) as s (stream, after)"
                " join stored_events on originator_id = s.stream and originator_version > s.after"
                " order by originator_id, originator_version",
                (list(after), list(after.values())),
                binary=True,
            )
            rows = cast("list[Row]", await cursor.fetchall())
        return decode_all(self._registry, rows)

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
        stored = [cast("Row", row[1:]) for row in rows if row[1] is not None]
        return decode_all(self._registry, stored), rows[0][0]

    async def after(self, position: int, limit: int = CHUNK, *, to: int | None = None) -> Sequence[Recorded]:
        """Read the whole log after a position, in order: no event is ever missing from before the last one."""
        return await self._reader.read(EventQuery(after=position, to=to), limit)

    async def rows_after(self, position: int, limit: int = CHUNK, *, to: int | None = None) -> list[Row]:
        """Read the whole log after a position as stored rows, not decoded."""
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                f"select {COLUMNS} from stored_events where notification_id > %s and notification_id <= %s"
                " order by notification_id limit %s",
                (position, to if to is not None else 2**62, limit),
                binary=True,
            )
            return cast("list[Row]", await cursor.fetchall())

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
        to = before - 1 if descending and before is not None else None
        query = EventQuery(
            project_id=project_id, after=0 if descending else after, to=to, descending=descending
        )
        return await self._reader.read(query, limit)

    async def selected(self, selection: Selection, limit: int) -> Sequence[Recorded]:
        """Read the events of a project that a selection selects, at most `limit` of them."""
        return await self._reader.read(_query(selection), limit)

    def selected_in_chunks(self, selection: Selection) -> AsyncGenerator[Sequence[Recorded], None]:
        """Read the events that a selection selects to the end, a chunk at a time, in constant memory."""
        return self._reader.chunks(_query(selection))

    async def project_within(
        self, session: Session, project_id: UUID, after: int, limit: int
    ) -> Sequence[Recorded]:
        """Read a project's events after a position, in the transaction of a session."""
        rows = await session.fetch(
            f"select {COLUMNS} from stored_events where project_id = %s and notification_id > %s"
            " order by notification_id limit %s",
            (project_id, after, limit),
        )
        return decode_all(self._registry, cast("list[Row]", rows))

    def project_in_chunks(self, project_id: UUID, after: int = 0) -> AsyncIterator[Sequence[Recorded]]:
        """Read a project's events to the end, a chunk at a time, in constant memory."""
        return self._reader.chunks(EventQuery(project_id=project_id, after=after))


def _query(selection: Selection) -> EventQuery:
    edge, descending = selection.edge, selection.descending
    return EventQuery(
        stream_id=selection.stream_id,
        project_id=selection.project_id,
        topics=selection.topics,
        actor=selection.actor,
        after=edge if edge is not None and not descending else 0,
        to=edge - 1 if edge is not None and descending else None,
        positions=(selection.after, selection.to),
        descending=descending,
    )


def structural_topics() -> list[str]:
    """Return the topics of the events that change a project's outline."""
    types = event_registry().types.items()
    return [topic for topic, e in types if e.STRUCTURAL]
