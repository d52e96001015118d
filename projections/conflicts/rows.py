"""A conflict's row, and how events change it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.block import BlockConflictResolved, BlockEditConflicted
from domain.events import Recorded

Key = tuple[UUID, UUID, int]


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """Both sides of one thing that two changed; see `BlockEditConflicted`.

    `opened_version` and `opened` are version and position of the event that keeps it, `choice` how it was
    settled (None: it is not), `version` and `position` those of the last event about it.
    """

    project_id: UUID
    block_id: UUID
    opened_version: int
    opened: int
    field: str
    item: str | None
    part: str | None
    base: Any
    theirs: Any
    mine: Any
    theirs_by: str
    mine_by: str
    winner: str
    choice: str | None
    version: int
    position: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    @property
    def key(self) -> Key:
        """What the row is found by."""
        return (self.project_id, self.block_id, self.opened_version)


def key_of(recorded: Recorded) -> Key | None:
    """Return the key of the conflict that an event is about, None if it is about none."""
    event = recorded.event
    match event:
        case BlockEditConflicted():
            return (recorded.project_id, event.originator_id, event.originator_version)
        case BlockConflictResolved():
            return (recorded.project_id, event.originator_id, event.conflict)
        case _:
            return None


def fold(row: ConflictRow | None, recorded: Recorded) -> ConflictRow:
    """Apply one event about a conflict."""
    event, at, by = recorded.event, recorded.recorded_at, recorded.actor
    if isinstance(event, BlockEditConflicted):
        return ConflictRow(
            project_id=recorded.project_id,
            block_id=event.originator_id,
            opened_version=event.originator_version,
            opened=recorded.position,
            field=event.field,
            item=event.item,
            part=event.part,
            base=event.base,
            theirs=event.theirs,
            mine=event.mine,
            theirs_by=event.theirs_by,
            mine_by=event.mine_by,
            winner=event.winner,
            choice=None,
            version=event.originator_version,
            position=recorded.position,
            created_at=at,
            created_by=by,
            updated_at=at,
            updated_by=by,
        )
    if row is None or not isinstance(event, BlockConflictResolved):
        raise ValueError(f"event {recorded.position} settles a conflict that was never kept")
    return replace(
        row,
        choice=event.choice,
        version=event.originator_version,
        position=recorded.position,
        updated_at=at,
        updated_by=by,
    )
