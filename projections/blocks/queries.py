"""SQL of the blocks read model. Every query names the project first."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson

from domain.catalogue import timestamp
from domain.content import BLOCK_TYPES
from domain.documents import BlockDocument
from projections.ports import Session
from projections.tables import Table

__all__ = [
    "BLOCK_TYPES",
    "BlockDocument",
    "document",
    "find",
    "load",
    "remove",
    "save",
    "tree_documents",
    "tree_page",
    "whole_tree",
]

TABLE = Table(
    "block_rows",
    2,
    "project_id uuid, block_id uuid, parent_id uuid, type text, rank text, deleted boolean, version bigint,"
    " position bigint, created_at timestamptz, created_by text, updated_at timestamptz, updated_by text,"
    " origin_block_id uuid, content json",
)
COLUMNS = TABLE.columns
_QUALIFIED = TABLE.qualified("b")

# A block's place in the tree as one sortable array: its ancestors' (rank, id) and its own. Nesting is
# slide > group > leaf, so two joins reach the top.
_PATH = (
    "array_remove(array[g.rank || ' ' || g.block_id, p.rank || ' ' || p.block_id, b.rank || ' ' || b.block_id],"
    ' null) collate "C"'
)
_TREE = (
    " from block_rows b"
    " left join block_rows p on p.project_id = b.project_id and p.block_id = b.parent_id"
    " left join block_rows g on g.project_id = b.project_id and g.block_id = p.parent_id"
    " where b.project_id = %s and not (b.deleted or coalesce(p.deleted, false) or coalesce(g.deleted, false))"
)


async def load(session: Session, ids: Mapping[UUID, UUID]) -> dict[UUID, BlockDocument]:
    """Return the rows of these blocks (block id: project id), as far as they exist."""
    rows = await session.fetch(
        f"select {COLUMNS} from block_rows where (project_id, block_id) in"
        " (select * from unnest(%s::uuid[], %s::uuid[]))",
        (list(ids.values()), list(ids)),
    )
    return {r[1]: BlockDocument(*r) for r in rows}


async def save(session: Session, rows: Sequence[BlockDocument]) -> None:
    """Insert or replace rows, all in one statement."""
    await session.put(TABLE, rows)


async def remove(session: Session, project_id: UUID) -> None:
    """Remove the rows of a project's blocks."""
    await session.execute("delete from block_rows where project_id = %s", (project_id,))


async def find(
    session: Session, partition: int, project_id: UUID, block_id: UUID
) -> tuple[int, BlockDocument | None]:
    """Return the model's checkpoint in the partition and the block's row, of one snapshot."""
    rows = await session.fetch(
        f"select c.position, {_QUALIFIED} from projection_checkpoints c"
        " left join block_rows b on b.project_id = %s and b.block_id = %s"
        " where c.model = 'blocks' and c.partition = %s",
        (project_id, block_id, partition),
    )
    if not rows:
        return 0, None
    position, *values = rows[0]
    return position, BlockDocument(*values) if values[0] is not None else None


async def tree_page(
    session: Session,
    partition: int,
    project_id: UUID,
    *,
    block_type: str | None,
    after: Sequence[str] | None,
    limit: int,
) -> tuple[int, list[tuple[list[str], BlockDocument]]]:
    """Return the checkpoint and a page of (path, row) in tree order: slides by rank, each with what is on it."""
    conditions, parameters = "", [project_id]
    values: list[Any] = list(parameters)
    if block_type is not None:
        conditions += " and b.type = %s"
        values.append(block_type)
    if after is not None:
        conditions += f" and {_PATH} > %s::text[]"
        values.append(list(after))
    rows = await session.fetch(
        "with page as materialized ("
        f"select {_PATH} as path, {_QUALIFIED} {_TREE} {conditions} order by path limit %s)"
        " select c.position, page.* from projection_checkpoints c left join page on true"
        " where c.model = 'blocks' and c.partition = %s order by path",
        (*values, limit, partition),
    )
    if not rows:
        return 0, []
    return rows[0][0], [(r[1], BlockDocument(*r[2:])) for r in rows if r[1] is not None]


