"""SQL of the conflicts read model. Every query names the project first."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from domain.block.marks import mark_id
from domain.catalogue import timestamp
from projections.conflicts.rows import ConflictRow, Key
from projections.ports import Session
from projections.tables import Table

__all__ = ["document", "load", "of_event", "page", "save"]

TABLE = Table(
    "conflict_rows",
    3,
    "project_id uuid, block_id uuid, opened_version bigint, opened bigint, field text, item text, part text,"
    " base json, theirs json, mine json, theirs_by text, mine_by text, winner text, choice text, version bigint,"
    " position bigint, created_at timestamptz, created_by text, updated_at timestamptz, updated_by text",
)
_COLUMNS = TABLE.columns
_QUALIFIED = TABLE.qualified("r")
_RESOLVED = {"false": " and r.choice is null", "true": " and r.choice is not null", "all": ""}


async def load(session: Session, keys: Collection[Key]) -> dict[Key, ConflictRow]:
    """Return the rows of these conflicts, as far as they exist."""
    projects, blocks, versions = zip(*keys, strict=True)
    rows = await session.fetch(
        f"select {_COLUMNS} from conflict_rows where (project_id, block_id, opened_version) in"
        " (select * from unnest(%s::uuid[], %s::uuid[], %s::bigint[]))",
        (list(projects), list(blocks), list(versions)),
    )
    return {row.key: row for row in (ConflictRow(*r) for r in rows)}


async def save(session: Session, rows: Sequence[ConflictRow]) -> None:
    """Insert rows, or settle those that are there, all in one statement."""
    await session.put(TABLE, rows)


async def page(
    session: Session, partition: int, project_id: UUID, *, resolved: str, after: int, limit: int
) -> tuple[int, list[ConflictRow]]:
    """Return the checkpoint and a page of a project's conflicts opened after a position, the oldest first.

    `resolved` is `true`, `false` or `all`.
    """
    rows = await session.fetch(
        f"with page as materialized (select {_QUALIFIED} from conflict_rows r"
        f" where r.project_id = %s and r.opened > %s{_RESOLVED[resolved]} order by r.opened limit %s)"
        " select c.position, page.* from projection_checkpoints c left join page on true"
        " where c.model = 'conflicts' and c.partition = %s order by page.opened",
        (project_id, after, limit, partition),
    )
    if not rows:
        return 0, []
    return rows[0][0], [ConflictRow(*r[1:]) for r in rows if r[1] is not None]


def document(row: ConflictRow) -> dict[str, Any]:
    """Render a row as the public document."""
    resolution = {"choice": row.choice, "by": row.updated_by, "at": timestamp(row.updated_at)}
    return {
        "id": mark_id(row.block_id, row.opened_version),
        "project_id": str(row.project_id),
        "block_id": str(row.block_id),
        "field": row.field,
        "item": row.item,
        "part": row.part,
        "base": row.base,
        "theirs": row.theirs,
        "mine": row.mine,
        "actors": {"theirs": row.theirs_by, "mine": row.mine_by},
        "winner": row.winner,
        "resolved": row.choice is not None,
        "resolution": resolution if row.choice is not None else None,
        "version": row.version,
        "position": row.position,
        "created_at": timestamp(row.created_at),
        "created_by": row.created_by,
        "updated_at": timestamp(row.updated_at),
        "updated_by": row.updated_by,
    }


def of_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a conflict from the public event that keeps it, as its document is before anybody settled it."""
    data, stream, at, by = event["data"], event["stream"], event["at"], event["actor"]["id"]
    told = ("block_id", "field", "item", "part", "base", "theirs", "mine", "actors", "winner")
    return {
        "id": data["conflict_id"],
        "project_id": event["project_id"],
        **{name: data[name] for name in told},
        "resolved": False,
        "resolution": None,
        "version": stream["version"],
        "position": event["position"],
        "created_at": at,
        "created_by": by,
        "updated_at": at,
        "updated_by": by,
    }
