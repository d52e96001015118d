"""The colors of a page: the theme's, as far as they can be read on its background."""

from dataclasses import dataclass
from typing import Final

from PIL import ImageColor

from domain.theme import Theme

READABLE: Final = 4.5
"""Contrast of text, as WCAG asks for."""
_LIGHT, _DARK, _BLACK = "#ffffff", "#16202c", "#000000"
_DIM_LIGHT, _DIM_DARK = "#dfe3ea", "#3c4757"
_MIXED: Final = 0.10
_SEEN, _LIFTED = 1.6, 0.45
"""The least contrast of a chart's colors, and how much of black or white is mixed into one that has less."""
TONES: Final = {
    "info": "#1f5fd0",
    "tip": "#7a4fd0",
    "success": "#1a7f4b",
    "warning": "#b36b00",
    "danger": "#b3261e",
}


@dataclass(frozen=True, slots=True)
class Colors:
    """Colors as #rrggbb."""

    background: str
    surface: str
    text: str
    muted: str
    accent: str
    chart: tuple[str, ...]


def of_theme(theme: Theme) -> Colors:
    """Return the colors of a theme."""
    c = theme.colors
    return Colors(c["background"], c["surface"], c["text"], c["muted"], c["accent"], tuple(c["chart"]))


def on(background: str, colors: Colors) -> Colors:
    """Return colors that can be read on a background that is not the theme's."""
    light = contrast(_LIGHT, background) >= contrast(_DARK, background)
    plain, dim = (_LIGHT, _DIM_LIGHT) if light else (_DARK, _DIM_DARK)
    if contrast(plain, background) < READABLE:
        plain = _BLACK

    def readable(color: str, otherwise: str, least: float = READABLE) -> str:
        return color if contrast(color, background) >= least else otherwise

    return Colors(
        background=background,
        surface=mixed(plain, background, _MIXED),
        text=readable(colors.text, plain),
        muted=readable(colors.muted, readable(dim, plain)),
        accent=readable(colors.accent, plain, 3.0),
        chart=tuple(readable(c, mixed(plain, c, _LIFTED), _SEEN) for c in colors.chart),
    )


def parsed(color: str, below: str) -> str | None:
    """Return a CSS color as #rrggbb, what shows through mixed in; None if there is no such color."""
    try:
        red, green, blue, *alpha = ImageColor.getrgb(color)
    except ValueError:
        return None
    shown = f"#{red:02x}{green:02x}{blue:02x}"
    return mixed(shown, below, alpha[0] / 255) if alpha else shown


def mixed(color: str, below: str, share: float) -> str:
    """Lay a color over another, covering a share of it."""
    pairs = zip(_channels(color), _channels(below), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors, 1 to 21, as WCAG 2 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    parts = [c / 255 for c in _channels(color)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)  # noqa: PLR2004 - sRGB's
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
