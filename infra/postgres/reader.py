"""Reads of the log: any selection of events, in either direction, at once or in chunks."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, LiteralString, cast

from psycopg_pool import AsyncConnectionPool

from commands.ports import CHUNK, EventQuery
from domain.events import EventRegistry, Recorded
from infra.postgres.codec import COLUMNS, Row, decode_all
from infra.postgres.connections import Connection, borrowed

# Positions that one statement looks through for a topic or an actor: there is no index by either, for it would
# cost every append; so a rare one is looked for in steps, each short.
SCAN = 20_000
# Events that are rebuilt in one go: about a millisecond, then other tasks have their turn.
AT_ONCE = 200

# The position of the last event recorded up to an instant: time does not run backwards along the log, so
# it is searched by halves. A position whose event was detached is passed over.
_POSITION_AT: LiteralString = """
with recursive search (low, high) as (
    select 0::bigint, position from log_head
    union all
    select case when e.recorded_at <= %(at)s then e.notification_id else s.low end,
        case when e.recorded_at <= %(at)s then s.high else m.middle - 1 end
    from search s
    cross join lateral (select (s.low + s.high + 1) / 2 as middle) m
    left join lateral (
        select notification_id, recorded_at from stored_events
        where notification_id between m.middle and s.high order by notification_id limit 1
    ) e on true
    where s.low < s.high
)
select max(low) from search
"""


class Reader:
    """Reads events through a pool; every statement is on its own, so nothing is held between chunks."""

    def __init__(self, pool: AsyncConnectionPool[Connection], registry: EventRegistry) -> None:
        self._pool = pool
        self._registry = registry

    async def read(self, query: EventQuery, limit: int | None = None) -> list[Recorded]:
        """Read the events of a query, at most `limit` of them."""
        if _scans(query):
            found: list[Recorded] = []
            async for chunk in self._scanned(query, limit or CHUNK):
                found += chunk
                if limit is not None and len(found) >= limit:
                    return found[:limit]
            return found
        return await self._rebuilt(await self._fetch(query, limit))

    async def chunks(self, query: EventQuery, size: int = CHUNK) -> AsyncGenerator[Sequence[Recorded], None]:
        """Read the events of a query, at most `size` at a time; the next are fetched meanwhile."""
        if _scans(query):
            async for chunk in self._scanned(query, size):
                yield chunk
            return
        fetching = asyncio.create_task(self._fetch(query, size))
        try:
            while True:
                rows = await fetching
                rest = _rest(query, rows[-1]) if len(rows) == size else None
                if rest is not None:
                    fetching = asyncio.create_task(self._fetch(rest, size))
                if rows:
                    yield await self._rebuilt(rows)
                if rest is None:
                    return
                query = rest
        finally:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)

    async def position_at(self, instant: datetime) -> int:
        """Return the position of the last event recorded up to an instant; 0 if there is none."""
        rows = await self._rows(_POSITION_AT, {"at": instant})
        position: int = rows[0][0]
        return position

    async def _scanned(self, query: EventQuery, size: int) -> AsyncIterator[list[Recorded]]:
        """Look for topics or an actor in the whole log, `SCAN` positions a statement."""
        low = query.after
        high = await (self._head() if query.until is None else self.position_at(query.until))
        high = high if query.to is None else min(high, query.to)
        while low < high:
            step = replace(query, after=low, to=min(high, low + SCAN), until=None)
            if query.descending:
                step = replace(step, after=max(low, high - SCAN), to=high)
            chunk = await self._rebuilt(await self._fetch(step, size))
            if chunk:
                yield chunk
            # A full chunk may have left some of the step unread.
            if query.descending:
                high = chunk[-1].position - 1 if len(chunk) == size else max(low, high - SCAN)
            else:
                low = chunk[-1].position if len(chunk) == size else min(high, low + SCAN)

    async def _head(self) -> int:
        rows = await self._rows("select position from log_head", {})
        position: int = rows[0][0]
        return position

    async def _fetch(self, query: EventQuery, limit: int | None) -> list[Row]:
        rows = await self._rows(_statement(query), {**_values(query), "limit": limit})
        return cast("list[Row]", rows)

    async def _rebuilt(self, rows: Sequence[Row]) -> list[Recorded]:
        found = decode_all(self._registry, rows[:AT_ONCE])
        for i in range(AT_ONCE, len(rows), AT_ONCE):
            await asyncio.sleep(0)
            found += decode_all(self._registry, rows[i : i + AT_ONCE])
        return found

    async def _rows(self, statement: LiteralString, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        async with borrowed(self._pool) as connection:
            return await (await connection.execute(statement, values, binary=True)).fetchall()


def _scans(query: EventQuery) -> bool:
    """Tell whether what is looked for may lie anywhere in the whole log."""
    sought = bool(query.topics) or query.actor is not None
    return sought and query.stream_id is None and query.project_id is None


def _rest(query: EventQuery, last: Row) -> EventQuery | None:
    """Return the query for what comes after the last row so far."""
    position, _, version, *_ = last
    key = position if query.stream_id is None else version
    if not query.descending:
        return replace(query, after=key)
    return replace(query, to=key - 1) if key - 1 > query.after else None


def _values(query: EventQuery) -> dict[str, Any]:
    return {
        "stream": query.stream_id,
        "project": query.project_id,
        "topics": list(query.topics),
        "actor": query.actor,
        "first": query.positions[0] if query.positions else None,
        "last": query.positions[1] if query.positions else None,
        "after": query.after,
        "to": query.to,
        "until": query.until,
    }


def _statement(query: EventQuery) -> LiteralString:
    """Build the select of a query's events: only what it names, so that each shape has a plan of its own."""
    key: LiteralString = "notification_id" if query.stream_id is None else "originator_version"
    said: list[tuple[bool, LiteralString]] = [
        (query.stream_id is not None, "originator_id = %(stream)s"),
        (query.project_id is not None, "project_id = %(project)s"),
        (bool(query.topics), "topic = any(%(topics)s)"),
        (query.actor is not None, "metadata -> 'actor' ->> 'id' = %(actor)s"),
        (query.positions is not None, "notification_id > %(first)s and notification_id <= %(last)s"),
        (query.after > 0, f"{key} > %(after)s"),
        (query.to is not None, f"{key} <= %(to)s"),
        (query.until is not None, "recorded_at <= %(until)s"),
    ]
    conditions = " and ".join([text for holds, text in said if holds]) or "true"
    direction: LiteralString = "desc" if query.descending else "asc"
    return (
        f"select {COLUMNS} from stored_events where {conditions}"  # noqa: S608 - constants
        f" order by {key} {direction} limit %(limit)s"
    )
