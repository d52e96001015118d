"""From blocks to elements: what is to be drawn, not yet where."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from workers.exporting import inline
from workers.exporting.elements import Chart, Element, Flow, Grid, Image, Panel, Paragraph, Row, Rule
from workers.exporting.source import Node, Source

_HEADINGS: Final = {1: 30.0, 2: 26.0, 3: 22.0}
_ITEMS: Final = {0: 20.0, 1: 18.0}
_NUMBER: Final = re.compile(r"(\d{1,9}[.)]) +")
_PARAGRAPHS: Final = re.compile(r"\n[ \t]*\n\s*")


def elements(nodes: Sequence[Node], source: Source, warnings: list[str]) -> tuple[Element, ...]:
    """Make the elements of blocks; words that follow each other become one flow."""
    found: list[Element] = []
    for node in nodes:
        for element in _of(node, source, warnings):
            if isinstance(element, Flow) and found and isinstance(found[-1], Flow):
                found[-1] = Flow(found[-1].paragraphs + element.paragraphs)
            else:
                found.append(element)
    return tuple(found)


def _of(node: Node, source: Source, warnings: list[str]) -> list[Element]:  # noqa: C901 - a case each type
    content = node.content
    match node.type:
        case "heading":
            size = _HEADINGS.get(content["level"], 20.0)
            return _flow([Paragraph(inline.runs(content["text"]), "heading", size)])
        case "text":
            return _flow(_texts(content["text"], "text", 20.0))
        case "bullets":
            return _flow([_item(item) for item in content["items"]])
        case "quote":
            by = [Paragraph(inline.plain(f"— {content['by']}"), "by", 17.0)] if content["by"] else []
            return _panel("quote", [*_texts(content["text"], "quote", 25.0), *by])
        case "callout":
            return _panel("callout", _texts(content["text"], "text", 18.0), tone=content["tone"])
        case "code":
            lines = [
                Paragraph(inline.plain(line.expandtabs(4)), "code", 15.0)
                for line in content["text"].rstrip().split("\n")
            ]
            return _panel("code", lines, label=inline.clean(content["language"]))
        case "table":
            return [_grid(content)] if content["columns"] else []
        case "chart":
            return [_chart(content)] if content["categories"] and content["series"] else []
        case "image":
            return _image(content, source, warnings)
        case "divider":
            return [Rule()]
        case "group":
            return _group(node, source, warnings)
        case _:
            return []


def _flow(paragraphs: Sequence[Paragraph]) -> list[Element]:
    shown = tuple(p for p in paragraphs if p.runs)
    return [Flow(shown)] if shown else []


def _panel(kind: Any, paragraphs: Sequence[Paragraph], **more: str) -> list[Element]:
    shown = tuple(p for p in paragraphs if p.runs or kind == "code")
    return [Panel(kind, shown, **more)] if any(p.runs for p in shown) else []


def _texts(text: str, kind: Any, size: float) -> list[Paragraph]:
    return [Paragraph(inline.runs(part), kind, size) for part in _PARAGRAPHS.split(text.strip())]


def _item(item: Mapping[str, Any]) -> Paragraph:
    """Make a list item; a number that its text begins with is its marker."""
    text, level = item["text"], item["level"]
    number = _NUMBER.match(text)
    marker = number[1] if number else "•"
    rest = text[number.end() :] if number else text
    return Paragraph(inline.runs(rest) or inline.plain(" "), "item", _ITEMS.get(level, 16.0), level, marker)


def _grid(content: Mapping[str, Any]) -> Grid:
    size = 16.0
    columns = tuple(Paragraph(inline.runs(c["text"]), "heading", size) for c in content["columns"])
    rows = tuple(tuple(Paragraph(inline.runs(c), "text", size) for c in r["cells"]) for r in content["rows"])
    return Grid(columns, rows)


def _chart(content: Mapping[str, Any]) -> Chart:
    series = tuple((inline.clean(s["name"]), tuple(s["values"])) for s in content["series"])
    if content["kind"] in ("pie", "doughnut"):
        series = series[:1]
    return Chart(content["kind"], tuple(map(inline.clean, content["categories"])), series)


def _image(content: Mapping[str, Any], source: Source, warnings: list[str]) -> list[Element]:
    picture = source.picture(content["asset_id"])
    note = ""
    if picture is None:
        if content["asset_id"]:
            note = "The picture is missing"
        elif content["url"]:
            note = "The picture is on another site"
            warnings.append(f"A picture on another site is not fetched: {content['url'][:200]}")
        else:
            note = "A picture goes here"
    found: list[Element] = [Image(picture, inline.clean(content["alt"]), content["fit"], note)]
    if content["caption"]:
        found.append(Flow((Paragraph(inline.plain(content["caption"]), "caption", 14.0),)))
    elif picture is None and content["alt"]:
        found.append(Flow((Paragraph(inline.plain(content["alt"]), "caption", 14.0),)))
    return found


def _group(node: Node, source: Source, warnings: list[str]) -> list[Element]:
    if node.content["direction"] == "column":
        return list(elements(node.children, source, warnings))
    columns = [elements([child], source, warnings) for child in node.children]
    shown = tuple(column for column in columns if column)
    return list(shown[0]) if len(shown) == 1 else [Row(shown)] if shown else []


def as_lead(found: Sequence[Element]) -> tuple[Element, ...]:
    """Set the plain words below a title larger, as its subtitle."""
    return tuple(
        Flow(tuple(replace(p, kind="lead", size=24.0) if p.kind == "text" else p for p in element.paragraphs))
        if isinstance(element, Flow)
        else element
        for element in found
    )
