"""What an import gives: slides and their blocks, in the order of the source, and what to tell its author."""

from dataclasses import dataclass
from typing import Any, Final

MOST_CHARACTERS: Final = 400_000
MOST_SLIDES: Final = 200
MOST_BLOCKS: Final = 2_000
"""Blocks of a deck at most, each slide counted as the block it is."""
MOST_WARNINGS: Final = 500


class ImportRefused(ValueError):
    """A source that no deck can be made of.

    Attributes:
        field: The field of the command that holds the source.
        message: What is asked for, to be read after the field's name.
        limit: The limit that was passed, where it is one.
    """

    def __init__(self, field: str, message: str, limit: int | None = None) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
        self.limit = limit


@dataclass(frozen=True, slots=True)
class ImportWarning:  # noqa: A001 - the interface's name; nothing here raises the built-in one
    """Something that the deck shows otherwise than the source would; line 1 is the first."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class ImportedBlock:
    """One block: its type and a content that `new_content` takes; entries of lists have no ids yet.

    A group has what is in it as `children`; nothing else has any.
    """

    type: str
    content: dict[str, Any]
    children: tuple["ImportedBlock", ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedSlide:
    """One slide: a content of type `slide`, and what stands on it."""

    content: dict[str, Any]
    blocks: tuple[ImportedBlock, ...]


@dataclass(frozen=True, slots=True)
class ImportedDeck:
    """A whole source; the title is missing where neither front matter nor a heading gives one.

    `aspect` and `theme`, the name of a theme, are None where the source does not say.
    """

    title: str | None
    slides: tuple[ImportedSlide, ...]
    warnings: tuple[ImportWarning, ...]
    aspect: str | None = None
    theme: str | None = None
