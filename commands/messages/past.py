"""Commands that go back in time, and that take a copy of a moment."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from commands.messages.base import ProjectCommand, Title
from domain.roles import Role

_PROJECT = "7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11"
_BRANCH = "7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d12"

Position = Annotated[int, Field(ge=1, le=2**62)]


class Undo(ProjectCommand):
    """Take a step back: the caller's last one, the one that a position belongs to, or all that a job did.

    A step is what one request did; a batch is one step. What others did since stays: where that touches what
    is undone, a conflict keeps both.
    """

    NAME: ClassVar[str] = "undo"
    SUMMARY: ClassVar[str] = "Undo a step"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    position: Position | None = None
    job_id: UUID | None = None


class Redo(ProjectCommand):
    """Reverse the caller's last undo, as long as the caller has changed nothing since."""

    NAME: ClassVar[str] = "redo"
    SUMMARY: ClassVar[str] = "Redo what was undone"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR


class RestoreProject(ProjectCommand):
    """Bring title, theme, tree and content back to what they were; members, comments and history stay."""

    NAME: ClassVar[str] = "restore-project"
    SUMMARY: ClassVar[str] = "Restore a past state"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "to_position": 42}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    to_position: Position


class BranchProject(ProjectCommand):
    """Copy the project as it is, or as it was at a position, into a new one that the caller owns."""

    NAME: ClassVar[str] = "branch-project"
    SUMMARY: ClassVar[str] = "Branch a project"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "title": "A bolder version"}
    REQUIRES: ClassVar[Role | None] = Role.VIEWER
    ON_ARCHIVED: ClassVar[bool] = True
    CREATES: ClassVar[bool] = True

    at_position: Position | None = None
    title: Title | None = None


class MergeBranch(ProjectCommand):
    """Merge what a branch of the project has changed back into it, three-way."""

    NAME: ClassVar[str] = "merge-branch"
    SUMMARY: ClassVar[str] = "Merge a branch back"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "branch_id": _BRANCH}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    branch_id: UUID
