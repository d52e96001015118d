"""What read models need from outside, as protocols."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.documents import Deck
from domain.events import Recorded
from projections.tables import Table

__all__ = [
    "Database",
    "Deck",
    "Decks",
    "Deliver",
    "LogReader",
    "Personal",
    "Recorded",
    "Row",
    "Session",
]

Row = tuple[Any, ...]


class Session(Protocol):
    """A database connection, inside a transaction or not. SQL takes `%s` placeholders."""

    async def fetch(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run a query and return its rows."""
        ...

    async def execute(self, query: str, values: Sequence[Any] = ()) -> None:
        """Run a statement."""
        ...

    async def put(self, table: Table, rows: Sequence[Any]) -> None:
        """Insert rows of a read table, or replace those of the same keys, all in one statement."""
        ...


class Database(Protocol):
    """Where read tables are."""

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Borrow a connection; every statement commits on its own."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Session]:
        """Borrow a connection; all that is done with it commits together, or not at all."""
        ...


class LogReader(Protocol):
    """The log of events, as read models use it."""

    async def head(self) -> tuple[int, UUID]:
        """Return the position of the last event and the log's epoch."""
        ...

    async def after(self, position: int, limit: int = ..., *, to: int | None = None) -> Sequence[Recorded]:
        """Read the whole log after a position (up to and with `to`), in order."""
        ...

    async def stream(self, stream_id: UUID, after_version: int = 0) -> Sequence[Recorded]:
        """Read a stream's events after a version."""
        ...

    async def streams(self, after: Mapping[UUID, int]) -> Sequence[Recorded]:
        """Read the events of several streams, each after a version, by one statement; a stream's are in order."""
        ...

    async def project(
        self,
        project_id: UUID,
        after: int,
        limit: int = ...,
        *,
        descending: bool = ...,
        before: int | None = ...,
    ) -> Sequence[Recorded]:
        """Read a project's events after a position, or backwards before one."""
        ...

    async def project_within(
        self, session: Session, project_id: UUID, after: int, limit: int
    ) -> Sequence[Recorded]:
        """Read a project's events after a position on a connection that is held already, in its transaction."""
        ...


class Decks(Protocol):
    """Whole projects as they were at any position of the log."""

    async def at(self, project_id: UUID, position: int | None = None) -> Deck | None:
        """Return a project as of a position (None: now); None if it did not exist then. It is the caller's own."""
        ...

    async def position_at(self, project_id: UUID, instant: datetime) -> int:
        """Return the position of the project's last event recorded up to an instant; 0 if there is none."""
        ...


class Personal(Protocol):
    """What persons said of themselves, as long as it was not shredded."""

    async def reveal(self, events: Sequence[dict[str, Any]]) -> None:
        """Replace the sealed values in public events, in place.

        Where a value was shredded stands None, and beside it `"shredded": true`; where it cannot be opened
        for another reason, None alone.

        Raises:
            Unavailable: the keys cannot be reached, so nobody knows which of the two it is.
        """
        ...


Deliver = Callable[[Sequence[Recorded], int], Awaitable[None]]
