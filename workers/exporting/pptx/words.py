"""Paragraphs and runs in the text frames of shapes.

They are written as markup and parsed at once: by the library's objects, each property of each run is a search through
the tree, and words took more than half of the time that a file takes.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml import parse_xml
from pptx.util import Pt

from workers.exporting.elements import Paragraph, Run
from workers.exporting.measuring import before, indent, line_height
from workers.exporting.pptx.look import Look

_MUTED: Final = ("caption", "by", "lead")
_LEVEL: Final = 22.0
_AS_IS: Final = 1.2
"""A line of most fonts is this much higher than their size; spacing in percent is of that."""
_NAMES: Final = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_FIXED_PITCH: Final = "49"
"""Says that letters are all of one width, for programs that do not have the font."""
_LINK_KEEPS_COLOR: Final = (
    '<a:extLst><a:ext uri="{A12FA001-AC4F-418D-AE19-62706E023703}"><ahyp:hlinkClr'
    ' xmlns:ahyp="http://schemas.microsoft.com/office/drawing/2018/hyperlinkcolor" val="tx"/></a:ext></a:extLst>'
)


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
        gap = before(paragraph) * scale if index else 0.0
        write(target, paragraph, scale, look, shade, accent=accent, gap=gap)


def prepare(frame: Any) -> None:
    """Have a frame wrap its words, without margins, and shrink them if they do not fit."""
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.vertical_anchor = MSO_ANCHOR.TOP
    frame.auto_size = MSO_AUTO_SIZE.TEXT_TO_FIT_SHAPE


def write(
    target: Any,
    paragraph: Paragraph,
    scale: float,
    look: Look,
    color: str,
    *,
    accent: str,
    gap: float = 0.0,
) -> None:
    """Write one paragraph with its runs, `gap` points below the one before."""
    size = paragraph.size * scale
    spacing = round(line_height(paragraph) / _AS_IS, 2)
    words = "".join(
        part
        for run in paragraph.runs
        for part in _run(run, paragraph, size=size, look=look, color=color, part=target.part, accent=accent)
    )
    written = parse_xml(
        f"<a:p {_NAMES}><a:pPr{_place(paragraph, scale)}>"
        f'<a:lnSpc><a:spcPct val="{round(spacing * 100_000)}"/></a:lnSpc>'
        f'<a:spcBef><a:spcPts val="{round(gap * 100)}"/></a:spcBef><a:spcAft><a:spcPts val="0"/></a:spcAft>'
        f'{_mark(paragraph, accent)}<a:defRPr sz="{_hundredths(size)}"/></a:pPr>{words}</a:p>'
    )
    element = target._p  # noqa: SLF001 - the library has no way to put markup in
    for child in list(element):
        element.remove(child)
    element.extend(list(written))


def _hundredths(size: float) -> int:
    return round(round(size, 1) * 100)


def _run(
    run: Run, paragraph: Paragraph, *, size: float, look: Look, color: str, part: Any, accent: str
) -> Iterator[str]:
    bold = ' b="1"' if run.bold or paragraph.kind == "heading" else ""
    italic = ' i="1"' if run.italic or paragraph.kind == "quote" else ""
    struck = ' strike="sngStrike"' if run.struck else ""
    font = ""
    if run.code or paragraph.kind == "code":
        font = f'<a:latin typeface={quoteattr(look.code)} pitchFamily="{_FIXED_PITCH}"/>'
    elif paragraph.kind == "heading":
        font = '<a:latin typeface="+mj-lt"/>'
    link = ""
    if run.href:
        relation = part.relate_to(run.href, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        # Links have the theme's color on every background, unless they are told to have their own.
        link = f'<a:hlinkClick r:id="{relation}">{_LINK_KEEPS_COLOR}</a:hlinkClick>'
    height = _hundredths(size * (0.9 if run.code else 1.0))
    properties = (
        f'<a:rPr sz="{height}"{bold}{italic}{struck}><a:solidFill>{look.markup(accent if run.href else color)}'
        f"</a:solidFill>{font}{link}</a:rPr>"
    )
    for index, line in enumerate(run.text.split("\n")):
        if index:
            yield f'<a:br><a:rPr sz="{height}"/></a:br>'
        if line:
            yield f"<a:r>{properties}<a:t>{escape(line)}</a:t></a:r>"


def _place(paragraph: Paragraph, scale: float) -> str:
    """Return how a paragraph is aligned, and in a list its level and how far it stands in."""
    align = "ctr" if paragraph.kind == "caption" else "l"
    if paragraph.kind != "item":
        return f' marL="0" indent="0" algn="{align}"'
    full, hanging = indent(paragraph) * scale, (indent(paragraph) - paragraph.level * _LEVEL) * scale
    level = f' lvl="{paragraph.level}"' if paragraph.level else ""
    return f' marL="{int(Pt(full))}"{level} indent="{-int(Pt(hanging))}" algn="{align}"'


def _mark(paragraph: Paragraph, accent: str) -> str:
    """Return what an item begins with."""
    if paragraph.kind != "item" or not paragraph.marker:
        return "<a:buNone/>"
    shade = f'<a:buClr><a:srgbClr val="{accent[1:].upper()}"/></a:buClr>'
    if paragraph.marker[0].isdigit():
        kind = "arabicPeriod" if paragraph.marker.endswith(".") else "arabicParenR"
        start = min(max(int(paragraph.marker[:-1]), 1), 32767)
        begins = f' startAt="{start}"' if start > 1 else ""
        return f'{shade}<a:buFont typeface="+mj-lt"/><a:buAutoNum type="{kind}"{begins}/>'
    sign = "\u2022" if paragraph.level == 0 else "\u2013"
    return f'{shade}<a:buFont typeface="Arial"/><a:buChar char="{sign}"/>'
