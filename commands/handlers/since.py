"""What happened to a block after the version that a command was made on, and by whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from commands.context import Context
from domain.block import Block, BlockConflictResolved, BlockDeleted, BlockEdited, BlockMoved
from domain.events import Event, Recorded

# What lies in a grid is in two fields: to take away a column is to take away its cells.
_GRIDS: Final = ({"columns", "rows"}, {"categories", "series"})


def together(fields: Iterable[str]) -> set[str]:
    """Return fields and those that change with them."""
    named = set(fields)
    return named.union(*(grid for grid in _GRIDS if not named.isdisjoint(grid)))


@dataclass(frozen=True, slots=True)
class Since:
    """Events of a block by others, then those of this request by the caller."""

    recorded: Sequence[Recorded]
    pending: Sequence[Event]
    caller: str

    def editor(self, field: str) -> str:
        """Tell who changed a field last; whoever came last at all if nobody did."""
        return self.last_editor([field])

    def last_editor(self, fields: Iterable[str]) -> str:
        """Tell who changed one of the fields last; whoever came last at all if nobody did.

        Others before the caller: his own edits since were merged with theirs, and hold what they wrote.
        """
        named = together(fields)
        editors = [r.actor for r in self.recorded if _edits(r.event, named)]
        anyone = editors or [r.actor for r in self.recorded] or [self.caller]
        return next((actor for actor in reversed(anyone) if actor != self.caller), anyone[-1])

    def edited_by_person(self, fields: Iterable[str]) -> bool:
        """Tell whether a person has changed one of the fields."""
        named = together(fields)
        return any(_edits(r.event, named) and by_person(r) for r in self.recorded)

    def edited_outright(self, field: str) -> bool:
        """Tell whether a field was changed by anything but the settling of a conflict."""
        settling = {r.command_id for r in self.recorded if isinstance(r.event, BlockConflictResolved)}
        return any(_edits(r.event, {field}) and r.command_id not in settling for r in self.recorded)

    def move(self) -> Recorded | None:
        """Return the last move; None if the block was not moved, or has since been moved by this request."""
        if any(_moves(event) for event in self.pending):
            return None
        return next((r for r in reversed(self.recorded) if _moves(r.event)), None)

    def deletion(self) -> Recorded | None:
        """Return the last deletion, if there was one."""
        return next((r for r in reversed(self.recorded) if isinstance(r.event, BlockDeleted)), None)


async def since(block: Block, version: int, context: Context) -> Since:
    """Read what happened to a block after one of its versions."""
    recorded = await context.work.history(block.id, version)
    return Since(recorded, context.work.pending(block.id), context.caller.user)


def by_person(recorded: Recorded) -> bool:
    """Tell whether a person, and no machine, did it."""
    kind: Any = recorded.metadata["actor"]["kind"]
    return bool(kind == "person")


def _edits(event: Event, fields: set[str]) -> bool:
    return isinstance(event, BlockEdited) and not fields.isdisjoint(event.changes)


def _moves(event: Event) -> bool:
    # A rebalanced block got a shorter rank, and stands where it stood.
    return isinstance(event, BlockMoved) and not event.rebalanced
