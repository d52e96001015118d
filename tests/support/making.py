"""Events and envelopes, with what a test does not care about filled in."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.block import BlockAdded, BlockDeleted, BlockEdited, BlockMoved, BlockUndeleted
from domain.events import Event, Recorded
from domain.project import (
    AccessGranted,
    AccessRevoked,
    ProjectArchived,
    ProjectCreated,
    ProjectRenamed,
    ProjectUnarchived,
)

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
ADA = {"actor": {"id": "ada", "kind": "person"}}


def created(
    project: UUID,
    title: str = "A deck",
    *,
    owner: str = "ada",
    aspect: str = "16:9",
    theme_id: str | None = None,
) -> ProjectCreated:
    return ProjectCreated(
        originator_id=project,
        originator_version=1,
        title=title,
        owner=owner,
        aspect=aspect,
        theme_id=theme_id,
    )


def renamed(project: UUID, version: int, title: str) -> ProjectRenamed:
    return ProjectRenamed(originator_id=project, originator_version=version, title=title)


def granted(project: UUID, version: int, user: str, role: str) -> AccessGranted:
    return AccessGranted(originator_id=project, originator_version=version, user=user, role=role)


def revoked(project: UUID, version: int, user: str) -> AccessRevoked:
    return AccessRevoked(originator_id=project, originator_version=version, user=user)


def archived(project: UUID, version: int) -> ProjectArchived:
    return ProjectArchived(originator_id=project, originator_version=version)


def unarchived(project: UUID, version: int) -> ProjectUnarchived:
    return ProjectUnarchived(originator_id=project, originator_version=version)


def added(
    block: UUID,
    project: UUID,
    kind: str = "text",
    *,
    parent: UUID | None = None,
    rank: str = "a0",
    content: Mapping[str, Any] | None = None,
) -> BlockAdded:
    return BlockAdded(
        originator_id=block,
        originator_version=1,
        project_id=str(project),
        parent_id=str(parent) if parent else None,
        type=kind,
        rank=rank,
        content=dict(content or {}),
    )


def edited(block: UUID, version: int, **changes: Any) -> BlockEdited:
    return BlockEdited(originator_id=block, originator_version=version, changes=changes)


def moved(block: UUID, version: int, rank: str, parent: UUID | None = None) -> BlockMoved:
    return BlockMoved(
        originator_id=block,
        originator_version=version,
        parent_id=str(parent) if parent else None,
        rank=rank,
    )


def deleted(block: UUID, version: int) -> BlockDeleted:
    return BlockDeleted(originator_id=block, originator_version=version)


def undeleted(block: UUID, version: int) -> BlockUndeleted:
    return BlockUndeleted(originator_id=block, originator_version=version)


def recorded(event: Event, position: int = 1, *, project: UUID | None = None, by: str = "ada") -> Recorded:
    """Put an event into the envelope that the log gives it, `position` seconds after noon."""
    return Recorded(
        position,
        event,
        project or event.originator_id,
        uuid4(),
        NOON + timedelta(seconds=position),
        {"actor": {"id": by, "kind": "person"}},
    )


def in_order(events: Iterable[Event], *, project: UUID | None = None) -> list[Recorded]:
    """Envelop events as the first ones of a log."""
    return [recorded(event, i, project=project) for i, event in enumerate(events, 1)]
