"""A job's row, and how events change it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.events import Recorded
from domain.job import (
    ExportRequested,
    GenerationRequested,
    ImageRequested,
    JobEvent,
    JobFailed,
    JobOutlined,
    JobRequested,
    JobRequeued,
    JobRetried,
    JobStarted,
    JobState,
    JobSucceeded,
    OutlineApproved,
    ThinkingRequested,
)
from domain.job.aggregate import STATES as LEADS_TO

Key = tuple[UUID, UUID]

KINDS = tuple(e.QUEUE for e in (GenerationRequested, ThinkingRequested, ImageRequested, ExportRequested))
STATES = tuple(state.value for state in JobState)
RUNNING = JobState.RUNNING.value


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job. `requested` is the position of its first event, `due_at` when it may begin: after a delay, or again.

    `started_at` is when the latest attempt began; `error` is why the latest one failed: `{code, message}`.
    """

    project_id: UUID
    job_id: UUID
    kind: str
    state: str
    priority: int
    attempts: int
    outline: dict[str, Any] | None
    error: dict[str, Any] | None
    result: dict[str, Any] | None
    requested_by: str
    requested: int
    expires_at: datetime | None
    due_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    version: int
    position: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    @property
    def key(self) -> Key:
        """What the row is found by."""
        return (self.project_id, self.job_id)


def key_of(recorded: Recorded) -> Key | None:
    """Return the key of the job that an event is about, None if it is about none."""
    if not isinstance(recorded.event, JobEvent):
        return None
    return (recorded.project_id, recorded.event.originator_id)


def fold(row: JobRow | None, recorded: Recorded) -> JobRow:
    """Apply one event of a job."""
    event, at, by = recorded.event, recorded.recorded_at, recorded.actor
    if isinstance(event, JobRequested):
        return JobRow(
            project_id=recorded.project_id,
            job_id=event.originator_id,
            kind=event.QUEUE,
            state=JobState.REQUESTED.value,
            priority=event.priority,
            attempts=0,
            outline=None,
            error=None,
            result=None,
            requested_by=by,
            requested=recorded.position,
            expires_at=at + timedelta(seconds=event.ttl) if event.ttl else None,
            due_at=at + timedelta(seconds=event.delay) if event.delay else None,
            started_at=None,
            ended_at=None,
            version=1,
            position=recorded.position,
            created_at=at,
            created_by=by,
            updated_at=at,
            updated_by=by,
        )
    if row is None or not isinstance(event, JobEvent):
        raise ValueError(f"event {recorded.position} is of a job that was never asked for")
    state = LEADS_TO.get(type(event))
    changed: dict[str, Any] = {"due_at": None}
    match event:
        case JobStarted():
            changed |= {"attempts": event.attempt, "started_at": at}
        case JobRetried():
            changed["error"] = {"code": event.code, "message": event.message}
            changed["due_at"] = at + timedelta(seconds=event.delay)
        case JobOutlined() | OutlineApproved():
            changed |= {"outline": event.outline, "error": None}
        case JobSucceeded():
            changed |= {"result": event.result, "error": None}
        case JobFailed():
            changed["error"] = {"code": event.code, "message": event.message}
        case JobRequeued():
            changed |= {"error": None, "expires_at": None}
    return replace(
        row,
        state=state.value if state else row.state,
        ended_at=at if state and state.ended else None,
        version=event.originator_version,
        position=recorded.position,
        updated_at=at,
        updated_by=by,
        **changed,
    )
