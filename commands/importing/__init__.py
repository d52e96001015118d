"""Markdown into a deck: what `import-markdown` makes its commands from."""

from commands.importing.model import (
    ImportedBlock,
    ImportedDeck,
    ImportedSlide,
    ImportRefused,
    ImportWarning,  # noqa: A004 - the interface's name; nothing here raises the built-in one
)
from commands.importing.parsing import parse_markdown

__all__ = [
    "ImportRefused",
    "ImportWarning",
    "ImportedBlock",
    "ImportedDeck",
    "ImportedSlide",
    "parse_markdown",
]
