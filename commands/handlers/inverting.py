"""Reversing events of a project; what others have changed since stays, and is kept by conflicts.

Blocks that were deleted come back first, then contents and places, and what was added goes last: so nothing
is put back onto what is not there, and nothing goes that still holds something.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from commands.context import Context
from commands.handlers.deciding import recorded
from commands.handlers.merging import Sides, differing, merge_into
from commands.handlers.moments import deck_now, require_room
from commands.handlers.since import Since
from commands.ports import EventQuery
from commands.steps import UNDOABLE
from commands.tracing import Run, traced
from commands.unit_of_work import StreamState
from domain.block import BlockDeleted, BlockEditConflicted, BlockEdited, BlockMoved, BlockUndeleted
from domain.block.changes import DELETED, PLACE, BlockChanges, place_of
from domain.documents import Deck
from domain.events import Event, Recorded
from domain.outline import Node, Outline
from domain.project import ProjectEvent


@dataclass(slots=True)
class _Target:
    """A block, what the events to be reversed did to it, and what is done to it now."""

    changes: BlockChanges
    runs: Sequence[Run]
    recorded: int = 0

    @property
    def begins(self) -> bool:
        """Whether the block came to be with these events."""
        return self.runs[0].before is None

    @property
    def goes_whole(self) -> bool:
        """Whether the block came to be with these events, and nobody has edited it since."""
        return self.begins and not any(c.kind is BlockEdited for c in self.runs[0].since)

    @property
    def was_deleted(self) -> bool:
        before = self.runs[0].before
        return before is None or before.deleted

    @property
    def became_deleted(self) -> bool:
        return self.runs[-1].after.deleted


@dataclass(slots=True)
class Inversion:
    """Events in, their reverse recorded: `streams` are those written to, with their last versions."""

    context: Context
    project_id: UUID
    streams: dict[UUID, StreamState] = field(default_factory=dict)
    conflicts: list[BlockEditConflicted] = field(default_factory=list)
    _targets: list[_Target] = field(default_factory=list)
    _children: dict[UUID | None, list[Node]] = field(default_factory=dict)
    # What was taken away, and what was kept for whose sake.
    _gone: set[UUID] = field(default_factory=set)
    _kept: dict[UUID, str] = field(default_factory=dict)
    _outline: Outline = field(default_factory=Outline)
    _begun: int = 0
    _until: int = 0
    _decks: tuple[Deck, Deck] | None = None

    async def run(self, events: Sequence[Recorded]) -> None:
        """Reverse the events of one step, or of all steps of a job."""
        work = self.context.work
        self._begun, self._until = events[0].position, events[-1].position
        self._outline = await work.outline(self.project_id)
        undoable = [r for r in events if isinstance(r.event, UNDOABLE)]
        for block_id, runs in (await traced(work, self.project_id, undoable)).items():
            block = await work.block(self.project_id, block_id)
            self._targets.append(_Target(BlockChanges(block), runs))
        # The last first: what was put on a slide is taken away before the slide.
        self._targets.reverse()
        for target in self._targets:
            if target.became_deleted and not target.was_deleted:
                target.changes.undelete()
        await self._record()
        for target in self._targets:
            # Merging long texts takes milliseconds: other tasks have their turns in between.
            await asyncio.sleep(0)
            await self._restore(target)
        await self._record()
        self._children = self._outline.by_parent()
        for target in self._targets:
            if target.was_deleted and not target.became_deleted and not target.changes.block.deleted:
                await self._remove(target)
        await self._record()
        if any(isinstance(e, BlockMoved | BlockUndeleted) for t in self._targets for e in t.changes.events):
            require_room(self._outline, "project_id")
        await self._project([r for r in undoable if isinstance(r.event, ProjectEvent)])
        self.conflicts += [c for t in self._targets for c in t.changes.conflicts]

    async def _record(self) -> None:
        """Record what is new, so that the outline is of now."""
        found: list[Event] = []
        for target in self._targets:
            found += target.changes.events[target.recorded :]
            target.recorded = len(target.changes.events)
        await self._take(found)

    async def _take(self, events: Sequence[Event]) -> None:
        self.streams |= await recorded(self.project_id, events, self.context)

    def _since(self, run: Run) -> Since:
        return Since(run.since, (), self.context.caller.user)

    async def _restore(self, target: _Target) -> None:
        """Put content and place back, run by run."""
        changes = target.changes
        if target.goes_whole:
            return
        for run in reversed(target.runs):
            if run.before is None:
                continue
            if run.after.content != run.before.content:
                editor = self._since(run).editor
                sides = Sides(run.after.content, changes.block.content, run.before.content, editor, "theirs")
                merge_into(changes, sides, self.context)
            if run.moved:
                await self._move_back(changes, run)

    async def _move_back(self, changes: BlockChanges, run: Run) -> None:
        if run.before is None:
            return
        work_place, back = place_of(changes.block), place_of(run.before)
        parent = run.before.parent_id
        stands = parent is None or await self._stands(parent, changes.block.id, run)
        move = None if work_place == place_of(run.after) else self._since(run).move()
        if stands and move is None:
            # Had all siblings got new ranks since, the old one would only be near the old place.
            changes.move(parent, run.before.rank)
        elif work_place != back:
            changes.conflict(
                PLACE,
                base=place_of(run.after),
                theirs=work_place,
                mine=back,
                theirs_by=move.actor if move else self.context.caller.user,
                mine_by=self.context.caller.user,
                winner="theirs",
            )

    async def _stands(self, parent: UUID, block_id: UUID, run: Run) -> bool:
        """Tell whether a block can go back onto what it stood on: it was not deleted after the events.

        Onto what was deleted before them it goes, out of sight, unless others have changed it in sight.
        """
        hidden = False
        above: UUID | None = parent
        while above is not None:
            node = self._outline.node(above)
            if node.deleted:
                query = EventQuery(stream_id=above, topics=[BlockDeleted.TOPIC], descending=True)
                last = await self.context.work.read(query, 1)
                if not last or last[0].position > self._begun:
                    return False
                hidden = True
            above = node.parent_id
        if not hidden:
            return True
        if any(change.actor != self.context.caller.user for change in run.since):
            return False
        self._children = self._outline.by_parent()
        below = self._below(block_id)
        return not below or await self._changed(below) is None

    async def _remove(self, target: _Target) -> None:
        """Take a block away, unless others have put something into it, or below it, since."""
        changes, block, since = target.changes, target.changes.block, self._since(target.runs[0])
        as_made = target.runs[0].before or target.runs[0].after
        edited = [] if target.goes_whole else differing(as_made.content, block.content)
        below = None if edited else await self._filled(target)
        if not edited and below is None:
            changes.delete()
            self._gone.add(block.id)
            return
        self._kept[block.id] = keeper = below or since.last_editor(edited)
        changes.conflict(
            DELETED,
            base={f: as_made.content[f] for f in edited},
            theirs={f: block.content[f] for f in edited},
            mine=None,
            theirs_by=keeper,
            mine_by=self.context.caller.user,
            winner="theirs",
        )

    async def _filled(self, target: _Target) -> str | None:
        """Tell who has put something below a block that was not there with it; None if nobody has."""
        children = [n for n in self._below(target.changes.block.id) if n.id not in self._gone]
        if not children:
            return None
        if target.begins:
            if (keeper := self._kept.get(children[0].id)) is not None:
                return keeper
            last = EventQuery(stream_id=children[0].id, descending=True)
            return (await self.context.work.read(last, 1))[0].actor
        return await self._changed(children)

    async def _changed(self, blocks: Sequence[Node]) -> str | None:
        """Tell who has changed, after the events, one of the blocks that stand below something."""
        then, now = await self._then_and_now()
        for child in blocks:
            was, document = then.blocks.get(child.id), now.blocks[child.id]
            if was is None or (was.content, was.parent_id, was.deleted) != (
                document.content,
                document.parent_id,
                document.deleted,
            ):
                return document.updated_by
        return None

    def _below(self, block_id: UUID) -> list[Node]:
        found: list[Node] = []
        fringe = [block_id]
        while fringe:
            nodes = [n for n in self._children.get(fringe.pop(), ()) if not n.deleted]
            found += nodes
            fringe += [n.id for n in nodes]
        return found

    async def _then_and_now(self) -> tuple[Deck, Deck]:
        """Return the project right after what is reversed, and as it is."""
        if self._decks is None:
            then = await self.context.work.deck(self.project_id, self._until)
            now = await deck_now(self.project_id, self.context)
            self._decks = (then or now, now)
        return self._decks

    async def _project(self, events: Sequence[Recorded]) -> None:
        work = self.context.work
        for r in reversed(events):
            version = r.event.originator_version
            before = await work.project_at(self.project_id, version - 1)
            after = await work.project_at(self.project_id, version)
            # A later title or theme, whoever chose it, stays.
            now = await work.project(self.project_id)
            if now.title == after.title:
                await self._take(now.rename(before.title))
            now = await work.project(self.project_id)
            if now.theme_id == after.theme_id:
                await self._take(now.apply_theme(before.theme_id))
