"""What a deck shows, with the questions that a comparison asks of it."""

from uuid import UUID

from domain.documents import BlockDocument, Deck


class Tree:
    """The blocks that a deck shows, in the order of reading."""

    def __init__(self, deck: Deck) -> None:
        self.all = deck.blocks
        self.shown = {b.block_id: b for b in deck.shown()}
        self._children: dict[UUID | None, list[UUID]] = {}
        self._slide: dict[UUID, UUID] = {}
        for block in self.shown.values():
            self._children.setdefault(block.parent_id, []).append(block.block_id)
            # Parents come before what is on them.
            self._slide[block.block_id] = (
                block.block_id if block.parent_id is None else self._slide[block.parent_id]
            )
        self._numbers = {slide: i for i, slide in enumerate(self._children.get(None, []), 1)}

    def children(self, parent_id: UUID | None) -> list[UUID]:
        """Return the ids of what is shown right below a block (None: the slides), in order."""
        return self._children.get(parent_id, [])

    def parents(self) -> list[UUID | None]:
        """Return whatever has something below it, None for the deck itself."""
        return list(self._children)

    def slide(self, block_id: UUID) -> UUID:
        """Return the slide that a block is on; a slide is on itself."""
        return self._slide[block_id]

    def number(self, block_id: UUID) -> str:
        """Name the slide that a block is on, such as `slide 2`."""
        return f"slide {self._numbers[self._slide[block_id]]}"

    def below(self, block: BlockDocument) -> list[UUID]:
        """Return all that is shown below a block, at any depth."""
        found: list[UUID] = []
        for child in self.children(block.block_id):
            found += [child, *self.below(self.shown[child])]
        return found
