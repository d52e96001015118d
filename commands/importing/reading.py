"""Going through parsed Markdown from top to bottom and telling the deck what is met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from commands.importing import dialects, exact, frontmatter, html, inline, rescue, tables
from commands.importing.building import DeckBuilder
from commands.importing.frontmatter import FrontMatter
from commands.importing.gathering import Gatherer, Place
from commands.importing.images import images_in, is_image
from commands.importing.splitting import code_parts_of, parts_of
from domain.content import LIMITS, without_markup

_LOWEST_TITLE: Final = 2
"""Headings down to this level begin a slide, deeper ones stand on it."""
_TAGS_TOLD: Final = 200


@dataclass(frozen=True, slots=True)
class Source:
    """A source and what the parser made of it.

    Attributes:
        lines: The source by line.
        tokens: Its block tokens; those of inline Markdown have no children.
        references: The link definitions, by their normalized names.
        slides: Front matter of slides, by the index of the line of their break.
        parser: Parses inline Markdown where that is needed.
    """

    lines: Sequence[str]
    tokens: Sequence[Token]
    references: Mapping[str, Mapping[str, Any]]
    slides: Mapping[int, FrontMatter]
    parser: MarkdownIt


class Reader:
    """Reads one source into one deck."""

    def __init__(self, source: Source, deck: DeckBuilder) -> None:
        self._source = source
        self._deck = deck
        self._gatherer = Gatherer(deck)
        self._ends = _ends(source.tokens)

    def read(self) -> None:
        """Read it all."""
        self._range(0, len(self._source.tokens), Place())
        self._gatherer.flush()

    def _range(self, start: int, end: int, place: Place) -> None:
        index = start
        while index < end:
            closing = self._ends.get(index, index)
            self._block(index, closing, place)
            index = closing + 1

    def _block(self, index: int, closing: int, place: Place) -> None:
        token = self._source.tokens[index]
        line = token.map[0] + 1 if token.map else 1
        match token.type:
            case "heading_open":
                self._heading(self._source.tokens[index + 1].content, int(token.tag[1]), line, place)
            case "paragraph_open":
                self._paragraph(self._source.tokens[index + 1].content, line, place)
            case "bullet_list_open" | "ordered_list_open":
                self._list(index, closing, place)
            case "blockquote_open":
                self._nested(index, closing, place.quoted())
                if not place.in_quote:
                    self._gatherer.flush()
            case "fence" | "code_block":
                self._code(token.content, token.info, line)
            case "html_block":
                self._html(token.content, line, place)
            case "table_open":
                self._table(index, closing, line)
            case "hr" if token.level == 0:
                self._gatherer.flush()
                self._deck.start_slide(line, self._settings(line))

    def _settings(self, line: int) -> FrontMatter | None:
        settings = self._source.slides.get(line - 1)
        if settings and settings.unused:
            self._deck.warn(
                line,
                f"Settings of the slide that mean nothing here: {', '.join(settings.unused)[:_TAGS_TOLD]}",
            )
        return settings

    def _nested(self, index: int, closing: int, place: Place) -> None:
        """Read what is inside a container; past its greatest depth the parser leaves containers empty."""
        token = self._source.tokens[index]
        if closing == index + 1 and token.map and token.level + 1 >= self._source.parser.options.maxNesting:
            text = rescue.text_of(self._source.lines[token.map[0] : token.map[1]])
            self._deck.warn(
                token.map[0] + 1, "Lists or quotes are nested too deep here; their text is kept as text."
            )
            self._gatherer.flush()
            self._deck.add_text(text, token.map[0] + 1)
            return
        self._range(index + 1, closing, place)

    def _list(self, index: int, closing: int, place: Place) -> None:
        tokens = self._source.tokens
        item = index + 1
        while item < closing:
            token = tokens[item]
            prefix = f"{token.info}{token.markup} " if tokens[index].type == "ordered_list_open" else ""
            inside = place.item(prefix)
            starts_with_text = tokens[item + 1].type in {"paragraph_open", "list_item_close"}
            if prefix and not starts_with_text:
                self._gatherer.say("", token.map[0] + 1 if token.map else 1, inside)
            self._nested(item, self._ends[item], inside)
            item = self._ends[item] + 1
        if place.is_top:
            self._gatherer.flush()

    def _heading(self, source: str, level: int, line: int, place: Place) -> None:
        if not place.is_top:
            self._paragraph(source, line, place)
            return
        self._gatherer.flush()
        cleaned = self._cleaned(source, line, all_tags=level <= _LOWEST_TITLE)
        images = images_in(self._source.parser, source, self._source.references)
        text = " ".join(cleaned.text.split())
        title = " ".join(without_markup(text).split())
        if level <= _LOWEST_TITLE:
            self._deck.title(title, line)
            if "](" in text:
                self._deck.warn(line, f"A title has no links; left out of: {text[:_TAGS_TOLD]}")
        elif text:
            self._deck.propose_title(title)
            head, *rest = parts_of(text)
            self._deck.add("heading", {"text": head, "level": level}, line)
            for part in rest:
                self._deck.add_text(part, line)
        for comment in cleaned.comments:
            self._comment(comment, line)
        for image in images.found:
            self._deck.add("image", image, line)

    def _paragraph(self, source: str, line: int, place: Place) -> None:
        images = images_in(self._source.parser, source, self._source.references)
        if images.alone:
            self._gatherer.flush()
            for image in images.found:
                self._image(image, line)
            return
        if source.startswith("<") and "<img" in source and "`" not in source:
            self._html(source, line, place)
            return
        cleaned = self._cleaned(source, line)
        text = "\n".join(part.lstrip() for part in cleaned.text.split("\n")).strip()
        if text:
            self._gatherer.say(text, line, place)
        for comment in cleaned.comments:
            self._comment(comment, line)

    def _cleaned(self, source: str, line: int, *, all_tags: bool = False) -> inline.Cleaned:
        cleaned = inline.clean(inline.with_links(source, self._source.references), all_tags=all_tags)
        self._tell_left_out(cleaned.left_out, line)
        if cleaned.kept:
            self._deck.warn(
                line, f"HTML that cannot be shown is kept as text: {' '.join(cleaned.kept)[:_TAGS_TOLD]}"
            )
        return cleaned

    def _comment(self, comment: str, line: int) -> None:
        if exact.is_ours(comment):
            self._gatherer.flush()
            try:
                self._deck.take_exactly(exact.read(comment), line)
            except exact.Unreadable as why:
                self._deck.warn(line, f"A comment that says what a block is {why}; it was left out.")
            return
        behind = dialects.slide_background(comment)
        directives = frontmatter.directives(comment)
        if behind is not None:
            self._behind(behind)
        elif directives is None:
            self._deck.note(comment)
        else:
            self._deck.set_layout(directives.layout)
            self._behind(directives.background or "")

    def _behind(self, background: str) -> None:
        if background:
            self._deck.set_background(background)

    def _image(self, image: dict[str, str], line: int) -> None:
        """Add a picture, or put it behind the slide or beside its words where Marp would."""
        content, place = dialects.marp_image(image)
        if place == "behind" and content["url"].lower().startswith(("http://", "https://")):
            self._deck.set_background(content["url"])
            if content["alt"]:
                self._deck.note(content["alt"])
            return
        if place == "beside":
            self._deck.set_layout("image")
        self._deck.add("image", content, line)

    def _code(self, text: str, info: str, line: int) -> None:
        self._gatherer.flush()
        language = "".join(info.split()[:1])[: LIMITS.LANGUAGE]
        parts = code_parts_of(text.removesuffix("\n"))
        if len(parts) > 1:
            self._deck.warn(
                line, f"Code longer than {LIMITS.TEXT:,} characters was split into {len(parts)} blocks."
            )
        for part in parts:
            self._deck.add("code", {"language": language, "text": part}, line)

    def _html(self, source: str, line: int, place: Place) -> None:
        rendered = html.render(source)
        for shown in rendered.shown:
            if shown.kind == "text" or (shown.kind == "heading" and len(shown.text) > LIMITS.TEXT):
                self._gatherer.say(shown.text, line, place)
                continue
            image = {"url": shown.url, "alt": shown.text}
            if shown.kind == "heading":
                self._gatherer.flush()
                self._deck.add("heading", {"text": shown.text, "level": shown.level}, line)
            elif shown.kind == "image" and is_image(image):
                self._gatherer.flush()
                self._deck.add("image", image, line)
            else:
                self._deck.warn(line, "HTML that cannot be shown is kept as code.")
                self._code(shown.source, "html", line)
        for comment in rendered.comments:
            self._comment(comment, line)
        self._tell_left_out(rendered.left_out, line)

    def _tell_left_out(self, tags: Sequence[str], line: int) -> None:
        if tags:
            self._deck.warn(
                line, f"HTML tags were left out, what they hold is kept: {' '.join(tags)[:_TAGS_TOLD]}"
            )

    def _table(self, index: int, closing: int, line: int) -> None:
        token = self._source.tokens[index]
        first, last = token.map or (line - 1, line)
        self._gatherer.flush()
        table = tables.read(self._source.tokens[index:closing], self._source.lines[first:last])
        tables.add(table, self._deck, line)


def _ends(tokens: Sequence[Token]) -> dict[int, int]:
    """Find for the index of each opening token that of its closing one."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token.nesting > 0:
            opened.append(index)
        elif token.nesting < 0:
            ends[opened.pop()] = index
    return ends
