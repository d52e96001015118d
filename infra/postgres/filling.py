"""Filling empty read tables: rows whose project is new to them are copied, which costs the least."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from infra.postgres.connections import Connection
from infra.postgres.read_database import PostgresSession
from projections.tables import Table


class FillingSession(PostgresSession):
    """A session for events that come project by project, as a rebuild reads them.

    What a project has in a table was written in one go, but where a chunk of events ends in the middle of the
    project, or the project comes back into the log: only then may a row be there already.
    """

    def __init__(self, connection: Connection, begun: UUID | None) -> None:
        """Begin a chunk of events; `begun` is the project that the chunk before may have ended in."""
        super().__init__(connection)
        self._known: dict[str, set[UUID]] = {}
        self._begun = begun

    async def put(self, table: Table, rows: Sequence[Any]) -> None:
        """Copy the rows of new projects; insert or replace the others."""
        known = self._known.setdefault(table.name, {self._begun} if self._begun else set())
        new = [row for row in rows if _project(row) not in known]
        old = [row for row in rows if _project(row) in known]
        if old:
            await super().put(table, old)
        if new:
            await self._copy(table, new)
            known.update(map(_project, new))

    async def _copy(self, table: Table, rows: Sequence[Any]) -> None:
        statement = f"copy {table.name} ({table.columns}) from stdin"
        async with self._connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for values in table.tuples(rows):
                await copy.write_row(values)


def _project(row: Any) -> UUID:
    """Return the project that a row belongs to; the events of a theme stand under its own id."""
    found: UUID = getattr(row, "project_id", None) or row.theme_id
    return found
