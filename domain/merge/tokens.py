"""Texts as words, or lines, each with the space after it.

Where a script puts no spaces between words (Chinese, Japanese, Thai), each letter with its marks is a word: a
paragraph as one word could not be merged.
"""

import re
from dataclasses import dataclass
from itertools import accumulate, chain
from operator import add
from typing import Final, Literal

Unit = Literal["words", "lines"]

_MARKS: Final = "\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef"
_LETTERS: Final = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46"  # Thai
    "\u2e80-\u2fdf\u3001-\u3029\u3031-\u303f\u3041-\u3096\u309b-\u30ff\u31f0-\u31ff"  # kana, punctuation
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff0f\uff1a-\uff20\uff66-\uff9d\U00020000-\U0003ffff"  # Han
)
_LETTER: Final = re.compile(f"[{_LETTERS}]")
_PIECES: Final = re.compile(f"[{_LETTERS}][{_MARKS}]*|[^{_LETTERS}]+")
_SPACES: Final = re.compile(r"(\s+)")
_NEWLINES: Final = re.compile(r"(\r?\n)")


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text in pieces: `words[0] + spaces[0] + words[1] + …` is the text."""

    words: list[str]
    spaces: list[str]

    def places(self) -> list[int]:
        """Return where each word begins, and then the text's length."""
        return list(accumulate(map(add, map(len, self.words), map(len, self.spaces)), initial=0))

    def text(self, begin: int, end: int) -> str:
        """Return words from `begin` to before `end`, each with its space."""
        pairs = zip(self.words[begin:end], self.spaces[begin:end], strict=True)
        return "".join(chain.from_iterable(pairs))


def tokens(text: str, unit: Unit) -> Tokens:
    """Take a text apart."""
    pieces = (_NEWLINES if unit == "lines" else _SPACES).split(text)
    words, spaces = pieces[::2], pieces[1::2]
    if words[-1]:
        spaces.append("")
    else:
        words.pop()
    if unit == "words" and not text.isascii() and _LETTER.search(text):
        return _by_letters(words, spaces)
    return Tokens(words, spaces)


def _by_letters(words: list[str], spaces: list[str]) -> Tokens:
    found = Tokens([], [])
    for word, space in zip(words, spaces, strict=True):
        pieces = _PIECES.findall(word) or [word]
        found.words.extend(pieces)
        found.spaces.extend([*[""] * (len(pieces) - 1), space])
    return found


def apart(left: str, right: str, unit: Unit) -> bool:
    """Tell whether the words, or lines, at a joint of two texts stay what they are."""
    if unit == "lines":
        return not left or not right or left.endswith("\n") or right.startswith(("\n", "\r\n"))
    if not left or not right or left[-1].isspace() or right[0].isspace():
        return True
    return bool(_LETTER.match(left[-1]) or _LETTER.match(right[0]))
