"""SQL of the versions read model. Every query names the project first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.catalogue import timestamp
from projections.ports import Session
from projections.tables import Table


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One named version: `position` is what it names, `event_position` where it was named."""

    project_id: UUID
    event_position: int
    version_id: UUID
    name: str
    position: int
    created_at: datetime
    created_by: str


TABLE = Table(
    "version_rows",
    2,
    "project_id uuid, event_position bigint, version_id uuid, name text, position bigint, created_at timestamptz,"
    " created_by text",
)
COLUMNS = TABLE.columns


async def add(session: Session, rows: Sequence[VersionRow]) -> None:
    """Insert rows, all in one statement."""
    await session.put(TABLE, rows)


async def page(
    session: Session, partition: int, project_id: UUID, *, before: int | None, limit: int
) -> tuple[int, list[VersionRow]]:
    """Return the model's checkpoint in the partition and a page of a project's versions, the newest first."""
    values: list[Any] = [project_id]
    conditions = "project_id = %s"
    if before is not None:
        conditions += " and event_position < %s"
        values.append(before)
    rows = await session.fetch(
        f"with page as materialized (select {COLUMNS} from version_rows where {conditions}"
        " order by event_position desc limit %s)"
        " select c.position, page.* from projection_checkpoints c left join page on true"
        " where c.model = 'versions' and c.partition = %s order by page.event_position desc",
        (*values, limit, partition),
    )
    if not rows:
        return 0, []
    return rows[0][0], [VersionRow(*r[1:]) for r in rows if r[1] is not None]


def document(row: VersionRow) -> dict[str, Any]:
    """Render a row as the public document."""
    return {
        "id": str(row.version_id),
        "project_id": str(row.project_id),
        "name": row.name,
        "position": row.position,
        "created_at": timestamp(row.created_at),
        "created_by": row.created_by,
    }
