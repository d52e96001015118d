"""A drawn cover: the same title and theme give the same picture. It says that it is a placeholder."""

import asyncio
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from typing import Final

import resvg_py

from workers.exporting import inline
from workers.exporting.colors import Colors, contrast, mixed, of_theme
from workers.exporting.elements import Paragraph
from workers.exporting.glyphs import missing
from workers.exporting.measuring import wrapped
from workers.exporting.pictures import FONTS
from workers.exporting.svg import coord
from workers.picturing.ports import Painted, Wish

PROVIDER: Final = "offline-drawn"
LABEL: Final = "Placeholder, drawn without a model"
SIZES: Final = {"16:9": (1600, 900), "4:3": (1200, 900), "1:1": (900, 900)}
_DEFAULT: Final = (1600, 900)
_FONT: Final = "Source Sans Pro"
_TITLE: Final = 100
_LARGEST, _SMALLEST = 96, 44
_MOST_LINES: Final = 4
_RINGS: Final = 7


class CoverPainter:
    """Implements `Painter`. Nothing leaves the process."""

    @property
    def provider(self) -> str:
        """Its name says what it does."""
        return PROVIDER

    @property
    def model(self) -> str | None:
        """There is none."""
        return None

    async def paint(self, wish: Wish) -> Painted:
        """Draw the words of the wish on shapes in the theme's colors."""
        return await asyncio.to_thread(_painted, wish)


def _painted(wish: Wish) -> Painted:
    title = " ".join(wish.prompt.split())
    title = title if len(title) <= _TITLE else title[: _TITLE - 1].rstrip() + "…"
    letters, _ = missing([title])
    warnings = ["no image model is configured: the picture is a placeholder"]
    if letters:
        warnings.append(f"no font of ours has the letters {letters}")
    data = resvg_py.svg_to_bytes(
        svg_string=svg(title, of_theme(wish.theme), SIZES.get(wish.aspect, _DEFAULT)),
        skip_system_fonts=True,
        font_dirs=[str(FONTS)],
        font_family=_FONT,
        sans_serif_family=_FONT,
    )
    return Painted(bytes(data), "image/png", f"Placeholder: {title}", tuple(warnings))


def svg(title: str, colors: Colors, size: tuple[int, int]) -> str:
    """Return the drawing, `size` in pixels: rings whose places come of the title, and the title below."""
    width, height = size
    seed = sha256("\n".join((title, colors.background, colors.accent, *colors.chart)).encode()).digest()
    shade = mixed(colors.accent, colors.background, 0.16)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' font-family="{_FONT}"><defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1">'
        f'<stop offset="0" stop-color="{colors.background}"/><stop offset="1" stop-color="{shade}"/>'
        f'</linearGradient></defs><rect width="{width}" height="{height}" fill="url(#g)"/>'
        f"{''.join(_rings(seed, colors, width, height))}{''.join(_words(title, colors, width, height))}</svg>"
    )


def _rings(seed: bytes, colors: Colors, width: int, height: int) -> Iterator[str]:
    """Draw rings at the right, where no words stand."""
    for i in range(_RINGS):
        a, b, c = (seed[3 * i + k] / 255 for k in range(3))
        color = colors.chart[seed[21 + i % 8] % len(colors.chart)]
        x, y = width * (0.66 + 0.34 * a), height * (0.05 + 0.75 * b)
        radius = height * (0.08 + 0.2 * c)
        if i % 3:
            yield (
                f'<circle cx="{coord(x)}" cy="{coord(y)}" r="{coord(radius)}" fill="none" stroke="{color}"'
                f' stroke-opacity="0.55" stroke-width="{coord(height * 0.012)}"/>'
            )
        else:
            yield (
                f'<circle cx="{coord(x)}" cy="{coord(y)}" r="{coord(radius)}" fill="{color}" fill-opacity="0.28"/>'
            )


def _words(title: str, colors: Colors, width: int, height: int) -> Iterator[str]:
    left, room = width * 0.07, width * 0.58
    size, lines = _fitted(title, room)
    y = height * 0.80 - (len(lines) - 1) * size * 1.12
    yield (
        f'<rect x="{coord(left)}" y="{coord(y - size - height * 0.035)}" width="{coord(height * 0.11)}"'
        f' height="{coord(height * 0.011)}" fill="{colors.accent}"/>'
    )
    for i, line in enumerate(lines):
        yield (
            f'<text x="{coord(left)}" y="{coord(y + i * size * 1.12)}" font-size="{size}" font-weight="700"'
            f' fill="{colors.text}">{escape(line)}</text>'
        )
    readable = colors.muted if contrast(colors.muted, colors.background) >= 4.5 else colors.text  # noqa: PLR2004 - WCAG
    yield (
        f'<text x="{coord(left)}" y="{coord(height * 0.92)}" font-size="{coord(height * 0.027)}"'
        f' fill="{readable}">{escape(LABEL)}</text>'
    )


def _fitted(title: str, room: float) -> tuple[int, list[str]]:
    """Return the largest size at which the title takes few lines, and its lines."""
    for size in range(_LARGEST, _SMALLEST, -6):
        lines = _lines(title, size, room)
        if len(lines) <= _MOST_LINES:
            return size, lines
    return _SMALLEST, _lines(title, _SMALLEST, room)


def _lines(title: str, size: int, room: float) -> list[str]:
    paragraph = Paragraph(inline.plain(title), "heading", float(size))
    return [title[start:end].strip() for start, end in wrapped(paragraph, room, 1.0)]
