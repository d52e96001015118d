"""Rebuilding a read model from the log, while everything runs.

It all happens in one transaction: readers see the old rows until it commits, and the model's live projector
waits at the checkpoints that the transaction holds. If it is killed, nothing has happened.
"""

from collections.abc import Callable
from dataclasses import dataclass

from projections import checkpoints
from projections.folding import fold
from projections.model import ReadModel
from projections.ports import Database, LogReader

CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did: the events that it read, and the position that the model is at now."""

    events: int
    position: int


async def rebuild(
    model: ReadModel,
    database: Database,
    log: LogReader,
    partitions: int,
    progress: Callable[[int, int], None],
) -> Rebuilt:
    """Clear a model and fold the whole log into it; `progress` is told (position, head) as it goes."""
    async with database.transaction() as session:
        for partition in range(partitions):
            await checkpoints.lock(session, model.name, partition)
        head, _ = await log.head()
        await model.clear(session)
        position = 0
        while position < head:
            events = await log.after(position, CHUNK, to=head)
            await fold(model, session, events, log)
            position = events[-1].position
            progress(position, head)
        for partition in range(partitions):
            await checkpoints.advance(session, model.name, partition, head)
    return Rebuilt(head, head)
