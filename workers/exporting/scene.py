"""A drawn deck as plain values: what a renderer needs of every page, sizes multiplied out, colors settled."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from workers.exporting.charts import svg
from workers.exporting.colors import TONES, Colors, contrast, mixed
from workers.exporting.elements import Box, Chart, Drawn, Flow, Grid, Image, Page, Panel, Paragraph, Rule
from workers.exporting.measuring import before, indent, line_height
from workers.exporting.sizing import CELL, PADDING, column_widths, row_height
from workers.exporting.source import Picture

_FOOTER: Final = 30.0
_LEVEL: Final = 22.0
_LABEL: Final = 16.0
_OPENING: Final = ("title", "section", "closing")
JSON = dict[str, Any]


class Scenes:
    """Makes scenes; the pictures in them are named, and gathered in `pictures` by name."""

    def __init__(self, drawn: Drawn, chart_font: str) -> None:
        self._drawn = drawn
        self._chart_font = chart_font
        self.pictures: dict[str, Picture] = {}
        self._names: dict[int, str] = {}

    def pages(self) -> list[JSON]:
        """Return the pages."""
        return [self._page(page) for page in self._drawn.pages]

    def _page(self, page: Page) -> JSON:
        title = page.title
        return {
            "layout": page.layout,
            "number": page.number,
            "part": page.part,
            "colors": {k: v for k, v in asdict(page.colors).items() if k != "chart"},
            "picture": self._name(page.picture),
            "marks": list(self._marks(page)),
            "title": {**asdict(title), "color": _title_color(page)} if title else None,
            "boxes": [self._box(box, page.colors) for box in page.boxes],
            "footer": list(self._footer(page)),
            "notes": page.notes,
        }

    def _marks(self, page: Page) -> Iterator[JSON]:
        """Give what a layout is decorated with."""
        title = page.title
        if title is None or page.layout == "blank":
            return
        if page.layout in _OPENING:
            accent = page.colors.text if page.layout == "section" else page.colors.accent
            if page.layout != "section":
                yield {
                    "x": 0.0,
                    "y": 0.0,
                    "width": 14.0,
                    "height": self._drawn.height,
                    "fill": accent,
                    "radius": 0.0,
                }
            yield {
                "x": title.x,
                "y": title.y - 26,
                "width": 56.0,
                "height": 5.0,
                "fill": accent,
                "radius": 2.5,
            }
        elif page.layout != "quote":
            yield {
                "x": title.x,
                "y": title.y - 14,
                "width": 40.0,
                "height": 4.0,
                "fill": page.colors.accent,
                "radius": 2.0,
            }

    def _footer(self, page: Page) -> Iterator[JSON]:
        if page.layout in _OPENING or page.layout == "blank":
            return
        margin = 60.0 if self._drawn.width > 720 else 46.0  # noqa: PLR2004 - the width of 4:3
        y = self._drawn.height - _FOOTER
        number = str(page.number) if page.part == 1 else f"{page.number} · {page.part}"
        # The right half may be a picture.
        half = self._drawn.width / 2 - margin - 20
        wide = self._drawn.width - 2 * margin - 60
        pictured = page.layout == "image" and any(b.x >= self._drawn.width / 2 - 1 for b in page.boxes)
        if pictured or any(isinstance(b.element, Image) and b.width >= self._drawn.width for b in page.boxes):
            if pictured:
                yield {"x": margin, "y": y, "width": half, "text": number, "right": False}
            return
        yield {"x": margin, "y": y, "width": wide, "text": _short(self._drawn.title), "right": False}
        yield {"x": self._drawn.width - margin - 60, "y": y, "width": 60.0, "text": number, "right": True}

    def _name(self, picture: Picture | None) -> str:
        if picture is None:
            return ""
        name = self._names.get(id(picture))
        if name is None:
            name = f"picture-{len(self._names) + 1}.{picture.extension}"
            self._names[id(picture)] = name
            self.pictures[name] = picture
        return name

    def _box(self, box: Box, colors: Colors) -> JSON:
        place = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
        match box.element:
            case Flow(found):
                return {**place, "kind": "flow", "paragraphs": paragraphs(found, box.scale, colors.text)}
            case Panel():
                return {**place, "kind": "panel", **self._panel(box.element, box.scale, colors)}
            case Grid():
                return {**place, "kind": "grid", **_grid(box.element, box, colors)}
            case Chart():
                drawn = svg(box.element, box.width, box.height, colors, self._chart_font)
                return {**place, "kind": "chart", "svg": drawn, "alt": _described(box.element)}
            case Image():
                return {**place, "kind": "image", **self._image(box.element, box)}
            case Rule():
                return {**place, "kind": "rule", "edge": mixed(colors.muted, colors.background, 0.35)}
            case _:
                raise TypeError(f"no box holds a {type(box.element).__name__}")

    def _panel(self, panel: Panel, scale: float, colors: Colors) -> JSON:
        side, above = PADDING[panel.kind]
        edge = TONES.get(panel.tone, colors.accent)
        if contrast(edge, colors.background) < 3:  # noqa: PLR2004 - what WCAG asks of graphics
            edge = mixed(edge, "#ffffff", 0.55)
        fill = mixed(edge, colors.background, 0.12) if panel.kind == "callout" else colors.surface
        return {
            "panel": panel.kind,
            "label": panel.label,
            "labelled": _LABEL * scale,
            "side": side * scale,
            "above": above * scale,
            "fill": fill,
            "edge": edge,
            "paragraphs": paragraphs(panel.paragraphs, scale, colors.text),
        }

    def _image(self, image: Image, box: Box) -> JSON:
        picture = image.picture
        bleed = box.height >= self._drawn.height
        shown = [0.0, 0.0]
        if picture:
            share = min(box.width / picture.width, box.height / picture.height)
            # At its own size, a pixel is three quarters of a point.
            share = min(share, 0.75) if image.fit == "none" else share
            shown = [picture.width * share, picture.height * share]
        return {
            "file": self._name(picture),
            "alt": image.alt,
            "fit": image.fit,
            "note": image.note,
            "bleed": bleed,
            "shown": shown,
        }


def paragraphs(found: Sequence[Paragraph], scale: float, color: str) -> list[JSON]:
    """Return paragraphs with their sizes multiplied out."""
    return [
        {
            "runs": [asdict(r) for r in p.runs],
            "kind": p.kind,
            "size": p.size * scale,
            "line": line_height(p),
            "before": before(p) * scale if index else 0.0,
            "indent": indent(p) * scale,
            "outdent": p.level * _LEVEL * scale,
            "marker": p.marker,
            "level": p.level,
            "color": color,
        }
        for index, p in enumerate(found)
    ]


def _grid(grid: Grid, box: Box, colors: Colors) -> JSON:
    widths = column_widths(grid, box.width)
    rows = (grid.columns, *grid.rows)
    side, above = CELL
    return {
        "widths": widths,
        "heights": [row_height(row, widths, box.scale) for row in rows],
        "side": side * box.scale,
        "above": above * box.scale,
        "edge": mixed(colors.muted, colors.background, 0.35),
        "cells": [cell for row in rows for p in row for cell in paragraphs([p], box.scale, colors.text)],
        "right": [numeric(grid, i) for i in range(len(grid.columns))],
    }


def numeric(grid: Grid, column: int) -> bool:
    """Whether a column holds numbers, which are read best with their ends in line."""
    texts = ["".join(r.text for r in row[column].runs).strip() for row in grid.rows]
    shown = [t for t in texts if t]
    return bool(shown) and all(
        t.strip("+-\u2212\u2013%€$£ ").replace(",", "").replace(".", "").replace(" ", "").isdigit()
        for t in shown
    )


def _described(chart: Chart) -> str:
    return f"{chart.kind} chart: {', '.join(name for name, _ in chart.series)}"[:500]


def _title_color(page: Page) -> str:
    return page.colors.muted if page.layout == "quote" else page.colors.text


def _short(title: str) -> str:
    return title if len(title) <= 90 else title[:89].rstrip() + "…"  # noqa: PLR2004 - what a footer has room for
