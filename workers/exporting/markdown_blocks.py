"""Each type of block in the Markdown that comes closest; whether it is close enough, reading it back tells."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_NUMBER: Final = re.compile(r"\d{1,9}[.)] ")
_TICKS: Final = re.compile(r"`{3,}")
_ALERTS: Final = {"info": "NOTE", "tip": "TIP", "success": "TIP", "warning": "WARNING", "danger": "CAUTION"}
# Headings of levels 1 and 2 begin slides.
_HIGHEST: Final = 3


def written(block_type: str, content: Mapping[str, Any]) -> str:
    """Write a block; empty if Markdown has nothing like it."""
    match block_type:
        case "heading":
            return f"{'#' * max(content['level'], _HIGHEST)} {content['text']}" if content["text"] else ""
        case "text":
            return str(content["text"])
        case "bullets":
            return _bullets(content["items"])
        case "image":
            return _image(content)
        case "table":
            return _table([c["text"] for c in content["columns"]], [r["cells"] for r in content["rows"]])
        case "chart":
            return _chart(content)
        case "code":
            fence = "`" * max([2, *(len(run) for run in _TICKS.findall(content["text"]))]) + "`"
            return f"{fence}{content['language']}\n{content['text']}\n{fence}"
        case "quote":
            by = f"\n\n— {content['by']}" if content["by"] else ""
            return _quoted(content["text"] + by) if content["text"] else ""
        case "callout":
            return _quoted(f"[!{_ALERTS[content['tone']]}]\n{content['text']}") if content["text"] else ""
        case _:
            return ""


def _bullets(items: Sequence[Mapping[str, Any]]) -> str:
    lines: list[str] = []
    indents = [0]
    for item in items:
        text, level = item["text"], item["level"]
        level = min(level, len(indents) - 1)
        number = _NUMBER.match(text)
        marker, rest = (number[0], text[number.end() :]) if number else ("- ", text)
        indent = indents[level]
        first, *more = rest.split("\n")
        lines.append(" " * indent + marker + first)
        lines += [" " * (indent + len(marker)) + line for line in more]
        indents[level + 1 :] = [indent + len(marker)]
    return "\n".join(lines)


def _image(content: Mapping[str, Any]) -> str:
    address = content["url"] or (f"assets/{content['asset_id']}" if content["asset_id"] else "")
    if not address:
        return ""
    alt = re.sub(r"([\[\]\\])", r"\\\1", content["alt"])
    caption = content["caption"].replace("\\", "\\\\").replace('"', '\\"')
    title = f' "{caption}"' if caption else ""
    return f"![{alt}]({address}{title})"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not columns:
        return ""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(columns), line(["---"] * len(columns)), *map(line, rows)])


def _chart(content: Mapping[str, Any]) -> str:
    """Write a chart's numbers as a table, for those whose program draws none."""
    if not content["series"]:
        return ""
    columns = ["", *(s["name"] for s in content["series"])]
    rows = [
        [category, *("" if s["values"][i] is None else f"{s['values'][i]:g}" for s in content["series"])]
        for i, category in enumerate(content["categories"])
    ]
    return _table(columns, rows)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))
