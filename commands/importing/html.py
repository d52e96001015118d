"""HTML between the paragraphs of a deck: what it shows is kept, the boxes around it are not.

Blocks have no place for HTML. Its texts, headings, links and images become blocks; elements whose look is not
known (components, frames, scripts, styles) are kept as code; tags that only place what is inside are left out.
"""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Final

from commands.importing.inline import LONGEST_TAG, TAG

_VERBATIM: Final = frozenset({
    "audio", "canvas", "embed", "iframe", "math", "object", "picture", "pre", "script", "select",
    "style", "svg", "template", "textarea", "video",
})  # fmt: skip
"""Elements kept as code with all that is in them."""
_INLINE: Final = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "big", "center", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
})  # fmt: skip
_KNOWN: Final = _INLINE | frozenset({
    "address", "article", "aside", "body", "br", "col", "colgroup", "dd", "details", "div", "dl",
    "dt", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head",
    "header", "hr", "html", "img", "li", "main", "nav", "ol", "p", "section", "summary", "table",
    "tbody", "td", "tfoot", "th", "thead", "title", "tr", "ul",
})  # fmt: skip
_ATTRIBUTE: Final = re.compile(r"([^\s\"'=<>/`]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'=<>`]+))")
_SPACE: Final = re.compile(r"[ \t]*\n[ \t\n]*")


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that HTML shows.

    Attributes:
        kind: text, heading, image or code.
        text: The text; of an image what stands for it.
        source: The HTML of an image or of code.
        url: The address of an image.
        level: The level of a heading.
    """

    kind: str
    text: str
    source: str = ""
    url: str = ""
    level: int = 0


@dataclass(slots=True)
class Rendered:
    """All that a piece of HTML shows, in its order; its comments; the tags that show nothing by themselves."""

    shown: list[Shown] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def render(source: str) -> Rendered:
    """Read a piece of HTML; it need be neither whole nor well formed. Takes time linear in its length."""
    reader = _Reader(source)
    reader.read()
    return reader.rendered


class _Reader:
    """Goes once over a piece of HTML, gathering text until something else is to be shown."""

    def __init__(self, source: str) -> None:
        self.rendered = Rendered()
        self._source = source
        self._lower = source.lower()
        self._text: list[str] = []
        self._link: tuple[int, re.Match[str]] | None = None
        self._last_comment_end = source.rfind("-->")
        self._never_closed: set[str] = set()

    def read(self) -> None:
        position = 0
        while (markup := self._source.find("<", position)) >= 0:
            self._text.append(self._source[position:markup])
            position = self._comment(markup) or self._element(markup)
            if position == markup:
                self._text.append("<")
                position += 1
        self._text.append(self._source[position:])
        self._end_text()

    def _comment(self, start: int) -> int:
        """Take the comment that begins at `start`; returns where it ends, 0 if there is none."""
        if not self._source.startswith("<!--", start) or start + 4 > self._last_comment_end:
            return 0
        end = self._source.index("-->", start + 4)
        self.rendered.comments.append(self._source[start + 4 : end].strip())
        return end + 3

    def _element(self, start: int) -> int:
        """Take the tag that begins at `start`; returns where it ends, or `start` if there is none."""
        tag = TAG.match(self._source, start, start + LONGEST_TAG)
        if tag is None:
            return start
        name, closes = tag["name"].lower(), bool(tag["close"])
        if not closes:
            end = self._end_of_verbatim(name, tag)
            if end:
                self._show(Shown("code", "", self._source[start:end]))
                return end
        if name == "img":
            self._image(tag)
        elif name == "a":
            self._anchor(tag)
        elif name == "br":
            self._text.append("\n")
        elif len(name) == 2 and name[0] == "h" and name[1] in "123456":  # noqa: PLR2004 - h and its level
            self._end_text(level=int(name[1]) if closes else 0)
        else:
            if not closes:
                self.rendered.left_out.append(tag[0])
            if name not in _INLINE:
                self._text.append("\n")
        return tag.end()

    def _end_of_verbatim(self, name: str, tag: re.Match[str]) -> int:
        """Find where an element ends that is kept as code; 0 for all others."""
        if name not in _VERBATIM:
            following = self._source[tag.end() : tag.end() + len(tag["name"]) + 3]
            if name in _KNOWN or not (tag["empty"] or following == f"</{tag['name']}>"):
                return 0
            return tag.end() if tag["empty"] else tag.end() + len(following)
        if tag["empty"] or name in self._never_closed:
            return tag.end()
        closing = self._lower.find(f"</{name}", tag.end())
        if closing < 0:
            self._never_closed.add(name)
            return tag.end()
        return self._source.find(">", closing) + 1 or len(self._source)

    def _image(self, tag: re.Match[str]) -> None:
        attributes = _attributes(tag)
        if attributes.get("src"):
            self._show(Shown("image", attributes.get("alt", ""), tag[0], attributes["src"]))
        else:
            self._show(Shown("code", "", tag[0]))

    def _anchor(self, tag: re.Match[str]) -> None:
        """Make a Markdown link of an anchor with text; one around an image, or never closed, is left out."""
        if not tag["close"]:
            self._forget_link()
            self._link = (len(self._text), tag)
            return
        if self._link is None:
            return
        start, opening = self._link
        href = _attributes(opening).get("href", "")
        text = " ".join("".join(self._text[start:]).split())
        if text and href and not set(href) & set("()<> \n"):
            self._text[start:] = [f"[{text}]({href})"]
            self._link = None
        self._forget_link()

    def _forget_link(self) -> None:
        if self._link:
            self.rendered.left_out.append(self._link[1][0])
            self._link = None

    def _show(self, shown: Shown) -> None:
        self._end_text()
        self.rendered.shown.append(shown)

    def _end_text(self, *, level: int = 0) -> None:
        text = _SPACE.sub("\n", "".join(self._text)).strip()
        self._text.clear()
        self._forget_link()
        if text:
            self.rendered.shown.append(Shown("heading" if level else "text", text, level=level))


def _attributes(tag: re.Match[str]) -> dict[str, str]:
    found = _ATTRIBUTE.finditer(tag["attributes"])
    return {match[1].lower(): unescape(match[2] or match[3] or match[4] or "") for match in found}
