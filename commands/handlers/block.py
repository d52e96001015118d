"""Where blocks stand: adding them, moving them, bringing them back."""

from uuid import UUID

from commands.answers import Decision
from commands.context import Context
from commands.handlers.deciding import settled, unchanged
from commands.handlers.refusing import invalid, require_base, version_conflict
from commands.handlers.since import since
from commands.messages import AddBlock, MoveBlock, UndeleteBlock
from commands.recent import Change
from domain.block import Block, BlockAdded, BlockEvent
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
        raise await version_conflict(block, base.version, context, "the block is deleted; undelete it first")
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
    theirs = None
    if place_of(base) != place_of(block):
        theirs = (await since(block, base.version, context)).move()
    if theirs is None:
        changes.move(place.parent_id, place.rank)
        outcome = "applied"
    elif command.on_conflict == "reject":
        raise await version_conflict(block, base.version, context)
    else:
        outcome = _move_moved(changes, place, base=base, theirs=theirs, command=command, context=context)
    outline.require_limits(changes.events)
    others = await _reranked(place, command.project_id, context) if changes.block.rank == place.rank else []
    return settled(changes, context, outcome, others=others)


def _move_moved(
    changes: BlockChanges,
    place: Place,
    *,
    base: Block,
    theirs: Change,
    command: MoveBlock,
    context: Context,
) -> str:
    """Move a block that somebody else has moved, and return the outcome: a machine only asks for it."""
    block = changes.block
    beaten = context.caller.kind == "machine" and theirs.person
    if not beaten:
        changes.move(place.parent_id, place.rank)
        if command.on_conflict == "last-write-wins":
            return "overwritten"
    changes.conflict(
        PLACE,
        base=place_of(base),
        theirs=place_of(block),
        mine={"parent_id": str(place.parent_id) if place.parent_id else None, "rank": place.rank},
        theirs_by=theirs.actor,
        mine_by=context.caller.user,
        winner="theirs" if beaten else "mine",
    )
    return "merged"


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
