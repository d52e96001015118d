"""Reading the log by ranges of projects: project after project, each in the order of its events."""

from dataclasses import dataclass
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
