"""A theme's row, and how events change it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.events import Recorded
from domain.theme import Theme, ThemeDefined, ThemeEvent


@dataclass(frozen=True, slots=True)
class ThemeRow:
    """One theme. `position` is that of the last event in it, `defined` that of the first."""

    theme_id: UUID
    owner: str
    name: str
    defined: int
    version: int
    position: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    colors: Mapping[str, Any]
    fonts: Mapping[str, str]

    @property
    def theme(self) -> Theme:
        """The theme itself."""
        return Theme(self.theme_id, self.version, self.owner, self.name, self.colors, self.fonts)


def fold(row: ThemeRow | None, recorded: Recorded, event: ThemeEvent) -> ThemeRow:
    """Apply one event of the theme's stream."""
    begins = isinstance(event, ThemeDefined)
    if row is None and not begins:
        raise ValueError(f"event {recorded.position} changes a theme that has no row")
    theme = Theme.evolve(row.theme if row else None, event)
    return ThemeRow(
        theme_id=theme.id,
        owner=row.owner if row else str(theme.owner),
        name=theme.name,
        defined=row.defined if row else recorded.position,
        version=theme.version,
        position=recorded.position,
        created_at=row.created_at if row else recorded.recorded_at,
        created_by=row.created_by if row else recorded.actor,
        updated_at=recorded.recorded_at,
        updated_by=recorded.actor,
        colors=theme.colors,
        fonts=theme.fonts,
    )
