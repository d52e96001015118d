"""Documents as source text: Markdown and plain text as they are, DOCX, PDF and PPTX turned into Markdown."""

import io
import zipfile
from dataclasses import dataclass
from typing import Any, Final

from docx import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table
from docx.text.paragraph import Paragraph

from commands.messages.jobs import SOURCE_LENGTH
from workers.generating.pdf import pdf_text
from workers.generating.presentations import pptx_text
from workers.generating.shortening import escaped
from workers.importing import PptxRefused

# Bytes that a DOCX may unfold into; a file of 20 MiB could hold a thousand times itself.
_UNFOLDED: Final = 200 * 2**20
_REPLACED: Final = 0.02
_TABLE_SIZE: Final = 2_000


class UnreadableSource(Exception):
    """No text can be read from this document."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text that a deck is made of, and what has to be told of it. Offsets are characters of `text`."""

    text: str
    warnings: tuple[str, ...] = ()


def source_of(text: str) -> Source:
    """Take a text as it was given."""
    return _bounded(text)


def read_document(data: bytes, media_type: str) -> Source:
    """Read an uploaded document: by what it is, whatever it is called.

    Raises:
        UnreadableSource: it is of another kind, broken, locked, or holds no text.
    """
    if data.startswith(b"%PDF-"):
        text = pdf_text(data, SOURCE_LENGTH)
        if text is None:
            raise UnreadableSource("the PDF is locked or broken")
    elif data.startswith(b"PK\x03\x04"):
        text = _pptx_text(data) if is_pptx(data) else _docx_text(data)
    else:
        text = _decoded(data, media_type)
    if not text.strip():
        raise UnreadableSource("the document holds no text; a scan has to go through text recognition first")
    return _bounded(text)


def _bounded(text: str) -> Source:
    text = text.replace("\0", "")
    if len(text) <= SOURCE_LENGTH:
        return Source(text)
    return Source(
        text[:SOURCE_LENGTH], (f"only the first {SOURCE_LENGTH:,} characters of the source were read",)
    )


def _decoded(data: bytes, media_type: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    text = data.decode("utf-8-sig", "replace")
    if text.count("\ufffd") > _REPLACED * len(text) or "\0" in text:
        raise UnreadableSource(f"a document of the type {media_type} holds no text that could be read")
    return text


def is_pptx(data: bytes) -> bool:
    """Tell whether a file is a presentation of PowerPoint's form."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "ppt/presentation.xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def _pptx_text(data: bytes) -> str:
    try:
        return pptx_text(data)
    except PptxRefused as refused:
        raise UnreadableSource(f"the presentation cannot be read: {refused}") from refused


def _docx_text(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(i.file_size for i in archive.infolist()) > _UNFOLDED:
                raise UnreadableSource("the document unfolds into too much")
        document = Document(io.BytesIO(data))
        lines = [
            _table(element) if isinstance(element, Table) else _paragraph(element)
            for element in document.iter_inner_content()
        ]
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, SyntaxError) as broken:
        raise UnreadableSource(f"the document cannot be read as DOCX: {type(broken).__name__}") from broken
    return "\n".join(line for line in lines if line)


def _paragraph(paragraph: Paragraph) -> str:
    text = escaped(" ".join(paragraph.text.split()))
    if not text:
        return ""
    style = (paragraph.style.name or "") if paragraph.style is not None else ""
    if style == "Title":
        return f"# {text}\n"
    if style.startswith("Heading"):
        # Below the title, which is a document's only heading of the first level.
        level = int(style[-1]) + 1 if style[-1].isdigit() else 2
        return f"\n{'#' * min(level, 6)} {text}\n"
    if style.startswith("List") or _numbered(paragraph):
        level = int(style[-1]) - 1 if style.startswith("List") and style[-1].isdigit() else 0
        return f"{'  ' * max(level, _depth(paragraph))}- {text}"
    # A paragraph must not be read as anything else, whatever it begins with.
    return f"\n{_plain(text)}\n"


def _plain(text: str) -> str:
    return "\\" + text if text[0] in "#-+>=|" else text


def _numbered(paragraph: Paragraph) -> bool:
    properties: Any = paragraph._p.pPr  # noqa: SLF001 - the library has no public name for lists
    return properties is not None and properties.numPr is not None


def _depth(paragraph: Paragraph) -> int:
    properties: Any = paragraph._p.pPr  # noqa: SLF001 - as above
    numbering = properties.numPr if properties is not None else None
    return int(numbering.ilvl.val) if numbering is not None and numbering.ilvl is not None else 0


def _table(table: Table) -> str:
    rows = [[_cell(c.text) for c in row.cells] for row in table.rows[:_TABLE_SIZE]]
    width = max((len(r) for r in rows), default=0)
    if not width:
        return ""
    rows = [r + [""] * (width - len(r)) for r in rows]
    head, *body = ["| " + " | ".join(r) + " |" for r in rows]
    return "\n".join(["", head, "|" + " --- |" * width, *body, ""])


def _cell(text: str) -> str:
    return escaped(" ".join(text.split())).replace("|", "\\|")
