"""The block as a fold of its events."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.block.events import BlockAdded, BlockDeleted, BlockEdited, BlockEvent, BlockMoved, BlockUndeleted


@dataclass(frozen=True, slots=True)
class Block:
    """One block at one version. Immutable, so that concurrent commands can share a cached one."""

    id: UUID
    project_id: UUID
    version: int
    type: str
    parent_id: UUID | None
    rank: str
    content: Mapping[str, Any]
    deleted: bool = False

    @staticmethod
    def evolve(state: "Block | None", event: BlockEvent) -> "Block":
        """Apply one event. A stream begins with `BlockAdded`, and only there `state` is None."""
        if isinstance(event, BlockAdded):
            return Block(
                event.originator_id,
                UUID(event.project_id),
                1,
                event.type,
                UUID(event.parent_id) if event.parent_id else None,
                event.rank,
                event.content,
            )
        if state is None:
            raise ValueError(f"a block's stream cannot begin with {event.TOPIC}")
        parent_id, rank, content, deleted = state.parent_id, state.rank, state.content, state.deleted
        match event:
            case BlockEdited():
                content = {**content, **event.changes}
            case BlockMoved():
                parent_id = UUID(event.parent_id) if event.parent_id else None
                rank = event.rank
            case BlockDeleted():
                deleted = True
            case BlockUndeleted():
                deleted = False
            case _:
                pass
        # By position: this runs for every event of every replay.
        return Block(
            state.id,
            state.project_id,
            event.originator_version,
            state.type,
            parent_id,
            rank,
            content,
            deleted,
        )

    def edited(self, content: Mapping[str, Any]) -> list[BlockEvent]:
        """Return the events that give the block this (valid, complete) content."""
        changes = {field: value for field, value in content.items() if self.content.get(field) != value}
        if not changes:
            return []
        return [BlockEdited(originator_id=self.id, originator_version=self.version + 1, changes=changes)]

    def moved(self, parent_id: UUID | None, rank: str, *, rebalanced: bool = False) -> list[BlockEvent]:
        """Return the events that put the block there."""
        if parent_id == self.parent_id and rank == self.rank:
            return []
        parent = str(parent_id) if parent_id else None
        version = self.version + 1
        return [
            BlockMoved(
                originator_id=self.id,
                originator_version=version,
                parent_id=parent,
                rank=rank,
                rebalanced=rebalanced,
            )
        ]

    def delete(self) -> list[BlockEvent]:
        """Return the events that take the block away."""
        if self.deleted:
            return []
        return [BlockDeleted(originator_id=self.id, originator_version=self.version + 1)]

    def undelete(self) -> list[BlockEvent]:
        """Return the events that bring the block back."""
        if not self.deleted:
            return []
        return [BlockUndeleted(originator_id=self.id, originator_version=self.version + 1)]

    def document(self) -> dict[str, Any]:
        """Describe the block for a client that has to rebase its edit."""
        return {
            "id": str(self.id),
            "project_id": str(self.project_id),
            "parent_id": str(self.parent_id) if self.parent_id else None,
            "type": self.type,
            "rank": self.rank,
            "content": dict(self.content),
            "version": self.version,
            "deleted": self.deleted,
        }
