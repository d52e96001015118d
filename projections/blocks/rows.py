"""A block's row, and how events change it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.block import BlockAdded, BlockDeleted, BlockEdited, BlockMoved, BlockUndeleted
from domain.events import Recorded


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One block. `position` is that of the last event in it."""

    project_id: UUID
    block_id: UUID
    parent_id: UUID | None
    type: str
    rank: str
    deleted: bool
    version: int
    position: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    content: dict[str, Any]


def fold(row: BlockRow | None, recorded: Recorded) -> BlockRow:
    """Apply one event of the block's stream."""
    event, at, by = recorded.event, recorded.recorded_at, recorded.actor
    if isinstance(event, BlockAdded):
        return BlockRow(
            project_id=recorded.project_id,
            block_id=event.originator_id,
            parent_id=UUID(event.parent_id) if event.parent_id else None,
            type=event.type,
            rank=event.rank,
            deleted=False,
            version=1,
            position=recorded.position,
            created_at=at,
            created_by=by,
            updated_at=at,
            updated_by=by,
            content=event.content,
        )
    if row is None:
        raise ValueError(f"event {recorded.position} changes a block that has no row")
    row = replace(
        row, version=event.originator_version, position=recorded.position, updated_at=at, updated_by=by
    )
    match event:
        case BlockEdited():
            return replace(row, content={**row.content, **event.changes})
        case BlockMoved():
            return replace(row, parent_id=UUID(event.parent_id) if event.parent_id else None, rank=event.rank)
        case BlockDeleted():
            return replace(row, deleted=True)
        case BlockUndeleted():
            return replace(row, deleted=False)
        case _:
            return row
