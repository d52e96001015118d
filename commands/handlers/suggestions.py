"""What machines suggest, and deciding about it."""

from commands.answers import Decision
from commands.context import Context
from commands.handlers.deciding import settled, unchanged
from commands.handlers.editing import changed, merge_edit
from commands.handlers.marked import events_of, marked, require_person
from commands.handlers.merging import differing
from commands.handlers.refusing import require_base, version_conflict
from commands.handlers.since import together
from commands.messages import AcceptSuggestion, RejectSuggestion, SuggestEdit
from domain.block import Block, BlockEditSuggested, BlockSuggestionDecided
from domain.block.changes import BlockChanges
from domain.block.marks import mark_id
from domain.errors import Forbidden, VersionConflict


async def suggest(command: SuggestEdit, context: Context) -> Decision:
    """Keep what a machine would change; what it has suggested before, or is so already, is not kept again."""
    if context.caller.kind != "machine":
        raise Forbidden("machines suggest; a person edits")
    block = await context.work.block(command.project_id, command.block_id)
    base = await require_base(block, command.base_version, context)
    mine = changed(base, command.changes, context)
    fields = together(differing(base.content, mine))
    wanted = {f: value for f, value in mine.items() if f in fields}
    if block.deleted or not wanted or all(block.content[f] == value for f, value in wanted.items()):
        return unchanged(block)
    if any(e.changes == wanted for e in await events_of(block, BlockEditSuggested, 0, context)):
        # Also one that was refused: nobody wants to refuse it twice.
        return unchanged(block)
    changes = BlockChanges(block)
    changes.suggest(wanted, base.version, command.reason)
    return settled(changes, context, result={"suggestion_id": mark_id(block.id, changes.block.version)})


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
