"""Keeps the rows of named versions."""

from collections.abc import Sequence
from uuid import UUID

from domain.events import Event, Recorded
from domain.project import VersionNamed
from projections.ports import Session
from projections.versions import queries
from projections.versions.queries import VersionRow


class VersionsModel:
    """Named versions by project."""

    name = "versions"
    version = 1
    follows: tuple[type[Event], ...] = (VersionNamed,)
    tables: tuple[str, ...] = ("version_rows",)

    async def apply(self, session: Session, events: Sequence[Recorded]) -> None:
        """Take in the versions that were named; all else only moves the checkpoint."""
        rows = [_row(r, r.event) for r in events if isinstance(r.event, VersionNamed)]
        if rows:
            await queries.add(session, rows)

    async def forget(self, session: Session, project_id: UUID) -> None:
        """Remove the rows of a project's versions."""
        await session.execute("delete from version_rows where project_id = %s", (project_id,))

    async def clear(self, session: Session) -> None:
        """Remove all rows."""
        await session.execute("delete from version_rows")


def _row(recorded: Recorded, event: VersionNamed) -> VersionRow:
    return VersionRow(
        project_id=recorded.project_id,
        event_position=recorded.position,
        version_id=UUID(event.version_id),
        name=event.name,
        position=event.position,
        created_at=recorded.recorded_at,
        created_by=recorded.actor,
    )
