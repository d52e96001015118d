"""Refusals that commands on blocks share, and the base that a command was made on."""

from commands.context import Context
from domain.block import Block
from domain.catalogue import public_event
from domain.content import ContentInvalid
from domain.errors import FieldProblem, Invalid, VersionConflict


async def require_base(block: Block, base_version: int | None, context: Context) -> Block:
    """Return the block as the caller saw it when the command was made.

    Raises:
        Invalid: the block never was at this version.
    """
    if base_version is None:
        return block
    if base_version > block.version:
        raise Invalid.at(
            "base_version", f"is ahead of the block's version, {block.version}", limit=block.version
        )
    # A command of a batch may be based on the block as it was before the batch, like those before it.
    if base_version >= block.version - context.work.written(block.id):
        return block
    return context.work.draft(await context.work.block_at(block, base_version))


async def version_conflict(
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


def invalid(refused: ContentInvalid) -> Invalid:
    """Tell what is wrong with a content."""
    return Invalid([FieldProblem(e.field, e.message, e.limit) for e in refused.errors])
