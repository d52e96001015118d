"""The client library of Decklog: post commands, query what you wrote, follow a project for ever.

    async with Client(write_url, read_url, token) as decklog:
        made = await decklog.command("create-project", title="Plan")
        project = await decklog.get(f"/projects/{made.project_id}")        # what was just written is in it
        async for message in decklog.follow(made.project_id, after=0):     # through any loss of the connection
            ...

What fails for a moment is tried again under the same idempotency key, so nothing happens twice. Refusals are
exceptions, one class a problem code.
"""

from decklog.answers import Answer, BatchAnswer, Document, Stream
from decklog.client import Client
from decklog.errors import (
    AlreadyExists,
    DecklogError,
    FieldProblem,
    Forbidden,
    IdempotencyMismatch,
    Internal,
    NotFound,
    PayloadTooLarge,
    Problem,
    RateLimited,
    SocketEnded,
    Unauthenticated,
    Unavailable,
    Unreachable,
    ValidationFailed,
    VersionConflict,
)
from decklog.live import Subscription
from decklog.messages import Actor, Event, Message, Note, Reset
from decklog.retrying import Patience
from decklog.socket import CommandSocket

__all__ = [
    "Actor",
    "AlreadyExists",
    "Answer",
    "BatchAnswer",
    "Client",
    "CommandSocket",
    "DecklogError",
    "Document",
    "Event",
    "FieldProblem",
    "Forbidden",
    "IdempotencyMismatch",
    "Internal",
    "Message",
    "NotFound",
    "Note",
    "Patience",
    "PayloadTooLarge",
    "Problem",
    "RateLimited",
    "Reset",
    "SocketEnded",
    "Stream",
    "Subscription",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "ValidationFailed",
    "VersionConflict",
]
