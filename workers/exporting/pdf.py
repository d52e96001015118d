"""PDF and PNG, by typst. What people wrote goes in as data, never as source."""

import io
import tempfile
import zipfile
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

import orjson
import typst

from workers.exporting.colors import of_theme
from workers.exporting.drawing import texts
from workers.exporting.elements import Drawn, Page, Title
from workers.exporting.glyphs import fonts, missing
from workers.exporting.scene import Scenes
from workers.exporting.source import Source

_SANS, _SERIF = "Source Sans Pro", "Libertinus Serif"
_PPI: Final = 144.0
"""A slide of 16:9 is 1,920 pixels wide."""
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def pdf(source: Source, drawn: Drawn) -> tuple[bytes, list[str]]:
    """Render all pages into one PDF."""
    made, warnings = _compiled(source, drawn, "pdf")
    return made[0], warnings


def png(source: Source, drawn: Drawn) -> tuple[list[bytes], list[str]]:
    """Render each page as a PNG."""
    return _compiled(source, drawn, "png")


def zipped(pages: list[bytes], title: str) -> bytes:
    """Put pages into a ZIP, named so that they sort."""
    written = io.BytesIO()
    digits = max(2, len(str(len(pages))))
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for number, page in enumerate(pages, 1):
            entry = zipfile.ZipInfo(f"{title} {number:0{digits}}.png", _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, page)
    return written.getvalue()


def _compiled(source: Source, drawn: Drawn, wanted: Literal["pdf", "png"]) -> tuple[list[bytes], list[str]]:
    if not drawn.pages:
        drawn = _nothing(source, drawn)
    heading, body = (_drawn_in(source.theme.fonts[f]) for f in ("heading", "body"))
    scenes = Scenes(drawn, body)
    document: dict[str, Any] = {
        "title": drawn.title,
        "width": drawn.width,
        "height": drawn.height,
        "font": body,
        "heading": heading,
        "pages": scenes.pages(),
    }
    for page in document["pages"]:
        del page["notes"]
    with tempfile.TemporaryDirectory(prefix="decklog-export-") as folder:
        for name, picture in scenes.pictures.items():
            (Path(folder) / name).write_bytes(picture.data)
        made = typst.Compiler(root=folder, font_paths=fonts()).compile(
            input=_template(),
            format=wanted,
            ppi=_PPI if wanted == "png" else None,
            timestamp=0,
            sys_inputs={"deck": orjson.dumps(document).decode()},
        )
    pages = made if isinstance(made, list) else [made or b""]
    return pages, _warnings(source, drawn)


def _warnings(source: Source, drawn: Drawn) -> list[str]:
    warnings: list[str] = []
    letters, more = missing(texts(drawn))
    if letters:
        others = " and others" if more else ""
        warnings.append(
            f"Our fonts have no picture of these letters; boxes stand for them: {letters}{others}"
        )
    families = dict.fromkeys(source.theme.fonts[f] for f in ("heading", "body"))
    return warnings + [
        f"{_drawn_in(family)} stands in for the font {family}, which does not come with the product."
        for family in families
        if family != _SANS
    ]


def _drawn_in(family: str) -> str:
    """Return the font of ours that is closest to a theme's."""
    words = family.casefold().split()
    serif = "serif" in words or {
        "georgia",
        "garamond",
        "times",
        "merriweather",
        "lora",
        "playfair",
    }.intersection(words)
    return _SERIF if serif and "sans" not in words else _SANS


@cache
def _template() -> bytes:
    return (files("workers.exporting") / "assets" / "deck.typ").read_bytes()


def _nothing(source: Source, drawn: Drawn) -> Drawn:
    """Return one page with the title alone, for a deck without slides."""
    title = Title(74, 240, drawn.width - 148, 60, drawn.title, 44)
    return replace(drawn, pages=[Page("title", of_theme(source.theme), title, (), "", 1)])
