"""A project's row, and how events change it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from domain.events import Recorded
from domain.project import (
    AccessGranted,
    AccessRevoked,
    ProjectArchived,
    ProjectCreated,
    ProjectRenamed,
    ProjectUnarchived,
)


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """One project. `members` maps user ids to roles; `position` is that of the last event in it."""

    project_id: UUID
    title: str
    owner: str
    aspect: str
    theme_id: str | None
    archived: bool
    version: int
    position: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    members: dict[str, str] = field(default_factory=dict)


def fold(row: ProjectRow | None, recorded: Recorded) -> ProjectRow:
    """Apply one event of the project's stream."""
    event, at, by = recorded.event, recorded.recorded_at, recorded.actor
    if isinstance(event, ProjectCreated):
        return ProjectRow(
            project_id=event.originator_id,
            title=event.title,
            owner=event.owner,
            aspect=event.aspect,
            theme_id=event.theme_id,
            archived=False,
            version=1,
            position=recorded.position,
            created_at=at,
            created_by=by,
            updated_at=at,
            updated_by=by,
            members={event.owner: "owner"},
        )
    if row is None:
        raise ValueError(f"event {recorded.position} changes a project that has no row")
    row = replace(
        row, version=event.originator_version, position=recorded.position, updated_at=at, updated_by=by
    )
    match event:
        case ProjectRenamed():
            return replace(row, title=event.title)
        case AccessGranted():
            return replace(row, members={**row.members, event.user: event.role})
        case AccessRevoked():
            return replace(row, members={u: r for u, r in row.members.items() if u != event.user})
        case ProjectArchived():
            return replace(row, archived=True)
        case ProjectUnarchived():
            return replace(row, archived=False)
        case _:
            return row
