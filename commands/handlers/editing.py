"""Changing a block's content, and deleting it, also where others have changed it since."""

from dataclasses import replace
from typing import Any

from commands.answers import Decision
from commands.context import Context
from commands.handlers.deciding import settled
from commands.handlers.merging import Content, Sides, differing, merge_into
from commands.handlers.refusing import invalid, require_base, version_conflict
from commands.handlers.since import since, together
from commands.messages import DeleteBlock, EditBlock
from commands.ports import EventQuery
from commands.recent import Change, summed_up
from domain.block import Block, BlockDeleted
from domain.block.changes import DELETED, BlockChanges
from domain.block.marks import mark_id
from domain.content import ContentInvalid, changed_content
from domain.merge import merge_content


async def edit(command: EditBlock, context: Context) -> Decision:
    """Change fields of a block's content."""
    block = await context.work.block(command.project_id, command.block_id)
    base = await require_base(block, command.base_version, context)
    if block.deleted:
        return await _edit_deleted(command, context, block, base)
    changes = BlockChanges(block)
    mine = changed(base, command.changes, context)
    if base is not block:
        context.work.drafted(base, mine)
    if base.content == block.content:
        changes.edit(mine)
        return settled(changes, context)
    if command.on_conflict == "last-write-wins":
        content = changed(block, command.changes, context)
        lost = [f for f in differing(block.content, content) if block.content[f] != base.content.get(f)]
        if not (lost and await _beats_a_person(block, base, context, lost)):
            changes.edit(content)
            return settled(changes, context, "overwritten" if lost else "merged")
    suggested = await merge_edit(changes, base, mine, context, reject=command.on_conflict == "reject")
    return settled(changes, context, "merged", result=suggested)


async def _beats_a_person(block: Block, base: Block, context: Context, fields: list[str]) -> bool:
    if context.caller.kind != "machine":
        return False
    return (await since(block, base.version, context)).edited_by_person(fields)


async def delete(command: DeleteBlock, context: Context) -> Decision:
    """Take a block away; what others edited in it since the caller saw it is kept by a conflict."""
    block = await context.work.block(command.project_id, command.block_id)
    base = await require_base(block, command.base_version, context)
    changes = BlockChanges(block)
    if block.deleted or base.content == block.content:
        changes.delete()
        return settled(changes, context)
    if command.on_conflict == "reject":
        raise await version_conflict(block, base.version, context)
    edited = differing(base.content, block.content)
    if command.on_conflict == "last-write-wins" and not await _beats_a_person(block, base, context, edited):
        changes.delete()
        return settled(changes, context, "overwritten")
    await delete_edited(changes, base, context)
    return settled(changes, context, "merged")


async def delete_edited(changes: BlockChanges, base: Block, context: Context) -> None:
    """Take a block away that was edited since `base`, and keep the edit; a machine only asks for it."""
    block = changes.block
    edited = differing(base.content, block.content)
    others = await since(block, base.version, context)
    beaten = context.caller.kind == "machine" and others.edited_by_person(edited)
    if not beaten:
        changes.delete()
    changes.conflict(
        DELETED,
        base={f: base.content.get(f) for f in edited},
        theirs={f: block.content[f] for f in edited},
        mine=None,
        theirs_by=others.last_editor(edited),
        mine_by=context.caller.user,
        winner="theirs" if beaten else "mine",
    )


async def merge_edit(
    changes: BlockChanges, base: Block, mine: Content, context: Context, *, reject: bool = False
) -> dict[str, Any]:
    """Merge an edit that was made on `base`, an earlier version of the block, with what came since.

    Returns:
        `suggestion_id`, where a machine's edit became a suggestion.

    Raises:
        VersionConflict: not all of it could be merged, and `reject` is asked for.
    """
    block = changes.block
    merged = merge_content(block.type, base.content, block.content, mine, winner="mine")
    if not merged.clashes:
        changes.edit(merged.content)
        return {}
    if reject:
        raise await version_conflict(block, base.version, context)
    others = await since(block, base.version, context)
    if context.caller.kind == "machine" and others.edited_by_person({c.field for c in merged.clashes}):
        return _suggest(changes, base, mine, context)
    merge_into(changes, Sides(base.content, block.content, mine, others.editor), context, merged=merged)
    return {}


def _suggest(changes: BlockChanges, base: Block, mine: Content, context: Context) -> dict[str, Any]:
    """Merge what does not touch a person's edit, and suggest the rest: a machine never beats a person."""
    theirs = changes.block.content
    merged = merge_content(changes.block.type, base.content, theirs, mine, winner="theirs")
    changes.edit(merged.content)
    fields = together(c.field for c in merged.clashes)
    reason = f"{context.caller.user} edited the block while a person did"
    changes.suggest({f: value for f, value in mine.items() if f in fields}, base.version, reason)
    return {"suggestion_id": mark_id(changes.block.id, changes.block.version)}


async def _edit_deleted(command: EditBlock, context: Context, block: Block, base: Block) -> Decision:
    """Keep the draft of somebody who did not know that the block is deleted; it stays so, unless overruled."""
    if command.on_conflict == "reject":
        raise await version_conflict(block, base.version, context, "the block is deleted; undelete it first")
    origin = base if base is block else await context.work.block_at(block, base.version)
    # Whatever version of itself the request names: its drafts are all of the block as it is in the log.
    key = replace(origin, version=min(origin.version, context.work.stored(block).version))
    mine = changed(context.work.draft(key), command.changes, context)
    context.work.drafted(key, mine)
    edited = differing(origin.content, mine)
    changes = BlockChanges(block)
    if not edited:
        return settled(changes, context)
    deletion = await _deletion(block, context)
    machine = context.caller.kind == "machine" and deletion is not None and deletion.person
    if command.on_conflict == "last-write-wins" and not machine:
        changes.undelete()
        outline = await context.work.outline(command.project_id)
        outline.require_limits(changes.events)
        changes.edit(changed(block, command.changes, context))
        return settled(changes, context, "overwritten")
    changes.conflict(
        DELETED,
        base={f: origin.content.get(f) for f in edited},
        theirs=None,
        mine={f: mine[f] for f in edited},
        theirs_by=deletion.actor if deletion else context.caller.user,
        mine_by=context.caller.user,
        winner="theirs",
    )
    return settled(changes, context, "merged")


async def _deletion(block: Block, context: Context) -> Change | None:
    """Return the event by which the block was deleted, unless it is this request's own."""
    if any(isinstance(event, BlockDeleted) for event in context.work.pending(block.id)):
        return None
    query = EventQuery(stream_id=block.id, topics=[BlockDeleted.TOPIC], descending=True)
    deleted = await context.work.read(query, 1)
    return next(iter(summed_up(deleted)), None)


def changed(block: Block, changes: Content, context: Context) -> dict[str, Any]:
    """Return the block's content with these fields changed.

    Raises:
        Invalid: it would not be valid.
    """
    try:
        return changed_content(block.type, block.content, changes, context.item_ids(block.id))
    except ContentInvalid as refused:
        raise invalid(refused) from refused
