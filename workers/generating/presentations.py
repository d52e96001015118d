"""A presentation as source text: what its slides and notes say, in plain Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from commands.importing.model import ImportedBlock
from domain.content import plain_text
from workers.importing import PptxDeck, read_pptx


def pptx_text(data: bytes) -> str:
    """Return the text of a PPTX file; pictures are left out.

    Raises:
        PptxRefused: nothing can be read of it; says why.
    """
    return "\n".join(_lines(read_pptx(data, lambda _data, _type: "picture")))


def _lines(deck: PptxDeck) -> Iterator[str]:
    yield f"# {deck.title}\n"
    for slide in deck.slides:
        if slide.content["title"] and slide.content["title"] != deck.title:
            yield f"\n## {slide.content['title']}\n"
        yield from _blocks(slide.blocks)
        # What the presenter said is what the slide means.
        yield f"\n{slide.content['notes']}\n"


def _blocks(blocks: Sequence[ImportedBlock]) -> Iterator[str]:
    for block in blocks:
        content = block.content
        match block.type:
            case "bullets":
                yield from (f"{'  ' * i.get('level', 0)}- {i['text']}" for i in content["items"])
                yield ""
            case "table":
                yield from _table(
                    [c["text"] for c in content["columns"]], [r["cells"] for r in content["rows"]]
                )
            case "chart":
                yield from _chart(content)
            case "image" | "divider":
                continue
            case "group":
                yield from _blocks(block.children)
            case _:
                yield f"\n{plain_text(block.type, content)}\n"


def _chart(content: Mapping[str, Any]) -> Iterator[str]:
    series = content["series"]
    rows = [
        [category, *("" if s["values"][i] is None else f"{s['values'][i]:g}" for s in series)]
        for i, category in enumerate(content["categories"])
    ]
    yield from _table(["", *(s["name"] for s in series)], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield ""
    yield _row(head)
    yield "|" + " --- |" * len(head)
    yield from map(_row, rows)
    yield ""


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(c.replace("|", "\\|").replace("\n", " ") for c in cells) + " |"
