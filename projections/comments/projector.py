"""Keeps the rows of comment threads and replies."""

from collections.abc import Sequence
from uuid import UUID

from domain.comments import CommentEvent, ThreadReplied
from domain.events import Event, Recorded
from projections.comments import queries
from projections.comments.rows import ReplyRow, fold, reply_of
from projections.ports import Session


class CommentsModel:
    """Comments by project."""

    name = "comments"
    version = 1
    follows: tuple[type[Event], ...] = (CommentEvent,)
    tables: tuple[str, ...] = ("thread_rows", "reply_rows")

    async def apply(self, session: Session, events: Sequence[Recorded]) -> None:
        """Fold comment events; those of other streams only move the checkpoint."""
        relevant = [(r, r.event) for r in events if isinstance(r.event, CommentEvent)]
        if not relevant:
            return
        touched = {event.originator_id: r.project_id for r, event in relevant}
        rows = await queries.load(session, touched)
        replies: list[ReplyRow] = []
        for recorded, event in relevant:
            thread = rows[event.originator_id] = fold(rows.get(event.originator_id), recorded, event)
            if isinstance(event, ThreadReplied):
                replies.append(reply_of(thread, recorded, event))
        await queries.save(session, [rows[i] for i in touched], replies)

    async def forget(self, session: Session, project_id: UUID) -> None:
        """Remove the rows of a project's comments."""
        await session.execute("delete from reply_rows where project_id = %s", (project_id,))
        await session.execute("delete from thread_rows where project_id = %s", (project_id,))

    async def clear(self, session: Session) -> None:
        """Remove all rows."""
        await session.execute("delete from reply_rows")
        await session.execute("delete from thread_rows")
