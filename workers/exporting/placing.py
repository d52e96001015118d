"""Putting elements into a region: as large as they fit, and on as many pages as they need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from workers.exporting.elements import Box, Chart, Element, Flow, Image, Row
from workers.exporting.sizing import COLUMN_GAP, element_height, flexible, gap, split_stack, stack_height

_SCALES: Final = (1.0, 0.94, 0.88, 0.82, 0.76, 0.7)
"""Tried one after the other; what does not fit at the last goes on on another page."""
_ROOMY: Final = (1.2, 1.1)
"""Tried first where little is said."""
_COMFORTABLE: Final = 0.82
_FORCED: Final = (0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
"""For what can neither be shrunk that far nor cut."""


@dataclass(frozen=True, slots=True)
class Region:
    """Where on the page elements go; points."""

    x: float
    y: float
    width: float
    height: float


def pages(elements: Sequence[Element], region: Region, *, centered: bool = False) -> list[tuple[Box, ...]]:
    """Place elements, on one page if they can be read there. At least one page, which may be empty."""
    found: list[tuple[Box, ...]] = []
    rest = tuple(elements)
    while rest:
        scale = _scale(rest, region)
        if scale is not None:
            found.append(_placed(rest, region, scale, centered=centered))
            break
        head, tail = split_stack(rest, region.width, region.height, _COMFORTABLE)
        if head:
            found.append(_placed(head, region, _COMFORTABLE))
            rest = tail
        elif isinstance(rest[0], Row):
            # Columns that cannot be cut side by side are set below each other.
            rest = (*(e for column in rest[0].columns for e in column), *rest[1:])
        else:
            found.append(_placed(rest[:1], region, _forced(rest[0], region)))
            rest = rest[1:]
    return found or [()]


def _scale(elements: Sequence[Element], region: Region) -> float | None:
    # Asked for every page of a long text: one look tells that it does not fit.
    if stack_height(elements, region.width, _SCALES[-1]) > region.height:
        return None
    if not any(flexible(e) for e in elements):
        for scale in _ROOMY:
            if stack_height(elements, region.width, scale) <= region.height * 0.62 and _all_words(elements):
                return scale
    fitting = (s for s in _SCALES if stack_height(elements, region.width, s) <= region.height)
    return next(fitting, None)


def _all_words(elements: Sequence[Element]) -> bool:
    return all(isinstance(e, Flow) for e in elements)


def _forced(element: Element, region: Region) -> float:
    for scale in _FORCED:
        if element_height(element, region.width, scale) <= region.height:
            return scale
    return _FORCED[-1]


def _placed(
    elements: Sequence[Element], region: Region, scale: float, *, centered: bool = False
) -> tuple[Box, ...]:
    needed = stack_height(elements, region.width, scale)
    taking = [e for e in elements if flexible(e)]
    more = max(region.height - needed, 0.0) / len(taking) if taking else 0.0
    y = region.y
    if centered and not taking:
        y += max(region.height - needed, 0.0) / 2
    boxes: list[Box] = []
    for index, element in enumerate(elements):
        if index:
            y += gap(elements[index - 1], element) * scale
        tall = element_height(element, region.width, scale) + (more if flexible(element) else 0.0)
        if isinstance(element, Row):
            boxes += _columns(element, Region(region.x, y, region.width, tall), scale)
        else:
            boxes.append(Box(region.x, y, region.width, tall, element, scale))
        y += tall
    return tuple(boxes)


def _columns(row: Row, region: Region, scale: float) -> list[Box]:
    wide = (region.width - COLUMN_GAP * (len(row.columns) - 1)) / len(row.columns)
    boxes: list[Box] = []
    for index, column in enumerate(row.columns):
        x = region.x + index * (wide + COLUMN_GAP)
        boxes += _placed(column, Region(x, region.y, wide, region.height), scale)
    return boxes


def balanced(elements: Sequence[Element], width: float) -> tuple[Element, ...]:
    """Set elements in two columns of about the same height; a lone flow is cut between two paragraphs."""
    if len(elements) == 1 and isinstance(elements[0], Row):
        return tuple(elements)
    apart: list[Element] = []
    for element in elements:
        if isinstance(element, Flow):
            apart += [Flow((p,)) for p in element.paragraphs]
        else:
            apart.append(element)
    if len(apart) < 2:  # noqa: PLR2004 - one thing makes no two columns
        return tuple(elements)
    wide = (width - COLUMN_GAP) / 2
    heights = [_weight(e, wide) for e in apart]
    best = min(range(1, len(apart)), key=lambda cut: _unevenness(heights, apart, cut))
    return (Row((_joined(apart[:best]), _joined(apart[best:]))),)


def _weight(element: Element, width: float) -> float:
    return 240.0 if isinstance(element, Chart | Image) else element_height(element, width, 1.0)


def _unevenness(heights: Sequence[float], elements: Sequence[Element], at: int) -> float:
    difference = abs(sum(heights[:at]) - sum(heights[at:]))
    last, first = elements[at - 1], elements[at]
    # A heading begins a column better than it ends one; a caption stays with its picture.
    parted = isinstance(last, Flow) and last.paragraphs[-1].kind == "heading"
    parted = parted or (isinstance(last, Image) and _kind(first) == "caption")
    begins = 60.0 if _kind(first) == "heading" else 0.0
    return difference + (1e6 if parted else 0.0) - begins


def _kind(element: Element) -> str:
    return element.paragraphs[0].kind if isinstance(element, Flow) else ""


def _joined(elements: Sequence[Element]) -> tuple[Element, ...]:
    found: list[Element] = []
    for element in elements:
        if isinstance(element, Flow) and found and isinstance(found[-1], Flow):
            found[-1] = Flow(found[-1].paragraphs + element.paragraphs)
        else:
            found.append(element)
    return tuple(found)
