"""A suggestion's row, and how events change it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.block import BlockEditSuggested, BlockSuggestionDecided
from domain.events import Recorded

Key = tuple[UUID, UUID, int]

STATES = ("open", "accepted", "rejected")


@dataclass(frozen=True, slots=True)
class SuggestionRow:
    """What a machine would change in a block; see `BlockEditSuggested`.

    `opened_version` and `opened` are version and position of the event that keeps it, `state` is one of
    `STATES`, `version` and `position` are those of the last event about it.
    """

    project_id: UUID
    block_id: UUID
    opened_version: int
    opened: int
    changes: dict[str, Any]
    base_version: int
    reason: str
    state: str
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
    """Return the key of the suggestion that an event is about, None if it is about none."""
    event = recorded.event
    match event:
        case BlockEditSuggested():
            return (recorded.project_id, event.originator_id, event.originator_version)
        case BlockSuggestionDecided():
            return (recorded.project_id, event.originator_id, event.suggestion)
        case _:
            return None


def fold(row: SuggestionRow | None, recorded: Recorded) -> SuggestionRow:
    """Apply one event about a suggestion."""
    event, at, by = recorded.event, recorded.recorded_at, recorded.actor
    if isinstance(event, BlockEditSuggested):
        return SuggestionRow(
            project_id=recorded.project_id,
            block_id=event.originator_id,
            opened_version=event.originator_version,
            opened=recorded.position,
            changes=event.changes,
            base_version=event.base_version,
            reason=event.reason,
            state="open",
            version=event.originator_version,
            position=recorded.position,
            created_at=at,
            created_by=by,
            updated_at=at,
            updated_by=by,
        )
    if row is None or not isinstance(event, BlockSuggestionDecided):
        raise ValueError(f"event {recorded.position} decides a suggestion that was never made")
    return replace(
        row,
        state="accepted" if event.accepted else "rejected",
        version=event.originator_version,
        position=recorded.position,
        updated_at=at,
        updated_by=by,
    )
