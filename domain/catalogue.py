"""The public catalogue of events: the names and data that history and live streams show.

It is versioned apart from what is stored: renaming or upcasting a stored event need not change what
clients see.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from domain.block import (
    BlockAdded,
    BlockConflictResolved,
    BlockDeleted,
    BlockEditConflicted,
    BlockEdited,
    BlockEditSuggested,
    BlockMoved,
    BlockSuggestionDecided,
    BlockUndeleted,
)
from domain.block.marks import mark_id
from domain.comments import ThreadOpened, ThreadReopened, ThreadReplied, ThreadResolved
from domain.events import Event, EventRegistry, Recorded
from domain.job import (
    ExportRequested,
    GenerationRequested,
    ImageRequested,
    JobCancelled,
    JobExpired,
    JobFailed,
    JobOutlined,
    JobRequested,
    JobRequeued,
    JobRetried,
    JobStarted,
    JobSucceeded,
    OutlineApproved,
    ThinkingRequested,
)
from domain.personal import located_actor, located_fields, without_fields
from domain.project import (
    AccessGranted,
    AccessRevoked,
    BranchMerged,
    OwnershipTransferred,
    ProjectArchived,
    ProjectAttached,
    ProjectBranched,
    ProjectCreated,
    ProjectDetached,
    ProjectRenamed,
    ProjectRestored,
    ProjectUnarchived,
    StepRedone,
    StepUndone,
    ThemeApplied,
    VersionNamed,
)
from domain.session import SessionJoined, SessionLeft
from domain.theme import ThemeDefined, ThemeRevised
from domain.tombstone import Tombstone

Describe = Callable[[Any], dict[str, Any]]


def _nothing(_: Event) -> dict[str, Any]:
    return {}


def _created(e: ProjectCreated) -> dict[str, Any]:
    return {"title": e.title, "owner": e.owner, "aspect": e.aspect, "theme_id": e.theme_id}


def _added(e: BlockAdded) -> dict[str, Any]:
    origin = {"origin_block_id": e.origin_block_id} if e.origin_block_id else {}
    return {"parent_id": e.parent_id, "type": e.type, "rank": e.rank, "content": e.content, **origin}


def _moved(e: BlockMoved) -> dict[str, Any]:
    return {"parent_id": e.parent_id, "rank": e.rank}


def _step(e: StepUndone | StepRedone) -> dict[str, Any]:
    return {"step": e.step, "position": e.position, "author": e.author}


def conflict_data(e: BlockEditConflicted) -> dict[str, Any]:
    """Describe a conflict: what it is about, both sides, and which one stands."""
    return {
        "conflict_id": mark_id(e.originator_id, e.originator_version),
        "block_id": str(e.originator_id),
        "field": e.field,
        "item": e.item,
        "part": e.part,
        "base": e.base,
        "theirs": e.theirs,
        "mine": e.mine,
        "actors": {"theirs": e.theirs_by, "mine": e.mine_by},
        "winner": e.winner,
    }


def _suggested(e: BlockEditSuggested) -> dict[str, Any]:
    return {
        "suggestion_id": mark_id(e.originator_id, e.originator_version),
        "block_id": str(e.originator_id),
        "changes": e.changes,
        "base_version": e.base_version,
        "reason": e.reason,
    }


def _defined(e: ThemeDefined) -> dict[str, Any]:
    return {"owner": e.owner, "name": e.name, "colors": e.colors, "fonts": e.fonts}


def _turn(e: JobRequested) -> dict[str, Any]:
    return {"priority": e.priority, **({"delay": e.delay} if e.delay else {})}


def _generation(e: GenerationRequested) -> dict[str, Any]:
    # A source may be as long as a book: it is told by its length.
    return {
        **_turn(e),
        "prompt": e.prompt,
        "source_length": len(e.source_text) if e.source_text is not None else None,
        "source_asset_id": e.source_asset_id,
        "slides": e.slides,
        "auto_approve": e.auto_approve,
    }


CATALOGUE: Mapping[type[Event], tuple[str, Describe]] = {
    ProjectCreated: ("project-created", cast("Describe", _created)),
    ProjectRenamed: ("project-renamed", lambda e: {"title": e.title}),
    AccessGranted: ("access-granted", lambda e: {"user": e.user, "role": e.role}),
    AccessRevoked: ("access-revoked", lambda e: {"user": e.user}),
    ProjectArchived: ("project-archived", _nothing),
    ProjectUnarchived: ("project-unarchived", _nothing),
    ProjectDetached: (
        "project-detached",
        lambda e: {"events": e.events, "file_sha256": e.file_sha256},
    ),
    ProjectAttached: ("project-attached", _nothing),
    OwnershipTransferred: (
        "ownership-transferred",
        lambda e: {"from_user": e.from_user, "to_user": e.to_user},
    ),
    ThemeApplied: ("theme-applied", lambda e: {"theme_id": e.theme_id}),
    VersionNamed: (
        "version-named",
        lambda e: {"version_id": e.version_id, "name": e.name, "position": e.position},
    ),
    ProjectRestored: ("project-restored", lambda e: {"to_position": e.to_position}),
    ProjectBranched: (
        "project-branched",
        lambda e: {"origin_project_id": e.origin_project_id, "origin_position": e.origin_position},
    ),
    BranchMerged: (
        "branch-merged",
        lambda e: {"branch_project_id": e.branch_project_id, "branch_position": e.branch_position},
    ),
    StepUndone: ("step-undone", cast("Describe", _step)),
    StepRedone: ("step-redone", cast("Describe", _step)),
    BlockAdded: ("block-added", cast("Describe", _added)),
    BlockEdited: ("block-edited", lambda e: {"changes": e.changes}),
    BlockMoved: ("block-moved", cast("Describe", _moved)),
    BlockDeleted: ("block-deleted", _nothing),
    BlockUndeleted: ("block-undeleted", _nothing),
    BlockEditConflicted: ("block-edit-conflicted", cast("Describe", conflict_data)),
    BlockConflictResolved: (
        "conflict-resolved",
        lambda e: {"conflict_id": mark_id(e.originator_id, e.conflict), "choice": e.choice},
    ),
    BlockEditSuggested: ("block-edit-suggested", cast("Describe", _suggested)),
    BlockSuggestionDecided: (
        "suggestion-decided",
        lambda e: {"suggestion_id": mark_id(e.originator_id, e.suggestion), "accepted": e.accepted},
    ),
    Tombstone: ("event-detached", _nothing),
    ThemeDefined: ("theme-defined", cast("Describe", _defined)),
    ThemeRevised: ("theme-revised", lambda e: {"changes": e.changes}),
    ThreadOpened: (
        "comment-opened",
        lambda e: {"thread_id": str(e.originator_id), "block_id": e.block_id, "text": e.text},
    ),
    ThreadReplied: (
        "comment-replied",
        lambda e: {"thread_id": str(e.originator_id), "reply_id": e.reply_id, "text": e.text},
    ),
    ThreadResolved: ("comment-resolved", lambda e: {"thread_id": str(e.originator_id)}),
    ThreadReopened: ("comment-reopened", lambda e: {"thread_id": str(e.originator_id)}),
    SessionJoined: ("session-joined", lambda e: {"user": e.user, "client": e.client}),
    SessionLeft: ("session-left", lambda e: {"reason": e.reason}),
    GenerationRequested: ("generation-requested", cast("Describe", _generation)),
    ThinkingRequested: (
        "thinking-requested",
        lambda e: {**_turn(e), "instruction": e.instruction},
    ),
    ImageRequested: (
        "image-requested",
        lambda e: {**_turn(e), "prompt": e.prompt, "block_id": e.block_id},
    ),
    ExportRequested: (
        "export-requested",
        lambda e: {**_turn(e), "format": e.format, "at_position": e.at_position},
    ),
    JobStarted: ("job-started", lambda e: {"attempt": e.attempt}),
    JobRetried: (
        "job-retried",
        lambda e: {"attempt": e.attempt, "code": e.code, "message": e.message, "delay": e.delay},
    ),
    JobOutlined: ("job-outlined", lambda e: {"outline": e.outline}),
    OutlineApproved: ("outline-approved", lambda e: {"outline": e.outline}),
    JobSucceeded: ("job-succeeded", lambda e: {"result": e.result}),
    JobFailed: ("job-failed", lambda e: {"code": e.code, "message": e.message}),
    JobCancelled: ("job-cancelled", _nothing),
    JobExpired: ("job-expired", _nothing),
    JobRequeued: ("job-requeued", _nothing),
}


def event_registry() -> EventRegistry:
    """Return the registry of every event type that this release can read."""
    return EventRegistry(CATALOGUE)


def timestamp(at: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with microseconds, such as `2026-01-31T09:30:00.000001Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def public_event(recorded: Recorded, *, sealed: bool = False) -> dict[str, Any]:
    """Describe an event as clients see it, in history and live alike.

    Args:
        recorded: the event.
        sealed: hold personal values too, as they are sealed, to be revealed before a client gets it;
            otherwise the description holds nothing personal, and may be kept anywhere.
    """
    event = recorded.event
    name, describe = CATALOGUE[type(event)]
    actor = recorded.metadata["actor"]
    shown = {"id": actor["id"], "kind": actor["kind"]}
    if sealed and "name" in actor:
        shown["name"] = located_actor(recorded, "name")
    if event.PERSONAL:
        event = located_fields(recorded) if sealed else without_fields(event)
    return {
        "position": recorded.position,
        "event": name,
        "stream": {
            "id": str(event.originator_id),
            "kind": event.KIND,
            "version": event.originator_version,
        },
        "project_id": str(recorded.project_id),
        "actor": shown,
        "at": timestamp(recorded.recorded_at),
        "command_id": str(recorded.command_id),
        "data": describe(event),
    }
