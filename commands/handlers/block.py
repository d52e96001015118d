"""Where blocks stand: adding them, moving them, bringing them back."""

from uuid import UUID

from commands.answers import Decision
from commands.context import Context
from commands.handlers.deciding import settled, unchanged
from commands.handlers.refusing import invalid, require_base, version_conflict
from commands.messages import AddBlock, MoveBlock, UndeleteBlock
from domain.block import Block, BlockAdded, BlockEvent, BlockMoved
from domain.block.changes import PLACE, BlockChanges, place_of
from domain.content import ContentInvalid, new_content
from domain.errors import AlreadyExists
from domain.outline import Place


async def add(command: AddBlock, context: Context) -> Decision:
    """Add a block at the place asked for."""
    block_id = command.block_id or context.new_id("block")
    try:
        content = new_content(command.type, command.content, context.item_ids(block_id))
    except ContentInvalid as refused:
        raise invalid(refused) from refused
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


async def move(command: MoveBlock, context: Context) -> Decision:
    """Move a block among its siblings or to another parent; the later of two moves stands."""
    block = await context.work.block(command.project_id, command.block_id)
    base = await require_base(block, command.base_version, context)
    if command.parent_id is None and command.after_id is None and command.before_id is None:
        parent_id = block.parent_id
    else:
        parent_id = command.parent_id
    if block.deleted:
        raise await version_conflict(block, block.version, context, "the block is deleted; undelete it first")
    outline = await context.work.outline(command.project_id)
    place = outline.place(
        block.type,
        parent_id=parent_id,
        after_id=command.after_id,
        before_id=command.before_id,
        moving=block.id,
    )
    if place.parent_id == block.parent_id and outline.stands(block.id, command.after_id, command.before_id):
        return unchanged(block)
    changes = BlockChanges(block)
    changes.move(place.parent_id, place.rank)
    outline.require_limits(changes.events)
    outcome = "applied"
    moved_since = await _moved_since(block, base, context)
    if moved_since and command.on_conflict == "reject":
        raise await version_conflict(block, base.version, context)
    if moved_since and command.on_conflict == "merge":
        outcome = "merged"
        changes.conflict(
            PLACE,
            base=place_of(base),
            theirs=place_of(block),
            mine=place_of(changes.block),
            theirs_by=moved_since,
            mine_by=context.caller.user,
            winner="mine",
        )
    elif moved_since:
        outcome = "overwritten"
    others = await _reranked(place, command.project_id, context)
    return settled(changes, context, outcome, others=others)


async def _moved_since(block: Block, base: Block, context: Context) -> str | None:
    """Tell who moved the block after the caller saw it; None if nobody did."""
    if place_of(base) == place_of(block):
        return None
    since = await context.work.history(block.id, base.version)
    moves = [r for r in since if isinstance(r.event, BlockMoved) and not r.event.rebalanced]
    return moves[-1].actor if moves else None


async def undelete(command: UndeleteBlock, context: Context) -> Decision:
    """Bring a block back, as far as the project has room."""
    changes = BlockChanges(await context.work.block(command.project_id, command.block_id))
    changes.undelete()
    if changes.events:
        (await context.work.outline(command.project_id)).require_limits(changes.events)
    return settled(changes, context)


async def _reranked(place: Place, project_id: UUID, context: Context) -> list[BlockEvent]:
    """Return the moves that make room for a block whose rank would have grown too long."""
    events: list[BlockEvent] = []
    for block_id, rank in place.reranked:
        sibling = await context.work.block(project_id, block_id)
        events += sibling.moved(sibling.parent_id, rank, rebalanced=True)
    return events
