"""The formats of files, and how each is rendered."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from workers.exporting import markdown, whole
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


FORMATS: Final[Mapping[str, Callable[[Source], _File]]] = MappingProxyType(
    {"markdown": _markdown, "json": _json}
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
