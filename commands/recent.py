"""What happened last to blocks that many change at once, kept in memory: who met whom need not be read again."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from commands.cache import Bounded
from domain.block import BlockEdited, BlockEvent, BlockMoved
from domain.events import Event, Recorded

# Blocks that are followed, the changes that are kept of each, and the bytes that one takes; measured, roughly.
BLOCKS: Final = 1_000
CHANGES: Final = 256
CHANGE: Final = 200


@dataclass(frozen=True, slots=True)
class Change:
    """What an event of a block changed, and who did it; not what it was changed to.

    `fields` are those of the content; `rebalanced` moves left the block where it stood.
    """

    version: int
    kind: type[Event]
    fields: tuple[str, ...]
    rebalanced: bool
    actor: str
    person: bool
    command_id: UUID

    @property
    def moves(self) -> bool:
        """Whether the block stands elsewhere since. A rebalanced one got a shorter rank, and stands where it stood."""
        return self.kind is BlockMoved and not self.rebalanced

    @staticmethod
    def of(event: Event, actor: Mapping[str, Any], command_id: UUID) -> "Change":
        """Sum up an event by an actor, as its metadata have it."""
        return Change(
            event.originator_version,
            type(event),
            tuple(event.changes) if isinstance(event, BlockEdited) else (),
            isinstance(event, BlockMoved) and event.rebalanced,
            actor["id"],
            actor["kind"] == "person",
            command_id,
        )


def summed_up(recorded: Iterable[Recorded]) -> list[Change]:
    """Sum up events of a log."""
    return [Change.of(r.event, r.metadata["actor"], r.command_id) for r in recorded]


class RecentChanges:
    """Follows blocks from the first time that somebody asks for their changes.

    Each is a run of versions without a gap; what would leave one is not kept.
    """

    def __init__(self) -> None:
        self._runs: Bounded[deque[Change]] = Bounded(BLOCKS, BLOCKS * CHANGES * CHANGE, _weight)

    def after(self, block_id: UUID, version: int, to: int) -> Sequence[Change] | None:
        """Return the changes after a version up to another at least; None if not all of them are kept."""
        run = self._runs.get(block_id)
        if not run or run[0].version > version + 1 or run[-1].version < to:
            return None
        return [change for change in run if change.version > version]

    def follow(self, block_id: UUID, changes: Sequence[Change]) -> None:
        """Keep what was read of a block, in the order of its versions."""
        if changes:
            self._runs.put(block_id, deque(changes, CHANGES))

    def note(self, event: BlockEvent, actor: Mapping[str, Any], command_id: UUID) -> None:
        """Keep what was written to a block, if it is followed."""
        run = self._runs.get(event.originator_id)
        if run is not None and run[-1].version + 1 == event.originator_version:
            run.append(Change.of(event, actor, command_id))


def _weight(_: deque[Change]) -> int:
    # It grows after it was put: so it counts as what it may come to.
    return CHANGES * CHANGE
