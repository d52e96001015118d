"""Settling conflicts.

To choose the side that stands changes nothing. Another choice is an edit of the block as it was right after the
conflict, and merged as such: what came since stays, or is kept by a conflict of its own.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from commands.answers import Decision
from commands.context import Context
from commands.handlers.deciding import settled, unchanged
from commands.handlers.editing import delete_edited
from commands.handlers.marked import events_of, marked, require_person
from commands.handlers.merging import Content, Sides, merge_into
from commands.handlers.refusing import version_conflict
from commands.handlers.since import since, together
from commands.messages import ResolveConflict
from domain.block import Block, BlockConflictResolved, BlockEditConflicted
from domain.block.changes import DELETED, PLACE, BlockChanges, place_of
from domain.conflicts import Unfit, wished, with_value
from domain.content import ContentInvalid, changed_content
from domain.errors import FieldProblem, Invalid, VersionConflict


async def resolve(command: ResolveConflict, context: Context) -> Decision:
    """Settle a conflict with one of its sides or with another value."""
    given = "value" in command.model_fields_set
    if given != (command.choice == "value"):
        raise Invalid.at("value", "goes with the choice `value`, and with no other")
    require_person(context, "a person settles conflicts")
    block, event = await marked(
        command.project_id, command.conflict_id, BlockEditConflicted, context, "no such conflict"
    )
    for settlement in await events_of(block, BlockConflictResolved, event.originator_version, context):
        if settlement.conflict == event.originator_version:
            if settlement.choice == command.choice and not given:
                return unchanged(block)
            raise VersionConflict(
                f"the conflict was settled before: {settlement.choice}",
                current=context.work.stored(block).document(),
            )
    changes = BlockChanges(block)
    if command.choice != event.winner:
        await _Settling(command, event, context).run(changes)
    changes.resolve(event.originator_version, command.choice)
    return settled(changes, context, "merged" if changes.conflicts else "applied")


class _Settling:
    """What a choice of another side, or of a value, changes."""

    def __init__(self, command: ResolveConflict, event: BlockEditConflicted, context: Context) -> None:
        self._command = command
        self._event = event
        self._context = context
        # What a refusal names.
        self._field = "value" if command.choice == "value" else "choice"

    async def run(self, changes: BlockChanges) -> None:
        then = await self._context.work.block_at(changes.block, self._event.originator_version)
        if self._event.field == DELETED:
            await self._deletion(changes, then)
        elif changes.block.deleted:
            raise await version_conflict(
                changes.block, then.version, self._context, "the block is deleted; undelete it first"
            )
        elif self._event.field == PLACE:
            await self._place(changes, then)
        else:
            await self._content(changes, then)

    @property
    def _wished(self) -> Any:
        choice = self._command.choice
        return self._command.value if choice == "value" else getattr(self._event, choice)

    async def _deletion(self, changes: BlockChanges, then: Block) -> None:
        """One side deleted the block (its value is None), the other edited fields of it."""
        fields = self._wished
        if fields is None:
            if changes.block.deleted or changes.block.content == then.content:
                changes.delete()
            else:
                await delete_edited(changes, then, self._context)
            return
        if not isinstance(fields, Mapping):
            raise Invalid.at("value", "must be an object of the block's fields, or null to delete the block")
        block = changes.block
        changes.undelete()
        if changes.events:
            (await self._context.work.outline(block.project_id)).require_limits(changes.events)
        if fields:
            # A side was written on what the block was before; a value, on what it is.
            before = {} if self._command.choice == "value" else self._event.base or {}
            base = {**then.content, **before}
            await self._merge(changes, then, base, self._valid(block, base, fields))

    async def _place(self, changes: BlockChanges, then: Block) -> None:
        if self._command.choice == "value":
            raise Invalid.at("choice", "a place is one of the two sides; for another one use move-block")
        wished_place = self._wished
        block = changes.block
        parent_id = UUID(wished_place["parent_id"]) if wished_place["parent_id"] else None
        outline = await self._context.work.outline(block.project_id)
        if parent_id is not None and not outline.shown(outline.node(parent_id)):
            raise Invalid.at("choice", "what the block stood on is deleted; undelete it or use move-block")
        changes.move(parent_id, wished_place["rank"])
        outline.require_limits(changes.events)
        moved = (await since(block, then.version, self._context)).move() if changes.events else None
        if moved is not None:
            changes.conflict(
                PLACE,
                base=place_of(then),
                theirs=place_of(block),
                mine=wished_place,
                theirs_by=moved.actor,
                mine_by=self._context.caller.user,
                winner="mine",
            )

    async def _content(self, changes: BlockChanges, then: Block) -> None:
        block, choice = changes.block, self._command.choice
        value = self._wished if choice == "value" else wished(self._event, block.type, then.content, choice)
        try:
            base, mine = then.content, self._with(block, then.content, value)
        except Invalid:
            if block.content == then.content:
                raise
            # It may fit what stands now: as a chart's series do once the conflict about its categories is settled.
            base, mine = block.content, self._with(block, block.content, value)
            await self._keep_edited(changes, then, mine)
        await self._merge(changes, then, base, mine)

    async def _keep_edited(self, changes: BlockChanges, then: Block, mine: Content) -> None:
        """Keep what was edited since and is about to be replaced, but for what settling other conflicts made."""
        now = changes.block.content
        others = await since(changes.block, then.version, self._context)
        for field in mine:
            if field in together([self._event.field]) and now[field] != mine[field]:
                if not others.edited_outright(field):
                    continue
                changes.conflict(
                    field,
                    base=then.content[field],
                    theirs=now[field],
                    mine=mine[field],
                    theirs_by=others.editor(field),
                    mine_by=self._context.caller.user,
                    winner="mine",
                )

    def _with(self, block: Block, content: Content, value: Any) -> Content:
        try:
            return self._valid(block, content, with_value(content, self._event, value))
        except Unfit:
            raise Invalid.at(
                self._field, "does not fit: it is of another kind, or what it belongs to is not there"
            ) from None

    async def _merge(self, changes: BlockChanges, then: Block, base: Content, mine: Content) -> None:
        others = await since(changes.block, then.version, self._context)
        merge_into(changes, Sides(base, changes.block.content, mine, others.editor), self._context)

    def _valid(self, block: Block, content: Content, fields: Mapping[str, Any]) -> Content:
        try:
            return changed_content(block.type, content, fields, self._context.item_ids(block.id))
        except ContentInvalid as refused:
            raise Invalid(
                [
                    FieldProblem(self._field, f"{_place_in(e.field)}{e.message}", e.limit)
                    for e in refused.errors
                ]
            ) from None


def _place_in(field: str) -> str:
    """Tell which field of the content a problem is about."""
    name = field.removeprefix("changes").lstrip(".")
    return f"`{name}` " if name else ""
