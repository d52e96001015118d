"""SQL of the themes read model, and who else may read a theme."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from domain.catalogue import timestamp
from domain.theme import BUILT_IN, Theme
from projections.ports import Session
from projections.tables import Table
from projections.themes.rows import ThemeRow

__all__ = [
    "BUILT_IN",
    "ThemeRow",
    "built_in_document",
    "document",
    "find_one",
    "load",
    "page",
    "save",
    "shown_in",
]

TABLE = Table(
    "theme_rows",
    1,
    "theme_id uuid, owner text, name text, defined bigint, version bigint, position bigint,"
    " created_at timestamptz, created_by text, updated_at timestamptz, updated_by text, colors json, fonts json",
)
COLUMNS = TABLE.columns
_REACHED = (
    "reached as (select case when count(*) < %s then 0 else min(position) end as least"
    " from projection_checkpoints where model = 'themes' and partition < %s)"
)
# Projects that are asked whether the reader is a member: one is enough, and a user's theme is in few.
_CANDIDATES = 50


async def load(session: Session, ids: Collection[UUID]) -> dict[UUID, ThemeRow]:
    """Return the rows of these themes, as far as they exist."""
    rows = await session.fetch(f"select {COLUMNS} from theme_rows where theme_id = any(%s)", (list(ids),))
    return {r[0]: ThemeRow(*r) for r in rows}


async def save(session: Session, rows: Sequence[ThemeRow]) -> None:
    """Insert or replace rows, all in one statement."""
    await session.put(TABLE, rows)


async def find_one(session: Session, theme_id: UUID, *, partition: int) -> tuple[int, ThemeRow | None]:
    """Return the model's checkpoint in the theme's partition and the theme's row, of one snapshot."""
    rows = await session.fetch(
        f"select c.position, t.* from projection_checkpoints c"
        f" left join (select {COLUMNS} from theme_rows where theme_id = %s) t on true"
        " where c.model = 'themes' and c.partition = %s",
        (theme_id, partition),
    )
    if not rows:
        return 0, None
    position, *values = rows[0]
    return position, ThemeRow(*values) if values[0] is not None else None


async def page(
    session: Session, owner: str, *, partitions: int, before: int | None, limit: int
) -> tuple[int, list[ThemeRow]]:
    """Return the least checkpoint (0 if a partition has none yet) and a page of a user's themes, the newest first."""
    values: list[Any] = [owner]
    conditions = "owner = %s"
    if before is not None:
        conditions += " and defined < %s"
        values.append(before)
    rows = await session.fetch(
        f"with page as materialized (select {COLUMNS} from theme_rows where {conditions}"
        f" order by defined desc limit %s), {_REACHED}"
        " select reached.least, page.* from reached left join page on true order by page.defined desc",
        (*values, limit, partitions, partitions),
    )
    return rows[0][0], [ThemeRow(*r[1:]) for r in rows if r[1] is not None]


async def shown_in(session: Session, theme_id: UUID, user: str, *, partitions: int) -> tuple[int, list[UUID]]:
    """Return the least checkpoint of the projects model, and projects of this user that are shown in a theme."""
    rows = await session.fetch(
        "with shown as materialized (select r.project_id from project_rows r"
        " join member_rows m on m.project_id = r.project_id and m.user_id = %s"
        " where r.theme_id = %s limit %s),"
        " reached as (select case when count(*) < %s then 0 else min(position) end as least"
        " from projection_checkpoints where model = 'projects' and partition < %s)"
        " select reached.least, shown.project_id from reached left join shown on true",
        (user, str(theme_id), _CANDIDATES, partitions, partitions),
    )
    return rows[0][0], [project_id for _, project_id in rows if project_id is not None]


def document(row: ThemeRow) -> dict[str, Any]:
    """Render a row as the public document."""
    return {
        "id": str(row.theme_id),
        "name": row.name,
        "owner": row.owner,
        "built_in": False,
        "colors": row.colors,
        "fonts": row.fonts,
        "version": row.version,
        "position": row.position,
        "created_at": timestamp(row.created_at),
        "created_by": row.created_by,
        "updated_at": timestamp(row.updated_at),
        "updated_by": row.updated_by,
    }


def built_in_document(theme: Theme) -> dict[str, Any]:
    """Render a theme that comes with the product: nobody made it, and no event is in it."""
    return {
        "id": str(theme.id),
        "name": theme.name,
        "owner": None,
        "built_in": True,
        "colors": dict(theme.colors),
        "fonts": dict(theme.fonts),
        "version": theme.version,
        "position": 0,
        "created_at": None,
        "created_by": None,
        "updated_at": None,
        "updated_by": None,
    }
