"""Branching a project, and merging a branch back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from commands.answers import Decision
from commands.context import Context
from commands.handlers.deciding import told
from commands.handlers.merging import Sides, differing, merge_into
from commands.handlers.restoring import as_block
from commands.messages import BranchProject, MergeBranch
from commands.ports import EventQuery
from commands.unit_of_work import StreamState
from domain.block import Block, BlockAdded, BlockEditConflicted
from domain.block.changes import DELETED, PLACE, BlockChanges
from domain.documents import BlockDocument, Deck
from domain.errors import Invalid, NotFound
from domain.events import Event
from domain.outline import Outline
from domain.project import BranchMerged, Project, ProjectBranched
from domain.roles import Role

TITLE_LENGTH = 200
SUFFIX = " (branch)"


async def branch(command: BranchProject, context: Context) -> Decision:
    """Copy what is shown at a position into a new project of the caller's."""
    deck = await context.work.deck(command.project_id, command.at_position)
    now = deck if command.at_position is None else await context.work.deck(command.project_id)
    if deck is None or deck.project is None:
        raise Invalid.at("at_position", "the project did not exist then")
    if command.at_position is not None and (now is None or command.at_position > now.position):
        known = now.position if now else 0
        raise Invalid.at("at_position", f"is ahead of the project's last event, {known}", limit=known)
    project_id = context.new_id("project")
    created = Project.create(
        project_id,
        title=command.title or deck.project.title[: TITLE_LENGTH - len(SUFFIX)] + SUFFIX,
        owner=context.caller.user,
        aspect=deck.project.aspect,
        theme_id=deck.project.theme_id,
    )
    # Last, so that its position is that of the whole copy: the base of a later merge.
    branched = ProjectBranched(
        originator_id=project_id,
        originator_version=2,
        origin_project_id=str(command.project_id),
        origin_position=deck.position,
    )
    blocks = list(_copies(deck, project_id))
    context.work.begin_project(project_id)
    context.record(project_id, [created, *blocks])
    streams = context.record(project_id, [branched])
    result = {"project_id": str(project_id), "origin_position": deck.position, "blocks": len(blocks)}
    return Decision(project_id, streams, result=result)


def _copies(deck: Deck, project_id: UUID) -> Iterator[BlockAdded]:
    for block in deck.shown():
        yield BlockAdded(
            originator_id=uuid5(project_id, str(block.block_id)),
            originator_version=1,
            project_id=str(project_id),
            parent_id=str(uuid5(project_id, str(block.parent_id))) if block.parent_id else None,
            type=block.type,
            rank=block.rank,
            content=block.content,
            origin_block_id=str(block.block_id),
        )


async def merge(command: MergeBranch, context: Context) -> Decision:
    """Merge what a branch has changed since it was taken, or last merged, into the project."""
    work = context.work
    project = await work.project(command.project_id)
    try:
        branched = await work.project(command.branch_id)
        branched.authorize(context.caller.user, Role.VIEWER)
    except NotFound:
        raise Invalid.at("branch_id", "is no branch of this project that you can see") from None
    if branched.origin_id != project.id:
        raise Invalid.at("branch_id", "is no branch of this project that you can see")
    outline = await work.outline(project.id)
    base = await work.deck(branched.id, await _base_position(project, branched, context))
    mine, theirs = await work.deck(branched.id), await work.deck(project.id)
    if base is None or mine is None or theirs is None or base.project is None or mine.project is None:
        raise RuntimeError("a project that has events cannot be read")
    merging = _Merging(context, project.id, outline, base, mine, theirs)
    merging.run()
    outline.require_limits(merging.events)
    streams = {s.id: s for s in context.record(project.id, merging.events)}
    if mine.project.title != base.project.title and project.title == base.project.title:
        context.record(project.id, project.rename(mine.project.title))
    project = await work.project(project.id)
    if mine.project.theme_id != base.project.theme_id and project.theme_id == base.project.theme_id:
        context.record(project.id, project.apply_theme(mine.project.theme_id))
    project = await work.project(project.id)
    if mine.position == base.position:
        return Decision(project.id, [StreamState(project.id, "project", project.version)], "unchanged")
    marker = BranchMerged(
        originator_id=project.id,
        originator_version=project.version + 1,
        branch_project_id=str(branched.id),
        branch_position=mine.position,
    )
    last = context.record(project.id, [marker])
    result = {"branch_position": mine.position, "blocks": len(streams), "conflicts": len(merging.conflicts)}
    return Decision(project.id, last, "merged", told(merging.conflicts), result)


async def _base_position(project: Project, branched: Project, context: Context) -> int:
    """Return the position of the branch up to which the project has it already."""
    merges = EventQuery(stream_id=project.id, topics=[BranchMerged.TOPIC], descending=True)
    for recorded in await context.work.read(merges):
        event = recorded.event
        if isinstance(event, BranchMerged) and event.branch_project_id == str(branched.id):
            return event.branch_position
    begun = await context.work.read(EventQuery(stream_id=branched.id, topics=[ProjectBranched.TOPIC]), 1)
    return begun[0].position


