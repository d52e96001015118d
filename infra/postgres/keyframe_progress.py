"""How many events each project has had since its last keyframe: counted by the database, event by event once."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from domain.documents.deck import SCHEMA
from infra.postgres.connections import Connection, borrowed

# Positions that one statement counts.
STEP = 20_000
# Keyframes that one statement drops.
DROP = 200

_LOOK = """
select p.position, h.position, p.epoch = h.epoch and p.schema = %s
from keyframe_progress p cross join log_head h for update of p
"""
_BEGIN_ANEW = """
insert into keyframe_progress (position, epoch, schema) select 0, epoch, %s from log_head
on conflict (one) do update set position = 0, epoch = excluded.epoch, schema = excluded.schema
"""
_COUNT = """
insert into keyframe_counts as c (project_id, pending)
select project_id, count(*) from stored_events
where notification_id > %(after)s and notification_id <= %(to)s group by project_id
on conflict (project_id) do update set pending = c.pending + excluded.pending
returning project_id, pending
"""
_DROP = """
delete from keyframes where (project_id, position) in (
    select k.project_id, k.position from keyframes k cross join log_head h
    left join stored_events e on e.notification_id = k.position and e.project_id = k.project_id and e.hash = k.hash
    where k.epoch <> h.epoch or k.schema < %s or e.notification_id is null limit %s
)
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """One step: all events up to `position` are counted, `head` was the log's, `due` have enough of them."""

    position: int
    head: int
    due: Sequence[UUID]


class KeyframeProgress:
    """Counts a project's events since its last keyframe; `every` of them are enough for the next."""

    def __init__(self, pool: AsyncConnectionPool[Connection], every: int, step: int = STEP) -> None:
        self._pool = pool
        self._every = every
        self._step = step

    async def count(self) -> Counted:
        """Count the next events. With another epoch of the log, or another form of decks, all begins anew."""
        async with borrowed(self._pool) as connection, connection.transaction():
            found = await (await connection.execute(_LOOK, [SCHEMA])).fetchone()
            if found is None or not found[2]:
                await connection.execute("delete from keyframe_counts")
                await connection.execute(_BEGIN_ANEW, [SCHEMA])
                found = await (await connection.execute(_LOOK, [SCHEMA])).fetchone()
            if found is None:
                raise RuntimeError("the log has no head: the database is not migrated")
            after, head, _ = found
            to = min(head, after + self._step)
            if to == after:
                return Counted(after, head, ())
            rows = await (await connection.execute(_COUNT, {"after": after, "to": to})).fetchall()
            await connection.execute("update keyframe_progress set position = %s", [to])
        return Counted(to, head, [project for project, pending in rows if pending >= self._every])

    async def due(self) -> Sequence[UUID]:
        """Return all projects that have enough events, also those counted by somebody who was stopped then."""
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                "select project_id from keyframe_counts where pending >= %s", [self._every]
            )
            return [project for (project,) in await cursor.fetchall()]

    async def settle(self, project_id: UUID, pending: int) -> None:
        """Say how many of the events counted so far came after a project's last keyframe."""
        async with borrowed(self._pool) as connection:
            await connection.execute(
                "update keyframe_counts set pending = %s where project_id = %s", [pending, project_id]
            )

    async def drop_foreign(self) -> int:
        """Drop keyframes that are of another history or an older form, some at a time; returns how many."""
        async with borrowed(self._pool) as connection:
            return (await connection.execute(_DROP, [SCHEMA, DROP])).rowcount
