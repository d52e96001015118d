"""Taking steps back and making them stand again, as new events, through the same merge as any edit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commands.answers import Decision
from commands.context import Context
from commands.handlers.deciding import told
from commands.handlers.merging import Sides, differing, merge_into
from commands.messages import Redo, Undo
from commands.steps import UNDOABLE, Step, last_done, last_undone, step_at, steps_of_job
from commands.unit_of_work import StreamState
from domain.block import Block, BlockEditConflicted, BlockEdited, BlockEvent, BlockMoved
from domain.block.changes import DELETED, PLACE, BlockChanges, place_of
from domain.errors import Invalid, NotFound
from domain.events import Event, Recorded
from domain.project import Project, ProjectEvent, StepRedone, StepUndone


async def undo(command: Undo, context: Context) -> Decision:
    """Take a step back."""
    if command.position is not None and command.job_id is not None:
        raise Invalid.at("job_id", "name a `position` or a `job_id`, not both")
    project = await context.work.project(command.project_id)
    step = await _step_to_undo(command, context)
    if step is None:
        return _nothing(project)
    inversion = _Inversion(context, project.id)
    await inversion.run(step.events)
    if command.position is not None and not inversion.streams:
        return _nothing(project)
    return await inversion.decision(StepUndone, step.id, step)


async def redo(command: Redo, context: Context) -> Decision:
    """Reverse the caller's last undo."""
    project = await context.work.project(command.project_id)
    found = await last_undone(context.work, project.id, context.caller.user)
    if found is None:
        return _nothing(project)
    step, target = found
    inversion = _Inversion(context, project.id)
    await inversion.run(step.events)
    return await inversion.decision(StepRedone, target, step)


async def _step_to_undo(command: Undo, context: Context) -> Step | None:
    if command.job_id is not None:
        events = await steps_of_job(context.work, command.project_id, command.job_id)
        if not events:
            raise NotFound("no such job, or it has changed nothing")
        return Step(str(command.job_id), events)
    if command.position is None:
        return await last_done(context.work, command.project_id, context.caller.user)
    step = await step_at(context.work, command.project_id, command.position)
    if step is None:
        raise Invalid.at("position", "the project has no event there")
    if not step.undoable:
        raise Invalid.at("position", "what happened there cannot be undone")
    return step


def _nothing(project: Project) -> Decision:
    return Decision(project.id, [StreamState(project.id, "project", project.version)], "unchanged")


