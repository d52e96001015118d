"""A thread's row and a reply's, and how events change them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.comments import CommentEvent, ThreadOpened, ThreadReopened, ThreadReplied, ThreadResolved
from domain.events import Recorded
from domain.personal import located_fields


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """One thread. `text` is sealed; `opened` is the position of the first event, `position` that of the last."""

    project_id: UUID
    thread_id: UUID
    block_id: UUID | None
    replies: int
    resolved: bool
    opened: int
    version: int
    position: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    text: Any


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """One reply. `text` is sealed; `number` counts a thread's replies from 1."""

    project_id: UUID
    thread_id: UUID
    number: int
    reply_id: UUID
    position: int
    created_at: datetime
    created_by: str
    text: Any


def fold(row: ThreadRow | None, recorded: Recorded, event: CommentEvent) -> ThreadRow:
    """Apply one event of the thread's stream."""
    at, by = recorded.recorded_at, recorded.actor
    if isinstance(event, ThreadOpened):
        return ThreadRow(
            project_id=recorded.project_id,
            thread_id=event.originator_id,
            block_id=UUID(event.block_id) if event.block_id else None,
            replies=0,
            resolved=False,
            opened=recorded.position,
            version=1,
            position=recorded.position,
            created_at=at,
            created_by=by,
            updated_at=at,
            updated_by=by,
            text=_sealed_text(recorded),
        )
    if row is None:
        raise ValueError(f"event {recorded.position} changes a comment thread that has no row")
    row = replace(
        row, version=event.originator_version, position=recorded.position, updated_at=at, updated_by=by
    )
    match event:
        case ThreadReplied():
            return replace(row, replies=row.replies + 1)
        case ThreadResolved():
            return replace(row, resolved=True)
        case ThreadReopened():
            return replace(row, resolved=False)
        case _:
            return row


def reply_of(thread: ThreadRow, recorded: Recorded, event: ThreadReplied) -> ReplyRow:
    """Return the row of a thread's latest reply."""
    return ReplyRow(
        project_id=thread.project_id,
        thread_id=thread.thread_id,
        number=thread.replies,
        reply_id=UUID(event.reply_id),
        position=recorded.position,
        created_at=recorded.recorded_at,
        created_by=recorded.actor,
        text=_sealed_text(recorded),
    )


def _sealed_text(recorded: Recorded) -> Any:
    """Return a remark as it stands in the log, with all that is needed to reveal it."""
    return vars(located_fields(recorded))["text"]
