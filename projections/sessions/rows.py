"""A session's row, and how events change it."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.events import Recorded
from domain.session import SessionEvent, SessionJoined, SessionLeft


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session. `client` names its socket, `reason` why it ended, `joined` is the position of its first event."""

    project_id: UUID
    session_id: UUID
    user_id: str
    client: str
    active: bool
    reason: str | None
    joined: int
    version: int
    position: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


def fold(row: SessionRow | None, recorded: Recorded, event: SessionEvent) -> SessionRow:
    """Apply one event of the session's stream."""
    at, by = recorded.recorded_at, recorded.actor
    if isinstance(event, SessionJoined):
        return SessionRow(
            project_id=recorded.project_id,
            session_id=event.originator_id,
            user_id=event.user,
            client=event.client,
            active=True,
            reason=None,
            joined=recorded.position,
            version=1,
            position=recorded.position,
            created_at=at,
            created_by=by,
            updated_at=at,
            updated_by=by,
        )
    if row is None:
        raise ValueError(f"event {recorded.position} changes a session that has no row")
    row = replace(
        row, version=event.originator_version, position=recorded.position, updated_at=at, updated_by=by
    )
    return replace(row, active=False, reason=event.reason) if isinstance(event, SessionLeft) else row
