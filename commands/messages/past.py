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

    A step is what one request did; a batch is one step, but for an undo or redo in it. Without `position` and
    `job_id`, repeating it walks back over the caller's own steps. What others did since stays: where that
    touches what is undone, a conflict keeps both, and theirs stands. What a job made and a person edited stays
    too. Access, comments, versions and the beginning of a project cannot be undone.
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
    """Bring title, theme, tree and content back to what they were; members, comments and history stay.

    `to_position` may be any position of the log at which the project existed. The restore can be undone.
    """

    NAME: ClassVar[str] = "restore-project"
    SUMMARY: ClassVar[str] = "Restore a past state"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "to_position": 42}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    to_position: Position


class BranchProject(ProjectCommand):
    """Copy what the project shows, now or at a position, into a new one that the caller owns.

    Members, comments, versions and what is deleted are not copied.
    """

    NAME: ClassVar[str] = "branch-project"
    SUMMARY: ClassVar[str] = "Branch a project"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "title": "A bolder version"}
    REQUIRES: ClassVar[Role | None] = Role.VIEWER
    ON_ARCHIVED: ClassVar[bool] = True
    CREATES: ClassVar[bool] = True

    at_position: Position | None = None
    title: Title | None = None


class MergeBranch(ProjectCommand):
    """Merge what a branch of the project has changed since it was taken, or last merged, back into it.

    It is a three-way merge, block by block. Where both changed the same thing the branch's stands and a
    conflict keeps the other; but what the one has edited and the other deleted stays as the project has it.
    A title or a theme comes over if only the branch has changed it.
    """

    NAME: ClassVar[str] = "merge-branch"
    SUMMARY: ClassVar[str] = "Merge a branch back"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "branch_id": _BRANCH}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    branch_id: UUID
