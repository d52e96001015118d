"""Snapshots in a table of their own, written behind the hot path."""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

import orjson
import psycopg
from psycopg_pool import AsyncConnectionPool

from commands.ports import Snapshot
from domain.errors import Unavailable
from infra.cancelling import stop_if_cancelled
from infra.postgres.connections import Connection, borrowed

logger = logging.getLogger(__name__)

# Streams whose snapshots wait to be written; what comes past them is dropped, and offered again some day.
QUEUE_MAX = 1_000

# Only what is in the log gets a snapshot, with the hash that tells this history from any other.
_WRITE = """
with taken as (
    insert into snapshots (stream_id, version, kind, schema, position, hash, state)
    select originator_id, originator_version, %(kind)s, %(schema)s, notification_id, hash, %(state)s::json
    from stored_events
    where originator_id = %(stream)s and originator_version = %(version)s and notification_id = %(position)s
        and topic <> 'decklog.tombstone'
    on conflict (stream_id, version) do update set kind = excluded.kind, schema = excluded.schema,
        position = excluded.position, hash = excluded.hash, state = excluded.state, taken_at = excluded.taken_at
    returning stream_id, version
)
delete from snapshots s using taken t where s.stream_id = t.stream_id and s.version < t.version
"""

_LATEST = """
select s.version, s.kind, s.schema, s.position, s.state::text, e.originator_id is not null as fits
from snapshots s left join stored_events e on e.originator_id = s.stream_id
    and e.originator_version = s.version and e.notification_id = s.position and e.hash = s.hash
where s.stream_id = %s order by s.version desc
"""


class PostgresSnapshots:
    """Implements `commands.ports.Snapshots`."""

    def __init__(self, pool: AsyncConnectionPool[Connection], queue_max: int = QUEUE_MAX) -> None:
        self._pool = pool
        self._queue_max = queue_max
        self._offered: OrderedDict[UUID, Snapshot] = OrderedDict()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._writing: asyncio.Task[None] | None = None
        self.written = 0
        self.dropped = 0

    async def start(self) -> None:
        """Begin to write what is offered."""
        self._writing = asyncio.create_task(self._write_all(), name="snapshots")

    async def stop(self) -> None:
        """Stop; what was not written by now is dropped."""
        if self._writing is not None:
            self._writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writing
            self._writing = None

    async def settle(self) -> None:
        """Wait until everything offered so far was written or dropped."""
        await self._idle.wait()

    def offer(self, snapshot: Snapshot) -> None:
        """Have a snapshot written later; see the port. Of one stream only the newest waits."""
        waiting = self._offered.get(snapshot.stream_id)
        if waiting is None and len(self._offered) >= self._queue_max:
            self.dropped += 1
            return
        if waiting is None or waiting.version < snapshot.version:
            self._offered[snapshot.stream_id] = snapshot
        self._idle.clear()
        self._wake.set()

    def forget(self) -> None:
        """Drop what waits to be written: the log is another one."""
        self._offered.clear()

    async def latest(self, stream_id: UUID) -> Sequence[Snapshot]:
        """Return the snapshots of a stream that fit the log, the newest first."""
        try:
            async with borrowed(self._pool) as connection:
                rows = await (await connection.execute(_LATEST, [stream_id], binary=True)).fetchall()
        except psycopg.Error as error:
            logger.warning("no snapshot of %s could be read: %s", stream_id, error)
            return ()
        found: list[Snapshot] = []
        for version, kind, schema, position, state, fits in rows:
            if fits:
                found.append(Snapshot(stream_id, version, kind, schema, position, orjson.loads(state)))
            else:
                logger.warning(
                    "ignored the snapshot of %s at version %d: the log has no such history",
                    stream_id,
                    version,
                )
        return found

    async def _write_all(self) -> None:
        while True:
            stop_if_cancelled()
            if not self._offered:
                self._idle.set()
                self._wake.clear()
                await self._wake.wait()
                continue
            _, snapshot = self._offered.popitem(last=False)
            try:
                await self._write(snapshot)
                self.written += 1
            except (psycopg.Error, Unavailable, TypeError) as error:
                self.dropped += 1
                logger.warning("dropped the snapshot of %s: %s", snapshot.stream_id, error)

    async def _write(self, snapshot: Snapshot) -> None:
        values = {
            "stream": snapshot.stream_id,
            "version": snapshot.version,
            "kind": snapshot.kind,
            "schema": snapshot.schema,
            "position": snapshot.position,
            "state": orjson.dumps(snapshot.state).decode(),
        }
        async with borrowed(self._pool) as connection:
            await connection.execute(_WRITE, values)
