"""Pictures as every format can show them."""

import io

import pytest
from PIL import Image

from workers.exporting.pictures import LONGEST, NotDrawable, prepared


def made(kind: str, size: tuple[int, int] = (30, 20), mode: str = "RGB", **more: object) -> bytes:
    written = io.BytesIO()
    Image.new(mode, size).save(written, kind, **more)
    return written.getvalue()


@pytest.mark.parametrize(
    ("data", "media_type", "shown"),
    [
        (made("PNG"), "image/png", "image/png"),
        (made("JPEG"), "image/jpeg", "image/jpeg"),
        (made("JPEG", mode="CMYK"), "image/jpeg", "image/jpeg"),
        (made("GIF"), "image/gif", "image/png"),
        (made("WEBP"), "image/webp", "image/png"),
        (made("PNG", mode="P"), "image/png", "image/png"),
    ],
)
def test_any_picture_becomes_png_or_jpeg(data: bytes, media_type: str, shown: str) -> None:
    found = prepared(data, media_type)
    assert (found.media_type, found.width, found.height) == (shown, 30, 20)
    assert found == prepared(data, media_type)


def test_a_turned_photograph_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = prepared(made("JPEG", exif=exif), "image/jpeg")
    assert (found.width, found.height) == (20, 30)


def test_a_large_picture_is_made_smaller() -> None:
    found = prepared(made("PNG", (4_000, 100)), "image/png")
    assert (found.width, found.height) == (LONGEST, 64)


def test_an_svg_is_drawn_with_its_words() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">{}</svg>'
    words = '<text x="2" y="15" font-size="14">Hi</text>'
    with_words, without = (prepared(svg.format(inner).encode(), "image/svg+xml") for inner in (words, ""))
    assert with_words.width == LONGEST // 2
    assert with_words.data != without.data


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"", "image/png"),
        (b"\x89PNG\r\n\x1a\n broken", "image/png"),
        (made("PNG")[:40], "image/png"),
        (b"<svg", "image/svg+xml"),
        (b"\xff\xff", "image/svg+xml"),
        (b"%PDF-1.7", "application/pdf"),
        (made("PNG", (20_000, 5_000), mode="1"), "image/png"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words(data: bytes, media_type: str) -> None:
    with pytest.raises(NotDrawable):
        prepared(data, media_type)
