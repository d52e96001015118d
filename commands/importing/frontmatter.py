"""Front matter: the YAML settings at the top of a deck, and those that Slidev lets each slide begin with.

CommonMark knows neither, it would read a heading or text. So they are taken out of the lines before Markdown is
parsed, and every line keeps its number.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import yaml

from commands.importing.outside import outside

_KEY: Final = re.compile(r"([A-Za-z_$][\w$.-]{0,63})\s*:(?:\s|$)")
_MORE: Final = re.compile(r"\s+\S|[#\]}]|-\s")
"""A line that goes on with the value of a key: indented, a list entry, a comment, a closing bracket."""
_LONGEST_VALUE: Final = 2_000
"""Characters of a value at most; it bounds what the YAML parser is given."""

_LAYOUTS: Final = {
    "cover": "title", "title": "title", "intro": "title", "lead": "title",
    "section": "section", "center": "section", "statement": "section", "fact": "section",
    "default": "content", "content": "content", "full": "content", "none": "content",
    "two-cols": "two-column", "two-cols-header": "two-column", "two-column": "two-column",
    "image": "image", "image-left": "image", "image-right": "image",
    "quote": "quote", "end": "closing", "closing": "closing", "blank": "blank",
}  # fmt: skip
"""Layout names of Slidev and Marp, and ours, by what they are here."""

_ASPECTS: Final = {"16:9": "16:9", "16/9": "16:9", "4:3": "4:3", "4/3": "4:3"}
"""Ratios of Marp and Slidev that decks have here."""
_URL: Final = re.compile(r"url\(\s*['\"]?([^'\"()]+?)['\"]?\s*\)")

_DIRECTIVES: Final = frozenset({
    "marp", "theme", "style", "class", "paginate", "size", "math", "headingDivider", "color",
    "backgroundColor", "backgroundImage", "backgroundPosition", "backgroundRepeat",
    "backgroundSize", "transition", "lang", "layout",
})  # fmt: skip
"""Directives of Marp that show no words of their own."""
_WITHOUT_WORDS: Final = _DIRECTIVES | frozenset({
    "title", "name", "background", "transition", "clicks", "level", "routeAlias",
})  # fmt: skip
"""Keys of a slide's front matter that are used, or only say how the slide looks."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The settings that mean something here; `unused` names those that may mean something elsewhere."""

    title: str | None = None
    layout: str | None = None
    background: str | None = None
    aspect: str | None = None
    theme: str | None = None
    unused: tuple[str, ...] = ()


@dataclass(slots=True)
class Prepared:
    """A source ready for Markdown.

    Attributes:
        text: The source with front matter blanked, line for line.
        deck: The front matter at the top, if any.
        slides: Front matter of later slides, by the index (from 0) of the line where their break now stands.
    """

    text: str
    deck: FrontMatter | None = None
    slides: dict[int, FrontMatter] = field(default_factory=dict)


def prepare(source: str) -> Prepared:
    """Take the front matter out of a source whose lines end in line feeds."""
    lines = source.split("\n")
    prepared = Prepared(source)
    start = 0
    closing = _closing(lines, 0, blanks=True) if lines[0].rstrip() == "---" else None
    if closing is not None:
        prepared.deck = _read(lines[1:closing])
        lines[: closing + 1] = [""] * (closing + 1)
        start = closing + 1
    for index in _breaks(lines, start):
        closing = _closing(lines, index, blanks=False)
        if closing is None or not lines[index + 1][:1].islower():
            continue
        prepared.slides[index + 1] = _read(lines[index + 1 : closing])
        # Asterisks, after an empty line: dashes right below a text would make a heading of it.
        lines[index : closing + 1] = ["", "***", *[""] * (closing - index - 1)]
    prepared.text = "\n".join(lines)
    return prepared


def directives(comment: str) -> FrontMatter | None:
    """Read a comment of Marp's that sets something; None for one that is a note of the presenter's."""
    lines = [line for line in comment.split("\n") if line.strip()]
    found = [_KEY.match(line.strip()) for line in lines]
    if not lines or not all(key and key[1].removeprefix("_") in _DIRECTIVES for key in found):
        return None
    return _read([line.strip() for line in lines])


def _breaks(lines: list[str], start: int) -> Iterator[int]:
    """Find the lines of three dashes that are neither in a code fence nor in a comment."""
    return (index for index in outside(lines, start) if lines[index].rstrip() == "---")


def _closing(lines: list[str], opening: int, *, blanks: bool) -> int | None:
    """Find the dashes that end the front matter begun at a line, if all between is YAML keys and values."""
    seen_key = False
    for index in range(opening + 1, len(lines)):
        line = lines[index]
        if line.rstrip() == "---":
            return index if seen_key else None
        if _KEY.match(line):
            seen_key = True
        elif not (
            (line.strip() == "" and blanks) or (seen_key and _MORE.match(line)) or line.startswith("#")
        ):
            return None
    return None


def _read(lines: Sequence[str]) -> FrontMatter:
    values: dict[str, list[str]] = {}
    value: list[str] = []
    for line in lines:
        if key := _KEY.match(line):
            value = values.setdefault(key[1], [])
            value.clear()
        value.append(line)
    kind = _scalar(values, "layout") or _scalar(values, "_class") or _scalar(values, "class") or ""
    return FrontMatter(
        title=_scalar(values, "title"),
        layout=_LAYOUTS.get(kind.strip().lower()),
        background=_background(values),
        aspect=_ASPECTS.get(_scalar(values, "aspectRatio") or _scalar(values, "size") or ""),
        theme=_scalar(values, "theme"),
        unused=tuple(key for key in values if key.removeprefix("_") not in _WITHOUT_WORDS),
    )


def _background(values: dict[str, list[str]]) -> str | None:
    found = _scalar(values, "background") or _local(values, "backgroundColor")
    image = _local(values, "backgroundImage")
    if image and (url := _URL.search(image)):
        return url[1]
    return found


def _local(values: dict[str, list[str]], key: str) -> str | None:
    """Read a directive of Marp's, of the slide alone or of all from it on; here it is the slide's either way."""
    return _scalar(values, f"_{key}") or _scalar(values, key)


def _scalar(values: dict[str, list[str]], key: str) -> str | None:
    """Read one value as text; None where it is missing, empty, no text, or no YAML."""
    source = "\n".join(values.get(key, ()))
    if not 0 < len(source) <= _LONGEST_VALUE:
        return None
    try:
        # BaseLoader builds strings, lists and dicts of strings alone: safer than safe, and dates stay text.
        read = yaml.load(source, Loader=yaml.BaseLoader)  # noqa: S506 - see above
    except (yaml.YAMLError, RecursionError):
        return None
    value = read.get(key) if isinstance(read, dict) else None
    return value.strip() or None if isinstance(value, str) else None
