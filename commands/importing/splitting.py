"""Cutting what is longer than a block may be, at the end of a line or a word where there is one."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from domain.content import limits

_ENTRY_FRAME: Final = 130
"""Bytes, rounded up, of an entry's id, level, names and punctuation in JSON."""
_LIST_BYTES: Final = limits.BLOCK_BYTES - 512
_ESCAPED: Final = re.compile(r'[\x00-\x1f"\\\x7f]')
_Entry = TypeVar("_Entry")


def parts_of(text: str, most: int = limits.TEXT) -> list[str]:
    """Cut a text into parts of at most `most` characters.

    Only the white space at a cut is lost; a word is cut where it alone is longer than a part.
    """
    parts: list[str] = []
    start = 0
    while len(text) - start > most:
        cut = _cut(text, start, start + most)
        parts.append(text[start:cut].rstrip())
        start = cut
        while start < len(text) and text[start].isspace() and text[start] != "\t":
            start += 1
    parts.append(text[start:])
    return [part for part in parts if part]


def code_parts_of(text: str) -> list[str]:
    """Cut program text at line ends, where indentation matters; a line is cut where it alone is too long."""
    if len(text) <= limits.TEXT:
        return [text]
    parts: list[str] = []
    start = 0
    while len(text) - start > limits.TEXT:
        end = text.rfind("\n", start + 1, start + limits.TEXT + 1)
        parts.append(text[start : end if end > 0 else start + limits.TEXT])
        start = end + 1 if end > 0 else start + limits.TEXT
    parts.append(text[start:])
    return [part for part in parts if part.strip()]


def batches(
    entries: Iterable[_Entry], most: int, size: Callable[[_Entry], int], frame: int = 0
) -> Iterator[list[_Entry]]:
    """Share entries out over blocks of at most `most` entries and, by `size`, 64 KiB."""
    batch: list[_Entry] = []
    used = frame
    for entry in entries:
        needed = size(entry)
        if batch and (len(batch) == most or used + needed > _LIST_BYTES):
            yield batch
            batch, used = [], frame
        batch.append(entry)
        used += needed
    if batch:
        yield batch


def fits(size: int) -> bool:
    """Whether entries of so many bytes have room in one block."""
    return size <= _LIST_BYTES


def size_of(*texts: str) -> int:
    """Bound the bytes of an entry with these texts in a block's JSON."""
    return _ENTRY_FRAME + sum(len(text.encode()) + 3 + 6 * len(_ESCAPED.findall(text)) for text in texts)


def _cut(text: str, start: int, end: int) -> int:
    """Find where to cut: after the last line that fits, else the last word, else in the middle of one."""
    for space in "\n", " ":
        found = text.rfind(space, start + 1, end + 1)
        if found > 0 and text[start:found].strip():
            return found
    return end
