"""JSON: everything that the deck is, to the letter."""

from typing import Any

import orjson

from domain.catalogue import timestamp
from workers.exporting.source import Node, Source

SCHEMA = 1


def render(source: Source) -> bytes:
    """Write the deck as a document of its own: project, theme, assets by hash, slides with all below them."""
    project = source.project
    document = {
        "format": "decklog-deck",
        "schema": SCHEMA,
        "position": source.position,
        "project": {
            "id": str(project.project_id),
            "title": project.title,
            "aspect": project.aspect,
            "theme_id": project.theme_id,
            "created_at": timestamp(project.created_at),
            "updated_at": timestamp(project.updated_at),
        },
        "theme": source.theme.document(),
        "assets": [
            {"id": a.asset_id, "sha256": a.sha256, "type": a.media_type, "size": a.size}
            for a in source.assets.values()
        ],
        "slides": [_node(slide) for slide in source.slides],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _node(node: Node) -> dict[str, Any]:
    block = node.block
    written: dict[str, Any] = {
        "id": str(block.block_id),
        "type": block.type,
        "version": block.version,
        "content": block.content,
    }
    if node.type in ("slide", "group"):
        written["blocks"] = [_node(child) for child in node.children]
    return written
