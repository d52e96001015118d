"""Deciding about what machines suggested."""

from commands.answers import Decision
from commands.context import Context
from commands.handlers.deciding import settled
from commands.handlers.editing import changed, merge_edit
from commands.handlers.marked import events_of, marked, require_person
from commands.handlers.refusing import version_conflict
from commands.messages import AcceptSuggestion, RejectSuggestion
from domain.block import Block, BlockEditSuggested, BlockSuggestionDecided
from domain.block.changes import BlockChanges
from domain.errors import VersionConflict


async def accept(command: AcceptSuggestion, context: Context) -> Decision:
    """Make a suggested change, as the edit of whoever accepts it."""
    require_person(context, "a person accepts suggestions")
    block, event = await _undecided(command, context)
    if block.deleted:
        raise await version_conflict(
            block, event.base_version, context, "the block is deleted; undelete it first"
        )
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
    block, event = await marked(
        command.project_id, command.suggestion_id, BlockEditSuggested, context, "no such suggestion"
    )
    for decided in await events_of(block, BlockSuggestionDecided, event.originator_version, context):
        if decided.suggestion == event.originator_version:
            word = "accepted" if decided.accepted else "refused"
            raise VersionConflict(
                f"the suggestion was {word} before", current=context.work.stored(block).document()
            )
    return block, event
