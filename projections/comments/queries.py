"""SQL of the comments read model. Every query names the project first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from projections.comments.rows import ReplyRow, ThreadRow
from projections.ports import Session
from projections.tables import Table

# Replies that come with a thread; the others are a list of their own.
LATEST = 5

THREADS = Table(
    "thread_rows",
    2,
    "project_id uuid, thread_id uuid, block_id uuid, replies int, resolved boolean, opened bigint, version bigint,"
    " position bigint, created_at timestamptz, created_by text, updated_at timestamptz, updated_by text, text json",
)
REPLIES = Table(
    "reply_rows",
    3,
    "project_id uuid, thread_id uuid, number int, reply_id uuid, position bigint, created_at timestamptz,"
    " created_by text, text json",
)
_THREAD, _REPLY = THREADS.columns, REPLIES.columns


@dataclass(frozen=True, slots=True)
class ThreadsQuery:
    """Which threads of a project: None asks for nothing; `before` is where the page before ended."""

    resolved: bool | None
    block_id: UUID | None
    before: int | None
    limit: int


async def load(session: Session, ids: Mapping[UUID, UUID]) -> dict[UUID, ThreadRow]:
    """Return the rows of these threads (thread id: project id), as far as they exist."""
    rows = await session.fetch(
        f"select {_THREAD} from thread_rows where (project_id, thread_id) in"
        " (select * from unnest(%s::uuid[], %s::uuid[]))",
        (list(ids.values()), list(ids)),
    )
    return {r[1]: ThreadRow(*r) for r in rows}


async def save(session: Session, threads: Sequence[ThreadRow], replies: Sequence[ReplyRow]) -> None:
    """Insert or replace threads and replies."""
    await session.put(THREADS, threads)
    if replies:
        await session.put(REPLIES, replies)


async def page(
    session: Session, partition: int, project_id: UUID, query: ThreadsQuery
) -> tuple[int, list[tuple[ThreadRow, list[ReplyRow]]]]:
    """Return the model's checkpoint in the partition and a page of threads, the newest first.

    Each comes with its latest replies, the oldest of them first.
    """
    conditions, values = "project_id = %s", [project_id]
    asked: list[tuple[str, Any]] = [
        ("resolved = %s", query.resolved),
        ("block_id = %s", query.block_id),
        ("opened < %s", query.before),
    ]
    for condition, value in asked:
        if value is not None:
            conditions += f" and {condition}"
            values.append(value)
    # One statement, so one snapshot: a thread's count of replies fits the replies that come with it.
    rows = await session.fetch(
        f"with page as materialized (select {_THREAD} from thread_rows where {conditions}"
        " order by opened desc limit %s)"
        " select c.position, page.*, latest.replies from projection_checkpoints c left join page on true"
        " left join lateral (select json_agg(json_build_array("
        "number, reply_id, position, created_at, created_by, text) order by number) as replies"
        " from (select * from reply_rows r where r.project_id = page.project_id"
        " and r.thread_id = page.thread_id order by number desc limit %s) as last_ones) latest on true"
        " where c.model = 'comments' and c.partition = %s order by page.opened desc",
        (*values, query.limit, LATEST, partition),
    )
    if not rows:
        return 0, []
    found = [(ThreadRow(*r[1:-1]), r[-1] or []) for r in rows if r[1] is not None]
    return rows[0][0], [(thread, [_reply(thread, v) for v in replies]) for thread, replies in found]


def _reply(thread: ThreadRow, values: Sequence[Any]) -> ReplyRow:
    number, reply_id, position, created_at, created_by, text = values
    at = datetime.fromisoformat(created_at)
    return ReplyRow(
        thread.project_id, thread.thread_id, number, UUID(reply_id), position, at, created_by, text
    )


async def replies_page(
    session: Session, partition: int, project_id: UUID, thread_id: UUID, *, after: int, limit: int
) -> tuple[int, list[ReplyRow] | None]:
    """Return the model's checkpoint in the partition and a page of a thread's replies, the oldest first.

    It is None if the project has no such thread.
    """
    columns = ", ".join(f"r.{name.strip()}" for name in _REPLY.split(","))
    rows = await session.fetch(
        f"with page as materialized (select {_REPLY} from reply_rows"
        " where project_id = %s and thread_id = %s and number > %s order by number limit %s)"
        f" select c.position, t.thread_id, {columns} from projection_checkpoints c"
        " left join thread_rows t on t.project_id = %s and t.thread_id = %s left join page r on true"
        " where c.model = 'comments' and c.partition = %s order by r.number",
        (project_id, thread_id, after, limit, project_id, thread_id, partition),
    )
    if not rows:
        return 0, None
    position, known = rows[0][:2]
    return position, [ReplyRow(*r[2:]) for r in rows if r[2] is not None] if known else None
