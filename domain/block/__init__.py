"""The block aggregate. A slide is a block; so are the things on it."""

from domain.block.aggregate import Block
from domain.block.events import (
    BlockAdded,
    BlockConflictResolved,
    BlockDeleted,
    BlockEditConflicted,
    BlockEdited,
    BlockEditSuggested,
    BlockEvent,
    BlockMoved,
    BlockSuggestionDecided,
    BlockUndeleted,
)

__all__ = [
    "Block",
    "BlockAdded",
    "BlockConflictResolved",
    "BlockDeleted",
    "BlockEditConflicted",
    "BlockEditSuggested",
    "BlockEdited",
    "BlockEvent",
    "BlockMoved",
    "BlockSuggestionDecided",
    "BlockUndeleted",
]
