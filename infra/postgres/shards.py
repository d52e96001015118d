"""Reading the log by ranges of projects: project after project, each in the order of its events."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.events import EventRegistry, Recorded
from infra.postgres.codec import COLUMNS, decode_all
from infra.postgres.connections import Connection

NIL = UUID(int=0)
CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Range:
    """Projects from one id up to another (None: to the end), and the place in them that was reached."""

    shard: int
    after_project: UUID
    after_position: int
    until_project: UUID | None


def ranges(count: int) -> list[Range]:
    """Cut the space of ids into equal ranges; ids are random, so that they hold about as many projects."""
    edges = [UUID(int=2**128 * i // count) for i in range(count)]
    return [Range(i, edge, 0, edges[i + 1] if i + 1 < count else None) for i, edge in enumerate(edges)]


async def read_range(
    connection: Connection, registry: EventRegistry, place: Range, *, to: int, limit: int = CHUNK
) -> list[Recorded]:
    """Read the next events of a range, up to position `to`, by project and then by position."""
    cursor = await connection.execute(
        f"select {COLUMNS} from stored_events"  # noqa: S608 - constants
        " where (project_id, notification_id) > (%(project)s, %(position)s)"
        " and (%(until)s::uuid is null or project_id < %(until)s)"
        " and notification_id <= %(to)s order by project_id, notification_id limit %(limit)s",
        {
            "project": place.after_project,
            "position": place.after_position,
            "until": place.until_project,
            "to": to,
            "limit": limit,
        },
        binary=True,
    )
    return decode_all(registry, await cursor.fetchall())


class Superseded(Exception):
    """The rebuild that a shard was folded for is over: who was left behind by a killed one has to stop here."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What shards are folded for: the rebuild, by when it began, and the position to fold up to."""

    begun: datetime
    head: int


async def place_of_shard(connection: Connection, shard: int, errand: Errand) -> Range:
    """Return where a shard has come to.

    Raises:
        Superseded: the rebuild is over.
    """
    cursor = await connection.execute(
        "select s.after_project, s.after_position, s.until_project"
        " from projection_rebuild_shards s join projection_rebuild r on r.started_at = %s where s.shard = %s",
        [errand.begun, shard],
    )
    row = await cursor.fetchone()
    if row is None:
        raise Superseded(f"shard {shard}")
    return Range(shard, *row)


async def hold_shard(connection: Connection, place: Range, errand: Errand) -> bool:
    """Keep everybody else from a shard until the transaction ends; tell whether it still is where it was read.

    It comes first in the transaction: where the rebuild is over, the tables of the same names are the live ones.
    """
    cursor = await connection.execute(
        "select 1 from projection_rebuild_shards s join projection_rebuild r on r.started_at = %s"
        " where s.shard = %s and s.after_project = %s and s.after_position = %s for update of s",
        [errand.begun, place.shard, place.after_project, place.after_position],
    )
    return await cursor.fetchone() is not None


async def note_shard(connection: Connection, shard: int, project: UUID, position: int, events: int) -> None:
    """Write down where a shard has come to, in the transaction that holds it and its rows."""
    await connection.execute(
        "update projection_rebuild_shards set after_project = %s, after_position = %s, events = events + %s"
        " where shard = %s",
        [project, position, events, shard],
    )


async def end_shard(connection: Connection, shard: int) -> None:
    """Write down that a shard is folded, in a transaction that holds it."""
    await connection.execute("update projection_rebuild_shards set done = true where shard = %s", [shard])
