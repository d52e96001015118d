"""Inline Markdown as runs of one look each."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from domain.content import without_markup
from workers.exporting.elements import Run

_MOST_MARKS: Final = 400
"""Marks in a text that is parsed; the parser looks for the partner of each, at worst to the end of the text."""
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_MARKS: Final = frozenset("[`*_~<")
_SCHEMES: Final = ("http://", "https://", "mailto:")


def clean(text: str) -> str:
    """Take out what no XML may hold, escaped or not: control characters and the like."""
    return _FORBIDDEN.sub("", text)


def runs(text: str) -> tuple[Run, ...]:
    """Parse inline Markdown. HTML is shown as it stands, pictures by what stands for them."""
    text = clean(text)
    if not _MARKS.intersection(text) and "\\" not in text and "&" not in text and "  \n" not in text:
        return (Run(text),) if text else ()
    if sum(c in _MARKS for c in text) > _MOST_MARKS:
        return (Run(without_markup(text)),)
    (parsed,) = _parser().parseInline(text)
    return tuple(_runs(parsed.children or ()))


def plain(text: str) -> tuple[Run, ...]:
    """Take a text as it stands."""
    text = clean(text)
    return (Run(text),) if text else ()


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("strikethrough")


def _runs(tokens: list[Token] | tuple[Token, ...]) -> Iterator[Run]:
    bold = italic = struck = 0
    href = ""
    for token in tokens:
        match token.type:
            case "strong_open" | "strong_close":
                bold += token.nesting
            case "em_open" | "em_close":
                italic += token.nesting
            case "s_open" | "s_close":
                struck += token.nesting
            case "link_open":
                address = str(token.attrs.get("href", ""))
                href = address if address.lower().startswith(_SCHEMES) else ""
            case "link_close":
                href = ""
            case "softbreak" | "hardbreak":
                yield Run("\n")
            case _ if token.content:
                yield Run(token.content, bold > 0, italic > 0, token.type == "code_inline", struck > 0, href)
