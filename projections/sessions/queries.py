"""SQL of the sessions read model. Every query names the project first."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from domain.catalogue import timestamp
from projections.partitions import partition_of
from projections.ports import Session
from projections.sessions.rows import SessionRow
from projections.tables import Table

__all__ = ["SessionRow", "active_page", "all_active", "document", "load", "save"]

TABLE = Table(
    "session_rows",
    2,
    "project_id uuid, session_id uuid, user_id text, client text, active boolean, reason text, joined bigint,"
    " version bigint, position bigint, created_at timestamptz, created_by text, updated_at timestamptz,"
    " updated_by text",
)
COLUMNS = TABLE.columns


async def load(session: Session, ids: Mapping[UUID, UUID]) -> dict[UUID, SessionRow]:
    """Return the rows of these sessions (session id: project id), as far as they exist."""
    rows = await session.fetch(
        f"select {COLUMNS} from session_rows where (project_id, session_id) in"
        " (select * from unnest(%s::uuid[], %s::uuid[]))",
        (list(ids.values()), list(ids)),
    )
    return {r[1]: SessionRow(*r) for r in rows}


async def save(session: Session, rows: Sequence[SessionRow]) -> None:
    """Insert or replace rows, all in one statement."""
    await session.put(TABLE, rows)


async def active_page(
    session: Session, partition: int, project_id: UUID, *, after: int, limit: int
) -> tuple[int, list[SessionRow]]:
    """Return the model's checkpoint in the partition and a page of a project's active sessions, the oldest first."""
    rows = await session.fetch(
        f"with page as materialized (select {COLUMNS} from session_rows"
        " where project_id = %s and active and joined > %s order by joined limit %s)"
        " select c.position, page.* from projection_checkpoints c left join page on true"
        " where c.model = 'sessions' and c.partition = %s order by page.joined",
        (project_id, after, limit, partition),
    )
    if not rows:
        return 0, []
    return rows[0][0], [SessionRow(*r[1:]) for r in rows if r[1] is not None]


async def all_active(session: Session, partitions: int, partition: int) -> list[tuple[UUID, UUID, str, str]]:
    """Return the active sessions of a partition's projects: (session, project, user, client)."""
    rows = await session.fetch(
        "select session_id, project_id, user_id, client from session_rows where active", ()
    )
    return [(r[0], r[1], r[2], r[3]) for r in rows if partition_of(r[1], partitions) == partition]


def document(row: SessionRow) -> dict[str, Any]:
    """Render a row as the public document."""
    return {
        "id": str(row.session_id),
        "project_id": str(row.project_id),
        "user": row.user_id,
        "client": row.client,
        "active": row.active,
        "version": row.version,
        "position": row.position,
        "created_at": timestamp(row.created_at),
        "created_by": row.created_by,
        "updated_at": timestamp(row.updated_at),
        "updated_by": row.updated_by,
    }
