"""Keeps the rows of jobs."""

from collections.abc import Sequence
from uuid import UUID

from domain.events import Event, Recorded
from domain.job import JobEvent
from projections.jobs import queries
from projections.jobs.rows import fold, key_of
from projections.ports import Session


class JobsModel:
    """Jobs by project."""

    name = "jobs"
    version = 1
    follows: tuple[type[Event], ...] = (JobEvent,)
    tables: tuple[str, ...] = ("job_rows",)

    async def apply(self, session: Session, events: Sequence[Recorded]) -> None:
        """Fold events of jobs; others only move the checkpoint."""
        relevant = [(key, r) for r in events if (key := key_of(r)) is not None]
        if not relevant:
            return
        rows = await queries.load(session, {key for key, _ in relevant})
        for key, recorded in relevant:
            rows[key] = fold(rows.get(key), recorded)
        await queries.save(session, list(rows.values()))

    async def forget(self, session: Session, project_id: UUID) -> None:
        """Remove the rows of a project."""
        await session.execute("delete from job_rows where project_id = %s", (project_id,))

    async def clear(self, session: Session) -> None:
        """Remove all rows."""
        await session.execute("delete from job_rows")
