"""Commands on the blocks of a project."""

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import AliasChoices, Field

from commands.messages.base import ProjectCommand
from domain.roles import Role

_PROJECT = "7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11"
_SLIDE = "0d3c1c1e-6f0e-4c9b-8f25-3b3f7b0d8a01"
_BLOCK = "c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02"


OnConflict = Literal["merge", "last-write-wins", "reject"]
# The version of the block that the caller had before its eyes; none: the current one.
BaseVersion = Annotated[int, Field(ge=1)] | None


class AddBlock(ProjectCommand):
    """Add a block, last among its siblings unless a neighbour is named."""

    NAME: ClassVar[str] = "add-block"
    SUMMARY: ClassVar[str] = "Add a block"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "project_id": _PROJECT,
        "parent_id": _SLIDE,
        "type": "text",
        "content": {"text": "Revenue grew by *12 %*."},
    }
    REQUIRES: ClassVar[Role | None] = Role.EDITOR
    CREATES: ClassVar[bool] = True

    # In a batch or on a socket `type` is the command's name, and the block's type is `block_type`.
    type: str = Field(validation_alias=AliasChoices("type", "block_type"))
    content: dict[str, Any] = Field(default_factory=dict)
    block_id: UUID | None = None
    parent_id: UUID | None = None
    after_id: UUID | None = None
    before_id: UUID | None = None


class EditBlock(ProjectCommand):
    """Give fields of a block new values.

    With `base_version` behind the current version, the edit is merged with what came in between, by field, by
    words of a text and by items of a list. Where both sides changed the same thing, `on_conflict` decides:
    with `merge` the later edit stands and a conflict keeps the other side, `last-write-wins` overwrites, and
    `reject` answers 409 with the current block and the events since.
    """

    NAME: ClassVar[str] = "edit-block"
    SUMMARY: ClassVar[str] = "Change a block's content"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "project_id": _PROJECT,
        "block_id": _BLOCK,
        "changes": {"text": "Revenue grew by *14 %*."},
        "base_version": 1,
    }
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    block_id: UUID
    changes: dict[str, Any]
    base_version: BaseVersion = None
    on_conflict: OnConflict = "merge"

    def lock_keys(self) -> tuple[UUID, ...]:
        """Edits queue up by block: those of different blocks do not meet."""
        return (self.block_id,)


class MoveBlock(ProjectCommand):
    """Move a block among its siblings or to another parent.

    With `base_version` behind a move by somebody else, `on_conflict` decides as it does for an edit.
    """

    NAME: ClassVar[str] = "move-block"
    SUMMARY: ClassVar[str] = "Move a block"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "block_id": _BLOCK, "after_id": _SLIDE}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    block_id: UUID
    parent_id: UUID | None = None
    after_id: UUID | None = None
    before_id: UUID | None = None
    base_version: BaseVersion = None
    on_conflict: OnConflict = "merge"


class DeleteBlock(ProjectCommand):
    """Take a block away, and with it all below it.

    With `base_version` behind an edit of its content, `on_conflict` decides: with `merge` it is deleted and a
    conflict keeps the edit, `reject` answers 409.
    """

    NAME: ClassVar[str] = "delete-block"
    SUMMARY: ClassVar[str] = "Delete a block"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "block_id": _BLOCK}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    block_id: UUID
    base_version: BaseVersion = None
    on_conflict: OnConflict = "merge"


class UndeleteBlock(ProjectCommand):
    """Bring a deleted block back to where it was."""

    NAME: ClassVar[str] = "undelete-block"
    SUMMARY: ClassVar[str] = "Bring a deleted block back"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "block_id": _BLOCK}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    block_id: UUID
