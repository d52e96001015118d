"""The text of a PDF: lines put together into paragraphs, headings told by the size of their type."""

import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from workers.generating.shortening import escaped

_PAGES: Final = 500
# Type so much larger than the body's is a heading's; so much, and it is the title's.
_LARGER: Final = 1.12
_TITLE: Final = 1.75
_HEADING_LENGTH: Final = 120
# Lines at the top and the bottom of a page that may be its furniture.
_EDGE: Final = 2
_PAGE_NUMBER: Final = re.compile(
    r"(?:page|seite|p\.)?\s*[-–]?\s*\d{1,4}(?:\s*(?:/|of|von)\s*\d{1,4})?\s*[-–]?", re.IGNORECASE
)
_DIGITS: Final = re.compile(r"\d+")
_BULLET: Final = re.compile(r"[•▪‣◦●○■–-]\s+(?=\S)")
_NUMBERED: Final = re.compile(r"\d{1,2}(?:\.\d{1,2})*\.?\s+\w")
_END: Final = re.compile(r"[.!?:;。！？]['\"”’)\]]*$")


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: float


def pdf_text(data: bytes, most: int) -> str | None:
    """Return the text as Markdown, of as many pages as give `most` characters; None if it cannot be read."""
    pages: list[list[_Line]] = []
    length = 0
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            return None
        for page in reader.pages[:_PAGES]:
            lines = _lines(page)
            pages.append(lines)
            length += sum(len(line.text) for line in lines)
            if length > most:
                break
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        # The library meets broken files with any of these.
        return None
    return _markdown(pages)


def _lines(page: Any) -> list[_Line]:
    found: list[_Line] = []
    text, largest = "", 0.0

    def visit(piece: str, _ctm: Any, matrix: Any, _font: Any, size: float) -> None:
        nonlocal text, largest
        scale = abs(matrix[3]) or abs(matrix[1]) or 1.0
        for i, part in enumerate(piece.split("\n")):
            if i:
                if text.strip() or not found or found[-1].text:
                    found.append(_Line(" ".join(text.split()), round(largest, 1)))
                text, largest = "", 0.0
            text += part
            if part.strip():
                largest = max(largest, size * scale)

    page.extract_text(visitor_text=visit)
    if text.strip():
        found.append(_Line(" ".join(text.split()), round(largest, 1)))
    return found


def _markdown(pages: list[list[_Line]]) -> str:
    counts: Counter[float] = Counter()
    for line in (line for page in pages for line in page):
        counts[line.size] += len(line.text)
    body = counts.most_common(1)[0][0] if counts else 0.0
    often: Counter[str] = Counter()
    for page in pages:
        often.update({_key(line.text) for line in (*page[:2], *page[-2:]) if line.text})
    furniture = {key for key, n in often.items() if n > max(2, len(pages) // 2)}
    lines = [
        line
        for page in pages
        for i, line in enumerate(page)
        if not (
            (i < _EDGE or i >= len(page) - _EDGE)
            # "Chapter 2" in large type at the top of a page is a heading, however many there are.
            and line.size <= body * _LARGER
            and (_key(line.text) in furniture or _PAGE_NUMBER.fullmatch(line.text))
        )
    ]
    return "\n".join(_joined(lines, body))


def _key(text: str) -> str:
    """A running head is the same on each page but for the number."""
    return _DIGITS.sub("#", text)


def _joined(lines: list[_Line], body: float) -> list[str]:
    width = sorted(len(x.text) for x in lines)[int(len(lines) * 0.9)] if lines else 0
    sizes = sorted({x.size for x in lines if body and x.size > body * _LARGER}, reverse=True)
    out: list[str] = []
    now, before = "", _Line("", 0.0)
    for line in lines:
        heading = (
            line.size in sizes and 0 < len(line.text) <= _HEADING_LENGTH and any(map(str.isalpha, line.text))
        )
        if heading:
            if now.startswith("#") and before.size == line.size and not _NUMBERED.match(line.text):
                now += " " + escaped(line.text)
            else:
                out += [now, ""]
                level = 1 if line.size >= body * _TITLE else min(2 + sizes.index(line.size), 5)
                now = "#" * level + " " + escaped(line.text)
        elif not line.text:
            out += [now, ""]
            now = ""
        elif bullet := _BULLET.match(line.text):
            out.append(now)
            now = "- " + escaped(line.text[bullet.end() :])
        elif not now or now.startswith("#") or _ends_paragraph(before.text, width):
            out += [now, ""]
            now = _opened(line.text)
        elif now.endswith("-") and line.text[0].islower():
            now = now[:-1] + escaped(line.text)
        else:
            now += " " + escaped(line.text)
        before = line
    return [*out, now]


def _ends_paragraph(line: str, width: int) -> bool:
    """A line that ends a sentence and stops short of the margin is the last of its paragraph."""
    return len(line) < width * 0.8 and _END.search(line) is not None


def _opened(text: str) -> str:
    text = escaped(text)
    return "\\" + text if text[0] in "#-+>=|" else text
