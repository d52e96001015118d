"""Sources of exports, made without a log."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from PIL import Image, ImageDraw

from commands.importing import ImportedBlock, parse_markdown
from domain.content import new_content
from domain.documents import BlockDocument, ProjectDocument
from domain.theme import BUILT_IN, Theme
from workers.exporting.source import Asset, Node, Picture, Source

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
PLAIN = next(iter(BUILT_IN.values()))


def node(kind: str, content: dict[str, Any], *children: Node) -> Node:
    items = count(1)
    full = new_content(kind, content, lambda _: f"i{next(items)}")
    block = BlockDocument(
        project_id=UUID(int=1),
        block_id=uuid5(UUID(int=1), repr((kind, content))),
        parent_id=None,
        type=kind,
        rank="a0",
        deleted=False,
        version=1,
        position=1,
        created_at=AT,
        created_by="ada",
        updated_at=AT,
        updated_by="ada",
        origin_block_id=None,
        content=full,
    )
    return Node(block, children)


def slide(title: str = "", *blocks: Node, **more: Any) -> Node:
    return node("slide", {"title": title, **more}, *blocks)


def text(words: str) -> Node:
    return node("text", {"text": words})


def bullets(*items: str | tuple[str, int]) -> Node:
    pairs = [(i, 0) if isinstance(i, str) else i for i in items]
    return node("bullets", {"items": [{"text": t, "level": level} for t, level in pairs]})


def table(*rows: Sequence[str]) -> Node:
    return node(
        "table", {"columns": [{"text": c} for c in rows[0]], "rows": [{"cells": list(r)} for r in rows[1:]]}
    )


def chart(kind: str, categories: Sequence[str], **series: Sequence[float | None]) -> Node:
    named = [{"name": name, "values": list(values)} for name, values in series.items()]
    return node("chart", {"kind": kind, "categories": list(categories), "series": named})


def source(
    *slides: Node, title: str = "A deck", aspect: str = "16:9", theme: Theme = PLAIN, pictures: Any = None
) -> Source:
    project = ProjectDocument(
        project_id=UUID(int=1),
        title=title,
        owner="ada",
        aspect=aspect,
        theme_id=str(theme.id),
        archived=False,
        version=1,
        position=1,
        created_at=AT,
        created_by="ada",
        updated_at=AT,
        updated_by="ada",
        members={"ada": "owner"},
    )
    assets = {
        name: Asset(name, "0" * 64, picture.media_type, len(picture.data), picture)
        for name, picture in (pictures or {}).items()
    }
    return Source(project, 7, theme, slides, assets)


def imported(markdown: str) -> Source:
    """The deck that an import of a text makes."""

    def made(block: ImportedBlock) -> Node:
        return node(block.type, block.content, *map(made, block.children))

    deck = parse_markdown(markdown)
    slides = [node("slide", s.content, *map(made, s.blocks)) for s in deck.slides]
    return source(*slides, title=deck.title or "Untitled", aspect=deck.aspect or "16:9")


def picture(width: int = 120, height: int = 80) -> Picture:
    image = Image.new("RGB", (width, height), "navy")
    ImageDraw.Draw(image).ellipse((10, 10, height - 10, height - 10), fill="gold")
    written = io.BytesIO()
    image.save(written, "PNG")
    return Picture(written.getvalue(), "image/png", width, height)


LOREM = (
    "A delta forms where a river carries more sand than the sea takes away. The channels *split*, silt up and"
    " **move**, and `code` as well as [links](https://example.org) stay readable."
)


def demo(theme: Theme = PLAIN, aspect: str = "16:9") -> Source:
    """A deck with something of everything."""
    quarters = [f"Quarter {i}" for i in range(1, 5)]
    kinds = ("bar", "column", "line", "area", "pie", "doughnut")
    return source(
        slide("River deltas", text("For a school class"), layout="title", notes="Welcome everybody."),
        slide(
            "Sediment", bullets("A river slows", ("sand falls", 1), ("clay last", 2), "1. first", "2. second")
        ),
        slide("Where it goes", layout="section"),
        *(
            slide(
                f"A {kind}",
                text("Words"),
                chart(kind, quarters, North=[1, 2.5, None, -1], South=[4, 3, 2, 1]),
            )
            for kind in kinds
        ),
        slide(
            "Columns",
            node("heading", {"text": "One"}),
            text(LOREM),
            node("heading", {"text": "Two"}),
            bullets("a", "b"),
            layout="two-column",
        ),
        slide(
            "Rivers",
            table(["River", "Length"], ["Nile", "6,650"], ["Rhine", "**1,230**"]),
            node("callout", {"text": "By *source*", "tone": "warning"}),
        ),
        slide("", node("quote", {"text": "The same river", "by": "Heraclitus"}), layout="quote"),
        slide(
            "From above",
            text(LOREM),
            node("image", {"asset_id": "pic", "alt": "A sun", "fit": "cover"}),
            layout="image",
        ),
        slide(
            "Code",
            node("code", {"language": "python", "text": "def f():\n    return '#let x'\n"}),
            node("divider", {}),
            text("after"),
        ),
        slide(
            "Beside",
            node("group", {"direction": "row"}, text("left"), chart("pie", quarters, s=[1, 2, 3, 4])),
        ),
        slide("Too much", *(text(LOREM * 3) for _ in range(5)), bullets(*([LOREM] * 8))),
        slide("In place", node("image", {"asset_id": "pic", "alt": "A sun", "caption": "Fig. 1"})),
        slide("On a picture", bullets("one"), background="asset:pic"),
        slide("Tomato", bullets("one"), background="tomato"),
        slide("Thanks", layout="closing"),
        title="How river deltas grow",
        aspect=aspect,
        theme=theme,
        pictures={"pic": picture()},
    )
