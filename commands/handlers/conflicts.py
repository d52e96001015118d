"""Settling what editing left open: conflicts, and what machines suggested."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from commands.answers import Decision
from commands.context import Context
from commands.handlers.deciding import settled, unchanged
from commands.handlers.editing import changed, last_editor, merge_edit
from commands.handlers.merging import Sides, merge_into
from commands.handlers.refusing import invalid, version_conflict
from commands.messages import AcceptSuggestion, RejectSuggestion, ResolveConflict
from commands.ports import EventQuery
from domain.block import (
    Block,
    BlockConflictResolved,
    BlockEditConflicted,
    BlockEditSuggested,
    BlockEvent,
    BlockSuggestionDecided,
)
from domain.block import changes as changes_about
from domain.block.changes import BlockChanges
from domain.block.marks import parse_mark
from domain.conflicts import Gone, value_at, with_value
from domain.content import ContentInvalid, changed_content
from domain.errors import Invalid, NotFound, VersionConflict
from domain.merge import merge_text

E = TypeVar("E", bound=BlockEvent)


async def resolve(command: ResolveConflict, context: Context) -> Decision:
    """Settle a conflict with one of its sides or with another value."""
    given = "value" in command.model_fields_set
    if given != (command.choice == "value"):
        raise Invalid.at("value", "goes with the choice `value`, and with no other")
    block, event = await _marked(
        command.project_id, command.conflict_id, BlockEditConflicted, context, "no such conflict"
    )
    settlement = await _settlement(block, event.originator_version, context)
    if settlement is not None:
        if settlement.choice == command.choice and not given:
            return unchanged(block)
        raise VersionConflict(
            f"the conflict was settled before: {settlement.choice}", current=block.document()
        )
    changes = BlockChanges(block)
    wished = command.value if given else getattr(event, command.choice)
    match event.field:
        case changes_about.DELETED:
            await _settle_deletion(changes, event, wished, context)
        case changes_about.PLACE:
            await _settle_place(changes, wished, context, chosen=not given)
        case _:
            await _settle_content(changes, event, command, context)
    changes.resolve(event.originator_version, command.choice)
    return settled(changes, context)


async def accept(command: AcceptSuggestion, context: Context) -> Decision:
    """Make a suggested change, as the edit of whoever accepts it."""
    block, event = await _undecided(command, context)
    if block.deleted:
        raise await version_conflict(block, block.version, context, "the block is deleted; undelete it first")
    changes = BlockChanges(block)
    base = await context.work.block_at(block, event.base_version)
    await merge_edit(changes, base, changed(base, event.changes, context), context)
    changes.decide(event.originator_version, accepted=True)
    return settled(changes, context, "merged" if changes.conflicts else "applied")


async def reject(command: RejectSuggestion, context: Context) -> Decision:
    """Refuse a suggested change."""
    block, event = await _undecided(command, context)
    changes = BlockChanges(block)
    changes.decide(event.originator_version, accepted=False)
    return settled(changes, context)


async def _undecided(
    command: AcceptSuggestion | RejectSuggestion, context: Context
) -> tuple[Block, BlockEditSuggested]:
    block, event = await _marked(
        command.project_id, command.suggestion_id, BlockEditSuggested, context, "no such suggestion"
    )
    later = EventQuery(
        stream_id=block.id, after=event.originator_version, topics=[BlockSuggestionDecided.TOPIC]
    )
    for recorded in await context.work.read(later):
        decided = recorded.event
        if isinstance(decided, BlockSuggestionDecided) and decided.suggestion == event.originator_version:
            word = "accepted" if decided.accepted else "refused"
            raise VersionConflict(f"the suggestion was {word} before", current=block.document())
    return block, event


async def _marked(
    project_id: UUID, mark: str, kind: type[E], context: Context, absent: str
) -> tuple[Block, E]:
    """Return the block and the event that an id of a conflict or a suggestion names."""
    found = parse_mark(mark)
    if found is None:
        raise NotFound(absent)
    block_id, version = found
    try:
        block = await context.work.block(project_id, block_id)
    except NotFound:
        raise NotFound(absent) from None
    recorded = await context.work.read(EventQuery(stream_id=block_id, after=version - 1, to=version), 1)
    if not recorded or not isinstance(recorded[0].event, kind):
        raise NotFound(absent)
    return block, recorded[0].event


async def _settlement(block: Block, conflict: int, context: Context) -> BlockConflictResolved | None:
    query = EventQuery(stream_id=block.id, after=conflict, topics=[BlockConflictResolved.TOPIC])
    for recorded in await context.work.read(query):
        if isinstance(recorded.event, BlockConflictResolved) and recorded.event.conflict == conflict:
            return recorded.event
    return None


async def _settle_deletion(
    changes: BlockChanges, event: BlockEditConflicted, wished: Any, context: Context
) -> None:
    """One side deleted the block (its value is None), the other edited fields of it."""
    if wished is None:
        changes.delete()
        return
    if not isinstance(wished, Mapping):
        raise Invalid.at("value", "must be an object of the block's fields, or null to delete the block")
    block = changes.block
    changes.undelete()
    if changes.events:
        (await context.work.outline(block.project_id)).require_limits(changes.events)
    then = (await context.work.block_at(block, event.originator_version)).content
    base = {**then, **(event.base or {})}
    mine = _valid(block, base, wished, context)
    merge_into(changes, Sides(base, block.content, mine, lambda _: event.theirs_by), context)


async def _settle_place(changes: BlockChanges, wished: Any, context: Context, *, chosen: bool) -> None:
    if not chosen:
        raise Invalid.at("choice", "a place is one of the two sides; for another one use move-block")
    parent_id = UUID(wished["parent_id"]) if wished["parent_id"] else None
    outline = await context.work.outline(changes.block.project_id)
    if parent_id is not None and not outline.shown(outline.node(parent_id)):
        raise Invalid.at("choice", "what the block stood on is deleted; undelete it or use move-block")
    changes.move(parent_id, wished["rank"])


async def _settle_content(
    changes: BlockChanges, event: BlockEditConflicted, command: ResolveConflict, context: Context
) -> None:
    block, where = changes.block, (event.field, event.item, event.part)
    try:
        now = value_at(block.content, *where)
        settling = _Settling.of(event, command, now)
        content = with_value(block.content, *where, settling.value)
    except Gone:
        if command.choice != event.winner:
            raise Invalid.at(
                "choice", "what the conflict is about is deleted; only the side that stands can be chosen"
            ) from None
        return
    except (TypeError, KeyError, AttributeError):
        raise Invalid.at("value", "is not of the kind that the conflict is about") from None
    changes.edit(_valid(block, block.content, content, context))
    if settling.lost:
        then = await context.work.block_at(block, event.originator_version)
        changes.conflict(
            *where,
            base=settling.stood,
            theirs=now,
            mine=settling.wished,
            theirs_by=await last_editor(block, then, context, [event.field]),
            mine_by=context.caller.user,
            winner="mine",
        )


@dataclass(frozen=True, slots=True)
class _Settling:
    """What a choice makes of a value: `stood` is what stood after the conflict, `wished` what is chosen.

    `lost` tells whether something that was edited since does not stand any more.
    """

    stood: Any
    wished: Any
    value: Any
    lost: bool

    @staticmethod
    def of(event: BlockEditConflicted, command: ResolveConflict, now: Any) -> "_Settling":
        sides = (event.base, event.theirs, event.mine)
        if command.choice == "value":
            return _Settling(now, command.value, command.value, lost=False)
        if not all(isinstance(side, str) for side in (*sides, now)):
            stood = event.mine if event.winner == "mine" else event.theirs
            wished = event.mine if command.choice == "mine" else event.theirs
            return _Settling(stood, wished, wished, lost=now not in (stood, wished))
        # Of a text both sides share what could be merged, and only the rest is the one's or the other's.
        stood, _ = merge_text(*sides, winner="mine" if event.winner == "mine" else "theirs")
        wished, _ = merge_text(*sides, winner="mine" if command.choice == "mine" else "theirs")
        value, lost = merge_text(stood, now, wished, winner="mine")
        return _Settling(stood, wished, value, lost)


def _valid(block: Block, content: Mapping[str, Any], wished: Mapping[str, Any], context: Context) -> Any:
    try:
        return changed_content(block.type, content, wished, context.item_ids(block.id))
    except ContentInvalid as refused:
        raise invalid(refused) from refused
