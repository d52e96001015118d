"""Events and envelopes, with what a test does not care about filled in."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.block import (
    BlockAdded,
    BlockDeleted,
    BlockEditConflicted,
    BlockEdited,
    BlockEditSuggested,
    BlockMoved,
    BlockUndeleted,
)
from domain.comments import ThreadOpened, ThreadReopened, ThreadReplied, ThreadResolved
from domain.events import Event, Recorded
from domain.project import (
    AccessGranted,
    AccessRevoked,
    OwnershipTransferred,
    ProjectArchived,
    ProjectCreated,
    ProjectRenamed,
    ProjectUnarchived,
    ThemeApplied,
    VersionNamed,
)
from domain.session import SessionJoined, SessionLeft
from domain.theme import ThemeDefined, ThemeRevised
from domain.theme.aggregate import PLAIN_COLORS, PLAIN_FONTS

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


def transferred(project: UUID, version: int, from_user: str, to_user: str) -> OwnershipTransferred:
    return OwnershipTransferred(
        originator_id=project, originator_version=version, from_user=from_user, to_user=to_user
    )


def themed(project: UUID, version: int, theme_id: str | None) -> ThemeApplied:
    return ThemeApplied(originator_id=project, originator_version=version, theme_id=theme_id)


def version_named(project: UUID, version: int, version_id: str, name: str, position: int) -> VersionNamed:
    return VersionNamed(
        originator_id=project,
        originator_version=version,
        version_id=version_id,
        name=name,
        position=position,
    )


def defined(
    theme: UUID,
    name: str = "A theme",
    *,
    owner: str = "ada",
    colors: Mapping[str, Any] | None = None,
    fonts: Mapping[str, str] | None = None,
) -> ThemeDefined:
    return ThemeDefined(
        originator_id=theme,
        originator_version=1,
        owner=owner,
        name=name,
        colors={**PLAIN_COLORS, **(colors or {})},
        fonts={**PLAIN_FONTS, **(fonts or {})},
    )


def revised(theme: UUID, version: int, **changes: Any) -> ThemeRevised:
    return ThemeRevised(originator_id=theme, originator_version=version, changes=changes)


def opened(thread: UUID, project: UUID, text: Any = "Why?", *, block: UUID | None = None) -> ThreadOpened:
    """A text may be a sealed one."""
    return ThreadOpened(
        originator_id=thread,
        originator_version=1,
        project_id=str(project),
        block_id=str(block) if block else None,
        text=text,
    )


def replied(thread: UUID, version: int, reply: UUID, text: Any = "So.") -> ThreadReplied:
    return ThreadReplied(originator_id=thread, originator_version=version, reply_id=str(reply), text=text)


def resolved(thread: UUID, version: int) -> ThreadResolved:
    return ThreadResolved(originator_id=thread, originator_version=version)


def reopened(thread: UUID, version: int) -> ThreadReopened:
    return ThreadReopened(originator_id=thread, originator_version=version)


def joined(session: UUID, project: UUID, user: str = "ada", client: str = "socket-1") -> SessionJoined:
    return SessionJoined(
        originator_id=session, originator_version=1, project_id=str(project), user=user, client=client
    )


def left(session: UUID, version: int, reason: str = "closed") -> SessionLeft:
    return SessionLeft(originator_id=session, originator_version=version, reason=reason)


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


def conflicted(block: UUID, version: int, *, base: Any, theirs: Any, mine: Any) -> BlockEditConflicted:
    """Make a conflict of a block's text, in which Ada beat Edna."""
    return BlockEditConflicted(
        originator_id=block,
        originator_version=version,
        field="text",
        item=None,
        part=None,
        base=base,
        theirs=theirs,
        mine=mine,
        theirs_by="edna",
        mine_by="ada",
        winner="mine",
    )


def suggested(block: UUID, version: int, *, base_version: int = 1, **changes: Any) -> BlockEditSuggested:
    return BlockEditSuggested(
        originator_id=block,
        originator_version=version,
        changes=changes,
        base_version=base_version,
        reason="a machine edited the block while a person did",
    )


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
