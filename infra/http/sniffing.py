"""What a file is, by its bytes: what its sender calls it is only believed where the bytes agree."""

import io
import zipfile
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX: Final = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_TEXTS: Final = frozenset({"text/plain", "text/markdown"})
_PICTURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"%PDF-", "application/pdf"),
)
_OFFICE: Final[Mapping[str, str]] = MappingProxyType(
    {"word/document.xml": DOCX, "ppt/presentation.xml": PPTX}
)
_MOST_ENTRIES: Final = 20_000
ALLOWED: Final = (
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/pdf",
    DOCX,
    PPTX,
    "text/plain",
    "text/markdown",
)
"""What may be uploaded. SVG and HTML may not: both can hold scripts."""


def sniffed(data: bytes, declared: str) -> str | None:
    """Return the media type of a file; None if it is none that may be uploaded.

    Args:
        data: The whole file.
        declared: What its sender calls it. It decides between types whose bytes are alike: plain text and Markdown.
    """
    for magic, media_type in _PICTURES:
        if data.startswith(magic):
            return media_type
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"PK\x03\x04"):
        return _office(data)
    if declared in _TEXTS and _is_text(data):
        return declared
    return None


def _office(data: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist()[:_MOST_ENTRIES])
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    return next((media_type for name, media_type in _OFFICE.items() if name in names), None)


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not any(c < " " and c not in "\t\n\r\f" for c in text)
