"""Decks of other programs as commands of ours: by way of Markdown, which says exactly what blocks are."""

from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from commands.importing.model import ImportedBlock, ImportedSlide
from domain.content import new_content
from domain.documents import BlockDocument, ProjectDocument
from domain.theme import BUILT_IN
from workers.exporting import markdown
from workers.exporting.source import Node, Source
from workers.importing.pptx import PptxDeck

_NOBODY = UUID(int=0)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def as_markdown(deck: PptxDeck) -> str:
    """Write a deck as Markdown that `import-markdown` makes the same slides of."""
    ids = count(1)

    def node(block_type: str, content: dict[str, object], children: tuple[Node, ...] = ()) -> Node:
        items = count(1)
        full = new_content(block_type, content, lambda _: f"item-{next(items)}")
        block = BlockDocument(
            project_id=_NOBODY,
            block_id=UUID(int=next(ids)),
            parent_id=None,
            type=block_type,
            rank="a0",
            deleted=False,
            version=1,
            position=1,
            created_at=_NEVER,
            created_by="",
            updated_at=_NEVER,
            updated_by="",
            origin_block_id=None,
            content=full,
        )
        return Node(block, children)

    def of_block(block: ImportedBlock) -> Node:
        return node(block.type, block.content, tuple(map(of_block, block.children)))

    def of_slide(slide: ImportedSlide) -> Node:
        return node("slide", slide.content, tuple(map(of_block, slide.blocks)))

    project = ProjectDocument(
        project_id=_NOBODY,
        title=deck.title,
        owner="",
        aspect=deck.aspect,
        theme_id=None,
        archived=False,
        version=1,
        position=1,
        created_at=_NEVER,
        created_by="",
        updated_at=_NEVER,
        updated_by="",
    )
    theme = next(iter(BUILT_IN.values()))
    data, _ = markdown.render(Source(project, 0, theme, tuple(map(of_slide, deck.slides))))
    return data.decode()
