"""How wide and high words are, by the widths of our own font. What is drawn in another may need a little more."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

from workers.exporting.elements import Paragraph, Run

FONTS: Final = Path(__file__).parent / "fonts"
_FACES: Final = ("Regular", "Bold", "It", "BoldIt")
_AT: Final = 200
"""The size in pixels that widths are taken at."""
_MONO: Final = 0.602
_ROOM: Final = 1.06
"""Other fonts of the same size run wider: Inter by a twentieth."""
LINE: Final = {"heading": 1.18, "code": 1.4, "quote": 1.34, "caption": 1.25, "by": 1.3, "lead": 1.3}
_WIDE_SCRIPTS: Final = 0x2E80
"""From here on are Chinese, Japanese and Korean, in Unicode's order."""
_REMEMBERED: Final = 20_000
_INDENT: Final = 1.1
"""Of an item, by its size."""


def indent(paragraph: Paragraph) -> float:
    """Return how far an item's text stands in, at scale 1."""
    if paragraph.kind != "item":
        return 0.0
    marker = (
        0.55 * max(0, len(paragraph.marker) - 1) * paragraph.size if paragraph.marker[:1].isdigit() else 0.0
    )
    return (paragraph.level + 1) * _INDENT * 20 + marker


def line_height(paragraph: Paragraph) -> float:
    """Return the distance of two lines, by the size."""
    return LINE.get(paragraph.kind, 1.32)


def before(paragraph: Paragraph) -> float:
    """Return the room above a paragraph that is not the first, at scale 1."""
    by_kind = {"heading": 0.7, "item": 0.36, "code": 0.0, "by": 0.5, "caption": 0.3}
    return by_kind.get(paragraph.kind, 0.55) * paragraph.size


def height(paragraphs: Sequence[Paragraph], width: float, scale: float) -> float:
    """Return the height of paragraphs in a column."""
    total = 0.0
    for index, paragraph in enumerate(paragraphs):
        total += paragraph_height(paragraph, width, scale)
        if index:
            total += before(paragraph) * scale
    return total


def paragraph_height(paragraph: Paragraph, width: float, scale: float) -> float:
    """Return the height of one paragraph."""
    count = len(wrapped(paragraph, width, scale))
    return count * paragraph.size * scale * line_height(paragraph)


def wrapped(paragraph: Paragraph, width: float, scale: float) -> list[tuple[int, int]]:
    """Break a paragraph into lines, each from one place of its whole text to another; at least one line."""
    room = max(width - indent(paragraph) * scale, 12.0) / (paragraph.size * scale) / _ROOM
    mono, heavy = paragraph.kind == "code", paragraph.kind == "heading"
    lines: list[tuple[int, int]] = []
    start = place = 0
    used = 0.0
    last_space, used_at_space = -1, 0.0
    for run in paragraph.runs:
        face = (1 if run.bold or heavy else 0) + (2 if run.italic else 0)
        widths = _widths(face)
        for letter in run.text:
            if letter == "\n":
                lines.append((start, place))
                place += 1
                start, used, last_space = place, 0.0, -1
                continue
            wide = _MONO if mono or run.code else widths(letter)
            if letter == " ":
                last_space, used_at_space = place, used + wide
            elif used + wide > room and place > start:
                if last_space >= start:
                    lines.append((start, last_space + 1))
                    start, used = last_space + 1, used - used_at_space
                else:
                    lines.append((start, place))
                    start, used = place, 0.0
                last_space = -1
            used += wide
            place += 1
    lines.append((start, place))
    return lines


def cut(paragraph: Paragraph, at: int) -> tuple[Paragraph, Paragraph]:
    """Cut a paragraph at a place of its text; the second part is no new item."""
    head: list[Run] = []
    tail: list[Run] = []
    place = 0
    for run in paragraph.runs:
        here = at - place
        if here > 0:
            head.append(replace(run, text=run.text[:here]))
        if here < len(run.text):
            tail.append(replace(run, text=run.text[max(here, 0) :]))
        place += len(run.text)
    if tail:
        tail[0] = replace(tail[0], text=tail[0].text.removeprefix("\n"))
    marker = "" if paragraph.kind == "item" else paragraph.marker
    return replace(paragraph, runs=tuple(head)), replace(paragraph, runs=tuple(tail), marker=marker)


@cache
def _font(face: int) -> ImageFont.FreeTypeFont:
    path = FONTS / f"SourceSansPro-{_FACES[face]}.ttf"
    return ImageFont.truetype(str(path), _AT, layout_engine=ImageFont.Layout.BASIC)


class _Widths(dict[str, float]):
    """Widths of letters by the size of the font; asked of the font once each."""

    def __init__(self, font: ImageFont.FreeTypeFont) -> None:
        super().__init__()
        self._font = font

    def __missing__(self, letter: str) -> float:
        # Letters that the font has not are at worst as wide as high.
        wide = 1.0 if ord(letter) >= _WIDE_SCRIPTS else self._font.getlength(letter) / _AT
        if len(self) < _REMEMBERED:
            self[letter] = wide
        return wide


@cache
def _widths(face: int) -> Callable[[str], float]:
    return _Widths(_font(face)).__getitem__
