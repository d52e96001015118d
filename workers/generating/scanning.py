"""A source, taken apart: sections by headings, each with its paragraphs, lists, tables and code, and where they stand.

It reads line by line and never looks back, so that 400,000 characters of anything take a fraction of a second.
Offsets are in characters of the source, `source[start:end]`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from domain.content import without_markup

PartKind = Literal["text", "item", "table", "code"]

_ATX: Final = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#*)?[ \t]*$")
_RULE: Final = re.compile(r" {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$")
_UNDERLINE: Final = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_ITEM: Final = re.compile(r"([ \t]*)(?:[-*+•]|\d{1,4}[.)])[ \t]+(?=\S)")
_DIVIDER: Final = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]{0,500}>")
_PICTURE: Final = re.compile(r"!\[[^\[\]]{0,500}\]\([^()\n]{0,2048}\)")
_OPENERS: Final = {"<!--": "-->", "<style": "</style>", "<script": "</script>"}
_NUMBERED: Final = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|(?:Chapter|Kapitel|Part|Teil) \w+:?)\s+\S"
)
_HEADING_LENGTH: Final = 80
_UNFINISHED: Final = re.compile(r"[^\s.!?;:,。！？；：，、؟।…]$")
_SPACES_A_LEVEL: Final = 2
_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph, one item of a list, a table or a code block. `level` is that of a list's item, 0 the outermost."""

    kind: PartKind
    start: int
    end: int
    text: str
    level: int = 0


@dataclass(slots=True)
class Section:
    """What stands below one heading; level 0 is what comes before the first, or after a rule."""

    title: str
    level: int
    start: int
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def blank(self) -> bool:
        return not self.text or self.text.isspace()


def shown(text: str) -> str:
    """Return a line of Markdown as a reader sees it: no tags, pictures or marks, one space where there were more."""
    return " ".join(without_markup(_TAG.sub("", _PICTURE.sub("", text))).split())


def sections_of(source: str) -> list[Section]:
    """Take a source apart. Markdown's headings begin sections; where there are none, what looks like one does."""
    scanner = _Scanner(source)
    scanner.scan()
    found = scanner.sections
    if not any(s.level for s in found):
        found = [part for s in found for part in _by_guessed_headings(s)]
    return [s for s in found if s.title or s.parts]


