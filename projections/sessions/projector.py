"""Keeps the rows of collaboration sessions."""

from collections.abc import Sequence
from uuid import UUID

from domain.events import Event, Recorded
from domain.session import SessionEvent
from projections.ports import Session
from projections.sessions import queries
from projections.sessions.rows import fold


class SessionsModel:
    """Sessions by project, and by socket."""

    name = "sessions"
    version = 1
    follows: tuple[type[Event], ...] = (SessionEvent,)
    tables: tuple[str, ...] = ("session_rows",)

    async def apply(self, session: Session, events: Sequence[Recorded]) -> None:
        """Fold session events; those of other streams only move the checkpoint."""
        relevant = [(r, r.event) for r in events if isinstance(r.event, SessionEvent)]
        if not relevant:
            return
        touched = {event.originator_id: r.project_id for r, event in relevant}
        rows = await queries.load(session, touched)
        for recorded, event in relevant:
            rows[event.originator_id] = fold(rows.get(event.originator_id), recorded, event)
        await queries.save(session, [rows[i] for i in touched])

    async def forget(self, session: Session, project_id: UUID) -> None:
        """Remove the rows of a project's sessions."""
        await session.execute("delete from session_rows where project_id = %s", (project_id,))

    async def clear(self, session: Session) -> None:
        """Remove all rows."""
        await session.execute("delete from session_rows")
