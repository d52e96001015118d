"""What a handler works with, and what a handler is."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from uuid import UUID, uuid5

from commands.answers import Decision
from commands.messages.base import Command
from commands.ports import Caller
from commands.unit_of_work import StreamState, UnitOfWork
from domain.events import Event
from domain.records import record

Handler = Callable[[Any, "Context"], Awaitable[Decision]]
Handlers = Mapping[type[Command], Handler]


def derived_id(command_id: UUID, user: str, name: str) -> UUID:
    """Return the id that a user's command gives to what it makes and was given none for."""
    return uuid5(command_id, f"{user}\n{name}")


@record
class Context:
    """One command's surroundings: the request's unit of work, the caller, and the command's id."""

    work: UnitOfWork
    caller: Caller
    command_id: UUID

    def new_id(self, name: str) -> UUID:
        """Derive an id that the client left out, the same for every repeat of the command.

        The caller is part of it: two callers may use the same idempotency key.
        """
        return derived_id(self.command_id, self.caller.user, name)

    def item_ids(self, block_id: UUID) -> Callable[[str], str]:
        """Return a source of ids for list items and the like, by their path in the content."""
        return lambda path: uuid5(self.command_id, f"{block_id}\n{path}").hex[:12]

    def record(self, project_id: UUID, events: Iterable[Event]) -> list[StreamState]:
        """Take events in, as caused by this command."""
        return self.work.record(project_id, self.command_id, events)
