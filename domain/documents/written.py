"""Documents as JSON values, and back: lists in the order of the fields, for a keyframe holds thousands."""

from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.documents.block import BlockDocument
from domain.documents.project import ProjectDocument


def write_block(block: BlockDocument) -> list[Any]:
    """Write a block down."""
    return [
        str(block.project_id),
        str(block.block_id),
        _text(block.parent_id),
        block.type,
        block.rank,
        block.deleted,
        block.version,
        block.position,
        block.created_at.isoformat(),
        block.created_by,
        block.updated_at.isoformat(),
        block.updated_by,
        _text(block.origin_block_id),
        block.content,
    ]


def read_block(written: list[Any]) -> BlockDocument:
    """Make a block again.

    Raises:
        ValueError, TypeError, AttributeError: it is broken.
    """
    project, block, parent, kind, rank, deleted, version, position, *rest = written
    made, made_by, changed, changed_by, origin, content = rest
    return BlockDocument(
        UUID(project),
        UUID(block),
        _id(parent),
        kind,
        rank,
        deleted,
        version,
        position,
        datetime.fromisoformat(made),
        made_by,
        datetime.fromisoformat(changed),
        changed_by,
        _id(origin),
        content,
    )


def write_project(project: ProjectDocument) -> dict[str, Any]:
    """Write a project down."""
    written: dict[str, Any] = {f.name: getattr(project, f.name) for f in fields(project)}
    return {name: _plain(value) for name, value in written.items()}


def read_project(written: dict[str, Any]) -> ProjectDocument:
    """Make a project again.

    Raises:
        ValueError, TypeError, LookupError, AttributeError: it is broken.
    """
    made = {
        "project_id": UUID(written["project_id"]),
        "created_at": datetime.fromisoformat(written["created_at"]),
        "updated_at": datetime.fromisoformat(written["updated_at"]),
    }
    return ProjectDocument(**{**written, **made})


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text is not None else None
