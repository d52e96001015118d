"""Sentences and words of any language, by script rather than by dictionary."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_END: Final = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？｡]+[」』”）]*|[؟۔।]+(?=\s|$)|\n{2,}")
# After these a full stop ends no sentence; what is one letter long is an initial.
_ABBREVIATIONS: Final = frozenset(
    [
        "al",
        "approx",
        "bspw",
        "bzw",
        "ca",
        "cf",
        "dr",
        "e.g",
        "eg",
        "etc",
        "fig",
        "ggf",
        "i.e",
        "ie",
        "inkl",
        "jr",
        "mr",
        "mrs",
        "ms",
        "nr",
        "no",
        "p",
        "pp",
        "prof",
        "sec",
        "sr",
        "st",
        "usw",
        "vgl",
        "vol",
        "vs",
        "z.b",
        "d.h",
        "u.a",
        "m.e",
        "sog",
        "evtl",
        "max",
        "min",
        "dept",
        "est",
        "inc",
        "ltd",
        "co",
    ]
)
_WORD: Final = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
# Scripts that write no spaces between words: Han, kana, Thai, Lao, Khmer, Burmese.
_UNSPACED: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_LONGEST: Final = 1_200


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence as it stands, and where: `text` is what is at `start` and on, up to white space."""

    start: int
    end: int
    text: str


def sentences_of(text: str, offset: int = 0) -> Iterator[Sentence]:
    """Split a paragraph. `offset` is where it begins in the source; what never ends is cut at a space."""
    begin = 0
    for match in _END.finditer(text):
        if match[0][0] == "." and _abbreviates(text, match.start()):
            continue
        # After a full stop a sentence does not go on in lower case.
        after = text[match.end() : match.end() + 3].lstrip()
        if match[0][0] in ".…" and after and after[0].islower():
            continue
        yield from _cut(text, begin, match.end(), offset)
        begin = match.end()
    yield from _cut(text, begin, len(text), offset)


def _abbreviates(text: str, at: int) -> bool:
    word = text[max(0, at - 12) : at].split()
    if not word:
        return False
    last = word[-1].lstrip("(\"'„“").lower()
    return last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha()) or (last.isdigit() and len(last) < 3)  # noqa: PLR2004


def _cut(text: str, begin: int, end: int, offset: int) -> Iterator[Sentence]:
    while begin < end:
        stop = end
        if end - begin > _LONGEST:
            space = text.rfind(" ", begin + 1, begin + _LONGEST)
            stop = space if space > begin else begin + _LONGEST
        piece = text[begin:stop]
        bare = piece.strip()
        if bare:
            start = begin + len(piece) - len(piece.lstrip())
            yield Sentence(offset + start, offset + start + len(bare), bare)
        begin = stop


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case; of scripts without spaces, pairs of characters."""
    words: list[str] = []
    for match in _WORD.finditer(text.lower()):
        word = match[0]
        if _UNSPACED.search(word):
            for run in _UNSPACED.findall(word):
                words += [run[i : i + 2] for i in range(max(1, len(run) - 1))]
        else:
            words.append(word)
    return words


def is_unspaced(text: str) -> bool:
    """Tell whether a text is mostly in a script without spaces between words."""
    return sum(map(len, _UNSPACED.findall(text))) * 2 > len(text.strip())
