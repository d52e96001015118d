"""Slides by their layouts: where the title goes and where the rest, on what background, on how many pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from workers.exporting import colors, inline
from workers.exporting.building import as_lead, elements
from workers.exporting.colors import Colors
from workers.exporting.elements import (
    Box,
    Chart,
    Drawn,
    Element,
    Flow,
    Grid,
    Image,
    Page,
    Panel,
    Paragraph,
    Row,
    Title,
)
from workers.exporting.measuring import cut, wrapped
from workers.exporting.placing import Region, balanced, pages
from workers.exporting.source import Node, Picture, Source

SIZES: Final = {"16:9": (960.0, 540.0), "4:3": (720.0, 540.0)}
BOTTOM: Final = 46.0
"""Below it is the footer."""
_TITLE_LINE: Final = 1.16
_SCRIM: Final = 0.5


class TooMany(ValueError):
    """More pages than a file can have."""


MOST_PAGES: Final = 2_000


@dataclass(frozen=True, slots=True)
class _Style:
    """How a layout sets a title: its size, the least it is shrunk to, the most lines of it."""

    size: float
    least: float
    lines: int


_STYLES: Final = {
    "title": _Style(54, 30, 4),
    "section": _Style(46, 28, 4),
    "closing": _Style(50, 28, 4),
    "quote": _Style(20, 16, 2),
    "image": _Style(32, 20, 4),
}
_STYLE: Final = _Style(34, 22, 2)


def draw(source: Source) -> Drawn:
    """Draw a deck.

    Raises:
        TooMany: it would have more than 2,000 pages.
    """
    width, height = SIZES[source.project.aspect]
    warnings: list[str] = []
    drawn: list[Page] = []
    for number, slide in enumerate(source.slides, 1):
        drawn += _Slide(source, slide, number, width=width, height=height, warnings=warnings).pages()
        if len(drawn) > MOST_PAGES:
            raise TooMany(f"the deck would have more than {MOST_PAGES:,} pages")
    return Drawn(inline.clean(source.project.title), width, height, drawn, tuple(dict.fromkeys(warnings)))


class _Slide:
    """One slide that is being drawn."""

    def __init__(
        self, source: Source, node: Node, number: int, *, width: float, height: float, warnings: list[str]
    ) -> None:
        self._node = node
        self._number = number
        self._width, self._height = width, height
        self._margin = 60.0 if width > SIZES["4:3"][0] else 46.0
        self._layout = node.content["layout"]
        self._picture: Picture | None = None
        self._colors = self._background(source, warnings)
        self._elements = self._columns(node, source, warnings) or elements(node.children, source, warnings)

    def pages(self) -> Iterator[Page]:
        """Give its pages; the notes are on the first."""
        shown = self._elements
        title, rest, boxes = self._set()
        if len(boxes) > 1 and self._layout not in ("content", "two-column", "blank"):
            # So much is no title page and no picture page any more.
            self._layout, self._elements = "content", shown
            title, rest, boxes = self._set()
        for part, placed in enumerate(boxes, 1):
            yield Page(
                layout=self._layout,
                colors=self._colors,
                title=title,
                boxes=(*rest, *placed),
                notes=inline.clean(self._node.content["notes"]) if part == 1 else "",
                number=self._number,
                part=part,
                picture=self._picture,
            )

    def _columns(self, node: Node, source: Source, warnings: list[str]) -> tuple[Element, ...]:
        """Set stacked groups side by side where the layout has columns; what is before and after goes across."""
        columns = [
            i for i, n in enumerate(node.children) if n.type == "group" and n.content["direction"] == "column"
        ]
        if self._layout != "two-column" or len(columns) < 2:  # noqa: PLR2004 - one makes no columns
            return ()
        first, last = columns[0], columns[-1]
        filled = [elements([node.children[i]], source, warnings) for i in range(first, last + 1)]
        row = Row(tuple(column for column in filled if column))
        before = elements(node.children[:first], source, warnings)
        after = elements(node.children[last + 1 :], source, warnings)
        return (*before, *([row] if row.columns else []), *after)

    def _background(self, source: Source, warnings: list[str]) -> Colors:
        theme = colors.of_theme(source.theme)
        wanted = self._node.content["background"]
        if wanted and wanted.startswith("asset:"):
            self._picture = source.picture(wanted.removeprefix("asset:"))
            if self._picture:
                return replace(colors.on("#1a1d24", theme), background="#1a1d24")
        elif wanted and wanted.startswith(("http://", "https://", "HTTP")):
            warnings.append(f"A background on another site is not fetched: {wanted[:200]}")
        elif wanted:
            shown = colors.parsed(wanted, theme.background)
            if shown is not None:
                return colors.on(shown, theme)
            warnings.append(f"There is no color named {wanted[:60]}; the theme's background is used.")
        if self._layout == "section":
            return colors.on(theme.accent, theme)
        return theme

    def _set(self) -> tuple[Title | None, tuple[Box, ...], list[tuple[Box, ...]]]:
        match self._layout:
            case "title" | "section" | "closing":
                return self._opening()
            case "quote":
                return self._quote()
            case "image" if any(isinstance(e, Image) for e in self._elements):
                return self._pictured()
            case _:
                return self._content()

    def _title(self, x: float, y: float, width: float) -> tuple[Title | None, tuple[Element, ...]]:
        """Set the title as large as its lines allow; what is too long for a title goes on as text."""
        text = " ".join(self._node.content["title"].split())
        style = _STYLES.get(self._layout, _STYLE)
        if not text:
            return None, self._elements
        size = style.size
        words = Paragraph(inline.plain(text), "heading", size)
        while len(wrapped(words, width, 1.0)) > style.lines and size > style.least:
            size = max(size - 2.0, style.least)
            words = replace(words, size=size)
        lines = wrapped(words, width, 1.0)
        more: tuple[Element, ...] = ()
        if len(lines) > style.lines + 1:
            words, rest = cut(words, lines[style.lines + 1][0])
            more = (Flow((Paragraph(rest.runs, "text", 20.0),)),)
            lines = lines[: style.lines + 1]
        tall = len(lines) * size * _TITLE_LINE
        return Title(x, y, width, tall, "".join(r.text for r in words.runs).strip(), size), (
            *more,
            *self._elements,
        )

    def _content(self) -> tuple[Title | None, tuple[Box, ...], list[tuple[Box, ...]]]:
        margin, wide = self._margin, self._width - 2 * self._margin
        title, shown = self._title(margin, 46.0, wide)
        top = title.y + title.height + 22.0 if title else 46.0
        if self._layout == "two-column" and not any(isinstance(e, Row) for e in shown):
            shown = balanced(shown, wide)
        region = Region(margin, top, wide, self._height - BOTTOM - top)
        return title, (), pages(shown, region, centered=title is None)

    def _opening(self) -> tuple[Title | None, tuple[Box, ...], list[tuple[Box, ...]]]:
        margin = self._margin + 14.0
        wide = (self._width - 2 * margin) * 0.86
        title, shown = self._title(margin, 0.0, wide)
        shown = as_lead(shown)
        tall = title.height if title else 0.0
        # The title's foot stands a little below the middle; with much below it, it stands higher.
        top = max(70.0, self._height * 0.55 - tall) if len(shown) <= 1 else 70.0
        if title:
            title = replace(title, y=top)
        below = top + tall + 20.0
        region = Region(margin, below, wide, self._height - BOTTOM - below)
        return title, (), pages(shown, region)

    def _quote(self) -> tuple[Title | None, tuple[Box, ...], list[tuple[Box, ...]]]:
        margin = self._margin + 36.0
        wide = self._width - 2 * margin
        title, shown = self._title(margin, 50.0, wide)
        larger = tuple(_larger(e) for e in shown)
        top = title.y + title.height + 16.0 if title else 50.0
        region = Region(margin, top, wide, self._height - BOTTOM - top)
        return title, (), pages(larger, region, centered=True)

    def _pictured(self) -> tuple[Title | None, tuple[Box, ...], list[tuple[Box, ...]]]:
        first = next(i for i, e in enumerate(self._elements) if isinstance(e, Image))
        image = self._elements[first]
        self._elements = (*self._elements[:first], *self._elements[first + 1 :])
        if not self._elements and not self._node.content["title"]:
            return None, (Box(0, 0, self._width, self._height, image),), [()]
        half = self._width * 0.5
        title, shown = self._title(self._margin, 60.0, half - self._margin - 34.0)
        shown = tuple(_beside(e) for e in shown)
        top = title.y + title.height + 20.0 if title else 60.0
        region = Region(self._margin, top, half - self._margin - 34.0, self._height - BOTTOM - top)
        return title, (Box(half, 0, self._width - half, self._height, image),), pages(shown, region)


def _beside(element: Element) -> Element:
    """Set a caption, whose picture is beside it and not above, like a signature."""
    if not isinstance(element, Flow):
        return element
    return Flow(tuple(replace(p, kind="by") if p.kind == "caption" else p for p in element.paragraphs))


def _larger(element: Element) -> Element:
    if not isinstance(element, Panel) or element.kind != "quote":
        return element
    return replace(element, paragraphs=tuple(replace(p, size=p.size * 1.35) for p in element.paragraphs))


def texts(drawn: Drawn) -> Iterator[str]:
    """Give all words that are drawn."""
    for page in drawn.pages:
        if page.title:
            yield page.title.text
        for box in page.boxes:
            yield from _words(box.element)


def _words(element: Element) -> Iterator[str]:
    match element:
        case Flow(paragraphs) | Panel(paragraphs=paragraphs):
            yield from _said(paragraphs)
        case Grid(columns, rows):
            for row in (columns, *rows):
                yield from _said(row)
        case Chart():
            yield from element.categories
            yield from (name for name, _ in element.series)


def _said(paragraphs: Sequence[Paragraph]) -> Iterator[str]:
    return (run.text for paragraph in paragraphs for run in paragraph.runs)
