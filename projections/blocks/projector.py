"""Keeps the rows of blocks."""

from collections.abc import Sequence
from uuid import UUID

from domain.block import BlockEvent
from domain.documents import fold_block
from domain.events import Event, Recorded
from projections.blocks import queries
from projections.ports import Session


class BlocksModel:
    """Blocks by project and id."""

    name = "blocks"
    version = 1
    follows: tuple[type[Event], ...] = (BlockEvent,)
    tables: tuple[str, ...] = ("block_rows",)

    async def apply(self, session: Session, events: Sequence[Recorded]) -> None:
        """Fold block events; those of other streams only move the checkpoint."""
        relevant = [r for r in events if isinstance(r.event, BlockEvent)]
        if not relevant:
            return
        touched = {r.event.originator_id: r.project_id for r in relevant}
        rows = await queries.load(session, touched)
        for recorded in relevant:
            stream = recorded.event.originator_id
            rows[stream] = fold_block(rows.get(stream), recorded)
        await queries.save(session, [rows[i] for i in touched])

    async def forget(self, session: Session, project_id: UUID) -> None:
        """Remove the rows of a project's blocks."""
        await queries.remove(session, project_id)

    async def clear(self, session: Session) -> None:
        """Remove all rows."""
        await session.execute("delete from block_rows")
