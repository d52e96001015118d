"""Saving the words of lists and quotes nested so deep that the parser passes over them."""

import re
from collections.abc import Sequence
from typing import Final

_MARKS: Final = re.compile(r"(?:[-*+](?=\s|$)|\d{1,9}[.)](?=\s|$)|[>\s])*")


def text_of(lines: Sequence[str]) -> str:
    """Give the text of lines without the marks of the lists and quotes they are in; paragraphs stay apart."""
    return "\n".join(_MARKS.sub("", line, count=1).rstrip() for line in lines).strip()
