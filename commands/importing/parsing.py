"""From a source text to a deck."""

import re
from collections.abc import Callable
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

from commands.importing import dialects, frontmatter
from commands.importing.building import DeckBuilder
from commands.importing.model import MOST_CHARACTERS, ImportedDeck, ImportRefused
from commands.importing.reading import Reader, Source

_NESTING: Final = 36
"""Containers that the parser follows into each other; a level of a list is two. What is deeper is kept as text."""
_MOST_STEPS: Final = 50_000
"""Lines that the parser may look at, counted anew in each container they are in; real decks take a tenth of it."""
_BINARY: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")


def parse_markdown(source: str) -> ImportedDeck:
    """Make a deck of Markdown: CommonMark with tables, and the slide conventions of Marp, Slidev and reveal.js.

    Thematic breaks and headings of levels 1 and 2 begin slides. What cannot be mapped is kept as text or code
    and told in the deck's warnings; no word that a reader of the source could see is lost.

    Args:
        source: The Markdown, at most 400,000 characters, with any line ends.

    Raises:
        ImportRefused: The source is empty, too long, not text, or makes more slides or blocks than a deck may have.
    """
    text = dialects.rewritten(_checked(source))
    prepared = frontmatter.prepare(text)
    parser = MarkdownIt("commonmark", {"maxNesting": _NESTING}).enable(["table", "strikethrough"])
    environment: dict[str, Any] = {}
    parser.block.ruler.before(
        "table", "steps", _step_counter(), {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    # Inline Markdown is kept as it is written, and parsing it takes quadratic time where somebody wants it to.
    parser.disable("inline")
    tokens = parser.parse(prepared.text, environment)
    parser.enable("inline")
    deck = DeckBuilder(prepared.deck)
    references = environment.get("references", {})
    Reader(Source(prepared.text.split("\n"), tokens, references, prepared.slides, parser), deck).read()
    return deck.finish()


def _step_counter() -> Callable[[StateBlock, int, int, bool], bool]:
    """Make a rule that matches nothing, and ends a parse that would take seconds."""
    steps = 0

    def count(_state: StateBlock, _start: int, _end: int, _silent: bool) -> bool:  # noqa: FBT001 - as the parser calls
        nonlocal steps
        steps += 1
        if steps > _MOST_STEPS:
            raise ImportRefused(
                field="text", message="must have fewer lines, or lists and quotes nested less deep"
            )
        return False

    return count


def _checked(source: str) -> str:
    if len(source) > MOST_CHARACTERS:
        message = f"must have at most {MOST_CHARACTERS:,} characters"
        raise ImportRefused(field="text", message=message, limit=MOST_CHARACTERS)
    if found := _BINARY.search(source):
        line = source.count("\n", 0, found.start()) + 1
        message = f"must be text: line {line} holds the control character U+{ord(found[0]):04X}"
        raise ImportRefused(field="text", message=message)
    text = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise ImportRefused(field="text", message="must not be empty")
    return text
