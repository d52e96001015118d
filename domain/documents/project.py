"""A project as readers see it, and how events change it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from domain.events import Recorded
from domain.project import (
    AccessGranted,
    AccessRevoked,
    OwnershipTransferred,
    ProjectArchived,
    ProjectCreated,
    ProjectRenamed,
    ProjectUnarchived,
    ThemeApplied,
)
from domain.project.ownership import named_owner


@dataclass(frozen=True, slots=True)
class ProjectDocument:
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


def fold_project(project: ProjectDocument | None, recorded: Recorded) -> ProjectDocument:
    """Apply one event of the project's stream."""
    event, at, by = recorded.event, recorded.recorded_at, recorded.actor
    if isinstance(event, ProjectCreated):
        return ProjectDocument(
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
    if project is None:
        raise ValueError(f"event {recorded.position} changes a project that was never created")
    project = replace(
        project, version=event.originator_version, position=recorded.position, updated_at=at, updated_by=by
    )
    match event:
        case ProjectRenamed():
            return replace(project, title=event.title)
        case AccessGranted():
            return _with_members(project, {**project.members, event.user: event.role})
        case AccessRevoked():
            return _with_members(project, {u: r for u, r in project.members.items() if u != event.user})
        case OwnershipTransferred():
            roles = {event.from_user: "editor", event.to_user: "owner"}
            owner = event.to_user if project.owner == event.from_user else project.owner
            return _with_members(replace(project, owner=owner), {**project.members, **roles})
        case ThemeApplied():
            return replace(project, theme_id=event.theme_id)
        case ProjectArchived():
            return replace(project, archived=True)
        case ProjectUnarchived():
            return replace(project, archived=False)
        case _:
            return project


def _with_members(project: ProjectDocument, members: dict[str, str]) -> ProjectDocument:
    owners = [user for user, role in members.items() if role == "owner"]
    return replace(project, members=members, owner=named_owner(project.owner, owners))
