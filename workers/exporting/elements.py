"""The neutral model of a drawn slide: what stands on it, where, and how large. All lengths are points."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workers.exporting.colors import Colors
from workers.exporting.source import Picture


@dataclass(frozen=True, slots=True)
class Run:
    """Letters of one look; a line feed in the text is the end of a line."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    struck: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph. `size` is that at scale 1; `level` and `marker` belong to items of lists."""

    runs: tuple[Run, ...]
    kind: Literal["text", "heading", "item", "code", "quote", "by", "caption", "lead"] = "text"
    size: float = 20.0
    level: int = 0
    marker: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """Words on the slide itself."""

    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Words in a frame: a quote, a callout of some tone, or code."""

    kind: Literal["quote", "callout", "code"]
    paragraphs: tuple[Paragraph, ...]
    tone: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its headings and its rows, a paragraph each cell."""

    columns: tuple[Paragraph, ...]
    rows: tuple[tuple[Paragraph, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers to be drawn."""

    kind: str
    categories: tuple[str, ...]
    series: tuple[tuple[str, tuple[float | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class Image:
    """A picture, or the place of one that is not there; `note` says then why."""

    picture: Picture | None
    alt: str
    fit: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""


@dataclass(frozen=True, slots=True)
class Row:
    """Columns side by side, equally wide, each with elements from top to bottom."""

    columns: tuple[tuple["Element", ...], ...]


Element = Flow | Panel | Grid | Chart | Image | Rule | Row


@dataclass(frozen=True, slots=True)
class Box:
    """An element at its place; `scale` is what its sizes are to be multiplied by."""

    x: float
    y: float
    width: float
    height: float
    element: Element
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Title:
    """A slide's title at its place, at its final size."""

    x: float
    y: float
    width: float
    height: float
    text: str
    size: float
    centered: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One drawn slide; a slide too full for one goes on on others, and `part` counts them from 1."""

    layout: str
    colors: Colors
    title: Title | None
    boxes: tuple[Box, ...]
    notes: str
    number: int
    part: int = 1
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A whole deck, drawn. `texts` are all words in it, for whoever looks for missing glyphs."""

    title: str
    width: float
    height: float
    pages: Sequence[Page]
    warnings: tuple[str, ...]
