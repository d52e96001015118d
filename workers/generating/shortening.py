"""Sentences cut down to what fits on a slide: always a part of the sentence, never other words."""

import re
from typing import Final

from workers.generating.scanning import shown
from workers.generating.sentences import is_unspaced

POINT: Final = 150
TITLE: Final = 70
# Characters of a script that says with one what others say with two.
_DENSE: Final = 0.45

_CITATION: Final = re.compile(r"\s*\[\d{1,3}(?:\s*[,–-]\s*\d{1,3})*\](?!\()")
_ASIDE: Final = re.compile(r"\s*\([^()]{1,200}\)")
_LEAD: Final = re.compile(
    r"(?:However|Moreover|Furthermore|In addition|Additionally|Therefore|Thus|Hence|For example|For instance|Of course"
    r"|In fact|Indeed|As a result|On the other hand|Finally|Außerdem|Allerdings|Zudem|Daher|Deshalb|Ainsi|Cependant"
    r"|De plus|Sin embargo|Además|Por tanto),\s+"
)
_CLAUSE: Final = re.compile(r"[;；—]|\s[–-]\s|[,，、،]\s?|:\s")
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>~])")


def escaped(text: str) -> str:
    """Return plain text as inline Markdown that shows it as it is."""
    return _SPECIAL.sub(r"\\\1", text)


def point_of(text: str) -> str:
    """Return a sentence or an item of a list as a point; what is short keeps its links and emphasis."""
    plain = shown(text)
    if len(plain) <= _limit(plain, POINT) and not _CITATION.search(plain):
        kept = " ".join(text.split())
        return (kept if "<" not in kept and "![" not in kept else escaped(plain)).removesuffix(".").rstrip()
    return escaped(shortened(plain, POINT)).removesuffix(".")


def title_of(text: str) -> str:
    """Return a text as a title, without markup."""
    return shortened(shown(text), TITLE).rstrip(".:;,。：，")


def shortened(text: str, longest: int) -> str:
    """Cut a sentence down: first its asides, then after a clause, at last between words, with an ellipsis."""
    limit = _limit(text, longest)
    text = _CITATION.sub("", text)
    if lead := _LEAD.match(text):
        rest = text[lead.end() :]
        text = rest[:1].upper() + rest[1:]
    if len(text) > limit:
        text = _ASIDE.sub("", text)
    if len(text) <= limit:
        return text.strip()
    ends = [m.start() for m in _CLAUSE.finditer(text, 0, limit) if m.start() >= limit * 0.45]
    if ends:
        return text[: ends[-1]].strip() + " …"
    space = text.rfind(" ", limit // 2, limit)
    return text[: space if space > 0 else limit].strip() + " …"


def _limit(text: str, longest: int) -> int:
    return int(longest * _DENSE) if is_unspaced(text) else longest
