"""Ways of writing slides that CommonMark has no notion of, put in terms that the reader knows, line for line.

- Slidev: `::right::` and its like begin a column.
- reveal.js: `--` on a line of its own begins a slide below; `Note:` begins what the presenter alone sees.
- Marp: a picture whose text begins with `bg` is a background, or half of the slide.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from commands.importing import exact
from commands.importing.outside import outside

_SLOT: Final = re.compile(r"::(left|right|default|top|bottom|main|side)::[ \t]*")
_SEPARATOR: Final = re.compile(r"(?:-{2,3}|\*\*\*|___)[ \t]*")
_NOTES: Final = re.compile(r"[ \t]*notes?:[ \t]*", re.IGNORECASE)
_REVEAL: Final = re.compile(
    r"<!--\s*\.(?:slide|element):|^\s*revealOptions\s*:|\bdata-separator\b", re.MULTILINE
)
_SLIDE: Final = re.compile(r"\.slide:")
_OF_ELEMENT: Final = re.compile(r"\.element:[^\n]*")
_BEHIND: Final = re.compile(r"data-background(?:-color|-image)?\s*=\s*[\"']([^\"'<>]{1,2048})[\"']")
_KEYWORD: Final = re.compile(
    r"(?:bg|left|right|cover|contain|fit|auto|vertical|\d+(?:\.\d+)?%|(?:left|right):\d+%|(?:w|h|width|height):\S+"
    r"|(?:blur|brightness|contrast|drop-shadow|grayscale|hue-rotate|invert|opacity|saturate|sepia)(?::\S+)?)"
)
_SIZED: Final = ("w:", "h:", "width:", "height:")
_FITS: Final = {"cover": "cover", "contain": "contain", "fit": "contain"}


def rewritten(text: str) -> str:
    """Put what only a dialect knows in other words; every line keeps its number."""
    reveal = bool(_REVEAL.search(text))
    if not reveal and "::" not in text:
        return text
    return "\n".join(_lines(text.split("\n"), reveal=reveal))


def _lines(lines: list[str], *, reveal: bool) -> list[str]:
    plain = list(outside(lines))
    if reveal:
        as_written = list(lines)
        ended = _hide_notes(lines, plain)
        for index in plain:
            if as_written[index].rstrip() == "--" and (index in ended or _alone(as_written, index)):
                lines[index] = "***"
    for index in plain:
        if slot := _SLOT.fullmatch(lines[index]):
            lines[index] = exact.write({"slot": slot[1]})
    return lines


def _hide_notes(lines: list[str], plain: Sequence[int]) -> set[int]:
    """Make comments of notes; returns the separators that end them."""
    separators = [i for i in plain if _SEPARATOR.fullmatch(lines[i])]
    ended: set[int] = set()
    end = 0
    for index in plain:
        notes = _NOTES.match(lines[index])
        if index < end or notes is None:
            continue
        end = next((i for i in separators if i > index), len(lines))
        lines[index] = lines[index][notes.end() :]
        said = range(index, end)
        for i in said:
            lines[i] = lines[i].replace("-->", "--&gt;")
        lines[index] = f"<!-- {lines[index]}"
        lines[end - 1] += " -->"
        ended.add(end)
    return ended


def _alone(lines: Sequence[str], index: int) -> bool:
    before = lines[index - 1].strip() if index else ""
    after = lines[index + 1].strip() if index + 1 < len(lines) else ""
    return not before and not after


def slide_background(comment: str) -> str | None:
    """Return the background that a comment of reveal.js sets; empty if it sets something else, None if it is none."""
    if _OF_ELEMENT.fullmatch(comment):
        return ""
    if not _SLIDE.match(comment):
        return None
    found = _BEHIND.search(comment)
    return found[1].strip() if found else ""


def marp_image(image: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """Take the keywords of Marp out of a picture's text.

    Returns:
        The content of the image, and where it goes: "" among the other blocks, `behind` all, or `beside` the words.
    """
    words = image["alt"].split()
    first = words[0] if words else ""
    if first != "bg" and not first.startswith(_SIZED):
        return dict(image), ""
    said = 0
    while said < len(words) and _KEYWORD.fullmatch(words[said]):
        said += 1
    keywords = words[:said]
    content: dict[str, Any] = {**image, "alt": " ".join(words[said:])}
    fit = next((_FITS[word] for word in keywords if word in _FITS), None)
    if fit or first == "bg":
        content["fit"] = fit or "cover"
    if first != "bg":
        return content, ""
    halved = any(word.partition(":")[0] in ("left", "right") for word in keywords)
    return content, "beside" if halved else "behind"
