"""What can have happened to a block."""

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.events import Event


@dataclass(frozen=True, kw_only=True)
class BlockEvent(Event):
    """An event of a block's own stream. Structural ones change a project's outline."""

    KIND: ClassVar[str] = "block"
    STRUCTURAL: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class BlockAdded(BlockEvent):
    """A block came to be under `parent_id` (None: a slide) at `rank` among its siblings."""

    TOPIC: ClassVar[str] = "decklog.block.added"
    STRUCTURAL: ClassVar[bool] = True

    project_id: str
    parent_id: str | None
    type: str
    rank: str
    content: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class BlockEdited(BlockEvent):
    """Fields of the content got new values; fields not named kept theirs."""

    TOPIC: ClassVar[str] = "decklog.block.edited"

    changes: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class BlockMoved(BlockEvent):
    """The block has another parent, another rank, or both."""

    TOPIC: ClassVar[str] = "decklog.block.moved"
    STRUCTURAL: ClassVar[bool] = True

    parent_id: str | None
    rank: str


@dataclass(frozen=True, kw_only=True)
class BlockDeleted(BlockEvent):
    """The block, and with it all below it, is no longer shown."""

    TOPIC: ClassVar[str] = "decklog.block.deleted"
    STRUCTURAL: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class BlockUndeleted(BlockEvent):
    """The block is shown again, where it was."""

    TOPIC: ClassVar[str] = "decklog.block.undeleted"
    STRUCTURAL: ClassVar[bool] = True
