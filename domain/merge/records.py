"""What a merge hands back."""

from dataclasses import dataclass
from typing import Any, Literal

Side = Literal["mine", "theirs"]


@dataclass(frozen=True, slots=True)
class Clash:
    """Two edits of the same thing that cannot both be had.

    Attributes:
        field: Name of the content's field, such as `text`, `items`, `rows`.
        item: Id of the list's item, row, column or series; of a category, which has no id, its label in the base.
            None for the whole field.
        part: Which part of the item: `text`, `level`, `name`, `values`, a column's id for a cell. None for the
            item as a whole (deleted against edited), or for the whole field. `order` for the order of a list.
        base: The value that both began with, whole and not the differing words alone; None where there was none.
        theirs: The value of the other side; None where it has none, as it was deleted.
        mine: The value of this side, likewise.

    The values are as the content holds them, but for what has its cells by place. A row is
    `{id, cells: {column id: text}}`, a column `{id, text, cells: {row id: text}}`, a category
    `{text, values: {series id: number}}`; the `values` of a series stand in the order of the merged categories.
    For `order` they are lists of ids.
    """

    field: str
    item: str | None
    part: str | None
    base: Any
    theirs: Any
    mine: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged content.

    Attributes:
        content: Complete and valid; where edits clash, with the winner's value.
        clashes: What could not be had both ways, in the order of the content.
        combined: Whether it is neither `theirs` nor `mine` but put together from both.
    """

    content: dict[str, Any]
    clashes: tuple[Clash, ...]
    combined: bool
