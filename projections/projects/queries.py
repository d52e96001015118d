"""SQL of the projects read model."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.catalogue import timestamp
from domain.documents import ProjectDocument
from projections.ports import Session
from projections.tables import Table

__all__ = ["ProjectDocument", "document", "find", "load", "page", "remove", "save"]

TABLE = Table(
    "project_rows",
    1,
    "project_id uuid, title text, owner text, aspect text, theme_id text, archived boolean, version bigint,"
    " position bigint, created_at timestamptz, created_by text, updated_at timestamptz, updated_by text,"
    " members json",
)
MEMBERS = Table("member_rows", 2, "user_id text, project_id uuid, role text")
_QUALIFIED = TABLE.qualified("r")


class MemberRow(NamedTuple):
    """A user's role in a project."""

    user_id: str
    project_id: UUID
    role: str


def _row(values: Sequence[Any]) -> ProjectDocument:
    return ProjectDocument(*values)


async def load(session: Session, ids: Collection[UUID]) -> dict[UUID, ProjectDocument]:
    """Return the rows of these projects, as far as they exist."""
    rows = await session.fetch(
        f"select {TABLE.columns} from project_rows where project_id = any(%s)", (list(ids),)
    )
    return {r[0]: _row(r) for r in rows}


async def save(session: Session, rows: Sequence[ProjectDocument]) -> None:
    """Insert or replace rows and their memberships, however many in three statements."""
    await session.put(TABLE, rows)
    members = [MemberRow(user, r.project_id, role) for r in rows for user, role in r.members.items()]
    await session.execute(
        "delete from member_rows m where m.project_id = any(%s) and not exists ("
        "select from unnest(%s::uuid[], %s::text[]) as n (project_id, user_id)"
        " where n.project_id = m.project_id and n.user_id = m.user_id)",
        ([r.project_id for r in rows], [m.project_id for m in members], [m.user_id for m in members]),
    )
    await session.put(MEMBERS, members)


async def remove(session: Session, project_id: UUID) -> None:
    """Remove a project's row and its memberships."""
    await session.execute("delete from member_rows where project_id = %s", (project_id,))
    await session.execute("delete from project_rows where project_id = %s", (project_id,))


async def find(session: Session, partition: int, project_id: UUID) -> tuple[int, ProjectDocument | None]:
    """Return the model's checkpoint in the partition and the project's row, of one snapshot."""
    rows = await session.fetch(
        f"select c.position, {_QUALIFIED} from projection_checkpoints c"
        " left join project_rows r on r.project_id = %s where c.model = 'projects' and c.partition = %s",
        (project_id, partition),
    )
    if not rows:
        return 0, None
    position, *values = rows[0]
    return position, _row(values) if values[0] is not None else None


async def page(
    session: Session,
    user: str,
    *,
    partitions: int,
    text: str | None,
    archived: bool,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> tuple[int, list[ProjectDocument]]:
    """Return the least checkpoint (0 if a partition has none yet) and a page of a member's projects, newest first."""
    conditions = ["m.user_id = %s", "r.archived = %s"]
    parameters: list[Any] = [user, archived]
    if text:
        conditions.append("strpos(lower(r.title), lower(%s)) > 0")
        parameters.append(text)
    if before is not None:
        conditions.append("(r.created_at, r.project_id) < (%s, %s)")
        parameters.extend(before)
    # One statement, so one snapshot: an empty page is true as of its checkpoint too.
    rows = await session.fetch(
        f"with page as materialized (select {_QUALIFIED}"
        " from member_rows m join project_rows r using (project_id)"
        f" where {' and '.join(conditions)} order by r.created_at desc, r.project_id desc limit %s),"
        " reached as (select case when count(*) < %s then 0 else min(position) end as least"
        " from projection_checkpoints where model = 'projects' and partition < %s)"
        " select reached.least, page.* from reached left join page on true"
        " order by page.created_at desc, page.project_id desc",
        (*parameters, limit, partitions, partitions),
    )
    return rows[0][0], [_row(r[1:]) for r in rows if r[1] is not None]


def document(row: ProjectDocument) -> dict[str, Any]:
    """Render a row as the public document, without the caller's role."""
    return {
        "id": str(row.project_id),
        "title": row.title,
        "owner": row.owner,
        "members": [{"user": user, "role": role} for user, role in sorted(row.members.items())],
        "aspect": row.aspect,
        "theme_id": row.theme_id,
        "archived": row.archived,
        "version": row.version,
        "position": row.position,
        "created_at": timestamp(row.created_at),
        "created_by": row.created_by,
        "updated_at": timestamp(row.updated_at),
        "updated_by": row.updated_by,
    }
