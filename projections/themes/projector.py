"""Keeps the rows of themes."""

from collections.abc import Sequence
from uuid import UUID

from domain.events import Event, Recorded
from domain.theme import ThemeEvent
from projections.ports import Session
from projections.themes import queries
from projections.themes.rows import fold


class ThemesModel:
    """Themes by id, and by owner."""

    name = "themes"
    version = 1
    follows: tuple[type[Event], ...] = (ThemeEvent,)
    tables: tuple[str, ...] = ("theme_rows",)

    async def apply(self, session: Session, events: Sequence[Recorded]) -> None:
        """Fold theme events; those of other streams only move the checkpoint."""
        relevant = [(r, r.event) for r in events if isinstance(r.event, ThemeEvent)]
        if not relevant:
            return
        touched = {event.originator_id for _, event in relevant}
        rows = await queries.load(session, touched)
        for recorded, event in relevant:
            rows[event.originator_id] = fold(rows.get(event.originator_id), recorded, event)
        await queries.save(session, [rows[i] for i in touched])

    async def forget(self, session: Session, project_id: UUID) -> None:
        """Do nothing: themes belong to users, and outlive every project."""

    async def clear(self, session: Session) -> None:
        """Remove all rows."""
        await session.execute("delete from theme_rows")
