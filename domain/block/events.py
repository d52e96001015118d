"""What can have happened to a block."""

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.events import Event


@dataclass(frozen=True, kw_only=True)
class BlockEvent(Event):
    """An event of a block's own stream."""

    KIND: ClassVar[str] = "block"


@dataclass(frozen=True, kw_only=True)
class BlockAdded(BlockEvent):
    """A block came to be under `parent_id` (None: a slide) at `rank` among its siblings."""

    TOPIC: ClassVar[str] = "decklog.block.added"
    STRUCTURAL: ClassVar[bool] = True
    OPTIONAL: ClassVar[tuple[str, ...]] = ("origin_block_id",)

    project_id: str
    parent_id: str | None
    type: str
    rank: str
    content: dict[str, Any]
    # The block that this one is a copy of, in the project that this one was branched from or merged with.
    origin_block_id: str | None = None


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
    OPTIONAL: ClassVar[tuple[str, ...]] = ("rebalanced",)

    parent_id: str | None
    rank: str
    # It only got a shorter rank, to make room: its place among its siblings is the same.
    rebalanced: bool = False


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


@dataclass(frozen=True, kw_only=True)
class BlockEditConflicted(BlockEvent):
    """Two changes of one thing could not both be had: the event keeps both sides, whichever stands now.

    `field` names a field of the content, or is `place` or `deleted`; `item` and `part` say what of the field
    (None: all of it). `base`, `theirs` and `mine` are its values, None where it was not there. `mine` is the
    side of `mine_by`, whose command met the other. `winner` is the side that stands: `mine` or `theirs`.
    """

    TOPIC: ClassVar[str] = "decklog.block.edit-conflicted"

    field: str
    item: str | None
    part: str | None
    base: Any
    theirs: Any
    mine: Any
    theirs_by: str
    mine_by: str
    winner: str


@dataclass(frozen=True, kw_only=True)
class BlockConflictResolved(BlockEvent):
    """Somebody settled the conflict that event `conflict` (a version of this stream) had kept.

    `choice` is `mine`, `theirs` or `value`; what it changed stands in the block's other events.
    """

    TOPIC: ClassVar[str] = "decklog.block.conflict-resolved"

    conflict: int
    choice: str


@dataclass(frozen=True, kw_only=True)
class BlockEditSuggested(BlockEvent):
    """A machine would change these fields, as it saw the block at `base_version`; a person decides."""

    TOPIC: ClassVar[str] = "decklog.block.edit-suggested"

    changes: dict[str, Any]
    base_version: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class BlockSuggestionDecided(BlockEvent):
    """A person accepted or refused the suggestion of event `suggestion` (a version of this stream)."""

    TOPIC: ClassVar[str] = "decklog.block.suggestion-decided"

    suggestion: int
    accepted: bool
