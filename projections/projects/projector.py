"""Keeps the rows of projects and memberships."""

from collections.abc import Sequence
from uuid import UUID

from domain.documents import fold_project
from domain.events import Event, Recorded
from domain.project import ProjectEvent
from projections.ports import Session
from projections.projects import queries


class ProjectsModel:
    """Projects by id, and by member."""

    name = "projects"
    version = 1
    follows: tuple[type[Event], ...] = (ProjectEvent,)
    tables: tuple[str, ...] = ("project_rows", "member_rows")

    async def apply(self, session: Session, events: Sequence[Recorded]) -> None:
        """Fold project events; those of other streams only move the checkpoint."""
        relevant = [r for r in events if isinstance(r.event, ProjectEvent)]
        if not relevant:
            return
        touched = {r.event.originator_id for r in relevant}
        rows = await queries.load(session, touched)
        for recorded in relevant:
            stream = recorded.event.originator_id
            rows[stream] = fold_project(rows.get(stream), recorded)
        await queries.save(session, [rows[i] for i in touched])

    async def forget(self, session: Session, project_id: UUID) -> None:
        """Remove a project's row and memberships."""
        await queries.remove(session, project_id)

    async def clear(self, session: Session) -> None:
        """Remove all rows."""
        await session.execute("delete from member_rows")
        await session.execute("delete from project_rows")
