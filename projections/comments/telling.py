"""Comments as readers see them: what was written is revealed for each answer, and kept nowhere."""

from collections.abc import Sequence
from typing import Any

from domain.catalogue import timestamp
from projections.comments.rows import ReplyRow, ThreadRow
from projections.ports import Personal


async def told_threads(
    threads: Sequence[tuple[ThreadRow, Sequence[ReplyRow]]], personal: Personal
) -> list[dict[str, Any]]:
    """Render threads with their latest replies as public documents.

    Where a text was shredded stands None, and beside it `"shredded": true`.

    Raises:
        Unavailable: it cannot be found out now what can be told.
    """
    documents = [_thread(thread, [_reply(reply) for reply in latest]) for thread, latest in threads]
    opened = [(thread.opened, document) for (thread, _), document in zip(threads, documents, strict=True)]
    await _reveal([*opened, *((r["position"], r) for d in documents for r in d["replies"])], personal)
    return documents


async def told_replies(replies: Sequence[ReplyRow], personal: Personal) -> list[dict[str, Any]]:
    """Render replies as public documents; as for threads."""
    documents = [_reply(reply) for reply in replies]
    await _reveal([(d["position"], d) for d in documents], personal)
    return documents


async def _reveal(documents: Sequence[tuple[int, dict[str, Any]]], personal: Personal) -> None:
    # The port reveals events; what it looks at is who did it, where, and the sealed values of `data`.
    await personal.reveal(
        [{"position": p, "actor": {"id": d["created_by"]}, "data": d} for p, d in documents]
    )


def _thread(row: ThreadRow, replies: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": str(row.thread_id),
        "project_id": str(row.project_id),
        "block_id": str(row.block_id) if row.block_id else None,
        "text": row.text,
        "resolved": row.resolved,
        "reply_count": row.replies,
        "replies": replies,
        "version": row.version,
        "position": row.position,
        "created_at": timestamp(row.created_at),
        "created_by": row.created_by,
        "updated_at": timestamp(row.updated_at),
        "updated_by": row.updated_by,
    }


def _reply(row: ReplyRow) -> dict[str, Any]:
    return {
        "id": str(row.reply_id),
        "number": row.number,
        "text": row.text,
        "position": row.position,
        "created_at": timestamp(row.created_at),
        "created_by": row.created_by,
    }
