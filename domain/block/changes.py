"""A block on its way from one version to the next ones, and the events that take it there."""

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

from domain.block.aggregate import Block
from domain.block.events import (
    BlockConflictResolved,
    BlockEditConflicted,
    BlockEditSuggested,
    BlockEvent,
    BlockSuggestionDecided,
)

Side = Literal["mine", "theirs"]

# What a conflict can be about besides a field of the content.
DELETED: Final = "deleted"
PLACE: Final = "place"


def place_of(block: Block) -> dict[str, Any]:
    """Describe where a block stands, as conflicts about it do."""
    return {"parent_id": str(block.parent_id) if block.parent_id else None, "rank": block.rank}


class BlockChanges:
    """Collects the events of one command on one block; `block` is the block after them."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.events: list[BlockEvent] = []
        self.conflicts: list[BlockEditConflicted] = []

    def edit(self, content: Mapping[str, Any]) -> None:
        """Give the block this (valid, complete) content."""
        self._take(self.block.edited(content))

    def move(self, parent_id: UUID | None, rank: str) -> None:
        """Put the block there."""
        self._take(self.block.moved(parent_id, rank))

    def delete(self) -> None:
        """Take the block away."""
        self._take(self.block.delete())

    def undelete(self) -> None:
        """Bring the block back."""
        self._take(self.block.undelete())

    def conflict(
        self,
        field: str,
        item: str | None = None,
        part: str | None = None,
        *,
        base: Any,
        theirs: Any,
        mine: Any,
        theirs_by: str,
        mine_by: str,
        winner: Side,
    ) -> None:
        """Keep both sides of what cannot both be had."""
        event = BlockEditConflicted(
            originator_id=self.block.id,
            originator_version=self.block.version + 1,
            field=field,
            item=item,
            part=part,
            base=base,
            theirs=theirs,
            mine=mine,
            theirs_by=theirs_by,
            mine_by=mine_by,
            winner=winner,
        )
        self._take([event])
        self.conflicts.append(event)

    def resolve(self, conflict: int, choice: str) -> None:
        """Settle the conflict that event `conflict` kept."""
        version = self.block.version + 1
        self._take(
            [
                BlockConflictResolved(
                    originator_id=self.block.id, originator_version=version, conflict=conflict, choice=choice
                )
            ]
        )

    def suggest(self, changes: Mapping[str, Any], base_version: int, reason: str) -> None:
        """Keep what a machine would change."""
        version = self.block.version + 1
        self._take(
            [
                BlockEditSuggested(
                    originator_id=self.block.id,
                    originator_version=version,
                    changes=dict(changes),
                    base_version=base_version,
                    reason=reason,
                )
            ]
        )

    def decide(self, suggestion: int, *, accepted: bool) -> None:
        """Accept or refuse the suggestion that event `suggestion` kept."""
        version = self.block.version + 1
        self._take(
            [
                BlockSuggestionDecided(
                    originator_id=self.block.id,
                    originator_version=version,
                    suggestion=suggestion,
                    accepted=accepted,
                )
            ]
        )

    def _take(self, events: list[BlockEvent]) -> None:
        for event in events:
            self.block = Block.evolve(self.block, event)
        self.events += events
