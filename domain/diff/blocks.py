"""Compares the blocks of two decks."""

from collections.abc import Iterator
from uuid import UUID

from domain.diff import sentences
from domain.diff.changes import Change, FieldChange
from domain.diff.fields import EMPTY, changed_fields
from domain.diff.moves import moved
from domain.diff.tree import Tree
from domain.documents import BlockDocument, Deck


def compare_blocks(before: Deck, after: Deck) -> Iterator[Change]:
    """Tell what changed, in the order in which `after` is read."""
    yield from _Comparison(Tree(before), Tree(after)).changes()


class _Comparison:
    def __init__(self, before: Tree, after: Tree) -> None:
        self._before = before
        self._after = after
        self._gone = {i for i in before.shown if i not in after.shown}
        self._back = {i for i in after.shown if i not in before.shown and i in before.all}
        self._reordered: set[UUID] = set()
        for parent in after.parents():
            self._reordered |= self._moved_below(parent)
        self._lost = self._places_of_the_gone()

    def changes(self) -> Iterator[Change]:
        yield from self._lost_after(None)
        for slide in self._after.children(None):
            block = self._after.shown[slide]
            for block_id in (slide, *self._after.below(block)):
                yield from self._of(self._after.shown[block_id])
                yield from (c for c in self._lost_after(block_id) if c.type != "slide")
            yield from (c for c in self._lost_after(slide) if c.type == "slide")

    def _of(self, block: BlockDocument) -> Iterator[Change]:
        """Tell what happened to a block that is shown now."""
        old = self._before.all.get(block.block_id)
        slide = self._after.number(block.block_id)
        if old is None:
            yield self._added(block, slide)
            return
        if block.block_id in self._back:
            if not self._came_with_its_parent(old, block):
                came = [i for i in self._after.below(block) if i in self._back]
                text = sentences.together(sentences.named(block, slide), "was brought back", len(came))
                yield self._change("block-undeleted", text, block, [])
        elif old.parent_id != block.parent_id or block.block_id in self._reordered:
            yield self._moved(old, block, slide)
        fields = changed_fields(old.content, block.content)
        if fields:
            yield self._change("block-edited", sentences.edited(block, slide, fields), block, fields)

    def _added(self, block: BlockDocument, slide: str) -> Change:
        fields = [FieldChange(n, None, v) for n, v in block.content.items() if v not in EMPTY]
        text = sentences.sentence(sentences.named(block, slide), "was added")
        return self._change("block-added", text, block, fields, by=block.created_by)

    def _moved(self, old: BlockDocument, new: BlockDocument, slide: str) -> Change:
        was, now = _place(self._before, old), _place(self._after, new)
        if new.type == "slide":
            text = f"to place {now['index']}"
        elif self._before.slide(old.block_id) != self._after.slide(new.block_id):
            text = f"to {slide}"
        elif old.parent_id != new.parent_id:
            text = "into a group" if new.parent_id != self._after.slide(new.block_id) else "out of a group"
        else:
            text = "up" if self._rose(new) else "down"
        named = sentences.named(old, self._before.number(old.block_id))
        fields = [FieldChange("place", was, now)]
        return self._change("block-moved", sentences.sentence(named, "moved", text), new, fields)

    def _rose(self, block: BlockDocument) -> bool:
        """Tell whether fewer of the siblings that stayed stand before the block than did."""
        befores = []
        for tree, other in ((self._before, self._after), (self._after, self._before)):
            siblings = tree.children(block.parent_id)
            ahead = siblings[: siblings.index(block.block_id)]
            befores.append(
                sum(i in other.shown and other.shown[i].parent_id == block.parent_id for i in ahead)
            )
        return befores[1] < befores[0]

    def _came_with_its_parent(self, old: BlockDocument, new: BlockDocument) -> bool:
        return new.parent_id in self._back and old.parent_id == new.parent_id

    def _moved_below(self, parent: UUID | None) -> set[UUID]:
        """Return which of the siblings that both decks show there stand in another order."""
        before, after = self._before.children(parent), self._after.children(parent)
        both = set(before) & set(after)
        fixed = {i: self._before.shown[i].rank == self._after.shown[i].rank for i in both}
        return moved([i for i in before if i in both], [i for i in after if i in both], fixed)

    def _places_of_the_gone(self) -> dict[UUID | None, list[UUID]]:
        """Find for each block that is gone by itself the last one before it that is still on its slide."""
        places: dict[UUID | None, list[UUID]] = {}
        slide: UUID | None = None
        last: UUID | None = None
        for block_id, block in self._before.shown.items():
            still = block_id in self._after.shown
            if block.parent_id is None:
                slide, last = (block_id, block_id) if still else (slide, slide)
            elif still and self._after.slide(block_id) == slide:
                last = block_id
            if not still and block.parent_id not in self._gone:
                places.setdefault(last, []).append(block_id)
        return places

    def _lost_after(self, block_id: UUID | None) -> Iterator[Change]:
        for lost in self._lost.get(block_id, ()):
            block = self._before.shown[lost]
            went = [i for i in self._before.below(block) if i in self._gone]
            named = sentences.named(block, self._before.number(lost))
            text = sentences.together(named, "was deleted", len(went))
            fields = [FieldChange(n, v, None) for n, v in block.content.items() if v not in EMPTY]
            # It still is in the deck unless the decks are compared backwards.
            yield self._change("block-deleted", text, self._after.all.get(lost, block), fields)

    def _change(
        self, kind: str, summary: str, block: BlockDocument, fields: list[FieldChange], by: str | None = None
    ) -> Change:
        tree = self._after if block.block_id in self._after.shown else self._before
        at = block.updated_at if by is None else block.created_at
        slide = tree.slide(block.block_id)
        return Change(
            kind, summary, block.block_id, block.type, slide, tuple(fields), by or block.updated_by, at
        )


def _place(tree: Tree, block: BlockDocument) -> dict[str, str | int | None]:
    """Tell where a block stands: on what, and as which of its siblings, from 1."""
    index = tree.children(block.parent_id).index(block.block_id) + 1
    return {"parent_id": str(block.parent_id) if block.parent_id else None, "index": index}
