"""What commands that look at a whole project share: which moment they mean, and what they refuse."""

from typing import Final
from uuid import UUID

import orjson

from commands.context import Context
from commands.ports import EventQuery
from domain.documents import Deck, ProjectDocument
from domain.errors import FieldProblem, Invalid
from domain.outline import Outline

# What one request may write. The log takes some 20 MiB/s, and gives up on what takes 2 s.
BYTES_LIMIT: Final = 12 * 2**20


def require_unchanged(project_id: UUID, context: Context, field: str = "project_id") -> None:
    """Refuse a command that reads the log's state of a project which its own batch has changed.

    Raises:
        Invalid: a command before it in the batch has changed the project.
    """
    if context.work.changes(project_id):
        raise Invalid.at(
            field, "was changed by a command before this one in the batch; send this one by itself"
        )


def require_writable(context: Context, field: str) -> None:
    """Refuse to write more at once than the log takes in a moment: all others wait for it meanwhile.

    Raises:
        Invalid: the request's events come to more than 12 MiB.
    """
    size = sum(len(orjson.dumps(written.event.data())) for written in context.work.events)
    if size > BYTES_LIMIT:
        raise Invalid.at(field, f"would write more than {BYTES_LIMIT // 2**20} MiB at once", BYTES_LIMIT)


def require_room(outline: Outline, field: str) -> None:
    """Refuse what was recorded if the project shows too much with it; `field` is what the command says of it.

    Raises:
        Invalid: more than 200 slides or 2,000 blocks would be shown.
    """
    try:
        outline.require_limits(())
    except Invalid as full:
        raise Invalid([FieldProblem(field, e.message, e.limit) for e in full.errors]) from full


async def deck_at(project_id: UUID, position: int, context: Context, field: str) -> Deck:
    """Return a project as it was at a position of the log.

    Raises:
        Invalid: the project did not exist then, or the log has not come that far.
    """
    [head] = await context.work.read(EventQuery(descending=True), 1)
    if position > head.position:
        raise Invalid.at(field, f"is ahead of the log, which is at {head.position}", head.position)
    deck = await context.work.deck(project_id, position)
    if deck is None:
        begun = await context.work.read(EventQuery(stream_id=project_id, to=1), 1)
        first = begun[0].position if begun else head.position
        raise Invalid.at(field, f"is before the project's first event, {first}", first)
    return deck


async def deck_now(project_id: UUID, context: Context) -> Deck:
    """Return a project as it is, which is known to exist."""
    deck = await context.work.deck(project_id)
    if deck is None:
        raise RuntimeError("a project that has events cannot be read")
    return deck


def document_of(deck: Deck) -> ProjectDocument:
    """Return the project of a deck that was found, which has one."""
    if deck.project is None:
        raise RuntimeError("a deck without its project")
    return deck.project
