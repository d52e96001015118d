"""Putting two sides of a block's content together, with a conflict for each thing that cannot be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from commands.context import Context
from domain.block.changes import BlockChanges, Side
from domain.merge import Clash, Merged, merge_content

Content = Mapping[str, Any]

# Conflicts of one field that one edit may keep; of more, the field as a whole is one.
CLASHES_LIMIT: Final = 10


@dataclass(frozen=True, slots=True)
class Sides:
    """Two contents that come from the same `base`; `winner` stands where not both can be had.

    `theirs_by` tells who changed a field on the other side.
    """

    base: Content
    theirs: Content
    mine: Content
    theirs_by: Callable[[str], str]
    winner: Side = "mine"


def merge_into(
    changes: BlockChanges, sides: Sides, context: Context, *, merged: Merged | None = None
) -> None:
    """Give the block what the sides merge to (`merged`, if known), and write down what they conflict in."""
    if merged is None:
        block_type = changes.block.type
        merged = merge_content(block_type, sides.base, sides.theirs, sides.mine, winner=sides.winner)
    changes.edit(merged.content)
    for clash in _gathered(merged.clashes, sides):
        changes.conflict(
            clash.field,
            clash.item,
            clash.part,
            base=clash.base,
            theirs=clash.theirs,
            mine=clash.mine,
            theirs_by=sides.theirs_by(clash.field),
            mine_by=context.caller.user,
            winner=sides.winner,
        )


def differing(before: Content, after: Content) -> list[str]:
    """Name the fields of two contents that differ."""
    return [f for f, value in after.items() if before.get(f) != value]


def _gathered(clashes: Sequence[Clash], sides: Sides) -> list[Clash]:
    """Put the conflicts of a field together into one, where they are very many."""
    found: list[Clash] = []
    for field in dict.fromkeys(c.field for c in clashes):
        of_field = [c for c in clashes if c.field == field]
        if len(of_field) > CLASHES_LIMIT:
            whole = [side.get(field) for side in (sides.base, sides.theirs, sides.mine)]
            of_field = [Clash(field, None, None, *whole)]
        found += of_field
    return found
