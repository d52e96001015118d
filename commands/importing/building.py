"""The deck that grows while its source is read: slides, their blocks, warnings, and the limits of all three."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from commands.importing.exact import Exact
from commands.importing.frontmatter import FrontMatter
from commands.importing.model import (
    MOST_BLOCKS,
    MOST_SLIDES,
    MOST_WARNINGS,
    ImportedBlock,
    ImportedDeck,
    ImportedSlide,
    ImportRefused,
    ImportWarning,  # noqa: A004 - the room's own
)
from commands.importing.splitting import parts_of
from domain.content import LIMITS, ContentInvalid, new_content

_COLUMNS: Final = ("left", "right")
LONGEST_TITLE: Final = 300
"""Characters of a title at most; the rest of a longer one follows as text."""


@dataclass(slots=True)
class _Slide:
    title: str = ""
    notes: list[str] = field(default_factory=list)
    settings: FrontMatter = field(default_factory=FrontMatter)
    blocks: list[ImportedBlock] = field(default_factory=list)
    exact: dict[str, Any] | None = None
    line: int = 1

    def is_blank(self) -> bool:
        return not (self.title or self.blocks)

    def is_nothing(self) -> bool:
        if self.exact is not None:
            return False
        return self.is_blank() and not (self.notes or self.settings.title or self.settings.background)


class DeckBuilder:
    """Takes what a source says in its order; `line` counts from 1."""

    def __init__(self, settings: FrontMatter | None) -> None:
        self._title = (settings.title if settings else None) or ""
        self._aspect = settings.aspect if settings else None
        self._theme = settings.theme if settings else None
        # The front matter of the deck is that of its first slide too, but for the title.
        first = (
            FrontMatter(layout=settings.layout, background=settings.background) if settings else FrontMatter()
        )
        self._slides = [_Slide(settings=first)]
        self._blocks = 0
        self._warnings: list[ImportWarning] = []
        self._unheard = 0
        # What the next block is to the letter, and the group that blocks are being added to.
        self._next: Exact | None = None
        self._group: tuple[dict[str, Any], list[ImportedBlock]] | None = None
        self._keep_group = False

    def warn(self, line: int, message: str) -> None:
        """Tell the author of something; past 500 warnings they are only counted."""
        if len(self._warnings) < MOST_WARNINGS:
            self._warnings.append(ImportWarning(line, message))
        else:
            self._unheard += 1

    def start_slide(self, line: int, settings: FrontMatter | None = None) -> None:
        """Begin a slide; the one before is forgotten if nothing came on it."""
        self._close_slide()
        self._next = None
        if len(self._slides) == MOST_SLIDES:
            raise _too_many("slides", MOST_SLIDES)
        self._slides.append(_Slide(settings=settings or FrontMatter(), line=line))
        self._check_blocks()

    def set_layout(self, layout: str | None) -> None:
        """Lay the current slide out as a directive says, if it says so."""
        if layout:
            settings = self._slides[-1].settings
            self._slides[-1].settings = replace(settings, layout=layout)

    def set_background(self, background: str) -> None:
        """Put a picture or a colour behind the current slide."""
        settings = self._slides[-1].settings
        self._slides[-1].settings = replace(settings, background=background)

    def take_exactly(self, exact: Exact, line: int) -> None:
        """Take what the product wrote down of a slide, of a group, or of the next block."""
        if exact.slide is not None:
            self._slides[-1].exact = {**(self._slides[-1].exact or {}), **exact.slide}
        elif exact.group is not None:
            self.begin_group(exact.group)
            self._keep_group = True
        elif exact.slot is not None:
            self._begin_column(exact.slot)
        elif exact.ends:
            self.end_group()
        elif exact.alone:
            self._next = None
            self.add(exact.type, exact.content, line)
        else:
            self._next = exact

    def end_group(self) -> None:
        """Add the group that was begun, if one was."""
        if self._group is not None:
            (content, children), self._group = self._group, None
            if children or self._keep_group:
                self._blocks += 1
                self._check_blocks()
                self._slides[-1].blocks.append(ImportedBlock("group", content, tuple(children)))

    def _begin_column(self, slot: str) -> None:
        """Put what follows into a column; what stood on the slide before the right one is the left one."""
        self.end_group()
        slide = self._slides[-1]
        if slot == "right" and slide.blocks and not any(block.children for block in slide.blocks):
            self._blocks += 1
            slide.blocks = [ImportedBlock("group", {"direction": "column"}, tuple(slide.blocks))]
        if slot in _COLUMNS:
            self.begin_group("column")
            if slide.settings.layout in (None, "content"):
                slide.settings = replace(slide.settings, layout="two-column")

    def begin_group(self, direction: str) -> None:
        """Add what follows to a group, until it or the slide ends."""
        self.end_group()
        self._group, self._keep_group = ({"direction": direction}, []), False

    def title(self, text: str, line: int) -> None:
        """Title the current slide, or a new one if this one has a title or blocks."""
        if not self._slides[-1].is_blank():
            self.start_slide(line)
        head, *rest = parts_of(text, LONGEST_TITLE) or [""]
        slide = self._slides[-1]
        slide.title = head
        if rest:
            self.warn(
                line, f"The title is longer than {LONGEST_TITLE} characters; the rest of it follows as text."
            )
            for part in parts_of(text[len(head) :].strip()):
                self.add("text", {"text": part}, line)
        self.propose_title(head)

    def propose_title(self, text: str) -> None:
        """Take a heading as the deck's title, unless there is one already."""
        if not self._title:
            self._title = text

    def note(self, text: str) -> None:
        """Add to what the presenter alone sees on the current slide."""
        if text:
            self._slides[-1].notes.append(text)

    def add(self, block_type: str, content: dict[str, Any], line: int) -> None:
        """Add a block to the current slide; its content must obey the limits of its type."""
        if self._next is not None:
            exact, self._next = self._next, None
            block_type, content = exact.instead_of(
                block_type, content, lambda message: self.warn(line, message)
            )
        self._blocks += 1
        self._check_blocks()
        try:
            new_content(block_type, content, str)
        except ContentInvalid as error:
            raise AssertionError(f"line {line}: the importer made a wrong {block_type}: {error}") from error
        into = self._group[1] if self._group is not None else self._slides[-1].blocks
        into.append(ImportedBlock(block_type, content))

    def add_text(self, text: str, line: int) -> None:
        """Add inline Markdown as a text block, or as several."""
        parts = parts_of(text)
        if len(parts) > 1:
            self.warn(
                line, f"A text longer than {LIMITS.TEXT:,} characters was split into {len(parts)} blocks."
            )
        for part in parts:
            self.add("text", {"text": part}, line)

    def finish(self) -> ImportedDeck:
        """Give the deck; refuses a source that shows nothing."""
        self._close_slide()
        if not self._slides:
            raise ImportRefused(field="text", message="must hold something to show")
        slides = tuple(ImportedSlide(self._content(slide), tuple(slide.blocks)) for slide in self._slides)
        if self._unheard:
            self._warnings.append(
                ImportWarning(self._warnings[-1].line, f"And {self._unheard} more warnings.")
            )
        title = parts_of(self._title, LONGEST_TITLE)
        return ImportedDeck(
            title[0] if title else None, slides, tuple(self._warnings), self._aspect, self._theme
        )

    def _check_blocks(self) -> None:
        if self._blocks + len(self._slides) > MOST_BLOCKS:
            raise _too_many("blocks", MOST_BLOCKS)

    def _close_slide(self) -> None:
        """Settle the current slide: too long notes go on as text, and one with nothing on it goes."""
        self.end_group()
        slide = self._slides[-1]
        notes = parts_of("\n\n".join(slide.notes))
        slide.notes = notes[:1]
        if len(notes) > 1:
            self.warn(slide.line, f"Notes longer than {LIMITS.TEXT:,} characters go on as text on the slide.")
            for part in notes[1:]:
                self.add("text", {"text": part}, slide.line)
        if slide.is_nothing():
            self._slides.pop()

    def _content(self, slide: _Slide) -> dict[str, Any]:
        settings = slide.settings
        title = slide.title or "".join(parts_of(settings.title or "", LONGEST_TITLE)[:1])
        content: dict[str, Any] = {"title": title, "notes": "".join(slide.notes)}
        if settings.layout:
            content["layout"] = settings.layout
        if settings.background:
            try:
                new_content("slide", {"background": settings.background}, str)
                content["background"] = settings.background
            except ContentInvalid:
                self.warn(
                    slide.line,
                    f"The background is not one that a slide can have: {settings.background[:200]}",
                )
        return {**content, **(slide.exact or {})}


def _too_many(what: str, limit: int) -> ImportRefused:
    return ImportRefused(field="text", message=f"must make at most {limit:,} {what}", limit=limit)