@dataclass(slots=True)
class _Inversion:
    """Reverses events of a project; what others have changed since stays, and is kept by conflicts."""

    context: Context
    project_id: UUID
    streams: dict[UUID, StreamState] = field(default_factory=dict)
    conflicts: list[BlockEditConflicted] = field(default_factory=list)

    async def run(self, events: Sequence[Recorded]) -> None:
        """Reverse the events, the last first."""
        # What is put on a slide is taken away before the slide: so the latest streams go first.
        await self.context.work.outline(self.project_id)
        by_stream: dict[UUID, list[Recorded]] = {}
        for recorded in events:
            by_stream.setdefault(recorded.event.originator_id, []).append(recorded)
        for stream, recorded_here in reversed(by_stream.items()):
            kinds = [r for r in recorded_here if isinstance(r.event, UNDOABLE)]
            if not kinds:
                continue
            if isinstance(kinds[0].event, ProjectEvent):
                await self._project(kinds)
            elif isinstance(kinds[0].event, BlockEvent):
                await self._block(stream, recorded_here)

    async def decision(self, marker: Any, step: str, of: Step) -> Decision:
        """Say in the log what was reversed, and answer."""
        project = await self.context.work.project(self.project_id)
        self._record(
            [
                marker(
                    originator_id=project.id,
                    originator_version=project.version + 1,
                    step=step,
                    position=of.position,
                    author=of.author,
                )
            ]
        )
        result = {"step": step, "position": of.position, "author": of.author}
        outcome = "merged" if self.conflicts else "applied"
        return Decision(project.id, list(self.streams.values()), outcome, told(self.conflicts), result)

    def _record(self, events: Sequence[Event]) -> None:
        for state in self.context.record(self.project_id, events):
            self.streams[state.id] = state

    async def _project(self, recorded: Sequence[Recorded]) -> None:
        work = self.context.work
        for r in reversed(recorded):
            now = await work.project(self.project_id)
            version = r.event.originator_version
            before = await work.project_at(self.project_id, version - 1)
            after = await work.project_at(self.project_id, version)
            # A later title or theme, whoever chose it, stays.
            if now.title == after.title:
                self._record(now.rename(before.title))
            now = await work.project(self.project_id)
            if now.theme_id == after.theme_id:
                self._record(now.apply_theme(before.theme_id))

    async def _block(self, block_id: UUID, recorded: Sequence[Recorded]) -> None:
        block = await self.context.work.block(self.project_id, block_id)
        changes = BlockChanges(block)
        for run in reversed(_runs(recorded)):
            await self._run(changes, run)
        outline = await self.context.work.outline(self.project_id)
        if block.deleted and not changes.block.deleted:
            outline.require_limits(changes.events)
        self._record(changes.events)
        self.conflicts += changes.conflicts

    async def _run(self, changes: BlockChanges, run: Sequence[Recorded]) -> None:
        """Reverse events that follow each other in a block's stream."""
        work, stored = self.context.work, self.context.work.stored(changes.block)
        first, last = run[0].event.originator_version, run[-1].event.originator_version
        after = await work.block_at(stored, last)
        since = await work.history(stored.id, last) if stored.version > last else ()
        if first == 1:
            await self._remove(changes, after, since)
            return
        before = await work.block_at(stored, first - 1)
        if after.content != before.content:
            sides = Sides(
                after.content, changes.block.content, before.content, _editors(since, self.context), "theirs"
            )
            merge_into(changes, sides, self.context)
        if after.deleted != before.deleted and changes.block.deleted == after.deleted:
            if before.deleted:
                changes.delete()
            else:
                changes.undelete()
        if any(isinstance(r.event, BlockMoved) and not r.event.rebalanced for r in run):
            await self._move_back(changes, before, after, since)

    async def _remove(self, changes: BlockChanges, after: Block, since: Sequence[Recorded]) -> None:
        """Take an added block away, unless somebody has put something into it since."""
        block = changes.block
        if block.deleted:
            return
        outline = await self.context.work.outline(self.project_id)
        edited = differing(after.content, block.content)
        filled = any(not child.deleted for child in outline.children(block.id))
        if not edited and not filled:
            changes.delete()
            return
        changes.conflict(
            DELETED,
            base={f: after.content[f] for f in edited},
            theirs={f: block.content[f] for f in edited},
            mine=None,
            theirs_by=_editors(since, self.context)(edited[-1] if edited else ""),
            mine_by=self.context.caller.user,
            winner="theirs",
        )

    async def _move_back(
        self, changes: BlockChanges, before: Block, after: Block, since: Sequence[Recorded]
    ) -> None:
        outline = await self.context.work.outline(self.project_id)
        block = changes.block
        moved = [r for r in since if isinstance(r.event, BlockMoved) and not r.event.rebalanced]
        parent = before.parent_id
        stands = parent is None or outline.shown(outline.node(parent))
        if stands and not moved:
            # Had all siblings got new ranks since, the old one would only be near the old place.
            changes.move(parent, before.rank)
        elif place_of(block) != place_of(before):
            changes.conflict(
                PLACE,
                base=place_of(after),
                theirs=place_of(block),
                mine=place_of(before),
                theirs_by=moved[-1].actor if moved else self.context.caller.user,
                mine_by=self.context.caller.user,
                winner="theirs",
            )


def _runs(recorded: Sequence[Recorded]) -> list[list[Recorded]]:
    """Split events of one stream where something else came in between."""
    runs: list[list[Recorded]] = []
    for r in recorded:
        if runs and runs[-1][-1].event.originator_version + 1 == r.event.originator_version:
            runs[-1].append(r)
        else:
            runs.append([r])
    return runs


def _editors(since: Sequence[Recorded], context: Context) -> Any:
    by = {f: r.actor for r in since if isinstance(r.event, BlockEdited) for f in r.event.changes}
    return lambda name: by.get(name, since[-1].actor if since else context.caller.user)
