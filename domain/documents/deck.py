"""A whole project at one position: its document and those of all its blocks."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from domain.block import BlockEvent
from domain.documents.block import BlockDocument, fold_block
from domain.documents.project import ProjectDocument, fold_project
from domain.documents.written import read_block, read_project, write_block, write_project
from domain.events import Recorded
from domain.project import ProjectEvent, ProjectRetention

# The version of the form that `dump` writes. It goes up whenever a deck written down before would be read
# wrongly, and also when the fold itself says something else of the same events.
SCHEMA = 1


class Deck:
    """A fold of one project's events, in their order. Mutable; the documents in it are not.

    `project` is None before the project's first event, `blocks` holds deleted ones too, and `position` is
    that of the last event folded (0: none).
    """

    __slots__ = ("blocks", "position", "project")

    def __init__(self) -> None:
        self.project: ProjectDocument | None = None
        self.blocks: dict[UUID, BlockDocument] = {}
        self.position = 0

    def apply(self, recorded: Recorded) -> None:
        """Fold one event of the project; those of other streams than itself and its blocks only move `position`."""
        event = recorded.event
        if isinstance(event, BlockEvent):
            block_id = event.originator_id
            self.blocks[block_id] = fold_block(self.blocks.get(block_id), recorded)
        elif isinstance(event, ProjectEvent) and not (
            # Before a detached project's last event there is nothing to fold it into.
            self.project is None and isinstance(event, ProjectRetention)
        ):
            self.project = fold_project(self.project, recorded)
        self.position = recorded.position

    def copy(self) -> "Deck":
        """Return a deck that can change without this one changing."""
        twin = Deck()
        twin.project, twin.blocks, twin.position = self.project, dict(self.blocks), self.position
        return twin

    def shown(self) -> list[BlockDocument]:
        """Return what is shown, in the order of reading: each slide, then what is on it, a group before its content.

        Siblings go by (rank, id). Nothing deleted, nor below something deleted, is in it.
        """
        below: dict[UUID | None, list[BlockDocument]] = {}
        for block in self.blocks.values():
            if not block.deleted:
                below.setdefault(block.parent_id, []).append(block)
        for siblings in below.values():
            siblings.sort(key=lambda b: b.order, reverse=True)
        found: list[BlockDocument] = []
        waiting = below.get(None, [])
        while waiting:
            block = waiting.pop()
            found.append(block)
            waiting += below.get(block.block_id, ())
        return found

    def dump(self) -> dict[str, Any]:
        """Write the deck down as JSON values, as keyframes keep it."""
        return {
            "schema": SCHEMA,
            "position": self.position,
            "project": write_project(self.project) if self.project else None,
            "blocks": [write_block(b) for b in self.blocks.values()],
        }

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> "Deck":
        """Make a deck again that was written down.

        Raises:
            ValueError: it was written in another form, or is broken.
        """
        if state.get("schema") != SCHEMA:
            raise ValueError(f"a deck of schema {state.get('schema')!r}, not {SCHEMA}")
        deck = cls()
        try:
            deck.position = int(state["position"])
            deck.project = read_project(state["project"]) if state["project"] is not None else None
            for written in state["blocks"]:
                block = read_block(written)
                deck.blocks[block.block_id] = block
        except (LookupError, TypeError, AttributeError) as broken:
            raise ValueError(f"a broken deck: {broken!r}") from broken
        return deck
