"""How high elements are in a column, and how they are cut where a page ends."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from workers.exporting.elements import Chart, Element, Flow, Grid, Image, Panel, Paragraph, Row, Rule
from workers.exporting.measuring import before, cut, height, line_height, paragraph_height, wrapped

GAP: Final = 18.0
"""Between two elements, at scale 1."""
COLUMN_GAP: Final = 32.0
PADDING: Final = {"quote": (22.0, 4.0), "callout": (20.0, 13.0), "code": (20.0, 16.0)}
"""Of a panel: at its sides (a quote's left one), and above and below, at scale 1."""
CELL: Final = (10.0, 6.0)
LEAST: Final = 130.0
"""The least height of a chart or a picture."""
_LABEL: Final = 16.0


def flexible(element: Element) -> bool:
    """Whether an element takes whatever height is left."""
    if isinstance(element, Row):
        return any(flexible(e) for column in element.columns for e in column)
    return isinstance(element, Chart | Image)


def element_height(element: Element, width: float, scale: float) -> float:
    """Return the height of an element, the least one of what is flexible."""
    match element:
        case Flow(paragraphs):
            return height(paragraphs, width, scale)
        case Panel():
            side, above = (p * scale for p in PADDING[element.kind])
            inner = width - side - (side if element.kind != "quote" else 0)
            label = _LABEL * scale if element.label else 0
            return height(element.paragraphs, inner, scale) + 2 * above + label
        case Grid(columns, rows):
            widths = column_widths(element, width)
            return sum(row_height(row, widths, scale) for row in (columns, *rows))
        case Chart() | Image():
            return LEAST
        case Rule():
            return 6.0 * scale
        case Row(columns):
            inner = (width - COLUMN_GAP * (len(columns) - 1)) / len(columns)
            return max(stack_height(column, inner, scale) for column in columns)


def stack_height(elements: Sequence[Element], width: float, scale: float) -> float:
    """Return the height of elements below each other."""
    total = sum(element_height(e, width, scale) for e in elements)
    return total + sum(gap(a, b) for a, b in pairwise(elements)) * scale


def gap(above: Element, below: Element) -> float:
    """Return the room between two elements; a caption stays with its picture."""
    if isinstance(above, Image) and isinstance(below, Flow) and below.paragraphs[0].kind == "caption":
        return 7.0
    return GAP


def column_widths(grid: Grid, width: float) -> list[float]:
    """Share the width out over columns by how long their texts are, within bounds."""

    def weight(index: int) -> float:
        texts = [grid.columns[index], *(row[index] for row in grid.rows)]
        longest = max(sum(len(r.text) for r in p.runs) for p in texts)
        return min(max(longest, 6), 40) + 3.0

    weights = [weight(i) for i in range(len(grid.columns))]
    return [width * w / sum(weights) for w in weights]


def row_height(row: Sequence[Paragraph], widths: Sequence[float], scale: float) -> float:
    """Return the height of a table's row."""
    side, above = (c * scale for c in CELL)
    cells = zip(row, widths, strict=True)
    return max(paragraph_height(p, w - 2 * side, scale) for p, w in cells) + 2 * above


def split(element: Element, width: float, room: float, scale: float) -> tuple[Element | None, Element | None]:
    """Cut an element where `room` ends. The first part is None where nothing of it fits, the second where all does."""
    if element_height(element, width, scale) <= room:
        return element, None
    match element:
        case Flow(paragraphs):
            head, tail = _split_paragraphs(paragraphs, width, room, scale)
            return Flow(head) if head else None, Flow(tail) if tail else None
        case Panel():
            side, above = (p * scale for p in PADDING[element.kind])
            inner = width - side - (side if element.kind != "quote" else 0)
            room -= 2 * above + (_LABEL * scale if element.label else 0)
            head, tail = _split_paragraphs(element.paragraphs, inner, room, scale)
            return replace(element, paragraphs=head) if head else None, replace(
                element, paragraphs=tail
            ) if tail else None
        case Grid():
            return _split_grid(element, width, room, scale)
        case Row(columns):
            inner = (width - COLUMN_GAP * (len(columns) - 1)) / len(columns)
            cuts = [split_stack(column, inner, room, scale) for column in columns]
            if not any(head for head, _ in cuts):
                return None, element
            return Row(tuple(head for head, _ in cuts)), Row(tuple(tail for _, tail in cuts))
        case _:
            return None, element


def split_stack(
    elements: Sequence[Element], width: float, room: float, scale: float
) -> tuple[tuple[Element, ...], tuple[Element, ...]]:
    """Cut a stack of elements where `room` ends."""
    head: list[Element] = []
    for index, element in enumerate(elements):
        if head:
            room -= gap(head[-1], element) * scale
        first, rest = split(element, width, room, scale)
        if first is not None:
            head.append(first)
        if rest is not None:
            return tuple(head), (rest, *elements[index + 1 :])
        room -= element_height(element, width, scale)
    return tuple(head), ()


def _split_paragraphs(
    paragraphs: Sequence[Paragraph], width: float, room: float, scale: float
) -> tuple[tuple[Paragraph, ...], tuple[Paragraph, ...]]:
    head: list[Paragraph] = []
    for index, paragraph in enumerate(paragraphs):
        room -= before(paragraph) * scale if head else 0
        needed = paragraph_height(paragraph, width, scale)
        if needed > room:
            lines = wrapped(paragraph, width, scale)
            fitting = int(room / (paragraph.size * scale * line_height(paragraph)))
            # Not a lone line here or there, where it can be helped.
            if fitting >= 1 and (fitting > 1 or not head) and len(lines) > fitting:
                first, rest = cut(paragraph, lines[fitting][0])
                return (*head, first), (rest, *paragraphs[index + 1 :])
            # A heading goes with what it is above.
            kept = len(head) - 1 if head and head[-1].kind == "heading" and len(head) > 1 else len(head)
            return tuple(head[:kept]), tuple(paragraphs[kept:])
        head.append(paragraph)
        room -= needed
    return tuple(head), ()


def _split_grid(grid: Grid, width: float, room: float, scale: float) -> tuple[Grid | None, Grid | None]:
    widths = column_widths(grid, width)
    room -= row_height(grid.columns, widths, scale)
    for index, row in enumerate(grid.rows):
        needed = row_height(row, widths, scale)
        if needed <= room:
            room -= needed
            continue
        if index:
            return replace(grid, rows=grid.rows[:index]), replace(grid, rows=grid.rows[index:])
        first, rest = _split_cells(row, widths, room, scale)
        if first is None:
            return None, grid
        return replace(grid, rows=(first,)), replace(grid, rows=(rest, *grid.rows[1:]))
    return None, grid


def _split_cells(
    row: Sequence[Paragraph], widths: Sequence[float], room: float, scale: float
) -> tuple[tuple[Paragraph, ...] | None, tuple[Paragraph, ...]]:
    side, above = (c * scale for c in CELL)
    fitting = int((room - 2 * above) / (row[0].size * scale * line_height(row[0])))
    if fitting < 1:
        return None, tuple(row)
    parts: list[tuple[Paragraph, Paragraph]] = []
    for paragraph, wide in zip(row, widths, strict=True):
        lines = wrapped(paragraph, wide - 2 * side, scale)
        place = lines[fitting][0] if len(lines) > fitting else lines[-1][1]
        parts.append(cut(paragraph, place))
    return tuple(a for a, _ in parts), tuple(b for _, b in parts)
