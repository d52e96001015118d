"""Paragraphs and runs in the text frames of shapes."""

from collections.abc import Sequence
from typing import Any, Final

from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Pt

from workers.exporting.elements import Paragraph, Run
from workers.exporting.measuring import before, indent, line_height
from workers.exporting.pptx.look import Look

_MUTED: Final = ("caption", "by", "lead")
_LEVEL: Final = 22.0
_AS_IS: Final = 1.2
"""A line of most fonts is this much higher than their size; spacing in percent is of that."""


def fill(
    frame: Any,
    paragraphs: Sequence[Paragraph],
    scale: float,
    look: Look,
    color: str,
    *,
    muted: str,
    accent: str,
) -> None:
    """Write paragraphs into an empty frame."""
    prepare(frame)
    for index, paragraph in enumerate(paragraphs):
        target = frame.paragraphs[0] if index == 0 else frame.add_paragraph()
        shade = muted if paragraph.kind in _MUTED else color
        write(target, paragraph, scale, look, shade, accent=accent)
        if index:
            target.space_before = Pt(round(before(paragraph) * scale, 1))


def prepare(frame: Any) -> None:
    """Have a frame wrap its words, without margins, and shrink them if they do not fit."""
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.vertical_anchor = MSO_ANCHOR.TOP
    frame.auto_size = MSO_AUTO_SIZE.TEXT_TO_FIT_SHAPE


def write(target: Any, paragraph: Paragraph, scale: float, look: Look, color: str, *, accent: str) -> None:
    """Write one paragraph with its runs."""
    size = paragraph.size * scale
    target.alignment = PP_ALIGN.CENTER if paragraph.kind == "caption" else PP_ALIGN.LEFT
    target.line_spacing = round(line_height(paragraph) / _AS_IS, 2)
    target.space_before = Pt(0)
    target.space_after = Pt(0)
    _list(target, paragraph, scale, accent)
    for run in paragraph.runs:
        _run(target, run, paragraph, size=size, look=look, color=color)
    target.font.size = Pt(round(size, 1))


def _run(target: Any, run: Run, paragraph: Paragraph, *, size: float, look: Look, color: str) -> None:
    for index, line in enumerate(run.text.split("\n")):
        if index:
            target.add_line_break()
        if not line:
            continue
        written = target.add_run()
        written.text = line
        font = written.font
        font.size = Pt(round(size * (0.9 if run.code else 1.0), 1))
        if run.bold or paragraph.kind == "heading":
            font.bold = True
        if run.italic or paragraph.kind == "quote":
            font.italic = True
        if run.code or paragraph.kind == "code":
            font.name = look.code
        elif paragraph.kind == "heading":
            font.name = "+mj-lt"
        if run.struck:
            font._element.set("strike", "sngStrike")  # noqa: SLF001 - the library has no way to strike
        if run.href:
            written.hyperlink.address = run.href
        else:
            look.paint(font.color, color)


def _list(target: Any, paragraph: Paragraph, scale: float, accent: str) -> None:
    """Set the paragraph's place in a list: its level, how far it stands in, and its mark."""
    properties: Any = target._p.get_or_add_pPr()  # noqa: SLF001 - the library has no way to set bullets
    if paragraph.kind != "item":
        properties.set("marL", "0")
        properties.set("indent", "0")
        properties.append(properties.makeelement(qn("a:buNone"), {}))
        return
    target.level = paragraph.level
    full, hanging = indent(paragraph) * scale, (indent(paragraph) - paragraph.level * _LEVEL) * scale
    properties.set("marL", str(Pt(full)))
    properties.set("indent", str(-Pt(hanging)))
    if not paragraph.marker:
        properties.append(properties.makeelement(qn("a:buNone"), {}))
        return
    shade = properties.makeelement(qn("a:buClr"), {})
    shade.append(shade.makeelement(qn("a:srgbClr"), {"val": accent[1:].upper()}))
    properties.append(shade)
    if paragraph.marker[0].isdigit():
        kind = "arabicPeriod" if paragraph.marker.endswith(".") else "arabicParenR"
        start = min(max(int(paragraph.marker[:-1]), 1), 32767)
        attributes = {"type": kind, "startAt": str(start)} if start > 1 else {"type": kind}
        font = properties.makeelement(qn("a:buFont"), {"typeface": "+mj-lt"})
        properties.append(font)
        properties.append(properties.makeelement(qn("a:buAutoNum"), attributes))
    else:
        properties.append(properties.makeelement(qn("a:buFont"), {"typeface": "Arial"}))
        sign = "\u2022" if paragraph.level == 0 else "\u2013"
        properties.append(properties.makeelement(qn("a:buChar"), {"char": sign}))