class _Scanner:
    def __init__(self, source: str) -> None:
        self.sections = [Section("", 0, 0)]
        self._lines = list(_lines(source))
        self._source = source
        self._paragraph: list[_Line] = []
        self._in_list = False
        self._at = _after_front_matter(self._lines)

    def scan(self) -> None:
        lines = self._lines
        while self._at < len(lines):
            self._step(lines[self._at])
        self._flush()

    def _step(self, line: _Line) -> None:
        text = line.text
        stripped = text.strip()
        if not stripped:
            self._flush()
            self._at += 1
        elif (opener := next((o for o in _OPENERS if stripped.lower().startswith(o)), None)) is not None:
            self._flush()
            self._skip_to(_OPENERS[opener])
        elif fence := _FENCE.match(text):
            self._flush()
            self._code(fence[1])
        elif heading := _ATX.match(text):
            self._flush()
            self._begin(shown(heading[2] or ""), len(heading[1]), line.start)
            self._at += 1
        elif self._paragraph and not self._in_list and (under := _UNDERLINE.match(text)):
            start = self._paragraph[0].start
            title = shown(" ".join(x.text for x in self._paragraph))
            self._paragraph = []
            self._begin(title, 1 if under[1][0] == "=" else 2, start)
            self._at += 1
        elif _RULE.match(text):
            self._flush()
            self._begin("", 0, line.start)
            self._at += 1
        elif (
            "|" in text and self._at + 1 < len(self._lines) and self._divides(self._lines[self._at + 1].text)
        ):
            self._flush()
            self._table()
        elif _ITEM.match(text):
            self._flush()
            self._paragraph, self._in_list = [line], True
            self._at += 1
        else:
            self._paragraph.append(line)
            self._at += 1

    @staticmethod
    def _divides(text: str) -> bool:
        return ("|" in text or "-" in text) and len(text) < 2_000 and _DIVIDER.match(text) is not None  # noqa: PLR2004

    def _begin(self, title: str, level: int, start: int) -> None:
        self.sections.append(Section(title, level, start))

    def _add(self, part: Part) -> None:
        self.sections[-1].parts.append(part)

    def _flush(self) -> None:
        lines, self._paragraph = self._paragraph, []
        in_list, self._in_list = self._in_list, False
        if not lines:
            return
        start, end = lines[0].start, lines[-1].end
        if not in_list:
            text = " ".join(x.text.strip().lstrip("> ") for x in lines)
            self._add(Part("text", start, end, text))
            return
        mark = _ITEM.match(lines[0].text)
        lead = mark[1].expandtabs(4) if mark else ""
        text = " ".join(
            [lines[0].text[mark.end() if mark else 0 :].strip(), *(x.text.strip() for x in lines[1:])]
        )
        self._add(Part("item", start, end, text, min(len(lead) // _SPACES_A_LEVEL, _DEEPEST)))

    def _skip_to(self, closer: str) -> None:
        while self._at < len(self._lines):
            done = closer in self._lines[self._at].text.lower()
            self._at += 1
            if done:
                return

    def _code(self, fence: str) -> None:
        start = self._lines[self._at].start
        self._at += 1
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            stripped = line.text.strip()
            if stripped.startswith(fence) and not stripped.strip(fence[0]):
                break
        end = self._lines[self._at - 1].end
        self._add(Part("code", start, end, self._source[start:end]))

    def _table(self) -> None:
        start = self._lines[self._at].start
        while self._at < len(self._lines) and "|" in self._lines[self._at].text:
            self._at += 1
        end = self._lines[self._at - 1].end
        self._add(Part("table", start, end, self._source[start:end]))


def _lines(source: str) -> Iterator[_Line]:
    at = 0
    for text in source.split("\n"):
        yield _Line(at, text.removesuffix("\r"))
        at += len(text) + 1


def _after_front_matter(lines: list[_Line]) -> int:
    """Return the first line after YAML between rules; a rule alone is no front matter."""
    if not lines or lines[0].text.strip("\ufeff \t") != "---":
        return 0
    for i, line in enumerate(lines[1:60], 1):
        if line.text.strip() == "---":
            return i + 1
        if line.text and ":" not in line.text and line.text[0] not in " \t-#":
            return 0
    return 0


def _by_guessed_headings(section: Section) -> Iterator[Section]:
    """Split at paragraphs that look like headings: one short line without an end, followed by more than itself."""
    now = Section(section.title, section.level, section.start)
    for i, part in enumerate(section.parts):
        after = section.parts[i + 1] if i + 1 < len(section.parts) else None
        if part.kind == "text" and after is not None and _looks_like_heading(part, after):
            yield now
            now = Section(shown(part.text), 1, part.start)
        elif (
            part.kind == "item"
            and after is not None
            and after.kind == "text"
            and _NUMBERED.match(part.text if part.level else "1 " + part.text)
            and len(part.text) <= _HEADING_LENGTH
            and len(after.text) > len(part.text)
            and _UNFINISHED.search(part.text)
            and not (i and section.parts[i - 1].kind == "item")
        ):
            # "1. Introduction", which Markdown would take for a list.
            yield now
            now = Section(shown(part.text), 1, part.start)
        else:
            now.parts.append(part)
    yield now


def _looks_like_heading(part: Part, after: Part) -> bool:
    text = part.text.strip()
    if not 0 < len(text) <= _HEADING_LENGTH or not _UNFINISHED.search(text):
        return False
    if after.kind == "text" and len(after.text) <= len(text) and not _NUMBERED.match(text):
        return False
    return not text[0].islower()
