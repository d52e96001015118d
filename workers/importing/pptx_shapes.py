"""Shapes of a PPTX slide as blocks."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER
from pptx.oxml.ns import qn

from commands.importing.model import ImportedBlock
from commands.importing.splitting import parts_of
from domain.content import LIMITS, ContentInvalid, new_content
from workers.exporting.inline import clean
from workers.exporting.pptx.deck import FOOTER

_FURNITURE: Final = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER)
_LISTS: Final = (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY)
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<])")
_PICTURES: Final = {"image/png", "image/jpeg", "image/gif", "image/webp"}
_LONGEST_HEADING: Final = 120
_DEEPEST: Final = 8
"""Groups within groups that are looked into."""
_CHARTS: Final = (
    ("PIE", "pie"),
    ("DOUGHNUT", "doughnut"),
    ("LINE", "line"),
    ("AREA", "area"),
    ("BAR", "bar"),
)


class Shapes:
    """Reads shapes; gathers pictures, and warnings for what it leaves out."""

    def __init__(self, asset_id: Callable[[bytes, str], str]) -> None:
        self._asset_id = asset_id
        self.pictures: dict[str, tuple[bytes, str]] = {}
        self.warnings: list[str] = []

    clean = staticmethod(clean)

    def blocks(self, shape: Any, number: int, depth: int = 0) -> Iterator[ImportedBlock]:
        """Give the blocks of one shape, and of all in it if it is a group."""
        for block in self._read(shape, number, depth):
            try:
                new_content(block.type, block.content, str)
            except ContentInvalid as why:
                self.warnings.append(f"Slide {number}: a {block.type} was left out: {why}"[:300])
            else:
                yield block

    def _read(self, shape: Any, number: int, depth: int) -> Iterator[ImportedBlock]:
        if shape.is_placeholder and shape.placeholder_format.type in _FURNITURE:
            return
        if shape.name == FOOTER:
            return
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            for inner in shape.shapes if depth < _DEEPEST else ():
                yield from self.blocks(inner, number, depth + 1)
        elif getattr(shape, "has_table", False):
            yield self._table(shape.table, number)
        elif getattr(shape, "has_chart", False):
            yield self._chart(shape.chart)
        elif hasattr(shape, "image"):
            yield from self._picture(shape, number)
        elif shape.has_text_frame:
            yield from self._words(shape)
        elif shape.shape_type not in (MSO_SHAPE_TYPE.LINE, None):
            self.warnings.append(f"Slide {number}: {shape.name[:60]} cannot be imported.")

    def _words(self, shape: Any) -> Iterator[ImportedBlock]:
        paragraphs = [p for p in shape.text_frame.paragraphs if p.text.strip()]
        in_body = shape.is_placeholder and shape.placeholder_format.type in _LISTS
        numbers: dict[int, int] = {}
        for kind, found in groupby(paragraphs, lambda p: _kind(p, in_body=in_body)):
            match kind:
                case "heading":
                    for p in found:
                        yield ImportedBlock(
                            "heading", {"text": _markdown(p, bold=False)[: LIMITS.TEXT], "level": 3}
                        )
                case "item":
                    items = [_item(p, numbers) for p in found]
                    for start in range(0, len(items), LIMITS.BULLETS):
                        yield ImportedBlock("bullets", {"items": items[start : start + LIMITS.BULLETS]})
                case _:
                    text = "\n\n".join(map(_markdown, found))
                    yield from (ImportedBlock("text", {"text": part}) for part in parts_of(text))

    def _table(self, table: Any, number: int) -> ImportedBlock:
        rows = [[_cell(cell, bold=index > 0) for cell in row.cells] for index, row in enumerate(table.rows)]
        if len(rows) > LIMITS.TABLE_ROWS + 1 or len(rows[0]) > LIMITS.TABLE_COLUMNS:
            self.warnings.append(
                f"Slide {number}: a table was cut to {LIMITS.TABLE_ROWS} rows and {LIMITS.TABLE_COLUMNS} columns."
            )
        rows = [row[: LIMITS.TABLE_COLUMNS] for row in rows[: LIMITS.TABLE_ROWS + 1]]
        return ImportedBlock(
            "table",
            {"columns": [{"text": text} for text in rows[0]], "rows": [{"cells": row} for row in rows[1:]]},
        )

    def _chart(self, chart: Any) -> ImportedBlock:
        plot = chart.plots[0]
        categories = [clean(str(c)) for c in plot.categories][: LIMITS.CHART_POINTS]
        series = [
            {"name": clean(s.name or ""), "values": _values(s.values, len(categories))}
            for s in list(plot.series)[: LIMITS.CHART_SERIES]
        ]
        name = chart.chart_type.name
        kind = (
            "column"
            if name.startswith("COLUMN")
            else next((k for mark, k in _CHARTS if mark in name), "column")
        )
        return ImportedBlock("chart", {"kind": kind, "categories": categories, "series": series})

    def _picture(self, shape: Any, number: int) -> Iterator[ImportedBlock]:
        try:
            image = shape.image
            data, media_type = image.blob, image.content_type
        except (AttributeError, KeyError, ValueError):
            return
        if media_type not in _PICTURES:
            self.warnings.append(f"Slide {number}: a picture of type {media_type} was left out.")
            return
        asset_id = self._asset_id(data, media_type)
        self.pictures[asset_id] = (data, media_type)
        alt = shape._element._nvXxPr.cNvPr.get("descr") or ""  # noqa: SLF001 - the library has no alternative texts
        yield ImportedBlock("image", {"asset_id": asset_id, "alt": clean(alt)[: LIMITS.TEXT]})


def _kind(paragraph: Any, *, in_body: bool) -> str:
    """Tell what a paragraph is: an item of a list, a heading (bold from end to end), or text."""
    properties = paragraph._p.pPr  # noqa: SLF001 - the library has no bullets
    if properties is not None and any(
        properties.find(qn(t)) is not None for t in ("a:buChar", "a:buAutoNum")
    ):
        return "item"
    runs = [r for r in paragraph.runs if r.text.strip()]
    if runs and all(r.font.bold for r in runs) and len(paragraph.text) < _LONGEST_HEADING:
        return "heading"
    plain = properties is not None and properties.find(qn("a:buNone")) is not None
    return "item" if in_body and not plain else "text"


def _item(paragraph: Any, numbers: dict[int, int]) -> dict[str, Any]:
    level = min(paragraph.level, LIMITS.BULLET_LEVEL)
    text = _markdown(paragraph)
    properties = paragraph._p.pPr  # noqa: SLF001 - as above
    numbered = properties.find(qn("a:buAutoNum")) if properties is not None else None
    for deeper in [known for known in numbers if known > level or (numbered is None and known == level)]:
        del numbers[deeper]
    if numbered is not None:
        numbers[level] = numbers[level] + 1 if level in numbers else int(numbered.get("startAt", "1"))
        text = f"{numbers[level]}. {text}"
    return {"text": text[: LIMITS.TEXT], "level": level}


def _markdown(paragraph: Any, *, bold: bool = True) -> str:
    """Write a paragraph's runs as inline Markdown; `bold` is left out of what is bold by what it is."""
    parts: list[str] = []
    for run in paragraph.runs:
        text = clean(run.text.replace("\v", "\n"))
        inner = text.strip()
        if not inner:
            parts.append(text)
            continue
        lead, trail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        said = _SPECIAL.sub(r"\\\1", inner)
        address = run.hyperlink.address
        if run.font.bold and bold:
            said = f"**{said}**"
        if run.font.italic:
            said = f"*{said}*"
        if (
            address
            and address.startswith(("http://", "https://", "mailto:"))
            and not set(address) & set("() <>")
        ):
            said = f"[{said}]({address})"
        parts.append(lead + said + trail)
    # Runs that follow each other in one look are one.
    return "".join(parts).replace("****", "").strip()


def _cell(cell: Any, *, bold: bool) -> str:
    return " ".join(_markdown(p, bold=bold) for p in cell.text_frame.paragraphs).strip()[: LIMITS.TEXT]


def _values(values: Sequence[Any], count: int) -> list[float | None]:
    found = [float(v) if isinstance(v, int | float) else None for v in values][:count]
    return found + [None] * (count - len(found))
