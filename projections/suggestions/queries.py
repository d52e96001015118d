"""SQL of the suggestions read model. Every query names the project first."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from domain.block.marks import mark_id
from domain.catalogue import timestamp
from projections.ports import Session
from projections.suggestions.rows import STATES, Key, SuggestionRow
from projections.tables import Table

__all__ = ["STATES", "document", "load", "page", "save"]

TABLE = Table(
    "suggestion_rows",
    3,
    "project_id uuid, block_id uuid, opened_version bigint, opened bigint, changes json, base_version bigint,"
    " reason text, state text, version bigint, position bigint, created_at timestamptz, created_by text,"
    " updated_at timestamptz, updated_by text",
)
_COLUMNS = TABLE.columns
_QUALIFIED = TABLE.qualified("r")


async def load(session: Session, keys: Collection[Key]) -> dict[Key, SuggestionRow]:
    """Return the rows of these suggestions, as far as they exist."""
    projects, blocks, versions = zip(*keys, strict=True)
    rows = await session.fetch(
        f"select {_COLUMNS} from suggestion_rows where (project_id, block_id, opened_version) in"
        " (select * from unnest(%s::uuid[], %s::uuid[], %s::bigint[]))",
        (list(projects), list(blocks), list(versions)),
    )
    return {row.key: row for row in (SuggestionRow(*r) for r in rows)}


async def save(session: Session, rows: Sequence[SuggestionRow]) -> None:
    """Insert rows, or decide those that are there, all in one statement."""
    await session.put(TABLE, rows)


async def page(
    session: Session, partition: int, project_id: UUID, *, state: str | None, after: int, limit: int
) -> tuple[int, list[SuggestionRow]]:
    """Return the checkpoint and a page of a project's suggestions made after a position, the oldest first.

    `state` is one of `STATES`, None for all of them.
    """
    condition, values = ("", []) if state is None else (" and r.state = %s", [state])
    rows = await session.fetch(
        f"with page as materialized (select {_QUALIFIED} from suggestion_rows r"
        f" where r.project_id = %s and r.opened > %s{condition} order by r.opened limit %s)"
        " select c.position, page.* from projection_checkpoints c left join page on true"
        " where c.model = 'suggestions' and c.partition = %s order by page.opened",
        (project_id, after, *values, limit, partition),
    )
    if not rows:
        return 0, []
    return rows[0][0], [SuggestionRow(*r[1:]) for r in rows if r[1] is not None]


def document(row: SuggestionRow) -> dict[str, Any]:
    """Render a row as the public document."""
    decided = row.state != "open"
    return {
        "id": mark_id(row.block_id, row.opened_version),
        "project_id": str(row.project_id),
        "block_id": str(row.block_id),
        "changes": row.changes,
        "base_version": row.base_version,
        "reason": row.reason,
        "state": row.state,
        "decided_at": timestamp(row.updated_at) if decided else None,
        "decided_by": row.updated_by if decided else None,
        "version": row.version,
        "position": row.position,
        "created_at": timestamp(row.created_at),
        "created_by": row.created_by,
        "updated_at": timestamp(row.updated_at),
        "updated_by": row.updated_by,
    }
