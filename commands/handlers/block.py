"""Commands on blocks."""

from collections.abc import Sequence
from uuid import UUID

from commands.answers import Decision
from commands.context import Context
from commands.messages import AddBlock, DeleteBlock, EditBlock, MoveBlock, UndeleteBlock
from commands.unit_of_work import StreamState
from domain.block import Block, BlockAdded, BlockEvent
from domain.catalogue import public_event
from domain.content import ContentInvalid, changed_content, new_content
from domain.errors import AlreadyExists, FieldProblem, Invalid, VersionConflict
from domain.outline import Place


async def add(command: AddBlock, context: Context) -> Decision:
    """Add a block at the place asked for."""
    block_id = command.block_id or context.new_id("block")
    try:
        content = new_content(command.type, command.content, context.item_ids(block_id))
    except ContentInvalid as refused:
        raise _invalid(refused) from refused
    outline = await context.work.outline(command.project_id)
    if block_id in outline or block_id == command.project_id:
        raise AlreadyExists("the block_id is taken")
    place = outline.place(
        command.type, parent_id=command.parent_id, after_id=command.after_id, before_id=command.before_id
    )
    event = BlockAdded(
        originator_id=block_id,
        originator_version=1,
        project_id=str(command.project_id),
        parent_id=str(place.parent_id) if place.parent_id else None,
        type=command.type,
        rank=place.rank,
        content=content,
    )
    outline.require_limits([event])
    events = [*await _reranked(place, command.project_id, context), event]
    streams = context.record(command.project_id, events)
    return Decision(command.project_id, streams[-1:], result={"block_id": str(block_id)})


async def edit(command: EditBlock, context: Context) -> Decision:
    """Change fields of a block's content."""
    block = await context.work.block(command.project_id, command.block_id)
    outcome = "applied"
    # An edit of a batch may be based on the block as it was before the batch, like those before it.
    bases = (None, block.version, block.version - context.work.written(block.id))
    if command.base_version is not None and command.base_version not in bases:
        if command.base_version > block.version:
            raise Invalid.at(
                "base_version", f"is ahead of the block's version, {block.version}", limit=block.version
            )
        if command.on_conflict != "last-write-wins":
            raise await _conflict(block, command.base_version, context)
        outcome = "overwritten"
    if block.deleted:
        raise await _conflict(block, block.version, context, "the block is deleted; undelete it first")
    try:
        content = changed_content(
            block.type, block.content, command.changes, context.item_ids(command.block_id)
        )
    except ContentInvalid as refused:
        raise _invalid(refused) from refused
    return _decided(block, block.edited(content), context, outcome)


async def move(command: MoveBlock, context: Context) -> Decision:
    """Move a block among its siblings or to another parent."""
    block = await context.work.block(command.project_id, command.block_id)
    if command.parent_id is None and command.after_id is None and command.before_id is None:
        parent_id = block.parent_id
    else:
        parent_id = command.parent_id
    if block.deleted:
        raise await _conflict(block, block.version, context, "the block is deleted; undelete it first")
    outline = await context.work.outline(command.project_id)
    place = outline.place(
        block.type,
        parent_id=parent_id,
        after_id=command.after_id,
        before_id=command.before_id,
        moving=block.id,
    )
    if place.parent_id == block.parent_id and outline.stands(block.id, command.after_id, command.before_id):
        return _decided(block, [], context)
    events = block.moved(place.parent_id, place.rank)
    outline.require_limits(events)
    others = await _reranked(place, command.project_id, context)
    return _decided(block, events, context, others=others)


async def delete(command: DeleteBlock, context: Context) -> Decision:
    """Take a block away."""
    block = await context.work.block(command.project_id, command.block_id)
    return _decided(block, block.delete(), context)


async def undelete(command: UndeleteBlock, context: Context) -> Decision:
    """Bring a block back, as far as the project has room."""
    block = await context.work.block(command.project_id, command.block_id)
    events = block.undelete()
    if events:
        (await context.work.outline(command.project_id)).require_limits(events)
    return _decided(block, events, context)


async def _reranked(place: Place, project_id: UUID, context: Context) -> list[BlockEvent]:
    """Return the moves that make room for a block whose rank would have grown too long."""
    events: list[BlockEvent] = []
    for block_id, rank in place.reranked:
        sibling = await context.work.block(project_id, block_id)
        events += sibling.moved(sibling.parent_id, rank)
    return events


def _decided(
    block: Block,
    events: Sequence[BlockEvent],
    context: Context,
    outcome: str = "applied",
    *,
    others: Sequence[BlockEvent] = (),
) -> Decision:
    if not events:
        return Decision(block.project_id, [StreamState(block.id, "block", block.version)], "unchanged")
    streams = context.record(block.project_id, [*others, *events])
    return Decision(block.project_id, streams[-1:], outcome)


async def _conflict(
    block: Block, base_version: int, context: Context, detail: str | None = None
) -> VersionConflict:
    """Refuse with all that a client needs to rebase by itself: the block now, and the events since."""
    stored = context.work.stored(block)
    events = await context.work.history(block.id, base_version)
    return VersionConflict(
        detail or f"the block is at version {stored.version}, the edit was made on {base_version}",
        current=stored.document(),
        events=[public_event(r) for r in events],
    )


def _invalid(refused: ContentInvalid) -> Invalid:
    return Invalid([FieldProblem(e.field, e.message, e.limit) for e in refused.errors])
