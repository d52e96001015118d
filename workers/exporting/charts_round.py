"""Pies and doughnuts."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from workers.exporting.colors import Colors
from workers.exporting.elements import Chart
from workers.exporting.svg import color_of, coord, short, words

_KEY_LINE: Final = 22.0


def round_chart(chart: Chart, width: float, height: float, colors: Colors) -> Iterator[str]:
    """Draw a pie or a doughnut of the first series, and name its slices."""
    _, values = chart.series[0]
    slices = [(name, v) for name, v in zip(chart.categories, values, strict=True) if v is not None and v > 0]
    whole = sum(v for _, v in slices)
    beside = width > height * 1.25
    below = 0.0 if beside else min(len(slices) * _KEY_LINE + 14, height * 0.45)
    radius = min(height - below, width * (0.55 if beside else 1.0)) / 2 - 6
    if not slices or radius <= 0:
        yield words(width / 2, height / 2, "no data", colors.muted, "middle")
        return
    cx = radius + max(6.0, (width * 0.5 - 2 * radius) / 2) if beside else width / 2
    cy = height / 2 if beside else radius + 6
    angle = -math.pi / 2
    for index, (_, value) in enumerate(slices):
        turn = value / whole * 2 * math.pi
        yield _slice(
            cx,
            cy,
            radius,
            angle,
            turn,
            color_of(index, colors),
            colors.background,
            hollow=chart.kind == "doughnut",
        )
        angle += turn
    if beside:
        yield from _key(slices, whole, _Room(cx + radius + 34, 0, width - cx - radius - 34, height), colors)
    else:
        top = cy + radius + 10
        yield from _key(
            slices, whole, _Room(max(cx - radius, 0), top, width - max(cx - radius, 0), height - top), colors
        )


def _slice(  # noqa: PLR0917 - what a slice is drawn by
    cx: float, cy: float, radius: float, angle: float, turn: float, color: str, edge: str, *, hollow: bool
) -> str:
    inner = radius * 0.58 if hollow else 0.0
    if turn > 2 * math.pi - 1e-6:
        thick = radius - inner
        return (
            f'<circle cx="{coord(cx)}" cy="{coord(cy)}" r="{coord(radius - thick / 2)}" fill="none" stroke="{color}"'
            f' stroke-width="{coord(thick)}"/>'
        )
    end, large = angle + turn, int(turn > math.pi)

    def point(r: float, a: float) -> str:
        return f"{coord(cx + r * math.cos(a))} {coord(cy + r * math.sin(a))}"

    back = (
        f"L{point(inner, end)} A{coord(inner)} {coord(inner)} 0 {large} 0 {point(inner, angle)}"
        if hollow
        else f"L{coord(cx)} {coord(cy)}"
    )
    return (
        f'<path d="M{point(radius, angle)} A{coord(radius)} {coord(radius)} 0 {large} 1 {point(radius, end)} {back} Z"'
        f' fill="{color}" stroke="{edge}" stroke-width="1.5"/>'
    )


@dataclass(frozen=True, slots=True)
class _Room:
    x: float
    y: float
    width: float
    height: float


def _key(slices: Sequence[tuple[str, float]], whole: float, room: _Room, colors: Colors) -> Iterator[str]:
    """Name the slices, the first ones where there is no room for all."""
    shown = min(len(slices), max(1, int(room.height / _KEY_LINE)))
    y = room.y + (room.height - shown * _KEY_LINE) / 2 + 15
    for index, (name, value) in enumerate(slices[:shown]):
        text = f"{short(name, room.width - 70)}  {value / whole:.0%}"
        if index == shown - 1 and shown < len(slices):
            text = f"and {len(slices) - shown + 1} more"
        yield f'<rect x="{coord(room.x)}" y="{coord(y - 10)}" width="11" height="11" rx="2" fill="{color_of(index, colors)}"/>'
        yield words(room.x + 19, y, text, colors.text, "start")
        y += _KEY_LINE
