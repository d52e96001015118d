"""Finding the conflicts and suggestions that ids name."""

from typing import TypeVar
from uuid import UUID

from commands.context import Context
from commands.ports import EventQuery
from domain.block import Block, BlockEvent
from domain.block.marks import parse_mark
from domain.errors import Forbidden, NotFound

E = TypeVar("E", bound=BlockEvent)


async def marked(
    project_id: UUID, mark: str, kind: type[E], context: Context, absent: str
) -> tuple[Block, E]:
    """Return the block and the event that an id of a conflict or a suggestion names.

    Raises:
        NotFound: it names none of this kind in this project.
    """
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


async def events_of(block: Block, kind: type[E], after: int, context: Context) -> list[E]:
    """Return the events of a kind that a block has got after a version, those of this request included."""
    query = EventQuery(stream_id=block.id, after=after, topics=[kind.TOPIC])
    stored = [r.event for r in await context.work.read(query)]
    return [e for e in (*stored, *context.work.pending(block.id)) if isinstance(e, kind)]


def require_person(context: Context, why: str) -> None:
    """Refuse what a machine may not decide.

    Raises:
        Forbidden: the caller is a machine.
    """
    if context.caller.kind == "machine":
        raise Forbidden(why)
