"""The formats of files, and how each is rendered."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from workers.exporting import html, markdown, pdf, pptx, whole
from workers.exporting.drawing import draw
from workers.exporting.source import Source

LONGEST_NAME: Final = 80
"""Characters of a file's name before its extension."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file. `pages` is how many it shows; `warnings` tell what it could not show as it is."""

    data: bytes
    media_type: str
    name: str
    pages: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    media_type: str
    extension: str
    pages: int
    warnings: tuple[str, ...] = ()


def _markdown(source: Source) -> _File:
    data, warnings = markdown.render(source)
    return _File(data, "text/markdown", "md", len(source.slides), tuple(warnings))


def _json(source: Source) -> _File:
    return _File(whole.render(source), "application/json", "json", len(source.slides))


def _html(source: Source) -> _File:
    drawn = draw(source)
    return _File(html.render(source, drawn), "text/html", "html", len(drawn.pages), drawn.warnings)


def _pptx(source: Source) -> _File:
    drawn = draw(source)
    media_type = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    return _File(pptx.render(source, drawn), media_type, "pptx", len(drawn.pages), drawn.warnings)


def _pdf(source: Source) -> _File:
    drawn = draw(source)
    data, warnings = pdf.pdf(source, drawn)
    return _File(data, "application/pdf", "pdf", max(1, len(drawn.pages)), (*drawn.warnings, *warnings))


def _png(source: Source) -> _File:
    """Make a picture of a deck of one page, a ZIP of numbered pictures of any other."""
    drawn = draw(source)
    pages, more = pdf.png(source, drawn)
    warnings = (*drawn.warnings, *more)
    if len(pages) == 1:
        return _File(pages[0], "image/png", "png", 1, warnings)
    data = pdf.zipped(pages, file_name(source.project.title))
    return _File(data, "application/zip", "zip", len(pages), warnings)


FORMATS: Final[Mapping[str, Callable[[Source], _File]]] = MappingProxyType(
    {"pptx": _pptx, "pdf": _pdf, "html": _html, "markdown": _markdown, "png": _png, "json": _json}
)
"""By the names of the public contract."""


def render(source: Source, wanted: str) -> Rendered:
    """Make a file of a project at a position. Blocking: tens of milliseconds for a deck of 50 slides, or hundreds.

    Raises:
        KeyError: there is no such format.
    """
    made = FORMATS[wanted](source)
    warnings = tuple(dict.fromkeys((*source.warnings, *made.warnings)))
    name = f"{file_name(source.project.title)}.{made.extension}"
    return Rendered(made.data, made.media_type, name, made.pages, warnings)


def file_name(title: str) -> str:
    """Make a file's name of a title: letters, digits and a few marks, on any system."""
    text = unicodedata.normalize("NFC", title)
    text = re.sub(r"[^\w .,()'&+-]+", " ", text)
    text = " ".join(text.split()).strip(" .")[:LONGEST_NAME].strip(" .")
    return text or "deck"
