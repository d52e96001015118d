"""Charts as SVG, for the formats that have none of their own."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from workers.exporting.charts_round import round_chart
from workers.exporting.colors import Colors, mixed
from workers.exporting.elements import Chart
from workers.exporting.svg import SMALL, WIDE, color_of, coord, short, stroke, words

_TICKS: Final = 5
_MOST_DOTS: Final = 28
_LARGEST: Final = 1e306
"""The end of any axis: its steps, too, have to be numbers."""


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where the data goes, and what its axis shows."""

    x: float
    y: float
    width: float
    height: float
    low: float
    high: float
    step: float

    def at(self, value: float) -> float:
        """Return how far along its axis a value is, 0 to 1."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def ticks(self) -> list[float]:
        count = round((self.high - self.low) / self.step)
        return [self.low + self.step * i for i in range(count + 1)]


def svg(chart: Chart, width: float, height: float, colors: Colors, font: str) -> str:
    """Draw a chart in a room of points; the names in it are escaped."""
    parts = (
        list(round_chart(chart, width, height, colors))
        if chart.kind in ("pie", "doughnut")
        else list(_axes(chart, width, height, colors))
    )
    described = escape(f"{chart.kind} chart: {', '.join(name for name, _ in chart.series)}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{coord(width)}" height="{coord(height)}"'
        f' viewBox="0 0 {coord(width)} {coord(height)}" role="img" aria-label="{described}"'
        f' font-family="{escape(font)}" font-size="{SMALL}">{"".join(parts)}</svg>'
    )


def _axes(chart: Chart, width: float, height: float, colors: Colors) -> Iterator[str]:
    legend = len(chart.series) > 1 or bool(chart.series[0][0])
    top = 0.0
    if legend:
        rows = list(_legend_rows([name for name, _ in chart.series], width))
        yield from _legend(rows, colors)
        top = len(rows) * 22.0 + 8.0
    values = [v for _, row in chart.series for v in row if v is not None]
    low, high, step = _scale(values)
    tick_room = max(len(_number(t)) for t in (low, high, high - step)) * SMALL * WIDE + 10
    lying = chart.kind == "bar"
    longest = max((len(c) for c in chart.categories), default=0)
    if lying:
        left = min(longest * SMALL * WIDE + 12, width * 0.34)
        plot = _Plot(left, top + 4, width - left - 14, height - top - 30, low, high, step)
    else:
        plot = _Plot(tick_room, top + 8, width - tick_room - 6, height - top - 34, low, high, step)
    yield from _grid(plot, colors, lying=lying)
    yield from _labels(chart.categories, plot, colors, lying=lying)
    match chart.kind:
        case "line" | "area":
            yield from _lines(chart, plot, colors)
        case _:
            yield from _bars(chart, plot, colors, lying=lying)
    zero = plot.at(0)
    if lying:
        x = plot.x + zero * plot.width
        yield stroke(x, plot.y, x, plot.y + plot.height, colors.muted, 1.2)
    else:
        y = plot.y + (1 - zero) * plot.height
        yield stroke(plot.x, y, plot.x + plot.width, y, colors.muted, 1.2)


def _grid(plot: _Plot, colors: Colors, *, lying: bool) -> Iterator[str]:
    faint = mixed(colors.muted, colors.background, 0.25)
    for tick in plot.ticks():
        share = plot.at(tick)
        if lying:
            x = plot.x + share * plot.width
            yield stroke(x, plot.y, x, plot.y + plot.height, faint, 0.8)
            yield words(x, plot.y + plot.height + 18, _number(tick), colors.muted, "middle")
        else:
            y = plot.y + (1 - share) * plot.height
            yield stroke(plot.x, y, plot.x + plot.width, y, faint, 0.8)
            yield words(plot.x - 8, y + 4.5, _number(tick), colors.muted, "end")


def _labels(categories: Sequence[str], plot: _Plot, colors: Colors, *, lying: bool) -> Iterator[str]:
    count = len(categories)
    longest = min(max(map(len, categories)) * SMALL * WIDE + 16, 150.0)
    most = max(1, int(plot.height / 16 if lying else plot.width / longest))
    every = math.ceil(count / most)
    for index in range(0, count, every):
        place = (index + 0.5) / count
        if lying:
            y = plot.y + place * plot.height + 4.5
            yield words(plot.x - 8, y, short(categories[index], plot.x - 10), colors.text, "end")
        else:
            room = plot.width / count * every - 4
            x = plot.x + place * plot.width
            yield words(x, plot.y + plot.height + 18, short(categories[index], room), colors.text, "middle")


def _bars(chart: Chart, plot: _Plot, colors: Colors, *, lying: bool) -> Iterator[str]:
    slot = (plot.height if lying else plot.width) / len(chart.categories)
    thick = min(slot * 0.72 / len(chart.series), 64.0)
    zero = plot.at(0)
    for s, (_, values) in enumerate(chart.series):
        for index, value in enumerate(values):
            if value is None:
                continue
            start, end = sorted((zero, plot.at(value)))
            along = index * slot + slot / 2 + (s - len(chart.series) / 2) * thick
            if lying:
                x, y = plot.x + start * plot.width, plot.y + along
                wide, tall = (end - start) * plot.width, thick - 1.5
            else:
                x, y = plot.x + along, plot.y + (1 - end) * plot.height
                wide, tall = thick - 1.5, (end - start) * plot.height
            yield (
                f'<rect x="{coord(x)}" y="{coord(y)}" width="{coord(max(wide, 0.4))}" height="{coord(max(tall, 0.4))}" rx="1.5"'
                f' fill="{color_of(s, colors)}"/>'
            )


def _lines(chart: Chart, plot: _Plot, colors: Colors) -> Iterator[str]:
    count = len(chart.categories)
    base = plot.y + (1 - plot.at(0)) * plot.height
    for s, (_, values) in enumerate(chart.series):
        color = color_of(s, colors)
        for piece in _unbroken(values):
            points = [
                (plot.x + (i + 0.5) / count * plot.width, plot.y + (1 - plot.at(v)) * plot.height)
                for i, v in piece
            ]
            path = " L".join(f"{coord(x)} {coord(y)}" for x, y in points)
            if chart.kind == "area":
                yield (
                    f'<path d="M{coord(points[0][0])} {coord(base)} L{path} L{coord(points[-1][0])} {coord(base)} Z"'
                    f' fill="{color}" fill-opacity="0.3"/>'
                )
            yield f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="2.6" stroke-linejoin="round"/>'
            if count <= _MOST_DOTS and chart.kind == "line":
                yield from (
                    f'<circle cx="{coord(x)}" cy="{coord(y)}" r="3.6" fill="{color}"/>' for x, y in points
                )


def _unbroken(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    piece: list[tuple[int, float]] = []
    for index, value in enumerate(values):
        if value is not None:
            piece.append((index, value))
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def _legend_rows(names: Sequence[str], width: float) -> Iterator[list[tuple[int, float, str]]]:
    """Share names out over rows, each as (series, x, name); at most three rows."""
    row: list[tuple[int, float, str]] = []
    x, rows = 0.0, 0
    for index, name in enumerate(names):
        shown = short(name, min(width * 0.45, 220))
        needed = 20 + len(shown) * SMALL * WIDE + 18
        if row and x + needed > width:
            yield row
            row, x, rows = [], 0.0, rows + 1
            if rows == 3:  # noqa: PLR2004 - more would leave no room for the data
                return
        row.append((index, x, shown))
        x += needed
    if row:
        yield row


def _legend(rows: Sequence[Sequence[tuple[int, float, str]]], colors: Colors) -> Iterator[str]:
    for line, row in enumerate(rows):
        y = 14 + line * 22.0
        for index, x, name in row:
            yield f'<rect x="{coord(x)}" y="{coord(y - 10)}" width="11" height="11" rx="2" fill="{color_of(index, colors)}"/>'
            yield words(x + 17, y, name, colors.text, "start")


def _scale(values: Sequence[float]) -> tuple[float, float, float]:
    """Return where an axis begins and ends, and its step, so that zero and all values are on it."""
    low, high = max(min([0.0, *values]), -_LARGEST), min(max([0.0, *values]), _LARGEST)
    if high == low:
        high = 1.0
    rough = high / _TICKS - low / _TICKS
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 1e-300 else 1e-300  # noqa: PLR2004 - where numbers end
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    return math.floor(low / step) * step, math.ceil(high / step) * step, step


def _number(value: float) -> str:
    for limit, mark in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            return f"{value / (1e3 if mark == 'k' else limit):.4g}{mark}"
    return f"{value:.6g}".replace("-", "\u2212")
