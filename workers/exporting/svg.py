"""What charts are drawn with: texts, lines, colors."""

from html import escape
from typing import Final

from workers.exporting.colors import Colors, mixed

SMALL: Final = 13.0
WIDE: Final = 0.55
"""The width of a letter by its size, on average."""


def color_of(index: int, colors: Colors) -> str:
    """Return the color of a series or slice; past the theme's, lighter ones of it."""
    rounds, place = divmod(index, len(colors.chart))
    return mixed(colors.chart[place], colors.background, max(0.35, 1 - 0.3 * rounds))


def short(text: str, room: float) -> str:
    """Shorten a text to a room of points."""
    text = " ".join(text.split())
    most = max(3, int(room / (SMALL * WIDE)))
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def words(x: float, y: float, text: str, color: str, anchor: str) -> str:
    """Write a text; `anchor` is SVG's."""
    return f'<text x="{coord(x)}" y="{coord(y)}" fill="{color}" text-anchor="{anchor}">{escape(text)}</text>'


def stroke(x1: float, y1: float, x2: float, y2: float, color: str, width: float) -> str:  # noqa: PLR0917 - as SVG has it
    """Draw a line."""
    return f'<line x1="{coord(x1)}" y1="{coord(y1)}" x2="{coord(x2)}" y2="{coord(y2)}" stroke="{color}" stroke-width="{width}"/>'


def coord(value: float) -> str:
    """Write a length in points, to a hundredth."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
