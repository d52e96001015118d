"""What happened to a block after the version that a command was made on, and by whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from commands.context import Context
from commands.recent import Change
from domain.block import Block, BlockConflictResolved, BlockMoved
from domain.events import Event

# What lies in a grid is in two fields: to take away a column is to take away its cells.
_GRIDS: Final = ({"columns", "rows"}, {"categories", "series"})


def together(fields: Iterable[str]) -> set[str]:
    """Return fields and those that change with them."""
    named = set(fields)
    return named.union(*(grid for grid in _GRIDS if not named.isdisjoint(grid)))


@dataclass(frozen=True, slots=True)
class Since:
    """What the log has of a block since, and what this request has done to it."""

    changes: Sequence[Change]
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
        editors = [c.actor for c in self.changes if not named.isdisjoint(c.fields)]
        anyone = editors or [c.actor for c in self.changes] or [self.caller]
        return next((actor for actor in reversed(anyone) if actor != self.caller), anyone[-1])

    def edited_by_person(self, fields: Iterable[str]) -> bool:
        """Tell whether a person has changed one of the fields."""
        named = together(fields)
        return any(c.person and not named.isdisjoint(c.fields) for c in self.changes)

    def edited_outright(self, field: str) -> bool:
        """Tell whether a field was changed by anything but the settling of a conflict."""
        settling = {c.command_id for c in self.changes if c.kind is BlockConflictResolved}
        return any(field in c.fields and c.command_id not in settling for c in self.changes)

    def move(self) -> Change | None:
        """Return the last move; None if the block was not moved, or has since been moved by this request."""
        if any(isinstance(e, BlockMoved) and not e.rebalanced for e in self.pending):
            return None
        return next((c for c in reversed(self.changes) if c.moves), None)


async def since(block: Block, version: int, context: Context) -> Since:
    """Tell what happened to a block after one of its versions."""
    changes = await context.work.changes_since(block, version)
    return Since(changes, context.work.pending(block.id), context.caller.user)
