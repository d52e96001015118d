"""Three-way merge of a branch's blocks into its project, with a conflict for each thing that cannot be had."""

import asyncio
from collections.abc import Iterator
from uuid import UUID, uuid5

from commands.context import Context
from commands.handlers.merging import Sides, differing, merge_into
from commands.tracing import as_block
from domain.block import BlockAdded, BlockEditConflicted
from domain.block.changes import DELETED, PLACE, BlockChanges, Side
from domain.documents import BlockDocument, Deck
from domain.events import Event

Place = dict[str, str | None]


class BranchMerging:
    """Three decks in, events out: `base` and `mine` are of the branch, `theirs` is the project as it is.

    What the branch did to a block since the base is done to the project's block. Ids are of the project where
    they are called targets.
    """

    def __init__(self, context: Context, project_id: UUID, base: Deck, mine: Deck, theirs: Deck) -> None:
        self._context = context
        self._project_id = project_id
        self._base, self._mine, self._theirs = base, mine, theirs
        # A machine's change never beats a person's.
        self._winner: Side = "theirs" if context.caller.kind == "machine" else "mine"
        self._shown = {b.block_id for b in mine.shown()}
        self._branch_ids = {self._target_id(block_id): block_id for block_id in mine.blocks}
        self._changes: dict[UUID, BlockChanges] = {}
        self._added: dict[UUID, BlockAdded] = {}
        self.events: list[Event] = []
        self.conflicts: list[BlockEditConflicted] = []

    async def run(self) -> None:
        """Merge block by block: a slide before what is on it, and what was deleted last."""
        for block in self._in_order():
            # Merging long texts takes milliseconds: other tasks have their turns in between.
            await asyncio.sleep(0)
            self._merge(block, self._base.blocks.get(block.block_id))
        children = self._children()
        for block in self._mine.blocks.values():
            was = self._base.blocks.get(block.block_id)
            if block.deleted and was is not None and not was.deleted:
                self._delete(was, children)
        self.events += self._added.values()
        for target_id, changes in self._changes.items():
            if changes.events:
                self._context.work.adopt(as_block(self._theirs.blocks[target_id]))
            self.events += changes.events
            self.conflicts += changes.conflicts

    def _in_order(self) -> Iterator[BlockDocument]:
        """Walk the branch's blocks that are not deleted; first what is shown, then what is hidden with its slide."""
        yield from self._mine.shown()
        for block in self._mine.blocks.values():
            if not block.deleted and block.block_id not in self._shown:
                yield block

    def _target_id(self, block_id: UUID) -> UUID:
        """Return the project's block that a block of the branch is a copy of, or is to become."""
        origin = self._mine.blocks[block_id].origin_block_id
        # What was merged into the branch from a branch of its own has its origin there.
        return origin if origin in self._theirs.blocks else uuid5(self._project_id, str(block_id))

    def _target(self, target_id: UUID) -> BlockChanges | None:
        if target_id not in self._changes:
            document = self._theirs.blocks.get(target_id)
            if document is None:
                return None
            self._changes[target_id] = BlockChanges(as_block(document))
        return self._changes[target_id]

    def _now(self, target_id: UUID) -> tuple[UUID | None, bool]:
        """Return what a block of the project stands on, and whether it is deleted, after what was merged so far."""
        if (added := self._added.get(target_id)) is not None:
            return (UUID(added.parent_id) if added.parent_id else None), False
        changes = self._changes.get(target_id)
        block = changes.block if changes else self._theirs.blocks[target_id]
        return block.parent_id, block.deleted

    def _is_shown(self, target_id: UUID | None) -> bool:
        while target_id is not None:
            target_id, deleted = self._now(target_id)
            if deleted:
                return False
        return True

    def _conflict(
        self, target: BlockChanges, field: str, *, base: object, theirs: object, mine: object, winner: Side
    ) -> None:
        target.conflict(
            field,
            base=base,
            theirs=theirs,
            mine=mine,
            theirs_by=self._theirs.blocks[target.block.id].updated_by,
            mine_by=self._context.caller.user,
            winner=winner,
        )

    def _merge(self, block: BlockDocument, was: BlockDocument | None) -> None:
        target = self._target(self._target_id(block.block_id))
        visible = block.block_id in self._shown
        if target is None:
            # What was added and then hidden with its slide comes when it is shown again.
            if visible:
                self._add(block)
            return
        if was is None or was.deleted:
            self._revive(target, block)
            return
        self._move(target, was, block)
        edited = differing(was.content, block.content)
        if not edited:
            return
        if visible and not self._is_shown(target.block.id):
            draft = {f: block.content[f] for f in edited}
            base = {f: was.content.get(f) for f in edited}
            self._conflict(target, DELETED, base=base, theirs=None, mine=draft, winner="theirs")
            return
        self._merge_content(target, was.content, block.content, self._winner)

    def _merge_content(
        self, target: BlockChanges, base: dict[str, object], mine: dict[str, object], winner: Side
    ) -> None:
        by = self._theirs.blocks[target.block.id].updated_by
        sides = Sides(base, target.block.content, mine, lambda _: by, winner)
        merge_into(target, sides, self._context)

    def _add(self, block: BlockDocument) -> None:
        parent = self._target_id(block.parent_id) if block.parent_id else None
        self._bring_back(parent)
        target_id = self._target_id(block.block_id)
        self._added[target_id] = BlockAdded(
            originator_id=target_id,
            originator_version=1,
            project_id=str(self._project_id),
            parent_id=str(parent) if parent else None,
            type=block.type,
            rank=block.rank,
            content=block.content,
            origin_block_id=str(block.block_id),
        )

    def _revive(self, target: BlockChanges, block: BlockDocument) -> None:
        """Do what brought a block back in the branch: an undelete, or an addition whose merge was undone."""
        if not target.block.deleted:
            # Nobody knows what both began with.
            self._merge_content(target, {}, block.content, "theirs")
            return
        parent = self._target_id(block.parent_id) if block.parent_id else None
        if block.block_id in self._shown:
            self._bring_back(parent)
        target.undelete()
        target.edit(block.content)
        if parent is None or self._known(parent):
            target.move(parent, block.rank)

    def _bring_back(self, target_id: UUID | None) -> None:
        """Bring back what a block is to stand on, if the project has deleted it."""
        while target_id is not None:
            parent, deleted = self._now(target_id)
            if deleted and (target := self._target(target_id)) is not None:
                target.undelete()
                self._conflict(target, DELETED, base={}, theirs=None, mine={}, winner="mine")
            target_id = parent

    def _known(self, target_id: UUID) -> bool:
        return target_id in self._added or target_id in self._theirs.blocks

    def _move(self, target: BlockChanges, was: BlockDocument, block: BlockDocument) -> None:
        if (was.parent_id, was.rank) == (block.parent_id, block.rank) or target.block.deleted:
            return
        parent = self._target_id(block.parent_id) if block.parent_id else None
        before, mine = self._place(was), self._place(block)
        theirs = _place(target.block.parent_id, target.block.rank)
        if theirs == mine or not (parent is None or self._known(parent)):
            return
        if theirs == before or self._winner == "mine":
            if block.block_id in self._shown:
                self._bring_back(parent)
            target.move(parent, block.rank)
        if theirs != before:
            self._conflict(target, PLACE, base=before, theirs=theirs, mine=mine, winner=self._winner)

    def _place(self, block: BlockDocument) -> Place:
        return _place(self._target_id(block.parent_id) if block.parent_id else None, block.rank)

    def _children(self) -> dict[UUID | None, list[UUID]]:
        """Return what stands on what in the project, after what was merged so far; nothing deleted."""
        found: dict[UUID | None, list[UUID]] = {}
        for target_id in (*self._theirs.blocks, *self._added):
            parent, deleted = self._now(target_id)
            if not deleted:
                found.setdefault(parent, []).append(target_id)
        return found

    def _delete(self, was: BlockDocument, children: dict[UUID | None, list[UUID]]) -> None:
        """Delete what the branch has deleted.

        What the project has edited since, there or below, or put below, stays, and a conflict says so.
        """
        target = self._target(self._target_id(was.block_id))
        if target is None or target.block.deleted:
            return
        below, fringe = [], [target.block.id]
        while fringe:
            level = children.get(fringe.pop(), [])
            below += level
            fringe += level
        edited = differing(was.content, target.block.content)
        if not edited and all(self._untouched(target_id) for target_id in below):
            target.delete()
            return
        base = {f: was.content.get(f) for f in edited}
        theirs = {f: target.block.content[f] for f in edited}
        self._conflict(target, DELETED, base=base, theirs=theirs, mine=None, winner="theirs")

    def _untouched(self, target_id: UUID) -> bool:
        """Tell whether a block went with the slide in the branch, and the project has not edited it."""
        block_id = self._branch_ids.get(target_id)
        if block_id is None or block_id in self._shown:
            return False
        document, was = self._theirs.blocks.get(target_id), self._base.blocks.get(block_id)
        return document is not None and was is not None and document.content == was.content


def _place(parent_id: UUID | None, rank: str) -> Place:
    return {"parent_id": str(parent_id) if parent_id else None, "rank": rank}