# What a document shows of a row. Ids come as the texts that they are shown as: to make objects of them, and texts
# again, would take longer than all the rest.
_SHOWN = (
    "b.parent_id::text, b.rank, b.block_id::text, b.type, b.origin_block_id::text, b.content::text, b.version,"
    " b.position, b.created_at, b.created_by, b.updated_at, b.updated_by"
)
# A block that is not deleted as `document` renders it, but for what only orjson renders: its content is JSON already,
# its instants are in UTC.
Shown = dict[str, Any]


async def whole_tree(session: Session, partition: int, project_id: UUID) -> tuple[int, list[Shown]]:
    """Return the checkpoint and all documents in tree order.

    The server reads one index range; the tree is put together here, which joins would do at twice the cost.
    """
    rows = await session.fetch(
        f"select c.position, {_SHOWN}"
        " from projection_checkpoints c left join block_rows b on b.project_id = %s and not b.deleted"
        " where c.model = 'blocks' and c.partition = %s",
        (project_id, partition),
    )
    if not rows:
        return 0, []
    below: dict[str | None, list[Sequence[Any]]] = {}
    for row in rows:
        if row[_BLOCK] is not None:
            below.setdefault(row[_PARENT], []).append(row)
    ordered: list[Sequence[Any]] = []

    def walk(parent: str | None) -> None:
        # What is below a deleted block is not reached, and so not shown.
        for row in sorted(below.get(parent, ()), key=_place):
            ordered.append(row)
            if row[_BLOCK] in below:
                walk(row[_BLOCK])

    walk(None)
    return rows[0][0], _shown(str(project_id), ordered)


# Where a row of `whole_tree` has its block's parent and id, and what orders the blocks below one parent.
_PARENT, _BLOCK = 1, 3
_place = itemgetter(2, 3)


def _shown(project_id: str, rows: Iterable[Sequence[Any]]) -> list[Shown]:
    """Return the documents of rows of one column and then those that are shown."""
    return [
        {
            "id": block,
            "project_id": project_id,
            "parent_id": parent,
            "type": kind,
            "rank": rank,
            "origin_block_id": origin,
            "content": orjson.Fragment(content),
            "version": version,
            "position": position,
            "deleted": False,
            # A whole second would be rendered without a fraction.
            "created_at": made if made.microsecond else timestamp(made),
            "created_by": maker,
            "updated_at": changed if changed.microsecond else timestamp(changed),
            "updated_by": changer,
        }
        for _, parent, rank, block, kind, origin, content, version, position, made, maker, changed, changer in rows
    ]


async def tree_documents(
    session: Session,
    partition: int,
    project_id: UUID,
    *,
    block_type: str | None,
    after: str | None,
    limit: int,
) -> tuple[int, list[Shown], str | None]:
    """Return the checkpoint, a page of documents in tree order, and where it ends if it is not the last.

    `after` is where a page before ended.
    """
    conditions = ""
    values: list[Any] = [project_id]
    if block_type is not None:
        conditions += " and b.type = %s"
        values.append(block_type)
    if after is not None:
        conditions += f" and {_PATH} > %s::text[]"
        values.append(after.split("\n"))
    rows = await session.fetch(
        "with page as materialized ("
        f"select {_PATH} as path, {_SHOWN} {_TREE} {conditions} order by path limit %s)"
        " select case when page.n = %s then array_to_string(page.path, E'\\n') end, page.*, c.position"
        " from projection_checkpoints c"
        " left join (select row_number() over (order by path) as n, * from page) page on true"
        " where c.model = 'blocks' and c.partition = %s order by page.n",
        (*values, limit + 1, limit, partition),
    )
    if not rows:
        return 0, [], None
    # Around a block's columns are the page's end, its number and its path, and the checkpoint.
    found = [r[2:-1] for r in rows[:limit] if r[1] is not None]
    return rows[0][-1], _shown(str(project_id), found), rows[limit - 1][0] if len(rows) > limit else None


def document(row: BlockDocument) -> dict[str, Any]:
    """Render a row as the public document."""
    return {
        "id": str(row.block_id),
        "project_id": str(row.project_id),
        "parent_id": str(row.parent_id) if row.parent_id else None,
        "type": row.type,
        "rank": row.rank,
        "origin_block_id": str(row.origin_block_id) if row.origin_block_id else None,
        "content": row.content,
        "version": row.version,
        "position": row.position,
        "deleted": row.deleted,
        "created_at": timestamp(row.created_at),
        "created_by": row.created_by,
        "updated_at": timestamp(row.updated_at),
        "updated_by": row.updated_by,
    }
