"""A block as readers see it, and how events change it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.block import BlockAdded, BlockDeleted, BlockEdited, BlockMoved, BlockUndeleted
from domain.events import Recorded


@dataclass(frozen=True, slots=True)
class BlockDocument:
    """One block.

    `version` and `position` are those of the last event in it, also of one that only keeps a conflict or a
    suggestion; `updated_at` and `updated_by` are of the last one that changed what is shown.
    `origin_block_id` is the block that this one is a copy of.
    """

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
    origin_block_id: UUID | None
    content: dict[str, Any]

    @property
    def order(self) -> tuple[str, UUID]:
        """What siblings are sorted by."""
        return (self.rank, self.block_id)


def fold_block(block: BlockDocument | None, recorded: Recorded) -> BlockDocument:
    """Apply one event of the block's stream."""
    event, at, by = recorded.event, recorded.recorded_at, recorded.actor
    if isinstance(event, BlockAdded):
        return BlockDocument(
            project_id=recorded.project_id,
            block_id=event.originator_id,
            parent_id=_id(event.parent_id),
            type=event.type,
            rank=event.rank,
            deleted=False,
            version=1,
            position=recorded.position,
            created_at=at,
            created_by=by,
            updated_at=at,
            updated_by=by,
            origin_block_id=_id(event.origin_block_id),
            content=event.content,
        )
    if block is None:
        raise ValueError(f"event {recorded.position} changes a block that was never added")
    parent_id, rank, deleted, content = block.parent_id, block.rank, block.deleted, block.content
    match event:
        case BlockEdited():
            content = {**content, **event.changes}
        case BlockMoved():
            parent_id, rank = _id(event.parent_id), event.rank
        case BlockDeleted():
            deleted = True
        case BlockUndeleted():
            deleted = False
        case _:
            at, by = block.updated_at, block.updated_by
    # By position: this runs for every event of every replay.
    return BlockDocument(
        block.project_id,
        block.block_id,
        parent_id,
        block.type,
        rank,
        deleted,
        event.originator_version,
        recorded.position,
        block.created_at,
        block.created_by,
        at,
        by,
        block.origin_block_id,
        content,
    )


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
