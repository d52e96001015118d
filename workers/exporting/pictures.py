"""Pictures made ready for any format: PNG or JPEG, upright, no larger than a screen needs."""

import io
import warnings
from pathlib import Path
from typing import Final

import resvg_py
from PIL import Image, ImageOps

from workers.exporting.source import Picture

LONGEST: Final = 2_560
"""Pixels of the longer side."""
MOST_PIXELS: Final = 80_000_000
"""Pixels of a picture that is opened at all: decoded, it takes four bytes each."""
FONTS: Final = Path(__file__).parent / "fonts"
_SVG: Final = "image/svg+xml"
_QUALITY: Final = 88


class NotDrawable(ValueError):
    """No picture, a broken one, or one that is too large."""


def prepared(data: bytes, media_type: str) -> Picture:
    """Make a picture of a file; the same bytes give the same picture. Animations show their first frame.

    Raises:
        NotDrawable: nothing can be shown of it; says why.
    """
    if media_type == _SVG:
        data = _drawn(data)
    try:
        with warnings.catch_warnings():
            # What is too large is refused below, by our own measure.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "WEBP")) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise NotDrawable(f"has more than {MOST_PIXELS:,} pixels")
                return _fitted(image, data)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as broken:
        if isinstance(broken, NotDrawable):
            raise
        raise NotDrawable("is no picture that can be read") from broken


def _fitted(image: Image.Image, data: bytes) -> Picture:
    kind = image.format
    turned = image.getexif().get(0x0112, 1) != 1
    if (
        kind in ("PNG", "JPEG")
        and not turned
        and max(image.size) <= LONGEST
        and image.mode in ("RGB", "RGBA", "L")
    ):
        image.load()
        return Picture(data, f"image/{kind.lower()}", image.width, image.height)
    upright = ImageOps.exif_transpose(image)
    opaque = kind == "JPEG"
    upright = upright.convert("RGB" if opaque else "RGBA")
    upright.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    if opaque:
        upright.save(written, "JPEG", quality=_QUALITY, optimize=True)
    else:
        upright.save(written, "PNG")
    media_type = "image/jpeg" if opaque else "image/png"
    return Picture(written.getvalue(), media_type, upright.width, upright.height)


def _drawn(data: bytes) -> bytes:
    """Draw an SVG, with our own font; it can neither run scripts nor read files here."""
    try:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=data.decode(),
                width=LONGEST // 2,
                skip_system_fonts=True,
                font_dirs=[str(FONTS)],
                font_family="Source Sans Pro",
                sans_serif_family="Source Sans Pro",
            )
        )
    except ValueError as broken:
        raise NotDrawable("is no SVG that can be drawn") from broken
