"""The inside of a paragraph: comments and HTML tags taken out, reference links made whole."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from markdown_it.common.utils import normalizeReference

TAG: Final = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z][\w.-]*)"
    r"(?P<attributes>(?:\s+[^\s\"'=<>/`]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+))?)*)"
    r"\s*(?P<empty>/?)>"
)
LONGEST_TAG: Final = 4_096
_TICKS: Final = re.compile(r"`+")
_REFERENCE: Final = re.compile(r"(?<!\\)\[([^\[\]]{1,500})\](?:\[([^\[\]]{0,500})\])?(?![\[(:])")
_FORMATTING: Final = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "big", "center", "cite", "code", "data", "del", "details",
    "dfn", "div", "em", "font", "i", "ins", "kbd", "label", "mark", "p", "q", "s", "samp", "small",
     "span", "strike", "strong", "sub", "summary", "sup", "time", "tt", "u", "var", "wbr",
})  # fmt: skip
"""Elements of HTML that show their text and nothing else."""


@dataclass(slots=True)
class Cleaned:
    """A text without its HTML.

    Attributes:
        text: Inline Markdown.
        comments: The comments that were in it, without their marks.
        left_out: The opening tags that were taken out, as they stood.
        kept: Tags that are still in the text though it can show none.
    """

    text: str
    comments: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def clean(text: str, *, all_tags: bool = False) -> Cleaned:
    """Take comments and formatting tags out of inline Markdown; code spans are left as they are.

    Args:
        text: Inline Markdown.
        all_tags: Take out also elements that are not of HTML and stand for themselves, such as `<Icon/>`.
            Otherwise they stay in the text, for what they would show is not known.
    """
    if "<" not in text:
        return Cleaned(text)
    cleaned = Cleaned("")
    kept: list[str] = []
    closed = set(re.findall(r"</([A-Za-z][\w.-]*)", text))
    for is_code, piece in spans(text):
        kept.append(piece if is_code else _without_html(piece, closed, cleaned, all_tags=all_tags))
    cleaned.text = "".join(kept)
    return cleaned


def spans(text: str) -> Iterator[tuple[bool, str]]:
    """Split inline Markdown into code spans (True) and what is between them (False)."""
    runs = [(run.start(), run.end()) for run in _TICKS.finditer(text)]
    starts: dict[int, list[int]] = {}
    for start, end in runs:
        starts.setdefault(end - start, []).append(start)
    done = 0
    for start, end in runs:
        # After a backslash the first tick of a run is a letter like any other; such runs are rare, and left.
        if start < done or (start and text[start - 1] == "\\"):
            continue
        same = starts[end - start]
        following = bisect_left(same, end)
        if following == len(same):
            continue
        yield False, text[done:start]
        done = same[following] + end - start
        yield True, text[start:done]
    yield False, text[done:]


def _without_html(piece: str, closed: set[str], cleaned: Cleaned, *, all_tags: bool) -> str:
    kept: list[str] = []
    done = 0
    last_comment_end = piece.rfind("-->")
    position = piece.find("<")
    while position >= 0:
        end = position + 1
        if piece.startswith("<!--", position) and position + 4 <= last_comment_end:
            end = piece.index("-->", position + 4) + 3
            cleaned.comments.append(piece[position + 4 : end - 3].strip())
            kept.append(piece[done:position])
            done = end
        elif (tag := TAG.match(piece, position, position + LONGEST_TAG)) and piece[
            position - 1 : position
        ] != "\\":
            end = tag.end()
            shown = _instead_of(tag, closed, all_tags=all_tags)
            if shown is None:
                if tag["attributes"] or tag["empty"]:
                    cleaned.kept.append(tag[0])
            else:
                if shown == "" and not tag["close"]:
                    cleaned.left_out.append(tag[0])
                kept += [piece[done:position], shown]
                done = end
        position = piece.find("<", end)
    return "".join([*kept, piece[done:]])


def _instead_of(tag: re.Match[str], closed: set[str], *, all_tags: bool) -> str | None:
    """Say what takes the place of a tag; None: it stays, for it may be text, as the `<T>` of a generic."""
    name = tag["name"]
    if name.lower() == "br":
        return "\n"
    if name.lower() in _FORMATTING:
        return ""
    if name.lower() in {"img", "input", "iframe", "video", "audio", "svg", "script", "style"}:
        return None
    if tag["empty"]:
        return "" if all_tags else None
    return "" if tag["close"] or name in closed else None


def with_links(text: str, references: Mapping[str, Mapping[str, Any]]) -> str:
    """Write `[text][name]` as `[text](address)`: the definitions of a deck do not come along with its blocks."""
    if not references or "[" not in text:
        return text

    def inline(match: re.Match[str]) -> str:
        found = references.get(normalizeReference(match[2] or match[1]))
        return f"[{match[1]}]({found['href']})" if found else match[0]

    return "".join(piece if is_code else _REFERENCE.sub(inline, piece) for is_code, piece in spans(text))
