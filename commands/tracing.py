"""What events of a step did to blocks: each block before and after them, and what happened to it since."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from commands.ports import CHUNK, EventQuery
from commands.recent import Change
from commands.unit_of_work import UnitOfWork
from domain.block import Block, BlockEvent, BlockMoved
from domain.documents import BlockDocument
from domain.events import Recorded

# Blocks up to which each is read by itself; of more, the project is read once.
FEW: Final = 12


@dataclass(slots=True)
class Run:
    """Events of a step that follow each other in a block's stream.

    `before` is None where the block begins with them. `since` is what came later and is not of the
    step.
    """

    before: Block | None
    after: Block
    moved: bool = False
    since: list[Change] = field(default_factory=list)


def as_block(document: BlockDocument) -> Block:
    """Return a block to be changed out of what is known of it."""
    return Block(
        document.block_id,
        document.project_id,
        document.version,
        document.type,
        document.parent_id,
        document.rank,
        document.content,
        document.deleted,
    )


async def traced(work: UnitOfWork, project_id: UUID, events: Sequence[Recorded]) -> dict[UUID, list[Run]]:
    """Return what events of a project did, by block, in the order in which blocks came in.

    The unit of work knows these blocks as they are now, afterwards.
    """
    streams: dict[UUID, dict[int, Recorded]] = {}
    for r in events:
        if isinstance(r.event, BlockEvent):
            streams.setdefault(r.event.originator_id, {})[r.event.originator_version] = r
    if len(streams) <= FEW:
        return {i: await _one(work, project_id, i, versions) for i, versions in streams.items()}
    return await _many(work, project_id, events[0].position, streams)


async def _one(
    work: UnitOfWork, project_id: UUID, block_id: UUID, versions: dict[int, Recorded]
) -> list[Run]:
    block = await work.latest(project_id, block_id)
    first = min(versions)
    before = await work.block_at(block, first - 1) if first > 1 else None
    tracing = _Tracing(before, versions)
    for recorded in await work.history(block_id, first - 1):
        tracing.apply(recorded)
    tracing.adopted(work)
    return tracing.runs


async def _many(
    work: UnitOfWork, project_id: UUID, begin: int, streams: dict[UUID, dict[int, Recorded]]
) -> dict[UUID, list[Run]]:
    deck = await work.deck(project_id, begin - 1)
    blocks = deck.blocks if deck else {}
    tracings = {
        i: _Tracing(as_block(blocks[i]) if i in blocks else None, versions) for i, versions in streams.items()
    }
    after = begin - 1
    while chunk := await work.read(EventQuery(project_id=project_id, after=after), CHUNK):
        for recorded in chunk:
            if (tracing := tracings.get(recorded.event.originator_id)) is not None:
                tracing.apply(recorded)
        after = chunk[-1].position
    for tracing in tracings.values():
        tracing.adopted(work)
    return {i: tracing.runs for i, tracing in tracings.items()}


class _Tracing:
    """Folds a block's events from before the step on."""

    def __init__(self, before: Block | None, versions: dict[int, Recorded]) -> None:
        self.block = before
        self.runs: list[Run] = []
        self._versions = versions
        self._open = False

    def adopted(self, work: UnitOfWork) -> None:
        """Have the unit of work know the block as it is after all events."""
        if self.block is not None:
            work.adopt(self.block)

    def apply(self, recorded: Recorded) -> None:
        event = recorded.event
        if not isinstance(event, BlockEvent):
            return
        before, self.block = self.block, Block.evolve(self.block, event)
        if event.originator_version not in self._versions:
            self._open = False
            change = Change.of(event, recorded.metadata["actor"], recorded.command_id)
            for run in self.runs:
                run.since.append(change)
            return
        if not self._open:
            self.runs.append(Run(before, self.block))
            self._open = True
        run = self.runs[-1]
        run.after = self.block
        run.moved = run.moved or (isinstance(event, BlockMoved) and not event.rebalanced)
