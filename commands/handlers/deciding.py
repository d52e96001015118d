"""From what a handler changed to what it decided."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from commands.answers import Decision
from commands.context import Context
from commands.unit_of_work import StreamState
from domain.block import Block, BlockEditConflicted, BlockEvent
from domain.block.changes import BlockChanges
from domain.catalogue import conflict_data
from domain.events import Event

# Conflicts that an answer tells; all are in the log and in the project's list of conflicts.
CONFLICTS_TOLD: Final = 50
# Events recorded in one go: a few milliseconds, then other tasks have their turn.
AT_ONCE: Final = 250


def settled(
    changes: BlockChanges,
    context: Context,
    outcome: str = "applied",
    *,
    others: Sequence[BlockEvent] = (),
    result: dict[str, Any] | None = None,
) -> Decision:
    """Record what happened to one block, after what happened to `others` for its sake."""
    block = changes.block
    if not changes.events:
        return unchanged(block)
    streams = context.record(block.project_id, [*others, *changes.events])
    return Decision(block.project_id, streams[-1:], outcome, told(changes.conflicts), result or {})


async def recorded(project_id: UUID, events: Sequence[Event], context: Context) -> dict[UUID, StreamState]:
    """Record events that may be thousands, and return the streams that they are of."""
    streams: dict[UUID, StreamState] = {}
    for i in range(0, len(events), AT_ONCE):
        streams |= {s.id: s for s in context.record(project_id, events[i : i + AT_ONCE])}
        await asyncio.sleep(0)
    return streams


def unchanged(block: Block) -> Decision:
    """Say that nothing was to be done to a block."""
    return Decision(block.project_id, [StreamState(block.id, "block", block.version)], "unchanged")


def told(conflicts: Sequence[BlockEditConflicted]) -> list[dict[str, Any]]:
    """Describe conflicts as entries of an answer's `conflicts`, the first of them if they are very many."""
    described = [conflict_data(c) for c in conflicts[:CONFLICTS_TOLD]]
    return [{"id": d.pop("conflict_id"), **d} for d in described]
