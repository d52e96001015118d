"""PPTX files as decks: texts, lists, tables, charts, pictures, notes. Where things stand is left to the layouts."""

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from pptx import Presentation
from pptx.exc import PackageNotFoundError

from commands.importing.model import MOST_SLIDES, ImportedBlock, ImportedSlide
from workers.importing.pptx_shapes import Shapes

MOST_BYTES: Final = 400 * 2**20
"""Of all that is in the archive, unpacked."""
MOST_PARTS: Final = 20_000
_LAYOUTS: Final = (
    ("title slide", "title"),
    ("section", "section"),
    ("two content", "two-column"),
    ("comparison", "two-column"),
    ("picture", "image"),
    ("quote", "quote"),
)
_FOUR_TO_THREE: Final = 1.5
"""Slides less wide than this, by their height, are 4:3 here."""


class PptxRefused(ValueError):
    """No PPTX, a broken one, or one too large."""


@dataclass(frozen=True, slots=True)
class PptxDeck:
    """A deck that was read. `pictures` are files and their media types, by the asset ids that blocks name."""

    title: str
    aspect: str
    slides: tuple[ImportedSlide, ...]
    pictures: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read_pptx(data: bytes, asset_id: Callable[[bytes, str], str]) -> PptxDeck:
    """Read a file.

    Args:
        data: The whole file.
        asset_id: Names a picture by its bytes and media type.

    Raises:
        PptxRefused: nothing can be read of it; says why.
    """
    _check(data)
    try:
        presentation: Any = Presentation(io.BytesIO(data))
        slides = list(presentation.slides)
    except (PackageNotFoundError, KeyError, ValueError, SyntaxError, AttributeError) as broken:
        raise PptxRefused("it is no PPTX file, or a broken one") from broken
    if len(slides) > MOST_SLIDES:
        raise PptxRefused(f"it has {len(slides):,} slides; a deck may have {MOST_SLIDES}")
    shapes = Shapes(asset_id)
    read = tuple(_slide(slide, number, shapes) for number, slide in enumerate(slides, 1))
    wide = presentation.slide_width / presentation.slide_height
    title = (presentation.core_properties.title or "").strip() or next(
        (s.content["title"] for s in read if s.content["title"]), "Imported deck"
    )
    aspect = "4:3" if wide < _FOUR_TO_THREE else "16:9"
    return PptxDeck(title[:200].strip(), aspect, read, shapes.pictures, tuple(shapes.warnings))


def _check(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError) as broken:
        raise PptxRefused("it is no PPTX file") from broken
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
        raise PptxRefused(f"unpacked, it has more than {MOST_BYTES:,} bytes or {MOST_PARTS:,} parts")


def _slide(slide: Any, number: int, shapes: Shapes) -> ImportedSlide:
    title = slide.shapes.title
    text = " ".join(title.text_frame.text.split())[:300] if title is not None else ""
    notes = ""
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text.replace("\v", "\n").strip()[:10_000]
    name = (slide.slide_layout.name or "").casefold()
    layout = next((ours for theirs, ours in _LAYOUTS if theirs in name), "content")
    content = {"layout": layout, "title": shapes.clean(text), "notes": shapes.clean(notes)}
    return ImportedSlide(content, tuple(_blocks(slide, number, shapes)))


def _blocks(slide: Any, number: int, shapes: Shapes) -> Iterator[ImportedBlock]:
    title = slide.shapes.title
    others = [s for s in slide.shapes if title is None or s.shape_id != title.shape_id]
    # Read as a person would: from top to bottom, and from left to right where things stand side by side.
    for shape in sorted(others, key=lambda s: ((s.top or 0) // 400_000, s.left or 0)):
        yield from shapes.blocks(shape, number)
