"""Commands that settle what editing left open: conflicts and suggestions."""

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from commands.messages.base import ProjectCommand
from domain.block.marks import parse_mark
from domain.roles import Role

_PROJECT = "7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11"
_MARK = "c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02.7"

REASON_LENGTH = 500

MarkId = Annotated[str, Field(min_length=1, max_length=64)]


def _keys(project_id: UUID, mark: str) -> tuple[UUID, ...]:
    found = parse_mark(mark)
    return (found[0],) if found else (project_id,)


class ResolveConflict(ProjectCommand):
    """Settle a conflict: `mine` and `theirs` are its sides, `value` is another value for what it is about."""

    NAME: ClassVar[str] = "resolve-conflict"
    SUMMARY: ClassVar[str] = "Settle a conflict"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "conflict_id": _MARK, "choice": "theirs"}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    conflict_id: MarkId
    choice: Literal["mine", "theirs", "value"]
    value: Any = None

    def lock_keys(self) -> tuple[UUID, ...]:
        """It is about one block."""
        return _keys(self.project_id, self.conflict_id)


class SuggestEdit(ProjectCommand):
    """Keep a change that a machine would make, for persons to decide on. No client can post it: jobs run it."""

    NAME: ClassVar[str] = "suggest-edit"
    SUMMARY: ClassVar[str] = "Suggest a change"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "project_id": _PROJECT,
        "block_id": "c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02",
        "changes": {"text": "Shorter."},
        "base_version": 1,
        "reason": "It was too long for a slide.",
    }
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    block_id: UUID
    changes: dict[str, Any]
    base_version: Annotated[int, Field(ge=1)]
    reason: Annotated[str, Field(min_length=1, max_length=REASON_LENGTH)]

    def lock_keys(self) -> tuple[UUID, ...]:
        """It is about one block."""
        return (self.block_id,)


class AcceptSuggestion(ProjectCommand):
    """Make the change that a machine suggested, merged with what came in between."""

    NAME: ClassVar[str] = "accept-suggestion"
    SUMMARY: ClassVar[str] = "Accept a suggestion"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "suggestion_id": _MARK}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    suggestion_id: MarkId

    def lock_keys(self) -> tuple[UUID, ...]:
        """It is about one block."""
        return _keys(self.project_id, self.suggestion_id)


class RejectSuggestion(ProjectCommand):
    """Refuse the change that a machine suggested."""

    NAME: ClassVar[str] = "reject-suggestion"
    SUMMARY: ClassVar[str] = "Refuse a suggestion"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "suggestion_id": _MARK}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    suggestion_id: MarkId

    def lock_keys(self) -> tuple[UUID, ...]:
        """It is about one block."""
        return _keys(self.project_id, self.suggestion_id)
