"""Changing a block's content, and deleting it, also where others have changed it since."""

from collections.abc import Callable, Sequence
from typing import Any

from commands.answers import Decision
from commands.context import Context
from commands.handlers.deciding import settled
from commands.handlers.merging import Content, Sides, differing, merge_into
from commands.handlers.refusing import invalid, require_base, version_conflict
from commands.messages import DeleteBlock, EditBlock
from commands.ports import EventQuery
from domain.block import Block, BlockDeleted, BlockEdited, BlockEvent
from domain.block.changes import DELETED, BlockChanges
from domain.content import ContentInvalid, changed_content
from domain.events import Recorded
from domain.merge import merge_content


async def edit(command: EditBlock, context: Context) -> Decision:
    """Change fields of a block's content."""
    block = await context.work.block(command.project_id, command.block_id)
    base = await require_base(block, command.base_version, context)
    if block.deleted:
        return await _edit_deleted(command, context, block, base)
    if base.content == block.content:
        changes = BlockChanges(block)
        changes.edit(changed(block, command.changes, context))
        return settled(changes, context)
    if command.on_conflict == "last-write-wins":
        return _overwrite(command, context, block, base)
    changes = BlockChanges(block)
    mine = changed(base, command.changes, context)
    await merge_edit(changes, base, mine, context, reject=command.on_conflict == "reject")
    return settled(changes, context, "merged")


async def delete(command: DeleteBlock, context: Context) -> Decision:
    """Take a block away; what others edited in it since the caller saw it is kept by a conflict."""
    block = await context.work.block(command.project_id, command.block_id)
    base = await require_base(block, command.base_version, context)
    changes = BlockChanges(block)
    if not block.deleted and base.content != block.content and command.on_conflict != "last-write-wins":
        if command.on_conflict == "reject":
            raise await version_conflict(block, base.version, context)
        edited = differing(base.content, block.content)
        changes.delete()
        changes.conflict(
            DELETED,
            base={f: base.content.get(f) for f in edited},
            theirs={f: block.content[f] for f in edited},
            mine=None,
            theirs_by=await last_editor(block, base, context, edited),
            mine_by=context.caller.user,
            winner="mine",
        )
        return settled(changes, context, "merged")
    changes.delete()
    return settled(changes, context)


async def merge_edit(
    changes: BlockChanges, base: Block, mine: Content, context: Context, *, reject: bool = False
) -> None:
    """Merge an edit that was made on `base`, an earlier version of the block, with what came since.

    Raises:
        VersionConflict: not all of it could be merged, and `reject` is asked for.
    """
    block = changes.block
    merged = merge_content(block.type, base.content, block.content, mine, winner="mine")
    if merged.clashes and reject:
        raise await version_conflict(block, base.version, context)
    if merged.clashes:
        since = await context.work.history(block.id, base.version)
        if context.caller.kind == "machine" and any(_by_a_person(r) for r in since):
            _suggest(changes, base, mine, context)
        else:
            sides = Sides(base.content, block.content, mine, _editors(since, context))
            merge_into(changes, sides, context)
    else:
        changes.edit(merged.content)


async def last_editor(block: Block, base: Block, context: Context, fields: Sequence[str]) -> str:
    """Tell who of the others changed one of the fields last."""
    editor = _editors(await context.work.history(block.id, base.version), context)
    return editor(fields[-1]) if fields else context.caller.user


def _editors(since: Sequence[Recorded], context: Context) -> Callable[[str], str]:
    # What only this request has changed so far is the caller's own.
    by = {f: r.actor for r in since if isinstance(r.event, BlockEdited) for f in r.event.changes}
    return lambda field: by.get(field, since[-1].actor if since else context.caller.user)


async def _edit_deleted(command: EditBlock, context: Context, block: Block, base: Block) -> Decision:
    """Keep the draft of somebody who did not know that the block is deleted; it stays so, unless overruled."""
    if command.on_conflict == "reject":
        raise await version_conflict(block, base.version, context, "the block is deleted; undelete it first")
    mine = changed(base, command.changes, context)
    edited = differing(base.content, mine)
    changes = BlockChanges(block)
    if not edited:
        return settled(changes, context)
    if command.on_conflict == "last-write-wins":
        changes.undelete()
        outline = await context.work.outline(command.project_id)
        outline.require_limits(changes.events)
        changes.edit(changed(block, command.changes, context))
        return settled(changes, context, "overwritten")
    changes.conflict(
        DELETED,
        base={f: base.content.get(f) for f in edited},
        theirs=None,
        mine={f: mine[f] for f in edited},
        theirs_by=await _deleter(block, context),
        mine_by=context.caller.user,
        winner="theirs",
    )
    return settled(changes, context, "merged")


async def _deleter(block: Block, context: Context) -> str:
    query = EventQuery(stream_id=block.id, topics=[BlockDeleted.TOPIC], descending=True)
    deleted = await context.work.read(query, 1)
    return deleted[0].actor if deleted else context.caller.user


def _overwrite(command: EditBlock, context: Context, block: Block, base: Block) -> Decision:
    content = changed(block, command.changes, context)
    changes = BlockChanges(block)
    changes.edit(content)
    lost = [f for f in differing(block.content, content) if block.content[f] != base.content.get(f)]
    return settled(changes, context, "overwritten" if lost else "merged")


def _suggest(changes: BlockChanges, base: Block, mine: Content, context: Context) -> None:
    """Merge what does not touch a person's edit, and suggest the rest: a machine never beats a person."""
    theirs = changes.block.content
    merged = merge_content(changes.block.type, base.content, theirs, mine, winner="theirs")
    changes.edit(merged.content)
    fields = dict.fromkeys(c.field for c in merged.clashes)
    reason = f"{context.caller.user} edited the block while a person did"
    changes.suggest({f: mine[f] for f in fields}, base.version, reason)


def _by_a_person(recorded: Recorded) -> bool:
    return isinstance(recorded.event, BlockEvent) and recorded.metadata["actor"]["kind"] == "person"


def changed(block: Block, changes: Content, context: Context) -> dict[str, Any]:
    """Return the block's content with these fields changed.

    Raises:
        Invalid: it would not be valid.
    """
    try:
        return changed_content(block.type, block.content, changes, context.item_ids(block.id))
    except ContentInvalid as refused:
        raise invalid(refused) from refused