@dataclass(slots=True)
class _Merging:
    """Three decks in, events out: `base` and `mine` are of the branch, `theirs` is the project as it is."""

    context: Context
    project_id: UUID
    outline: Outline
    base: Deck
    mine: Deck
    theirs: Deck
    events: list[Event] = field(default_factory=list)
    conflicts: list[BlockEditConflicted] = field(default_factory=list)
    _changes: dict[UUID, BlockChanges] = field(default_factory=dict)

    def run(self) -> None:
        """Merge block by block, in the order of reading: a slide before what is on it."""
        shown = self.mine.shown()
        for block in shown:
            was = self.base.blocks.get(block.block_id)
            if was is None or was.deleted:
                self._added(block)
            else:
                self._changed(was, block)
        kept = {block.block_id for block in shown}
        gone = [was for was in self.base.shown() if was.block_id not in kept]
        with_it: set[UUID] = set()
        for was in gone:
            if was.parent_id in with_it or self._deleted(was, gone):
                with_it.add(was.block_id)
        for changes in self._changes.values():
            self.events += changes.events
            self.conflicts += changes.conflicts

    def _target_id(self, block_id: UUID | None) -> UUID | None:
        """Return the project's block that a block of the branch is a copy of, or is to become."""
        if block_id is None:
            return None
        block = self.mine.blocks.get(block_id) or self.base.blocks[block_id]
        return block.origin_block_id or uuid5(self.project_id, str(block_id))

    def _target(self, block: BlockDocument) -> BlockChanges | None:
        target_id = self._target_id(block.block_id)
        if target_id is None:
            return None
        if target_id not in self._changes:
            document = self.theirs.blocks.get(target_id)
            if document is None:
                return None
            before = as_block(document)
            self.context.work.adopt(before)
            self._changes[target_id] = BlockChanges(before)
        return self._changes[target_id]

    def _by(self, target: Block) -> str:
        return self.theirs.blocks[target.id].updated_by

    def _added(self, block: BlockDocument) -> None:
        target = self._target(block)
        if target is not None:
            # It came back in the branch, or a merge brought it before.
            target.undelete()
            target.edit(block.content)
            return
        self._keep_parent(block)
        parent = self._target_id(block.parent_id)
        target_id = self._target_id(block.block_id)
        if target_id is None:
            return
        self.events.append(
            BlockAdded(
                originator_id=target_id,
                originator_version=1,
                project_id=str(self.project_id),
                parent_id=str(parent) if parent else None,
                type=block.type,
                rank=block.rank,
                content=block.content,
                origin_block_id=str(block.block_id),
            )
        )

    def _keep_parent(self, block: BlockDocument) -> None:
        """Bring back what a new block stands on, if the project has deleted it."""
        parent = self.mine.blocks.get(block.parent_id) if block.parent_id else None
        target = self._target(parent) if parent else None
        if target is None or not target.block.deleted:
            return
        target.undelete()
        target.conflict(
            DELETED,
            base={},
            theirs=None,
            mine={},
            theirs_by=self._by(target.block),
            mine_by=self.context.caller.user,
            winner="mine",
        )

    def _changed(self, was: BlockDocument, block: BlockDocument) -> None:
        target = self._target(block)
        if target is None:
            return
        edited = differing(was.content, block.content)
        if edited and target.block.deleted:
            self._conflict_deleted(target, was, block, edited)
        elif edited:
            by = self._by(target.block)
            merge_into(
                target, Sides(was.content, target.block.content, block.content, lambda _: by), self.context
            )
        if (was.parent_id, was.rank) != (block.parent_id, block.rank) and not target.block.deleted:
            self._moved(target, was, block)

    def _conflict_deleted(
        self, target: BlockChanges, was: BlockDocument, block: BlockDocument, edited: list[str]
    ) -> None:
        target.conflict(
            DELETED,
            base={f: was.content.get(f) for f in edited},
            theirs=None,
            mine={f: block.content[f] for f in edited},
            theirs_by=self._by(target.block),
            mine_by=self.context.caller.user,
            winner="theirs",
        )

    def _moved(self, target: BlockChanges, was: BlockDocument, block: BlockDocument) -> None:
        before = self._place(was)
        theirs = _place(target.block.parent_id, target.block.rank)
        mine = self._place(block)
        if theirs == mine:
            return
        if block.parent_id is not None and block.parent_id not in self.mine.blocks:
            return
        self._keep_parent(block)
        parent = self._target_id(block.parent_id)
        target.move(parent, block.rank)
        if theirs != before:
            target.conflict(
                PLACE,
                base=before,
                theirs=theirs,
                mine=mine,
                theirs_by=self._by(target.block),
                mine_by=self.context.caller.user,
                winner="mine",
            )

    def _place(self, block: BlockDocument) -> dict[str, str | None]:
        return _place(self._target_id(block.parent_id), block.rank)

    def _deleted(self, was: BlockDocument, gone: Sequence[BlockDocument]) -> bool:
        """Delete what the branch has deleted, and tell whether that could be done.

        What the project has edited since, there or below, or put below, stays, and a conflict says so.
        """
        target = self._target(was)
        if target is None or target.block.deleted:
            return True
        same = {
            self._target_id(w.block_id)
            for w in gone
            if (there := self._target(w)) is not None and there.block.content == w.content
        }
        edited = differing(was.content, target.block.content)
        below = [n.id for n in self.outline.below(target.block.id) if self.outline.shown(n)]
        if not edited and same.issuperset(below):
            target.delete()
            return True
        target.conflict(
            DELETED,
            base={f: was.content.get(f) for f in edited},
            theirs={f: target.block.content[f] for f in edited},
            mine=None,
            theirs_by=self._by(target.block),
            mine_by=self.context.caller.user,
            winner="theirs",
        )
        return False


def _place(parent_id: UUID | None, rank: str) -> dict[str, str | None]:
    return {"parent_id": str(parent_id) if parent_id else None, "rank": rank}
