"""The block aggregate. A slide is a block; so are the things on it."""

from domain.block.aggregate import Block
from domain.block.events import BlockAdded, BlockDeleted, BlockEdited, BlockEvent, BlockMoved, BlockUndeleted

__all__ = ["Block", "BlockAdded", "BlockDeleted", "BlockEdited", "BlockEvent", "BlockMoved", "BlockUndeleted"]
