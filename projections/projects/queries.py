"""SQL of the projects read model."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from domain.catalogue import timestamp
from domain.documents import ProjectDocument
from projections.ports import Session

__all__ = ["ProjectDocument", "document", "find", "load", "page", "remove", "save"]

COLUMNS = (
    "project_id, title, owner, aspect, theme_id, archived, version, position,"
    " created_at, created_by, updated_at, updated_by, members"
)
_NAMES = [name.strip() for name in COLUMNS.split(",")]
_QUALIFIED = ", ".join(f"r.{name}" for name in _NAMES)
_TYPES = {
    "project_id": "uuid",
    "archived": "boolean",
    "version": "bigint",
    "position": "bigint",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
}
_UNNEST = ", ".join(f"%s::{_TYPES.get(name, 'text')}[]" for name in _NAMES)
_SELECTED = ", ".join(f"{name}::json" if name == "members" else name for name in _NAMES)
_UPDATES = ", ".join(f"{name} = excluded.{name}" for name in _NAMES[1:])


def _row(values: Sequence[Any]) -> ProjectDocument:
    return ProjectDocument(*values)


async def load(session: Session, ids: Collection[UUID]) -> dict[UUID, ProjectDocument]:
    """Return the rows of these projects, as far as they exist."""
    rows = await session.fetch(f"select {COLUMNS} from project_rows where project_id = any(%s)", (list(ids),))
    return {r[0]: _row(r) for r in rows}


async def save(session: Session, rows: Sequence[ProjectDocument]) -> None:
    """Insert or replace rows and their memberships, however many in three statements."""
    columns: list[list[Any]] = [[getattr(row, name) for row in rows] for name in _NAMES[:-1]]
    members = [orjson.dumps(row.members).decode() for row in rows]
    await session.execute(
        f"insert into project_rows ({COLUMNS}) select {_SELECTED} from unnest({_UNNEST}) as n ({COLUMNS})"
        f" on conflict (project_id) do update set {_UPDATES}",
        (*columns, members),
    )
    membership = [(row.project_id, user, role) for row in rows for user, role in row.members.items()]
    projects, users = [m[0] for m in membership], [m[1] for m in membership]
    await session.execute(
        "delete from member_rows m where m.project_id = any(%s) and not exists ("
        "select from unnest(%s::uuid[], %s::text[]) as n (project_id, user_id)"
        " where n.project_id = m.project_id and n.user_id = m.user_id)",
        ([row.project_id for row in rows], projects, users),
    )
    await session.execute(
        "insert into member_rows (project_id, user_id, role)"
        " select * from unnest(%s::uuid[], %s::text[], %s::text[])"
        " on conflict (user_id, project_id) do update set role = excluded.role"
        " where member_rows.role <> excluded.role",
        (projects, users, [m[2] for m in membership]),
    )


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
