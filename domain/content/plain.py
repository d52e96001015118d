"""Contents as text to be read, without markup: for summaries, search and titles."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

# Each alternative ends at the first character that could start it anew, so that no text takes quadratic time.
_INLINE: Final = re.compile(
    r"(?P<escaped>\\[!-/:-@\[-`{-~])"
    r"|(?<!`)(?P<ticks>`{1,9})(?!`)(?P<code>[^`]{1,2000})(?P=ticks)(?!`)"
    r"|!?\[(?P<label>[^\[\]]{0,2000})\]\([^()\n]{0,2048}\)"
    r"|\*\*(?=\S)(?P<strong>[^*]{1,2000})(?<=\S)\*\*"
    r"|\*(?=\S)(?P<emphasis>[^*]{1,2000})(?<=\S)\*"
    r"|\b__(?=\S)(?P<strong_>[^_]{1,2000})(?<=\S)__\b"
    r"|\b_(?=\S)(?P<emphasis_>[^_]{1,2000})(?<=\S)_\b"
    r"|~~(?=\S)(?P<struck>[^~]{1,2000})(?<=\S)~~"
    r"|<(?P<link>https?://[^<>\s]{1,2048})>"
)
_NESTED: Final = ("label", "strong", "emphasis", "strong_", "emphasis_", "struck")


def without_markup(text: str) -> str:
    """Strip inline Markdown, as a reader sees it: marks go, words stay; the address of a link goes too."""
    return _INLINE.sub(_shown, text)


def plain_text(block_type: str, content: Mapping[str, Any]) -> str:
    """Tell what a block says, a line for each item or row.

    Args:
        block_type: A name of `BLOCK_TYPES`; of any other nothing is told.
        content: A content of that type.

    Returns:
        Readable text, empty for what says nothing. A slide says its title: its notes are the presenter's alone.
    """
    return "\n".join(line for line in _lines(block_type, content) if line)


def _lines(block_type: str, content: Mapping[str, Any]) -> Iterator[str]:
    match block_type:
        case "slide":
            yield content.get("title", "")
        case "heading" | "text" | "callout":
            yield without_markup(content.get("text", ""))
        case "code":
            yield content.get("text", "")
        case "quote":
            yield without_markup(content.get("text", ""))
            yield content.get("by", "")
        case "image":
            yield content.get("caption", "") or content.get("alt", "")
        case "bullets":
            yield from (without_markup(item.get("text", "")) for item in content.get("items", ()))
        case "table":
            yield _row(column.get("text", "") for column in content.get("columns", ()))
            yield from (_row(row.get("cells", ())) for row in content.get("rows", ()))
        case "chart":
            yield ", ".join(content.get("categories", ()))
            for series in content.get("series", ()):
                numbers = ", ".join(
                    "-" if value is None else f"{value:g}" for value in series.get("values", ())
                )
                yield f"{series.get('name', '')}: {numbers}".removeprefix(": ")
        case _:
            return


def _row(cells: Any) -> str:
    return " | ".join(without_markup(cell) for cell in cells).strip(" |")


def _shown(match: re.Match[str]) -> str:
    for name in _NESTED:
        inner = match[name]
        if inner is not None:
            return without_markup(inner)
    if match["escaped"]:
        return match["escaped"][1:]
    return match["code"] or match["link"] or ""
