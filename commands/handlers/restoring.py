"""Bringing a project back to what it was at a position."""

from collections.abc import Iterator

from commands.answers import Decision
from commands.context import Context
from commands.messages import RestoreProject
from commands.unit_of_work import StreamState
from domain.block import Block
from domain.block.changes import BlockChanges
from domain.documents import BlockDocument, Deck
from domain.errors import Invalid
from domain.events import Event
from domain.project import ProjectRestored


async def restore(command: RestoreProject, context: Context) -> Decision:
    """Append what leads from the project as it is to what was shown at the position."""
    work = context.work
    project = await work.project(command.project_id)
    # The outline first: what it guards is then no older than what is restored.
    outline = await work.outline(project.id)
    then, now = await work.deck(project.id, command.to_position), await work.deck(project.id)
    if then is None or then.project is None:
        raise Invalid.at("to_position", "the project did not exist then")
    if now is None or command.to_position > now.position:
        known = now.position if now else 0
        raise Invalid.at("to_position", f"is ahead of the project's last event, {known}", limit=known)
    events: list[Event] = []
    for before, changes in _changed(then, now):
        if changes.events:
            work.adopt(before)
            events += changes.events
    outline.require_limits(events)
    streams = context.record(project.id, events)
    streams += context.record(project.id, project.rename(then.project.title))
    renamed = await work.project(project.id)
    streams += context.record(project.id, renamed.apply_theme(then.project.theme_id))
    if not streams:
        return Decision(project.id, [StreamState(project.id, "project", project.version)], "unchanged")
    project = await work.project(project.id)
    marker = ProjectRestored(
        originator_id=project.id,
        originator_version=project.version + 1,
        to_position=command.to_position,
    )
    last = context.record(project.id, [marker])
    blocks = [s for s in streams if s.id != project.id]
    return Decision(project.id, last, result={"to_position": command.to_position, "blocks": len(blocks)})


def as_block(document: BlockDocument) -> Block:
    """Return a block to be changed out of what is known of it."""
    return Block(
        document.block_id,
        document.project_id,
        document.version,
        document.type,
        document.parent_id,
        document.rank,
        document.content,
        document.deleted,
    )


def _changed(then: Deck, now: Deck) -> Iterator[tuple[Block, BlockChanges]]:
    """Change each block to what it was: content, place, and whether it is deleted."""
    gone = {b.block_id for b in now.blocks.values() if b.block_id not in then.blocks and not b.deleted}
    for document in now.blocks.values():
        before = as_block(document)
        changes = BlockChanges(before)
        was = then.blocks.get(document.block_id)
        if was is None:
            # With what it stands on it disappears anyhow, and would come back with it.
            if document.parent_id not in gone:
                changes.delete()
        else:
            if was.deleted:
                changes.delete()
            else:
                changes.undelete()
            changes.edit(was.content)
            changes.move(was.parent_id, was.rank)
        yield before, changes
