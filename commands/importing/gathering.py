"""Gathering what makes one block only together: the items of a list, the paragraphs of a quote."""

import re
from dataclasses import dataclass, field, replace
from typing import Final

from commands.importing.building import DeckBuilder
from commands.importing.splitting import batches, parts_of, size_of
from domain.content import LIMITS

_ALERT: Final = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*\n?", re.IGNORECASE)
"""How GitHub marks a quote that is none but a callout."""
_TONES: Final = {"note": "info", "tip": "tip", "important": "info", "warning": "warning", "caution": "danger"}
_BY: Final = re.compile(r"(?:\u2014|\u2013|--)[ \t]*(\S.{0,199})")
"""The last line of a quote that names who said it."""


@dataclass(slots=True)
class _Item:
    level: int
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where in lists and quotes something stands.

    Attributes:
        level: Of the list item it is in, from 0; -1 outside of lists.
        in_quote: Whether a quote is around it.
        owner: Of the list item it is in: the number and what has been gathered of it; fresh for each item.
    """

    level: int = -1
    in_quote: bool = False
    owner: "Owner | None" = None

    @property
    def is_top(self) -> bool:
        """Whether it is neither in a list nor in a quote."""
        return self.level < 0 and not self.in_quote

    def quoted(self) -> "Place":
        """Give the place inside a quote that stands here."""
        return replace(self, in_quote=True)

    def item(self, prefix: str) -> "Place":
        """Give the place inside an item of a list that stands here; `prefix` is its number, if it has one."""
        return replace(self, level=self.level + 1, owner=Owner(prefix))


@dataclass(slots=True)
class Owner:
    """A list item while it is read."""

    prefix: str
    begun: bool = False
    gathered: _Item | None = None

    def take_prefix(self) -> str:
        """Give the number once: further paragraphs of the item do not repeat it."""
        prefix, self.prefix, self.begun = self.prefix, "", True
        return prefix


@dataclass(slots=True)
class Gatherer:
    """Holds back items and quoted paragraphs until something else comes."""

    deck: DeckBuilder
    _items: list[_Item] = field(default_factory=list)
    _quote: list[str] = field(default_factory=list)
    _line: int = 1

    def say(self, text: str, line: int, place: Place) -> None:
        """Take a paragraph: as a text block, an item or more of one, or a part of a quote."""
        if place.in_quote:
            self._say_in_quote(text, line, place)
        elif place.owner:
            self._say_in_item(text, line, place.level, place.owner)
        else:
            self.flush()
            self.deck.add_text(text, line)

    def flush(self) -> None:
        """Make blocks of what was held back."""
        if self._items:
            self._flush_items()
        if self._quote:
            self._flush_quote()

    def _say_in_quote(self, text: str, line: int, place: Place) -> None:
        if self._items:
            self.flush()
        if not self._quote:
            self._line = line
        if place.owner:
            mark = "  " * place.level + ("" if place.owner.begun else place.owner.prefix or "- ")
            place.owner.take_prefix()
            self._quote.append(f"\n{mark}{text}")
        else:
            self._quote.append(f"\n\n{text}")

    def _say_in_item(self, text: str, line: int, level: int, owner: Owner) -> None:
        if self._quote:
            self.flush()
        if owner.gathered and self._items and owner.gathered is self._items[-1]:
            owner.gathered.text += f"\n{text}"
            return
        owner.gathered = _Item(level, (owner.take_prefix() + text).rstrip(), line)
        self._items.append(owner.gathered)

    def _flush_items(self) -> None:
        items, self._items = self._items, []
        line = items[0].line
        if max(item.level for item in items) > LIMITS.BULLET_LEVEL:
            self.deck.warn(
                line, f"A list nested deeper than {LIMITS.BULLET_LEVEL + 1} levels was made flatter."
            )
        entries: list[tuple[int, str]] = []
        for item in items:
            parts = parts_of(item.text)
            entries += [(min(item.level, LIMITS.BULLET_LEVEL), part) for part in parts]
            if len(parts) > 1:
                self.deck.warn(item.line, f"An item longer than {LIMITS.TEXT:,} characters was split.")
        blocks = list(batches(entries, LIMITS.BULLETS, lambda entry: size_of(entry[1])))
        if len(blocks) > 1:
            self.deck.warn(line, f"A list too long for one block was split into {len(blocks)}.")
        for block in blocks:
            content = {"items": [{"text": text, "level": level} for level, text in block]}
            self.deck.add("bullets", content, line)

    def _flush_quote(self) -> None:
        text = "".join(self._quote).strip()
        self._quote = []
        if alert := _ALERT.match(text):
            block_type, more = "callout", {"tone": _TONES[alert[1].lower()]}
            text, by = text[alert.end() :], ""
        else:
            block_type, more = "quote", {}
            text, by = _signed(text)
        parts = parts_of(text)
        if len(parts) > 1:
            self.deck.warn(self._line, f"A quote longer than {LIMITS.TEXT:,} characters was split.")
        for index, part in enumerate(parts):
            signature = {"by": by} if by and index == len(parts) - 1 else {}
            self.deck.add(block_type, {"text": part, **more, **signature}, self._line)


def _signed(text: str) -> tuple[str, str]:
    said, _, last = text.rpartition("\n")
    by = _BY.fullmatch(last.strip())
    return (said.rstrip(), by[1]) if by and said.strip() else (text, "")
