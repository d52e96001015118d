"""Making a whole deck from a text."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from fractional_indexing import generate_n_keys_between

from commands.answers import Decision
from commands.context import Context
from commands.importing import ImportedDeck, ImportRefused, parse_markdown
from commands.messages import ImportMarkdown
from domain.block import BlockAdded
from domain.content import new_content
from domain.errors import Invalid
from domain.events import Event
from domain.project import Project
from domain.theme import BUILT_IN

TITLE_LENGTH = 200


async def import_markdown(command: ImportMarkdown, context: Context) -> Decision:
    """Make a project from Markdown; what could not be mapped is kept as text and reported."""
    try:
        deck = parse_markdown(command.text)
    except ImportRefused as refused:
        raise Invalid.at(refused.field, refused.message, refused.limit) from refused
    project_id = context.new_id("project")
    title = command.title or (deck.title or "Imported deck")[:TITLE_LENGTH].strip()
    created = Project.create(
        project_id,
        title=title,
        owner=context.caller.user,
        aspect=deck.aspect or "16:9",
        theme_id=_theme(deck),
    )
    context.work.begin_project(project_id)
    streams = context.record(project_id, [created, *_blocks(deck, project_id, context)])
    warnings = [{"line": w.line, "message": w.message} for w in deck.warnings]
    return Decision(
        project_id,
        streams[:1],
        result={
            "project_id": str(project_id),
            "slides": len(deck.slides),
            "blocks": len(streams) - 1,
            "warnings": warnings,
        },
    )


def _blocks(deck: ImportedDeck, project_id: UUID, context: Context) -> Iterator[Event]:
    def added(
        block_id: UUID, parent_id: UUID | None, kind: str, rank: str, content: Mapping[str, Any]
    ) -> Event:
        return BlockAdded(
            originator_id=block_id,
            originator_version=1,
            project_id=str(project_id),
            parent_id=str(parent_id) if parent_id else None,
            type=kind,
            rank=rank,
            content=new_content(kind, content, context.item_ids(block_id)),
        )

    slide_ranks = generate_n_keys_between(None, None, len(deck.slides))
    for i, (slide, slide_rank) in enumerate(zip(deck.slides, slide_ranks, strict=True)):
        slide_id = context.new_id(f"slide.{i}")
        yield added(slide_id, None, "slide", slide_rank, slide.content)
        ranks = generate_n_keys_between(None, None, len(slide.blocks))
        for k, (block, rank) in enumerate(zip(slide.blocks, ranks, strict=True)):
            block_id = context.new_id(f"slide.{i}.block.{k}")
            yield added(block_id, slide_id, block.type, rank, block.content)
            inner = generate_n_keys_between(None, None, len(block.children))
            for m, (child, child_rank) in enumerate(zip(block.children, inner, strict=True)):
                child_id = context.new_id(f"slide.{i}.block.{k}.{m}")
                yield added(child_id, block_id, child.type, child_rank, child.content)


def _theme(deck: ImportedDeck) -> str | None:
    """Find the theme that comes with the product and has the name that the source gives."""
    wanted = (deck.theme or "").casefold()
    return next((str(theme.id) for theme in BUILT_IN.values() if theme.name.casefold() == wanted), None)
