"""What a read model is."""

import zlib
from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

from domain.events import Event, Recorded
from projections.ports import Session


class ReadModel(Protocol):
    """Rows derived from the log, and nothing else: a projector never calls out."""

    name: str
    # Goes up whenever the rows of the same events become others: the live ones are then rebuilt.
    version: int
    # The kinds of event that it folds; it is not asked about others.
    follows: tuple[type[Event], ...]
    # The tables that hold the rows, and nothing else. Their names stand without a schema in the SQL.
    tables: tuple[str, ...]

    async def apply(self, session: Session, events: Sequence[Recorded]) -> None:
        """Fold events, in order, into the rows. It runs in the transaction that moves the checkpoint."""
        ...

    async def forget(self, session: Session, project_id: UUID) -> None:
        """Remove the rows of one project."""
        ...

    async def clear(self, session: Session) -> None:
        """Remove all rows."""
        ...


def versions_tag(models: Iterable[ReadModel]) -> str:
    """Return what tells releases apart that fold these models by other versions."""
    return f"{zlib.crc32(' '.join(sorted(f'{m.name}={m.version}' for m in models)).encode()):08x}"
