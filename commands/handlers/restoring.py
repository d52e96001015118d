"""Bringing a project back to what it was at a position."""

import asyncio
from collections.abc import Iterator

from commands.answers import Decision
from commands.context import Context
from commands.handlers.deciding import recorded
from commands.handlers.moments import (
    deck_at,
    deck_now,
    document_of,
    require_room,
    require_unchanged,
    require_writable,
)
from commands.messages import RestoreProject
from commands.tracing import as_block
from commands.unit_of_work import StreamState
from domain.block import Block
from domain.block.changes import BlockChanges
from domain.documents import Deck
from domain.events import Event
from domain.project import ProjectRestored

# Blocks compared in one go: a few milliseconds, then other tasks have their turn.
AT_ONCE = 100


async def restore(command: RestoreProject, context: Context) -> Decision:
    """Append what leads from the project as it is to what was shown at the position.

    An edit that others make meanwhile of a block that has to be brought back makes it decide again; one of a
    block that was the same then comes after the restore, and stays.
    """
    work = context.work
    require_unchanged(command.project_id, context)
    project = await work.project(command.project_id)
    outline = await work.outline(project.id)
    then = await deck_at(project.id, command.to_position, context, "to_position")
    now = await deck_now(project.id, context)
    events: list[Event] = []
    blocks = 0
    for i, (before, changes) in enumerate(_changed(then, now)):
        if i % AT_ONCE == 0:
            await asyncio.sleep(0)
        if changes.events:
            work.adopt(before)
            events += changes.events
            blocks += 1
    await recorded(project.id, events, context)
    require_room(outline, "to_position")
    require_writable(context, "to_position")
    was = document_of(then)
    renamed = context.record(project.id, project.rename(was.title))
    themed = context.record(project.id, (await work.project(project.id)).apply_theme(was.theme_id))
    if not (events or renamed or themed):
        return Decision(project.id, [StreamState(project.id, "project", project.version)], "unchanged")
    project = await work.project(project.id)
    marker = ProjectRestored(
        originator_id=project.id,
        originator_version=project.version + 1,
        to_position=command.to_position,
    )
    last = context.record(project.id, [marker])
    return Decision(project.id, last, result={"to_position": command.to_position, "blocks": blocks})


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
