"""Ids of conflicts and suggestions: the block, and the version of the event that keeps it.

They name where to look, so that no index of them has to be kept in step.
"""

from uuid import UUID

# Digits of the longest version that is looked for.
_DIGITS = 18


def mark_id(block_id: UUID, version: int) -> str:
    """Return the id of what the event of this version of a block keeps: `<block id>.<version>`."""
    return f"{block_id}.{version}"


def parse_mark(text: str) -> tuple[UUID, int] | None:
    """Return the block and the version that an id names, None if it is no such id."""
    block, _, version = text.partition(".")
    try:
        block_id = UUID(block)
    except ValueError:
        return None
    if not (version.isascii() and version.isdecimal()) or len(version) > _DIGITS:
        return None
    number = int(version)
    return (block_id, number) if mark_id(block_id, number) == text else None
